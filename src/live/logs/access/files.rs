//! Which files of a bucket are access logs of a load balancer, and of which time. Pure.
//!
//! Source: user guide for Application Load Balancers, "Access log files":
//! `[prefix/]AWSLogs/<account>/elasticloadbalancing/<region>/<yyyy>/<mm>/<dd of the delivery>/
//! <account>_elasticloadbalancing_<region>_app.<name>.<id>_<end of the interval>_<address>_<random>.log.gz`, one for
//! each address of the load balancer every five minutes, and several for an interval where it is busy.

use std::collections::BTreeMap;

use time::{Date, Duration, OffsetDateTime};

use crate::engine::inventory::Inventory;
use crate::kinds::load_balancer::LoadBalancer;

/// How late a file may be delivered and is still found while following, in milliseconds. AWS gives no limit.
pub const LATE: i64 = 3_600_000;

/// Where a load balancer's access logs are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub bucket: String,
    /// Of all its files, up to the year.
    folder: String,
    /// Of the names of its files, up to the end of the interval.
    file: String,
}

/// Why there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The deployment has no load balancer of its own.
    LoadBalancer,
    /// It writes none.
    Logs,
}

impl Place {
    /// Those of the deployment's own load balancer.
    pub fn of(inventory: &Inventory, account: &str, region: &str) -> Result<Self, Missing> {
        let live = inventory.live.iter().find(|live| live.address.kind() == "load-balancer" && !live.is_going());
        let live = live.ok_or(Missing::LoadBalancer)?;
        let spec: LoadBalancer = serde_json::from_value(live.spec.clone()).map_err(|_| Missing::LoadBalancer)?;
        let logs = spec.access_logs.ok_or(Missing::Logs)?;
        let full_name = live.outputs.get("full_name").ok_or(Missing::LoadBalancer)?.replace('/', ".");
        let prefix = if logs.prefix.is_empty() { String::new() } else { format!("{}/", logs.prefix) };
        Ok(Self {
            bucket: logs.bucket.text().to_owned(),
            folder: format!("{prefix}AWSLogs/{account}/elasticloadbalancing/{region}/"),
            file: format!("{account}_elasticloadbalancing_{region}_{full_name}_"),
        })
    }

    /// What the keys of the files delivered on a day begin with.
    pub fn prefix(&self, day: Date) -> String {
        let (year, month, day) = (day.year(), u8::from(day.month()), day.day());
        format!("{}{year:04}/{month:02}/{day:02}/{}", self.folder, self.file)
    }

    /// The key that precedes those of all intervals that end at `start` or later. Times in milliseconds since 1970.
    pub fn before(&self, day: Date, start: i64) -> String {
        let at = moment(start);
        let (date, time) = (at.date(), at.time());
        let (year, month) = (date.year(), u8::from(date.month()));
        let end = format!("{year:04}{month:02}{:02}T{:02}{:02}Z", date.day(), time.hour(), time.minute());
        // The names go on with an underscore.
        format!("{}{end}", self.prefix(day))
    }
}

/// The end of a file's interval as its name has it, `20220215T2340Z`: they sort by time.
pub fn interval(key: &str) -> Option<&str> {
    let mut parts = key.strip_suffix(".log.gz")?.rsplit('_');
    parts.nth(2).filter(|end| end.len() == 14 && end.ends_with('Z'))
}

/// The days from one time to another, both included; in UTC.
pub fn days(from: i64, to: i64) -> impl Iterator<Item = Date> {
    let last = moment(to).date();
    let next = |day: &Date| day.checked_add(Duration::DAY);
    std::iter::successors(Some(moment(from).date()), next).take_while(move |day| *day <= last)
}

