//! The way from a network to the UI, and where it ends.

use crate::checks::path::{Entrance, Hop, Origin, Passes, path, verdict};
use crate::existing::ingress::{Group, Rule};
use crate::existing::routes::Via;

use super::samples::{ANY, acl, entry, route, subnet};

fn origin(net: &str) -> Origin {
    Origin { net: net.parse().unwrap(), groups: Vec::new() }
}

fn rule(peer: &str) -> Rule {
    Rule { protocol: "tcp".to_owned(), from: 443, to: 443, peer: peer.to_owned() }
}

/// Two subnets with a transit gateway for 10.0.0.0/8, open to two halves of 10.8.0.0/16.
fn entrance() -> Entrance {
    let subnets = ['a', 'b'].map(|zone| {
        let mut one = subnet(zone);
        let mut more = route(Via::TransitGateway, "tgw-1");
        more.iter_mut().for_each(|route| route.to = Some("10.0.0.0/8".parse().unwrap()));
        one.routes.extend(more);
        let mut open = acl(vec![entry(100, true, "all", ANY, 0, 65535)]);
        open.egress = open.ingress.clone();
        one.acl = Some(open);
        one
    });
    let ingress = vec![rule("10.8.0.0/17"), rule("10.8.128.0/17"), rule("sg-client")];
    let groups = vec![Group { id: "sg-1".to_owned(), ingress, egress: Vec::new() }];
    Entrance { port: 443, groups: Some(groups), subnets: subnets.into() }
}

fn stops(hops: &[Hop]) -> Vec<String> {
    let ends = hops.iter().filter(|hop| hop.passes != Passes::All);
    ends.map(|hop| format!("{} {} {}: {}", hop.place, hop.subnet, hop.passes.code(), hop.why)).collect()
}

#[test]
fn what_passes_everywhere_reaches_the_ui() {
    let hops = path(&origin("10.8.0.0/16"), &entrance());
    assert_eq!((verdict(&hops), stops(&hops)), (Passes::All, Vec::new()), "two halves are a whole");
    let of_group = Origin { groups: vec!["sg-client".to_owned()], ..origin("10.77.0.9/32") };
    assert_eq!(verdict(&path(&of_group, &entrance())), Passes::All);
}

#[test]
fn each_place_can_stop_it_and_says_why() {
    let stopped = |net: &str, change: &dyn Fn(&mut Entrance)| {
        let mut there = entrance();
        change(&mut there);
        let hops = path(&origin(net), &there);
        (verdict(&hops).code(), stops(&hops))
    };
    let all = vec![
        ("another network", stopped("10.9.0.0/16", &|_| {})),
        ("a part", stopped("10.8.0.0/15", &|_| {})),
        (
            "no route back",
            stopped("192.168.7.0/24", &|there| there.groups.as_mut().unwrap()[0].ingress.push(rule(ANY))),
        ),
        ("a dead route", stopped("10.8.0.0/16", &|there| there.subnets[1].routes[1].active = false)),
        (
            "a closed ACL",
            stopped("10.8.0.0/16", &|there| {
                let acl = there.subnets[0].acl.as_mut().unwrap();
                acl.ingress.insert(0, entry(90, false, "tcp", "10.8.4.0/24", 443, 443));
                acl.egress.clear();
            }),
        ),
        (
            "unread",
            stopped("10.8.0.0/16", &|there| {
                there.groups = None;
                there.subnets[0].acl = None;
            }),
        ),
    ];
    insta::assert_debug_snapshot!(all);
}
