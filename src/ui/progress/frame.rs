//! The state of a run as a block of lines that is drawn again and again.

use crate::ui::style::{DANGER, FAINT, GOOD, WARNING, paint};
use crate::ui::text::{clean, duration};
use crate::ui::words;

use super::line::clock;
use super::tracker::{Running, Tracker};

/// How many running steps are shown.
const SHOWN: usize = 12;
/// The width of the bar, in characters.
const BAR: usize = 30;

/// The block, without a newline at the end. `now` is in seconds since the start of the run.
pub fn frame(tracker: &Tracker, now: f64) -> String {
    let running = tracker.running();
    let mut lines = vec![head(tracker, now)];
    lines.extend(running.iter().take(SHOWN).map(|running| row(running, now)));
    if running.len() > SHOWN {
        lines.push(paint(FAINT, format_args!("  and {} more", running.len() - SHOWN)));
    }
    lines.join("\n")
}

fn head(tracker: &Tracker, now: f64) -> String {
    let (done, total) = (tracker.done(), tracker.total());
    let full = (done * BAR).checked_div(total).unwrap_or(BAR);
    let bar = format!("{}{}", paint(GOOD, "━".repeat(full)), paint(FAINT, "─".repeat(BAR - full)));
    let failed = match tracker.failed() {
        0 => String::new(),
        number => format!(", {}", paint(DANGER, format_args!("{number} failed"))),
    };
    let waiting = match (tracker.is_interrupted(), tracker.waiting()) {
        (true, _) => format!(", {}", paint(WARNING, "stopping")),
        (false, 0) => String::new(),
        (false, number) => format!(", {number} wait for others"),
    };
    let remaining = match tracker.remaining(now) {
        seconds if seconds < 1.0 => "almost there".to_owned(),
        seconds => format!("about {} to go", duration(seconds)),
    };
    format!("{bar} {done} of {total}{failed}{waiting}  {}, {remaining}", clock(now))
}

fn row(running: &Running, now: f64) -> String {
    let verb = words::doing(running.action);
    let spent = now - running.since;
    let late = spent > running.usual * 1.5 + 10.0;
    let time = format!("{} of usually {}", clock(spent), clock(running.usual.max(1.0)));
    let time = if late { paint(WARNING, time) } else { time };
    let why = if running.why.is_empty() { String::new() } else { format!(": {}", clean(&running.why)) };
    format!("  {verb:<12} {:<28} {time}{why}", running.address.as_str())
}
