//! Files that a script has made: they come as they are, through a channel of their own, whether or not the machine serves SFTP.

use russh::client::Msg;
use russh::{Channel, ChannelMsg};

use super::super::Job;
use super::login::{Session, words};
use super::{report, script, tag};

/// Bytes of what comes before a file, and of what is said about it.
const SAID_LIMIT: usize = 8 << 10;

/// Keeps a file of the machine as a FILE. An error is the rest of a sentence.
pub(super) async fn keep(session: &Session, (path, name): (&str, &str), job: &Job<'_>) -> Result<(), String> {
    let mark = format!("flowstead-{} file\n", tag().map_err(|error| error.message().to_owned())?);
    let mut channel = session.channel().await.map_err(|failure| failure.message)?;
    // Both begin in the home folder of the user.
    let path = path.strip_prefix("~/").unwrap_or(path);
    let command = format!("echo {}; exec cat < {}", mark.trim_end(), script::quoted(path));
    channel.exec(true, command).await.map_err(|error| words(&error))?;
    let kept = receive(&mut channel, (&mark, name), job).await;
    // It may be closed already.
    let _ = channel.close().await;
    kept
}

async fn receive(channel: &mut Channel<Msg>, (mark, name): (&str, &str), job: &Job<'_>) -> Result<(), String> {
    let (mut before, mut said, mut sink, mut status) = (Vec::new(), Vec::new(), None, None);
    while let Some(message) = channel.wait().await {
        match (message, &mut sink) {
            (ChannelMsg::Data { data }, None) => {
                before.extend_from_slice(&data);
                // What a profile prints comes before the mark.
                let Some(at) = before.windows(mark.len()).position(|window| window == mark.as_bytes()) else {
                    before.drain(..before.len().saturating_sub(SAID_LIMIT));
                    continue;
                };
                let mut opened = job.files.begin(name).await.map_err(|error| error.message().to_owned())?;
                opened.take(&before[at + mark.len()..]).await.map_err(|error| error.message().to_owned())?;
                sink = Some(opened);
            }
            (ChannelMsg::Data { data }, Some(sink)) => sink.take(&data).await.map_err(|error| error.message().to_owned())?,
            (ChannelMsg::ExtendedData { data, .. }, _) if said.len() < SAID_LIMIT => said.extend_from_slice(&data),
            (ChannelMsg::ExitStatus { exit_status }, _) => status = Some(exit_status),
            _ => {}
        }
    }
    match (sink, status) {
        (Some(sink), Some(0)) => sink.finish().await.map(drop).map_err(|error| error.message().to_owned()),
        (_, Some(_)) => Err(match report::line(&String::from_utf8_lossy(&said)) {
            said if said.is_empty() => "it could not be read".to_owned(),
            said => said,
        }),
        (_, None) => Err("the connection broke off".to_owned()),
    }
}
