//! The power goes: whatever was acknowledged before is in the store that is opened after.
//!
//! A real server is recorded while it works (`power_cut/record.c`, preloaded), then its disk is made anew as it may have been
//! at each sync and at 1,000 moments in between, with some of the loose writes there, torn and out of order.

mod disk;
mod fact;
mod recording;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::dice::Dice;
use crate::server::{Server, answer};
use disk::{Disk, Loss};
use fact::{Fact, Known, faults};
use recording::{Entry, Recorder, What};

const SEED: u64 = 20_261_121;
/// Cuts between the syncs.
const TORN: usize = 1000;
const DATABASE: &str = "flowstead.db";

const CHILD: &str = "def handler(system, this, inputs):\n    return {'product': this.step('multiply', lambda: inputs['n'] * 7)}\n";
const WORK: &str = "
def handler(system, this, inputs):
    counter = system.setting(f'counter {inputs[\"n\"]}').save(value=0)
    for round in range(3):
        this.step(f'round {round}', lambda: round)
        counter.save(value=counter.get('value') + 1)
        this.log(f'round {round}')
        child = this.flow('child', n=round)
        assert child.get_outputs() == {'product': round * 7}
    system.file(f'report {inputs[\"n\"]}').save(content='x' * 3000)
    return {'counted': counter.get('value')}
";
const SLOW: &str = "
def handler(system, this):
    total = 0
    for round in range(40):
        total += this.step(f'round {round}', lambda: round)
        this.sleep(0.1)
    return total
";

/// A recorded server, and what it acknowledged.
struct Witness {
    server: Server,
    recorder: Recorder,
    facts: Mutex<Vec<Fact>>,
}

/// A moment to cut the power at.
struct Cut {
    /// So many entries were done.
    after: usize,
    loss: Loss,
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_power_cut() {
    let mut witness = Witness::start(&[]).await;
    witness.save_and_trash().await;
    witness.run("first", 3).await;
    witness.server.stop().await;
    witness.server.restart().await;
    witness.run("second", 2).await;
    let slow = witness.launch_slow().await;
    witness.server.kill9().await;
    let at_kill = witness.recorder.entries().len();
    witness.server.restart().await;
    witness.server.ended(&slow).await;
    witness.fill_the_log().await;
    witness.save_and_trash().await;
    witness.server.kill9().await;

    let entries = witness.recorder.entries();
    same_as_on_disk(&entries, &witness.server.folder());
    let cuts = cuts(&entries);
    assert!(cuts.len() > TORN + 100, "only {} cuts", cuts.len());
    let facts = witness.facts();
    println!("{} cuts over {} entries, {} acknowledgments", cuts.len(), entries.len(), facts.len());
    let found = try_out(&entries, &cuts, &facts);
    assert!(found.is_empty(), "{} of {} cuts lost something:\n{}", found.len(), cuts.len(), found[..found.len().min(10)].join("\n"));
    goes_on(&entries[..at_kill], &slow).await;
}

/// What the test above finds out is no law of nature: without the syncs, it finds losses, but never a broken database.
#[tokio::test]
async fn without_syncs_a_power_cut_loses_the_last_moments_and_never_the_order() {
    let mut witness = Witness::start(&["[store]", "durability = 'normal'"]).await;
    witness.save_and_trash().await;
    witness.server.kill9().await;
    let entries = witness.recorder.entries();
    let mut dice = Dice::new(SEED);
    let cuts: Vec<Cut> = (0..200).map(|seed| Cut { after: dice.below(entries.len()) + 1, loss: Loss::Some(seed) }).collect();
    let broken = try_out(&entries, &cuts, &[]);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    let last = [Cut { after: entries.len(), loss: Loss::All }];
    assert!(!try_out(&entries, &last, &witness.facts()).is_empty(), "nothing was lost: the recording does not see what is synced");
}

impl Witness {
    async fn start(config: &[&str]) -> Witness {
        let recorder = Recorder::new();
        let data = TempDir::new().expect("a temporary folder can be made");
        let environment = recorder.environment(&data.path().join("data"));
        let server = Server::start_as(data, config, environment).await;
        let witness = Witness { server, recorder, facts: Mutex::new(Vec::new()) };
        for (name, script) in [("child", CHILD), ("work", WORK), ("slow", SLOW)] {
            witness.shown("flow", "POST", "/flow?plain=true", &json!({"name": name, "script": script, "on_loss": "resume"})).await;
        }
        witness
    }

