//! How far a command is, on standard error where that is a terminal.

use headscope::study::{StudyError, YieldPoint};
use indicatif::{ProgressBar, ProgressStyle};

/// A bar with what is done now.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Nothing done yet.
    pub fn new() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{msg:20} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Names what is done from here on.
    pub fn stage(&self, stage: &str) {
        self.bar.set_message(stage.to_owned());
        self.bar.set_position(0);
    }

    /// So many of the steps are done.
    pub fn at(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    /// So many bytes have come; told in megabytes.
    pub fn bytes(&self, stage: &str, done: u64, total: u64) {
        self.bar.set_message(format!("{stage} (MB)"));
        self.at(done >> 20, total >> 20);
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
        self.bar.reset();
    }
}

impl YieldPoint for Progress {
    async fn step(&self, done: usize, total: usize) -> Result<(), StudyError> {
        self.at(done as u64, total as u64);
        Ok(())
    }
}
