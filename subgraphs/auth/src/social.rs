//! Sign-in at OpenID Connect providers: authorization code with PKCE (RFC 7636), state and nonce.
//!
//! This module speaks with providers. What is stored of a sign-in under way, and which account it ends in, is the
//! business of `commands`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm as Algorithm, CoreProviderMetadata,
};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse as _, TokenUrl,
};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::config::{Config, ProviderConfig};
use crate::model::Method;

/// How long a discovery document and its keys are used without asking again.
const METADATA_LIFE: time::Duration = time::Duration::minutes(10);
/// The least age of keys before a failed verification is taken for a key rotation.
const ROTATION_AGE: time::Duration = time::Duration::seconds(30);

/// Signatures that an ID token may have: those that only the provider can make. The client secret, which HMAC would sign with,
/// is known to us as well.
const ALGORITHMS: [Algorithm; 8] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// The configured providers.
#[derive(Clone, Debug)]
pub(crate) struct Providers {
    http: reqwest::Client,
    configured: Arc<HashMap<Method, ProviderConfig>>,
    metadata: Arc<Mutex<HashMap<Method, (OffsetDateTime, CoreProviderMetadata)>>>,
}

/// Why a sign-in at a provider came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocialError {
    /// The provider is not configured here.
    #[error("this provider is not configured")]
    Unconfigured,
    /// The redirect URI is not one of ours.
    #[error("the redirect URI is not registered")]
    Redirect,
    /// The provider does not answer, or answers nonsense.
    #[error("the provider does not answer: {0}")]
    Unavailable(String),
    /// The provider refused the code, or the ID token does not verify.
    #[error("the provider's answer does not verify: {0}")]
    Refused(String),
}

/// What leaves for the provider and what must be remembered of it.
#[derive(Debug)]
pub(crate) struct Departure {
    pub url: String,
    pub nonce: String,
    pub verifier: String,
}

/// The person that came back, as the provider's verified ID token describes them.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub subject: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub name: Option<String>,
    pub picture: Option<String>,
    pub refresh_token: Option<String>,
}

impl Providers {
    pub(crate) fn new(http: reqwest::Client, config: &Config) -> Self {
        let configured = [
            (Method::Google, &config.google),
            (Method::Facebook, &config.facebook),
        ]
        .into_iter()
        .filter_map(|(method, provider)| Some((method, provider.clone()?)))
        .collect();
        Self {
            http,
            configured: Arc::new(configured),
            metadata: Arc::default(),
        }
    }

