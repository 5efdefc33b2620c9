//! Password hashes: argon2id, computed off the async threads, a few at a time so that logins cannot eat the memory.

use std::sync::{Arc, OnceLock};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::token;
use crate::error::{Error, Result};

/// Characters a password may have.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=1024;
/// Hashes computed at the same time; each takes 19 MiB.
const AT_ONCE: usize = 2;

/// Hashes and verifies passwords.
#[derive(Clone)]
pub(super) struct Passwords {
    permits: Arc<Semaphore>,
    /// What a login of an unknown user is verified against, so that it takes as long as one of a known user.
    decoy: Arc<OnceLock<String>>,
    /// How many passwords were held against a hash: what a login's time is made of.
    #[cfg(test)]
    compared: Arc<std::sync::atomic::AtomicUsize>,
}

impl Passwords {
    pub(super) fn new() -> Self {
        Passwords {
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            decoy: Arc::new(OnceLock::new()),
            #[cfg(test)]
            compared: Arc::default(),
        }
    }

    /// The hash to store. Refuses passwords that are too short or too long.
    pub(super) async fn hash(&self, password: &str) -> Result<String> {
        check(password)?;
        let password = password.to_owned();
        self.compute(move || hash(&password)).await?
    }

    /// Whether `password` belongs to `hash`; takes as long when there is no hash.
    pub(super) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let (password, known, decoy) = (password.to_owned(), hash.map(str::to_owned), self.decoy.clone());
        #[cfg(test)]
        self.compared.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.compute(move || {
            // Made by whoever comes first, or the first unknown name would take twice as long as a known one.
            let decoy = decoy_hash(&decoy)?;
            if password.chars().count() > *LENGTH.end() {
                return Ok(false);
            }
            let Some(text) = known else {
                matches(&password, decoy)?;
                return Ok(false);
            };
            matches(&password, &text)
        })
        .await?
    }

    #[cfg(test)]
    pub(super) fn compared(&self) -> usize {
        self.compared.load(std::sync::atomic::Ordering::Relaxed)
    }

    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        tokio::task::spawn_blocking(work).await.map_err(|e| Error::internal("a password hash was not computed").source_error(e))
    }
}

/// The rules a new password must keep.
pub(super) fn check(password: &str) -> Result<()> {
    if LENGTH.contains(&password.chars().count()) {
        return Ok(());
    }
    Err(Error::invalid(format!("A password has {} to {} characters.", LENGTH.start(), LENGTH.end())).field("/password"))
}

/// 19 MiB, 2 passes: the parameters OWASP recommends for argon2id.
fn argon() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("the parameters are in argon2's range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> Result<String> {
    let salt = SaltString::encode_b64(&token::random_bytes::<16>()?).map_err(|e| Error::internal(format!("no salt: {e}")))?;
    argon()
        .hash_password(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|e| Error::internal(format!("a password was not hashed: {e}")))
}

fn matches(password: &str, text: &str) -> Result<bool> {
    let hash = PasswordHash::new(text).map_err(|e| Error::internal(format!("a stored password hash is unreadable: {e}")))?;
    Ok(argon().verify_password(password.as_bytes(), &hash).is_ok())
}

fn decoy_hash(decoy: &OnceLock<String>) -> Result<&str> {
    if decoy.get().is_none() {
        let made = hash("a password that nobody has")?;
        return Ok(decoy.get_or_init(|| made));
    }
    Ok(decoy.get().expect("it was set before"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse battery").await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify("correct horse battery", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("correct horse batterz", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("a password that nobody has", None).await.unwrap());
    }

    #[tokio::test]
    async fn a_short_password_is_refused() {
        assert_eq!(Passwords::new().hash("short").await.unwrap_err().field_pointer(), Some("/password"));
    }
}
