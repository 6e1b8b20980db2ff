//! Bytes go out: to those who may have them, whole, in ranges, or chapter by chapter.

use std::io::Read as _;

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::support::{BOOK, EPUB, PUBLISHER, READER, Service, epub, link, look, try_link};

#[tokio::test]
async fn a_download_is_resumed_by_ranges() {
    let service = Service::new().await;
    let (id, bytes) = service.book().await;
    service.entitle(READER).await;
    let url = link(&service.reader(), &id).await;
    let head = service.request("HEAD", &url, &[], Body::empty()).await;
    assert_eq!(head.status, StatusCode::OK);
    assert_eq!(head.header("content-length"), bytes.len().to_string());
    assert_eq!(head.header("accept-ranges"), "bytes");
    assert_eq!(head.header("content-type"), EPUB);
    assert_eq!(head.header("cache-control"), "private, no-store");
    assert_eq!(
        head.header("content-disposition"),
        "attachment; filename=\"Ete.epub\"; filename*=UTF-8''%C3%89t%C3%A9.epub"
    );
    let tag = head.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() == 66, "{tag}");
    // Looking is not fetching.
    assert_eq!(service.events().await, ["file.processed"]);

    let first = service.get(&url, &[("range", "bytes=0-99")]).await;
    assert_eq!(first.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        first.header("content-range"),
        format!("bytes 0-99/{}", bytes.len())
    );
    assert_eq!(first.body, bytes[..100]);
    let rest = service
        .get(&url, &[("range", "bytes=100-"), ("if-range", &tag)])
        .await;
    assert_eq!(rest.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!([&first.body[..], &rest.body[..]].concat(), bytes);
    let anew = service
        .get(&url, &[("range", "bytes=100-"), ("if-range", "\"old\"")])
        .await;
    assert_eq!(
        (anew.status, anew.body.len()),
        (StatusCode::OK, bytes.len())
    );
    for range in ["bytes=0-1,3-4", "bytes=99999999-"] {
        let refused = service.get(&url, &[("range", range)]).await;
        assert_eq!(refused.status, StatusCode::RANGE_NOT_SATISFIABLE, "{range}");
        assert_eq!(
            refused.header("content-range"),
            format!("bytes */{}", bytes.len())
        );
    }
    let known = service.get(&url, &[("if-none-match", &tag)]).await;
    assert_eq!(
        (known.status, known.body.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
    // One link is one download, however often it was resumed.
    assert_eq!(
        service.events().await,
        ["file.processed", "book.downloaded"]
    );
    let event = service.newest_event().await;
    assert_eq!(event["book_id"], json!(BOOK));
    assert_eq!(event["user_id"], json!(READER));
}

#[tokio::test]
async fn only_those_entitled_get_a_book() {
    let service = Service::new().await;
    let (id, bytes) = service.book().await;
    let code = async |client| {
        let answer = try_link(&client, &id).await;
        answer.ok()["createDownload"]["errors"][0]["code"].clone()
    };
    assert_eq!(code(service.reader()).await, "NOT_FOUND");
    assert_eq!(
        try_link(&service.guest(), &id).await.codes(),
        ["UNAUTHENTICATED"]
    );
    assert!(look(&service.reader(), &id).await.is_null());
    assert!(look(&service.guest(), &id).await.is_null());
    link(&service.publisher(), &id).await;
    link(&service.staff(), &id).await;

    service.entitle(READER).await;
    let url = link(&service.reader(), &id).await;
    assert_eq!(service.get(&url, &[]).await.body, bytes);
    let books =
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on Book { files { id } } } }";
    let books = async |client: coko_core::testkit::GraphqlClient| {
        let representation = json!([{ "__typename": "Book", "id": BOOK }]);
        let answer = client.run_with(books, json!({ "r": representation })).await;
        answer.ok()["_entities"][0]["files"].clone()
    };
    assert_eq!(books(service.reader()).await, json!([{ "id": id }]));
    assert_eq!(books(service.guest()).await, json!([]));

    // A link is for one file and one person, unchanged, and only as long as that person is entitled.
    let path = |id: &str| url.replace(&id.to_owned(), &Uuid::from_u128(5).to_string());
    assert_eq!(
        service.get(&path(&id), &[]).await.status,
        StatusCode::FORBIDDEN
    );
    let changed = url.replace("content?t=", "content?t=A");
    assert_eq!(
        service.get(&changed, &[]).await.status,
        StatusCode::FORBIDDEN
    );
    let bare = url.split('?').next().unwrap();
    assert_eq!(service.get(bare, &[]).await.status, StatusCode::NOT_FOUND);
    let token = format!("Bearer {}", service.token(READER, &["books:read"]));
    let direct = service.get(bare, &[("authorization", &token)]).await;
    assert_eq!(
        direct.status,
        StatusCode::FORBIDDEN,
        "a whole book takes a link"
    );
    service.execute("UPDATE grants SET granted = false").await;
    assert_eq!(service.get(&url, &[]).await.status, StatusCode::NOT_FOUND);
    service.execute("UPDATE grants SET granted = true").await;
    service
        .platform
        .platform
        .clock
        .advance(time::Duration::minutes(31));
    let ended = service.get(&url, &[("accept-language", "fr")]).await;
    assert_eq!(ended.status, StatusCode::FORBIDDEN);
    service.work().await;
    let links = "SELECT count(*) AS number FROM downloads";
    assert_eq!(service.number(links).await, 0);
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("lien"), "{message}");
}

