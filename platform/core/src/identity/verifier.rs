//! Checking a token offline, with what it costs remembered by the token's digest.

use std::sync::Arc;
use std::time::Duration;

use biscuit_auth::builder::{AuthorizerBuilder, Term};
use biscuit_auth::datalog::RunLimits;
use biscuit_auth::error::{Logic, Token};
use biscuit_auth::{Authorizer, Biscuit};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::keys::KeySet;
use super::mint::{fact, text};
use super::revocation::{Revocations, client_key, session_key};
use super::rights::{Right, RightSet};
use super::viewer::{Principal, Viewer};
use crate::clock::Clock;
use crate::{Code, Error};

/// A longer token is refused unread (characters of base64).
const MAX_TOKEN: usize = 8 * 1024;
/// A token narrowed more often is refused.
const MAX_BLOCKS: usize = 12;
/// The crate's default of 1 ms is too short on a busy machine, and running out of it would look like a bad token.
const RUN_LIMITS: RunLimits = RunLimits {
    max_facts: 2000,
    max_iterations: 200,
    max_time: Duration::from_millis(100),
};
/// Verified tokens that are remembered.
const REMEMBERED: u64 = 20_000;

/// The three kinds of GraphQL operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Writes.
    Mutation,
    /// Listens.
    Subscription,
}

impl OperationKind {
    /// As in GraphQL: `query`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

/// What a narrowed token's checks may speak of.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestFacts<'a> {
    /// SHA-256 of the client's document, in hexadecimal.
    pub operation: Option<&'a str>,
    /// The kind of the client's operation.
    pub kind: Option<OperationKind>,
    /// The subgraph that checks.
    pub subgraph: Option<&'a str>,
    /// What is acted on, outside GraphQL: a file, an export.
    pub resource: Option<&'a str>,
    /// What is done to it.
    pub action: Option<&'a str>,
}

/// A token whose signature is right, with what its authority block says.
struct Checked {
    viewer: Viewer,
    /// Everything whose revocation ends this token.
    revocation_keys: Vec<String>,
    /// Present when checks speak of more than the time, so that they must run for every request.
    narrowed: Option<Biscuit>,
}

/// Verifies tokens with public keys alone.
#[derive(Clone)]
pub struct Verifier {
    keys: Arc<KeySet>,
    revocations: Revocations,
    clock: Clock,
    checked: moka::sync::Cache<[u8; 32], Arc<Checked>>,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl Verifier {
    /// A verifier for tokens signed by one of `keys`.
    pub fn new(keys: KeySet, revocations: Revocations, clock: Clock) -> Self {
        Self {
            keys: Arc::new(keys),
            revocations,
            clock,
            checked: moka::sync::Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(Duration::from_secs(3600))
                .build(),
        }
    }

    /// Checks signature, revocation, expiry and every narrowing of `token` against `facts`.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when it is malformed, forged, expired or revoked; `FORBIDDEN` when a holder narrowed it to something
    /// else; `DOWNSTREAM_UNAVAILABLE`, worth a retry, when its checks could not be run to the end in time.
    pub fn verify(&self, token: &str, facts: RequestFacts<'_>) -> Result<Viewer, Error> {
        if token.len() > MAX_TOKEN {
            return Err(invalid("the token is too long"));
        }
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let checked = match self.checked.get(&digest) {
            Some(checked) => checked,
            None => {
                let checked = Arc::new(self.check(token)?);
                self.checked.insert(digest, checked.clone());
                checked
            }
        };
        let now = self.clock.now();
        if checked.viewer.expires_at.is_some_and(|end| now >= end) {
            return Err(Error::new(Code::Unauthenticated, "core-token-expired"));
        }
        if !self.revocations.is_empty()
            && checked
                .revocation_keys
                .iter()
                .any(|key| self.revocations.contains(key))
        {
            return Err(Error::new(Code::Unauthenticated, "core-token-revoked"));
        }
        if let Some(biscuit) = &checked.narrowed {
            authorize(biscuit, facts, now)?;
        }
        Ok(checked.viewer.clone())
    }

    /// Everything about a token that does not depend on the request.
    fn check(&self, token: &str) -> Result<Checked, Error> {
        let biscuit =
            Biscuit::from_base64(token, &*self.keys).map_err(|error| invalid(error.to_string()))?;
        if biscuit.block_count() > MAX_BLOCKS {
            return Err(invalid("the token has too many blocks"));
        }
        let mut authorizer = AuthorizerBuilder::new()
            .set_limits(RUN_LIMITS)
            .build(&biscuit)
            .map_err(verification)?;
        // `query` sees the authority block alone; `query_all` would believe whatever a holder appended.
        let principal = principal(&mut authorizer)?;
        let roles = strings(&mut authorizer, "data($role) <- role($role)")?;
        let plan = strings(&mut authorizer, "data($plan) <- plan($plan)")?
            .into_iter()
            .next();
        let rights: RightSet = pairs(
            &mut authorizer,
            "data($resource, $action) <- right($resource, $action)",
        )?
        .into_iter()
        .filter_map(|(resource, action)| format!("{resource}:{action}").parse::<Right>().ok())
        .collect();
        let ends: Vec<(std::time::SystemTime,)> = authorizer
            .query("data($end) <- expires($end)")
            .map_err(verification)?;
        let expires_at = ends
            .first()
            .map(|(end,)| OffsetDateTime::from(*end))
            .ok_or_else(|| invalid("the token does not say when it ends"))?;
        let mut revocation_keys: Vec<String> = biscuit
            .revocation_identifiers()
            .iter()
            .map(hex::encode)
            .collect();
        match &principal {
            Principal::User { session, .. } => revocation_keys.push(session_key(*session)),
            Principal::Partner { partner, client } => {
                revocation_keys.push(client_key(partner, client));
            }
            Principal::Guest | Principal::System => {}
        }
        let attenuated = biscuit.block_count() > 1;
        Ok(Checked {
            viewer: Viewer {
                principal,
                roles,
                rights,
                plan,
                expires_at: Some(expires_at),
                attenuated,
                token: Some(token.into()),
            },
            revocation_keys,
            narrowed: attenuated.then_some(biscuit),
        })
    }
}

/// Runs every check of a narrowed token.
fn authorize(biscuit: &Biscuit, facts: RequestFacts<'_>, now: OffsetDateTime) -> Result<(), Error> {
    let seconds = Term::Date(u64::try_from(now.unix_timestamp()).unwrap_or(0));
    let mut builder = AuthorizerBuilder::new()
        .set_limits(RUN_LIMITS)
        .fact(fact("time", [seconds]))
        .map_err(verification)?;
    let known = [
        ("operation", facts.operation),
        ("operation_kind", facts.kind.map(OperationKind::as_str)),
        ("subgraph", facts.subgraph),
        ("resource", facts.resource),
        ("action", facts.action),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            builder = builder
                .fact(fact(name, [text(value)]))
                .map_err(verification)?;
        }
    }
    builder
        .code("allow if true")
        .and_then(|builder| builder.build(biscuit))
        .and_then(|mut authorizer| authorizer.authorize())
        .map(drop)
        .map_err(verification)
}

