//! The way into another machine: who it must be, and who we are.

use std::net::Shutdown;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use russh::client::{self, AuthResult, Handle, Handler, KeyboardInteractiveAuthResponse, Msg};
use russh::keys::ssh_key::LineEnding;
use russh::keys::{PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key};
use russh::{Channel, Disconnect, MethodKind, Preferred};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpStream;

use super::super::{Failure, input};
use super::hostkey::{self, Wanted};
use crate::clock::Clock;
use crate::error::{Error, Result};

/// Seconds without a byte after which the machine is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// Rounds of questions that a machine may ask before a login.
const ROUNDS: usize = 8;

/// The inputs that every connection over SSH has.
#[derive(Deserialize)]
#[allow(clippy::unsafe_derive_deserialize, reason = "what is unsafe in its methods is a macro of tokio")]
pub(super) struct Login {
    hostname: String,
    #[serde(default = "twenty_two")]
    port: u16,
    hostkey: Option<String>,
    #[serde(default = "input::yes")]
    verify_hostkey: bool,
    username: String,
    password: Option<String>,
    key: Option<String>,
    passphrase: Option<String>,
    #[serde(default = "thirty")]
    connect_timeout: f64,
}

fn twenty_two() -> u16 {
    22
}

fn thirty() -> f64 {
    30.0
}

/// The machine that the inputs lead to, in lower case.
pub(super) fn host(inputs: &Value) -> Result<String> {
    let host = inputs.get("hostname").and_then(Value::as_str).unwrap_or_default().trim();
    if host.contains(['(', ')']) {
        return Err(wrong("hostname", "The host of a connection stands in its inputs as it is; it cannot be a secret.".to_owned()));
    }
    if host.is_empty() || host.contains(char::is_whitespace) || host.contains(['/', '@']) {
        let text = "'hostname' is the name or the address of a machine, without a user, a scheme or a path.".to_owned();
        return Err(wrong("hostname", text));
    }
    Ok(host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_lowercase())
}

/// What cannot be sent, as an input's fault.
pub(super) fn wrong(field: &str, message: String) -> Error {
    Error::invalid(message).field(format!("/{field}"))
}

/// A private key, and what it is encrypted with if it is. `names` are those of the two inputs.
fn private_key(text: &str, passphrase: Option<&str>, names: (&str, &str)) -> Result<PrivateKey> {
    // A PEM text that went through a form may have lost its last line break or got those of another system.
    let key = decode_secret_key(text.replace("\r\n", "\n").trim(), passphrase);
    let (name, opens) = names;
    key.map_err(|error| match (error, passphrase) {
        (russh::keys::Error::KeyIsEncrypted, None) => wrong(opens, format!("'{name}' is encrypted and needs its '{opens}'.")),
        (_, None) => wrong(name, format!("'{name}' is no private key as PEM ('-----BEGIN OPENSSH PRIVATE KEY-----'), or not whole.")),
        (_, Some(_)) => wrong(opens, format!("'{name}' is no private key as PEM, or '{opens}' is not its own.")),
    })
}

/// A private key as PEM, as it is without its passphrase: for a program that can ask nobody.
pub(in super::super) fn opened_key(text: &str, passphrase: Option<&str>, names: (&str, &str)) -> Result<String> {
    let key = private_key(text, passphrase, names)?;
    if passphrase.is_none() {
        return Ok(format!("{}\n", text.replace("\r\n", "\n").trim()));
    }
    let pem = key.to_openssh(LineEnding::LF);
    pem.map(|pem| pem.to_string()).map_err(|_| wrong(names.0, format!("'{}' cannot be written without its passphrase.", names.0)))
}

/// So many seconds, as an input says them.
pub(in super::super) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// Looks at the key that the machine shows.
pub(super) struct Check {
    /// `None` lets any machine pass.
    wanted: Option<Vec<Wanted>>,
    /// The key of the machine, for the words of an error.
    shown: Arc<Mutex<Option<String>>>,
}

impl Handler for Check {
    type Error = russh::Error;

    fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> impl Future<Output = Result<bool, russh::Error>> + Send {
        let is_wanted = match (key, &self.wanted) {
            (_, None) => true,
            (PublicKeyOrCertificate::PublicKey { key, .. }, Some(wanted)) => {
                *self.shown.lock().expect("no panic happens under this lock") = Some(hostkey::words(key));
                wanted.iter().any(|wanted| wanted.is(key))
            }
            (PublicKeyOrCertificate::Certificate(_), Some(_)) => false,
        };
        std::future::ready(Ok(is_wanted))
    }
}

