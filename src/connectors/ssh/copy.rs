//! SFTP and SCP: one file from or to another machine, piece by piece. Both speak SFTP, as the program `scp` does today.

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use russh::ChannelMsg;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::{Config, SftpSession};
use russh_sftp::protocol::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::super::{Connect, Failure, Job, input};
use super::login::{self, Login, Session, seconds, words, wrong};
use crate::error::Result;

/// What a path begins with that names a FILE.
const OURS: &str = "cloudomation:";
/// Bytes that are taken from the network at once.
const PIECE: usize = 256 << 10;

pub(in super::super) struct Copy {
    name: &'static str,
}

pub(in super::super) static SFTP: Copy = Copy { name: "SFTP" };
pub(in super::super) static SCP: Copy = Copy { name: "SCP" };

#[derive(Deserialize)]
struct Inputs {
    #[serde(flatten)]
    login: Login,
    src: String,
    dst: String,
    #[serde(default = "input::three_hundred")]
    timeout: f64,
}

/// What goes where.
#[derive(Debug, PartialEq)]
enum Way {
    /// A path of the machine, and the FILE that it becomes.
    In { from: String, file: String },
    /// A FILE, and the path that it becomes.
    Out { file: String, to: String },
}

impl Connect for Copy {
    fn name(&self) -> &'static str {
        self.name
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        login::host(inputs)
    }

    /// To read does nothing over there. What is written may have been taken away by now, and would be there a second time.
    fn is_repeatable(&self, inputs: &Value) -> bool {
        inputs.get("dst").and_then(Value::as_str).is_some_and(|dst| dst.starts_with(OURS))
    }

    fn only_reads(&self, inputs: &Value) -> bool {
        self.is_repeatable(inputs)
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let inputs: Inputs = input::read(job.inputs)?;
            let way = way(&inputs.src, &inputs.dst)?;
            let until = job.clock.instant().plus(seconds(inputs.timeout));
            tokio::select! {
                biased;
                copied = copy(&inputs, &way, job) => copied,
                () = job.clock.sleep_until(until) => {
                    let rest = if matches!(way, Way::Out { .. }) { " What is at the other side may be a part of it." } else { "" };
                    Err(Failure::new(format!("The copy has not ended within the timeout of {} s.{rest}", inputs.timeout)))
                }
            }
        })
    }
}

fn way(src: &str, dst: &str) -> Result<Way> {
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    match (src.strip_prefix(OURS), dst.strip_prefix(OURS)) {
        (Some(file), None) => {
            if file.is_empty() {
                return Err(wrong("src", format!("'src' is '{OURS}' and names no FILE.")));
            }
            // As `scp` has it: nothing is the home folder of the user.
            let to = if dst.is_empty() || dst.ends_with('/') { format!("{dst}{}", last(file)) } else { dst.to_owned() };
            Ok(Way::Out { file: file.to_owned(), to })
        }
        (None, Some(file)) => {
            let name = last(src);
            if name.is_empty() || name == "." || name == ".." {
                return Err(wrong("src", format!("'src' is '{src}'; it names one file, not a folder.")));
            }
            let file = if file.is_empty() || file.ends_with('/') { format!("{file}{name}") } else { file.to_owned() };
            Ok(Way::In { from: src.to_owned(), file })
        }
        (None, None) => Err(wrong("dst", format!("One of 'src' and 'dst' begins with '{OURS}' and names a FILE; neither does."))),
        (Some(_), Some(_)) => {
            Err(wrong("dst", format!("Only one of 'src' and 'dst' begins with '{OURS}': the other is a path of the machine.")))
        }
    }
}

async fn copy(inputs: &Inputs, way: &Way, job: &Job<'_>) -> Result<Value, Failure> {
    let session = inputs.login.open(&job.clock).await?;
    let sftp = files_of(&session, inputs.timeout).await?;
    let copied = match way {
        Way::In { from, file } => fetch(&sftp, (from, file), job).await,
        Way::Out { file, to } => send(&sftp, (file, to), job).await,
    };
    let (bytes, name) = copied.map_err(|why| Failure::new(format!("{}: {why}.", session.name)))?;
    session.close().await;
    Ok(json!({ "bytes": bytes, "files": [name] }))
}

/// The machine's files.
async fn files_of(session: &Session, timeout: f64) -> Result<SftpSession, Failure> {
    let mut channel = session.channel().await?;
    let name = &session.name;
    let refused = || Failure::new(format!("{name}: the machine does not serve its files over SFTP to this user."));
    channel.request_subsystem(true, "sftp").await.map_err(|error| Failure::new(format!("{name}: {}.", words(&error))))?;
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => break,
            Some(ChannelMsg::Failure | ChannelMsg::Close) | None => return Err(refused()),
            Some(_) => {}
        }
    }
    // Of one request; the whole has its own.
    let request_timeout_secs = seconds(timeout).as_secs().saturating_add(1);
    let config = Config { request_timeout_secs, ..Config::default() };
    SftpSession::new_with_config(channel.into_stream(), config).await.map_err(|_| refused())
}