/// Out of range is 1970, which is early enough.
fn moment(milliseconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(milliseconds / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Which files were read already.
#[derive(Clone, Debug)]
pub struct Seen {
    start: i64,
    /// Keys, with the time at which each was read.
    keys: BTreeMap<String, i64>,
}

impl Seen {
    /// None, of all that were delivered from a time on.
    pub fn new(start: i64) -> Self {
        Self { start, keys: BTreeMap::new() }
    }

    /// Files of earlier intervals need not be listed.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// The new ones among some keys, by the end of their interval.
    pub fn new_of(&self, keys: Vec<String>) -> BTreeMap<String, Vec<String>> {
        let mut new: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for key in keys.into_iter().filter(|key| !self.keys.contains_key(key)) {
            if let Some(end) = interval(&key).map(str::to_owned) {
                new.entry(end).or_default().push(key);
            }
        }
        new
    }

    /// These have been read and shown.
    pub fn add(&mut self, keys: Vec<String>, now: i64) {
        self.keys.extend(keys.into_iter().map(|key| (key, now)));
    }

    /// A whole round of reading is done.
    pub fn advance(&mut self, now: i64) {
        self.start = self.start.max(now.saturating_sub(LATE));
        // A file's interval ends before it is read: what is listed again is still known.
        let start = self.start;
        self.keys.retain(|_, read| *read >= start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    /// The example of the user guide.
    const KEY: &str = "logging-prefix/AWSLogs/123456789012/elasticloadbalancing/us-east-2/2022/05/01/123456789012_\
        elasticloadbalancing_us-east-2_app.my-loadbalancer.1234567890abcdef_20220215T2340Z_172.160.001.192_20sg8hgm.\
        log.gz";

    fn place() -> Place {
        Place {
            bucket: "logs".to_owned(),
            folder: "logging-prefix/AWSLogs/123456789012/elasticloadbalancing/us-east-2/".to_owned(),
            file: "123456789012_elasticloadbalancing_us-east-2_app.my-loadbalancer.1234567890abcdef_".to_owned(),
        }
    }

    #[test]
    fn the_example_of_the_user_guide_is_found() {
        let (day, at) = (date!(2022 - 05 - 01), 1_644_968_400_000); // 2022-02-15T23:40Z
        assert!(KEY.starts_with(&place().prefix(day)));
        assert!(KEY > place().before(day, at).as_str());
        assert!(KEY < place().before(day, at + 60_000).as_str());
        assert_eq!(interval(KEY), Some("20220215T2340Z"));
        for other in ["AWSLogs/123456789012/ELBAccessLogTestFile", "a_b.log.gz", ""] {
            assert_eq!(interval(other), None);
        }
    }

    #[test]
    fn days_are_those_of_both_ends_and_between() {
        let midnight = 1_790_000_000_000 / 86_400_000 * 86_400_000;
        assert_eq!(days(midnight, midnight).count(), 1);
        assert_eq!(days(midnight - 1, midnight).count(), 2);
        assert_eq!(days(midnight - 3 * 86_400_000, midnight + 1).count(), 4);
        assert_eq!(days(midnight, midnight - 86_400_000).count(), 0);
    }

    #[test]
    fn each_file_is_new_once_and_late_ones_are_found() {
        let key = |end: &str, number: u8| format!("x_{end}_10.0.0.1_{number}.log.gz");
        let mut seen = Seen::new(0);
        let listed = vec![key("20220215T2345Z", 1), key("20220215T2340Z", 2), key("20220215T2340Z", 3)];
        let new = seen.new_of(listed.clone());
        assert_eq!(new.keys().collect::<Vec<_>>(), ["20220215T2340Z", "20220215T2345Z"]);
        assert_eq!(new["20220215T2340Z"].len(), 2);
        seen.add(listed.clone(), 10);
        seen.advance(10);
        assert_eq!(seen.new_of([listed, vec![key("20220215T2335Z", 4)]].concat()).len(), 1);
        seen.advance(10 + LATE + 1);
        assert_eq!((seen.start(), seen.keys.len()), (11, 0));
    }
}
