//! How a domain comes by its zygote: tried again while the machine has no room for it.

use std::time::Duration;

use tokio::sync::mpsc;

use super::event::Event;
use super::live::Domain;
use super::user::Users;
use super::zygote::{Readiness, Zygote, ZygoteEvent, ZygoteOptions, ZygoteReader};
use crate::clock::Clock;
use crate::error::{Kind, Result};

/// How often a zygote is started that ends by itself before it is ready, and the time between tries, which doubles.
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Starts a zygote. One that ends by itself before it is ready is tried again, a few times. While it is killed from outside, or the
/// machine has no room for it, it is tried for as long as that lasts: executions are not lost to a full disk or want of memory.
async fn spawn(
    (mut options, users): (ZygoteOptions, Option<Users>),
    domain: &Domain,
    clock: &Clock,
) -> Result<(Zygote, ZygoteReader, Readiness)> {
    let (mut tries, mut pause) = (0, FIRST_PAUSE);
    loop {
        let error = match attempt(&mut options, users.as_ref(), domain).await {
            Ok(ready) => return Ok(ready),
            Err(error) => error,
        };
        if error.kind() != Kind::Unavailable {
            tries += 1;
            if tries >= TRIES {
                return Err(error);
            }
        }
        tracing::warn!(domain = &**domain, %error, "a zygote could not be started; it is tried again");
        clock.sleep_until(clock.instant().plus(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn attempt(options: &mut ZygoteOptions, users: Option<&Users>, domain: &Domain) -> Result<(Zygote, ZygoteReader, Readiness)> {
    if let Some(users) = users {
        options.user = Some(users.of(domain).await?);
    }
    Zygote::spawn(options.clone()).await
}

/// Starts a zygote, then passes on what it says until it is gone.
pub(super) async fn raise(options: (ZygoteOptions, Option<Users>), domain: Domain, clock: Clock, events: mpsc::UnboundedSender<Event>) {
    let (zygote, mut reader): (Zygote, ZygoteReader) = match spawn(options, &domain, &clock).await {
        Ok((zygote, reader, readiness)) => {
            tracing::debug!(domain = &*domain, python = readiness.python, "zygote ready");
            let _ = events.send(Event::Sandbox(readiness.report));
            (zygote, reader)
        }
        Err(error) => {
            let _ = events.send(Event::Hatched(domain, Err(error)));
            return;
        }
    };
    let _ = events.send(Event::Hatched(domain.clone(), Ok(zygote)));
    loop {
        let event = reader.next().await;
        let gone = matches!(event, ZygoteEvent::Gone { .. });
        if events.send(Event::Zygote(domain.clone(), event)).is_err() || gone {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use super::*;

    /// A zygote that is killed four times, then ends by itself each time it is started.
    const MISHAPS: &str = "#!/bin/sh\necho >> \"$0.starts\"\n[ $(wc -l < \"$0.starts\") -gt 4 ] && exit 7\nkill -9 $$\n";

    #[tokio::test]
    async fn a_zygote_is_given_up_for_its_own_failures_and_not_for_its_killers() {
        let folder = tempfile::tempdir().expect("a folder");
        let binary = folder.path().join("zygote");
        std::fs::write(&binary, MISHAPS).expect("a script");
        std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755)).expect("it may run");
        let options = ZygoteOptions { binary: binary.clone(), ..ZygoteOptions::new(folder.path().join("work")) };
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let domain = Arc::from("flow");
        let passing = async {
            loop {
                clock.advance(LONGEST_PAUSE);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let spawned = tokio::select! {
            spawned = spawn((options, None), &domain, &clock) => spawned,
            () = passing => unreachable!("time passes for ever"),
        };
        let error = spawned.err().expect("it never gets ready");
        assert!(error.to_string().contains("it exited with code 7"), "{error}");
        let starts = std::fs::read_to_string(folder.path().join("zygote.starts")).expect("it counted");
        assert_eq!(starts.lines().count(), 4 + TRIES as usize);
    }
}