/// A socket that is closed with whoever holds this, whatever the library does with its own end.
struct Socket(std::net::TcpStream);

impl Drop for Socket {
    fn drop(&mut self) {
        // The other side may have closed it.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// A connection that the machine has let in. Dropped, it is closed.
pub(super) struct Session {
    handle: Handle<Check>,
    _socket: Socket,
    /// `host:port`.
    pub name: String,
}

impl Login {
    fn name(&self) -> String {
        format!("{}:{}", self.hostname.trim(), self.port)
    }

    /// The keys that the machine may show; `None` for any.
    fn wanted(&self) -> Result<Option<Vec<Wanted>>> {
        match (&self.hostkey, self.verify_hostkey) {
            (_, false) => Ok(None),
            (Some(text), true) => hostkey::read(text, "hostkey").map(Some),
            (None, true) => {
                let text = "'hostkey' is needed unless 'verify_hostkey' is false: the key that the machine must show, as \
                            `ssh-keyscan` prints it.";
                Err(wrong("hostkey", text.to_owned()))
            }
        }
    }

    fn private_key(&self) -> Result<Option<PrivateKey>> {
        let key = self.key.as_deref().map(|text| private_key(text, self.passphrase.as_deref(), ("key", "passphrase")));
        key.transpose()
    }

    /// Connects, looks at the machine's key and logs in, all within `connect_timeout`.
    pub async fn open(&self, clock: &Clock) -> Result<Session, Failure> {
        let (wanted, key) = (self.wanted()?, self.private_key()?);
        let until = clock.instant().plus(seconds(self.connect_timeout));
        tokio::select! {
            biased;
            session = self.enter(wanted, key) => session,
            () = clock.sleep_until(until) => {
                Err(Failure::new(format!("{}: no connection within the connect_timeout of {} s.", self.name(), self.connect_timeout)))
            }
        }
    }

    async fn enter(&self, wanted: Option<Vec<Wanted>>, key: Option<PrivateKey>) -> Result<Session, Failure> {
        let name = self.name();
        let host = self.hostname.trim().trim_start_matches('[').trim_end_matches(']');
        let connected = TcpStream::connect((host, self.port)).await;
        let stream = connected.map_err(|error| Failure::new(format!("{name}: no connection ({error}).")))?;
        let (stream, socket) = shared(stream).map_err(|error| Failure::new(format!("{name}: the socket failed ({error}).")))?;
        let preferred = match wanted.as_deref().and_then(hostkey::algorithms) {
            Some(key) => Preferred { key: key.into(), ..Preferred::default() },
            None => Preferred::default(),
        };
        let config = client::Config { preferred, nodelay: true, keepalive_interval: Some(KEEPALIVE), ..client::Config::default() };
        let shown = Arc::default();
        let is_any = wanted.is_none();
        let check = Check { wanted, shown: Arc::clone(&shown) };
        let handle = client::connect_stream(Arc::new(config), stream, check).await.map_err(|error| {
            let shown = shown.lock().expect("no panic happens under this lock").take();
            Failure::new(format!("{name}: {}.", refusal(&error, (is_any, shown))))
        })?;
        let mut session = Session { handle, _socket: socket, name };
        self.show(&mut session, key).await?;
        Ok(session)
    }

    /// Shows the machine the key, then the password, as far as it asks for them.
    async fn show(&self, session: &mut Session, key: Option<PrivateKey>) -> Result<(), Failure> {
        let name = session.name.clone();
        let broken = |error: russh::Error| Failure::new(format!("{name}: the login broke off: {}.", words(&error)));
        let mut result = None;
        if let Some(key) = key {
            // What signatures of RSA keys it takes: it says so, or it is an old one that takes the first of all.
            let hash = if key.algorithm().is_rsa() { session.handle.best_supported_rsa_hash().await.map_err(broken)? } else { None };
            let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash.flatten());
            result = Some(session.handle.authenticate_publickey(&self.username, key).await.map_err(broken)?);
        }
        if let Some(password) = self.password.as_ref().filter(|_| !matches!(result, Some(AuthResult::Success))) {
            let answer = session.handle.authenticate_password(&self.username, password).await.map_err(broken)?;
            let asks = matches!(&answer, AuthResult::Failure { remaining_methods, .. }
                if remaining_methods.contains(&MethodKind::KeyboardInteractive));
            result = Some(answer);
            if asks && self.answer(session, password).await.map_err(broken)? {
                result = Some(AuthResult::Success);
            }
        }
        match result {
            Some(AuthResult::Success) => Ok(()),
            Some(AuthResult::Failure { .. }) if session.handle.is_closed() => {
                Err(Failure::new(format!("{name}: the machine closed the connection during the login of '{}'.", self.username)))
            }
            Some(AuthResult::Failure { remaining_methods, .. }) => {
                let shown = match (self.key.is_some(), self.password.is_some()) {
                    (true, true) => "this key and this password",
                    (true, false) => "this key",
                    (false, _) => "this password",
                };
                let takes: Vec<&str> = remaining_methods.iter().map(<&'static str>::from).collect();
                let takes = if takes.is_empty() { String::new() } else { format!(" It takes: {}.", takes.join(", ")) };
                Err(Failure::new(format!("{name} does not let '{}' in with {shown}.{takes}", self.username)))
            }
            None => Err(wrong("key", "A login needs 'key' or 'password'.".to_owned()).into()),
        }
    }

    /// Answers the questions of a machine that asks for a password in words of its own.
    async fn answer(&self, session: &mut Session, password: &str) -> Result<bool, russh::Error> {
        let mut asked = session.handle.authenticate_keyboard_interactive_start(&self.username, None::<String>).await?;
        for _ in 0..ROUNDS {
            let answers = match asked {
                KeyboardInteractiveAuthResponse::Success => return Ok(true),
                KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
                // What is shown while it is typed is no password.
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                    prompts.iter().map(|prompt| if prompt.echo { String::new() } else { password.to_owned() }).collect()
                }
            };
            asked = session.handle.authenticate_keyboard_interactive_respond(answers).await?;
        }
        Ok(false)
    }
}

/// A second hold on a socket.
fn shared(stream: TcpStream) -> std::io::Result<(TcpStream, Socket)> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    let socket = Socket(stream.try_clone()?);
    Ok((TcpStream::from_std(stream)?, socket))
}

