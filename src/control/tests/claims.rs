//! Several claims against one object, with answers that are late or lost, holders that pause for minutes, die or give
//! it back: two are never valid at once.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::super::lease::{Answer, Claim, Condition, Do, Record};
use super::lease::record;

thread_local! {
    /// The runs that are known to be dead.
    static DEAD: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

fn is_dead(record: &Record) -> bool {
    DEAD.with_borrow(|dead| dead.contains(&record.run))
}

/// A call under way.
struct Call {
    next: Do,
    asked: f64,
    /// When it takes effect, if it still does.
    effect: Option<f64>,
    answered: f64,
    answer: Answer,
}

struct Taker {
    claim: Claim,
    call: Call,
}

/// S3, the takers, and what chance decides.
struct World {
    object: Option<(u64, Record)>,
    writes: u64,
    runs: usize,
    chance: Vec<u8>,
    used: usize,
}

impl World {
    fn chance(&mut self, of: u8) -> f64 {
        self.used += 1;
        f64::from(self.chance[self.used % self.chance.len()].wrapping_add((self.used / self.chance.len()) as u8) % of)
    }

    fn taker(&mut self, now: f64) -> Taker {
        self.runs += 1;
        let claim = Claim::new(record(&format!("run-{}", self.runs)), is_dead);
        Taker { claim, call: self.call(Do::Get, now) }
    }

    /// One in ten is lost, half of those after it has taken effect; one in ten takes minutes.
    fn call(&mut self, next: Do, asked: f64) -> Call {
        let slow = if self.chance(10) == 0.0 { self.chance(200) } else { 0.0 };
        let rest = if let Do::Sleep(seconds) = next { seconds } else { 0.0 };
        let (way, fate) = (self.chance(4) + slow, self.chance(20));
        let effect = (fate != 0.0).then_some(asked + way * 0.5);
        let answered = asked + way + rest + 0.01;
        Call { next, asked, effect, answered, answer: if fate < 2.0 { Answer::Unknown } else { Answer::Slept } }
    }

    /// What a call does to the object, and what it is answered unless the answer is lost.
    fn take_effect(&mut self, call: &mut Call) {
        call.effect = None;
        let answer = match &call.next {
            Do::Get => match &self.object {
                None => Answer::Nothing,
                Some((etag, record)) => {
                    Answer::There { etag: etag.to_string(), record: Box::new(record.clone()), age: Duration::ZERO }
                }
            },
            Do::Put { condition, record } => {
                let holds = match (condition, &self.object) {
                    (Condition::Absent, None) => true,
                    (Condition::Is(wanted), Some((etag, _))) => *wanted == etag.to_string(),
                    _ => false,
                };
                if holds {
                    self.writes += 1;
                    self.object = Some((self.writes, record.as_ref().clone()));
                    Answer::Written { etag: self.writes.to_string() }
                } else {
                    Answer::Conflict
                }
            }
            _ => Answer::Slept,
        };
        if call.answer != Answer::Unknown {
            call.answer = answer;
        }
    }
}

/// Lets three takers work for a while; gives how many leases were held in all.
fn play(chance: Vec<u8>, steps: usize) -> usize {
    DEAD.with_borrow_mut(BTreeSet::clear);
    let mut world = World { object: None, writes: 0, runs: 0, chance, used: 0 };
    let mut takers: Vec<Taker> = (0..3).map(|_| world.taker(0.0)).collect();
    let mut held = BTreeSet::new();
    let mut orphans: Vec<Call> = Vec::new();
    for _ in 0..steps {
        let due = |call: &Call| call.effect.unwrap_or(call.answered);
        let calls = takers.iter().map(|taker| &taker.call).chain(&orphans).map(due);
        let (index, now) = calls.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        if index >= takers.len() {
            // A call of somebody who is dead.
            let mut call = orphans.remove(index - takers.len());
            world.take_effect(&mut call);
            continue;
        }
        if takers[index].call.effect.is_some() {
            world.take_effect(&mut takers[index].call);
            continue;
        }
        let Taker { claim, call } = &mut takers[index];
        let was = match (&call.next, call.answer.clone()) {
            (Do::Sleep(_), _) => Answer::Slept,
            (_, answer) => answer,
        };
        let next = claim.on(was, call.asked, now);
        let fate = world.chance(60);
        let next = if claim.is_held() && fate == 0.0 { claim.release(0, true) } else { next };
        let is_over = matches!(next, Do::Lost | Do::Refuse(_) | Do::Released);
        if is_over || fate == 1.0 {
            if !is_over {
                // It dies; what it has asked for may still take effect.
                let run = format!("{:?}", claim).split("run: \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
                DEAD.with_borrow_mut(|dead| dead.insert(run));
                orphans.extend(Some(world.call(next, now)).filter(|call| call.effect.is_some()));
            }
            takers[index] = world.taker(now);
        } else {
            takers[index].call = world.call(next, now);
        }
        let valid: Vec<_> = takers.iter().enumerate().filter(|(_, taker)| taker.claim.valid_until() > now).collect();
        assert!(
            valid.len() <= 1,
            "at {now} two believe in their lease: {:?}",
            valid.iter().map(|(_, taker)| &taker.claim).collect::<Vec<_>>()
        );
        held.extend(valid.iter().map(|(index, _)| (*index, world.runs)));
    }
    held.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn two_are_never_valid_at_once(chance in prop::collection::vec(any::<u8>(), 64..256)) {
        play(chance, 600);
    }
}

#[test]
fn the_simulated_leases_change_hands() {
    let chance = (0..251_u32).map(|number| (number * 97 % 256) as u8).collect();
    let held = play(chance, 3000);
    assert!(held > 5, "only {held} leases were held");
}
