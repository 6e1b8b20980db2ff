//! Hashing of passwords: Argon2id on the blocking pool, a bounded number at once, equally slow for unknown accounts.

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use coko_core::ids::Entropy;
use tokio::sync::Semaphore;

use crate::config::PasswordConfig;

/// Hashes and verifies passwords.
#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    argon2: Argon2<'static>,
    permits: Arc<Semaphore>,
    /// The hash of a secret nobody knows, with the current parameters.
    dummy: Arc<str>,
}

/// A password that could not be hashed, or parameters that Argon2 refuses.
#[derive(Debug, thiserror::Error)]
#[error("passwords cannot be hashed: {0}")]
pub struct HashError(String);

impl From<HashError> for coko_core::Error {
    fn from(error: HashError) -> Self {
        Self::internal(error)
    }
}

impl Hasher {
    /// A hasher with `config`'s parameters.
    pub(crate) fn new(config: PasswordConfig, entropy: &Entropy) -> Result<Self, HashError> {
        let params = Params::new(
            config.memory_kib,
            config.iterations,
            config.parallelism,
            None,
        )
        .map_err(|error| HashError(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = hash_now(&argon2, &entropy.token(), entropy.bytes())?.into();
        Ok(Self {
            argon2,
            permits: Arc::new(Semaphore::new(config.concurrency.max(1))),
            dummy,
        })
    }

    /// The PHC string of a prepared password.
    pub(crate) async fn hash(
        &self,
        password: String,
        entropy: &Entropy,
    ) -> Result<String, HashError> {
        let salt = entropy.bytes();
        self.blocking(move |argon2| hash_now(&argon2, &password, salt))
            .await?
    }

    /// Whether a prepared password is the one hashed as `stored`; without a hash it takes as long and answers no.
    pub(crate) async fn verify(
        &self,
        password: String,
        stored: Option<&str>,
    ) -> Result<bool, HashError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.dummy).to_owned();
        let matches = self
            .blocking(move |argon2| {
                let hash =
                    PasswordHash::new(&stored).map_err(|error| HashError(error.to_string()))?;
                Ok(argon2.verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await??;
        Ok(known && matches)
    }

    /// Whether `stored` was made with other parameters than today's and should be made again.
    pub(crate) fn is_stale(&self, stored: &str) -> bool {
        let params = PasswordHash::new(stored)
            .ok()
            .and_then(|hash| Params::try_from(&hash).ok());
        params.is_none_or(|params| {
            let current = self.argon2.params();
            (params.m_cost(), params.t_cost(), params.p_cost())
                != (current.m_cost(), current.t_cost(), current.p_cost())
        })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let failed = |error: &dyn std::fmt::Display| HashError(error.to_string());
        let permit = self
            .permits
            .clone()
            .acquire_owned()
            .await
            .map_err(|error| failed(&error))?;
        let argon2 = self.argon2.clone();
        tokio::task::spawn_blocking(move || {
            // The permit moves along: a caller that gives up does not free the processor.
            let _permit = permit;
            work(argon2)
        })
        .await
        .map_err(|error| failed(&error))
    }
}

fn hash_now(argon2: &Argon2<'_>, password: &str, salt: [u8; 16]) -> Result<String, HashError> {
    let failed = |error: argon2::password_hash::Error| HashError(error.to_string());
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    let hash = argon2
        .hash_password(password.as_bytes(), &salt)
        .map_err(failed)?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap(iterations: u32) -> PasswordConfig {
        PasswordConfig {
            memory_kib: 64,
            iterations,
            parallelism: 1,
            concurrency: 2,
        }
    }

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let entropy = Entropy::seeded(1);
        let hasher = Hasher::new(cheap(1), &entropy).unwrap();
        let hash = hasher
            .hash("quatre baobabs".to_owned(), &entropy)
            .await
            .unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert!(
            hasher
                .verify("quatre baobabs".to_owned(), Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify("quatre baobab".to_owned(), Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify("quatre baobabs".to_owned(), None)
                .await
                .unwrap()
        );
        assert!(
            hasher
                .verify("x".to_owned(), Some("plain text"))
                .await
                .is_err()
        );
    }

    #[tokio::test]
    async fn stronger_parameters_make_old_hashes_stale() {
        let entropy = Entropy::seeded(2);
        let old = Hasher::new(cheap(1), &entropy).unwrap();
        let new = Hasher::new(cheap(2), &entropy).unwrap();
        let hash = old
            .hash("quatre baobabs".to_owned(), &entropy)
            .await
            .unwrap();
        assert!(!old.is_stale(&hash));
        assert!(new.is_stale(&hash));
        assert!(
            new.verify("quatre baobabs".to_owned(), Some(&hash))
                .await
                .unwrap()
        );
    }
}