/// Gives the bytes and the FILE. An error is the rest of a sentence, as in [`send`].
async fn fetch(sftp: &SftpSession, (from, name): (&str, &str), job: &Job<'_>) -> Result<(u64, String), String> {
    let mut file = sftp.open(from).await.map_err(|error| of(&error, from))?;
    let about = file.metadata().await.map_err(|error| of(&error, from))?;
    if about.is_dir() {
        return Err(format!("'{from}' is a folder; name one file"));
    }
    if about.size.is_some_and(|size| size > job.file_limit as u64) {
        let size = about.size.unwrap_or_default();
        return Err(format!("'{from}' has {size} bytes; a file may have {} (server.file_limit_bytes)", job.file_limit));
    }
    let kept =
        |error: crate::error::Error| format!("'{from}' could not be kept in the file '{name}': {}", error.message().trim_end_matches('.'));
    let mut sink = job.files.begin(name).await.map_err(kept)?;
    let (mut bytes, mut piece) = (0, vec![0; PIECE]);
    loop {
        let read = file.read(&mut piece).await.map_err(|error| format!("'{from}' broke off after {bytes} bytes ({error})"))?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        sink.take(&piece[..read]).await.map_err(kept)?;
    }
    sink.finish().await.map_err(kept)?;
    Ok((bytes, name.to_owned()))
}

async fn send(sftp: &SftpSession, (name, to): (&str, &str), job: &Job<'_>) -> Result<(u64, String), String> {
    let unread = |error: crate::error::Error| format!("the file '{name}' could not be read: {}", error.message().trim_end_matches('.'));
    let mut source = job.files.open(name).await.map_err(unread)?;
    let is_folder = sftp.metadata(to).await.is_ok_and(|about| about.is_dir());
    let to = if is_folder { format!("{to}/{}", name.rsplit('/').next().unwrap_or(name)) } else { to.to_owned() };
    let mut file = sftp.create(to.as_str()).await.map_err(|error| of(&error, &to))?;
    let mut bytes = 0;
    let broken = |bytes: u64, error: &dyn std::fmt::Display| {
        format!("'{to}' broke off after {bytes} bytes ({error}); what is there may be a part of it")
    };
    while let Some(piece) = source.pieces.next().await {
        let piece = piece.map_err(unread)?;
        file.write_all(&piece).await.map_err(|error| broken(bytes, &error))?;
        bytes += piece.len() as u64;
    }
    // What the machine has taken is known when it has closed the file.
    file.close().await.map_err(|error| broken(bytes, &error))?;
    Ok((bytes, to))
}

/// What the machine says of a path.
fn of(error: &SftpError, path: &str) -> String {
    match error {
        SftpError::Status(status) => match status.status_code {
            StatusCode::NoSuchFile => format!("there is no '{path}'"),
            StatusCode::PermissionDenied => format!("'{path}' may not be opened by this user"),
            _ => format!("'{path}': {}", status.error_message.trim_end_matches('.')),
        },
        SftpError::Timeout => format!("'{path}': the machine does not answer"),
        other => format!("'{path}': {}", other.to_string().trim_end_matches('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_end_of_a_copy_is_a_file_of_ours() {
        let into = |from: &str, file: &str| Way::In { from: from.to_owned(), file: file.to_owned() };
        let out = |file: &str, to: &str| Way::Out { file: file.to_owned(), to: to.to_owned() };
        for (src, dst, wanted) in [
            ("/tmp/a.bin", "cloudomation:b.bin", into("/tmp/a.bin", "b.bin")),
            ("/tmp/a.bin", "cloudomation:", into("/tmp/a.bin", "a.bin")),
            ("a.bin", "cloudomation:in/", into("a.bin", "in/a.bin")),
            ("cloudomation:a.bin", "/tmp/b.bin", out("a.bin", "/tmp/b.bin")),
            ("cloudomation:in/a.bin", "/tmp/", out("in/a.bin", "/tmp/a.bin")),
            ("cloudomation:a.bin", "", out("a.bin", "a.bin")),
        ] {
            assert_eq!(way(src, dst).unwrap(), wanted);
        }
        for (src, dst) in [("/a", "/b"), ("cloudomation:a", "cloudomation:b"), ("/tmp/", "cloudomation:b"), ("cloudomation:", "/b")] {
            assert!(way(src, dst).unwrap_err().message().contains("cloudomation") || dst.starts_with("cloudomation"), "{src} {dst}");
        }
    }

    #[test]
    fn only_what_reads_may_be_done_again() {
        assert!(SFTP.is_repeatable(&json!({ "src": "/a", "dst": "cloudomation:a" })));
        assert!(!SFTP.is_repeatable(&json!({ "src": "cloudomation:a", "dst": "/a" })));
    }
}
