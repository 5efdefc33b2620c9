//! Sealed columns: what is written there lies in the database encrypted (XChaCha20-Poly1305), bound to its record and column.
//!
//! A sealed value reads `s1.<number of its key>.<base64 of nonce and ciphertext>`. It opens only where it was sealed: moved
//! to another record or column, or changed in any way, it does not.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use super::key_file::{Key, KeyFile, Keys};
use super::token;
use crate::error::{Error, Kind, Result};
use crate::records::{Field, RecordType, Storage};
use crate::store::{Row, Store, Write};

const FORMAT: &str = "s1";
const NONCE: usize = 24;
/// The fact of the database that says by which keys it was sealed: number to check value.
const CHECKS: &str = "key_checks";
/// The fact of the database that holds, sealed, the bases that were in use before: number to hex digits.
const PAST: &str = "past_bases";

/// Where a value is sealed; part of what its seal vouches for.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) record_type: &'a str,
    pub(super) id: &'a str,
    pub(super) column: &'a str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        // No name has a zero byte in it.
        [self.record_type, self.id, self.column].join("\0").into_bytes()
    }
}

/// The keys in use and their file.
pub(super) struct Seals {
    file: KeyFile,
    keys: RwLock<Arc<Keys>>,
    /// Bases that are not in the file any more, by number.
    past: RwLock<Arc<BTreeMap<u32, Key>>>,
    /// Held by who changes the keys.
    pub(super) rotation: tokio::sync::Mutex<()>,
}

impl Seals {
    /// Reads the key file, or makes it for a database that nothing was sealed in yet. A file that is missing, or not the one
    /// of this database, is [`Kind::Unavailable`] and says which file.
    pub(super) async fn open(store: &Store, path: &Path) -> Result<Seals> {
        let file = KeyFile::new(path.to_owned());
        let known = checks_read(store).await?;
        let keys = match file.read()? {
            Some(keys) => keys,
            None if known.is_empty() => file.create()?,
            None => {
                let text = format!(
                    "The key file {} is missing, and without it the secrets in the database cannot be read. Put it back, or say where it \
                     is with `key_file` in section [server].",
                    path.display()
                );
                return Err(Error::new(Kind::Unavailable, text));
            }
        };
        let own = checks_of(&keys);
        for (name, check) in &known {
            let same = own.get(name).is_some_and(|own| own.as_bytes().ct_eq(check.as_bytes()).into());
            if !same {
                let what = if name.starts_with("base") { "base key".to_owned() } else { format!("sealing key number {name}") };
                let text = format!(
                    "The key file {} is not the one of this database: it does not have its {what}. Put the right one there.",
                    path.display()
                );
                return Err(Error::new(Kind::Unavailable, text));
            }
        }
        if own != known {
            checks_write(store, &keys).await?;
        }
        let seals = Seals { file, keys: RwLock::new(Arc::new(keys)), past: RwLock::default(), rotation: tokio::sync::Mutex::new(()) };
        let past = seals.past_read(store).await?;
        *seals.past.write().expect("no panic happens under this lock") = Arc::new(past);
        Ok(seals)
    }

    /// A base by its number, of the file or of before.
    pub(super) fn base(&self, number: u32) -> Option<Key> {
        let known = self.keys().bases.get(&number).copied();
        known.or_else(|| self.past.read().expect("no panic happens under this lock").get(&number).copied())
    }

    /// Seals every base but the one in use in the database, so that the file can do without. On disk when this returns.
    pub(super) async fn past_keep(&self, store: &Store) -> Result<()> {
        let keys = self.keys();
        let mut past = BTreeMap::clone(&self.past.read().expect("no panic happens under this lock"));
        past.extend(keys.bases.iter().map(|(number, key)| (*number, *key)));
        past.remove(&keys.base().0);
        let mut sealed = Map::new();
        for (number, key) in &past {
            let digits = hex::encode(key.0).into();
            sealed.insert(number.to_string(), self.seal(past_place(&number.to_string()), &digits)?.into());
        }
        store.meta_set(PAST, &Value::Object(sealed).to_string()).await?;
        *self.past.write().expect("no panic happens under this lock") = Arc::new(past);
        Ok(())
    }