fn principal(authorizer: &mut Authorizer) -> Result<Principal, Error> {
    let people = pairs(
        authorizer,
        "data($user, $session) <- user($user), session($session)",
    )?;
    if let [(user, session)] = people.as_slice() {
        return match (user.parse(), session.parse()) {
            (Ok(id), Ok(session)) => Ok(Principal::User { id, session }),
            _ => Err(invalid("the token's ids are malformed")),
        };
    }
    let mut partners = pairs(
        authorizer,
        "data($partner, $client) <- partner($partner), client($client)",
    )?;
    match (partners.pop(), partners.is_empty(), people.is_empty()) {
        (Some((partner, client)), true, true) => Ok(Principal::Partner { partner, client }),
        _ => Err(invalid("the token does not say for whom it speaks")),
    }
}

fn strings(authorizer: &mut Authorizer, rule: &str) -> Result<Vec<String>, Error> {
    let found: Vec<(String,)> = authorizer.query(rule).map_err(verification)?;
    Ok(found.into_iter().map(|(value,)| value).collect())
}

fn pairs(authorizer: &mut Authorizer, rule: &str) -> Result<Vec<(String, String)>, Error> {
    authorizer.query(rule).map_err(verification)
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(Code::Unauthenticated, "core-token-invalid").with_source(reason.into())
}

