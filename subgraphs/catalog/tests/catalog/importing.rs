//! Files that come in: what is made of them, what is refused, what a second run changes.

use std::fmt::Write as _;
use std::path::Path;

use coko_catalog::import::{self, ImportError, ImportFormat, Report};

use crate::support::{Catalogue, nodes};

async fn run(catalogue: &Catalogue, path: &Path) -> Result<Report, ImportError> {
    let format = ImportFormat::of(path).unwrap();
    import::run(
        catalogue.pool(),
        &catalogue.context(),
        path,
        format,
        "test",
        |done, total| assert!(done <= total),
    )
    .await
}

fn file(name: &str, content: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

const CSV: &str = "\u{feff}id,title,language,authors,isbn,published,series,series_position,categories,price_xof,price_eur,free
1,Une si longue lettre,fr,Mariama Bâ,,1979,,,fiction,1500,229,
2,Le Tome deux,fre,Anonyme;Mariama Ba,0439023483,1990-05,Cycle,2,,,,true
3,,fr,Personne,,,,,,,,
4,Doublon,fr,Personne,9780439023481,,,,,,,
5,Inconnue,fr,Personne,,,,,nulle-part,,,
1,Encore le premier,fr,Personne,,,,,,,,
6,\"Avec \"\"guillemets\"\", et virgule\",en,O'Brien,,,,,,,,
";

#[tokio::test]
async fn a_file_is_imported_once_and_its_bad_rows_are_reported() {
    let catalogue = Catalogue::sampled().await;
    let before = catalogue.events().await.len();
    let (_folder, path) = file("books.csv", CSV.as_bytes());
    let report = run(&catalogue, &path).await.unwrap();
    assert_eq!(
        (
            report.read,
            report.created,
            report.updated,
            report.unchanged,
            report.refused
        ),
        (7, 3, 0, 0, 4)
    );
    let refused: Vec<(u64, &str)> = report
        .rejected
        .iter()
        .map(|row| (row.line, row.field.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        refused,
        [(4, "title"), (5, "isbn"), (6, "categories"), (7, "id")]
    );
    assert!(
        report.rejected[3].reason.contains("line 2"),
        "{:?}",
        report.rejected
    );
    let answer = catalogue.guest().run(r#"{ book(slug: "le-tome-deux") { isbn language isFree seriesPosition series { name } authors { name } publicationDate { value } prices { amount } } }"#).await;
    let book = &answer.ok()["book"];
    assert_eq!(
        (
            book["isbn"].as_str(),
            book["language"].as_str(),
            book["seriesPosition"].as_f64()
        ),
        (Some("9780439023481"), Some("fr"), Some(2.0))
    );
    // One person under two spellings that a slug does not tell apart.
    assert_eq!(book["authors"][1]["name"], "Mariama Bâ");
    assert_eq!(catalogue.events().await.len(), before + 3);
    // Again: nothing changes, nothing is said.
    let report = run(&catalogue, &path).await.unwrap();
    assert_eq!(
        (
            report.created,
            report.updated,
            report.unchanged,
            report.refused
        ),
        (0, 0, 3, 4)
    );
    assert_eq!(catalogue.events().await.len(), before + 3);
    // One row changed: one book does.
    let (_folder, path) = file(
        "books.csv",
        CSV.replace("Le Tome deux", "Le Tome second").as_bytes(),
    );
    let report = run(&catalogue, &path).await.unwrap();
    assert_eq!(
        (report.created, report.updated, report.unchanged),
        (0, 1, 2)
    );
    assert_eq!(catalogue.events().await.last().unwrap(), "book.updated");
    let found = catalogue
        .guest()
        .run(r#"{ searchBooks(query: "tome second") { books { nodes { title slug } } } }"#)
        .await;
    assert_eq!(
        found.ok()["searchBooks"]["books"]["nodes"][0]["slug"],
        "le-tome-deux"
    );
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_where_it_stopped() {
    let catalogue = Catalogue::new().await;
    let mut csv = "id,title,language,authors\n".to_owned();
    for index in 0..1600 {
        writeln!(csv, "{index},Livre {index},fr,Auteur {}", index % 50).unwrap();
    }
    let (_folder, path) = file("books.csv", csv.as_bytes());
    // Dropped in the middle, like a process that is killed: whole batches stay, nothing else.
    let context = catalogue.context();
    let importing = import::run(
        catalogue.pool(),
        &context,
        &path,
        ImportFormat::Csv,
        "test",
        |_, _| {},
    );
    let stopped = {
        let watching = async {
            while catalogue
                .number("SELECT count(*) AS number FROM books")
                .await
                < 500
            {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            report = importing => panic!("it ended before it could be stopped: {report:?}"),
            () = watching => catalogue.number("SELECT count(*) AS number FROM books").await,
        }
    };
    assert!([500, 1000, 1500].contains(&stopped), "{stopped}");
    assert_eq!(
        catalogue
            .number("SELECT count(*) AS number FROM book_search")
            .await,
        stopped
    );
    let report = run(&catalogue, &path).await.unwrap();
    assert_eq!(report.created + report.unchanged, 1600);
    assert!(report.unchanged >= 500, "{report:?}");
    assert_eq!(catalogue.events().await.len(), 1600);
    assert_eq!(
        catalogue
            .number("SELECT count(*) AS number FROM authors")
            .await,
        50
    );
}

#[tokio::test]
async fn onix_products_become_books() {
    let catalogue = Catalogue::sampled().await;
    let product = |id: &str, title: &str, thema: &str| {
        format!(
            "<Product><RecordReference>{id}</RecordReference><DescriptiveDetail><TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>01</TitleElementLevel><TitleText>{title}</TitleText></TitleElement></TitleDetail><Contributor><ContributorRole>A01</ContributorRole><PersonName>Awa Ndiaye</PersonName></Contributor><Language><LanguageRole>01</LanguageRole><LanguageCode>fre</LanguageCode></Language><Subject><SubjectSchemeIdentifier>93</SubjectSchemeIdentifier><SubjectCode>{thema}</SubjectCode></Subject></DescriptiveDetail></Product>"
        )
    };
    let onix = format!(
        "<ONIXMessage release=\"3.0\">\n{}\n{}\n<Product/>\n</ONIXMessage>",
        product("p1", "Pluies &amp; vents", "FBA"),
        product("p2", "Plus fin", "FBCX9")
    );
    let (_folder, path) = file("list.xml", onix.as_bytes());
    let report = run(&catalogue, &path).await.unwrap();
    assert_eq!((report.read, report.created, report.refused), (3, 2, 1));
    assert_eq!(
        (report.rejected[0].line, report.rejected[0].field.as_deref()),
        (4, Some("RecordReference"))
    );
    let answer = catalogue.guest().run(r#"{ a: book(slug: "pluies-vents") { title categories { slug } } b: book(slug: "plus-fin") { categories { slug } } }"#).await;
    assert_eq!(answer.ok()["a"]["title"], "Pluies & vents");
    assert_eq!(
        answer.ok()["a"]["categories"][0]["slug"],
        "roman-contemporain"
    );
    assert_eq!(answer.ok()["b"]["categories"][0]["slug"], "roman-classique");
    assert_eq!(run(&catalogue, &path).await.unwrap().unchanged, 2);
    let (_folder, path) = file("broken.xml", &onix.as_bytes()[..onix.len() - 60]);
    assert!(matches!(
        run(&catalogue, &path).await,
        Err(ImportError::Xml { .. })
    ));
}

#[tokio::test]
async fn what_is_no_catalogue_is_refused() {
    let catalogue = Catalogue::new().await;
    for (name, content) in [
        ("a.csv", &b""[..]),
        ("b.csv", b"\x00\x01\x02\xff\xfe"),
        ("c.csv", b"a,b\n1,2\n"),
        ("d.xml", b"{}"),
    ] {
        let (_folder, path) = file(name, content);
        assert!(run(&catalogue, &path).await.is_err(), "{name}");
    }
    assert!(matches!(
        run(&catalogue, Path::new("/nowhere.csv")).await,
        Err(ImportError::Io(_))
    ));
    // A quote that never closes swallows the rest into one row, which is refused, not kept.
    let (_folder, path) = file(
        "e.csv",
        format!("id,title,language\n1,\"{},fr\n", "x".repeat(200_000)).as_bytes(),
    );
    assert_eq!(run(&catalogue, &path).await.unwrap().refused, 1);
    assert_eq!(
        catalogue
            .number("SELECT count(*) AS number FROM books")
            .await,
        0
    );
}

#[tokio::test]
async fn the_sample_is_loaded_once() {
    let catalogue = Catalogue::sampled().await;
    let report = coko_catalog::seed_sample(catalogue.pool(), &catalogue.context())
        .await
        .unwrap();
    assert_eq!((report.created, report.updated), (0, 0));
}

/// Ten thousand real books, where they are at hand.
#[tokio::test]
async fn ten_thousand_real_books() {
    let path = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/goodbooks-10k/books.csv"
    ));
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return;
    }
    let catalogue = Catalogue::new().await;
    let report = run(&catalogue, path).await.unwrap();
    assert_eq!(
        (report.read, report.created, report.refused),
        (10_000, 10_000, 0),
        "{:?}",
        report.rejected
    );
    let again = run(&catalogue, path).await.unwrap();
    assert_eq!(
        (again.created, again.updated, again.unchanged),
        (0, 0, 10_000)
    );
    catalogue.execute("ANALYZE").await;

    let guest = catalogue.guest();
    let document = "query($q: String!) { searchBooks(query: $q, first: 20) { books { nodes { title } } facets { totalCount languages { language count } authors { count author { name } } formats { format count } } } }";
    for (query, expected) in [
        ("hary poter", "Harry Potter"),
        ("harry potter", "Harry Potter"),
        ("misérables", "Les Misérables"),
        ("miserables", "Les Misérables"),
        ("miserabels", "Les Misérables"),
        ("tolkein", "The Hobbit"),
        ("lord of the rigns", "The Lord of the Rings"),
        ("to kil a mockingbird", "To Kill a Mockingbird"),
        ("dune", "Dune"),
        ("9780439023481", "The Hunger Games"),
    ] {
        let answer = guest
            .run_with(document, serde_json::json!({ "q": query }))
            .await;
        let titles = nodes(&answer.ok()["searchBooks"]["books"], "title");
        let top = &titles[..titles.len().min(3)];
        assert!(
            top.iter().any(|title| title.contains(expected)),
            "{query}: {titles:?}"
        );
    }
}
