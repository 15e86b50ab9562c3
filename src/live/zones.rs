//! The two availability zones of a deployment whose plan file names none.

use crate::aws::error::on;
use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::Inventory;
use crate::kinds::ec2::filter;
use crate::kinds::resource::Context;
use crate::kinds::zone::{Zone, zone};

/// The zones that the deployment's subnets are in; for those it does not have yet, the first of the region that are
/// not taken. A subnet cannot move: what AWS lists first another day must not matter.
///
/// # Errors
///
/// The region cannot be asked, or has too few zones.
pub async fn zones(context: &Context, inventory: &Inventory) -> Result<[String; 2], Failure> {
    let standing = ["a", "b"].map(|half| standing(inventory, half));
    if let [Some(first), Some(second)] = &standing {
        return Ok([first.clone(), second.clone()]);
    }
    choose(standing, available(context).await?).ok_or_else(|| {
        let message = format!("{} does not have two availability zones for this account", context.names.region);
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

/// Of the zones with their ids. Where something is missing is no choice; doubtful ones come last.
fn choose(standing: [Option<String>; 2], available: Vec<(String, String)>) -> Option<[String; 2]> {
    let taken: Vec<String> = standing.iter().flatten().cloned().collect();
    let rank = |id: &str| match zone(id) {
        Zone::Good => Some(0),
        Zone::Doubtful(_) => Some(1),
        Zone::Lacks(_) | Zone::Other => None,
    };
    let mut ranked: Vec<(i32, String)> =
        available.into_iter().filter_map(|(name, id)| Some((rank(&id)?, name))).collect();
    ranked.sort();
    let mut free = ranked.into_iter().map(|(_, name)| name).filter(|zone| !taken.contains(zone));
    let [first, second] = standing;
    Some([first.or_else(|| free.next())?, second.or_else(|| free.next())?])
}

/// The region's zones that are open to everyone, with their ids: neither local zones nor what must be opted into.
async fn available(context: &Context) -> Result<Vec<(String, String)>, Failure> {
    let one = |name, value: &str| filter(name, [value.to_owned()]);
    let answer = context
        .aws
        .ec2
        .describe_availability_zones()
        .filters(one("zone-type", "availability-zone"))
        .filters(one("state", "available"))
        .filters(one("opt-in-status", "opt-in-not-required"))
        .send()
        .await
        .map_err(on("ec2 DescribeAvailabilityZones"))?;
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
    fn standing_zones_stay_and_the_first_free_ones_fill_up() {
        let some = |zone: &str| Some(zone.to_owned());
        let chosen = |standing, zones: &[&str]| choose(standing, all(zones)).map(|pair| pair.join(" "));
        assert_eq!(chosen([None, None], &["c", "a", "b"]), some("a b"));
        assert_eq!(chosen([None, some("a")], &["a", "b"]), some("b a"));
        assert_eq!(chosen([some("z"), None], &["a"]), some("z a"));
        assert_eq!(chosen([None, None], &["a"]), None);
    }

    #[test]
    fn what_a_zone_is_decides_and_not_its_letter() {
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
