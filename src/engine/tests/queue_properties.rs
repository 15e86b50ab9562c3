//! What holds of every queue.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::engine::plan::After;
use crate::engine::queue::{Duration, Queue};
use crate::engine::reference::Need;

/// Plans without circles: a step waits for lower numbers only.
fn plans() -> impl Strategy<Value = (Vec<Vec<After>>, Vec<Duration>)> {
    let waits = prop::collection::vec((any::<Index>(), any::<bool>()), 0..4);
    let duration = (0.0..5.0_f64, 0.0..100.0_f64).prop_map(|(accept, settle)| Duration { accept, settle });
    prop::collection::vec((waits, duration), 1..40).prop_map(|steps| {
        let resolve = |(number, waits): (usize, Vec<(Index, bool)>)| -> Vec<After> {
            let waits = waits.into_iter().filter(|_| number > 0);
            let need = |ready| if ready { Need::Ready } else { Need::Exists };
            waits.map(|(index, ready)| After { step: index.index(number), need: need(ready) }).collect()
        };
        let (waits, durations): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
        (waits.into_iter().enumerate().map(resolve).collect(), durations)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_step_comes_out_once_after_what_it_waits_for((after, durations) in plans(), turns: Vec<bool>) {
        let mut queue = Queue::new(&after, &durations).unwrap();
        let (mut running, mut accepted, mut done) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let mut out = Vec::new();
        let mut turns = turns.into_iter();
        loop {
            while let Some(step) = queue.pop() {
                for wait in &after[step] {
                    let holds = if wait.need == Need::Ready { &done } else { &accepted };
                    prop_assert!(holds.contains(&wait.step), "{step} comes before {wait:?}");
                }
                out.push(step);
                running.push(step);
            }
            let Some(step) = running.pop() else { break };
            if accepted.insert(step) && turns.next().unwrap_or(true) {
                queue.accepted(step);
                running.insert(0, step);
            } else {
                queue.done(step);
                done.insert(step);
            }
        }
        out.sort_unstable();
        prop_assert_eq!(out, (0..after.len()).collect::<Vec<_>>());
    }

    #[test]
    fn the_free_step_with_the_longest_path_comes_first((after, durations) in plans()) {
        let mut queue = Queue::new(&after, &durations).unwrap();
        let mut free = Vec::new();
        while let Some(step) = queue.pop() {
            free.push(queue.path(step));
        }
        prop_assert!(free.windows(2).all(|pair| pair[0] >= pair[1]), "{free:?}");
    }

    #[test]
    fn a_path_is_the_step_itself_and_the_longest_that_waits_for_it((after, durations) in plans()) {
        let queue = Queue::new(&after, &durations).unwrap();
        for (step, own) in durations.iter().enumerate() {
            let behind = after.iter().enumerate().flat_map(|(number, waits)| waits.iter().map(move |w| (number, w)));
            let ways = behind.filter(|(_, wait)| wait.step == step).map(|(number, wait)| {
                let start = if wait.need == Need::Ready { own.accept + own.settle } else { own.accept };
                start + queue.path(number)
            });
            let longest = ways.fold(own.accept + own.settle, f64::max);
            prop_assert!((queue.path(step) - longest).abs() < 1e-9);
        }
    }

    #[test]
    fn a_circle_is_refused((mut after, durations) in plans(), from: Index, to: Index) {
        let queue = Queue::new(&after, &durations).unwrap();
        let (from, to) = (from.index(after.len()), to.index(after.len()));
        after[from].push(After { step: to, need: Need::Exists });
        let circular = from == to || queue.clone().cut_off(from).contains(&to);
        prop_assert_eq!(Queue::new(&after, &durations).is_err(), circular);
    }
}
