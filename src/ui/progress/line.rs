//! Single events in words.

use crate::engine::event::{Event, Outcome, Stamped};
use crate::engine::failure::Cause;
use crate::engine::plan::Purpose;
use crate::ui::diagnosis::{diagnosis, warning};
use crate::ui::failure;
use crate::ui::style::{DANGER, FAINT, GOOD, TITLE, WARNING, paint};
use crate::ui::text::{clean, count, duration};
use crate::ui::words;

use super::tracker::Tracker;

/// Which events are worth a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What is over or went wrong; the rest is on screen anyway.
    Ended,
    /// Also what slow steps begin and wait for.
    Everything,
}

/// From how many seconds on a step is slow enough to be told when it begins.
const SLOW: f64 = 10.0;

/// An event as text, ended by a newline; `None` when it is not worth a line. The tracker has already seen it.
pub fn line(stamped: &Stamped, tracker: &Tracker, detail: Detail) -> Option<String> {
    let everything = detail == Detail::Everything;
    let (verb, rest) = match &stamped.event {
        Event::RunStarted { purpose, target, steps, estimate, .. } => {
            let verb = match purpose {
                Purpose::Apply => "apply",
                Purpose::Upgrade => "upgrade",
                Purpose::Rollback => "rollback",
                Purpose::Restore => "restore",
                Purpose::Stop => "stop",
                Purpose::Start => "start",
                Purpose::Backup => "backup",
                Purpose::Destroy => "destroy",
            };
            let usual = duration(*estimate);
            (verb, format!("{}: {}, usually about {usual}", clean(&target.deployment), count(*steps, "step")))
        }
        Event::StepStarted { step, address, action, reason, attempt: 1 }
            if everything && tracker.usual(*step) >= SLOW =>
        {
            let usual = duration(tracker.usual(*step));
            (words::doing(*action), format!("{address} ({}), usually {usual}", words::reason(reason)))
        }
        Event::StepWaiting { address, why, .. } if everything => ("waiting", format!("{address}: {}", clean(why))),
        Event::StepRetrying { .. } if tracker.repeats() => return None,
        Event::StepRetrying { address, failure, .. } if everything && failure.cause == Cause::StillHeld => {
            ("waiting", format!("{address}: {}", clean(&failure.to_string())))
        }
        Event::StepRetrying { address, failure, seconds, awaits, .. } if everything => {
            let (time, failure) = (duration(*seconds), clean(&failure.to_string()));
            let text = match awaits {
                Some(awaits) => format!("{address} in {time}, because {}: {failure}", clean(awaits)),
                None => format!("{address} in {time}: {failure}"),
            };
            ("retrying", text)
        }
        Event::StepDone { address, action, seconds, .. } => {
            (words::done(*action), format!("{address}{}", spent(*seconds)))
        }
        Event::StepFailed { address, action, failure, .. } => {
            return Some(failure::step(address, *action, failure, tracker.purpose()));
        }
        Event::Diagnosis { address, subject, title, lines, hints } => {
            return Some(diagnosis(address.as_str(), subject, title, lines, hints));
        }
        Event::Warning { address, title, hints } => return Some(warning(address.as_str(), title, hints)),
        Event::Interrupting { in_flight } => {
            let (level, waits) = (paint(WARNING, "interrupted"), waits(in_flight));
            return Some(format!(
                "{level}: nothing else is started; waiting for {waits} (a second Ctrl-C leaves at once)\n"
            ));
        }
        Event::LeaseLost { in_flight } => {
            let (level, waits) = (paint(DANGER, "the lease is lost"), waits(in_flight));
            return Some(format!("{level}: nothing else is started; waiting for {waits}\n"));
        }
        _ => return None,
    };
    let style = match stamped.event {
        Event::StepDone { .. } => GOOD,
        Event::StepRetrying { .. } => WARNING,
        Event::RunStarted { .. } => TITLE,
        _ => FAINT,
    };
    Some(format!("{:>7}  {} {rest}\n", clock(stamped.at), paint(style, format_args!("{verb:<12}"))))
}

fn waits(in_flight: &[crate::engine::address::Address]) -> String {
    let names: Vec<_> = in_flight.iter().map(ToString::to_string).collect();
    if names.is_empty() { "no call".to_owned() } else { names.join(", ") }
}

/// Nothing for what takes no time worth telling.
fn spent(seconds: f64) -> String {
    if seconds < 1.0 { String::new() } else { format!(" in {}", duration(seconds)) }
}

/// `0:07`, `12:30`, `1:02:03`.
pub fn clock(seconds: f64) -> String {
    // `as` saturates: an absurd number is no reason to fail.
    let whole = seconds.max(0.0) as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// The end of a run, ended by a newline; derived failures are counted, not listed. What to do next after an upgrade is said
/// by the command: it goes back by itself.
pub fn ending(event: &Event, purpose: Purpose) -> Option<String> {
    let Event::RunFinished { outcome, done, failed, postponed, skipped, left, causes, seconds } = event else {
        return None;
    };
    let took = duration(*seconds);
    let steps = count(*done, "step");
    if *outcome == Outcome::Done && *postponed > 0 {
        let names: Vec<_> = left.iter().map(ToString::to_string).collect();
        let names = names.join(", ");
        return Some(format!(
            "{} {steps} in {took}; AWS accepts what remains only later: {names}\n",
            paint(WARNING, "done but for that:")
        ));
    }
    if *outcome == Outcome::Done {
        return Some(format!("{} {steps} in {took}\n", paint(GOOD, "done:")));
    }
    let mut text = match outcome {
        Outcome::Interrupted => format!("{} after {steps}, {took}\n", paint(WARNING, "stopped on request")),
        Outcome::LeaseLost => {
            format!("{} after {steps}, {took}\n", paint(DANGER, "stopped, because the lease is lost"))
        }
        _ => {
            let skipped = match skipped {
                0 => String::new(),
                number => format!(", {number} not started because of that"),
            };
            format!("{} {steps} done, {failed} failed{skipped}, {took}\n", paint(DANGER, "stopped part way:"))
        }
    };
    let names: Vec<_> = left.iter().map(ToString::to_string).collect();
    if !names.is_empty() {
        text.push_str(&format!("what remains: {}\n", names.join(", ")));
    }
    if !matches!(purpose, Purpose::Upgrade | Purpose::Rollback | Purpose::Restore) {
        text.push_str(&crate::ui::finding::hint(crate::ui::advice::closing(*outcome, causes)));
    }
    Some(text)
}
