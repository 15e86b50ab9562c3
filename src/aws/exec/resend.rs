//! Frames that the agent has not acknowledged, and when to send them again. Pure.
//!
//! The wait follows the measured round trip, as in RFC 6298: a tunnel with steady traffic has no silence that would
//! show that something is lost. A frame that was sent twice measures nothing: its acknowledgement may be for either.

use std::collections::BTreeMap;

/// The wait before anything was measured, and the longest (RFC 6298, section 2.1), in milliseconds.
const LONGEST: u64 = 1000;
/// The shortest wait, in milliseconds (`DefaultTransmissionTimeout` of `aws/session-manager-plugin`).
const SHORTEST: u64 = 200;
/// The most frames that one look sends again: a connection that is slow now must not be flooded.
const BURST: usize = 32;

#[derive(Debug)]
struct Sent {
    /// When it was sent first, and last.
    first: u64,
    last: u64,
    tries: u32,
    frame: Vec<u8>,
}

/// Our frames by sequence number, until they are acknowledged. All times are milliseconds since 1970.
#[derive(Debug, Default)]
pub struct Unacknowledged {
    frames: BTreeMap<i64, Sent>,
    /// The smoothed round trip and its variation.
    trip: Option<(u64, u64)>,
}

impl Unacknowledged {
    pub fn count(&self) -> usize {
        self.frames.len()
    }

    /// When the oldest was sent first.
    pub fn oldest(&self) -> Option<u64> {
        self.frames.values().map(|sent| sent.first).min()
    }

    pub fn add(&mut self, sequence: i64, now: u64, frame: Vec<u8>) {
        self.frames.insert(sequence, Sent { first: now, last: now, tries: 1, frame });
    }

    pub fn acknowledged(&mut self, sequence: i64, now: u64) {
        if let Some(Sent { first, tries: 1, .. }) = self.frames.remove(&sequence) {
            self.measure(now.saturating_sub(first));
        }
    }

    fn measure(&mut self, trip: u64) {
        self.trip = Some(match self.trip {
            None => (trip, trip / 2),
            Some((smoothed, variation)) => {
                let off = smoothed.abs_diff(trip);
                ((7 * smoothed + trip) / 8, (3 * variation + off) / 4)
            }
        });
    }

    /// The wait for the first acknowledgement.
    fn wait(&self) -> u64 {
        self.trip.map_or(LONGEST, |(smoothed, variation)| (smoothed + 4 * variation).clamp(SHORTEST, LONGEST))
    }

    /// What is to be sent again now, the oldest first. A frame waits twice as long each time.
    pub fn overdue(&mut self, now: u64) -> Vec<Vec<u8>> {
        let wait = self.wait();
        let is_late = |sent: &&mut Sent| {
            let patience = wait.checked_shl(sent.tries - 1).unwrap_or(LONGEST).min(LONGEST);
            now.saturating_sub(sent.last) >= patience
        };
        let late = self.frames.values_mut().filter(is_late).take(BURST);
        late.map(|sent| sent.again(now)).collect()
    }

    /// All, for a new connection.
    pub fn all(&mut self, now: u64) -> Vec<Vec<u8>> {
        self.frames.values_mut().map(|sent| sent.again(now)).collect()
    }
}

impl Sent {
    fn again(&mut self, now: u64) -> Vec<u8> {
        self.last = now;
        // More doubles nothing.
        self.tries = (self.tries + 1).min(16);
        self.frame.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_follows_the_round_trip_between_its_bounds() {
        let mut frames = Unacknowledged::default();
        let mut now = 0;
        let mut wait_after = |frames: &mut Unacknowledged, trip: u64| {
            for sequence in 0..50 {
                frames.add(sequence, now, vec![]);
                now += trip;
                frames.acknowledged(sequence, now);
            }
            frames.wait()
        };
        assert_eq!(frames.wait(), LONGEST);
        assert_eq!(wait_after(&mut frames, 1), SHORTEST);
        assert!((300..350).contains(&wait_after(&mut frames, 300)), "{}", frames.wait());
        assert_eq!(wait_after(&mut frames, 5000), LONGEST);
    }

    #[test]
    fn each_repetition_waits_longer_and_measures_nothing() {
        let mut frames = Unacknowledged::default();
        frames.add(0, 0, vec![0]);
        frames.acknowledged(0, 10);
        frames.add(1, 1000, vec![1]);
        let times: Vec<u64> = (1000..5000).filter(|now| !frames.overdue(*now).is_empty()).collect();
        assert_eq!(times, [1200, 1600, 2400, 3400, 4400]);
        let before = frames.trip;
        frames.acknowledged(1, 4500);
        assert_eq!((frames.trip, frames.count()), (before, 0));
    }

    #[test]
    fn a_slow_connection_is_not_flooded_and_a_new_one_gets_all() {
        let mut frames = Unacknowledged::default();
        for sequence in 0..100 {
            frames.add(sequence, 0, vec![u8::try_from(sequence).unwrap()]);
        }
        let first = frames.overdue(1000);
        assert_eq!((first.len(), first[0][0]), (BURST, 0));
        assert_eq!(frames.overdue(1000)[0][0], u8::try_from(BURST).unwrap());
        assert_eq!(frames.all(1000).len(), 100);
        assert_eq!((frames.overdue(1999).len(), frames.oldest()), (0, Some(0)));
    }
}
