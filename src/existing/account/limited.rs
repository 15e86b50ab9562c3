//! What AWS limits, and the codes of its quotas.

/// Something that AWS limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limited {
    Vpcs,
    InternetGateways,
    /// In one zone.
    NatGateways,
    ElasticIps,
    /// In one VPC.
    Subnets,
    /// In one VPC.
    RouteTables,
    SecurityGroups,
    /// In one security group and direction.
    GroupRules,
    /// Security groups on one network interface.
    GroupsOfInterface,
    /// In one network ACL and direction.
    AclEntries,
    /// In use by Fargate tasks at the same time.
    Vcpus,
    LoadBalancers,
    TargetGroups,
    FileSystems,
    Clusters,
    Buckets,
    Roles,
    BackupVaults,
}

/// A quota as in Service Quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub service: &'static str,
    pub code: &'static str,
    /// `Elastic IP addresses`.
    pub words: &'static str,
}

impl Limited {
    /// Source: AWS General Reference, endpoints and quotas of each service.
    pub const fn quota(self) -> Quota {
        let (service, code, words) = match self {
            Self::Vpcs => ("vpc", "L-F678F1CE", "VPCs"),
            Self::InternetGateways => ("vpc", "L-A4707A72", "internet gateways"),
            Self::NatGateways => ("vpc", "L-FE5A380F", "NAT gateways in a zone"),
            Self::ElasticIps => ("ec2", "L-0263D0A3", "Elastic IP addresses"),
            Self::Subnets => ("vpc", "L-407747CB", "subnets in a VPC"),
            Self::RouteTables => ("vpc", "L-589F43AA", "route tables in a VPC"),
            Self::SecurityGroups => ("vpc", "L-E79EC296", "security groups"),
            Self::GroupRules => ("vpc", "L-0EA8095F", "rules in a security group"),
            Self::GroupsOfInterface => ("vpc", "L-2AFB9258", "security groups on a network interface"),
            Self::AclEntries => ("vpc", "L-2AEEBF1A", "rules in a network ACL"),
            Self::Vcpus => ("fargate", "L-3032A538", "Fargate vCPUs"),
            Self::LoadBalancers => ("elasticloadbalancing", "L-53DA6B97", "application load balancers"),
            Self::TargetGroups => ("elasticloadbalancing", "L-B22855CB", "target groups"),
            Self::FileSystems => ("elasticfilesystem", "L-848C634D", "file systems"),
            Self::Clusters => ("ecs", "L-21C621EB", "ECS clusters"),
            Self::Buckets => ("s3", "L-DC2B2D3D", "buckets"),
            Self::Roles => ("iam", "L-FE177D64", "IAM roles"),
            Self::BackupVaults => ("backup", "L-7705D2CB", "backup vaults"),
        };
        Quota { service, code, words }
    }
}
