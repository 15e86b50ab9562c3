//! Ranges that cover networks: all of them, no more than there is room for, and nothing else where there is room.

use ipnet::Ipv4Net;
use proptest::prelude::*;

use crate::config::{beside, cover};

fn nets(texts: &[&str]) -> Vec<Ipv4Net> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// Networks that lie close together as often as far apart.
fn networks(most: usize) -> impl Strategy<Value = Vec<Ipv4Net>> {
    let address = prop_oneof![any::<u32>(), (0..512_u32).prop_map(|low| 0x0a00_0000 | low << 3)];
    let net = (address, 8..=32_u8).prop_map(|(address, length)| Ipv4Net::new(address.into(), length).unwrap().trunc());
    prop::collection::vec(net, 1..most)
}

fn extra(ranges: &[Ipv4Net], nets: &[Ipv4Net]) -> u64 {
    ranges.iter().map(|range| beside(*range, nets)).sum()
}

#[test]
fn what_fits_stays_as_it_is() {
    let wanted = nets(&["192.0.2.0/24", "10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8"]);
    assert_eq!(cover(&wanted, 3), wanted[..3]);
    assert_eq!(cover(&[], 3), []);
}

#[test]
fn what_lies_closest_is_joined_first() {
    let wanted = nets(&["10.0.0.0/24", "10.0.1.0/24", "10.0.3.0/24", "192.0.2.7/32", "192.0.2.9/32"]);
    assert_eq!(cover(&wanted, 4), nets(&["10.0.0.0/23", "10.0.3.0/24", "192.0.2.7/32", "192.0.2.9/32"]));
    assert_eq!(cover(&wanted, 3), nets(&["10.0.0.0/23", "10.0.3.0/24", "192.0.2.0/28"]));
    assert_eq!(cover(&wanted, 2), nets(&["10.0.0.0/22", "192.0.2.0/28"]));
    assert_eq!(cover(&wanted, 1), nets(&["0.0.0.0/0"]));
    assert_eq!(cover(&wanted, 0), cover(&wanted, 1));
    assert_eq!(extra(&cover(&wanted, 2), &wanted), 256 + 14);
}

#[test]
fn five_hundred_networks_fit_into_any_room() {
    let wanted: Vec<Ipv4Net> =
        (0..500_u32).map(|n| Ipv4Net::new((n.wrapping_mul(0x9e37_79b9) & 0xffff_ff00).into(), 24).unwrap()).collect();
    for room in [1, 6, 150, 499] {
        let ranges = cover(&wanted, room);
        assert!(ranges.len() <= room);
        assert!(wanted.iter().all(|net| ranges.iter().any(|range| range.contains(net))));
    }
    assert_eq!(cover(&wanted, 500), wanted);
}

proptest! {
    #[test]
    fn everything_is_covered_within_the_room(wanted in networks(60), room in 1..70_usize) {
        let ranges = cover(&wanted, room);
        prop_assert!(ranges.len() <= room);
        prop_assert!(wanted.iter().all(|net| ranges.iter().any(|range| range.contains(net))), "{ranges:?}");
        let mut backwards = wanted.clone();
        backwards.reverse();
        let same = |ranges: Vec<Ipv4Net>| ranges.into_iter().collect::<std::collections::BTreeSet<_>>();
        prop_assert_eq!(same(cover(&backwards, room)), same(ranges.clone()), "the order makes no difference");
        for range in &ranges {
            prop_assert!(wanted.iter().any(|net| range.contains(net)), "{range} covers nothing");
        }
    }

    #[test]
    fn more_room_never_lets_more_in(wanted in networks(40), room in 1..40_usize) {
        let (fewer, more) = (cover(&wanted, room), cover(&wanted, room + 1));
        prop_assert!(extra(&more, &wanted) <= extra(&fewer, &wanted));
        prop_assert_eq!(extra(&cover(&wanted, wanted.len()), &wanted), 0);
    }

    #[test]
    fn no_other_choice_of_so_many_ranges_is_tighter(wanted in networks(7), room in 1..4_usize) {
        // Every way of putting the networks into so many groups, each covered by its smallest range.
        let smallest = |group: &[Ipv4Net]| cover(group, 1)[0];
        let best = (0..room.pow(u32::try_from(wanted.len()).unwrap())).map(|mut number| {
            let mut groups = vec![Vec::new(); room];
            for net in &wanted {
                groups[number % room].push(*net);
                number /= room;
            }
            let ranges: Vec<_> = groups.iter().filter(|group| !group.is_empty()).map(|group| smallest(group)).collect();
            // Of ranges inside each other only the larger one counts.
            let apart = ranges.iter().enumerate().filter(|(index, range)| {
                !ranges.iter().enumerate().any(|(other, there)| {
                    there.contains(*range) && (there != *range || other < *index)
                })
            });
            apart.map(|(_, range)| beside(*range, &wanted)).sum::<u64>()
        });
        prop_assert_eq!(extra(&cover(&wanted, room), &wanted), best.min().unwrap());
    }
}
