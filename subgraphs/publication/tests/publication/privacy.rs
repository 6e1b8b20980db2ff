//! Who sees and does what; and what is left of those who leave.

use coko_core::events::auth::UserDeleted;
use serde_json::{Value, json};

use crate::support::{AUTHOR, House, READER, REVIEWER, RIVAL};

const MANUSCRIPT: &str = "query($id: ID!, $r: [_Any!]!) { manuscript(id: $id) { id title } manuscriptNotes(manuscriptId: $id) { nodes { id } } manuscriptVersions(manuscriptId: $id) { nodes { id } } _entities(representations: $r) { ... on Manuscript { id } } }";

#[tokio::test]
async fn a_draft_is_its_organisations_alone() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.draft(AUTHOR, &baobab, "Les Pluies").await;
    let entity = json!({ "__typename": "Manuscript", "id": manuscript["id"] });
    let variables = json!({ "id": manuscript["id"], "r": [entity] });
    let own = house
        .author(AUTHOR)
        .run_with(MANUSCRIPT, variables.clone())
        .await;
    assert_eq!(own.ok()["manuscript"]["title"], "Les Pluies");
    for client in [
        house.author(RIVAL),
        house.reviewer(),
        house.client(AUTHOR, &[]),
    ] {
        let answer = client.run_with(MANUSCRIPT, variables.clone()).await;
        let seen = answer.ok();
        assert_eq!(seen["manuscript"], Value::Null);
        assert_eq!(seen["_entities"], json!([null]));
        assert_eq!(seen["manuscriptNotes"]["nodes"], json!([]));
        assert_eq!(seen["manuscriptVersions"]["nodes"], json!([]));
    }
    let anonymous = house.guest().run_with(MANUSCRIPT, variables).await;
    assert!(anonymous.codes().contains(&"UNAUTHENTICATED"));
    let file = house.uploaded(&manuscript, AUTHOR, 1, &[]).await;
    house.add_version(AUTHOR, &manuscript, file).await;
    house
        .step(&house.author(AUTHOR), "submitManuscript", &manuscript)
        .await;
    let query = "query($id: ID!) { manuscript(id: $id) { title contracts { id } organization { name members { user { id } } } } }";
    let reviewed = house
        .reviewer()
        .run_with(query, json!({ "id": manuscript["id"] }))
        .await;
    let reviewed = &reviewed.ok()["manuscript"];
    assert_eq!(reviewed["title"], "Les Pluies");
    assert_eq!(reviewed["contracts"], Value::Null);
    assert_eq!(reviewed["organization"]["members"], Value::Null);
}

#[tokio::test]
async fn steps_are_for_those_whose_they_are() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.draft(AUTHOR, &baobab, "Les Pluies").await;
    let file = house.uploaded(&manuscript, AUTHOR, 1, &[]).await;
    house.add_version(AUTHOR, &manuscript, file).await;
    let stranger = house
        .step(&house.author(RIVAL), "submitManuscript", &manuscript)
        .await;
    assert_eq!(stranger["errors"][0]["code"], "NOT_FOUND");
    assert_eq!(stranger["manuscript"], Value::Null);
    house
        .step(&house.author(AUTHOR), "submitManuscript", &manuscript)
        .await;
    let step = "mutation($i: ManuscriptStepInput!) { FIELD(input: $i) { errors { code } } }";
    let variables = json!({ "i": { "manuscriptId": manuscript["id"] } });
    let approve = step.replace("FIELD", "startManuscriptReview");
    let author = house
        .author(AUTHOR)
        .run_with(&approve, variables.clone())
        .await;
    assert_eq!(author.codes(), ["FORBIDDEN"]);
    let recall = step.replace("FIELD", "recallManuscript");
    let reviewer = house.reviewer().run_with(&recall, variables.clone()).await;
    assert_eq!(reviewer.codes(), ["FORBIDDEN"]);
    let guest = house.guest().run_with(&recall, variables).await;
    assert_eq!(guest.codes(), ["UNAUTHENTICATED"]);
    for (query, code) in [
        ("{ royaltyAccounts { payee { id } } }", "FORBIDDEN"),
        ("{ requestedPayouts { nodes { id } } }", "FORBIDDEN"),
        ("{ reviewQueue { nodes { id } } }", "FORBIDDEN"),
    ] {
        assert_eq!(house.client(READER, &[]).run(query).await.codes(), [code]);
    }
}

