//! What befalls the server while it works, in an order that the seed decides.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::Size;
use super::caller::Caller;
use super::crowd::Crowd;
use super::fault::{Disk, Faults};
use super::outside::Outside;
use super::process::{self, Named};
use crate::dice::Dice;
use crate::server::Server;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Blow {
    Slot,
    Zygote,
    Server,
    /// The server stands still for a while.
    Stop,
    /// Its wall clock jumps.
    Clock,
    Full,
    ReadOnly,
}

/// What was done, and what was seen meanwhile.
#[derive(Default)]
pub struct Seen {
    dealt: HashMap<Blow, usize>,
    /// Every process that ran below the server.
    pub processes: HashSet<Named>,
    /// Steps that were shown as recorded, and how many acts there were outside by then: none may come after.
    pub recorded: HashMap<String, usize>,
}

impl Seen {
    /// `33 slots, 12 zygotes, ...`
    pub fn words(&self) -> String {
        let one = |blow: Blow, what: &str| format!("{} {what}", self.dealt.get(&blow).copied().unwrap_or_default());
        let kills = [one(Blow::Slot, "slots"), one(Blow::Zygote, "zygotes"), one(Blow::Server, "servers")].join(", ");
        let disks = [one(Blow::Full, "times a full disk"), one(Blow::ReadOnly, "times a read-only disk")].join(", ");
        format!("killed {kills}; {}, {}, {disks}", one(Blow::Stop, "stops of the server"), one(Blow::Clock, "jumps of the clock"))
    }
}

pub struct Havoc<'a> {
    pub server: &'a mut Server,
    pub caller: &'a Caller,
    pub faults: &'a Faults,
    pub outside: &'a Outside,
    pub crowd: &'a Crowd,
    pub dice: Dice,
    pub size: Size,
}

impl Havoc<'_> {
    /// Spreads the blows over the work; ends with the last one, the clock and the disk well again.
    pub async fn wreak(mut self) -> Seen {
        let kills = [Blow::Slot, Blow::Zygote, Blow::Slot, Blow::Server, Blow::Slot];
        let mut blows: Vec<Blow> = kills.into_iter().cycle().take(self.size.kills).collect();
        for (blow, count) in [
            (Blow::Stop, self.size.stops.0),
            (Blow::Clock, self.size.jumps),
            (Blow::Full, self.size.bad_disks),
            (Blow::ReadOnly, self.size.bad_disks),
        ] {
            blows.extend(std::iter::repeat_n(blow, count));
        }
        for place in (1..blows.len()).rev() {
            blows.swap(place, self.dice.below(place + 1));
        }
        let mut seen = Seen::default();
        let count = blows.len();
        for (n, blow) in blows.into_iter().enumerate() {
            if !self.crowd.ended(self.size.executions * n / (count + 1)).await {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(self.dice.below(60) as u64)).await;
            seen.processes.extend(process::family(self.pid()).all);
            self.note_recorded(&mut seen).await;
            self.deal(blow, &mut seen).await;
        }
        self.faults.set_clock(0);
        seen
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.server.child.id().expect("the server runs")).expect("a process number is small")
    }

    async fn deal(&mut self, blow: Blow, seen: &mut Seen) {
        match blow {
            Blow::Slot | Blow::Zygote => {
                if !self.kill_below(blow).await {
                    return;
                }
            }
            Blow::Server => {
                self.server.kill9().await;
                self.server.restart().await;
                self.caller.moved(self.server);
            }
            Blow::Stop => {
                let pid = self.pid();
                process::signal(pid, Signal::SIGSTOP);
                tokio::time::sleep(self.size.stops.1 / 2).await;
                // It learns of this when it goes on.
                self.kill_below(Blow::Slot).await;
                tokio::time::sleep(self.size.stops.1 / 2).await;
                process::signal(pid, Signal::SIGCONT);
            }
            // Up to two hours either way of the true time.
            Blow::Clock => self.faults.set_clock(i64::try_from(self.dice.below(14_400)).expect("a small number") - 7_200),
            Blow::Full => self.spoil(Disk::Full).await,
            Blow::ReadOnly => self.spoil(Disk::ReadOnly).await,
        }
        *seen.dealt.entry(blow).or_default() += 1;
    }

    async fn spoil(&mut self, disk: Disk) {
        self.faults.set_disk(disk);
        tokio::time::sleep(Duration::from_millis(100 + self.dice.below(400) as u64)).await;
        self.faults.set_disk(Disk::Well);
    }

    /// `false`: everything ended before there was one.
    async fn kill_below(&mut self, blow: Blow) -> bool {
        while !self.crowd.is_over() {
            let family = process::family(self.pid());
            let some = if blow == Blow::Zygote { family.zygotes } else { family.slots };
            if !some.is_empty() && process::signal(*self.dice.pick(&some), Signal::SIGKILL) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    /// Asks what some live executions have recorded: from then on it is on disk, and must not be done again.
    async fn note_recorded(&mut self, seen: &mut Seen) {
        let live = self.crowd.live();
        for _ in 0..live.len().min(3) {
            let id = self.dice.pick(&live).clone();
            let page = self.caller.get(&format!("/execution/{id}/events?limit=1000")).await;
            assert_eq!(page.status, 200, "the steps of {id}: {page:?}");
            let acts = self.outside.len();
            for step in page.body["items"].as_array().map(Vec::as_slice).unwrap_or_default() {
                let is_done = step["op"] == "step_begin" && step["ok"] == Value::Bool(true);
                if let Some(name) = step["target"].as_str().filter(|_| is_done) {
                    seen.recorded.entry(name.to_owned()).or_insert(acts);
                }
            }
        }
    }
}
