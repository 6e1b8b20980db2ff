//! What somebody does in every domain, each with a word of theirs by which it is found again.

use coko_core::clock::Clock;
use coko_core::ids::Entropy;
use coko_tests::{Account, Client, Stack};
use diesel_async::RunQueryDsl as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::admin::mutate;
use crate::publication::{begun, sold, step, written};
use crate::purchase::bought;
use crate::upload::{run, tus};
use crate::{count, eventually};

const PHONE: Uuid = Uuid::from_u128(0xcccc_0001);

const PUSH: &str = "mutation($i: PushChangesInput!) { pushChanges(input: $i) { results { outcome error { code } } } }";

/// What the person writes somewhere, each with a word that is theirs alone, and which domain's part of the copy holds it.
pub(super) const WRITTEN: [(&str, &str); 16] = [
    ("quote", "reading"),
    ("margin", "reading"),
    ("tablet", "reading"),
    ("verdict", "community"),
    ("heading", "community"),
    ("question", "community"),
    ("answer", "community"),
    ("complaint", "community"),
    ("circle", "community"),
    ("draftfile", "file"),
    ("textfile", "file"),
    ("remark", "publication"),
    ("drawer", "publication"),
    ("house", "publication"),
    ("handset", "notification"),
    ("dossier", "admin"),
];

/// Further words: a piece of an upload, what their programs call themselves, what is new in a text, and why an operator looked.
const OTHERS: [&str; 4] = ["piece", "browser", "novelty", "ticket"];

/// Somebody, and the words by which what is theirs is found.
pub(super) struct Person {
    pub(super) account: Account,
    pub(super) client: Client,
    pub(super) id: String,
    digits: String,
    pub(super) phone: String,
}

impl Person {
    /// Their word for a thing of theirs.
    pub(super) fn word(&self, what: &str) -> String {
        format!("{what}{}", self.digits)
    }

    pub(super) fn name(&self) -> String {
        self.word("sokhna")
    }

    /// Every word: of what they wrote, their name, their address and their number.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = WRITTEN.iter().map(|(what, _)| self.word(what)).collect();
        words.extend(OTHERS.iter().map(|what| self.word(what)));
        words.push(self.name());
        words.push(self.account.email.split('@').next().unwrap().to_owned());
        words.push(self.phone.trim_start_matches('+').to_owned());
        words
    }
}

/// Waits until the table of the domain has this many rows.
async fn kept(stack: &Stack, domain: &str, table: &str, least: i64) {
    let pool = stack.pool(domain).unwrap();
    eventually(&format!("{domain}'s {table}"), async || {
        let sql = format!("SELECT count(*) AS count FROM {table}");
        (count(&pool, &sql).await? >= least).then_some(())
    })
    .await;
}

/// Gives the account a phone number, by the code that is sent there.
async fn gives_number(stack: &Stack, client: &Client, phone: &str) {
    let asked = ("requestPhoneCode", "RequestPhoneCodeInput");
    mutate(client, asked, "expiresAt", json!({ "phone": phone })).await;
    let code = eventually("the code", async || {
        let texts = stack.texts(phone);
        let mut runs = texts.last()?.split(|c: char| !c.is_ascii_digit());
        runs.find(|run| run.len() == 6).map(str::to_owned)
    })
    .await;
    let input = json!({ "phone": phone, "code": code });
    mutate(
        client,
        ("confirmPhone", "ConfirmPhoneInput"),
        "user { id }",
        input,
    )
    .await;
}

/// They finish the book, and note something in it.
async fn reads(person: &Person, book: &Value) {
    let at = Clock::system().now().format(&Rfc3339).unwrap();
    let locator = json!({
        "href": "text/ch1.xhtml", "type": "application/xhtml+xml",
        "locations": { "totalProgression": 1.0 },
    });
    let note = Entropy::system().uuid(Clock::system().now());
    let annotation = json!({
        "id": note, "bookId": book, "kind": "HIGHLIGHT", "locator": locator,
        "quote": person.word("quote"), "note": person.word("margin"),
    });
    let changes = json!([
        { "at": at, "progress": { "bookId": book, "locator": locator } },
        { "at": at, "annotation": annotation },
    ]);
    let input = json!({ "i": { "deviceId": PHONE, "changes": changes } });
    let answer = person.client.run_with(PUSH, input).await.unwrap();
    for result in answer.ok()["pushChanges"]["results"].as_array().unwrap() {
        assert_eq!(result["outcome"], "APPLIED", "{answer:?}");
    }
    let licence = json!({ "bookId": book, "deviceId": PHONE, "deviceName": person.word("tablet") });
    let field = ("issueOfflineLicense", "IssueOfflineLicenseInput");
    mutate(&person.client, field, "__typename", licence).await;
}

