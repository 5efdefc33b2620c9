//! One thing that a generated flow does, as lines of Python and as what it leaves behind.

use super::{Expected, LEDGERS, Program, expected, ledger};
use crate::dice::Dice;

pub enum Deed {
    /// Reads a shared setting and adds to it, under its lock; `.1`: milliseconds asleep meanwhile.
    Ledger(usize, usize),
    /// The same, asking for the lock with a time limit again and again.
    Impatient(usize),
    /// A step that acts outside.
    Act,
    /// A step whose function makes flow_api calls too.
    ActAndCall,
    /// Milliseconds.
    Sleep(usize),
    /// Two acts with a sleep between them.
    Pause(usize),
    Child(usize),
    Children(Vec<usize>),
    /// Waits for a child with a time limit, then without.
    LateChild(usize),
    File,
    Draw,
    Log,
    /// Python threads that make no calls.
    Threads,
    /// Counts a setting of its own up.
    Count(usize),
}

impl Deed {
    /// A few more than `at_least`; `starts` are the flows that may be started. `is_task`: beside others in one handler.
    pub fn several(dice: &mut Dice, starts: &[usize], (at_least, is_task): (usize, bool)) -> Vec<Deed> {
        let mut deeds: Vec<Deed> = (0..at_least + dice.below(4)).map(|_| Deed::any(dice, is_task)).collect();
        if !starts.is_empty() && (!is_task || dice.chance(50)) {
            let child = *dice.pick(starts);
            let deed = match dice.below(if is_task { 1 } else { 3 }) {
                0 => Deed::Child(child),
                1 => Deed::LateChild(child),
                _ => Deed::Children(vec![child, *dice.pick(starts)]),
            };
            deeds.insert(dice.below(deeds.len() + 1), deed);
        }
        deeds
    }

    fn any(dice: &mut Dice, is_task: bool) -> Deed {
        match dice.below(if is_task { 8 } else { 14 }) {
            0 => Deed::Act,
            1 => Deed::ActAndCall,
            2 => Deed::Sleep(20 + dice.below(200)),
            3 => Deed::File,
            4 => Deed::Draw,
            5 => Deed::Log,
            6 => Deed::Sleep(dice.below(30)),
            7 => Deed::Count(2 + dice.below(3)),
            8 | 9 => Deed::Ledger(dice.below(LEDGERS), dice.below(2) * dice.below(60)),
            10 => Deed::Impatient(dice.below(LEDGERS)),
            11 => Deed::Pause(50 + dice.below(250)),
            12 => Deed::Threads,
            _ => Deed::Sleep(200 + dice.below(800)),
        }
    }

