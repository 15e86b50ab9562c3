use crate::config::Throughput;
use crate::price::size::{Load, Module, choose};
use crate::release::{Catalogue, Package};

fn load(events_per_minute: f64, modules: &[Module]) -> Load {
    Load { events_per_minute, modules: modules.to_vec() }
}

#[test]
fn the_smallest_package_that_bears_the_load() {
    let of = |events: f64| choose(&load(events, &[]), None).package;
    assert_eq!(of(1.0), Package::ExtraSmall);
    assert_eq!(of(15_384.0), Package::ExtraSmall);
    assert_eq!(of(15_400.0), Package::Small);
    assert_eq!(of(40_000.0), Package::Medium);
    assert_eq!(of(100_000.0), Package::Large);
}

#[test]
fn modules_need_credits() {
    use Module::{Are, Cte, Cto, LogShipper, Ure, Webtx};
    let of = |modules: &[Module]| choose(&load(100.0, modules), None).package;
    assert_eq!(of(&[LogShipper]), Package::ExtraSmall);
    assert_eq!(of(&[LogShipper, Cto]), Package::Small);
    assert_eq!(of(&[LogShipper, Cte]), Package::Medium);
    assert_eq!(of(&[LogShipper, Cto, Cte, Ure, Are]), Package::Large);
    assert_eq!(of(&[Webtx]), Package::Medium);
}

#[test]
fn a_release_has_a_smallest_package_and_the_largest_is_not_enough_for_everything() {
    let release = Catalogue::builtin().releases().find(|release| release.minimum_package == Package::Medium);
    assert_eq!(choose(&load(100.0, &[]), release).package, Package::Medium);
    let huge = choose(&load(1e9, &[]), release);
    assert_eq!((huge.package, huge.fits), (Package::Large, false));
    assert!(choose(&load(153_000.0, &[]), release).fits);
}

#[test]
fn volume_and_throughput_follow_the_events() {
    let of = |events: f64| choose(&load(events, &[]), None);
    let sizing = of(20_000.0);
    assert!((sizing.volume - 1752.0).abs() < 0.1, "{}", sizing.volume);
    assert_eq!(sizing.throughput, Throughput::Elastic);
    // Half of 1 MiB/s are 45.3 GB a day: 7,864 events a minute.
    assert_eq!((of(7_800.0).throughput, of(7_900.0).throughput), (Throughput::Bursting, Throughput::Elastic));
    let webtx = choose(&load(20_000.0, &[Module::Webtx]), None);
    assert!((webtx.volume - 3504.0).abs() < 0.1, "{}", webtx.volume);
}

#[test]
fn modules_are_read_as_they_are_written() {
    for module in Module::ALL {
        assert_eq!(module.as_str().parse(), Ok(module));
    }
    assert!("clothes".parse::<Module>().unwrap_err().contains("log-shipper, cto"));
}
