//! Letters by SMTP, or wherever the platform's letters go.

use async_trait::async_trait;
use coko_core::mail::{Letter, MailError, Mailer};

use super::{Accepted, Connector, Parcel, Trouble};
use crate::model::callback::SuppressionReason;

pub(super) struct Smtp(Mailer);

impl Smtp {
    pub(super) fn new(mailer: Mailer) -> Self {
        Self(mailer)
    }
}

#[async_trait]
impl Connector for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    async fn send(&self, parcel: &Parcel<'_>) -> Result<Accepted, Trouble> {
        let letter = Letter {
            to: parcel.to.to_owned(),
            subject: parcel.title.to_owned(),
            text: parcel.text.to_owned(),
            html: parcel.html.map(str::to_owned),
            unsubscribe: parcel.unsubscribe.map(str::to_owned),
        };
        match self.0.send(parcel.delivery, letter).await {
            Ok(()) => Ok(Accepted::default()),
            Err(MailError::Refused(reason)) => Err(Trouble::refused("REFUSED", gone(&reason))),
            Err(MailError::Address(_)) => Err(Trouble::refused("ADDRESS", None)),
            Err(MailError::Send(_) | MailError::Url(_)) => Err(Trouble::later("SMTP")),
        }
    }
}

/// A server that refuses may do so for policy as well; only the enhanced status code (RFC 3463) says that there is no such mailbox.
fn gone(reason: &str) -> Option<SuppressionReason> {
    let codes = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"];
    let words = reason.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    let mut words = words.map(|word| word.trim_end_matches('.'));
    words
        .any(|word| codes.contains(&word))
        .then_some(SuppressionReason::Bounced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mailbox_that_is_no_more_is_given_up() {
        let no_more = Some(SuppressionReason::Bounced);
        for (reason, expected) in [
            ("permanent error (550): 5.1.1 no such user here", no_more),
            ("550 5.1.1: unknown", no_more),
            ("permanent error (550): 5.7.1 blocked by policy", None),
            ("550 no such user", None),
            ("550 15.1.1 is no status", None),
        ] {
            assert_eq!(gone(reason), expected, "{reason}");
        }
    }
}