    /// Its lines in a handler that is no coroutine.
    pub fn lines(&self, n: usize, project: usize, programs: &[Program]) -> Vec<String> {
        let name = |program: usize| programs[program].name.as_str();
        let ledger = |number: usize| ledger(project, number);
        let text = match self {
            Deed::Ledger(number, milliseconds) => format!(
                "with system.setting('{}') as ledger:
    said = ledger.get('value')
    if {milliseconds}:
        this.sleep({milliseconds} / 1000)
    ledger.save(value=said + [f'{{key}}/{n}'])
note({n})",
                ledger(*number)
            ),
            Deed::Impatient(number) => format!(
                "ledger, tries = system.setting('{}'), 0
while True:
    try:
        ledger.acquire(timeout=0.05)
        break
    except flow_api.LockTimeoutError:
        tries += 1
ledger.save(value=ledger.get('value') + [f'{{key}}/{n}'])
ledger.release()
note({n}, tries)",
                ledger(*number)
            ),
            Deed::Act => format!("acts['{n}'] = this.step(f'{{key}}/{n}', act, port, f'{{key}}/{n}')\nnote({n})"),
            Deed::ActAndCall => format!(
                "def both():
    mark = system.setting(f'mark {{key}}/{n}').save(value=1)
    number = act(port, f'{{key}}/{n}')
    return number if mark.get('value') == 1 else None

acts['{n}'] = this.step(f'{{key}}/{n}', both)
note({n})"
            ),
            Deed::Sleep(milliseconds) => format!("this.sleep({milliseconds} / 1000)\nnote({n})"),
            Deed::Pause(milliseconds) => format!(
                "acts['{n}a'] = this.step(f'{{key}}/{n}a', act, port, f'{{key}}/{n}a')
this.sleep({milliseconds} / 1000)
acts['{n}b'] = this.step(f'{{key}}/{n}b', act, port, f'{{key}}/{n}b')
note({n})"
            ),
            Deed::Child(child) => format!(
                "child = this.flow('{}', key=f'{{key}}/{n}', port=port)
note({n}, child.get_outputs()['key'])
assert seen[-1][1] == f'{{key}}/{n}', seen[-1]",
                name(*child)
            ),
            Deed::Children(children) => {
                let start = |(k, child): (usize, &usize)| {
                    format!("    this.flow('{}', wait=False, key=f'{{key}}/{n}.{k}', port=port),\n", name(*child))
                };
                let starts: String = children.iter().enumerate().map(start).collect();
                let count = children.len();
                format!("children = [\n{starts}]\nnote({n}, len(this.wait_for(*children)))\nassert seen[-1][1] == {count}, seen[-1]")
            }
            Deed::LateChild(child) => format!(
                "child = this.flow('{}', wait=False, key=f'{{key}}/{n}', port=port)
try:
    child.wait(timeout=0.03)
    note({n}, 'in time')
except flow_api.DependencyTimeoutError:
    child.wait()
    note({n}, 'late')
assert child.get_outputs()['key'] == f'{{key}}/{n}'",
                name(*child)
            ),
            Deed::Threads => format!(
                "sums = []
threads = [threading.Thread(target=lambda: sums.append(sum(range(1000)))) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
note({n}, sums)"
            ),
            Deed::File | Deed::Draw | Deed::Log | Deed::Count(_) => self.quick(n),
        };
        text.lines().map(str::to_owned).collect()
    }

    /// What looks the same in every handler.
    fn quick(&self, n: usize) -> String {
        match self {
            Deed::File => format!(
                "file = system.file(f'{{key}}/{n}.txt').save_text_content('one')
file.save_text_content(file.get_text_content() + ' two')
assert file.get_text_content() == 'one two', file.get_text_content()
note({n})"
            ),
            Deed::Draw => format!("note({n}, [this.now(), this.uuid(), this.random(), random.random()])"),
            Deed::Log => format!("this.log(f'{{key}}/{n}')\nnote({n})"),
            Deed::Count(rounds) => format!(
                "counter = system.setting(f'count {{key}}/{n}').save(value=0)
for _ in range({rounds}):
    counter.save(value=counter.get('value') + 1)
    this.log(f'{{key}}/{n}')
note({n}, counter.get('value'))
assert seen[-1][1] == {rounds}, seen[-1]"
            ),
            _ => unreachable!("the others look different in each"),
        }
    }

    /// Its lines in a coroutine beside others.
    pub fn awaiting(&self, n: usize, project: usize, programs: &[Program]) -> Vec<String> {
        let text = match self {
            Deed::Sleep(milliseconds) => format!("await this.sleep_async({milliseconds} / 1000)\nnote({n})"),
            Deed::Child(child) => format!(
                "child = await this.flow_async('{}', key=f'{{key}}/{n}', port=port)
note({n}, child.get_outputs()['key'])",
                programs[*child].name
            ),
            // The variables of tasks are their own, since each is a function.
            Deed::File | Deed::Draw | Deed::Log | Deed::Count(_) => self.quick(n),
            _ => return self.lines(n, project, programs),
        };
        text.lines().map(str::to_owned).collect()
    }

    /// Adds what it leaves behind.
    pub fn expect(&self, n: usize, programs: &[Program], all: &mut Expected) {
        let key = format!("{}/{n}", all.key);
        all.notes.push(n);
        match self {
            Deed::Ledger(number, _) | Deed::Impatient(number) => all.entries.push((ledger(programs[all.program].project, *number), key)),
            Deed::Act | Deed::ActAndCall => all.acts.push(key),
            Deed::Pause(milliseconds) => {
                let (before, after) = (format!("{key}a"), format!("{key}b"));
                all.pauses.push((before.clone(), after.clone(), *milliseconds as f64 / 1000.0));
                all.acts.extend([before, after]);
            }
            Deed::Child(child) | Deed::LateChild(child) => all.children.push(expected(programs, *child, &key)),
            Deed::Children(children) => {
                let each = children.iter().enumerate().map(|(k, child)| expected(programs, *child, &format!("{key}.{k}")));
                all.children.extend(each);
            }
            Deed::File => all.files.push((format!("{key}.txt"), "one two".to_owned())),
            Deed::Log => all.lines.push(key),
            Deed::Count(rounds) => all.lines.extend(std::iter::repeat_n(key, *rounds)),
            Deed::Sleep(_) | Deed::Draw | Deed::Threads => {}
        }
    }
}
