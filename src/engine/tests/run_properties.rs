//! Properties of every run. What must never happen is in the monitor; here is what it is let loose on.

use std::sync::Arc;

use proptest::prelude::*;

use super::cases::{self, Case, KINDS};
use super::monitor::{End, Trace};
use super::simulation::play;
use crate::engine::cadence::{self, POLL_EVERY};
use crate::engine::estimate;
use crate::engine::event::Outcome;
use crate::engine::kind::Kinds;
use crate::engine::pace::MOST;
use crate::engine::plan::{Plan, Step, Until};

fn times(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(times(250))]

    #[test]
    fn every_step_ends_once_and_in_order_whatever_fails(case in cases::hostile(14)) {
        play(&case);
    }

    #[test]
    fn an_ideal_run_takes_as_long_as_its_critical_path(case in cases::ideal(40)) {
        let Trace { outcome, seconds, ends, .. } = play(&case);
        prop_assert_eq!(outcome, Outcome::Done);
        prop_assert!(ends.iter().all(|end| *end == Some(End::Done)));
        let estimate = estimate::critical_path(&case.plan, KINDS.as_slice());
        prop_assert!(seconds >= estimate - 1e-6, "{seconds} s, and the critical path alone takes {estimate} s");
        let most = estimate + polling_lag(&case) + queueing(&case);
        prop_assert!(seconds <= most + 1e-6, "{seconds} s, expected at most {most} s (critical path {estimate} s)");
    }
}

proptest! {
    #![proptest_config(times(40))]

    #[test]
    fn the_same_inputs_give_the_same_commands(case in cases::hostile(10)) {
        prop_assert_eq!(play(&case).log, play(&case).log);
    }

    /// A plan that names waits and rechecks apart, as saved plans once did, runs as one that does not.
    #[test]
    fn a_plan_with_the_former_names_gives_the_same_commands(case in cases::hostile(20)) {
        let text = serde_json::to_string(&*case.plan).unwrap();
        let former = text.replace("\"action\":\"prove\"", "\"action\":\"await\"");
        let plan = serde_json::from_str::<Plan>(&former).unwrap();
        prop_assert_eq!(plan.digest(), case.plan.digest());
        let same = Case { plan: Arc::new(plan), ..case.clone() };
        prop_assert_eq!(play(&same).log, play(&case).log);
    }

    /// Many steps at once: the bound on calls in flight matters.
    #[test]
    fn large_plans_end(case in cases::hostile(60)) {
        play(&case);
    }
}

/// The end of a step is noticed one poll late, which comes the later the longer the step takes, and its first poll may
/// wait for one of another step of its kind.
fn polling_lag(case: &Case) -> f64 {
    let steps = &case.plan.steps;
    let mut lag = vec![None; steps.len()];
    fn of(step: usize, case: &Case, lag: &mut Vec<Option<f64>>) -> f64 {
        if let Some(known) = lag[step] {
            return known;
        }
        let planned = &case.plan.steps[step];
        let settle = case.scripts[step].settle + 2.0 * POLL_EVERY;
        let own = if planned.until == Until::Accepted { 0.0 } else { POLL_EVERY + cadence::next_poll(settle) };
        let before = planned.after.iter().map(|after| of(after.step, case, lag)).fold(0.0, f64::max);
        lag[step] = Some(own + before);
        own + before
    }
    (0..steps.len()).map(|step| of(step, case, &mut lag)).fold(0.0, f64::max)
}

/// Graham's bound: a list schedule is late by no more than the work divided by the number of workers.
fn queueing(case: &Case) -> f64 {
    let create = |step: &Step| KINDS.as_slice().kind(step.address.kind()).map_or(0.0, |kind| kind.seconds.create);
    case.plan.steps.iter().map(create).sum::<f64>() / MOST as f64
}
