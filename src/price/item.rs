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

/// Declares every unit that AWS has a price for: its part, what people call it, what the price is for, and whether it
/// costs as much while no task runs.
macro_rules! items {
    ($($(#[$attribute:meta])* $name:ident($part:ident, $title:literal, $unit:literal, $while_stopped:ident),)+) => {
        /// One unit that AWS has a price for. Ordered as shown.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Item {
            $($(#[$attribute])* $name,)+
        }

        impl Item {
            pub const ALL: [Self; [$($title),+].len()] = [$(Self::$name),+];

            pub const fn part(self) -> Part {
                match self {
                    $(Self::$name => Part::$part,)+
                }
            }

            /// As people call it.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)+
                }
            }

            /// What the price is for.
            pub const fn unit(self) -> &'static str {
                match self {
                    $(Self::$name => $unit,)+
                }
            }

            /// Whether it costs as much while no task runs.
            pub const fn while_stopped(self) -> bool {
                match self {
                    $(Self::$name => $while_stopped,)+
                }
            }
        }
    };
}

const ALWAYS: bool = true;
const RUNNING: bool = false;

items! {
    FargateVcpu(Task, "Fargate vCPU", "vCPU-hour", RUNNING),
    FargateMemory(Task, "Fargate memory", "GB-hour", RUNNING),
    NatHour(Network, "NAT gateway", "hour", ALWAYS),
    NatData(Network, "NAT gateway data", "GB", RUNNING),
    #[serde(rename = "public-ipv4")]
    PublicIpv4(Network, "public IPv4 address", "hour", ALWAYS),
    VpnAssociationHour(Network, "client VPN subnet", "hour", ALWAYS),
    VpnConnectionHour(Network, "client VPN connection", "hour", ALWAYS),
    LoadBalancerHour(LoadBalancer, "load balancer", "hour", ALWAYS),
    LoadBalancerCapacity(LoadBalancer, "load balancer capacity", "LCU-hour", RUNNING),
    FileSystemStorage(FileSystem, "EFS storage", "GB-month", ALWAYS),
    FileSystemRead(FileSystem, "EFS elastic reads", "GB", RUNNING),
    FileSystemWrite(FileSystem, "EFS elastic writes", "GB", RUNNING),
    BackupStorage(Backup, "EFS backup storage", "GB-month", ALWAYS),
    LogsIngested(Logs, "log ingestion", "GB", RUNNING),
    LogsStored(Logs, "log storage", "GB-month", ALWAYS),
    FlowLogs(Logs, "flow log ingestion", "GB", RUNNING),
    Metric(Logs, "Container Insights metrics", "metric-month", RUNNING),
    Alarm(Logs, "CloudWatch alarm", "metric-month", ALWAYS),
    Dashboard(Logs, "CloudWatch dashboard", "dashboard-month", ALWAYS),
    BucketStorage(Logs, "S3 storage", "GB-month", ALWAYS),
    Secret(Secrets, "secret", "secret-month", ALWAYS),
    /// Data that leaves AWS for the internet. Not part of the estimate, because only the user knows where it goes.
    DataOut(Network, "data out to the internet", "GB", RUNNING),
}