impl Session {
    /// A channel for one program or subsystem.
    pub async fn channel(&self) -> Result<Channel<Msg>, Failure> {
        let opened = self.handle.channel_open_session().await;
        opened.map_err(|error| Failure::new(format!("{}: no channel could be opened: {}.", self.name, words(&error))))
    }

    /// Says good-bye and closes.
    pub async fn close(self) {
        // Whoever is gone needs no good-bye.
        let _ = self.handle.disconnect(Disconnect::ByApplication, "", "en").await;
    }
}

/// What went wrong before the machine was known to be the right one.
fn refusal(error: &russh::Error, (is_any, shown): (bool, Option<String>)) -> String {
    match (error, shown) {
        (russh::Error::UnknownKey, Some(shown)) => format!("the machine shows the key {shown}, and that is not 'hostkey'"),
        (russh::Error::UnknownKey, None) => "the machine shows a certificate, and that is not 'hostkey'".to_owned(),
        (russh::Error::NoCommonAlgo { kind: russh::AlgorithmKind::Key, theirs, .. }, _) if !is_any => {
            format!("the machine has no key of the type of 'hostkey'; it has {}", theirs.join(", "))
        }
        _ => words(error),
    }
}

/// An error as a clause.
pub(super) fn words(error: &russh::Error) -> String {
    match error {
        russh::Error::NoCommonAlgo { kind, theirs, .. } => {
            format!("there is no {kind:?} algorithm that both sides know; it offers {}", theirs.join(", "))
        }
        russh::Error::IO(error) if is_closed(error) => "the machine closed the connection".to_owned(),
        russh::Error::IO(error) => format!("the exchange broke off ({error})"),
        russh::Error::Disconnect | russh::Error::HUP | russh::Error::SendError | russh::Error::RecvError => {
            "the machine closed the connection".to_owned()
        }
        russh::Error::KeepaliveTimeout => "nothing was heard from the machine any more".to_owned(),
        russh::Error::Version => "what answers there does not speak SSH".to_owned(),
        other => other.to_string().trim_end_matches('.').to_owned(),
    }
}

/// Whether the other side went away, however that shows.
fn is_closed(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}
