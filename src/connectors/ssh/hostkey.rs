//! The keys that a machine may show, as `known_hosts`, `ssh-keyscan` and `ssh-keygen -l` write them.

use russh::keys::ssh_key::public::KeyData;
use russh::keys::{Algorithm, HashAlg, PublicKey, parse_public_key_base64};

use super::login::wrong;
use crate::error::Result;

/// A key that is let pass.
pub(in super::super) enum Wanted {
    Key(PublicKey),
    /// `SHA256:...`
    Fingerprint(String),
}

impl Wanted {
    pub fn is(&self, key: &PublicKey) -> bool {
        match self {
            // A comment is no part of a key.
            Wanted::Key(wanted) => wanted.key_data() == key.key_data(),
            Wanted::Fingerprint(wanted) => *wanted == key.fingerprint(HashAlg::Sha256).to_string(),
        }
    }
}

/// A key as an error may show it: `ssh-ed25519 SHA256:...`.
pub(in super::super) fn words(key: &PublicKey) -> String {
    format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256))
}

/// Every key of a text, given as the input `field`: lines of `known_hosts`, public keys with or without their type, fingerprints.
pub(in super::super) fn read(text: &str, field: &str) -> Result<Vec<Wanted>> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with('@') {
            let text =
                format!("'{field}' has a line with '{}': only keys of machines are understood.", line.split(' ').next().unwrap_or(line));
            return Err(wrong(field, text));
        }
        let key = line.split_whitespace().find_map(|word| match parse_public_key_base64(word) {
            Ok(key) => Some(Wanted::Key(key)),
            Err(_) => word.starts_with("SHA256:").then(|| Wanted::Fingerprint(word.trim_end_matches('=').to_owned())),
        });
        found.push(key.ok_or_else(|| {
            wrong(field, format!("'{field}' holds no key: give a line as `ssh-keyscan` prints it, or its SHA256 fingerprint."))
        })?);
    }
    if found.is_empty() {
        return Err(wrong(field, format!("'{field}' is empty: give a line as `ssh-keyscan` prints it.")));
    }
    Ok(found)
}

/// The same as a file for the program ssh, whatever the server's name. Fingerprints are not enough for that.
pub(in super::super) fn known_hosts(text: &str, field: &str) -> Result<String> {
    let mut lines = String::new();
    for wanted in read(text, field)? {
        let Wanted::Key(key) = wanted else {
            return Err(wrong(field, format!("'{field}' is a fingerprint; the whole key is needed here, as `ssh-keyscan` prints it.")));
        };
        let key = key.to_openssh().map_err(|_| wrong(field, format!("'{field}' holds a key that cannot be written down.")))?;
        lines += &["* ", &key, "\n"].concat();
    }
    Ok(lines)
}

/// The algorithms that the machine is asked for, so that it shows the key that is known and not another of its own; `None` where
/// that cannot be told.
pub(super) fn algorithms(wanted: &[Wanted]) -> Option<Vec<Algorithm>> {
    let mut all = Vec::new();
    for wanted in wanted {
        let Wanted::Key(key) = wanted else { return None };
        match key.key_data() {
            KeyData::Rsa(_) => {
                all.extend([Algorithm::Rsa { hash: Some(HashAlg::Sha512) }, Algorithm::Rsa { hash: Some(HashAlg::Sha256) }]);
            }
            _ => all.push(key.algorithm()),
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

    #[test]
    fn a_key_is_found_in_every_way_it_is_written() {
        let key = parse_public_key_base64(KEY).unwrap();
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        for text in [
            KEY.to_owned(),
            format!("ssh-ed25519 {KEY} root@machine"),
            format!("# a comment\n[127.0.0.1]:2222 ssh-ed25519 {KEY}\n"),
            format!("|1|hash=|salt= ssh-ed25519 {KEY}"),
            format!("256 {fingerprint} root@machine (ED25519)"),
        ] {
            let wanted = read(&text, "hostkey").unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(wanted.len() == 1 && wanted[0].is(&key), "{text}");
        }
        assert_eq!(algorithms(&read(KEY, "hostkey").unwrap()), Some(vec![Algorithm::Ed25519]));
        assert_eq!(algorithms(&read(&fingerprint, "hostkey").unwrap()), None);
    }

    #[test]
    fn what_is_no_key_is_refused_in_words() {
        for text in ["", "# nothing", "machine ssh-ed25519", "yes", &format!("@cert-authority * ssh-ed25519 {KEY}")] {
            let error = read(text, "hostkey").err().unwrap_or_else(|| panic!("{text} was taken"));
            assert!(error.message().contains("'hostkey'"), "{error}");
        }
    }
}