/// A failed check is a refusal, an exhausted limit is a fault worth a retry, and all else is a bad token.
fn verification(error: Token) -> Error {
    match error {
        Token::RunLimit(_) => Error::unavailable(error.to_string()),
        Token::FailedLogic(Logic::Unauthorized { .. } | Logic::NoMatchingPolicy { .. }) => {
            Error::new(Code::Forbidden, "core-token-restricted").with_source(error.to_string())
        }
        _ => invalid(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Minter, PartnerGrant, RootKey, UserGrant};
    use crate::service::{Bus, Recording};
    use biscuit_auth::builder::BlockBuilder;
    use uuid::Uuid;

    struct Fixture {
        clock: Clock,
        minter: Minter,
        revocations: Revocations,
        verifier: Verifier,
    }

    fn fixture() -> Fixture {
        let clock = Clock::fixed(OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap());
        let key = RootKey::from_seed(1, &[7; 32]).unwrap();
        let keys = KeySet::new(&[key.published()]).unwrap();
        let revocations = Revocations::new(&Bus::Recording(Recording::default()), clock.clone());
        Fixture {
            verifier: Verifier::new(keys, revocations.clone(), clock.clone()),
            minter: Minter::new(key),
            revocations,
            clock,
        }
    }

    impl Fixture {
        fn user(&self) -> String {
            let grant = UserGrant {
                user: Uuid::from_u128(1),
                session: Uuid::from_u128(2),
                roles: vec!["user".to_owned()],
                rights: vec!["books:read".parse().unwrap()],
                plan: Some("premium".to_owned()),
                expires_at: self.clock.now() + time::Duration::minutes(15),
            };
            self.minter.user(&grant).unwrap().token
        }

        fn partner(&self) -> String {
            let grant = PartnerGrant {
                partner: "acme".to_owned(),
                client: "acme-web".to_owned(),
                rights: Vec::new(),
                expires_at: self.clock.now() + time::Duration::days(1),
            };
            self.minter.partner(&grant).unwrap().token
        }

        fn narrow(&self, token: &str, code: &str) -> String {
            let biscuit = Biscuit::from_base64(token, &*self.verifier.keys).unwrap();
            let block = BlockBuilder::new().code(code).unwrap();
            biscuit.append(block).unwrap().to_base64().unwrap()
        }

        fn code(&self, token: &str, facts: RequestFacts<'_>) -> Result<(), Code> {
            self.verifier
                .verify(token, facts)
                .map(drop)
                .map_err(|error| error.code())
        }
    }

    #[test]
    fn a_token_says_who_and_what() {
        let fixture = fixture();
        let viewer = fixture
            .verifier
            .verify(&fixture.user(), RequestFacts::default())
            .unwrap();
        assert_eq!(viewer.user_id(), Some(Uuid::from_u128(1)));
        assert!(viewer.can("books", "read") && !viewer.can("books", "write"));
        assert_eq!(viewer.plan.as_deref(), Some("premium"));
        let partner = fixture
            .verifier
            .verify(&fixture.partner(), RequestFacts::default())
            .unwrap();
        assert!(partner.is_partner());
    }

    #[test]
    fn what_a_holder_appends_adds_nothing() {
        let fixture = fixture();
        let token = fixture.narrow(
            &fixture.user(),
            r#"right("books", "write"); role("admin"); user("00000000-0000-0000-0000-000000000009");"#,
        );
        let viewer = fixture
            .verifier
            .verify(&token, RequestFacts::default())
            .unwrap();
        assert_eq!(viewer.user_id(), Some(Uuid::from_u128(1)));
        assert!(!viewer.can("books", "write"));
        assert_eq!(viewer.roles, ["user"]);
    }

    #[test]
    fn a_narrowed_token_runs_only_its_operations_until_its_time() {
        let fixture = fixture();
        let end = fixture.clock.now() + time::Duration::hours(1);
        let end = end
            .format(&time::format_description::well_known::Rfc3339)
            .unwrap();
        let token = fixture.narrow(
            &fixture.partner(),
            &format!(r#"check if operation($h), {{"aa", "bb"}}.contains($h); check if time($t), $t < {end};"#),
        );
        let run = |operation| RequestFacts {
            operation,
            ..Default::default()
        };
        assert_eq!(fixture.code(&token, run(Some("aa"))), Ok(()));
        assert_eq!(fixture.code(&token, run(Some("cc"))), Err(Code::Forbidden));
        assert_eq!(fixture.code(&token, run(None)), Err(Code::Forbidden));
        fixture.clock.advance(time::Duration::minutes(61));
        assert_eq!(fixture.code(&token, run(Some("aa"))), Err(Code::Forbidden));
    }

    #[test]
    fn expired_forged_and_malformed_tokens_are_refused() {
        let fixture = fixture();
        let token = fixture.user();
        let forged = Minter::new(RootKey::from_seed(1, &[8; 32]).unwrap())
            .partner(&PartnerGrant {
                partner: "p".into(),
                client: "c".into(),
                rights: Vec::new(),
                expires_at: fixture.clock.now() + time::Duration::days(1),
            })
            .unwrap()
            .token;
        for bad in [
            forged.as_str(),
            "",
            "AAAA",
            &"A".repeat(9000),
            &token[..token.len() - 6],
        ] {
            assert_eq!(
                fixture.code(bad, RequestFacts::default()),
                Err(Code::Unauthenticated)
            );
        }
        fixture.clock.advance(time::Duration::minutes(15));
        assert_eq!(
            fixture.code(&token, RequestFacts::default()),
            Err(Code::Unauthenticated)
        );
    }

    #[tokio::test]
    async fn revoking_a_session_or_a_block_ends_what_was_narrowed_from_it() {
        let fixture = fixture();
        let token = fixture.user();
        let narrowed = fixture.narrow(&token, "check if time($t);");
        assert_eq!(fixture.code(&narrowed, RequestFacts::default()), Ok(()));
        let until = fixture.clock.now() + time::Duration::days(1);
        fixture
            .revocations
            .revoke(&[session_key(Uuid::from_u128(2))], until)
            .await
            .unwrap();
        for token in [&token, &narrowed] {
            assert_eq!(
                fixture.code(token, RequestFacts::default()),
                Err(Code::Unauthenticated)
            );
        }
        let partner = fixture.partner();
        let biscuit = Biscuit::from_base64(&partner, &*fixture.verifier.keys).unwrap();
        let id = hex::encode(&biscuit.revocation_identifiers()[0]);
        fixture.revocations.revoke(&[id], until).await.unwrap();
        let narrowed = fixture.narrow(&partner, "check if true;");
        assert_eq!(
            fixture.code(&narrowed, RequestFacts::default()),
            Err(Code::Unauthenticated)
        );
    }
}