#[tokio::test]
async fn an_organisation_keeps_an_owner() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let set = "mutation($i: SetOrganizationMemberInput!) { setOrganizationMember(input: $i) { organization { members { user { id } role } } errors { code } } }";
    let input = |user: uuid::Uuid, role: Value| json!({ "i": { "organizationId": baobab, "userId": user, "role": role } });
    let author = house.author(AUTHOR);
    let code = async |user: uuid::Uuid, role: Value| -> Value {
        let answer = author.run_with(set, input(user, role)).await;
        answer.ok()["setOrganizationMember"]["errors"][0]["code"].clone()
    };
    assert_eq!(code(AUTHOR, Value::Null).await, "LAST_OWNER");
    assert_eq!(code(AUTHOR, json!("EDITOR")).await, "LAST_OWNER");
    assert_eq!(
        code(uuid::Uuid::from_u128(404), json!("EDITOR")).await,
        "UNKNOWN_USER"
    );
    assert_eq!(code(RIVAL, json!("FINANCE")).await, Value::Null);
    // Whoever looks after the money does not write.
    let query =
        "mutation($i: CreateManuscriptInput!) { createManuscript(input: $i) { errors { code } } }";
    let draft =
        json!({ "i": { "organizationId": baobab, "details": crate::support::details("X") } });
    let rival = house.author(RIVAL).run_with(query, draft).await;
    assert_eq!(rival.codes(), ["FORBIDDEN"]);
    let mut same = json!({ "i": { "kind": "AUTHOR", "name": "BAOBAB" } });
    let create = "mutation($i: CreatePublishingOrganizationInput!) { createPublishingOrganization(input: $i) { errors { code } } }";
    let taken = house.author(RIVAL).run_with(create, same.clone()).await;
    assert_eq!(
        taken.ok()["createPublishingOrganization"]["errors"][0]["code"],
        "NAME_TAKEN"
    );
    same["i"]["country"] = json!("Senegal");
    let wrong = house.author(RIVAL).run_with(create, same).await;
    assert_eq!(
        wrong.ok()["createPublishingOrganization"]["errors"][0]["code"],
        "INVALID_COUNTRY"
    );
}

#[tokio::test]
async fn whoever_leaves_is_forgotten_and_the_books_stay() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.published(AUTHOR, &baobab, "Les Pluies").await;
    house.tell(&house.purchase(&manuscript, 1, 2000)).await;
    for user in [AUTHOR, REVIEWER, READER] {
        let deleted = UserDeleted {
            user_id: user,
            deleted_at: house.now(),
        };
        house.tell(&deleted).await;
    }
    for table in [
        "members WHERE user_id",
        "readers WHERE user_id",
        "manuscript_notes WHERE author_id",
    ] {
        let left =
            format!("SELECT '1' AS line FROM {table} IN ('{AUTHOR}', '{REVIEWER}', '{READER}')");
        assert!(house.lines(&left).await.is_empty(), "{table}");
    }
    assert_eq!(house.balance(&baobab).await, "1400|0");
    house.assert_balanced().await;
}

#[tokio::test]
async fn what_nobody_is_left_to_publish_goes() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let published = house.published(AUTHOR, &baobab, "Les Pluies").await;
    let draft = house.draft(AUTHOR, &baobab, "Le tiroir").await;
    let file = house.uploaded(&draft, AUTHOR, 77, &[]).await;
    house.add_version(AUTHOR, &draft, file).await;
    let alone = house.organization(AUTHOR, "Seule").await;
    house.draft(AUTHOR, &alone, "Jamais").await;
    let others = house.organization(RIVAL, "Rivale").await;
    house.draft(RIVAL, &others, "La mienne").await;
    let comment = "mutation($i: CommentManuscriptInput!) { commentManuscript(input: $i) { errors { code } } }";
    let said = json!({ "i": { "manuscriptId": published["id"], "body": "Mes mots" } });
    house.author(AUTHOR).run_with(comment, said).await.ok();
    let mine = "SELECT body AS line FROM manuscript_notes WHERE body = 'Mes mots'";
    assert_eq!(house.lines(mine).await.len(), 1);
    let deleted = UserDeleted {
        user_id: AUTHOR,
        deleted_at: house.now(),
    };
    house.tell(&deleted).await;
    assert!(house.lines(mine).await.is_empty());
    let titles = "SELECT title AS line FROM manuscripts ORDER BY title";
    assert_eq!(house.lines(titles).await, ["La mienne", "Les Pluies"]);
    let names = "SELECT name AS line FROM organizations ORDER BY name";
    assert_eq!(house.lines(names).await, ["Baobab", "Rivale"]);
    let discarded = house.said("manuscript.discarded").await;
    assert_eq!(discarded.len(), 2);
    assert!(
        discarded
            .iter()
            .any(|event| event["book_id"] == draft["bookId"])
    );
}
