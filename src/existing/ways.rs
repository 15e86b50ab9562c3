//! The route table and the network ACL of a subnet, as AWS describes them.

use aws_sdk_ec2::types;

use crate::kinds::network_acl;

/// The IPv4 entries of a network ACL, in the order in which AWS tries them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkAcl {
    pub id: String,
    pub ingress: Vec<AclEntry>,
    pub egress: Vec<AclEntry>,
}

/// One entry. Ports are inclusive; all of them where the protocol has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEntry {
    pub number: i32,
    pub allow: bool,
    /// `tcp`, `udp`, `icmp`, `all`, or a number.
    pub protocol: String,
    /// The other side: where a packet comes from, or goes to.
    pub cidr: String,
    pub from: u16,
    pub to: u16,
}

/// The table associated with the subnet, or else the main table of the VPC.
pub fn table_of<'a>(subnet: &str, vpc: &str, tables: &'a [types::RouteTable]) -> Option<&'a types::RouteTable> {
    let own = |table: &&types::RouteTable| table.associations().iter().any(|a| a.subnet_id() == Some(subnet));
    let main = |table: &&types::RouteTable| {
        table.vpc_id() == Some(vpc) && table.associations().iter().any(|a| a.main() == Some(true))
    };
    tables.iter().find(own).or_else(|| tables.iter().find(main))
}

/// The ACL of the subnet.
pub fn acl_of<'a>(subnet: &str, acls: &'a [types::NetworkAcl]) -> Option<&'a types::NetworkAcl> {
    acls.iter().find(|acl| acl.associations().iter().any(|a| a.subnet_id() == Some(subnet)))
}

/// Its entries in the order of their numbers.
pub fn read_acl(acl: &types::NetworkAcl) -> NetworkAcl {
    let mut entries: Vec<_> = acl.entries().iter().collect();
    entries.sort_by_key(|entry| entry.rule_number());
    let of =
        |egress| entries.iter().filter(|entry| entry.egress() == Some(egress)).filter_map(|e| read_entry(e)).collect();
    NetworkAcl { id: acl.network_acl_id().unwrap_or_default().to_owned(), ingress: of(false), egress: of(true) }
}

/// `None`: it is an IPv6 entry.
fn read_entry(entry: &types::NetworkAclEntry) -> Option<AclEntry> {
    let port = |port: Option<i32>| port.and_then(|port| u16::try_from(port).ok());
    let protocol = network_acl::name_of(entry.protocol().unwrap_or_default());
    Some(AclEntry {
        number: entry.rule_number().unwrap_or_default(),
        allow: entry.rule_action() == Some(&types::RuleAction::Allow),
        protocol: if protocol == "-1" { "all" } else { protocol }.to_owned(),
        cidr: entry.cidr_block()?.to_owned(),
        from: entry.port_range().and_then(|range| port(range.from())).unwrap_or(u16::MIN),
        to: entry.port_range().and_then(|range| port(range.to())).unwrap_or(u16::MAX),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{NetworkAclEntry, PortRange, RouteTable, RouteTableAssociation, RuleAction};

    use super::*;

    #[test]
    fn a_subnet_without_a_table_of_its_own_has_the_main_one_of_its_vpc() {
        let table = |id: &str, vpc: &str, association: RouteTableAssociation| {
            RouteTable::builder().route_table_id(id).vpc_id(vpc).associations(association).build()
        };
        let main = || RouteTableAssociation::builder().main(true).build();
        let own = RouteTableAssociation::builder().subnet_id("subnet-1").main(false).build();
        let tables =
            [table("rtb-other", "vpc-2", main()), table("rtb-main", "vpc-1", main()), table("rtb-own", "vpc-1", own)];
        let of = |subnet| table_of(subnet, "vpc-1", &tables).and_then(|table| table.route_table_id());
        assert_eq!((of("subnet-1"), of("subnet-2")), (Some("rtb-own"), Some("rtb-main")));
    }

    #[test]
    fn entries_are_in_order_and_about_ipv4() {
        let entry = |number: i32, protocol: &str, egress: bool| {
            let action = if number == 100 { RuleAction::Allow } else { RuleAction::Deny };
            NetworkAclEntry::builder().rule_number(number).protocol(protocol).egress(egress).rule_action(action)
        };
        let ports = PortRange::builder().from(22).to(23).build();
        let acl = types::NetworkAcl::builder()
            .network_acl_id("acl-1")
            .entries(entry(100, "-1", false).cidr_block("0.0.0.0/0").build())
            .entries(entry(20, "6", false).cidr_block("10.0.0.0/8").port_range(ports).build())
            .entries(entry(101, "-1", false).ipv6_cidr_block("::/0").build())
            .entries(entry(7, "17", true).cidr_block("0.0.0.0/0").build())
            .build();
        let entry = |number, allow, protocol: &str, cidr: &str, from, to| AclEntry {
            number,
            allow,
            protocol: protocol.to_owned(),
            cidr: cidr.to_owned(),
            from,
            to,
        };
        let ingress =
            vec![entry(20, false, "tcp", "10.0.0.0/8", 22, 23), entry(100, true, "all", "0.0.0.0/0", 0, u16::MAX)];
        let egress = vec![entry(7, false, "udp", "0.0.0.0/0", 0, u16::MAX)];
        assert_eq!(read_acl(&acl), NetworkAcl { id: "acl-1".to_owned(), ingress, egress });
    }
}
