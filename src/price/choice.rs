//! What the choices of a plan file cost a month, one by one.

use crate::release::Package;

use super::item::Item;
use super::table::Rates;
use super::usage::HOURS;

/// The task of a package while it runs. Nothing where the table does not have the region.
pub fn package(region: &str, package: Package) -> Option<f64> {
    let rates = Rates::of(region).ok()?;
    let vcpus = f64::from(package.vcpus()) * rates.amount(Item::FargateVcpu)?;
    let memory = f64::from(package.memory_mib()) / 1024.0 * rates.amount(Item::FargateMemory)?;
    Some((vcpus + memory) * HOURS)
}

/// One NAT gateway with its address, without the data through it.
pub fn nat_gateway(region: &str) -> Option<f64> {
    let rates = Rates::of(region).ok()?;
    Some((rates.amount(Item::NatHour)? + rates.amount(Item::PublicIpv4)?) * HOURS)
}

/// A load balancer without traffic.
pub fn load_balancer(region: &str) -> Option<f64> {
    Some(Rates::of(region).ok()?.amount(Item::LoadBalancerHour)? * HOURS)
}

/// Reads and writes of elastic throughput, for each GB.
pub fn elastic(region: &str) -> Option<(f64, f64)> {
    let rates = Rates::of(region).ok()?;
    Some((rates.amount(Item::FileSystemRead)?, rates.amount(Item::FileSystemWrite)?))
}
