//! What the inputs of connections have alike: how they are read, whom they trust, and what they are when nothing is said.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::http::{ClientCert, wrong};
use crate::error::{Error, Result};

/// Inputs that their schema accepts. Errors show no value: there are secrets among them.
pub(super) fn read<T: DeserializeOwned>(inputs: &Value) -> Result<T> {
    serde_json::from_value(inputs.clone())
        .map_err(|_| Error::invalid("An input of the connection is not what it should be, now that its secrets are in place."))
}

/// How sure a connection is of who is at the other end, and who it says it is.
#[derive(Deserialize)]
pub(super) struct Trust {
    #[serde(default = "yes")]
    pub verify_ssl: bool,
    pub cacert: Option<String>,
    pub client_cert: Option<ClientCert>,
}

pub(super) fn no_certificate() -> Error {
    wrong("cacert", "'cacert' holds no certificate as PEM ('-----BEGIN CERTIFICATE-----').".to_owned())
}

pub(super) fn no_identity() -> Error {
    wrong("client_cert", "'client_cert' needs 'cert', a certificate, and 'key', its private key, both as PEM.".to_owned())
}

pub(super) fn yes() -> bool {
    true
}

/// Seconds to connect.
pub(super) fn ten() -> f64 {
    10.0
}

/// Seconds for the whole.
pub(super) fn three_hundred() -> f64 {
    300.0
}
