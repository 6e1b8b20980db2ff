//! What editors do: every mutation with its refusals, who may do it, and what is said of it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Catalogue, author, codes, create, publish, try_create};

const UPDATE: &str = "mutation($i: UpdateBookInput!) { updateBook(input: $i) { book { id title version subtitle isbn publicationDate { value } categories { slug } contributors { role } } errors { field code message } } }";
const PRICES: &str = "mutation($i: SetBookPricesInput!) { setBookPrices(input: $i) { book { version prices { amount currency } } errors { field code } } }";

#[tokio::test]
async fn a_book_lives_from_draft_to_deletion_and_says_so() {
    let catalogue = Catalogue::new().await;
    let client = catalogue.publisher();
    let draft = catalogue
        .draft(&client, "Les Soleils des indépendances")
        .await;
    assert_eq!(
        (&draft["status"], &draft["slug"]),
        (&json!("DRAFT"), &json!("les-soleils-des-independances"))
    );
    assert!(catalogue.events().await.is_empty());
    let book = publish(&client, &draft).await;
    assert_eq!(book["status"], "PUBLISHED");
    let answer = client.run_with(UPDATE, json!({ "i": { "id": book["id"], "version": book["version"], "subtitle": "Roman", "publicationDate": "1968" } })).await;
    let updated = answer.ok()["updateBook"]["book"].clone();
    assert_eq!(
        (&updated["subtitle"], &updated["publicationDate"]["value"]),
        (&json!("Roman"), &json!("1968"))
    );
    let answer = client.run_with(PRICES, json!({ "i": { "id": book["id"], "version": updated["version"], "prices": [{ "amount": 1500, "currency": "XOF" }, { "amount": 229, "currency": "EUR" }] } })).await;
    let priced = answer.ok()["setBookPrices"]["book"].clone();
    assert_eq!(
        priced["prices"],
        json!([{ "amount": 1500, "currency": "XOF" }, { "amount": 229, "currency": "EUR" }])
    );
    let withdraw = "mutation($i: WithdrawBookInput!) { withdrawBook(input: $i) { book { status version } errors { code } } }";
    let answer = client
        .run_with(
            withdraw,
            json!({ "i": { "id": book["id"], "version": priced["version"] } }),
        )
        .await;
    let withdrawn = answer.ok()["withdrawBook"]["book"].clone();
    assert_eq!(withdrawn["status"], "WITHDRAWN");
    let again = client
        .run_with(
            withdraw,
            json!({ "i": { "id": book["id"], "version": withdrawn["version"] } }),
        )
        .await;
    assert_eq!(codes(&again.ok()["withdrawBook"]), ["ILLEGAL_STATUS"]);
    let delete =
        "mutation($i: DeleteBookInput!) { deleteBook(input: $i) { deletedId errors { code } } }";
    let answer = client
        .run_with(
            delete,
            json!({ "i": { "id": book["id"], "version": withdrawn["version"] } }),
        )
        .await;
    assert_eq!(answer.ok()["deleteBook"]["deletedId"], book["id"]);
    let again = client
        .run_with(
            delete,
            json!({ "i": { "id": book["id"], "version": withdrawn["version"] } }),
        )
        .await;
    assert_eq!(codes(&again.ok()["deleteBook"]), ["NOT_FOUND"]);
    assert_eq!(
        catalogue.events().await,
        [
            "book.published",
            "book.updated",
            "book.updated",
            "book.withdrawn",
            "book.withdrawn"
        ]
    );
    assert_eq!(
        catalogue
            .number("SELECT count(*) AS number FROM book_search")
            .await,
        0
    );
    let state = catalogue.lines("SELECT event->'data'->>'prices' AS line FROM outbox ORDER BY sequence OFFSET 2 LIMIT 1").await;
    assert_eq!(
        serde_json::from_str::<Value>(&state[0]).unwrap(),
        json!([{ "amount": 1500, "currency": "XOF" }, { "amount": 229, "currency": "EUR" }])
    );
}