/// They open a topic that somebody answers; two days later they may open another.
async fn asks(stack: &Stack, person: &Person, other: &Client, forum: &Value) {
    let input = json!({
        "forumId": forum, "title": person.word("question"), "text": person.word("question"),
        "idempotencyKey": "q",
    });
    let open = ("createTopic", "CreateTopicInput");
    let mine = mutate(&person.client, open, "topic { id }", input).await["topic"].clone();
    let input = json!({ "topicId": mine["id"], "text": "Tout.", "idempotencyKey": "q" });
    let answer = ("createPost", "CreatePostInput");
    mutate(other, answer, "post { id }", input).await;
    let sql = format!(
        "UPDATE topics SET created_at = created_at - interval '2 days' WHERE author_id = '{}'",
        person.id
    );
    let pool = stack.pool("community").unwrap();
    let mut connection = pool.get().await.unwrap();
    let changed = diesel::sql_query(sql).execute(&mut connection).await;
    assert_eq!(changed.unwrap(), 1);
}

/// They review, ask, open a topic that nobody answers, answer somebody else's, report it, and found a club.
async fn talks(stack: &Stack, person: &Person, other: &Client, book: &Value) {
    let client = &person.client;
    let input = json!({ "bookId": book, "halfStars": 9, "text": person.word("verdict") });
    mutate(
        client,
        ("saveReview", "SaveReviewInput"),
        "review { id }",
        input,
    )
    .await;
    let forums = client.run("{ forums { id } }").await.unwrap();
    let forum = forums.ok()["forums"][0]["id"].clone();
    asks(stack, person, other, &forum).await;
    let open = ("createTopic", "CreateTopicInput");
    let input = json!({
        "forumId": forum, "title": person.word("heading"), "text": person.word("heading"),
        "idempotencyKey": "t",
    });
    mutate(client, open, "topic { id }", input).await;
    let input = json!({
        "forumId": forum, "title": "Bienvenue", "text": "Que lisez-vous ?", "idempotencyKey": "t",
    });
    let fields = "topic { id posts { nodes { id } } }";
    let theirs = mutate(other, open, fields, input).await["topic"].clone();
    let input = json!({
        "topicId": theirs["id"], "text": person.word("answer"), "idempotencyKey": "p",
    });
    mutate(
        client,
        ("createPost", "CreatePostInput"),
        "post { id }",
        input,
    )
    .await;
    let input = json!({
        "kind": "POST", "contentId": theirs["posts"]["nodes"][0]["id"], "reason": "OTHER",
        "note": person.word("complaint"),
    });
    let report = ("reportContent", "ReportContentInput");
    mutate(client, report, "reported", input).await;
    let input = json!({
        "name": person.word("circle"), "description": person.word("circle"), "access": "OPEN",
        "idempotencyKey": "c",
    });
    mutate(
        client,
        ("createClub", "CreateClubInput"),
        "club { id }",
        input,
    )
    .await;
}

/// Their manuscript becomes a book that somebody buys, of which they get their part; another text is on its way.
async fn writes(stack: &Stack, person: &Person) {
    let author = &person.client;
    let (_, manuscript) = begun(author).await;
    let id = &manuscript["id"];
    let name = format!("{}.epub", person.word("textfile"));
    let notes = person.word("novelty");
    written(stack, author, &manuscript, (&name, &notes)).await;
    let input = json!({ "manuscriptId": id, "body": person.word("remark") });
    let comment = ("commentManuscript", "CommentManuscriptInput");
    mutate(author, comment, "__typename", input).await;
    let input = json!({
        "manuscriptId": id, "parties": [{ "payeeId": person.id, "kind": "USER", "share": 10000 }],
    });
    let agree = ("createPublishingContract", "CreatePublishingContractInput");
    mutate(author, agree, "manuscript { id }", input).await;
    let reviewer = stack.staff("Relecteur", &["moderator"]).await.unwrap();
    step(author, "submitManuscript", id).await;
    step(&reviewer, "startManuscriptReview", id).await;
    step(&reviewer, "approveManuscript", id).await;
    step(author, "schedulePublication", id).await;
    let (_, buyer) = stack.sign_up("Ndeye").await.unwrap();
    sold(&buyer, &manuscript["bookId"]).await;
    kept(stack, "publication", "accruals", 1).await;

    drafts(person).await;
    let draft = json!({ "title": "Le tiroir", "language": "fr" });
    let create = ("createBook", "CreateBookInput");
    mutate(author, create, "book { id }", draft).await;
    // Half an upload: its piece lies in the storage as it came.
    let piece = person.word("piece").into_bytes();
    let input = json!({
        "kind": "EPUB", "name": format!("{}.epub", person.word("draftfile")),
        "mediaType": "application/epub+zip", "byteSize": piece.len() * 2,
        "sha256": hex::encode(Sha256::digest(&piece)), "bookId": manuscript["bookId"],
    });
    let announced = run(author, "Upload", json!({ "input": input })).await;
    assert_eq!(announced["errors"], json!([]), "{announced}");
    let url = announced["uploadUrl"].as_str().unwrap();
    let sent = tus(stack, Method::PATCH, url, 0, piece).await;
    assert_eq!(sent.status(), StatusCode::NO_CONTENT);
}