    fn facts(&self) -> Vec<Fact> {
        std::mem::take(&mut self.facts.lock().expect("no test thread has failed"))
    }

    fn note(&self, id: &str, what: Known) {
        let fact = Fact { at: self.recorder.position(), id: id.parse().expect("ids are UUIDs"), what };
        self.facts.lock().expect("no test thread has failed").push(fact);
    }

    fn note_record(&self, of: &'static str, record: &Value) {
        let columns = record.as_object().expect("a record was asked for").clone();
        self.note(record["id"].as_str().expect("a record has an id"), Known::Record(of, columns));
    }

    /// Sends a request that is answered with a record, and remembers the record.
    async fn shown(&self, of: &'static str, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.server.send(method, path, body).await;
        assert!(matches!(answer.status, 200 | 201), "{method} {path}: {answer:?}");
        self.note_record(of, &answer.body);
        answer.body
    }

    async fn save_and_trash(&self) {
        for n in 0..12 {
            let name = format!("setting {n} {}", self.recorder.position());
            let made = self.shown("setting", "POST", "/setting?plain=true", &json!({"name": name, "value": {"n": n}})).await;
            let path = format!("/setting/{}", made["id"].as_str().expect("it has an id"));
            if n % 2 == 0 {
                self.shown("setting", "PATCH", &format!("{path}?plain=true"), &json!({"value": "changed", "description": "x".repeat(900)}))
                    .await;
            }
            if n % 3 == 0 {
                let for_good = n % 6 == 0;
                let gone = self.server.send("DELETE", &format!("{path}?permanently={for_good}"), &Value::Null).await;
                assert_eq!(gone.status, 204, "{gone:?}");
                // It is no longer as it was shown.
                let id = made["id"].as_str().expect("it has an id");
                let mut facts = self.facts.lock().expect("no test thread has failed");
                facts.retain(|fact| fact.id.to_string() != id);
                drop(facts);
                self.note(id, if for_good { Known::Gone("setting") } else { Known::Trashed("setting") });
            }
        }
        self.put("small", &[7; 5000]).await;
    }

    async fn put(&self, name: &str, content: &[u8]) {
        let path = format!("/file/{name}/content?by=name&plain=true");
        let answer = answer(self.server.request("PUT", &path).body(content.to_vec())).await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        self.note_record("file", &answer.body);
    }

    /// Executions to their ends: one after another, then at once, then by an idempotency key.
    async fn run(&self, label: &str, count: usize) {
        let run = async |n: usize| {
            let input = json!({"flow_name": "work", "input_value": {"n": format!("{label} {n}")}});
            let ended = self.shown("execution", "POST", "/execution?wait=true&plain=true", &input).await;
            assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
            assert_eq!(ended["output_value"], json!({"counted": 3}));
            self.note(ended["id"].as_str().expect("it has an id"), Known::Steps(9));
            let counter = format!("/setting/counter%20{label}%20{n}?by=name&plain=true");
            assert_eq!(self.shown("setting", "GET", &counter, &Value::Null).await["value"], 3);
        };
        for n in 0..count {
            run(n).await;
        }
        join_all((count..count * 2).map(run)).await;
        let request = self.server.request("POST", "/execution?plain=true").header("idempotency-key", label);
        let started = answer(request.json(&json!({"flow_name": "child", "input_value": {"n": 1}}))).await;
        assert_eq!(started.status, 201, "{started:?}");
        let id = started.body["id"].as_str().expect("it has an id").to_owned();
        self.note(&id, Known::Key(label.to_owned()));
        self.server.ended(&id).await;
        self.shown("execution", "GET", &format!("/execution/{id}?plain=true"), &Value::Null).await;
    }

    /// Starts one that goes on for a while, and returns when it has taken some steps.
    async fn launch_slow(&self) -> String {
        let started = self.shown("execution", "POST", "/execution?plain=true", &json!({"flow_name": "slow"})).await;
        let id = started["id"].as_str().expect("it has an id").to_owned();
        let stream = self.server.request("GET", &format!("/execution/{id}/events")).header("accept", "text/event-stream");
        let mut steps = crate::stream::Events::open(stream).await;
        for _ in 0..6 {
            steps.next().await.expect("it is far from its end");
        }
        id
    }

