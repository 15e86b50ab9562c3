//! Who reads the events and writes.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::engine::clock::Clock;
use crate::engine::event::{Event, Stamped};

use crate::ui::layout::{fit, width};
use crate::ui::style::plain;

use super::frame::frame;
use super::line::{Detail, ending, line};
use super::tracker::Tracker;

/// A reader of the event stream.
pub trait Reporter: Send {
    fn event(&mut self, stamped: &Stamped);
}

/// One event a line, as JSON.
pub struct Json<W>(pub W);

impl<W: Write + Send> Reporter for Json<W> {
    fn event(&mut self, stamped: &Stamped) {
        // A reader that has gone away (`| head`) must not leave a deployment half-done; neither here nor below.
        if let Ok(text) = serde_json::to_string(stamped) {
            let _ = writeln!(self.0, "{text}").and_then(|()| self.0.flush());
        }
    }
}

/// Plain lines, for logs and pipes.
pub struct Lines<W> {
    out: W,
    tracker: Tracker,
    width: Option<usize>,
    detail: Detail,
}

impl<W: Write> Lines<W> {
    /// `width` is that of the terminal behind `out`; `None` if there is none.
    pub fn new(out: W, tracker: Tracker, width: Option<usize>, detail: Detail) -> Self {
        Self { out, tracker, width, detail }
    }
}

impl<W: Write + Send> Reporter for Lines<W> {
    fn event(&mut self, stamped: &Stamped) {
        self.tracker.on(stamped);
        let end = || ending(&stamped.event, self.tracker.purpose).filter(|_| self.detail.has_end(&stamped.event));
        let text = line(stamped, &self.tracker, self.detail).or_else(end);
        if let Some(text) = text {
            let _ = self.out.write_all(fit(&text, self.width).as_bytes()).and_then(|()| self.out.flush());
        }
    }
}

/// A live picture at the bottom of the terminal; what has ended scrolls away above it.
pub struct Terminal {
    tracker: Arc<Mutex<Tracker>>,
    bar: ProgressBar,
    color: bool,
}

impl Terminal {
    /// Draws on standard error. The clock must be the run's, started with it.
    pub fn new(tracker: Tracker, clock: Clock, color: bool) -> Self {
        let tracker = Arc::new(Mutex::new(tracker));
        let (shared, start) = (tracker.clone(), clock.now());
        let body = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let tracker = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let width = width(&std::io::stderr()).unwrap_or(usize::MAX);
            let _ = out.write_str(&painted(&frame(&tracker, clock.now() - start, width), color));
        };
        let style = ProgressStyle::default_spinner().with_key("body", body);
        let style = style.template("{body}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { tracker, bar, color }
    }
}

fn painted(text: &str, color: bool) -> String {
    if color { text.to_owned() } else { plain(text) }
}

/// As it is written above the live picture, or after it.
fn shown(text: &str, color: bool) -> String {
    painted(&fit(text, width(&std::io::stderr())), color)
}

impl Reporter for Terminal {
    fn event(&mut self, stamped: &Stamped) {
        let text = {
            let mut tracker = self.tracker.lock().unwrap_or_else(PoisonError::into_inner);
            tracker.on(stamped);
            line(stamped, &tracker, Detail::Ended)
        };
        if let Some(text) = text {
            self.bar.println(shown(text.trim_end_matches('\n'), self.color));
        }
        if let Event::RunFinished { .. } = stamped.event {
            self.bar.finish_and_clear();
            let purpose = self.tracker.lock().unwrap_or_else(PoisonError::into_inner).purpose;
            let end = ending(&stamped.event, purpose).unwrap_or_default();
            let _ = std::io::stderr().write_all(shown(&end, self.color).as_bytes());
        }
    }
}

impl Drop for Terminal {
    /// Also when the run was cut short: a bar left behind would garble what is printed next.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
