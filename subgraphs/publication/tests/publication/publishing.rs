//! The way to readers: steps, who takes them, what is refused and with what.

use coko_core::events::publication::PublicationPublished;
use coko_core::testkit::GraphqlClient;
use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;

use crate::support::{AUTHOR, House, RIVAL, details};

fn codes(payload: &Value) -> Vec<&str> {
    let errors = payload["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| error["code"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_manuscript_goes_all_the_way() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Éditions du Baobab").await;
    let manuscript = house.draft(AUTHOR, &baobab, "Les Pluies").await;
    let (author, reviewer) = (house.author(AUTHOR), house.reviewer());

    // Without a text there is nothing to submit; a text with errors is shown to be one.
    let refused = house.step(&author, "submitManuscript", &manuscript).await;
    assert_eq!(codes(&refused), ["NO_VERSION"]);
    assert_eq!(refused["allowed"], json!(["SUBMITTED"]));
    let file = house
        .uploaded(&manuscript, AUTHOR, 1, &[("ERROR", "missing-title")])
        .await;
    let added = house.add_version(AUTHOR, &manuscript, file).await;
    let report = json!({ "hasErrors": true, "findings": [{ "severity": "ERROR", "code": "missing-title" }] });
    assert_eq!(added["version"]["file"], report);
    let refused = house.step(&author, "submitManuscript", &manuscript).await;
    assert_eq!(codes(&refused), ["FILE_HAS_ERRORS"]);
    let file = house
        .uploaded(&manuscript, AUTHOR, 2, &[("WARNING", "missing-cover")])
        .await;
    let added = house.add_version(AUTHOR, &manuscript, file).await;
    assert_eq!(added["version"]["number"], 2);
    let submitted = house.step(&author, "submitManuscript", &manuscript).await;
    assert_eq!(submitted["manuscript"]["status"], "SUBMITTED");
    assert_eq!(house.said("manuscript.submitted").await[0]["version"], 2);

    // What is under way stays as it is.
    let late = house.add_version(AUTHOR, &manuscript, file).await;
    assert_eq!(codes(&late), ["ILLEGAL_STATUS"]);
    let queue = "{ reviewQueue(first: 5) { nodes { id status } } }";
    let waiting = reviewer.run(queue).await;
    assert_eq!(
        waiting.ok()["reviewQueue"]["nodes"][0]["id"],
        manuscript["id"]
    );

    house
        .step(&reviewer, "startManuscriptReview", &manuscript)
        .await;
    let silent = house
        .step(&reviewer, "requestManuscriptChanges", &manuscript)
        .await;
    assert_eq!(codes(&silent), ["COMMENT_REQUIRED"]);
    let input = json!({ "manuscriptId": manuscript["id"], "comment": "Le chapitre 3 se répète." });
    let asked = house
        .step_with(&reviewer, "requestManuscriptChanges", input)
        .await;
    assert_eq!(asked["manuscript"]["status"], "CHANGES_REQUESTED");
    for (client, field) in [
        (&author, "submitManuscript"),
        (&reviewer, "startManuscriptReview"),
        (&reviewer, "approveManuscript"),
    ] {
        assert!(codes(&house.step(client, field, &manuscript).await).is_empty());
    }
    let illegal = house.step(&author, "submitManuscript", &manuscript).await;
    assert_eq!(codes(&illegal), ["ILLEGAL_TRANSITION"]);
    assert_eq!(illegal["allowed"], json!(["SCHEDULED"]));

    let at = house.now() + Duration::days(2);
    let when = at.format(&Rfc3339).unwrap();
    let input = json!({ "manuscriptId": manuscript["id"], "publishAt": when });
    let scheduled = house.step_with(&author, "schedulePublication", input).await;
    assert_eq!(scheduled["manuscript"]["status"], "SCHEDULED");
    assert!(house.said("publication.published").await.is_empty());
    house.advance(Duration::days(2));
    house
        .working("the publication", async || {
            !house.said("publication.published").await.is_empty()
        })
        .await;
    let said = house.said("publication.published").await;
    assert_eq!(said.len(), 1);
    let said: PublicationPublished = serde_json::from_value(said[0].clone()).unwrap();
    assert_eq!(json!(said.book_id), manuscript["bookId"]);
    assert_eq!(said.publisher.as_deref(), Some("Éditions du Baobab"));
    assert_eq!((said.page_count, said.revision), (Some(120), 1));

    let author = house.author(AUTHOR);
    let withdrawn = house
        .step(&author, "withdrawPublication", &manuscript)
        .await;
    assert_eq!(withdrawn["manuscript"]["status"], "WITHDRAWN");
    assert_eq!(house.said("publication.withdrawn").await[0]["revision"], 2);
    let reopened = house.step(&author, "reopenManuscript", &manuscript).await;
    assert_eq!(reopened["manuscript"]["status"], "DRAFT");
    let notes = "query($id: ID!) { manuscriptNotes(manuscriptId: $id, first: 50) { nodes { status body author { id } } } }";
    let notes = author
        .run_with(notes, json!({ "id": manuscript["id"] }))
        .await;
    let notes = notes.ok()["manuscriptNotes"]["nodes"].as_array().unwrap();
    assert_eq!(notes.len(), 10);
    assert!(
        notes
            .iter()
            .any(|note| note["body"] == "Le chapitre 3 se répète.")
    );
}