    /// The address at the provider where a person signs in, for a `state` that the caller remembers.
    pub(crate) async fn depart(
        &self,
        method: Method,
        redirect_uri: &str,
        state: String,
        now: OffsetDateTime,
        secrets: (String, String),
    ) -> Result<Departure, SocialError> {
        let provider = self.provider(method)?;
        if !provider
            .redirect_uris
            .iter()
            .any(|known| known == redirect_uri)
        {
            return Err(SocialError::Redirect);
        }
        let (nonce, verifier) = secrets;
        let metadata = self.metadata(method, provider, now, METADATA_LIFE).await?;
        let redirect =
            RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| SocialError::Redirect)?;
        let pkce = PkceCodeVerifier::new(verifier.clone());
        let sent_nonce = nonce.clone();
        let (url, _, _) = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(provider.client_id.clone()),
            Some(ClientSecret::new(
                provider.client_secret.expose().to_owned(),
            )),
        )
        .set_redirect_uri(redirect)
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(sent_nonce),
        )
        .add_scope(Scope::new("email".to_owned()))
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&pkce))
        .url();
        Ok(Departure {
            url: url.into(),
            nonce,
            verifier,
        })
    }

    /// Exchanges the code of a person who came back and verifies their ID token: signature, issuer, audience, expiry, nonce.
    pub(crate) async fn arrive(
        &self,
        method: Method,
        redirect_uri: &str,
        code: &str,
        departure: (&str, &str),
        now: OffsetDateTime,
    ) -> Result<Arrival, SocialError> {
        let provider = self.provider(method)?;
        let metadata = self.metadata(method, provider, now, METADATA_LIFE).await?;
        let (nonce, verifier) = departure;
        let token_url = match &provider.token_url {
            Some(url) => TokenUrl::new(url.clone())
                .map_err(|error| SocialError::Unavailable(error.to_string()))?,
            None => metadata.token_endpoint().cloned().ok_or_else(|| {
                SocialError::Unavailable(
                    "the discovery document names no token endpoint".to_owned(),
                )
            })?,
        };
        let secret = ClientSecret::new(provider.client_secret.expose().to_owned());
        let client = |metadata: CoreProviderMetadata| {
            CoreClient::from_provider_metadata(
                metadata,
                ClientId::new(provider.client_id.clone()),
                Some(secret.clone()),
            )
            .set_token_uri(token_url.clone())
        };
        let answer = client(metadata.clone())
            .set_redirect_uri(
                RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| SocialError::Redirect)?,
            )
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()))
            .request_async(&self.http)
            .await
            .map_err(|error| match error {
                openidconnect::RequestTokenError::ServerResponse(refusal) => {
                    SocialError::Refused(refusal.to_string())
                }
                error => SocialError::Unavailable(error.to_string()),
            })?;
        let token = answer
            .id_token()
            .ok_or_else(|| SocialError::Refused("no ID token".to_owned()))?;
        let nonce = Nonce::new(nonce.to_owned());
        let claims = match token.claims(
            &client(metadata)
                .id_token_verifier()
                .set_allowed_algs(ALGORITHMS),
            &nonce,
        ) {
            Ok(claims) => claims.clone(),
            // The provider may have changed its keys since its discovery document was read.
            Err(_) => {
                let fresh = self.metadata(method, provider, now, ROTATION_AGE).await?;
                token
                    .claims(
                        &client(fresh)
                            .id_token_verifier()
                            .set_allowed_algs(ALGORITHMS),
                        &nonce,
                    )
                    .map_err(|error| SocialError::Refused(error.to_string()))?
                    .clone()
            }
        };
        Ok(Arrival {
            subject: claims.subject().to_string(),
            email: claims.email().map(|email| email.to_string()),
            email_verified: claims.email_verified().unwrap_or(false),
            name: claims
                .name()
                .and_then(|name| name.get(None))
                .map(|name| name.to_string()),
            picture: claims
                .picture()
                .and_then(|picture| picture.get(None))
                .map(|picture| picture.to_string()),
            refresh_token: answer.refresh_token().map(|token| token.secret().clone()),
        })
    }

    fn provider(&self, method: Method) -> Result<&ProviderConfig, SocialError> {
        self.configured
            .get(&method)
            .ok_or(SocialError::Unconfigured)
    }

    /// The provider's discovery document and keys, at most `life` old.
    async fn metadata(
        &self,
        method: Method,
        provider: &ProviderConfig,
        now: OffsetDateTime,
        life: time::Duration,
    ) -> Result<CoreProviderMetadata, SocialError> {
        let unavailable =
            |error: &dyn std::fmt::Display| SocialError::Unavailable(error.to_string());
        let mut known = self.metadata.lock().await;
        if let Some((read_at, metadata)) = known.get(&method)
            && now - *read_at < life
        {
            return Ok(metadata.clone());
        }
        let issuer =
            IssuerUrl::new(provider.issuer.clone()).map_err(|error| unavailable(&error))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.http)
            .await
            .map_err(|error| unavailable(&error))?;
        known.insert(method, (now, metadata.clone()));
        Ok(metadata)
    }
}

/// The client for everything that auth calls: no redirects, so that a configured host cannot send it elsewhere (RFC 9700, 4.11).
pub(crate) fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(10))
        .build()
}
