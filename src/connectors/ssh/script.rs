//! What the other machine's shell is given: it puts the script into a folder of its own, runs it there, and tells how it went.
//!
//! All of it goes through the shell's standard input, so that neither the script nor its environment stands in a list of processes.
//! It is one function that is called by the last line: a connection that breaks off in the middle has run nothing.

use std::fmt::Write as _;

/// One run, with the names that are its own.
pub(super) struct Run {
    /// 32 hex digits that nothing the script writes has in it by chance.
    pub tag: String,
}

/// What is run.
pub(super) struct Script<'a> {
    pub text: &'a str,
    pub interpreter: &'a str,
    pub env: Vec<(&'a str, &'a str)>,
    /// Names of shell variables.
    pub output_vars: Vec<&'a str>,
}

/// Bytes that the values of all `output_vars` have at most.
pub(super) const VARS_LIMIT: usize = 64 << 10;

impl Run {
    /// The line before what the script writes.
    pub fn begin(&self) -> String {
        format!("flowstead-{} begin\n", self.tag)
    }

    /// What stands behind what the script wrote, before the code that it ended with.
    pub fn code(&self) -> String {
        format!("flowstead-{} code ", self.tag)
    }

    /// The line before the variables.
    pub fn vars(&self) -> String {
        format!("flowstead-{} vars\n", self.tag)
    }

    /// What stands behind them.
    pub fn end(&self) -> String {
        format!("flowstead-{} end\n", self.tag)
    }

    fn folder(&self) -> String {
        format!("flowstead_folder=\"${{TMPDIR:-/tmp}}/flowstead-{}\"", self.tag)
    }

    /// The input of a shell that runs the script.
    pub fn text(&self, script: &Script<'_>) -> String {
        let mark = format!("flowstead-{}", self.tag);
        let mut text = String::with_capacity(script.text.len() + 2048);
        let line = |text: &mut String, line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        line(&mut text, "flowstead_main() {");
        // Errors of these lines are a part of what comes before the script; the way out for the variables is the script's no more.
        line(&mut text, "exec 3>&2 2>&1");
        line(&mut text, &self.folder());
        line(&mut text, "(umask 077 && mkdir \"$flowstead_folder\" && echo $$ >\"$flowstead_folder/pid\") || return 1");
        line(&mut text, "trap 'rm -rf \"$flowstead_folder\"' EXIT");
        line(&mut text, "trap 'exit 143' HUP INT TERM");
        let mut file = |name: &str, content: &str| {
            line(&mut text, &format!("cat >\"$flowstead_folder/{name}\" <<'{mark}'"));
            line(&mut text, content.strip_suffix('\n').unwrap_or(content));
            line(&mut text, &mark);
        };
        file("script", script.text);
        let run = if script.output_vars.is_empty() {
            "script"
        } else {
            file("run", &around(&script.output_vars));
            "run"
        };
        line(&mut text, &format!("echo '{mark} begin'"));
        line(&mut text, "(");
        for (name, value) in &script.env {
            line(&mut text, &format!("{name}={}; export {name}", quoted(value)));
        }
        line(&mut text, &format!("exec {} \"$flowstead_folder/{run}\" 3>&- </dev/null", script.interpreter));
        line(&mut text, ")");
        line(&mut text, &format!("echo \"{mark} code $?\""));
        line(&mut text, &format!("echo '{mark} vars' >&3"));
        let most = VARS_LIMIT + 1;
        line(&mut text, &format!("if [ -f \"$flowstead_folder/vars\" ]; then head -c {most} \"$flowstead_folder/vars\" >&3; fi"));
        line(&mut text, &format!("echo '{mark} end' >&3"));
        line(&mut text, "}");
        line(&mut text, "flowstead_main");
        line(&mut text, "exit");
        text
    }

    /// A command that tells all processes of the run to end: by `TERM`, or by `KILL`, after which it clears away what the run left.
    pub fn end_by(&self, signal: &str) -> String {
        let rest = if signal == "KILL" { "; rm -rf \"$flowstead_folder\"" } else { "" };
        let text = format!("{}; kill -s {signal} -- \"-$(cat \"$flowstead_folder/pid\")\"{rest}", self.folder());
        format!("exec /bin/sh -c {}", quoted(&text))
    }
}

