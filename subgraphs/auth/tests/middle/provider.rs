//! An OpenID Connect provider on a port of its own: discovery, keys, token endpoint. It checks what a provider checks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use coko_core::clock::Clock;
use openidconnect::core::{
    CoreEdDsaPrivateSigningKey, CoreIdToken, CoreIdTokenClaims, CoreJsonWebKeySet,
    CoreJwsSigningAlgorithm,
};
use openidconnect::{
    Audience, EmptyAdditionalClaims, EndUserEmail, EndUserName, IssuerUrl, JsonWebKeyId, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, PrivateSigningKey as _, StandardClaims, SubjectIdentifier,
};
use serde_json::{Value, json};

pub(crate) const CLIENT: &str = "coko-of-the-tests";
pub(crate) const SECRET: &str = "a secret of the tests";

/// A person who signs in there.
#[derive(Clone, Default)]
pub(crate) struct Visitor {
    pub subject: &'static str,
    pub email: Option<&'static str>,
    pub email_verified: bool,
    pub name: Option<&'static str>,
    /// What the token says instead of what it should, for tests of refusals.
    pub lie: Option<Lie>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    Nonce,
    Audience,
    Issuer,
    Expired,
    Signature,
}

/// The parameters that a visit began with.
type Parameters = HashMap<String, String>;

pub(crate) struct Provider {
    pub issuer: String,
    codes: Mutex<HashMap<String, (Visitor, Parameters)>>,
    seed: Mutex<u8>,
}

impl Provider {
    /// Starts a provider that stops with the test.
    pub(crate) async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider = Arc::new(Self {
            issuer,
            codes: Mutex::default(),
            seed: Mutex::new(1),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }

    /// What the provider's page does: remembers the request, signs the visitor in, and sends them back with a code.
    pub(crate) fn visit(&self, authorization_url: &str, visitor: Visitor) -> (String, String) {
        let url = url::Url::parse(authorization_url).unwrap();
        assert!(authorization_url.starts_with(&self.issuer));
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], CLIENT);
        assert_eq!(query["code_challenge_method"], "S256");
        assert!(
            query["scope"].split(' ').any(|scope| scope == "openid"),
            "{query:?}"
        );
        let state = query["state"].clone();
        let mut codes = self.codes.lock().unwrap();
        let code = format!("code-{}", codes.len());
        codes.insert(code.clone(), (visitor, query));
        (code, state)
    }

    /// Signs with another key from now on.
    pub(crate) fn rotate_keys(&self) {
        *self.seed.lock().unwrap() += 1;
    }

    fn key(seed: u8) -> CoreEdDsaPrivateSigningKey {
        // PKCS #8 of an Ed25519 seed (RFC 8410): a fixed prefix and 32 bytes.
        let mut der = vec![
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ];
        der.extend([seed; 32]);
        let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
        CoreEdDsaPrivateSigningKey::from_ed25519_pem(
            &pem,
            Some(JsonWebKeyId::new(format!("k{seed}"))),
        )
        .unwrap()
    }

    fn id_token(&self, visitor: &Visitor, nonce: &str) -> CoreIdToken {
        let lie = visitor.lie;
        let text = |honest: &str, about: Lie| {
            if lie == Some(about) {
                "http://lie.example".to_owned()
            } else {
                honest.to_owned()
            }
        };
        let now = Clock::system().now().unix_timestamp()
            - if lie == Some(Lie::Expired) { 7200 } else { 0 };
        let date = |seconds: i64| {
            serde_json::from_value(json!(
                time::OffsetDateTime::from_unix_timestamp(seconds)
                    .unwrap()
                    .format(&time::format_description::well_known::Rfc3339)
                    .unwrap()
            ))
            .unwrap()
        };
        let standard = StandardClaims::new(SubjectIdentifier::new(visitor.subject.to_owned()))
            .set_email(
                visitor
                    .email
                    .map(|email| EndUserEmail::new(email.to_owned())),
            )
            .set_email_verified(visitor.email.map(|_| visitor.email_verified))
            .set_name(
                visitor
                    .name
                    .map(|name| EndUserName::new(name.to_owned()).into()),
            );
        let claims = CoreIdTokenClaims::new(
            IssuerUrl::new(text(&self.issuer, Lie::Issuer)).unwrap(),
            vec![Audience::new(text(CLIENT, Lie::Audience))],
            date(now + 300),
            date(now),
            standard,
            EmptyAdditionalClaims {},
        )
        .set_nonce(Some(Nonce::new(text(nonce, Lie::Nonce))));
        let seed = if lie == Some(Lie::Signature) {
            99
        } else {
            *self.seed.lock().unwrap()
        };
        CoreIdToken::new(
            claims,
            &Self::key(seed),
            CoreJwsSigningAlgorithm::EdDsa,
            None,
            None,
        )
        .unwrap()
    }
}

async fn discovery(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let issuer = &provider.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    }))
}

async fn keys(State(provider): State<Arc<Provider>>) -> Json<CoreJsonWebKeySet> {
    let seed = *provider.seed.lock().unwrap();
    Json(CoreJsonWebKeySet::new(vec![
        Provider::key(seed).as_verification_key(),
    ]))
}

/// Exchanges a code once, for the client that asked, with the redirect URI and the PKCE verifier of its request.
async fn token(
    State(provider): State<Arc<Provider>>,
    headers: axum::http::HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let refused = (
        StatusCode::BAD_REQUEST,
        Json(json!({ "error": "invalid_grant" })),
    );
    let encode =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let credentials = format!("{}:{}", encode(CLIENT), encode(SECRET));
    let expected = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, credentials);
    assert_eq!(headers["authorization"], format!("Basic {expected}"));
    let Some((visitor, request)) = provider.codes.lock().unwrap().remove(&form["code"]) else {
        return refused;
    };
    let verifier = PkceCodeVerifier::new(form["code_verifier"].clone());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    if request["code_challenge"] != challenge.as_str()
        || request["redirect_uri"] != form["redirect_uri"]
    {
        return refused;
    }
    let id_token = provider.id_token(&visitor, &request["nonce"]);
    let answer = json!({
        "access_token": "an access token of the provider",
        "refresh_token": "a refresh token of the provider",
        "token_type": "Bearer",
        "expires_in": 300,
        "id_token": id_token.to_string(),
    });
    (StatusCode::OK, Json(answer))
}
