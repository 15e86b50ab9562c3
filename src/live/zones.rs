//! The two availability zones of a deployment whose plan file names none.

use crate::aws::error::on;
use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::Inventory;
use crate::kinds::resource::Cx;
use crate::kinds::tags::ec2::filter;

/// The zones that the deployment's subnets are in; for those it does not have yet, the first of the region that are
/// not taken. A subnet cannot move: what AWS lists first another day must not matter.
///
/// # Errors
///
/// The region cannot be asked, or has too few zones.
pub async fn zones(cx: &Cx, inventory: &Inventory) -> Result<[String; 2], Failure> {
    let standing = ["a", "b"].map(|half| standing(inventory, half));
    if let [Some(first), Some(second)] = &standing {
        return Ok([first.clone(), second.clone()]);
    }
    choose(standing, available(cx).await?).ok_or_else(|| {
        let message = format!("{} does not have two availability zones for this account", cx.names.region);
        Failure::of(Cause::Refused, message).hint("choose another region, or name the zones in the plan file")
    })
}

/// The zone of the subnets of one half.
fn standing(inventory: &Inventory, half: &str) -> Option<String> {
    ["private", "public"].iter().find_map(|side| {
        let address = Address::new("subnet", &format!("{side}-{half}"));
        inventory.at(&address).find_map(|live| live.spec.get("zone")?.as_str().map(str::to_owned))
    })
}

fn choose(standing: [Option<String>; 2], mut available: Vec<String>) -> Option<[String; 2]> {
    available.sort();
    let taken: Vec<String> = standing.iter().flatten().cloned().collect();
    let mut free = available.into_iter().filter(|zone| !taken.contains(zone));
    let [first, second] = standing;
    Some([first.or_else(|| free.next())?, second.or_else(|| free.next())?])
}

/// The region's zones that are open to everyone: neither local zones nor what must be opted into.
async fn available(cx: &Cx) -> Result<Vec<String>, Failure> {
    let one = |name, value: &str| filter(name, [value.to_owned()]);
    let answer = cx
        .aws
        .ec2
        .describe_availability_zones()
        .filters(one("zone-type", "availability-zone"))
        .filters(one("state", "available"))
        .filters(one("opt-in-status", "opt-in-not-required"))
        .send()
        .await
        .map_err(on("ec2 DescribeAvailabilityZones"))?;
    Ok(answer.availability_zones().iter().filter_map(|zone| zone.zone_name().map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(zones: &[&str]) -> Vec<String> {
        zones.iter().map(|zone| (*zone).to_owned()).collect()
    }

    #[test]
    fn standing_zones_stay_and_the_first_free_ones_fill_up() {
        let some = |zone: &str| Some(zone.to_owned());
        let chosen = |standing, zones: &[&str]| choose(standing, all(zones)).map(|pair| pair.join(" "));
        assert_eq!(chosen([None, None], &["c", "a", "b"]), some("a b"));
        assert_eq!(chosen([None, some("a")], &["a", "b"]), some("b a"));
        assert_eq!(chosen([some("z"), None], &["a"]), some("z a"));
        assert_eq!(chosen([None, None], &["a"]), None);
    }
}