/// A script around the script, which writes down its variables whichever way it ends.
fn around(names: &[&str]) -> String {
    let mut text = "flowstead_folder=\"${0%/*}\"\nflowstead_vars() {\n{\n:\n".to_owned();
    for name in names {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "if [ \"${{{name}+set}}\" ]; then printf '%s\\0%s\\0' {name} \"${name}\"; fi");
    }
    text.push_str("} >\"$flowstead_folder/vars\"\n}\ntrap flowstead_vars EXIT\n");
    // A script that sets a trap of its own comes by here when it ends well.
    text.push_str(". \"$flowstead_folder/script\"\nflowstead_code=$?\nflowstead_vars\nexit $flowstead_code\n");
    text
}

/// A text as one word of a shell.
pub(in super::super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Whether a text may be the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit()) && !text.is_empty() && text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    fn ran(script: &Script<'_>, cut: usize) -> (String, String) {
        let run = Run { tag: uuid::Uuid::now_v7().simple().to_string() };
        let text = run.text(script);
        let mut shell = Command::new("/bin/sh").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        shell.stdin.take().unwrap().write_all(&text.as_bytes()[..text.len() - cut]).unwrap();
        let output = shell.wait_with_output().unwrap();
        let of = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&run.tag, "T");
        (of(output.stdout), of(output.stderr))
    }

    fn plain(text: &str) -> Script<'_> {
        Script { text, interpreter: "/bin/sh -e", env: Vec::new(), output_vars: Vec::new() }
    }

    #[test]
    fn a_script_is_run_with_its_environment_and_tells_its_variables() {
        let script = Script {
            env: vec![("GIVEN", "it's \"$HOME\"")],
            output_vars: vec!["A", "B", "C"],
            ..plain("A=\"$GIVEN  two\"\nB=\necho one; echo err >&2; cat\nexit 3")
        };
        let (report, vars) = ran(&script, 0);
        assert_eq!(report, "flowstead-T begin\none\nerr\nflowstead-T code 3\n");
        assert_eq!(vars, "flowstead-T vars\nA\0it's \"$HOME\"  two\0B\0\0flowstead-T end\n");
    }

    #[test]
    fn a_script_that_sets_a_trap_or_fails_tells_its_variables_too() {
        for (text, code) in [("trap 'echo bye' EXIT\nA=1\n", 0), ("A=1\nfalse\nA=2\n", 1), ("A=1\nexit 0\n", 0)] {
            let (report, vars) = ran(&Script { output_vars: vec!["A"], ..plain(text) }, 0);
            assert!(report.ends_with(&format!("flowstead-T code {code}\n")), "{text}: {report}");
            assert!(vars.contains("A\x001\0"), "{text}: {vars:?}");
        }
    }

    #[test]
    fn a_text_that_breaks_off_runs_nothing() {
        for cut in [7, 20, 60, 200] {
            let (report, _) = ran(&plain("echo ran\n"), cut);
            assert!(!report.contains("\nran\n"), "{cut} bytes less: {report}");
        }
    }

    #[test]
    fn a_run_ends_with_all_that_it_has_started() {
        use std::os::unix::process::CommandExt as _;
        let run = Run { tag: uuid::Uuid::now_v7().simple().to_string() };
        let text = run.text(&plain("trap '' TERM; echo began; sleep 1000; sleep 1000"));
        let mut shell = Command::new("/bin/sh");
        let mut shell = shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(shell.stdout.take().unwrap()));
        assert!(lines.any(|line| line.is_ok_and(|line| line == "began")));
        for signal in ["TERM", "KILL"] {
            let told = Command::new("/bin/sh").args(["-c", &run.end_by(signal)]).status().unwrap();
            assert!(told.success(), "{signal}");
        }
        assert_eq!(lines.count(), 0, "nobody holds its output any more");
        assert!(!shell.wait().unwrap().success());
        assert!(!std::env::temp_dir().join(format!("flowstead-{}", run.tag)).exists());
    }

    #[test]
    fn names_are_names() {
        assert!(is_name("A_1") && is_name("_"));
        for text in ["", "1A", "A B", "A=1", "$(x)", "Ä"] {
            assert!(!is_name(text), "{text}");
        }
    }
}
