//! How a domain comes by its zygote: tried again while the machine has no room for it.

use std::time::Duration;

use tokio::sync::mpsc;

use super::event::Event;
use super::live::Domain;
use super::user::Users;
use super::zygote::{Readiness, Zygote, ZygoteEvent, ZygoteOptions, ZygoteReader};
use crate::clock::Clock;
use crate::error::{Kind, Result};

/// How often a zygote is started that ends before it is ready, and the time between tries, which doubles.
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Starts a zygote. One that dies before it is ready (it was killed, or there was no memory) is tried again, a few times; and
/// while the machine has no room for it, it is tried for as long as that lasts: executions are not lost to a full disk.
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
        tries += 1;
        if tries >= TRIES && error.kind() != Kind::Unavailable {
            return Err(error);
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
