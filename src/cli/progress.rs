//! How far a transfer has come, on a terminal.

use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::live::transfer::download::Progress;
use crate::session::Output;

/// `12.34 MiB`.
pub fn bytes(amount: u64) -> String {
    HumanBytes(amount).to_string()
}

/// A bar on standard error, where that is a terminal; it disappears when this is dropped.
#[derive(Debug)]
pub struct Shown(ProgressBar);

impl Shown {
    /// `begins`: what happens until the size is known.
    pub fn new(output: &Output, begins: &str) -> Self {
        let target = if output.is_live() && !output.is_quiet() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style("{spinner} {msg} {elapsed}"));
        bar.set_message(begins.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    pub fn at(&mut self, progress: Progress) {
        if progress.total > 0 && self.0.length().is_none() {
            self.0.set_length(progress.total);
            self.0.set_style(style("{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left"));
        }
        self.0.set_position(progress.done);
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
