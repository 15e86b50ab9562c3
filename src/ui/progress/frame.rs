//! The state of a run as a block of lines that is drawn again and again.

use textwrap::core::display_width;

use crate::ui::layout::cut;
use crate::ui::style::{DANGER, FAINT, GOOD, WARNING, paint};
use crate::ui::text::{clean, duration};
use crate::ui::words;

use super::tracker::{Running, Tracker};

/// How many running steps are shown.
const SHOWN: usize = 12;
/// The width of the bar, in columns: with less room than the first there is none.
const BAR: std::ops::RangeInclusive<usize> = 8..=30;

/// The block, no line of it wider than `width`, without a newline at the end. `now` is in seconds since the run began.
pub fn frame(tracker: &Tracker, now: f64, width: usize) -> String {
    let running = tracker.running();
    let mut lines = vec![head(tracker, now, width)];
    lines.extend(running.iter().take(SHOWN).map(|running| row(running, now)));
    if running.len() > SHOWN {
        lines.push(paint(FAINT, format_args!("  and {} more", running.len() - SHOWN)));
    }
    lines.iter().map(|line| cut(line, width)).collect::<Vec<_>>().join("\n")
}

fn head(tracker: &Tracker, now: f64, width: usize) -> String {
    let (done, total) = (tracker.done, tracker.total());
    let failed = match tracker.failed {
        0 => String::new(),
        number => format!(", {}", paint(DANGER, format_args!("{number} failed"))),
    };
    let waiting = match (tracker.is_interrupted, tracker.waiting()) {
        (true, _) => format!(", {}", paint(WARNING, "stopping")),
        (false, 0) => String::new(),
        (false, number) => format!(", {number} waiting"),
    };
    let remaining = match tracker.remaining(now) {
        seconds if seconds < 1.0 => "almost done".to_owned(),
        seconds => format!("about {} to go", duration(seconds)),
    };
    let text = format!("{done} of {total}{failed}{waiting}; {} so far, {remaining}", duration(now));
    let room = width.saturating_sub(display_width(&text) + 1).min(*BAR.end());
    if !BAR.contains(&room) {
        return text;
    }
    let full = (done * room).checked_div(total).unwrap_or(room);
    format!("{}{} {text}", paint(GOOD, "━".repeat(full)), paint(FAINT, "─".repeat(room - full)))
}

fn row(running: &Running, now: f64) -> String {
    let verb = words::action(running.action).doing;
    let spent = now - running.since;
    let late = spent > running.usual * 1.5 + 10.0;
    let time = format!("{} of usually {}", duration(spent), duration(running.usual.max(1.0)));
    let time = if late { paint(WARNING, time) } else { time };
    let why = if running.why.is_empty() { String::new() } else { format!(": {}", clean(&running.why)) };
    format!("  {verb:<12} {:<28} {time}{why}", running.address.as_str())
}
