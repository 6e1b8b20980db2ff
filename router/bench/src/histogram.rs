//! Latencies in logarithmic buckets, as HdrHistogram keeps them.

use std::time::Duration;

/// Buckets per doubling; a value is known within 1/128.
const BITS: u32 = 7;
const STEPS: usize = 1 << BITS;
/// Values of at most 2^40 nanoseconds, some 18 minutes; longer ones count as that.
const LARGEST: u64 = (1 << 40) - 1;

/// How often which latency occurred.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; bucket(LARGEST) + 1],
            total: 0,
        }
    }
}

impl Histogram {
    /// Adds one latency.
    pub fn record(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(LARGEST);
        self.counts[bucket(nanoseconds.min(LARGEST))] += 1;
        self.total += 1;
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// The latency that `per_mille` of 1,000 do not exceed; zero when there are none.
    pub fn quantile(&self, per_mille: u64) -> Duration {
        let rank = (self.total * per_mille).div_ceil(1000).max(1);
        let mut seen = 0;
        for (position, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(highest(position));
            }
        }
        Duration::ZERO
    }
}

/// The bucket of a value: exact below 2^7, then 2^7 buckets for each doubling.
fn bucket(value: u64) -> usize {
    let doublings = (u64::BITS - value.leading_zeros()).saturating_sub(BITS + 1);
    let step = usize::try_from(value >> doublings).unwrap_or(usize::MAX);
    doublings as usize * STEPS + step
}

/// The largest value of a bucket.
fn highest(bucket: usize) -> u64 {
    let doublings = (bucket / STEPS).saturating_sub(1);
    let step = (bucket - doublings * STEPS) as u64;
    ((step + 1) << doublings) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_a_bucket_that_ends_close_above_it() {
        let mut value = 1;
        while value < LARGEST {
            for near in [value - 1, value, value + 1] {
                let end = highest(bucket(near));
                assert!(
                    end >= near && end - near <= near / 100 + 1,
                    "{near} is put into the bucket that ends at {end}"
                );
            }
            value = value * 3 / 2 + 1;
        }
    }

    #[test]
    fn quantiles_are_those_of_the_values() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(500), Duration::ZERO);
        let mut other = Histogram::default();
        for microseconds in 1..=1000 {
            let half = if microseconds % 2 == 0 {
                &mut histogram
            } else {
                &mut other
            };
            half.record(Duration::from_micros(microseconds));
        }
        histogram.merge(&other);
        assert_eq!(histogram.count(), 1000);
        for (per_mille, expected) in [(500, 500), (950, 950), (990, 990), (1000, 1000)] {
            let found = histogram.quantile(per_mille).as_nanos();
            let expected = expected * 1000;
            assert!(
                found >= expected && found - expected <= expected / 100,
                "{per_mille}: {found}"
            );
        }
    }
}
