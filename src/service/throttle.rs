//! Wrong passwords make the next login wait: counted per user name and per address, in memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use crate::clock::{Clock, Instant};
use crate::config;
use crate::error::{Error, Kind, Result};

const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// Entries kept; past it, those whose wait is over are dropped, and while all are waiting, new ones are not counted.
const CAPACITY: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    User(String),
    /// An IPv4 address, or the /64 of an IPv6 address, since its holder has all of it.
    Address(IpAddr),
}

#[derive(Clone, Copy)]
struct Tries {
    wrong: u32,
    /// Wrong ones since the last right one, however long ago.
    in_a_row: u32,
    /// When the last try was.
    last: Instant,
    /// From when on the next one is let through.
    free: Instant,
}

/// Counts tries.
pub(super) struct Throttle {
    clock: Clock,
    tries: u32,
    wait: Duration,
    lockout_tries: u32,
    lockout: Duration,
    subjects: Mutex<HashMap<Subject, Tries>>,
}

impl Throttle {
    pub(super) fn new(clock: Clock, config: &config::Auth) -> Self {
        Throttle {
            clock,
            tries: config.login_tries,
            wait: Duration::from_secs(config.login_wait_seconds),
            lockout_tries: config.lockout_tries,
            lockout: Duration::from_secs(config.lockout_minutes.saturating_mul(60)),
            subjects: Mutex::new(HashMap::new()),
        }
    }

    /// Counts a try as wrong before the password is looked at, so that many at once do not slip through; a right
    /// one is taken back by [`Throttle::succeeded`]. Refused with `details.retry_after` while a wait lasts.
    pub(super) fn begin(&self, user: &str, address: Option<IpAddr>) -> Result<()> {
        let now = self.clock.instant();
        let mut subjects = self.subjects.lock().expect("no panic happens under this lock");
        let keys = keys(user, address);
        let wait = keys.iter().filter_map(|key| subjects.get(key)).map(|tries| tries.free.since(now)).max().unwrap_or_default();
        if !wait.is_zero() {
            return Err(refusal(wait));
        }
        for key in keys {
            if subjects.len() >= CAPACITY && !subjects.contains_key(&key) {
                subjects.retain(|_, tries| tries.free > now);
                if subjects.len() >= CAPACITY {
                    continue;
                }
            }
            let tries = subjects.entry(key).or_insert(Tries { wrong: 0, in_a_row: 0, last: now, free: now });
            if now.since(tries.last) > LONGEST_WAIT {
                tries.wrong = 0;
            }
            tries.wrong += 1;
            tries.in_a_row += 1;
            tries.last = now;
            if tries.wrong >= self.tries {
                let doubled = self.wait.saturating_mul(1 << (tries.wrong - self.tries).min(16));
                tries.free = now.plus(doubled.min(LONGEST_WAIT));
            }
        }
        Ok(())
    }

    /// A try that was wrong: how long the user is locked out, if it was one too many. The count of wrong ones begins anew.
    pub(super) fn lock_out(&self, user: &str) -> Option<Duration> {
        let mut subjects = self.subjects.lock().expect("no panic happens under this lock");
        let key = keys(user, None).pop()?;
        let tries = subjects.get_mut(&key).filter(|tries| self.lockout_tries > 0 && tries.in_a_row >= self.lockout_tries)?;
        tries.in_a_row = 0;
        tries.free = self.clock.instant().plus(self.lockout);
        Some(self.lockout)
    }

    /// Forgets what is held against a user.
    pub(super) fn forget(&self, user: &str) {
        let mut subjects = self.subjects.lock().expect("no panic happens under this lock");
        for key in keys(user, None) {
            subjects.remove(&key);
        }
    }

    /// A try that was no guess is taken back.
    pub(super) fn forgive(&self, user: &str, address: Option<IpAddr>) {
        let now = self.clock.instant();
        let mut subjects = self.subjects.lock().expect("no panic happens under this lock");
        for key in keys(user, address) {
            if let Some(tries) = subjects.get_mut(&key) {
                tries.wrong = tries.wrong.saturating_sub(1);
                tries.in_a_row = tries.in_a_row.saturating_sub(1);
                tries.free = now;
            }
        }
    }

    /// The password was right: nothing is held against the user any more. The address gets back this one try only, or
    /// whoever has one account could wipe its slate between guesses at others.
    pub(super) fn succeeded(&self, user: &str, address: Option<IpAddr>) {
        let now = self.clock.instant();
        let mut subjects = self.subjects.lock().expect("no panic happens under this lock");
        for key in keys(user, address) {
            match (&key, subjects.get_mut(&key)) {
                (Subject::Address(_), Some(tries)) => {
                    tries.wrong = tries.wrong.saturating_sub(1);
                    tries.free = now;
                }
                _ => {
                    subjects.remove(&key);
                }
            }
        }
    }
}

/// Who tries too often is told how long to wait, whatever it is that makes it wait.
pub(super) fn refusal(wait: Duration) -> Error {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Error::new(Kind::Throttled, format!("Too many failed logins. Try again in {seconds} seconds."))
        .details(json!({ "retry_after": seconds }))
}

fn keys(user: &str, address: Option<IpAddr>) -> Vec<Subject> {
    let user: String = user.to_lowercase().chars().take(128).collect();
    let mut keys = vec![Subject::User(user)];
    keys.extend(address.map(|address| {
        Subject::Address(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::from([a, b, c, d, 0, 0, 0, 0])
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle() -> (Throttle, Clock) {
        let clock = Clock::manual("2026-11-21T09:00:00Z".parse().unwrap());
        (Throttle::new(clock.clone(), &config::Auth::default()), clock)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn five_wrong_passwords_make_the_sixth_login_wait_and_the_wait_doubles() {
        let (throttle, clock) = throttle();
        for n in 0..5 {
            throttle.begin("anna", Some(address(&format!("10.0.0.{n}")))).unwrap();
        }
        let refused = throttle.begin("Anna", Some(address("10.0.0.9"))).unwrap_err();
        assert_eq!(refused.kind(), Kind::Throttled);
        assert_eq!(refused.detail_value().unwrap()["retry_after"], 5);
        clock.advance(Duration::from_secs(5));
        throttle.begin("anna", None).unwrap();
        assert_eq!(throttle.begin("anna", None).unwrap_err().detail_value().unwrap()["retry_after"], 10);
    }

    #[test]
    fn one_address_trying_many_users_has_to_wait_too() {
        let (throttle, _) = throttle();
        for n in 0..5 {
            throttle.begin(&format!("user{n}"), Some(address(&format!("2001:db8::{n}")))).unwrap();
        }
        assert!(throttle.begin("another", Some(address("2001:db8::99"))).is_err());
        throttle.begin("another", Some(address("2001:db9::1"))).unwrap();
    }

    #[test]
    fn an_account_of_ones_own_does_not_wipe_the_slate_of_the_address() {
        let (throttle, _) = throttle();
        let here = Some(address("10.0.0.1"));
        for n in 0..4 {
            throttle.begin(&format!("user{n}"), here).unwrap();
            throttle.begin("mine", here).unwrap();
            throttle.succeeded("mine", here);
        }
        throttle.begin("user4", here).unwrap();
        assert!(throttle.begin("user5", here).is_err());
    }

    #[test]
    fn a_right_password_wipes_the_slate_of_its_user() {
        let (throttle, _) = throttle();
        for _ in 0..4 {
            throttle.begin("anna", None).unwrap();
        }
        throttle.succeeded("anna", None);
        for _ in 0..5 {
            throttle.begin("anna", None).unwrap();
        }
    }
}
