//! A VPC of the user's, and its subnets.

/// A VPC, and what the vendor's best practices ask of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vpc {
    pub id: String,
    /// The `Name` tag, or empty.
    pub name: String,
    /// Its IPv4 ranges, the first one first.
    pub cidrs: Vec<String>,
    pub dns_support: bool,
    pub dns_hostnames: bool,
    /// Whether an active flow log watches the whole VPC.
    pub flow_logs: bool,
    /// Rules of the default security group, in and out.
    pub default_group_rules: usize,
    pub endpoints: Vec<Endpoint>,
}

/// A VPC endpoint that can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// Without region and prefix: `ecr.api`, `s3`.
    pub service: String,
    /// Interface endpoints are reached by name in the whole VPC when private DNS is on; gateway endpoints through
    /// the route tables they are in.
    pub is_gateway: bool,
    pub private_dns: bool,
    pub route_tables: Vec<String>,
}

/// A subnet, and its ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subnet {
    pub id: String,
    pub name: String,
    pub vpc: String,
    /// `us-east-1a`.
    pub zone: String,
    pub cidr: String,
    pub free_addresses: u32,
    /// Its own route table, or the VPC's main one.
    pub route_table: String,
    /// Where 0.0.0.0/0 goes, if anywhere.
    pub default_route: Option<DefaultRoute>,
    pub acl: NetworkAcl,
}

/// Where a default route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultRoute {
    pub via: Via,
    /// The id of what it leads to: `nat-…`.
    pub id: String,
    /// False when what it leads to is gone (`blackhole`).
    pub active: bool,
}

/// What a route leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Nat,
    TransitGateway,
    /// A gateway load balancer endpoint, such as a firewall's.
    Firewall,
    /// Public: of no use to a task without a public address.
    InternetGateway,
    /// A network interface or an instance, such as a NAT instance or appliance.
    Interface,
    /// Peering, a virtual private gateway, a core network and whatever AWS invents.
    Other,
}

/// The inbound entries of a network ACL, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkAcl {
    pub id: String,
    pub ingress: Vec<AclEntry>,
}

/// One entry. Ports are inclusive; all of them where the protocol has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEntry {
    pub number: i32,
    pub allow: bool,
    /// `tcp`, `udp`, `icmp`, `all`, or a number.
    pub protocol: String,
    pub cidr: String,
    pub from: u16,
    pub to: u16,
}
