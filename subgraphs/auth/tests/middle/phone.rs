use serde_json::{Value, json};

use crate::bench::{Bench, refusals};

const REQUEST: &str = "mutation($phone: String!) { requestPhoneCode(input: { phone: $phone }) { expiresAt errors { code } } }";
const SIGN_IN: &str = "mutation($input: SignInWithPhoneInput!) { signInWithPhone(input: $input) {
    tokens { accessToken refreshToken session { id } } user { id phone displayName } errors { code field message } } }";
const NUMBER: &str = "+221 77 123 45 67";

impl Bench {
    /// Asks for a code and reads it from the message that was sent.
    async fn phone_code(&self, phone: &str) -> String {
        let answer = self
            .guest
            .run_with(REQUEST, json!({ "phone": phone }))
            .await;
        assert!(answer.ok()["requestPhoneCode"]["expiresAt"].is_string());
        self.run_task("texts", async || {
            self.rows("SELECT id FROM text_messages").await.is_empty()
        })
        .await;
        let mut sent: Vec<_> = std::fs::read_dir(self.texts.path())
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        sent.sort();
        let text = std::fs::read_to_string(sent.last().unwrap()).unwrap();
        assert!(text.starts_with("To: +221771234567\n"), "{text}");
        assert!(
            text.is_ascii(),
            "a text message stays within GSM 7 bits: {text}"
        );
        let digits: Vec<&str> = text
            .split(|c: char| !c.is_ascii_digit())
            .filter(|word| word.len() == 6)
            .collect();
        digits[0].to_owned()
    }
}

fn input(code: &str, registration: bool) -> Value {
    let introduction = json!({ "displayName": "Awa", "consents": { "tracking": true } });
    json!({ "input": { "phone": "00221771234567", "code": code, "registration": registration.then_some(introduction) } })
}

fn wrong(code: &str) -> String {
    let first = if code.starts_with('0') { '1' } else { '0' };
    format!("{first}{}", &code[1..])
}

#[tokio::test]
async fn a_number_becomes_an_account_and_signs_in_again() {
    let bench = Bench::new().await;
    let code = bench.phone_code(NUMBER).await;
    assert_eq!(
        refusals(
            &bench
                .guest
                .run_with(SIGN_IN, input(&wrong(&code), true))
                .await
        ),
        ["CODE_INVALID"]
    );
    let needed = bench.guest.run_with(SIGN_IN, input(&code, false)).await;
    assert_eq!(refusals(&needed), ["REGISTRATION_NEEDED"]);
    let first = bench.guest.run_with(SIGN_IN, input(&code, true)).await;
    let awa = bench.signed_in(&first.ok()["signInWithPhone"]);
    assert_eq!(
        first.data()["signInWithPhone"]["user"]["phone"],
        "+221771234567"
    );
    assert_eq!(bench.events("user.registered").await[0]["method"], "phone");
    let contacts = bench.contacts(vec![awa.id.parse().unwrap()]).await;
    assert_eq!(contacts[0].phone.as_deref(), Some("+221771234567"));
    bench.later(time::Duration::minutes(2));
    assert_eq!(
        refusals(&bench.guest.run_with(SIGN_IN, input(&code, true)).await),
        ["CODE_INVALID"],
        "a code works once"
    );

    bench.later(time::Duration::hours(1));
    let code = bench.phone_code(NUMBER).await;
    let again = bench.guest.run_with(SIGN_IN, input(&code, false)).await;
    assert_eq!(bench.signed_in(&again.ok()["signInWithPhone"]).id, awa.id);
    let stored = json!(bench.rows("SELECT encode(phone_sealed, 'escape') AS sealed, encode(phone_index, 'escape') AS index FROM users").await);
    assert!(
        !stored.to_string().contains("771234567"),
        "the number is sealed: {stored}"
    );
}

#[tokio::test]
async fn guesses_are_counted_and_codes_expire() {
    let bench = Bench::new().await;
    let code = bench.phone_code(NUMBER).await;
    for _ in 0..5 {
        bench.later(time::Duration::seconds(13));
        assert_eq!(
            refusals(
                &bench
                    .guest
                    .run_with(SIGN_IN, input(&wrong(&code), true))
                    .await
            ),
            ["CODE_INVALID"]
        );
    }
    bench.later(time::Duration::seconds(13));
    assert_eq!(
        refusals(&bench.guest.run_with(SIGN_IN, input(&code, true)).await),
        ["CODE_INVALID"],
        "five wrong guesses spend it"
    );
    bench.later(time::Duration::hours(1));
    let code = bench.phone_code(NUMBER).await;
    bench.later(time::Duration::minutes(10));
    assert_eq!(
        refusals(&bench.guest.run_with(SIGN_IN, input(&code, true)).await),
        ["CODE_INVALID"]
    );
    for phone in ["771234567", "+221", "x"] {
        assert_eq!(
            refusals(
                &bench
                    .guest
                    .run_with(REQUEST, json!({ "phone": phone }))
                    .await
            ),
            ["PHONE_INVALID"]
        );
    }
    bench.later(time::Duration::hours(3));
    for _ in 0..3 {
        bench
            .guest
            .run_with(REQUEST, json!({ "phone": NUMBER }))
            .await
            .ok();
    }
    assert_eq!(
        bench
            .guest
            .run_with(REQUEST, json!({ "phone": NUMBER }))
            .await
            .codes(),
        ["RATE_LIMITED"]
    );
}

#[tokio::test]
async fn an_account_takes_one_number_that_no_other_has() {
    let bench = Bench::new().await;
    let awa = bench.person("awa@example.sn", &[]).await;
    let moussa = bench.person("moussa@example.sn", &[]).await;
    let confirm = "mutation($phone: String!, $code: String!) { confirmPhone(input: { phone: $phone, code: $code }) { user { phone } errors { code } } }";
    let code = bench.phone_code(NUMBER).await;
    let refused = awa
        .client
        .run_with(confirm, json!({ "phone": NUMBER, "code": wrong(&code) }))
        .await;
    assert_eq!(refusals(&refused), ["CODE_INVALID"]);
    let done = awa
        .client
        .run_with(confirm, json!({ "phone": NUMBER, "code": code }))
        .await;
    assert_eq!(done.ok()["confirmPhone"]["user"]["phone"], "+221771234567");
    let code = bench.phone_code(NUMBER).await;
    let taken = moussa
        .client
        .run_with(confirm, json!({ "phone": NUMBER, "code": code }))
        .await;
    assert_eq!(refusals(&taken), ["PHONE_TAKEN"]);
    bench.later(time::Duration::minutes(5));
    let seen = moussa
        .client
        .run_with(
            "query($id: ID!) { user(id: $id) { phone email } }",
            json!({ "id": awa.id }),
        )
        .await;
    assert_eq!(seen.ok()["user"], json!({ "phone": null, "email": null }));
}
