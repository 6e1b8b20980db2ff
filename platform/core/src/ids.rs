//! Randomness as a value that is passed in: UUIDv7 ids (RFC 9562) and secrets.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use time::OffsetDateTime;
use uuid::Uuid;

/// A source of random bytes: the operating system's, or a seeded one for tests.
#[derive(Clone, Debug)]
pub struct Entropy(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Entropy {
    /// Randomness fit for secrets.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A repeatable sequence, for tests only.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(
            seed,
        )))))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::System => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "this is the one place that draws randomness"
                )]
                rand::rng().fill_bytes(&mut bytes);
            }
            Source::Seeded(rng) => rng
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill_bytes(&mut bytes),
        }
        bytes
    }

    /// A UUIDv7 whose time part is `now` in milliseconds; ids made later sort later.
    pub fn uuid(&self, now: OffsetDateTime) -> Uuid {
        let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes::<10>()).into_uuid()
    }

    /// An unguessable token: 32 random bytes in URL-safe base64 (43 characters).
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// A decimal one-time code of `digits` digits (at most 9), leading zeros kept.
    pub fn digits(&self, digits: u32) -> String {
        let range = 10_u32.pow(digits.min(9));
        // Rejection keeps every code equally likely.
        let limit = u32::MAX - u32::MAX % range;
        loop {
            let draw = u32::from_be_bytes(self.bytes());
            if draw < limit {
                return format!("{:0width$}", draw % range, width = digits as usize);
            }
        }
    }
}
