//! What came of a run, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::mix::Kind;
use crate::histogram::Histogram;
use crate::report::{float, mebibytes, milliseconds};

/// The requests of one kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Noted {
    /// From the arrival to the answer, or to giving up.
    pub(super) latencies: Histogram,
    /// How many went wrong, by code.
    pub(super) errors: BTreeMap<String, u64>,
}

/// What is noted while requests run.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// In the order of [`Kind::ALL`].
    kinds: [Noted; 4],
}

impl Tally {
    /// Notes a request that is over.
    pub(super) fn note(&mut self, kind: Kind, latency: Duration, fault: Option<String>) {
        let noted = &mut self.kinds[kind as usize];
        noted.latencies.record(latency);
        if let Some(fault) = fault {
            *noted.errors.entry(fault).or_default() += 1;
        }
    }

    /// What was noted of a kind.
    pub(super) fn of(&self, kind: Kind) -> &Noted {
        &self.kinds[kind as usize]
    }

    fn all(&self) -> Noted {
        let mut all = Noted::default();
        for noted in &self.kinds {
            all.latencies.merge(&noted.latencies);
            for (code, count) in &noted.errors {
                *all.errors.entry(code.clone()).or_default() += count;
            }
        }
        all
    }
}

/// Everything that was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Requests that were to arrive in a second.
    pub rate: u32,
    /// From the first arrival until all were answered or given up.
    pub seconds: f64,
    /// People who made the requests.
    pub readers: usize,
    /// Connections that they shared.
    pub connections: usize,
    /// By kind, and at last all of them together.
    pub figures: Vec<Figures>,
    /// What the platform's process used, where it is known which that is.
    pub process: Option<Usage>,
    /// CPU time of the load generator, which on a small machine the platform lacks.
    pub generator_cpu_seconds: f64,
}

/// The requests of one kind, or all of them.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// The kind, or `all`.
    pub kind: String,
    /// How many there were.
    pub requests: u64,
    /// How many of them were answered without an error, per second.
    pub answered_per_second: f64,
    /// Half of the requests were answered so soon after they were to be sent.
    pub p50_ms: f64,
    /// 95 of 100.
    pub p95_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// How many went wrong, by code.
    pub errors: BTreeMap<String, u64>,
}

/// What a process used during the run, as the operating system counts it.
#[derive(Debug, Clone, Serialize)]
pub struct Usage {
    /// CPU time, user and kernel.
    pub cpu_seconds: f64,
    /// The same per request.
    pub cpu_ms_per_request: f64,
    /// Processors that it kept busy on average.
    pub processors: f64,
    /// The most memory it ever had.
    pub peak_mib: f64,
}

/// What was read from the operating system.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// CPU time of the platform's process during the run, and the most memory it ever had in bytes.
    pub(super) process: Option<(Duration, u64)>,
    /// CPU time of this process.
    pub(super) own: Duration,
}

impl Figures {
    fn new(kind: &str, noted: &Noted, seconds: f64) -> Self {
        let requests = noted.latencies.count();
        let failed: u64 = noted.errors.values().sum();
        let quantile = |per_mille| milliseconds(noted.latencies.quantile(per_mille));
        Self {
            kind: kind.to_owned(),
            requests,
            answered_per_second: float(requests.saturating_sub(failed)) / seconds,
            p50_ms: quantile(500),
            p95_ms: quantile(950),
            p99_ms: quantile(990),
            errors: noted.errors.clone(),
        }
    }
}

impl Report {
    pub(super) fn new(
        rate: u32,
        (readers, connections): (usize, usize),
        tally: &Tally,
        took: Duration,
        reading: Reading,
    ) -> Self {
        let seconds = took.as_secs_f64();
        let all = tally.all();
        let requests = float(all.latencies.count().max(1));
        let kinds = Kind::ALL
            .into_iter()
            .map(|kind| (kind.name(), tally.of(kind)));
        let figures = kinds
            .filter(|(_, noted)| noted.latencies.count() > 0)
            .chain([("all", &all)])
            .map(|(name, noted)| Figures::new(name, noted, seconds))
            .collect();
        let process = reading.process.map(|(cpu, peak)| Usage {
            cpu_seconds: cpu.as_secs_f64(),
            cpu_ms_per_request: milliseconds(cpu) / requests,
            processors: cpu.as_secs_f64() / seconds,
            peak_mib: mebibytes(peak),
        });
        Self {
            rate,
            seconds,
            readers,
            connections,
            figures,
            process,
            generator_cpu_seconds: reading.own.as_secs_f64(),
        }
    }

    /// Lines for a person.
    pub fn table(&self) -> String {
        let mut table = format!(
            "{:<9} {:>9} {:>11} {:>9} {:>9} {:>9}  errors\n",
            "kind", "requests", "answered/s", "p50 ms", "p95 ms", "p99 ms"
        );
        for row in &self.figures {
            let errors: Vec<String> = row
                .errors
                .iter()
                .map(|(code, count)| format!("{count} {code}"))
                .collect();
            let errors = if errors.is_empty() {
                "none".to_owned()
            } else {
                errors.join(", ")
            };
            // Writing to a string cannot fail.
            let _ = writeln!(
                table,
                "{:<9} {:>9} {:>11.1} {:>9.2} {:>9.2} {:>9.2}  {errors}",
                row.kind, row.requests, row.answered_per_second, row.p50_ms, row.p95_ms, row.p99_ms
            );
        }
        let _ = writeln!(
            table,
            "{} a second for {:.1} s by {} readers over {} connections; latencies count from when a request was to be sent",
            self.rate, self.seconds, self.readers, self.connections
        );
        if let Some(usage) = &self.process {
            let _ = writeln!(
                table,
                "coko: {:.1} s of CPU time, {:.2} processors, {:.3} ms a request, {:.0} MiB of memory at most",
                usage.cpu_seconds, usage.processors, usage.cpu_ms_per_request, usage.peak_mib
            );
        }
        let _ = write!(
            table,
            "load generator: {:.1} s of CPU time",
            self.generator_cpu_seconds
        );
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_by_code_and_kind_and_throughput_without_them() {
        let mut tally = Tally::default();
        for number in 0..100_u64 {
            let fault = (number < 10).then(|| "RATE_LIMITED".to_owned());
            tally.note(Kind::Browse, Duration::from_millis(number + 1), fault);
        }
        tally.note(
            Kind::Purchase,
            Duration::from_secs(1),
            Some("TIMEOUT".to_owned()),
        );
        let reading = Reading {
            process: Some((Duration::from_secs(1), 64 << 20)),
            own: Duration::from_secs(3),
        };
        let report = Report::new(50, (3, 4), &tally, Duration::from_secs(2), reading);
        let names: Vec<&str> = report.figures.iter().map(|row| row.kind.as_str()).collect();
        assert_eq!(names, ["browse", "purchase", "all"]);
        let table = report.table();
        let row = |at: usize| -> Vec<&str> {
            table.lines().nth(at).unwrap().split_whitespace().collect()
        };
        assert_eq!(row(1)[..3], ["browse", "100", "45.0"]);
        assert_eq!(row(1)[6..], ["10", "RATE_LIMITED"]);
        assert_eq!(row(3)[6..], ["10", "RATE_LIMITED,", "1", "TIMEOUT"]);
        assert!(table.contains("1.0 s of CPU time, 0.50 processors, 9.901 ms a request, 64 MiB"));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["figures"][0]["errors"]["RATE_LIMITED"], 10);
    }
}
