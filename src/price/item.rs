//! What AWS charges for, one by one.

use serde::{Deserialize, Serialize};

/// The part of a deployment that a line of the estimate belongs to, in the order of showing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Task,
    Network,
    LoadBalancer,
    FileSystem,
    Backup,
    Logs,
    Secrets,
}

/// One unit that AWS has a price for. Ordered as shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Item {
    FargateVcpu,
    FargateMemory,
    NatHour,
    NatData,
    #[serde(rename = "public-ipv4")]
    PublicIpv4,
    LoadBalancerHour,
    LoadBalancerCapacity,
    FileSystemStorage,
    FileSystemRead,
    FileSystemWrite,
    BackupStorage,
    LogsIngested,
    LogsStored,
    FlowLogs,
    Metric,
    BucketStorage,
    Secret,
    /// Data that leaves AWS for the internet. Not part of the estimate, because only the user knows where it goes.
    DataOut,
}

impl Item {
    pub const ALL: [Self; 18] = [
        Self::FargateVcpu,
        Self::FargateMemory,
        Self::NatHour,
        Self::NatData,
        Self::PublicIpv4,
        Self::LoadBalancerHour,
        Self::LoadBalancerCapacity,
        Self::FileSystemStorage,
        Self::FileSystemRead,
        Self::FileSystemWrite,
        Self::BackupStorage,
        Self::LogsIngested,
        Self::LogsStored,
        Self::FlowLogs,
        Self::Metric,
        Self::BucketStorage,
        Self::Secret,
        Self::DataOut,
    ];

    pub const fn part(self) -> Part {
        match self {
            Self::FargateVcpu | Self::FargateMemory => Part::Task,
            Self::NatHour | Self::NatData | Self::PublicIpv4 | Self::DataOut => Part::Network,
            Self::LoadBalancerHour | Self::LoadBalancerCapacity => Part::LoadBalancer,
            Self::FileSystemStorage | Self::FileSystemRead | Self::FileSystemWrite => Part::FileSystem,
            Self::BackupStorage => Part::Backup,
            Self::LogsIngested | Self::LogsStored | Self::FlowLogs | Self::Metric | Self::BucketStorage => Part::Logs,
            Self::Secret => Part::Secrets,
        }
    }

    /// As people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::FargateVcpu => "Fargate vCPU",
            Self::FargateMemory => "Fargate memory",
            Self::NatHour => "NAT gateway",
            Self::NatData => "NAT gateway data",
            Self::PublicIpv4 => "public IPv4 address",
            Self::LoadBalancerHour => "load balancer",
            Self::LoadBalancerCapacity => "load balancer capacity",
            Self::FileSystemStorage => "EFS storage",
            Self::FileSystemRead => "EFS elastic reads",
            Self::FileSystemWrite => "EFS elastic writes",
            Self::BackupStorage => "EFS backup storage",
            Self::LogsIngested => "log ingestion",
            Self::LogsStored => "log storage",
            Self::FlowLogs => "flow log ingestion",
            Self::Metric => "Container Insights metrics",
            Self::BucketStorage => "S3 storage",
            Self::Secret => "secret",
            Self::DataOut => "data out to the internet",
        }
    }

    /// What the price is for.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::FargateVcpu => "vCPU-hour",
            Self::FargateMemory => "GB-hour",
            Self::NatHour | Self::PublicIpv4 | Self::LoadBalancerHour => "hour",
            Self::LoadBalancerCapacity => "LCU-hour",
            Self::FileSystemStorage | Self::BackupStorage | Self::LogsStored | Self::BucketStorage => "GB-month",
            Self::NatData
            | Self::FileSystemRead
            | Self::FileSystemWrite
            | Self::LogsIngested
            | Self::FlowLogs
            | Self::DataOut => "GB",
            Self::Metric => "metric-month",
            Self::Secret => "secret-month",
        }
    }

    /// Whether it costs as much while no task runs.
    pub const fn while_stopped(self) -> bool {
        matches!(
            self,
            Self::NatHour
                | Self::PublicIpv4
                | Self::LoadBalancerHour
                | Self::FileSystemStorage
                | Self::BackupStorage
                | Self::LogsStored
                | Self::BucketStorage
                | Self::Secret
        )
    }
}
