//! A script that runs on another machine, and how it is ended there.

use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};

use super::login::{Session, seconds};
use super::report::{self, Report};
use super::script::{self, Run};
use crate::clock::Clock;
use crate::connectors::Failure;

/// How long a script that was told to end may take before it is made to, seconds.
const GRACE: f64 = 0.5;
/// The same for one that ran out of time, and for the last command of all, seconds.
pub(super) const PATIENCE: f64 = 2.0;
/// Bytes of variables and of what comes before them.
const TOLD_LIMIT: usize = script::VARS_LIMIT + (8 << 10);

/// What the machine said of the script's end.
#[derive(Default)]
pub(super) struct End {
    /// What came the other way than the report.
    pub told: Vec<u8>,
    pub status: Option<i64>,
    pub signal: Option<String>,
}

impl End {
    /// Why there is no code.
    pub fn words(&self, status: Option<i64>, signal: Option<&str>, report: &Report<'_>) -> String {
        let said = match report.noise() {
            noise if noise.is_empty() => report::line(&String::from_utf8_lossy(&self.told)),
            noise => noise,
        };
        let said = if said.is_empty() { String::new() } else { format!(" The machine said: {said}") };
        match (status, signal, report.is_begun()) {
            (_, Some(signal), _) => format!("the script was ended by the signal {signal}."),
            (Some(status), None, _) => format!("the machine's shell did not run the script and ended with {status}.{said}"),
            (None, None, false) => format!("the connection broke off before the script began.{said}"),
            (None, None, true) => "the connection broke off while the script ran; how far it came is not known.".to_owned(),
        }
    }
}

/// A script that may be running. Dropped before its end, it is ended over there.
pub(super) struct Running {
    pub parts: Option<Parts>,
    pub clock: Clock,
}

pub(super) struct Parts {
    pub session: Session,
    pub read: ChannelReadHalf,
    pub write: ChannelWriteHalf<Msg>,
    pub run: Run,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let (Some(parts), Ok(runtime)) = (self.parts.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(halt(parts, self.clock.clone(), GRACE));
        }
    }
}

impl Running {
    /// Gives the shell its input, and takes what comes back until the script has ended.
    pub async fn drive(&mut self, text: String, report: &mut Report<'_>, end: &mut End) -> Result<(), Failure> {
        let Some(Parts { session, read, write, run }) = &mut self.parts else { return Ok(()) };
        let name = session.name.as_str();
        let sent = async {
            write.exec(true, "exec /bin/sh").await?;
            write.data_bytes(text).await?;
            write.eof().await
        };
        tokio::pin!(sent);
        let mut is_sent = false;
        loop {
            let message = tokio::select! {
                biased;
                // A connection that breaks off is seen where it is read.
                _ = &mut sent, if !is_sent => {
                    is_sent = true;
                    continue;
                }
                message = read.wait() => message,
            };
            match message {
                Some(ChannelMsg::Data { data }) => report.take(&data).await?,
                Some(ChannelMsg::ExtendedData { data, .. }) => {
                    let room = TOLD_LIMIT.saturating_sub(end.told.len()).min(data.len());
                    end.told.extend_from_slice(&data[..room]);
                }
                Some(ChannelMsg::ExitStatus { exit_status }) => end.status = Some(exit_status.into()),
                Some(ChannelMsg::ExitSignal { signal_name, .. }) => end.signal = Some(format!("{signal_name:?}")),
                Some(ChannelMsg::Failure) => return Err(Failure::new(format!("{name}: the machine does not run commands for this user."))),
                Some(ChannelMsg::Close) | None => return Ok(()),
                Some(_) => {}
            }
            // What the script left behind may keep the channel open for ever.
            if end.status.is_some() && report.code().is_some() && report::vars(&end.told, run).is_some() {
                return Ok(());
            }
        }
    }
}

/// Ends a script: by a word first, then by force.
pub(super) async fn halt(mut parts: Parts, clock: Clock, grace: f64) {
    tell(&parts, "TERM", &clock).await;
    let until = clock.instant().plus(seconds(grace));
    let ended = async {
        while let Some(message) = parts.read.wait().await {
            if matches!(message, ChannelMsg::ExitStatus { .. } | ChannelMsg::ExitSignal { .. } | ChannelMsg::Close) {
                break;
            }
        }
    };
    let is_over = tokio::select! { biased; () = ended => true, () = clock.sleep_until(until) => false };
    if !is_over {
        tell(&parts, "KILL", &clock).await;
    }
    parts.session.close().await;
}

/// Sends a signal to all that the script has started. A command does it: a server may know signals but not pass them on, as OpenSSH
/// does not for root.
async fn tell(parts: &Parts, signal: &str, clock: &Clock) {
    let told = async {
        let Ok(mut channel) = parts.session.channel().await else {
            let signal = if signal == "KILL" { Sig::KILL } else { Sig::TERM };
            // What cannot be told to the machine any more need not be.
            let _ = parts.write.signal(signal).await;
            return;
        };
        if channel.exec(true, parts.run.end_by(signal)).await.is_ok() {
            while let Some(message) = channel.wait().await {
                if matches!(message, ChannelMsg::ExitStatus { .. }) {
                    break;
                }
            }
        }
    };
    let until = clock.instant().plus(seconds(PATIENCE));
    tokio::select! { biased; () = told => {}, () = clock.sleep_until(until) => {} }
}