    /// A base that does not open is left out, which is said: what it vouched for counts as changed.
    async fn past_read(&self, store: &Store) -> Result<BTreeMap<u32, Key>> {
        let row = store.aside("meta", &["value"], ("key", PAST)).await?;
        let Some(text) = row.as_ref().and_then(|row| row.text("value")) else { return Ok(BTreeMap::new()) };
        let sealed: BTreeMap<u32, String> = serde_json::from_str(text).unwrap_or_default();
        let open = |(number, sealed): (u32, String)| {
            let value = self.open_value(past_place(&number.to_string()), &sealed);
            let key = value.ok().and_then(|value| value.as_str().and_then(Key::parse));
            if key.is_none() {
                tracing::error!("the older base key number {number} does not open; what it vouched for cannot be checked");
            }
            Some((number, key?))
        };
        Ok(sealed.into_iter().filter_map(open).collect())
    }

    pub(super) fn keys(&self) -> Arc<Keys> {
        self.keys.read().expect("no panic happens under this lock").clone()
    }

    pub(super) fn file(&self) -> &KeyFile {
        &self.file
    }

    /// Takes other keys into use. Whoever calls this has written them down.
    pub(super) fn replace(&self, keys: Keys) {
        *self.keys.write().expect("no panic happens under this lock") = Arc::new(keys);
    }

    /// `value` as the database may hold it.
    pub(super) fn seal(&self, place: Place<'_>, value: &Value) -> Result<String> {
        let (number, key) = self.keys().current();
        let nonce = token::random_bytes::<NONCE>()?;
        let (text, place) = (value.to_string(), place.bytes());
        let sealed = sealed_with(key, &nonce, Payload { msg: text.as_bytes(), aad: &place })
            .ok_or_else(|| Error::internal("a value was too long to be sealed"))?;
        Ok(format!("{FORMAT}.{number}.{}", STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat())))
    }

    /// The value that was sealed at this place.
    pub(super) fn open_value(&self, place: Place<'_>, sealed: &str) -> Result<Value> {
        let broken = || {
            let Place { record_type, id, column } = place;
            Error::internal(format!("the sealed '{column}' of {record_type} {id} does not open: it was changed, or sealed with other keys"))
        };
        let mut parts = sealed.splitn(3, '.');
        let (Some(FORMAT), Some(number), Some(text)) = (parts.next(), parts.next(), parts.next()) else { return Err(broken()) };
        let keys = self.keys();
        let key = number.parse().ok().and_then(|number: u32| keys.seals.get(&number)).ok_or_else(broken)?;
        let bytes = STANDARD_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() > NONCE).ok_or_else(broken)?;
        let (nonce, sealed) = bytes.split_at(NONCE);
        let nonce = XNonce::try_from(nonce).map_err(|_| broken())?;
        let cipher = XChaCha20Poly1305::new(&key.0.into());
        let open = cipher.decrypt(&nonce, Payload { msg: sealed, aad: &place.bytes() }).map_err(|_| broken())?;
        // Without the parser's error, which could show a piece of it.
        serde_json::from_slice(&open).map_err(|_| broken())
    }

    /// Seals what the columns hold in the clear, once the record's id is known.
    pub(super) fn seal_columns(&self, of: &RecordType, id: &str, columns: &mut Map<String, Value>) -> Result<()> {
        for field in enciphered(of) {
            if let Some(value) = columns.get_mut(field.name).filter(|value| !value.is_null()) {
                *value = self.seal(Place { record_type: of.name, id, column: field.name }, value)?.into();
            }
        }
        Ok(())
    }
}

fn past_place(number: &str) -> Place<'_> {
    Place { record_type: "KEY_FILE", id: number, column: "base" }
}

