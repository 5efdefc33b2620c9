//! Secrets as text: API keys `cldm_<prefix>_<secret>` with a checksum inside, session ids, first passwords.

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// How API keys begin.
pub const KEY_START: &str = "cldm_";
const PREFIX: usize = 8;
/// 36 of 62 signs: 214 random bits.
const RANDOM: usize = 36;
/// 62^6 exceeds 2^32.
const CHECKSUM: usize = 6;

/// SHA-256 of a secret: what is stored and looked up instead of it. Secrets here are random, so nothing slower is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SecretHash([u8; 32]);

impl SecretHash {
    pub(super) fn of(secret: &str) -> SecretHash {
        SecretHash(Sha256::digest(secret.as_bytes()).into())
    }

    /// As stored: 64 hex digits.
    pub(super) fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

/// A new API key.
pub(super) struct KeyToken {
    /// The whole token; shown once.
    pub(super) token: String,
    /// The public part, by which people tell keys apart.
    pub(super) prefix: String,
}

impl KeyToken {
    pub(super) fn new() -> Result<KeyToken> {
        let prefix = random_text(PREFIX)?;
        let random = random_text(RANDOM)?;
        let token = format!("{KEY_START}{prefix}_{random}{}", checksum(&prefix, &random));
        Ok(KeyToken { token, prefix })
    }
}

/// Whether `token` has the form and the checksum of a key. Says nothing about whether it is known.
pub(super) fn is_key(token: &str) -> bool {
    let Some((prefix, secret)) = token.strip_prefix(KEY_START).and_then(|rest| rest.split_once('_')) else {
        return false;
    };
    let is_plain = |text: &str| text.bytes().all(|b| ALPHABET.contains(&b));
    if prefix.len() != PREFIX || secret.len() != RANDOM + CHECKSUM || !is_plain(prefix) || !is_plain(secret) {
        return false;
    }
    let (random, sum) = secret.split_at(RANDOM);
    checksum(prefix, random) == sum
}

fn checksum(prefix: &str, random: &str) -> String {
    let mut left = u64::from(crc32fast::hash(format!("{prefix}_{random}").as_bytes()));
    let mut out = [b'0'; CHECKSUM];
    for place in out.iter_mut().rev() {
        *place = ALPHABET[(left % 62) as usize];
        left /= 62;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A new session id: 43 signs, 256 random bits.
pub(super) fn session_id() -> Result<String> {
    random_text(43)
}

/// A first password: 20 signs without the ones that are easily mistaken for each other.
pub(super) fn password() -> Result<String> {
    let clear: Vec<char> = random_text(200)?.chars().filter(|c| !"0O1lI".contains(*c)).take(20).collect();
    Ok(clear.chunks(5).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// A recovery code: 10 signs, 59 random bits.
pub(super) fn recovery_code() -> Result<String> {
    random_text(10)
}

/// `length` signs of the alphabet, each equally likely.
fn random_text(length: usize) -> Result<String> {
    let mut out = String::with_capacity(length);
    while out.len() < length {
        for byte in random_bytes::<64>()? {
            // 248 is the largest multiple of 62 in a byte: what lies above would favour the first signs.
            if byte < 248 && out.len() < length {
                out.push(ALPHABET[usize::from(byte % 62)] as char);
            }
        }
    }
    Ok(out)
}

/// The token of an `authorization` header, whatever it is.
pub fn bearer(value: &str) -> Option<&str> {
    value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim())
}

/// Bytes from the operating system.
pub(super) fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| Error::internal(format!("the operating system gave no random bytes: {e}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_carries_a_right_checksum_and_its_prefix() {
        let key = KeyToken::new().unwrap();
        assert!(is_key(&key.token), "{}", key.token);
        assert!(key.token.starts_with(&format!("cldm_{}_", key.prefix)));
    }

    #[test]
    fn one_changed_sign_breaks_the_checksum() {
        let token = KeyToken::new().unwrap().token;
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            assert!(!is_key(&String::from_utf8(bytes).unwrap()), "place {at} of {token}");
        }
        assert!(!is_key("cldm_"));
        assert!(!is_key("cldm_ä_ö"));
    }

    #[test]
    fn secrets_have_the_promised_lengths() {
        assert_eq!(session_id().unwrap().len(), 43);
        assert_eq!(password().unwrap().len(), 23);
        assert_eq!(SecretHash::of("").to_hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
