//! Single events in words.

use crate::engine::address::Address;
use crate::engine::event::{Event, Outcome, Stamped};
use crate::engine::failure::Cause;
use crate::engine::plan::{Purpose, Reason};
use crate::ui::finding::{hint, hints};
use crate::ui::style::{DANGER, FAINT, GOOD, TITLE, WARNING, paint};
use crate::ui::text::{clean, count, duration};
use crate::ui::words;
use crate::ui::{advice, failure};

use super::tracker::Tracker;

/// Which events are worth a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What has failed, or ended the run early.
    Failed,
    /// What has ended or failed; the live picture shows the rest.
    Ended,
    /// Also when slow steps begin, and what they wait for.
    Everything,
}

impl Detail {
    /// Whether the end of a run is worth its lines.
    pub fn has_end(self, event: &Event) -> bool {
        let is_whole = matches!(event, Event::RunFinished { outcome: Outcome::Done, postponed: 0, .. });
        self != Self::Failed || !is_whole
    }
}

/// Steps that usually take longer, in seconds, are announced when they begin.
const SLOW: f64 = 10.0;

/// An event as text, ended by a newline; `None` when it is not worth a line. The tracker has seen it already.
pub fn line(stamped: &Stamped, tracker: &Tracker, detail: Detail) -> Option<String> {
    let (quiet, everything) = (detail == Detail::Failed, detail == Detail::Everything);
    let (verb, rest) = match &stamped.event {
        Event::RunStarted { .. } | Event::StepDone { .. } | Event::Warning { .. } if quiet => return None,
        Event::RunStarted { purpose, target, steps, estimate, .. } => {
            let (name, usual) = (clean(&target.deployment), duration(*estimate));
            (words::purpose(*purpose).command, format!("{name}: {}, usually about {usual}", count(*steps, "step")))
        }
        Event::StepStarted { step, address, action, reason, attempt: 1 }
            if everything && tracker.usual(*step) >= SLOW =>
        {
            let usual = duration(tracker.usual(*step));
            let why = match reason {
                Reason::Missing | Reason::Teardown => String::new(),
                reason => format!(" ({})", words::reason(reason)),
            };
            (words::action(*action).doing, format!("{address}{why}, usually {usual}"))
        }
        Event::StepWaiting { address, why, .. } if everything => ("waiting", format!("{address}: {}", clean(why))),
        Event::StepRetrying { .. } if tracker.repeats => return None,
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
            (words::action(*action).done, format!("{address}{}", spent(*seconds)))
        }
        Event::StepFailed { address, action, failure, .. } => {
            return Some(failure::step(address, *action, failure, tracker.purpose));
        }
        Event::Diagnosis { address, subject, title, lines, hints } => {
            return Some(diagnosis(address, subject, title, lines, hints));
        }
        Event::Warning { address, title, hints } => {
            let level = paint(WARNING, "warning");
            return Some(format!("{level}: {address}: {}\n{}", clean(title), self::hints(hints)));
        }
        Event::Interrupting { in_flight } => {
            let (level, waits) = (paint(WARNING, "interrupted"), waits(in_flight));
            return Some(format!("{level}: no new steps{waits} (a second Ctrl-C exits at once)\n"));
        }
        Event::LeaseLost { in_flight } => {
            return Some(format!("{}: no new steps{}\n", paint(DANGER, "the lease is lost"), waits(in_flight)));
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

/// What a person must know at once, such as why a task stopped: a block of its own, with an empty line on both sides.
fn diagnosis(address: &Address, subject: &str, title: &str, lines: &[String], hints: &[String]) -> String {
    let mark = paint(DANGER, "!!");
    let mut text = format!("\n{mark} {}\n", paint(TITLE, format_args!("{address}: {}", clean(title))));
    if !subject.is_empty() {
        text.push_str(&format!("   {}\n", clean(subject)));
    }
    text.extend(lines.iter().map(|line| format!("   | {}\n", clean(line))));
    format!("{text}{}\n", self::hints(hints))
}

fn waits(in_flight: &[Address]) -> String {
    if in_flight.is_empty() {
        return String::new();
    }
    format!("; waiting for {} in flight: {}", count(in_flight.len(), "call"), list(in_flight))
}

fn list(addresses: &[Address]) -> String {
    addresses.iter().map(Address::as_str).collect::<Vec<_>>().join(", ")
}

/// Empty for less than a second.
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

/// The end of a run, ended by a newline; steps that were skipped because of a failure are counted, not listed. After an
/// upgrade the command itself says what to do next, since it rolls back.
pub fn ending(event: &Event, purpose: Purpose) -> Option<String> {
    let Event::RunFinished { outcome, done, failed, postponed, skipped, left, causes, seconds } = event else {
        return None;
    };
    let (steps, took) = (count(*done, "step"), duration(*seconds));
    let mut text = match outcome {
        Outcome::Done if *postponed > 0 => {
            let done = paint(WARNING, "almost done:");
            return Some(format!("{done} {steps} in {took}; AWS accepts the rest only later: {}\n", list(left)));
        }
        Outcome::Done => return Some(format!("{} {steps} in {took}\n", paint(GOOD, "done:"))),
        Outcome::Interrupted => format!("{} after {steps}, {took}\n", paint(WARNING, "stopped on request")),
        Outcome::LeaseLost => {
            format!("{} after {steps}, {took}\n", paint(DANGER, "stopped, because the lease is lost"))
        }
        Outcome::Failed => {
            let skipped = match skipped {
                0 => String::new(),
                number => format!(", {number} not started because of that"),
            };
            format!("{} {steps} done, {failed} failed{skipped}, {took}\n", paint(DANGER, "stopped part way:"))
        }
    };
    if !left.is_empty() {
        text.push_str(&format!("remaining: {}\n", list(left)));
    }
    if !matches!(purpose, Purpose::Upgrade | Purpose::Rollback | Purpose::Restore) {
        text.push_str(&hint(advice::closing(*outcome, causes)));
    }
    Some(text)
}
