//! How many calls may be in flight at once.
//!
//! AWS's limits are token buckets per operation and account, shared with everything else in the account (Amazon EC2
//! developer guide, "Request throttling"). So the number follows AWS's answers, as in TCP: a throttled call halves it,
//! and each accepted call raises it by a fraction.

/// At the start, and never more: enough for the widest part of a stack.
pub(super) const MOST: usize = 12;
/// Calls in flight together are throttled together, and count once.
const ONE_ANSWER: f64 = 1.0;

/// The number, and when it was last halved.
#[derive(Clone, Debug)]
pub struct Pace {
    at_once: f64,
    cut: Option<f64>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { at_once: MOST as f64, cut: None }
    }
}

impl Pace {
    /// How many more calls may start.
    pub fn room(&self, in_flight: usize) -> usize {
        // Between 1 and 12: it fits.
        (self.at_once as usize).saturating_sub(in_flight)
    }

    /// AWS has answered a call without throttling it.
    pub fn taken(&mut self) {
        self.at_once = (self.at_once + 1.0 / self.at_once).min(MOST as f64);
    }

    /// AWS has throttled a call, at a time in seconds.
    pub fn throttled(&mut self, now: f64) {
        if self.cut.is_none_or(|cut| now - cut >= ONE_ANSWER) {
            self.at_once = (self.at_once / 2.0).max(1.0);
            self.cut = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_throttled_call_halves_it_and_accepted_calls_raise_it() {
        let mut pace = Pace::default();
        assert_eq!((pace.room(0), pace.room(12), pace.room(20)), (12, 0, 0));
        pace.throttled(5.0);
        pace.throttled(5.5);
        assert_eq!(pace.room(0), 6, "the same answer");
        pace.throttled(6.0);
        assert_eq!((pace.room(0), pace.room(2)), (3, 1));
        (0..3).for_each(|_| pace.taken());
        assert_eq!(pace.room(0), 3);
        pace.taken();
        assert_eq!(pace.room(0), 4);
    }

    proptest! {
        #[test]
        fn at_least_one_call_may_start_and_at_most_the_limit(answers in prop::collection::vec(any::<bool>(), 0..300)) {
            let mut pace = Pace::default();
            for (now, answer) in answers.into_iter().enumerate() {
                match answer {
                    true => pace.taken(),
                    false => pace.throttled(now as f64),
                }
                prop_assert!((1..=MOST).contains(&pace.room(0)));
            }
        }
    }
}