    /// Writes until SQLite brings its log back into the database and begins the log anew over the old one.
    async fn fill_the_log(&self) {
        for n in 0..6 {
            self.put(&format!("large{n}"), &vec![n; 3 << 20]).await;
        }
    }
}

/// Every sync, with what is loose gone; and moments between them, some of them where the log is brought into the database.
fn cuts(entries: &[Entry]) -> Vec<Cut> {
    let is_sync = |entry: &Entry| entry.what == What::Sync;
    let syncs: Vec<usize> = (1..=entries.len()).filter(|after| is_sync(&entries[after - 1])).collect();
    let spans: Vec<(usize, usize)> = std::iter::once(0).chain(syncs.iter().copied()).zip(syncs.iter().copied()).collect();
    let of_database = |(start, end): &&(usize, usize)| entries[*start..*end].iter().filter(|entry| entry.name == DATABASE).count() > 2;
    let checkpoints: Vec<(usize, usize)> = spans.iter().filter(of_database).copied().collect();
    assert!(checkpoints.len() >= 2, "the database's log was not brought into the database: {} syncs", syncs.len());
    let mut dice = Dice::new(SEED);
    let torn = (0..TORN).map(|seed| {
        let spans = if seed % 10 == 0 { &checkpoints } else { &spans };
        let (start, end) = spans[dice.below(spans.len())];
        Cut { after: start + dice.below(end - start), loss: Loss::Some(seed as u64) }
    });
    let torn: Vec<Cut> = torn.collect();
    syncs.into_iter().map(|after| Cut { after, loss: Loss::All }).chain(torn).collect()
}

/// Opens the store after each cut; gives what is wrong. On several threads, each with a disk of its own.
fn try_out(entries: &[Entry], cuts: &[Cut], facts: &[Fact]) -> Vec<String> {
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(8);
    std::thread::scope(|scope| {
        let some = (0..threads).map(|thread| {
            let mut mine: Vec<&Cut> = cuts.iter().skip(thread).step_by(threads).collect();
            mine.sort_by_key(|cut| cut.after);
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
                runtime.block_on(try_some(entries, &mine, facts))
            })
        });
        let some: Vec<_> = some.collect();
        some.into_iter().flat_map(|thread| thread.join().expect("a check does not panic")).collect()
    })
}

async fn try_some(entries: &[Entry], cuts: &[&Cut], facts: &[Fact]) -> Vec<String> {
    let mut found = Vec::new();
    let mut disk = Disk::default();
    let mut done = 0;
    for (n, cut) in cuts.iter().enumerate() {
        for entry in &entries[done..cut.after] {
            disk.apply(entry);
        }
        done = cut.after;
        let until = entries[..done].last().map_or(0, |entry| entry.end);
        let known: Vec<&Fact> = facts.iter().filter(|fact| fact.at <= until).collect();
        let folder = TempDir::new_in(memory()).expect("a temporary folder can be made");
        disk.write(folder.path(), cut.loss);
        let mut faults = faults(folder.path(), &known, n % 8 == 0).await;
        if !known.is_empty()
            && !std::fs::read_to_string(folder.path().join("server.key"))
                .is_ok_and(|keys| keys.contains("\nseal 1 ") && keys.ends_with('\n'))
        {
            faults.push("the server's key is gone".to_owned());
        }
        found.extend(faults.into_iter().map(|fault| format!("cut after entry {done}, {:?}: {fault}", cut.loss)));
    }
    found
}

/// Folders that live for a moment; opening a store there waits for no disk.
fn memory() -> PathBuf {
    Some(PathBuf::from("/dev/shm")).filter(|folder| folder.is_dir()).unwrap_or_else(std::env::temp_dir)
}

/// The recording misses nothing: made anew from it, the files are what they are.
fn same_as_on_disk(entries: &[Entry], folder: &Path) {
    let mut disk = Disk::default();
    for entry in entries {
        disk.apply(entry);
    }
    let contents = disk.contents(Loss::None);
    assert!(contents.len() >= 3, "{:?}", contents.keys());
    for (name, content) in contents {
        let real = std::fs::read(folder.join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(real == content, "{name} has {} bytes on disk and {} by the recording", real.len(), content.len());
    }
}

/// A server that is started after the cut ends what was under way.
async fn goes_on(entries: &[Entry], execution: &str) {
    let data = TempDir::new().expect("a temporary folder can be made");
    std::fs::create_dir(data.path().join("data")).expect("a folder can be made");
    let mut disk = Disk::default();
    for entry in entries {
        disk.apply(entry);
    }
    disk.write(&data.path().join("data"), Loss::Some(SEED));
    let server = Server::start_in(data, &[]).await;
    let ended = server.ended(execution).await;
    assert_eq!((&ended["status"], &ended["output_value"]), (&json!("ENDED_SUCCESS"), &json!(780)), "{ended}");
}
