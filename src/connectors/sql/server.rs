//! A database server: where it is, who logs in and how, and what its errors mean.

use serde::Deserialize;
use serde_json::Value;
use sqlx::error::DatabaseError;

use super::Fault;
use crate::connectors::input;

/// How far the connection is encrypted.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tls {
    /// With a certificate that is valid for the host.
    #[default]
    Verify,
    /// With any certificate.
    Require,
    Off,
}

/// The inputs that say where to and as whom.
#[derive(Clone, Deserialize)]
pub(super) struct Server {
    pub host: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub database: Option<String>,
    #[serde(default)]
    pub tls: Tls,
    pub cacert: Option<String>,
    /// Seconds.
    #[serde(default = "input::ten")]
    pub connect_timeout: f64,
    /// Seconds for the whole.
    #[serde(default = "input::three_hundred")]
    pub timeout: f64,
}

impl Server {
    /// Reads inputs that their schema accepts. Errors show no value: there are secrets among them.
    pub fn read(inputs: &Value) -> Result<Server, Fault> {
        let server: Server = input::read(inputs).map_err(|error| Fault::lasting(error.message()))?;
        if let Some(pem) = &server.cacert
            && !pem.contains("-----BEGIN CERTIFICATE-----")
        {
            return Err(Fault::lasting(input::no_certificate().message()));
        }
        Ok(server)
    }
}

/// Which part of the work failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing was sent but the login.
    Login,
    Work,
}

/// What an error means to who asked. `kind` is the connector's name, `is_passing` what the database says of its own error.
pub(super) fn fault(kind: &str, part: Part, error: &sqlx::Error, is_passing: impl Fn(&dyn DatabaseError) -> bool) -> Fault {
    match error {
        sqlx::Error::Database(said) => {
            let code = said.code().map_or_else(String::new, |code| format!(" (SQLSTATE {code})"));
            let text = match part {
                Part::Login => format!("{kind}: the server refuses the login: {}{code}.", plain(said.message())),
                Part::Work => format!("{kind}: {}{code}.", plain(&told(said.as_ref()))),
            };
            if is_passing(said.as_ref()) { Fault::Passing(text) } else { Fault::Lasting(text) }
        }
        sqlx::Error::Tls(cause) if cause.to_string().contains("does not support TLS") => Fault::lasting(format!(
            "{kind}: the server offers no encryption, and 'tls' asks for it; \"tls\": \"off\" does without, where the way there is safe."
        )),
        sqlx::Error::Tls(cause) => Fault::lasting(certificate(kind, &cause.to_string())),
        sqlx::Error::Io(cause) if cause.to_string().contains("certificate") => Fault::lasting(certificate(kind, &cause.to_string())),
        sqlx::Error::Io(cause) if part == Part::Login => Fault::lasting(format!("{kind}: no connection ({}).", plain(&cause.to_string()))),
        sqlx::Error::Protocol(_) if part == Part::Login => {
            Fault::lasting(format!("{kind}: no connection (the other side broke off, or is no such server)."))
        }
        sqlx::Error::Io(cause) => Fault::Cut(format!(
            "{kind}: the connection broke off ({}); whether the statement took effect is not known.",
            plain(&cause.to_string())
        )),
        other => Fault::lasting(format!("{kind}: the exchange with the server failed ({}).", plain(&other.to_string()))),
    }
}

fn certificate(kind: &str, cause: &str) -> String {
    format!("{kind}: the server's certificate is not trusted ({}); 'cacert' takes that of its authority.", plain(cause))
}

/// What a database says of a statement, with its advice.
fn told(said: &dyn DatabaseError) -> String {
    let mut text = plain(said.message()).to_owned();
    if let Some(said) = said.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        for more in [said.detail(), said.hint()].into_iter().flatten() {
            text.push_str(". ");
            text.push_str(plain(more));
        }
    }
    text
}

fn plain(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::records::connector;

    #[test]
    fn defaults_are_those_that_are_declared() {
        let server = Server::read(&json!({ "host": "h" })).expect("it reads");
        for name in ["SQLPG", "MYSQL"] {
            let of = connector::find(name).expect("declared");
            let declared = |name: &str| {
                let text = of.every_input().find(|input| input.name == name).and_then(|input| input.default).expect(name);
                serde_json::from_str::<Value>(text).expect("JSON")
            };
            assert_eq!((server.tls, declared("tls")), (Tls::Verify, json!("verify")));
            assert_eq!(Some(server.connect_timeout), declared("connect_timeout").as_f64());
            assert_eq!(Some(server.timeout), declared("timeout").as_f64());
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        assert!(Server::read(&json!({ "host": "h", "cacert": "none" })).is_err());
    }
}
