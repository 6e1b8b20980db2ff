//! Questions between domains, over a bus of this process.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on stops where it stands"
)]

use coko_core::ask::Questions;
use coko_core::ask::auth::{Contact, Contacts};
use coko_core::config::Secret;
use coko_core::identity::InternalKey;
use coko_core::testkit::TestPlatform;
use coko_core::{Code, Error};
use uuid::Uuid;

fn contact(user_id: Uuid) -> Contact {
    Contact {
        user_id,
        display_name: "Awa".to_owned(),
        language: "fr".to_owned(),
        time_zone: "Africa/Dakar".to_owned(),
        email: Some("awa@coko.example".to_owned()),
        phone: None,
    }
}

#[tokio::test]
async fn a_question_is_answered_by_who_shares_the_key() {
    let platform = TestPlatform::new().platform;
    let asked = Contacts {
        user_ids: vec![Uuid::from_u128(1), Uuid::from_u128(2)],
    };
    let asker = Questions::new(&platform);
    let nobody = asker.ask(&asked).await.unwrap_err();
    assert_eq!(nobody.code(), Code::DownstreamUnavailable);

    let _task = Questions::new(&platform).answer("contacts", |asked: Contacts| async move {
        Ok(asked.user_ids.into_iter().map(contact).collect())
    });
    let answer = asker.ask(&asked).await.unwrap();
    assert_eq!(answer, [1, 2].map(|n| contact(Uuid::from_u128(n))));

    let mut stranger = platform.clone();
    let key = Secret::new("another key of 32 characters or more");
    stranger.internal_key = InternalKey::new(key).unwrap();
    let error = Questions::new(&stranger).ask(&asked).await.unwrap_err();
    assert_eq!(error.code(), Code::DownstreamUnavailable);
}

#[tokio::test]
async fn who_cannot_answer_says_so() {
    let platform = TestPlatform::new().platform;
    let questions = Questions::new(&platform);
    let _task = questions.answer("contacts", |_: Contacts| async {
        Err(Error::internal("the database is away"))
    });
    let asked = Contacts {
        user_ids: Vec::new(),
    };
    let error = questions.ask(&asked).await.unwrap_err();
    assert_eq!(error.code(), Code::DownstreamUnavailable);
}
