//! Every condition by every phase, row by row.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::address::Address;
use crate::engine::cadence;
use crate::engine::condition::{Condition, evaluate};
use crate::engine::inventory::{Live, Phase};
use crate::engine::plan::Until;
use crate::engine::reference::Outputs;

fn live(phase: Phase) -> Live {
    let address = Address::new("service", "main");
    Live { address, id: "s".into(), outputs: Outputs::new(), phase, spec: Value::Null, tags: BTreeMap::new() }
}

/// In one word, what is made of these phases after ten seconds: `done`, `failed` or what is waited for.
fn word(until: Until, phases: &[Phase], waited: f64) -> String {
    let seen: Vec<Live> = phases.iter().cloned().map(live).collect();
    match evaluate(until, &seen.iter().collect::<Vec<_>>(), waited, 100.0) {
        Condition::Met => "done".to_owned(),
        Condition::Failed(failure) => format!("failed: {}", failure.message),
        Condition::Pending(why) => why,
    }
}

#[test]
fn each_phase_has_one_result_for_each_condition() {
    let phases = [
        Phase::Pending("starting".into()),
        Phase::Degraded("fell".into()),
        Phase::Ready,
        Phase::Idle,
        Phase::Failed("broken".into()),
        Phase::Deleting("draining".into()),
        Phase::Recoverable,
    ];
    let words = |until| phases.clone().map(|phase| word(until, &[phase], 10.0));
    assert_eq!(
        words(Until::READY),
        ["starting", "fell", "done", "stopped", "failed: broken", "failed: draining", "marked for deletion"]
    );
    assert_eq!(
        words(Until::READY_WITHOUT_FAILURE),
        ["starting", "failed: fell", "done", "stopped", "failed: broken", "failed: draining", "marked for deletion"]
    );
    assert_eq!(
        words(Until::Idle),
        ["starting", "fell", "still there", "done", "broken", "draining", "marked for deletion"]
    );
    assert_eq!(words(Until::Gone), ["starting", "fell", "still there", "stopped", "broken", "draining", "done"]);
}

#[test]
fn a_missing_resource_is_idle_and_gone_but_not_ready() {
    assert_eq!([Until::Idle, Until::Gone].map(|until| word(until, &[], 10.0)), ["done", "done"]);
    assert_eq!(word(Until::READY, &[], 10.0), "not visible yet");
    assert_eq!(
        word(Until::READY, &[], cadence::MAY_BE_INVISIBLE + 1.0),
        "failed: was accepted, and AWS no longer lists it"
    );
}

#[test]
fn ready_needs_one_of_several_and_idle_needs_all() {
    let old_and_new = [Phase::Deleting("draining".into()), Phase::Ready];
    assert_eq!(word(Until::READY, &old_and_new, 10.0), "done");
    let stopped_and_stopping = [Phase::Idle, Phase::Deleting("a task still runs".into())];
    assert_eq!(word(Until::Idle, &stopped_and_stopping, 10.0), "a task still runs");
}

#[test]
fn staying_ready_takes_the_whole_time_and_tolerates_no_failure() {
    let after = |phase: Phase, waited| word(Until::STAYS_READY, &[phase], waited);
    assert_eq!(after(Phase::Ready, 99.0), "healthy; has to stay so for 100 s");
    assert_eq!(after(Phase::Ready, 100.0), "done");
    assert_eq!(
        after(Phase::Pending("a task stops".into()), 1.0),
        "failed: was healthy, and is no longer: a task stops"
    );
    assert_eq!(after(Phase::Degraded("it died".into()), 1.0), "failed: was healthy, and is no longer: it died");
    assert_eq!(after(Phase::Idle, 1.0), "failed: was healthy, and no longer exists");
    assert_eq!(word(Until::STAYS_READY, &[], 1.0), "failed: was healthy, and no longer exists");
}

#[test]
fn patience_ends() {
    let phase = [Phase::Pending("starting".into())];
    assert_eq!(word(Until::READY, &phase, 100.0), "starting");
    assert_eq!(word(Until::READY, &phase, 101.0), "failed: gave up after 101 s; last status: starting");
}
