//! Mutations that cost money or send something may be repeated under a key: same key and input, same result.
//!
//! The key is claimed in the business transaction, so a refusal or a fault leaves it free, and a second call that comes
//! while the first is under way waits for it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::Connection;
use crate::tables::idempotency;
use crate::{Code, Error};

/// Most characters of a key.
const MAX_KEY: usize = 100;
/// How long a key is remembered.
const KEEP: time::Duration = time::Duration::days(30);

/// What a key turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody used it before: go on, and make the subject.
    Fresh,
    /// The same call was made before, and made this subject.
    Seen(Uuid),
}

/// Claims `key` of `owner` ([`crate::identity::Viewer::key`]) for `operation` with `input`, which will make `subject`. Call it
/// first inside the business transaction.
///
/// # Errors
/// `VALIDATION_FAILED` for a key that is empty, too long or not printable ASCII; `IDEMPOTENCY_MISMATCH` when it was used with
/// another operation or input.
pub async fn claim(
    connection: &mut Connection,
    owner: &str,
    key: &str,
    (operation, input): (&str, &impl Serialize),
    subject: Uuid,
    now: OffsetDateTime,
) -> Result<Claim, Error> {
    let printable = key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.is_empty() || key.len() > MAX_KEY || !printable {
        return Err(Error::validation(
            "idempotencyKey",
            "core-idempotency-key-invalid",
        ));
    }
    let digest = digest(operation, input)?;
    let fresh = diesel::insert_into(idempotency::table)
        .values((
            idempotency::owner.eq(owner),
            idempotency::key.eq(key),
            idempotency::digest.eq(&digest),
            idempotency::subject.eq(subject),
            idempotency::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if fresh > 0 {
        return Ok(Claim::Fresh);
    }
    let (known, subject): (Vec<u8>, Uuid) = idempotency::table
        .find((owner, key))
        .select((idempotency::digest, idempotency::subject))
        .first(connection)
        .await?;
    if known == digest {
        Ok(Claim::Seen(subject))
    } else {
        Err(Error::new(
            Code::IdempotencyMismatch,
            "core-idempotency-mismatch",
        ))
    }
}

/// Forgets keys that are too old to be repeated, a bounded number at a time.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(connection: &mut Connection, now: OffsetDateTime) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM idempotency WHERE (owner, key) IN (SELECT owner, key FROM idempotency WHERE created_at < $1 LIMIT 10000)",
    )
    .bind::<diesel::sql_types::Timestamptz, _>(now - KEEP)
    .execute(connection)
    .await
}

fn digest(operation: &str, input: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut digest = Sha256::new();
    digest.update(operation.as_bytes());
    digest.update([0]);
    digest.update(serde_json::to_vec(input).map_err(Error::internal)?);
    Ok(digest.finalize().to_vec())
}