#[tokio::test]
async fn bad_input_is_refused_field_by_field_and_nothing_is_written() {
    let catalogue = Catalogue::new().await;
    let admin = catalogue.admin();
    let good = author(&admin, "Good Author").await;
    let nobody = Uuid::from_u128(1).to_string();
    for (change, field, code) in [
        (json!({ "title": "" }), "title", "REQUIRED"),
        (json!({ "title": "x".repeat(301) }), "title", "TOO_LONG"),
        (json!({ "title": "a\u{7}b" }), "title", "CONTROL_CHARACTERS"),
        (
            json!({ "title": "a\u{202e}b" }),
            "title",
            "CONTROL_CHARACTERS",
        ),
        (
            json!({ "description": "x".repeat(10_001) }),
            "description",
            "TOO_LONG",
        ),
        (
            json!({ "isbn": "978-0-439-02348-2" }),
            "isbn",
            "INVALID_ISBN",
        ),
        (
            json!({ "language": "klingon language" }),
            "language",
            "INVALID_LANGUAGE",
        ),
        (
            json!({ "publicationDate": "soon" }),
            "publicationDate",
            "INVALID_DATE",
        ),
        (json!({ "pageCount": -1 }), "pageCount", "OUT_OF_RANGE"),
        (json!({ "slug": "Not A Slug" }), "slug", "INVALID_SLUG"),
        (
            json!({ "sampleUrl": "javascript:alert(1)" }),
            "sampleUrl",
            "INVALID_URL",
        ),
        (
            json!({ "sampleUrl": "http://plain.example" }),
            "sampleUrl",
            "INVALID_URL",
        ),
        (json!({ "metadata": [1] }), "metadata", "OUT_OF_RANGE"),
        (
            json!({ "metadata": { "x": "y".repeat(20_000) } }),
            "metadata",
            "TOO_LONG",
        ),
        (
            json!({ "prices": [{ "amount": -1, "currency": "XOF" }] }),
            "prices.0.amount",
            "NEGATIVE_PRICE",
        ),
        (
            json!({ "prices": [{ "amount": 1, "currency": "XOF" }, { "amount": 2, "currency": "XOF" }] }),
            "prices.1.currency",
            "DUPLICATE",
        ),
        (
            json!({ "prices": [{ "amount": 1, "currency": "XOF" }], "isFree": true }),
            "prices.0.amount",
            "FREE_WITH_PRICE",
        ),
        (
            json!({ "prices": [{ "amount": 2_000_000_000, "currency": "XOF" }] }),
            "prices.0.amount",
            "OUT_OF_RANGE",
        ),
        (
            json!({ "categoryIds": [nobody] }),
            "categoryIds.0",
            "UNKNOWN_CATEGORY",
        ),
        (
            json!({ "categoryIds": ["nonsense"] }),
            "categoryIds.0",
            "UNKNOWN_CATEGORY",
        ),
        (
            json!({ "contributors": [{ "authorId": nobody }] }),
            "contributors.0.authorId",
            "UNKNOWN_AUTHOR",
        ),
        (
            json!({ "contributors": [{ "authorId": good }, { "authorId": good }] }),
            "contributors",
            "DUPLICATE",
        ),
        (
            json!({ "publisherId": nobody }),
            "publisherId",
            "UNKNOWN_PUBLISHER",
        ),
        (
            json!({ "series": { "seriesId": nobody } }),
            "series.seriesId",
            "UNKNOWN_SERIES",
        ),
        (
            json!({ "series": { "seriesId": nobody, "position": -2 } }),
            "series.position",
            "OUT_OF_RANGE",
        ),
    ] {
        let mut input = json!({ "title": "Un titre", "language": "fr" });
        for (name, value) in change.as_object().unwrap() {
            input[name] = value.clone();
        }
        let payload = try_create(&admin, input).await;
        assert_eq!(payload["book"], json!(null));
        assert_eq!(
            (
                &payload["errors"][0]["field"],
                &payload["errors"][0]["code"]
            ),
            (&json!(field), &json!(code)),
            "{change} {payload}"
        );
        assert!(
            !payload["errors"][0]["message"]
                .as_str()
                .unwrap()
                .starts_with("catalog-")
        );
    }
    let several = try_create(&admin, json!({ "title": "", "language": "", "isbn": "1" })).await;
    assert_eq!(
        codes(&several),
        ["REQUIRED", "INVALID_ISBN", "INVALID_LANGUAGE"]
    );
    let unknown = admin.run(r#"mutation { createBook(input: { title: "x", language: "fr", prices: [{ amount: 1, currency: GBP }] }) { book { id } } }"#).await;
    assert!(!unknown.codes().is_empty());
    assert_eq!(
        catalogue
            .number("SELECT count(*) AS number FROM books")
            .await,
        0
    );
}

#[tokio::test]
async fn hostile_texts_are_only_texts() {
    let catalogue = Catalogue::new().await;
    let admin = catalogue.admin();
    for text in [
        "'); DROP TABLE books; --",
        "<img src=x onerror=alert(1)>",
        "{{7*7}} ${7*7} %s %n",
        "= 1 + 1",
    ] {
        let book = create(
            &admin,
            json!({ "title": text, "language": "fr", "description": text }),
        )
        .await;
        assert_eq!(book["title"], text);
    }
    assert_eq!(
        catalogue
            .number("SELECT count(*) AS number FROM books")
            .await,
        4
    );
}

#[tokio::test]
async fn isbns_and_chosen_slugs_are_unique_and_made_slugs_become_so() {
    let catalogue = Catalogue::new().await;
    let admin = catalogue.admin();
    let first = create(
        &admin,
        json!({ "title": "Même titre", "language": "fr", "isbn": "0-439-02348-3" }),
    )
    .await;
    assert_eq!(first["isbn"], "9780439023481");
    let same = try_create(
        &admin,
        json!({ "title": "Autre", "language": "fr", "isbn": "9780439023481" }),
    )
    .await;
    assert_eq!(codes(&same), ["ISBN_TAKEN"]);
    let same = try_create(
        &admin,
        json!({ "title": "Autre", "language": "fr", "slug": "meme-titre" }),
    )
    .await;
    assert_eq!(codes(&same), ["SLUG_TAKEN"]);
    let second = create(&admin, json!({ "title": "Même titre", "language": "fr" })).await;
    assert!(
        second["slug"].as_str().unwrap().starts_with("meme-titre-"),
        "{second}"
    );
}

#[tokio::test]
async fn only_the_newest_version_can_be_edited() {
    let catalogue = Catalogue::new().await;
    let admin = catalogue.admin();
    let draft = catalogue.draft(&admin, "Version").await;
    let edit = |title: &str| {
        admin.run_with(
            UPDATE,
            json!({ "i": { "id": draft["id"], "version": 1, "title": title } }),
        )
    };
    assert_eq!(edit("Une").await.ok()["updateBook"]["book"]["version"], 2);
    let late = edit("Deux").await;
    assert_eq!(codes(&late.ok()["updateBook"]), ["VERSION_CONFLICT"]);
    let (left, right) = tokio::join!(
        admin.run_with(
            UPDATE,
            json!({ "i": { "id": draft["id"], "version": 2, "title": "Gauche" } })
        ),
        admin.run_with(
            UPDATE,
            json!({ "i": { "id": draft["id"], "version": 2, "title": "Droite" } })
        ),
    );
    let refused = [left, right]
        .iter()
        .filter(|answer| codes(&answer.ok()["updateBook"]) == ["VERSION_CONFLICT"])
        .count();
    assert_eq!(refused, 1);
}

#[tokio::test]
async fn books_are_edited_by_their_house_and_nobody_else() {
    let catalogue = Catalogue::new().await;
    let (publisher, rival, admin) = (catalogue.publisher(), catalogue.rival(), catalogue.admin());
    let made = publisher.run(r#"mutation { createPublisher(input: { name: "Maison A" }) { publisher { id version ownerId } errors { code } } }"#).await;
    let house = made.ok()["createPublisher"]["publisher"].clone();
    assert_eq!(house["ownerId"], crate::support::PUBLISHER.to_string());
    let someone = author(&publisher, "Someone").await;
    let input = json!({ "title": "De la maison", "language": "fr", "publisherId": house["id"], "contributors": [{ "authorId": someone }] });
    assert_eq!(
        codes(&try_create(&rival, input.clone()).await),
        ["UNKNOWN_PUBLISHER"]
    );
    let draft = create(&publisher, input).await;
    let edit = json!({ "i": { "id": draft["id"], "version": 1, "title": "Volé" } });
    // A draft that is not yours answers like none; a published book is seen and refused.
    assert_eq!(
        codes(&rival.run_with(UPDATE, edit.clone()).await.ok()["updateBook"]),
        ["NOT_FOUND"]
    );
    let book = publish(&publisher, &draft).await;
    let edit = json!({ "i": { "id": book["id"], "version": book["version"], "title": "Volé" } });
    assert_eq!(
        rival.run_with(UPDATE, edit.clone()).await.codes(),
        ["FORBIDDEN"]
    );
    assert_eq!(
        catalogue
            .guest()
            .run_with(UPDATE, edit.clone())
            .await
            .codes(),
        ["UNAUTHENTICATED"]
    );
    let reader = catalogue.user(crate::support::PUBLISHER, &["books:read"]);
    assert_eq!(
        reader.run_with(UPDATE, edit.clone()).await.codes(),
        ["FORBIDDEN"]
    );
    // A member may what the owner may.
    let join = "mutation($i: UpdatePublisherInput!) { updatePublisher(input: $i) { publisher { version memberIds } errors { code } } }";
    let member = json!({ "i": { "id": house["id"], "version": 1, "memberIds": [crate::support::RIVAL.to_string()] } });
    assert_eq!(
        rival.run_with(join, member.clone()).await.codes(),
        ["FORBIDDEN"]
    );
    assert_eq!(
        publisher.run_with(join, member).await.ok()["updatePublisher"]["errors"],
        json!([])
    );
    assert_eq!(
        rival.run_with(UPDATE, edit).await.ok()["updateBook"]["book"]["title"],
        "Volé"
    );
    // Moderators correct what a book says, but do not price it.
    let moderator = catalogue.user(Uuid::from_u128(9), &["books:update"]);
    let edit = json!({ "i": { "id": book["id"], "version": 3, "title": "Corrigé" } });
    assert_eq!(
        moderator.run_with(UPDATE, edit).await.ok()["updateBook"]["errors"],
        json!([])
    );
    let price = json!({ "i": { "id": book["id"], "version": 4, "prices": [] } });
    assert_eq!(
        moderator.run_with(PRICES, price.clone()).await.codes(),
        ["FORBIDDEN"]
    );
    assert_eq!(
        admin.run_with(PRICES, price).await.ok()["setBookPrices"]["errors"],
        json!([])
    );
    // The front page is not the house's to fill.
    let feature = json!({ "i": { "id": book["id"], "version": 5, "isFeatured": true } });
    assert_eq!(
        publisher.run_with(UPDATE, feature).await.codes(),
        ["FORBIDDEN"]
    );
}

#[tokio::test]
async fn a_published_book_keeps_a_contributor() {
    let catalogue = Catalogue::new().await;
    let admin = catalogue.admin();
    let bare = create(&admin, json!({ "title": "Sans auteur", "language": "fr" })).await;
    let answer = admin
        .run_with(
            "mutation($i: PublishBookInput!) { publishBook(input: $i) { errors { code } } }",
            json!({ "i": { "id": bare["id"], "version": 1 } }),
        )
        .await;
    assert_eq!(codes(&answer.ok()["publishBook"]), ["INCOMPLETE"]);
    let book = catalogue.published("Avec auteur").await;
    let edit = json!({ "i": { "id": book["id"], "version": book["version"], "contributors": [] } });
    assert_eq!(
        codes(&admin.run_with(UPDATE, edit).await.ok()["updateBook"]),
        ["INCOMPLETE"]
    );
}

#[tokio::test]
async fn categories_move_with_everything_below() {
    let catalogue = Catalogue::new().await;
    let admin = catalogue.admin();
    let make = "mutation($i: CreateCategoryInput!) { createCategory(input: $i) { category { id slug version } errors { field code } } }";
    let mut ids: Vec<Value> = Vec::new();
    for (name, parent) in [
        ("Racine", None),
        ("Tige", Some(0)),
        ("Feuille", Some(1)),
        ("Autre", None),
    ] {
        let parent = parent.map(|index: usize| ids[index].clone());
        let answer = admin
            .run_with(
                make,
                json!({ "i": { "nameFr": name, "nameEn": name, "parentId": parent } }),
            )
            .await;
        ids.push(answer.ok()["createCategory"]["category"]["id"].clone());
    }
    let book = catalogue.published("Sur la feuille").await;
    let shelve = "mutation($i: SetBookCategoriesInput!) { setBookCategories(input: $i) { book { categories { slug } } errors { field code } } }";
    let answer = admin
        .run_with(
            shelve,
            json!({ "i": { "id": book["id"], "version": book["version"], "categoryIds": [ids[2]] } }),
        )
        .await;
    assert_eq!(
        answer.ok()["setBookCategories"]["book"]["categories"],
        json!([{ "slug": "feuille" }])
    );
    let unknown = admin
        .run_with(
            shelve,
            json!({ "i": { "id": book["id"], "version": 3, "categoryIds": ["nonsense"] } }),
        )
        .await;
    assert_eq!(
        codes(&unknown.ok()["setBookCategories"]),
        ["UNKNOWN_CATEGORY"]
    );
    let change = "mutation($i: UpdateCategoryInput!) { updateCategory(input: $i) { category { version } errors { field code } } }";
    let cycle = admin
        .run_with(
            change,
            json!({ "i": { "id": ids[0], "version": 1, "parentId": ids[2] } }),
        )
        .await;
    assert_eq!(codes(&cycle.ok()["updateCategory"]), ["CATEGORY_CYCLE"]);
    let moved = admin
        .run_with(
            change,
            json!({ "i": { "id": ids[1], "version": 1, "parentId": ids[3] } }),
        )
        .await;
    assert_eq!(moved.ok()["updateCategory"]["errors"], json!([]));
    let below = "query($id: ID!) { category(id: $id) { books { nodes { title } } } }";
    for (category, count) in [(&ids[0], 0), (&ids[3], 1), (&ids[2], 1)] {
        let answer = catalogue
            .guest()
            .run_with(below, json!({ "id": category }))
            .await;
        assert_eq!(
            answer.ok()["category"]["books"]["nodes"]
                .as_array()
                .unwrap()
                .len(),
            count
        );
    }
    let found = catalogue.guest().run_with("query($c: [ID!]) { searchBooks(query: \"feuille\", filter: { categoryIds: $c }) { facets { totalCount } } }", json!({ "c": [ids[3]] })).await;
    assert_eq!(found.ok()["searchBooks"]["facets"]["totalCount"], 1);
    assert_eq!(
        catalogue
            .publisher()
            .run_with(make, json!({ "i": { "nameFr": "x", "nameEn": "x" } }))
            .await
            .codes(),
        ["FORBIDDEN"]
    );
    let bad = admin
        .run_with(
            make,
            json!({ "i": { "nameFr": "", "nameEn": "x", "thema": "nope" } }),
        )
        .await;
    assert_eq!(
        codes(&bad.ok()["createCategory"]),
        ["INVALID_THEMA", "REQUIRED"]
    );
}

#[tokio::test]
async fn authors_and_series_are_corrected_by_who_entered_them_and_search_follows() {
    let catalogue = Catalogue::new().await;
    let (publisher, rival) = (catalogue.publisher(), catalogue.rival());
    let someone = author(&publisher, "Mariamma Ba").await;
    let draft = create(&publisher, json!({ "title": "Une si longue lettre", "language": "fr", "contributors": [{ "authorId": someone }] })).await;
    publish(&publisher, &draft).await;
    let rename = "mutation($i: UpdateAuthorInput!) { updateAuthor(input: $i) { author { name sortName version } errors { field code } } }";
    let change = json!({ "i": { "id": someone, "version": 1, "name": "Mariama Bâ", "born": 1929, "died": 1981, "country": "SN" } });
    assert_eq!(
        rival.run_with(rename, change.clone()).await.codes(),
        ["FORBIDDEN"]
    );
    let answer = publisher.run_with(rename, change).await;
    assert_eq!(
        answer.ok()["updateAuthor"]["author"]["sortName"],
        "Bâ, Mariama"
    );
    let bad = publisher.run_with(rename, json!({ "i": { "id": someone, "version": 2, "died": 1900, "country": "Senegal", "photoUrl": "ftp://x" } })).await;
    assert_eq!(
        codes(&bad.ok()["updateAuthor"]),
        ["INVALID_COUNTRY", "INVALID_URL", "OUT_OF_RANGE"]
    );
    let found = catalogue
        .guest()
        .run(r#"{ searchBooks(query: "mariama ba") { books { nodes { title } } } }"#)
        .await;
    assert_eq!(
        found.ok()["searchBooks"]["books"]["nodes"][0]["title"],
        "Une si longue lettre"
    );
    let made = publisher.run(r#"mutation { createSeries(input: { name: "Lettres" }) { series { id } errors { code } } }"#).await;
    let series = made.ok()["createSeries"]["series"]["id"].clone();
    let change = "mutation($i: UpdateSeriesInput!) { updateSeries(input: $i) { series { name } errors { code } } }";
    let input = json!({ "i": { "id": series, "version": 1, "name": "Correspondances" } });
    assert_eq!(
        rival.run_with(change, input.clone()).await.codes(),
        ["FORBIDDEN"]
    );
    assert_eq!(
        publisher.run_with(change, input).await.ok()["updateSeries"]["series"]["name"],
        "Correspondances"
    );
    assert_eq!(
        catalogue
            .guest()
            .run(r#"mutation { createSeries(input: { name: "x" }) { series { id } } }"#)
            .await
            .codes(),
        ["UNAUTHENTICATED"]
    );
}
