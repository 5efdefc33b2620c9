//! SMTP: one mail, handed to a mail server. Who takes it and who does not is said for each recipient, and it is never handed over twice.

mod letter;

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, Identity, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::letter::{Addresses, Letter};
use super::http::{ClientCert, wrong};
use super::input::{self, Trust};
use super::{Connect, Failure, Job};
use crate::error::Result;

/// The port of servers that speak TLS from the first byte.
const IMPLICIT: u16 = 465;
/// Seconds for a good-bye.
const GOODBYE: f64 = 2.0;

pub(super) struct Smtp;

#[derive(Deserialize)]
#[allow(clippy::unsafe_derive_deserialize, reason = "what is unsafe in its methods is a macro of tokio")]
struct Inputs {
    smtp_host: String,
    #[serde(default = "twenty_five")]
    smtp_port: u16,
    #[serde(default = "input::yes")]
    use_tls: bool,
    tls_mode: Option<String>,
    login: Option<String>,
    password: Option<String>,
    from: String,
    to: Addresses,
    cc: Option<Addresses>,
    bcc: Option<Addresses>,
    subject: String,
    text: Option<String>,
    html: Option<String>,
    #[serde(default)]
    attachments: Vec<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default = "input::ten")]
    connect_timeout: f64,
    #[serde(default = "input::three_hundred")]
    timeout: f64,
    #[serde(flatten)]
    trust: Trust,
}

fn twenty_five() -> u16 {
    25
}

impl Connect for Smtp {
    fn name(&self) -> &'static str {
        "SMTP"
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        let host = inputs.get("smtp_host").and_then(Value::as_str).unwrap_or_default().trim();
        if host.contains(['(', ')']) {
            return Err(wrong("smtp_host", "The host of a connection stands in its inputs as it is; it cannot be a secret.".to_owned()));
        }
        if host.is_empty() || host.contains(char::is_whitespace) || host.contains(['/', '@']) {
            let text = "'smtp_host' is the name or the address of a mail server, without a scheme or a path.".to_owned();
            return Err(wrong("smtp_host", text));
        }
        Ok(host.trim_end_matches('.').to_lowercase())
    }

    fn is_repeatable(&self, _: &Value) -> bool {
        false
    }

    fn only_reads(&self, _: &Value) -> bool {
        false
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let inputs: Inputs = input::read(job.inputs)?;
            let letter = inputs.letter(job).await?;
            let is_handed = AtomicBool::new(false);
            let until = job.clock.instant().plus(super::ssh::seconds(inputs.timeout));
            let (output, mut connection) = tokio::select! {
                biased;
                sent = inputs.send(&letter, job, &is_handed) => sent?,
                () = job.clock.sleep_until(until) => {
                    let rest = if is_handed.load(Ordering::Relaxed) { UNKNOWN } else { " It was not sent." };
                    return Err(Failure::new(format!("The mail was not taken within the timeout of {} s.{rest}", inputs.timeout)));
                }
            };
            let until = job.clock.instant().plus(super::ssh::seconds(GOODBYE));
            // The mail is taken, whatever the server says now.
            tokio::select! { biased; _ = connection.quit() => {}, () = job.clock.sleep_until(until) => {} }
            Ok(output)
        })
    }
}

/// Behind the words about a mail that was on its way.
const UNKNOWN: &str = " Whether the server took it is not known: look there before it is sent again.";

impl Inputs {
    async fn letter(&self, job: &Job<'_>) -> Result<Letter, Failure> {
        let mut files = Vec::new();
        let mut room = letter::ATTACHED_LIMIT;
        for name in &self.attachments {
            let file = job.files.open(name).await?;
            room = room.checked_sub(file.size).ok_or_else(|| {
                wrong("attachments", format!("The attachments have more than {} bytes; no mail carries that.", letter::ATTACHED_LIMIT))
            })?;
            drop(file);
            files.push((name.rsplit('/').next().unwrap_or(name).to_owned(), job.files.read(name).await?));
        }
        let headers = self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect();
        let letter = letter::Parts {
            from: &self.from,
            to: &self.to,
            cc: self.cc.as_ref(),
            bcc: self.bcc.as_ref(),
            subject: &self.subject,
            text: self.text.as_deref(),
            html: self.html.as_deref(),
            headers,
        };
        Ok(letter.write(files, job.clock.now())?)
    }

    fn name(&self) -> String {
        format!("{}:{}", self.smtp_host.trim(), self.smtp_port)
    }

