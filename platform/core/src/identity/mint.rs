//! Minting access tokens: in auth, and in tests.

use biscuit_auth::builder::{self, BiscuitBuilder, Term};
use biscuit_auth::{Biscuit, error::Token};
use time::OffsetDateTime;
use uuid::Uuid;

use super::keys::RootKey;
use super::rights::Right;

/// What a person's token says.
#[derive(Clone, Debug)]
pub struct UserGrant {
    /// The account.
    pub user: Uuid,
    /// The session it belongs to.
    pub session: Uuid,
    /// Role names.
    pub roles: Vec<String>,
    /// Permissions of those roles.
    pub rights: Vec<Right>,
    /// The subscription plan.
    pub plan: Option<String>,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

/// What a partner client's token says.
#[derive(Clone, Debug)]
pub struct PartnerGrant {
    /// The partner's short name.
    pub partner: String,
    /// The client's short name.
    pub client: String,
    /// Permissions.
    pub rights: Vec<Right>,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

/// A fresh token.
#[derive(Clone, Debug)]
pub struct Minted {
    /// URL-safe base64, for `Authorization: Bearer`.
    pub token: String,
    /// What to revoke to end it and everything narrowed from it, in hexadecimal.
    pub revocation_id: String,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

/// The token could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be minted: {0}")]
pub struct MintError(#[from] Token);

/// Signs tokens with the current root key.
#[derive(Debug)]
pub struct Minter {
    key: RootKey,
}

impl Minter {
    /// A minter that signs with `key`.
    pub fn new(key: RootKey) -> Self {
        Self { key }
    }

    /// Mints a person's access token.
    ///
    /// # Errors
    /// When the builder refuses a fact, which well-formed grants never cause.
    pub fn user(&self, grant: &UserGrant) -> Result<Minted, MintError> {
        let mut builder = Biscuit::builder()
            .fact(fact("user", [text(&grant.user.to_string())]))?
            .fact(fact("session", [text(&grant.session.to_string())]))?;
        for role in &grant.roles {
            builder = builder.fact(fact("role", [text(role)]))?;
        }
        if let Some(plan) = &grant.plan {
            builder = builder.fact(fact("plan", [text(plan)]))?;
        }
        self.finish(builder, &grant.rights, grant.expires_at)
    }

    /// Mints a partner client's access token.
    ///
    /// # Errors
    /// As [`Minter::user`].
    pub fn partner(&self, grant: &PartnerGrant) -> Result<Minted, MintError> {
        let builder = Biscuit::builder()
            .fact(fact("partner", [text(&grant.partner)]))?
            .fact(fact("client", [text(&grant.client)]))?;
        self.finish(builder, &grant.rights, grant.expires_at)
    }

    fn finish(
        &self,
        mut builder: BiscuitBuilder,
        rights: &[Right],
        expires_at: OffsetDateTime,
    ) -> Result<Minted, MintError> {
        for right in rights {
            builder = builder.fact(fact(
                "right",
                [text(right.resource()), text(right.action())],
            ))?;
        }
        let expiry = Term::Date(u64::try_from(expires_at.unix_timestamp()).unwrap_or(0));
        let biscuit = builder
            .fact(fact("expires", [expiry.clone()]))?
            .code_with_params(
                "check if time($now), $now < {expiry}",
                [("expiry".to_owned(), expiry)].into(),
                std::collections::HashMap::new(),
            )?
            .root_key_id(self.key.id())
            .build(self.key.pair())?;
        let revocation_id = biscuit
            .revocation_identifiers()
            .first()
            .map(hex::encode)
            .unwrap_or_default();
        Ok(Minted {
            token: biscuit.to_base64()?,
            revocation_id,
            expires_at,
        })
    }
}

pub(super) fn fact<const N: usize>(name: &str, terms: [Term; N]) -> builder::Fact {
    builder::Fact::new(name.to_owned(), terms.to_vec())
}

pub(super) fn text(value: &str) -> Term {
    Term::Str(value.to_owned())
}
