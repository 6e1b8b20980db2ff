//! Progress of what takes longer than a moment: a spinner or bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Steps that are announced on standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    terminal: bool,
    quiet: bool,
}

impl Progress {
    /// `quiet` says nothing at all, for programs that read our output.
    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            quiet,
        }
    }

    /// Announces a step; its end is said by [`Step::done`], and a step that is dropped has failed.
    pub(crate) fn step(self, what: impl Into<String>) -> Step {
        let what = what.into();
        let bar = if self.quiet || !self.terminal {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner().with_message(what.clone())
        };
        bar.enable_steady_tick(Duration::from_millis(100));
        Step {
            what,
            bar,
            begun: Instant::now(),
            progress: self,
        }
    }

    /// A step whose length is known: `done of total` `unit`.
    pub(crate) fn bar(self, what: impl Into<String>, unit: &'static str) -> Step {
        let step = self.step(what);
        let template = format!("{{msg}} {{wide_bar}} {{pos}}/{{len}} {unit} {{eta}}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            step.bar.set_style(style);
        }
        step
    }

    fn say(self, line: &str) {
        if !self.quiet {
            eprintln!("{line}");
        }
    }
}

/// A step that goes on.
#[derive(Debug)]
pub(crate) struct Step {
    what: String,
    bar: ProgressBar,
    begun: Instant,
    progress: Progress,
}

impl Step {
    /// How far it is.
    pub(crate) fn at(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    /// The step has succeeded; `result` says with what, if there is anything to say.
    pub(crate) fn done(self, result: &str) {
        self.bar.finish_and_clear();
        let took = self.begun.elapsed().as_secs_f64();
        let result = if result.is_empty() {
            String::new()
        } else {
            format!(": {result}")
        };
        self.progress
            .say(&format!("  {}{result} ({took:.1} s)", self.what));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
