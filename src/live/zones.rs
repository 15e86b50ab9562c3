//! The two availability zones of a deployment whose plan file names none.

use crate::aws::answer::Answer;
use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::Inventory;
use crate::kinds::context::Context;
use crate::kinds::ec2::filter;
use crate::kinds::zone::{Zone, zone};

/// The zones of the deployment's subnets; for missing subnets, the first free ones of the region. A subnet cannot move,
/// so the order in which AWS lists zones later must not matter.
///
/// # Errors
///
/// The region has too few zones.
pub async fn zones(context: &Context, inventory: &Inventory) -> Result<[String; 2], Failure> {
    let current = ["a", "b"].map(|half| current_zone(inventory, half));
    if let [Some(first), Some(second)] = &current {
        return Ok([first.clone(), second.clone()]);
    }
    choose(current, available(context).await?).ok_or_else(|| {
        let message = format!("{} does not have two availability zones for this account", context.names.region);
        Failure::of(Cause::Refused, message).hint("choose another region, or name the zones in the plan file")
    })
}

/// The zone of the subnets of one half.
fn current_zone(inventory: &Inventory, half: &str) -> Option<String> {
    ["private", "public"].iter().find_map(|side| {
        let address = Address::new("subnet", &format!("{side}-{half}"));
        inventory.at(&address).iter().find_map(|live| live.spec.get("zone")?.as_str().map(str::to_owned))
    })
}

/// Chooses among the zones with their ids. Zones that lack a service are left out; doubtful ones come last.
fn choose(current: [Option<String>; 2], available: Vec<(String, String)>) -> Option<[String; 2]> {
    let taken: Vec<String> = current.iter().flatten().cloned().collect();
    let rank = |id: &str| match zone(id) {
        Zone::Good => Some(0),
        Zone::Doubtful(_) => Some(1),
        Zone::Lacks(_) | Zone::Other => None,
    };
    let mut ranked: Vec<(i32, String)> =
        available.into_iter().filter_map(|(name, id)| Some((rank(&id)?, name))).collect();
    ranked.sort();
    let mut free = ranked.into_iter().map(|(_, name)| name).filter(|zone| !taken.contains(zone));
    let [first, second] = current;
    Some([first.or_else(|| free.next())?, second.or_else(|| free.next())?])
}

/// The region's zones with their ids, without local zones and those that need an opt-in.
async fn available(context: &Context) -> Result<Vec<(String, String)>, Failure> {
    let call = context.aws.ec2.describe_availability_zones().filters(filter("zone-type", ["availability-zone"]));
    let call = call.filters(filter("state", ["available"])).filters(filter("opt-in-status", ["opt-in-not-required"]));
    let answer = call.send().await.answer()?;
    let both = |zone: &aws_sdk_ec2::types::AvailabilityZone| {
        Some((zone.zone_name()?.to_owned(), zone.zone_id().unwrap_or_default().to_owned()))
    };
    Ok(answer.availability_zones().iter().filter_map(both).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(zones: &[&str]) -> Vec<(String, String)> {
        zones.iter().map(|zone| ((*zone).to_owned(), String::new())).collect()
    }

    #[test]
    fn zones_of_subnets_stay_and_the_first_free_ones_are_added() {
        let some = |zone: &str| Some(zone.to_owned());
        let chosen = |current, zones: &[&str]| choose(current, all(zones)).map(|pair| pair.join(" "));
        assert_eq!(chosen([None, None], &["c", "a", "b"]), some("a b"));
        assert_eq!(chosen([None, some("a")], &["a", "b"]), some("b a"));
        assert_eq!(chosen([some("z"), None], &["a"]), some("z a"));
        assert_eq!(chosen([None, None], &["a"]), None);
    }

    #[test]
    fn the_zone_id_decides_and_not_its_letter() {
        let zones =
            |ids: &[(&str, &str)]| ids.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect();
        let chosen = |ids: &[(&str, &str)]| choose([None, None], zones(ids)).map(|pair| pair.join(" "));
        let california = [("a", "usw1-az2"), ("b", "usw1-az3"), ("c", "usw1-az1")];
        assert_eq!(chosen(&california), Some("b c".to_owned()));
        assert_eq!(chosen(&california[..2]), None);
        let virginia = [("a", "use1-az3"), ("b", "use1-az1"), ("c", "use1-az2")];
        assert_eq!(chosen(&virginia), Some("b c".to_owned()));
        assert_eq!(chosen(&virginia[..2]), Some("b a".to_owned()));
        assert_eq!(chosen(&[("a", "usw2-az1"), ("b", "usw2-lax1-az1")]), None);
    }
}
