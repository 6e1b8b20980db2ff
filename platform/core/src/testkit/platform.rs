//! A platform that a test controls.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::{Environment, Secret};
use crate::context::CommandContext;
use crate::identity::{
    InternalKey, KeySet, Minter, PartnerGrant, Revocations, Right, RootKey, UserGrant, Verifier,
};
use crate::ids::Entropy;
use crate::mail::Mailer;
use crate::rate_limit::RateLimiter;
use crate::service::{Bus, Platform, Recording};
use crate::settings::Settings;

/// The key of every test platform, so that a token minted in one verifies in another.
const SEED: [u8; 32] = [42; 32];

/// For whom a token speaks.
#[derive(Clone, Debug)]
pub enum TokenFor {
    /// A person with roles and permissions.
    User {
        /// The account.
        id: Uuid,
        /// The session.
        session: Uuid,
        /// Role names.
        roles: Vec<&'static str>,
        /// `resource:action`.
        rights: Vec<&'static str>,
    },
    /// A partner's client.
    Partner {
        /// The partner.
        partner: &'static str,
        /// The client.
        client: &'static str,
        /// `resource:action`.
        rights: Vec<&'static str>,
    },
}

impl TokenFor {
    /// A person with `rights` and no particular role.
    pub fn user(id: Uuid, rights: &[&'static str]) -> Self {
        Self::User {
            id,
            session: Uuid::from_u128(id.as_u128() ^ 1),
            roles: vec!["user"],
            rights: rights.to_vec(),
        }
    }
}

/// A platform with a clock that stands still, seeded randomness, mail in memory and events in a list.
#[derive(Debug)]
pub struct TestPlatform {
    /// What services are built with.
    pub platform: Platform,
    /// What they published, once a relay ran.
    pub recording: Recording,
    minter: Minter,
}

impl TestPlatform {
    /// A platform at noon of 15 January 2027, UTC.
    pub fn new() -> Self {
        let start = OffsetDateTime::from_unix_timestamp(1_800_014_400)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Self::with(Clock::fixed(start), Entropy::seeded(7))
    }

    /// A platform with another clock and randomness.
    ///
    /// # Panics
    /// Never: the constants it is made of are well-formed.
    pub fn with(clock: Clock, entropy: Entropy) -> Self {
        let recording = Recording::default();
        let bus = Bus::Recording(recording.clone());
        let key = RootKey::from_seed(1, &SEED).unwrap_or_else(|error| panic!("{error}"));
        let keys = KeySet::new(&[key.published()]).unwrap_or_else(|error| panic!("{error}"));
        let revocations = Revocations::new(&bus, clock.clone());
        let platform = Platform {
            environment: Environment::Development,
            verifier: Arc::new(Verifier::new(keys, revocations.clone(), clock.clone())),
            revocations,
            settings: Settings::new(&bus),
            cache: Cache::new(16 << 20, None, &bus),
            limiter: RateLimiter::new(clock.clone(), None),
            redis: None,
            mailer: Mailer::memory("noreply@coko.test").unwrap_or_else(|error| panic!("{error}")),
            internal_key: InternalKey::new(Secret::new("an internal key for tests only, 32+"))
                .unwrap_or_else(|| panic!("the key is long enough")),
            public_url: "http://coko.test".into(),
            bus,
            clock,
            entropy,
        };
        Self {
            platform,
            recording,
            minter: Minter::new(key),
        }
    }

    /// An access token of 15 minutes.
    ///
    /// # Panics
    /// When a permission is malformed.
    pub fn token(&self, of: &TokenFor) -> String {
        let expires_at = self.platform.clock.now() + Duration::from_secs(900);
        let parse = |rights: &[&str]| -> Vec<Right> {
            rights
                .iter()
                .map(|right| right.parse().unwrap_or_else(|error| panic!("{error}")))
                .collect()
        };
        let minted = match of {
            TokenFor::User {
                id,
                session,
                roles,
                rights,
            } => self.minter.user(&UserGrant {
                user: *id,
                session: *session,
                roles: roles.iter().map(|role| (*role).to_owned()).collect(),
                rights: parse(rights),
                plan: None,
                expires_at,
            }),
            TokenFor::Partner {
                partner,
                client,
                rights,
            } => self.minter.partner(&PartnerGrant {
                partner: (*partner).to_owned(),
                client: (*client).to_owned(),
                rights: parse(rights),
                expires_at,
            }),
        };
        minted.unwrap_or_else(|error| panic!("{error}")).token
    }

    /// The root key that the platform's verifier trusts, for a service that mints by itself.
    ///
    /// # Panics
    /// Never: the seed is well-formed.
    pub fn root_key() -> RootKey {
        RootKey::from_seed(1, &SEED).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The context of a command that the system itself gives.
    pub fn context(&self) -> CommandContext {
        CommandContext::system(self.platform.clock.now(), self.platform.entropy.clone())
    }
}

impl Default for TestPlatform {
    fn default() -> Self {
        Self::new()
    }
}
