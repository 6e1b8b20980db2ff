//! What was measured, as a table and as JSON.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use crate::histogram::Histogram;
use crate::scenario::Scenario;

/// Everything that was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Connections that sent at once.
    pub connections: usize,
    /// How long each round took.
    pub seconds_per_round: f64,
    /// By scenario, then by router.
    pub figures: Vec<Figures>,
}

/// One router in one scenario, all rounds together.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// The router's name.
    pub router: String,
    /// The operation.
    pub scenario: Scenario,
    /// The size of an answer.
    pub answer_bytes: usize,
    /// Answers per second.
    pub requests_per_second: f64,
    /// Half of the requests took at most this long.
    pub p50_ms: f64,
    /// 95 of 100.
    pub p95_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// CPU time of the router's process, user and kernel.
    pub cpu_ms_per_request: f64,
    /// CPU time of subgraphs and load generator: what no router can save.
    pub other_cpu_ms_per_request: f64,
    /// The most memory the router had.
    pub peak_mib: f64,
    /// Round by round.
    pub rounds: Vec<Round>,
}

/// One turn of a router.
#[derive(Debug, Clone, Serialize)]
pub struct Round {
    /// Requests answered.
    pub requests: u64,
    /// Wall-clock time.
    pub seconds: f64,
    /// CPU time of the router.
    pub router_cpu_seconds: f64,
    /// CPU time of subgraphs and load generator.
    pub other_cpu_seconds: f64,
}

impl Figures {
    pub(crate) fn new(
        router: &str,
        scenario: Scenario,
        answer_bytes: usize,
        latencies: &Histogram,
        rounds: Vec<Round>,
        peak_bytes: u64,
    ) -> Self {
        let sum = |part: fn(&Round) -> f64| rounds.iter().map(part).sum::<f64>();
        let requests = float(latencies.count());
        Self {
            router: router.to_owned(),
            scenario,
            answer_bytes,
            requests_per_second: requests / sum(|round| round.seconds),
            p50_ms: milliseconds(latencies.quantile(500)),
            p95_ms: milliseconds(latencies.quantile(950)),
            p99_ms: milliseconds(latencies.quantile(990)),
            cpu_ms_per_request: sum(|round| round.router_cpu_seconds) * 1000.0 / requests,
            other_cpu_ms_per_request: sum(|round| round.other_cpu_seconds) * 1000.0 / requests,
            peak_mib: mebibytes(peak_bytes),
            rounds,
        }
    }

    /// The columns that are compared.
    fn columns(&self) -> [f64; 6] {
        [
            self.requests_per_second,
            self.p50_ms,
            self.p95_ms,
            self.p99_ms,
            self.cpu_ms_per_request,
            self.peak_mib,
        ]
    }
}

impl Report {
    /// Lines for a person, with the ratios of the first router to the second below each pair.
    pub fn table(&self) -> String {
        let mut table = format!(
            "{:<8} {:<12} {:>10} {:>9} {:>9} {:>9} {:>12} {:>10} {:>13}\n",
            "query",
            "router",
            "req/s",
            "p50 ms",
            "p95 ms",
            "p99 ms",
            "CPU ms/req",
            "peak MiB",
            "other CPU ms"
        );
        for scenario in Scenario::ALL {
            let rows: Vec<&Figures> = self
                .figures
                .iter()
                .filter(|figures| figures.scenario == scenario)
                .collect();
            for row in &rows {
                let [rate, p50, p95, p99, cpu, peak] = row.columns();
                // Writing to a string cannot fail.
                let _ = writeln!(
                    table,
                    "{:<8} {:<12} {rate:>10.0} {p50:>9.2} {p95:>9.2} {p99:>9.2} {cpu:>12.4} {peak:>10.1} {:>13.4}",
                    scenario.name(),
                    row.router,
                    row.other_cpu_ms_per_request
                );
            }
            if let [ours, peer, ..] = rows.as_slice() {
                let mut ratios = ours.columns();
                for (ratio, theirs) in ratios.iter_mut().zip(peer.columns()) {
                    *ratio /= theirs;
                }
                let [rate, p50, p95, p99, cpu, peak] = ratios;
                let _ = writeln!(
                    table,
                    "{:<8} {:<12} {rate:>9.2}x {p50:>8.2}x {p95:>8.2}x {p99:>8.2}x {cpu:>11.2}x {peak:>9.2}x",
                    scenario.name(),
                    "ratio"
                );
            }
        }
        let sizes: Vec<String> = self
            .figures
            .iter()
            .map(|figures| {
                format!(
                    "{} {} {}",
                    figures.scenario.name(),
                    figures.router,
                    figures.answer_bytes
                )
            })
            .collect();
        let _ = write!(
            table,
            "{} connections, {} s a round; bytes of an answer: {}",
            self.connections,
            self.seconds_per_round,
            sizes.join(", ")
        );
        table
    }
}

pub(crate) fn milliseconds(latency: Duration) -> f64 {
    latency.as_secs_f64() * 1000.0
}

pub(crate) fn mebibytes(bytes: u64) -> f64 {
    float(bytes) / float(1 << 20)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and sizes here are far below 2^52"
)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(router: &str, requests: u64, cpu: f64, peak: u64) -> Figures {
        let mut latencies = Histogram::default();
        for _ in 0..requests {
            latencies.record(Duration::from_millis(8));
        }
        let round = Round {
            requests,
            seconds: 2.0,
            router_cpu_seconds: cpu,
            other_cpu_seconds: 0.5,
        };
        Figures::new(router, Scenario::Deep, 10, &latencies, vec![round], peak)
    }

    #[test]
    fn figures_are_per_request_and_ratios_ours_to_the_peers() {
        let report = Report {
            connections: 16,
            seconds_per_round: 2.0,
            figures: vec![
                figures("coko", 2000, 1.0, 32 << 20),
                figures("peer", 1000, 1.0, 64 << 20),
            ],
        };
        let table = report.table();
        let ours: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(ours[..3], ["deep", "coko", "1000"]);
        assert_eq!(ours[6..], ["0.5000", "32.0", "0.2500"]);
        let ratios: Vec<&str> = table.lines().nth(3).unwrap().split_whitespace().collect();
        assert_eq!(
            ratios,
            [
                "deep", "ratio", "2.00x", "1.00x", "1.00x", "1.00x", "0.50x", "0.50x"
            ]
        );
    }
}