/// They have a house of their own, with a text that nobody has seen.
async fn drafts(person: &Person) {
    let input = json!({ "kind": "AUTHOR", "name": person.word("house"), "country": "SN" });
    let found = (
        "createPublishingOrganization",
        "CreatePublishingOrganizationInput",
    );
    let made = mutate(&person.client, found, "organization { id }", input).await;
    let details = json!({
        "title": person.word("drawer"), "description": person.word("drawer"), "language": "fr",
        "authors": [person.name()], "prices": [{ "amount": 2000, "currency": "XOF" }],
    });
    let input = json!({ "organizationId": made["organization"]["id"], "details": details });
    let begin = ("createManuscript", "CreateManuscriptInput");
    mutate(&person.client, begin, "manuscript { id }", input).await;
}

/// They change what they are called, and an operator looks why that does not show.
async fn is_helped(person: &Person, operator: &Client) {
    let input = json!({ "displayName": format!("{} Ndiaye", person.name()) });
    let update = ("updateProfile", "UpdateProfileInput");
    mutate(&person.client, update, "__typename", input).await;
    let input = json!({ "userId": person.id, "reason": person.word("ticket"), "minutes": 5 });
    let look = ("impersonateUser", "ImpersonateUserInput");
    mutate(operator, look, "__typename", input).await;
}

/// A person with something in every domain.
pub(super) async fn lives(stack: &Stack) -> Person {
    let digits = Entropy::system().digits(9);
    let purchase = bought(stack, &format!("Sokhna{digits}")).await;
    let me = purchase.reader.run("{ me { id } }").await.unwrap();
    let id = me.ok()["me"]["id"].as_str().unwrap().to_owned();
    let (admin, book) = (purchase.admin, &purchase.book["id"]);
    let role = json!({ "userId": id, "role": "author" });
    let grant = ("grantRole", "GrantRoleInput");
    mutate(&admin, grant, "__typename", role).await;
    // What they were before has ended with the role.
    let client = stack.sign_in(&purchase.account).await.unwrap();
    let person = Person {
        client: client.with_agent(&format!("browser{digits}")),
        account: purchase.account,
        id,
        phone: format!("+22177{}", Entropy::system().digits(7)),
        digits,
    };
    gives_number(stack, &person.client, &person.phone).await;
    let input = json!({
        "token": format!("installation:{}", person.word("token")), "platform": "ANDROID", "name": person.word("handset"),
    });
    let register = ("registerDevice", "RegisterDeviceInput");
    mutate(&person.client, register, "__typename", input).await;
    reads(&person, book).await;
    talks(stack, &person, &admin, book).await;
    writes(stack, &person).await;
    let input = json!({ "signals": [{ "bookId": book, "kind": "NEGATIVE" }] });
    let query = "mutation($i: RecordFeedbackInput!) { recordFeedback(input: $i) { recorded } }";
    eventually("the feedback", async || {
        let answer = person.client.run_with(query, json!({ "i": input })).await;
        (answer.unwrap().ok()["recordFeedback"]["recorded"] == 1).then_some(())
    })
    .await;
    let note = json!({ "userId": person.id, "text": person.word("dossier") });
    let add = ("addOperatorNote", "AddOperatorNoteInput");
    mutate(&admin, add, "__typename", note).await;
    is_helped(&person, &admin).await;
    for (domain, table) in [
        ("gamification", "ledger"),
        ("notification", "notifications"),
    ] {
        let theirs = format!("{table} WHERE user_id = '{}'", person.id);
        kept(stack, domain, &theirs, 3).await;
    }
    person
}
