//! Flows that may not be replayed, that start over, or that leave things behind.

use super::{Expected, ledger};

/// Which, and with it how its executions may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// Acts outside a step: it ends when its process is lost, and never acts twice.
    Reaching,
    /// Its Python threads make calls.
    Threaded,
    /// `on_loss = 'fail'`.
    Once,
    /// `on_loss = 'restart'`.
    Afresh,
    /// Starts a process that outlives it, unless somebody looks after that.
    Leaver,
    /// Goes on as new, three times.
    Again,
    /// Raises.
    Failing,
    /// Ends while a child sleeps, which is cancelled; and another that is an orphan.
    Parting,
}

/// Rounds of [`Special::Again`].
const ROUNDS: usize = 3;

/// What [`Special::Leaver`] starts, so that it is found among the processes.
pub fn left_behind(port: u16) -> [String; 2] {
    ["sleep".to_owned(), (80_000 + u32::from(port)).to_string()]
}

impl Special {
    pub const ALL: [Special; 8] = [
        Special::Reaching,
        Special::Threaded,
        Special::Once,
        Special::Afresh,
        Special::Leaver,
        Special::Again,
        Special::Failing,
        Special::Parting,
    ];

    pub fn on_loss(self) -> &'static str {
        match self {
            Special::Once => "fail",
            Special::Afresh => "restart",
            _ => "auto",
        }
    }

    pub fn source(self, project: usize) -> String {
        let body = match self {
            Special::Reaching => "
    this.sleep(0.05)
    number = act(port, f'{key}/0')
    this.sleep(0.2)
    this.log(f'{key}/0')
    return {'key': key, 'acts': {'0': number}}"
                .to_owned(),
            Special::Threaded => "
    def work(name):
        for count in range(5):
            system.setting(f'thread {key} {name}').save(value=count)
            time.sleep(0.02)

    threads = [threading.Thread(target=work, args=(name,)) for name in 'ab']
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {'key': key}"
                .to_owned(),
            Special::Once => "
    acts = {}
    for round in range(3):
        this.sleep(0.1)
        acts[str(round)] = this.step(f'{key}/{round}', act, port, f'{key}/{round}')
    return {'key': key, 'acts': acts}"
                .to_owned(),
            Special::Afresh => "
    this.sleep(0.1)
    number = act(port, f'{key}/0')
    this.sleep(0.1)
    return {'key': key, 'acts': {'0': number}}"
                .to_owned(),
            Special::Leaver => "
    import subprocess

    def leave():
        subprocess.Popen(['sleep', str(80000 + port)], start_new_session=True)
        return act(port, f'{key}/0')

    number = this.step(f'{key}/0', leave)
    this.sleep(0.2)
    return {'key': key, 'acts': {'0': number}}"
                .to_owned(),
            Special::Again => format!(
                "
    round = inputs.get('round', 0)
    with system.setting('{}') as ledger:
        ledger.save(value=ledger.get('value') + [f'{{key}}/{{round}}'])
        this.sleep(0.05)
    this.log(f'{{key}}/{{round}}')
    if round + 1 < {ROUNDS}:
        this.restart({{**inputs, 'round': round + 1}})
    return {{'key': key}}",
                ledger(project, 0)
            ),
            Special::Failing => "
    this.sleep(0.1)
    this.log(f'{key}/0')
    raise ValueError(f'{key} fails')"
                .to_owned(),
            Special::Parting => "
    nap = 'def handler(system, this, inputs):\\n    this.sleep(inputs[\"seconds\"])\\n    return {\"key\": inputs[\"key\"]}\\n'
    this.script(nap, wait=False, key=f'{key}/sleeper', seconds=86400)
    this.script(nap, wait=False, orphan=True, key=f'{key}/orphan', seconds=0.3)
    this.sleep(0.1)
    return {'key': key}"
                .to_owned(),
        };
        format!("\ndef handler(system, this, inputs):\n    key, port = inputs['key'], inputs['port']{body}\n")
    }

    /// Adds what an execution that ended as it was meant to leaves behind.
    pub fn expect(self, project: usize, all: &mut Expected) {
        let key = |n: usize| format!("{}/{n}", all.key);
        match self {
            Special::Reaching | Special::Failing => all.lines.push(key(0)),
            Special::Once => all.acts = (0..3).map(key).collect(),
            Special::Leaver => all.acts.push(key(0)),
            Special::Again => {
                all.entries = (0..ROUNDS).map(|round| (ledger(project, 0), key(round))).collect();
                all.lines = (0..ROUNDS).map(key).collect();
            }
            Special::Threaded | Special::Afresh | Special::Parting => {}
        }
    }

    /// Whether it can act outside no more than once.
    pub fn acts_once(self) -> bool {
        matches!(self, Special::Reaching | Special::Once)
    }

    /// What the status message of an execution that ended ENDED_ERROR must hold, where it may end so.
    pub fn may_fail_with(self) -> Option<&'static str> {
        match self {
            Special::Reaching => Some("after it had reached outside flow_api at line"),
            Special::Threaded => Some("Python threads of its own made flow_api calls"),
            Special::Once => Some("its flow says on_loss = 'fail'"),
            Special::Failing => Some("fails"),
            Special::Afresh | Special::Leaver | Special::Again | Special::Parting => None,
        }
    }
}