#[tokio::test]
async fn downloads_are_limited() {
    let service = Service::new().await;
    let (id, bytes) = service.book().await;
    service.entitle(READER).await;
    let url = link(&service.reader(), &id).await;
    // Three bodies that nobody reads hold three places.
    let mut held = Vec::new();
    for _ in 0..3 {
        let path = url.strip_prefix("http://coko.test").unwrap();
        let request = axum::http::Request::get(path).body(Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(service.router.clone(), request)
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        held.push(response);
    }
    let fourth = service.get(&url, &[]).await;
    assert_eq!(fourth.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(fourth.header("retry-after"), "10");
    // Another person is not concerned, and one that ends makes room.
    let other = link(&service.publisher(), &id).await;
    assert_eq!(service.get(&other, &[]).await.status, StatusCode::OK);
    held.pop();
    for _ in 0..100 {
        if service
            .number("SELECT count(*) AS number FROM transfers")
            .await
            < 3
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(service.get(&url, &[]).await.body, bytes);
    // What a killed process held is free after a minute.
    service
        .platform
        .platform
        .clock
        .advance(time::Duration::seconds(61));
    assert_eq!(service.get(&url, &[]).await.status, StatusCode::OK);
    drop(held);

    let mut given = 1;
    loop {
        let answer = try_link(&service.reader(), &id).await;
        if answer.codes() == ["RATE_LIMITED"] {
            break;
        }
        given += 1;
        assert!(given <= 11, "the limit is ten an hour");
    }
    assert!(given >= 10, "{given}");
}

#[tokio::test]
async fn a_chapter_is_fetched_without_the_book() {
    let service = Service::on_bucket().await;
    let (id, bytes) = service.book().await;
    service.entitle(READER).await;
    let file = look(&service.reader(), &id).await;
    let template = file["resourceUrl"].as_str().unwrap().to_owned();
    let href = file["contents"][1]["href"].as_str().unwrap();
    let url = template.replace("{path}", href);

    let plain = service.get(&url, &[]).await;
    assert_eq!(plain.status, StatusCode::OK);
    assert_eq!(plain.header("content-type"), "application/xhtml+xml");
    assert!(
        plain
            .header("content-security-policy")
            .starts_with("sandbox;")
    );
    assert_eq!(plain.header("x-content-type-options"), "nosniff");
    assert_eq!(plain.header("cache-control"), "private, max-age=86400");
    let text = String::from_utf8(plain.body.to_vec()).unwrap();
    assert!(
        text.contains("Coumba") && text.ends_with("</html>\n"),
        "{text}"
    );

    let packed = service
        .get(&url, &[("accept-encoding", "br, gzip;q=0.8")])
        .await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(
        packed.header("content-length"),
        packed.body.len().to_string()
    );
    assert!(packed.body.len() < text.len() && text.len() < bytes.len());
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(&packed.body[..])
        .read_to_string(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, text);
    assert_ne!(packed.header("etag"), plain.header("etag"));
    let known = service
        .get(&url, &[("if-none-match", plain.header("etag"))])
        .await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);

    // What is stored as it is comes in ranges.
    let cover = template.replace("{path}", "EPUB/cover.png");
    let start = service.get(&cover, &[("range", "bytes=0-7")]).await;
    assert_eq!(start.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(&start.body[..], b"\x89PNG\r\n\x1a\n");

    // By an access token as well; never without, never for others, never outside the book.
    let bare = url.split('?').next().unwrap();
    let token = |user| format!("Bearer {}", service.token(user, &["books:read"]));
    for (user, status) in [
        (READER, StatusCode::OK),
        (PUBLISHER, StatusCode::OK),
        (Uuid::from_u128(77), StatusCode::NOT_FOUND),
    ] {
        let answer = service.get(bare, &[("authorization", &token(user))]).await;
        assert_eq!(answer.status, status, "{user}");
    }
    assert_eq!(service.get(bare, &[]).await.status, StatusCode::NOT_FOUND);
    let forged = service.get(bare, &[("authorization", "Bearer x")]).await;
    assert_eq!(forged.status, StatusCode::UNAUTHORIZED);
    for path in [
        "EPUB/none.xhtml",
        "../../../etc/passwd",
        "EPUB/",
        "%2e%2e/x",
    ] {
        let answer = service.get(&template.replace("{path}", path), &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    // A picture of the cover, by the same token.
    let image = file["images"][0]["url"].as_str().unwrap();
    let picture = service.get(image, &[]).await;
    assert_eq!(picture.header("content-type"), "image/webp");
    assert_eq!(&picture.body[8..12], b"WEBP");
}

#[tokio::test]
async fn covers_and_samples_are_for_everyone() {
    let service = Service::new().await;
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(700, 1000, |x, y| {
        image::Rgb([
            u8::try_from(x % 256).unwrap(),
            u8::try_from(y % 256).unwrap(),
            90,
        ])
    })
    .write_to(&mut png, image::ImageFormat::Png)
    .unwrap();
    let png = png.into_inner();
    let cover = service
        .processed(&service.publisher(), "COVER", "image/png", &png)
        .await;
    let event = service.newest_event().await;
    assert_eq!(event["uploaded_by"], json!(PUBLISHER));
    let widths: Vec<_> = event["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["width"].clone())
        .collect();
    assert_eq!(widths, [160, 320, 640]);
    for image in look(&service.guest(), &cover).await["images"]
        .as_array()
        .unwrap()
    {
        let picture = service.get(image["url"].as_str().unwrap(), &[]).await;
        assert_eq!(picture.status, StatusCode::OK);
        assert!(picture.header("cache-control").starts_with("public"));
        let decoded = image::load_from_memory(&picture.body).unwrap();
        assert_eq!(u64::from(decoded.width()), image["width"].as_u64().unwrap());
    }
    // The original, with whatever a camera wrote into it, is nobody's but its owner's.
    let original = format!("/files/{cover}/content");
    assert_eq!(
        service.get(&original, &[]).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        service
            .get(&format!("/files/{cover}/641.webp"), &[])
            .await
            .status,
        StatusCode::NOT_FOUND
    );

    let sample = service
        .processed(&service.staff(), "SAMPLE", EPUB, &epub())
        .await;
    let event = service.newest_event().await;
    assert_eq!(event["uploaded_by"], json!(null));
    let url = event["public_url"].as_str().unwrap();
    let fetched = service.get(url, &[("range", "bytes=0-3")]).await;
    assert_eq!(
        (fetched.status, &fetched.body[..]),
        (StatusCode::PARTIAL_CONTENT, &b"PK\x03\x04"[..])
    );
    let template = look(&service.guest(), &sample).await["resourceUrl"].clone();
    let chapter = template
        .as_str()
        .unwrap()
        .replace("{path}", "EPUB/nav.xhtml");
    assert_eq!(service.get(&chapter, &[]).await.status, StatusCode::OK);
    assert_eq!(
        service.events().await.len(),
        2,
        "a sample is no download of a book"
    );
}
