//! Questions between domains, over a bus of this process.

use coko_core::ask::auth::{Contact, answer_contacts, contacts};
use coko_core::config::Secret;
use coko_core::identity::InternalKey;
use coko_core::testkit::TestPlatform;
use coko_core::{Code, Error};
use futures::FutureExt as _;
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
    let asked = [1, 2].map(Uuid::from_u128);
    let nobody = contacts(&platform, &asked).await.unwrap_err();
    assert_eq!(nobody.code(), Code::DownstreamUnavailable);

    let _task = answer_contacts(&platform, |user_ids| {
        async move { Ok(user_ids.into_iter().map(contact).collect()) }.boxed()
    });
    let answer = contacts(&platform, &asked).await.unwrap();
    assert_eq!(answer, asked.map(contact));

    let mut stranger = platform.clone();
    let key = Secret::new("another key of 32 characters or more");
    stranger.internal_key = InternalKey::new(key).unwrap();
    let error = contacts(&stranger, &asked).await.unwrap_err();
    assert_eq!(error.code(), Code::DownstreamUnavailable);
}

#[tokio::test]
async fn who_cannot_answer_says_so() {
    let platform = TestPlatform::new().platform;
    let _task = answer_contacts(&platform, |_| {
        async { Err(Error::internal("the database is away")) }.boxed()
    });
    let error = contacts(&platform, &[]).await.unwrap_err();
    assert_eq!(error.code(), Code::DownstreamUnavailable);
}
