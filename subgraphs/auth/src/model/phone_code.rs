//! Codes sent to phones, and the text messages that carry them.

use diesel::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tables;

/// Wrong guesses after which a code is spent: with six digits, a guesser has five chances in a million.
pub(crate) const MAX_ATTEMPTS: i32 = 5;

/// The current code of a phone number.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = tables::phone_codes)]
pub(crate) struct PhoneCode {
    pub code_hash: Vec<u8>,
    pub attempts: i32,
    pub expires_at: OffsetDateTime,
}

/// What a guess comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PhoneVerdict {
    /// It is the code, which is now spent.
    Right,
    /// It is not; the guess is counted.
    Wrong,
    /// The code has expired or was guessed at too often.
    Spent,
}

impl PhoneCode {
    /// Judges a guess by its hash.
    pub(crate) fn judge(&self, guess_hash: &[u8], now: OffsetDateTime) -> PhoneVerdict {
        if self.attempts >= MAX_ATTEMPTS || self.expires_at <= now {
            PhoneVerdict::Spent
        } else if self.code_hash == guess_hash {
            PhoneVerdict::Right
        } else {
            PhoneVerdict::Wrong
        }
    }
}

/// A text message that waits to be sent; number and text are sealed.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = tables::text_messages)]
pub(crate) struct TextMessage {
    pub id: Uuid,
    pub recipient: Vec<u8>,
    pub body: Vec<u8>,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    pub attempts: i32,
    pub next_attempt: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn guesses_are_bounded_in_number_and_time() {
        let now = datetime!(2026-01-15 08:00 UTC);
        let code = |attempts| PhoneCode {
            code_hash: vec![1],
            attempts,
            expires_at: now + time::Duration::minutes(5),
        };
        assert_eq!(code(0).judge(&[1], now), PhoneVerdict::Right);
        assert_eq!(code(4).judge(&[2], now), PhoneVerdict::Wrong);
        assert_eq!(code(5).judge(&[1], now), PhoneVerdict::Spent);
        assert_eq!(
            code(0).judge(&[1], now + time::Duration::minutes(5)),
            PhoneVerdict::Spent
        );
    }
}
