use coko_core::ask::auth::{Contact, contacts};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use crate::bench::Bench;

impl Bench {
    /// How these people are reached, as other domains are told.
    pub(crate) async fn contacts(&self, user_ids: Vec<Uuid>) -> Vec<Contact> {
        contacts(&self.platform.platform, &user_ids).await.unwrap()
    }
}

#[tokio::test]
async fn other_domains_are_told_how_people_are_reached_who_have_an_account() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@coko.example", &[]).await;
    let id: Uuid = awa.id.parse().unwrap();
    let stranger = Uuid::from_u128(7);
    let contacts = bench.contacts(vec![id, stranger, id]).await;
    assert_eq!(contacts.len(), 1);
    assert_eq!(contacts[0].user_id, id);
    assert_eq!(contacts[0].email.as_deref(), Some("awa@coko.example"));
    assert_eq!(contacts[0].phone, None);
    assert!(
        !format!("{contacts:?}").contains("awa@"),
        "addresses are not logged"
    );

    // An address that is not proven is nobody's yet, and an account that is gone has none.
    let change = async |sql: &str| {
        let mut connection = bench.connection().await;
        diesel::sql_query(sql)
            .execute(&mut connection)
            .await
            .unwrap();
    };
    change("UPDATE users SET email_verified_at = NULL").await;
    assert_eq!(bench.contacts(vec![id]).await[0].email, None);
    change("UPDATE users SET status = 'PENDING'").await;
    assert!(bench.contacts(vec![id]).await.is_empty());
    assert!(bench.contacts(Vec::new()).await.is_empty());
}
