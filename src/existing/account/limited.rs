//! What AWS limits, and the codes of its quotas.

/// A quota as in Service Quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub service: &'static str,
    pub code: &'static str,
    /// `Elastic IP addresses`.
    pub words: &'static str,
}

/// Declares what is limited, each with its quota.
macro_rules! limited {
    ($($(#[$doc:meta])* $name:ident: $service:literal, $code:literal, $words:literal;)*) => {
        /// Something that AWS limits.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Limited {
            $($(#[$doc])* $name,)*
        }

        impl Limited {
            /// Source: AWS General Reference, endpoints and quotas of each service.
            pub const fn quota(self) -> Quota {
                match self {
                    $(Self::$name => Quota { service: $service, code: $code, words: $words },)*
                }
            }
        }
    };
}

limited! {
    Vpcs: "vpc", "L-F678F1CE", "VPCs";
    InternetGateways: "vpc", "L-A4707A72", "internet gateways";
    NatGateways: "vpc", "L-FE5A380F", "NAT gateways in a zone";
    ElasticIps: "ec2", "L-0263D0A3", "Elastic IP addresses";
    ClientVpnEndpoints: "ec2", "L-8EA77D34", "Client VPN endpoints";
    Subnets: "vpc", "L-407747CB", "subnets in a VPC";
    RouteTables: "vpc", "L-589F43AA", "route tables in a VPC";
    SecurityGroups: "vpc", "L-E79EC296", "security groups";
    /// In one direction.
    GroupRules: "vpc", "L-0EA8095F", "rules in a security group";
    GroupsOfInterface: "vpc", "L-2AFB9258", "security groups on a network interface";
    /// In one direction.
    AclEntries: "vpc", "L-2AEEBF1A", "rules in a network ACL";
    /// In use by Fargate tasks at the same time.
    Vcpus: "fargate", "L-3032A538", "Fargate vCPUs";
    LoadBalancers: "elasticloadbalancing", "L-53DA6B97", "application load balancers";
    TargetGroups: "elasticloadbalancing", "L-B22855CB", "target groups";
    FileSystems: "elasticfilesystem", "L-848C634D", "file systems";
    Clusters: "ecs", "L-21C621EB", "ECS clusters";
    Buckets: "s3", "L-DC2B2D3D", "buckets";
    Roles: "iam", "L-FE177D64", "IAM roles";
    BackupVaults: "backup", "L-7705D2CB", "backup vaults";
    Certificates: "acm", "L-F141DD1D", "ACM certificates";
}