#[tokio::test]
async fn two_workers_publish_once() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.draft(AUTHOR, &baobab, "Les Pluies").await;
    let due = format!(
        "UPDATE manuscripts SET status = 'SCHEDULED', publish_at = '2027-01-15T11:00:00Z' WHERE id = '{}'",
        manuscript["id"].as_str().unwrap()
    );
    house.execute(&due).await;
    let stop = tokio_util::sync::CancellationToken::new();
    for _ in 0..3 {
        for task in &house.service.tasks {
            if task.name() == "publication timers" {
                tokio::spawn(task.run(stop.clone()));
            }
        }
    }
    house
        .working("the publication", async || {
            !house.said("publication.published").await.is_empty()
        })
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    stop.cancel();
    assert_eq!(house.said("publication.published").await.len(), 1);
}

#[tokio::test]
async fn nobody_reviews_their_own() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.draft(AUTHOR, &baobab, "Les Pluies").await;
    let file = house.uploaded(&manuscript, AUTHOR, 1, &[]).await;
    house.add_version(AUTHOR, &manuscript, file).await;
    let both = house.client(AUTHOR, &["books:publish", "books:update"]);
    house.step(&both, "submitManuscript", &manuscript).await;
    // A token that can do less does not make them somebody else.
    let narrowed = house.client(AUTHOR, &["books:update"]);
    for client in [both, narrowed] {
        let refused = house
            .step(&client, "startManuscriptReview", &manuscript)
            .await;
        assert_eq!(codes(&refused), ["OWN_WORK"]);
    }
}

#[tokio::test]
async fn who_has_a_part_in_a_work_does_not_review_it() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.draft(AUTHOR, &baobab, "Les Pluies").await;
    let file = house.uploaded(&manuscript, AUTHOR, 1, &[]).await;
    house.add_version(AUTHOR, &manuscript, file).await;
    house
        .step(&house.author(AUTHOR), "submitManuscript", &manuscript)
        .await;
    // Whoever began it and left has begun it all the same.
    let left = format!("DELETE FROM members WHERE user_id = '{AUTHOR}'");
    house.execute(&left).await;
    let review = async |client: GraphqlClient| {
        let taken = house
            .step(&client, "startManuscriptReview", &manuscript)
            .await;
        codes(&taken).join(" ")
    };
    let rights = ["books:publish", "books:update"];
    assert_eq!(review(house.client(AUTHOR, &rights)).await, "OWN_WORK");
    // Nor is it for those to say who earn by it.
    let agreed = format!(
        "INSERT INTO contracts VALUES (gen_random_uuid(), '{}', '[]', '2027-01-15', NULL, 3000, '{AUTHOR}', now());
         INSERT INTO contract_parties SELECT id, 0, '{RIVAL}'::uuid, 'USER', 10000 FROM contracts",
        manuscript["id"].as_str().unwrap()
    );
    house.execute(&agreed).await;
    assert_eq!(review(house.client(RIVAL, &rights)).await, "OWN_WORK");
    assert_eq!(review(house.reviewer()).await, "");
}

#[tokio::test]
async fn only_members_files_belong_to_a_manuscript() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.draft(AUTHOR, &baobab, "Les Pluies").await;
    let file = house.uploaded(&manuscript, RIVAL, 1, &[]).await;
    let refused = house.add_version(AUTHOR, &manuscript, file).await;
    assert_eq!(codes(&refused), ["FILE_UNKNOWN"]);
    let other = house.draft(AUTHOR, &baobab, "Autre").await;
    let file = house.uploaded(&other, AUTHOR, 2, &[]).await;
    let refused = house.add_version(AUTHOR, &manuscript, file).await;
    assert_eq!(codes(&refused), ["FILE_UNKNOWN"]);
}

#[tokio::test]
async fn an_edit_of_another_version_is_refused() {
    let house = House::new().await;
    let baobab = house.organization(AUTHOR, "Baobab").await;
    let manuscript = house.draft(AUTHOR, &baobab, "Les Pluies").await;
    let query = "mutation($i: UpdateManuscriptInput!) { updateManuscript(input: $i) { manuscript { version title } errors { field code } } }";
    let input = |version: &Value, title: &str| json!({ "i": { "manuscriptId": manuscript["id"], "version": version, "details": details(title) } });
    let author = house.author(AUTHOR);
    let first = author
        .run_with(query, input(&manuscript["version"], "Les Vents"))
        .await;
    assert_eq!(
        first.ok()["updateManuscript"]["manuscript"]["title"],
        "Les Vents"
    );
    let second = author
        .run_with(query, input(&manuscript["version"], "Trop tard"))
        .await;
    assert_eq!(
        codes(&second.ok()["updateManuscript"]),
        ["VERSION_CONFLICT"]
    );
    let mut hostile = input(&json!(2), "\u{202e}x");
    hostile["i"]["details"]["language"] = json!("<script>");
    let third = author.run_with(query, hostile).await;
    assert_eq!(
        codes(&third.ok()["updateManuscript"]),
        ["CONTROL_CHARACTERS", "INVALID_LANGUAGE"]
    );
}
