//! Where the traffic of a subnet goes: its route table and its network ACL, as AWS describes them.

use aws_sdk_ec2::types::{self, Route, RouteState};

use crate::kinds::acl_entry;

use super::network::{AclEntry, DefaultRoute, NetworkAcl, Via};

/// The table associated with the subnet, or else the VPC's main one.
pub fn table_of<'a>(subnet: &str, vpc: &str, tables: &'a [types::RouteTable]) -> Option<&'a types::RouteTable> {
    let own = |table: &&types::RouteTable| table.associations().iter().any(|a| a.subnet_id() == Some(subnet));
    let main = |table: &&types::RouteTable| {
        table.vpc_id() == Some(vpc) && table.associations().iter().any(|a| a.main() == Some(true))
    };
    tables.iter().find(own).or_else(|| tables.iter().find(main))
}

/// Where the route leads, if it is the default route of IPv4.
pub fn default_route(route: &Route) -> Option<DefaultRoute> {
    if route.destination_cidr_block() != Some("0.0.0.0/0") {
        return None;
    }
    let gateway = match route.gateway_id() {
        Some(id) if id.starts_with("igw-") => Via::InternetGateway,
        Some(id) if id.starts_with("vpce-") => Via::Firewall,
        _ => Via::Other,
    };
    let targets = [
        (Via::Nat, route.nat_gateway_id()),
        (Via::TransitGateway, route.transit_gateway_id()),
        (gateway, route.gateway_id()),
        // An instance has an interface too.
        (Via::Interface, route.instance_id()),
        (Via::Interface, route.network_interface_id()),
        (Via::Other, route.vpc_peering_connection_id()),
        (Via::Other, route.core_network_arn()),
        (Via::Other, route.local_gateway_id()),
        (Via::Other, route.carrier_gateway_id()),
    ];
    let target = targets.into_iter().find_map(|(via, id)| Some((via, id?)));
    let (via, id) = target.unwrap_or((Via::Other, "something unknown"));
    Some(DefaultRoute { via, id: id.to_owned(), active: route.state() != Some(&RouteState::Blackhole) })
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

/// `None`: it is about IPv6.
fn read_entry(entry: &types::NetworkAclEntry) -> Option<AclEntry> {
    let port = |port: Option<i32>| port.and_then(|port| u16::try_from(port).ok());
    let protocol = acl_entry::name_of(entry.protocol().unwrap_or_default());
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

    fn route() -> aws_sdk_ec2::types::builders::RouteBuilder {
        Route::builder().destination_cidr_block("0.0.0.0/0")
    }

    #[test]
    fn a_default_route_is_told_by_what_it_leads_to() {
        let all = [
            (route().nat_gateway_id("nat-1"), Via::Nat, "nat-1"),
            (route().transit_gateway_id("tgw-1"), Via::TransitGateway, "tgw-1"),
            (route().gateway_id("vpce-1"), Via::Firewall, "vpce-1"),
            (route().gateway_id("igw-1"), Via::InternetGateway, "igw-1"),
            (route().gateway_id("vgw-1"), Via::Other, "vgw-1"),
            (route().instance_id("i-1").network_interface_id("eni-1"), Via::Interface, "i-1"),
            (route().network_interface_id("eni-1"), Via::Interface, "eni-1"),
            (route().vpc_peering_connection_id("pcx-1"), Via::Other, "pcx-1"),
            (route(), Via::Other, "something unknown"),
        ];
        for (built, via, id) in all {
            let expected = DefaultRoute { via, id: id.to_owned(), active: true };
            assert_eq!(default_route(&built.clone().build()), Some(expected.clone()));
            let dead = built.state(RouteState::Blackhole).build();
            assert_eq!(default_route(&dead), Some(DefaultRoute { active: false, ..expected }));
        }
    }

    #[test]
    fn other_routes_are_not_default_routes() {
        for cidr in ["10.0.0.0/16", "0.0.0.0/1"] {
            let route = Route::builder().destination_cidr_block(cidr).nat_gateway_id("nat-1").build();
            assert_eq!(default_route(&route), None);
        }
        let six = Route::builder().destination_ipv6_cidr_block("::/0").nat_gateway_id("nat-1").build();
        assert_eq!(default_route(&six), None);
    }

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
