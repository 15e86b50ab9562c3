//! Which events are new, over repeated reads of a time span that moves on.
//!
//! CloudWatch Logs finds events by the time that they say, not by the time at which they arrived, and they arrive late:
//! a container's log driver sends them in batches, each stream for itself. So each read begins [`OVERLAP`] before the
//! newest event, and an event that was returned before is recognised by its id. What arrives later than that is missed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// How late an event may arrive, in milliseconds. The log driver sends every five seconds, and again where CloudWatch
/// Logs was not available (`docs/aws-behaviour.md`).
pub const OVERLAP: i64 = 120_000;

/// One event as CloudWatch Logs returns it. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub stream: String,
    /// When it happened, by the clock of whoever logged it.
    pub time: i64,
    /// When CloudWatch Logs received it.
    pub received: i64,
    pub message: String,
}

/// Where the next read begins, and what was returned already of the time from there on.
#[derive(Clone, Debug)]
pub struct Cursor {
    start: i64,
    newest: i64,
    /// The time of each event by its id.
    seen: BTreeMap<String, i64>,
}

impl Cursor {
    /// Everything from `since` on.
    pub fn new(since: i64) -> Self {
        Self { start: since, newest: since, seen: BTreeMap::new() }
    }

    /// The earliest time to read.
    pub fn start(&self) -> i64 {
        self.start
    }

    /// Those of a page that are new, by time. Equal times stay as CloudWatch Logs orders them: as received.
    pub fn take(&mut self, page: Vec<Event>) -> Vec<Event> {
        let mut new: Vec<Event> = page
            .into_iter()
            .filter(|event| event.time >= self.start)
            .filter(|event| match self.seen.entry(event.id.clone()) {
                Entry::Occupied(_) => false,
                Entry::Vacant(entry) => {
                    entry.insert(event.time);
                    true
                }
            })
            .collect();
        self.newest = new.iter().map(|event| event.time).fold(self.newest, i64::max);
        new.sort_by_key(|event| (event.time, event.received));
        new
    }

    /// All pages of a read have been taken: the next one may begin later. A container whose clock is ahead must not
    /// hide what the others log: `now` limits what counts as the newest event.
    pub fn advance(&mut self, now: i64) {
        self.start = self.start.max(self.newest.min(now).saturating_sub(OVERLAP));
        self.seen.retain(|_, time| *time >= self.start);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(id: usize, time: i64, received: i64) -> Event {
        Event { id: id.to_string(), stream: "s".to_owned(), time, received, message: String::new() }
    }

    fn ids(events: &[Event]) -> Vec<&str> {
        events.iter().map(|event| event.id.as_str()).collect()
    }

    #[test]
    fn events_of_one_millisecond_stay_as_they_were_received() {
        let mut cursor = Cursor::new(0);
        let page = vec![event(3, 5, 1), event(1, 5, 1), event(2, 5, 0), event(0, 4, 9)];
        assert_eq!(ids(&cursor.take(page)), ["0", "2", "3", "1"]);
    }

    #[test]
    fn a_read_that_broke_off_is_repeated_without_repeating_lines() {
        let mut cursor = Cursor::new(0);
        let late = 10 * OVERLAP;
        assert_eq!(ids(&cursor.take(vec![event(1, 5, 5), event(2, late, late)])), ["1", "2"]);
        assert_eq!(cursor.start(), 0, "the other pages may hold what is older");
        assert_eq!(ids(&cursor.take(vec![event(1, 5, 5), event(3, 6, 6), event(2, late, late)])), ["3"]);
        cursor.advance(late);
        assert_eq!(cursor.start(), late - OVERLAP);
    }

    #[test]
    fn a_clock_that_is_ahead_hides_nothing() {
        let mut cursor = Cursor::new(0);
        let hour = 3_600_000;
        cursor.take(vec![event(1, hour + 2 * hour, hour)]);
        cursor.advance(hour);
        assert_eq!(ids(&cursor.take(vec![event(2, hour, hour), event(1, 3 * hour, hour)])), ["2"]);
    }

    #[test]
    fn what_can_come_again_is_remembered_and_nothing_else() {
        let mut cursor = Cursor::new(0);
        for second in 0..10_000 {
            let now = second * 1000;
            cursor.take(vec![event(usize::try_from(second).unwrap(), now, now)]);
            cursor.advance(now);
        }
        assert_eq!(i64::try_from(cursor.seen.len()).unwrap(), OVERLAP / 1000 + 1);
    }

    proptest! {
        /// Whatever the paging, the order of arrival, and a lateness within the window: each line once.
        #[test]
        fn no_event_is_lost_or_repeated(
            times in proptest::collection::vec((0..400_000_i64, 0..OVERLAP), 0..80),
            polls in proptest::collection::vec((1..60_000_i64, 1..7_usize, any::<bool>()), 1..40),
        ) {
            let events: Vec<Event> =
                times.iter().enumerate().map(|(id, (time, late))| event(id, *time, time + late)).collect();
            let mut cursor = Cursor::new(0);
            let mut shown: Vec<String> = Vec::new();
            let mut now = 0;
            let last = (1_000_000, 3, false);
            for (pause, page, breaks) in polls.into_iter().chain([last]) {
                now += pause;
                let start = cursor.start();
                let mut there: Vec<Event> =
                    events.iter().filter(|event| event.received <= now && event.time >= start).cloned().collect();
                there.sort_by_key(|event| (event.time, event.received));
                let pages: Vec<Vec<Event>> = there.chunks(page).map(<[Event]>::to_vec).collect();
                // A read that breaks off halfway is not advanced over.
                let read = if breaks { pages.len() / 2 } else { pages.len() };
                for page in pages.into_iter().take(read) {
                    let new = cursor.take(page);
                    prop_assert!(new.is_sorted_by_key(|event| (event.time, event.received)));
                    shown.extend(new.into_iter().map(|event| event.id));
                }
                if !breaks {
                    cursor.advance(now);
                }
            }
            shown.sort();
            let mut all: Vec<String> = events.iter().map(|event| event.id.clone()).collect();
            all.sort();
            prop_assert_eq!(shown, all);
        }
    }
}