    async fn send(&self, letter: &Letter, job: &Job<'_>, is_handed: &AtomicBool) -> Result<(Value, AsyncSmtpConnection), Failure> {
        let name = self.name();
        let until = job.clock.instant().plus(super::ssh::seconds(self.connect_timeout));
        let mut connection = tokio::select! {
            biased;
            connection = self.connect() => connection?,
            () = job.clock.sleep_until(until) => {
                return Err(Failure::new(format!("{name}: no connection within the connect_timeout of {} s.", self.connect_timeout)));
            }
        };
        let mut parameters = Vec::new();
        let server = connection.server_info();
        if letter.needs_utf8() {
            if !server.supports_feature(Extension::SmtpUtfEight) {
                return Err(Failure::new(format!("{name}: the server takes no addresses with letters beyond ASCII.")));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if server.supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let begun = connection.command(Mail::new(Some(letter.from.clone()), parameters)).await;
        begun.map_err(|error| Failure::new(format!("{name}: the server takes no mail from '{}' ({}).", letter.from, words(&error))))?;
        let (mut accepted, mut refused) = (Vec::new(), Map::new());
        for address in &letter.recipients {
            match connection.command(Rcpt::new(address.clone(), Vec::new())).await {
                Ok(_) => accepted.push(address.to_string()),
                Err(error) if error.status().is_some() => self.note(address, &error, (&mut refused, job)),
                Err(error) => return Err(Failure::new(format!("{name}: {}. The mail was not sent.", words(&error)))),
            }
        }
        if accepted.is_empty() {
            let all: Vec<String> =
                refused.iter().map(|(address, why)| format!("{address} ({})", why.as_str().unwrap_or_default())).collect();
            let message = format!("{name}: the server takes the mail for none of its recipients: {}.", all.join(", "));
            return Err(Failure { message, output: Some(json!({ "refused": refused })) });
        }
        let ready = connection.command(Data).await;
        ready.map_err(|error| Failure::new(format!("{name}: the server does not take the mail ({}).", words(&error))))?;
        is_handed.store(true, Ordering::Relaxed);
        match connection.message(&letter.content).await {
            Ok(_) => {}
            Err(error) if error.status().is_some() => {
                return Err(Failure::new(format!("{name}: the server has not taken the mail ({}).", words(&error))));
            }
            Err(error) => return Err(Failure::new(format!("{name}: {} while the mail was handed over.{UNKNOWN}", words(&error)))),
        }
        let mut output = json!({ "message_id": letter.id, "accepted": accepted });
        if !refused.is_empty() {
            output["refused"] = refused.into();
        }
        Ok((output, connection))
    }

    fn note(&self, address: &Address, error: &SmtpError, (refused, job): (&mut Map<String, Value>, &Job<'_>)) {
        let why = words(error);
        job.log.warning(format!("{} refuses the recipient {address} ({why}).", self.name()));
        refused.insert(address.to_string(), why.into());
    }

    /// Connects, encrypts and logs in as far as that is asked for.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let (name, hello) = (self.name(), ClientId::default());
        let is_implicit = match self.tls_mode.as_deref() {
            Some(mode) => mode == "implicit",
            None => self.smtp_port == IMPLICIT,
        };
        let tls = if self.use_tls { Some(self.tls()?) } else { None };
        let first = tls.clone().filter(|_| is_implicit);
        let address = (self.smtp_host.trim(), self.smtp_port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, None, &hello, first, None)
            .await
            .map_err(|error| Failure::new(format!("{name}: no connection ({}).", words(&error))))?;
        if let Some(tls) = tls.filter(|_| !is_implicit) {
            if !connection.can_starttls() {
                let text = format!("{name}: the server offers no encryption (STARTTLS), and 'use_tls' asks for it.");
                return Err(Failure::new(text));
            }
            let encrypted = connection.starttls(tls, &hello).await;
            encrypted.map_err(|error| Failure::new(format!("{name}: the connection cannot be encrypted ({}).", words(&error))))?;
        }
        if let Some(login) = &self.login {
            let credentials = Credentials::new(login.clone(), self.password.clone().unwrap_or_default());
            let known = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            known
                .map_err(|error| Failure::new(format!("{name}: the server does not accept the login of '{login}' ({}).", words(&error))))?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters> {
        let mut builder = TlsParameters::builder(self.smtp_host.trim().to_owned()).dangerous_accept_invalid_certs(!self.trust.verify_ssl);
        if let Some(pem) = &self.trust.cacert {
            let authority = Certificate::from_pem(pem.as_bytes()).ok().filter(|_| pem.contains("-----BEGIN CERTIFICATE-----"));
            let authority = authority.ok_or_else(input::no_certificate)?;
            builder = builder.certificate_store(lettre::transport::smtp::client::CertificateStore::None).add_root_certificate(authority);
        }
        if let Some(ClientCert { cert, key }) = &self.trust.client_cert {
            let identity = Identity::from_pem(cert.as_bytes(), key.as_bytes()).map_err(|_| input::no_identity())?;
            builder = builder.identify_with(identity);
        }
        builder
            .build_rustls()
            .map_err(|error| crate::error::Error::invalid(format!("TLS cannot be used with these inputs: {}.", words(&error))))
    }
}

/// An error as a clause: what the server answered, or what lies under it.
fn words(error: &SmtpError) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    let text = cause.to_string();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_end_matches('.');
    match error.status() {
        Some(code) => format!("{code} {text}"),
        None if text == "incomplete response" => "the server closed the connection".to_owned(),
        None if error.is_response() => format!("what the server answers is no SMTP: {text}"),
        None => text.to_owned(),
    }
}