/// The columns whose values are kept encrypted. The password of a user is kept as a hash instead: nothing has to read it again.
pub(super) fn enciphered(of: &RecordType) -> impl Iterator<Item = &'static Field> + use<> {
    let is_hashed = |field: &Field, of: &str| of == "USER" && field.name == "password";
    let name = of.name;
    of.fields().filter(move |field| field.storage == Storage::Sealed && !is_hashed(field, name))
}

/// How sealed values begin that the current key has sealed.
pub(super) fn prefix(keys: &Keys) -> String {
    format!("{FORMAT}.{}.", keys.current().0)
}

fn sealed_with(key: Key, nonce: &[u8; NONCE], payload: Payload<'_, '_>) -> Option<Vec<u8>> {
    XChaCha20Poly1305::new(&key.0.into()).encrypt(&XNonce::from(*nonce), payload).ok()
}

/// What tells a key from others without giving it away.
fn checks_of(keys: &Keys) -> BTreeMap<String, String> {
    let check = |key: &Key| hex::encode(&key.derive("check value", b"")[..16]);
    let seals = keys.seals.iter().map(|(number, key)| (number.to_string(), check(key)));
    // The first had no number when there was only one.
    let name = |number: u32| if number == 1 { "base".to_owned() } else { format!("base {number}") };
    keys.bases.iter().map(|(number, key)| (name(*number), check(key))).chain(seals).collect()
}

async fn checks_read(store: &Store) -> Result<BTreeMap<String, String>> {
    let row = store.aside("meta", &["value"], ("key", CHECKS)).await?;
    match row.as_ref().and_then(|row| row.text("value")) {
        Some(text) => serde_json::from_str(text).map_err(|e| Error::internal("the stored checks of keys are unreadable").source_error(e)),
        None => Ok(BTreeMap::new()),
    }
}

/// Writes down which keys the database needs. On disk when this returns.
pub(super) async fn checks_write(store: &Store, keys: &Keys) -> Result<()> {
    let text = serde_json::to_string(&checks_of(keys)).map_err(|e| Error::internal("checks of keys are JSON").source_error(e))?;
    let row = Row::from([("key", CHECKS.into()), ("value", text.into())]);
    let write = Write::Upsert { table: "meta", key: &["key"], row };
    store.submit(crate::store::Unit { writes: vec![write], lazy: false }).wait().await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::Options;

    async fn seals() -> (tempfile::TempDir, Seals) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Options { folder: folder.path().to_owned(), durability: crate::store::Durability::Normal }).await.unwrap();
        let seals = Seals::open(&store, &folder.path().join("server.key")).await.unwrap();
        (folder, seals)
    }

    const HERE: Place<'_> = Place { record_type: "SECRET", id: "1", column: "value" };

    #[tokio::test]
    async fn a_value_opens_with_its_type_and_never_looks_the_same_twice() {
        let (_folder, seals) = seals().await;
        for value in [json!("hunter2"), json!({"user": "a", "n": [1, null]}), json!("")] {
            let sealed = seals.seal(HERE, &value).unwrap();
            assert!(!sealed.contains("hunter2"));
            assert_ne!(sealed, seals.seal(HERE, &value).unwrap());
            assert_eq!(seals.open_value(HERE, &sealed).unwrap(), value);
        }
    }

    #[tokio::test]
    async fn a_value_opens_nowhere_but_where_it_was_sealed_and_not_when_it_was_changed() {
        let (_folder, seals) = seals().await;
        let sealed = seals.seal(HERE, &json!("hunter2")).unwrap();
        for place in [Place { id: "2", ..HERE }, Place { column: "key", ..HERE }, Place { record_type: "OAUTH", ..HERE }] {
            assert!(seals.open_value(place, &sealed).is_err());
        }
        let mut bytes = sealed.clone().into_bytes();
        let last = bytes.len() - 5;
        bytes[last] = if bytes[last] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        for text in [changed.as_str(), "", "hunter2", "s1.1.", "s1.9.AAAA", &sealed[..sealed.len() - 4]] {
            let error = seals.open_value(HERE, text).unwrap_err();
            assert!(!error.message().contains("hunter2"), "{error}");
        }
    }
}
