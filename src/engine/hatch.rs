//! How a domain comes by its zygote: tried again while the machine has no room for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::event::Event;
use super::live::Domain;
use super::user::Users;
use super::zygote::{Readiness, Zygote, ZygoteEvent, ZygoteOptions, ZygoteReader};
use crate::clock::Clock;
use crate::environment::Site;
use crate::error::{Error, Kind, Result};
use crate::service::Service;

/// How often a zygote is started that ends by itself before it is ready, and the time between tries, which doubles.
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a zygote may take to import the packages of its environment.
const IMPORT_LIMIT: Duration = Duration::from_secs(60);

/// What a zygote is raised from.
pub(super) struct Egg {
    options: ZygoteOptions,
    users: Option<Users>,
    /// Where the environment of the domain is asked for; `None` where there are none.
    service: Option<Service>,
    imports_ahead: bool,
}

impl Egg {
    pub(super) fn new(options: ZygoteOptions, users: Option<Users>, service: Option<Service>) -> Egg {
        Egg { options, users, service, imports_ahead: true }
    }
}

/// A zygote, and the packages that it holds on to.
type Hatched = ((Zygote, ZygoteReader, Readiness), Option<Arc<Site>>);

/// Starts a zygote. One that ends by itself before it is ready is tried again, a few times. While it is killed from outside, or the
/// machine has no room for it, it is tried for as long as that lasts: executions are not lost to a full disk or want of memory.
async fn spawn(mut egg: Egg, domain: &Domain, clock: &Clock) -> Result<Hatched> {
    let (mut tries, mut pause) = (0, FIRST_PAUSE);
    loop {
        let error = match attempt(&mut egg, domain, clock).await {
            Ok(ready) => return Ok(ready),
            Err(error) => error,
        };
        // A package that starts threads, or does not come back, is imported by the flows that want it.
        egg.imports_ahead = false;
        if error.kind() != Kind::Unavailable {
            tries += 1;
            if tries >= TRIES {
                return Err(error);
            }
        }
        tracing::warn!(%domain, %error, "a zygote could not be started; it is tried again");
        clock.sleep_until(clock.instant().plus(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn attempt(egg: &mut Egg, domain: &Domain, clock: &Clock) -> Result<Hatched> {
    let options = &mut egg.options;
    let mut held = None;
    if let Some(users) = &egg.users {
        options.user = Some(users.of(&domain.place).await?);
    }
    if let (Some(service), Some(key)) = (&egg.service, &domain.environment) {
        match service.environment_ready(key).await {
            Ok(site) => {
                options.site_dirs = vec![site.path.clone()];
                options.preload = if egg.imports_ahead { site.preload.clone() } else { Vec::new() };
                held = Some(site);
            }
            // Nobody asked for it by name.
            Err(error) if service.environment_is_standard(key) => options.lack = Some(error.message().to_owned()),
            // What the machine lacks now it may have later; what cannot be had is said.
            Err(error) if crate::environment::is_passing(&error) => return Err(Error::new(Kind::Unavailable, error.message())),
            Err(error) => return Err(Error::new(Kind::Invalid, error.message())),
        }
    }
    let late = clock.instant().plus(IMPORT_LIMIT);
    tokio::select! {
        biased;
        ready = Zygote::spawn(options.clone()) => ready.map(|ready| (ready, held)),
        () = clock.sleep_until(late), if !options.preload.is_empty() => {
            Err(Error::new(Kind::Unavailable, "Importing the packages of the environment ahead takes too long."))
        }
    }
}

/// Starts a zygote, then passes on what it says until it is gone.
pub(super) async fn raise(egg: Egg, domain: Domain, clock: Clock, events: mpsc::UnboundedSender<Event>) {
    // What it imports stays where it is as long as the zygote lives.
    let (zygote, mut reader, _held) = match spawn(egg, &domain, &clock).await {
        Ok(((zygote, reader, readiness), held)) => {
            tracing::debug!(%domain, python = readiness.python, "zygote ready");
            let _ = events.send(Event::Sandbox(readiness.report));
            (zygote, reader, held)
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
        let egg = Egg::new(options, None, None);
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let domain = Domain { place: Arc::from("flow"), environment: None };
        let passing = async {
            loop {
                clock.advance(LONGEST_PAUSE);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let spawned = tokio::select! {
            spawned = spawn(egg, &domain, &clock) => spawned,
            () = passing => unreachable!("time passes for ever"),
        };
        let error = spawned.err().expect("it never gets ready");
        assert!(error.to_string().contains("it exited with code 7"), "{error}");
        let starts = std::fs::read_to_string(folder.path().join("zygote.starts")).expect("it counted");
        assert_eq!(starts.lines().count(), 4 + TRIES as usize);
    }
}
