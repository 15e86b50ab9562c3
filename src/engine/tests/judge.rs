//! Every judgement, row by row.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::address::Address;
use crate::engine::cadence;
use crate::engine::inventory::{Live, Phase};
use crate::engine::judge::{Judgement, judge};
use crate::engine::plan::Until;
use crate::engine::reference::Outputs;

fn live(phase: Phase) -> Live {
    let address = Address::new("service", "main");
    Live { address, id: "s".into(), outputs: Outputs::new(), phase, spec: Value::Null, tags: BTreeMap::new() }
}

/// In one word, what is made of these phases after ten seconds: `done`, `failed` or what is waited for.
fn word(until: Until, phases: &[Phase], waited: f64) -> String {
    let seen: Vec<Live> = phases.iter().cloned().map(live).collect();
    match judge(until, &seen.iter().collect::<Vec<_>>(), waited, 100.0) {
        Judgement::Done => "done".to_owned(),
        Judgement::Failed(failure) => format!("failed: {}", failure.message),
        Judgement::Waits(why) => why,
    }
}

#[test]
fn each_phase_says_one_thing_for_each_aim() {
    let phases = [
        Phase::Pending("starting".into()),
        Phase::Faltering("fell".into()),
        Phase::Ready,
        Phase::Idle,
        Phase::Failed("broken".into()),
        Phase::Deleting("draining".into()),
        Phase::Recoverable,
    ];
    let words = |until| phases.clone().map(|phase| word(until, &[phase], 10.0));
    assert_eq!(
        words(Until::Ready),
        ["starting", "fell", "done", "stopped", "failed: broken", "failed: draining", "marked for deletion"]
    );
    assert_eq!(
        words(Until::Sound),
        ["starting", "failed: fell", "done", "stopped", "failed: broken", "failed: draining", "marked for deletion"]
    );
    assert_eq!(
        words(Until::Idle),
        ["starting", "fell", "still there", "done", "broken", "draining", "marked for deletion"]
    );
    assert_eq!(words(Until::Gone), ["starting", "fell", "still there", "stopped", "broken", "draining", "done"]);
}

#[test]
fn what_is_not_there_is_idle_and_gone_but_not_ready() {
    assert_eq!([Until::Idle, Until::Gone].map(|until| word(until, &[], 10.0)), ["done", "done"]);
    assert_eq!(word(Until::Ready, &[], 10.0), "not visible yet");
    assert_eq!(
        word(Until::Ready, &[], cadence::MAY_BE_INVISIBLE + 1.0),
        "failed: was accepted, and AWS no longer lists it"
    );
}

#[test]
fn ready_needs_one_of_several_and_idle_needs_all() {
    let old_and_new = [Phase::Deleting("draining".into()), Phase::Ready];
    assert_eq!(word(Until::Ready, &old_and_new, 10.0), "done");
    let stopped_and_stopping = [Phase::Idle, Phase::Deleting("a task still runs".into())];
    assert_eq!(word(Until::Idle, &stopped_and_stopping, 10.0), "a task still runs");
}

#[test]
fn steady_lasts_and_forgives_nothing() {
    let after = |phase: Phase, waited| word(Until::Steady, &[phase], waited);
    assert_eq!(after(Phase::Ready, 99.0), "healthy; watched for 100 s");
    assert_eq!(after(Phase::Ready, 100.0), "done");
    assert_eq!(after(Phase::Pending("a task stops".into()), 1.0), "failed: was healthy, and now: a task stops");
    assert_eq!(after(Phase::Faltering("it died".into()), 1.0), "failed: was healthy, and now: it died");
    assert_eq!(after(Phase::Idle, 1.0), "failed: was healthy, and is no longer there");
    assert_eq!(word(Until::Steady, &[], 1.0), "failed: was healthy, and is no longer there");
}

#[test]
fn patience_ends() {
    let phase = [Phase::Pending("starting".into())];
    assert_eq!(word(Until::Ready, &phase, 100.0), "starting");
    assert_eq!(word(Until::Ready, &phase, 101.0), "failed: gave up after 101 s; last seen: starting");
}
