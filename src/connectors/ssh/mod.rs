//! SSH: a script on another machine. Its report comes as it is written, its variables and files when it has ended.

mod copy;
mod fetch;
mod hostkey;
mod login;
mod report;
mod running;
mod script;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Map, Value};

use self::login::{Login, Session, wrong};
use self::report::{Clean, Report};
use self::running::{End, PATIENCE, Parts, Running, halt};
use self::script::{Run, Script};
use super::{Connect, Failure, Job, input};
use crate::error::Result;

pub(super) use copy::{SCP, SFTP};
pub(super) use hostkey::known_hosts;
pub(super) use login::{opened_key, seconds};
pub(super) use script::quoted;

pub(super) struct Ssh;

#[derive(Deserialize)]
#[allow(clippy::unsafe_derive_deserialize, reason = "what is unsafe in its methods is a macro of tokio")]
struct Inputs {
    #[serde(flatten)]
    login: Login,
    script: String,
    #[serde(default = "bash")]
    interpreter: String,
    #[serde(default = "sixty")]
    script_timeout: f64,
    #[serde(default)]
    env: Map<String, Value>,
    #[serde(default = "input::yes")]
    remove_cr: bool,
    #[serde(default = "input::yes")]
    remove_ansi_escapes: bool,
    #[serde(default)]
    output_vars: Vec<String>,
    #[serde(default)]
    output_files: Vec<String>,
    #[serde(default = "input::yes")]
    check: bool,
}

fn bash() -> String {
    "/usr/bin/env bash -e".to_owned()
}

fn sixty() -> f64 {
    60.0
}

impl Connect for Ssh {
    fn name(&self) -> &'static str {
        "SSH"
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        login::host(inputs)
    }

    fn is_repeatable(&self, _: &Value) -> bool {
        false
    }

    fn only_reads(&self, _: &Value) -> bool {
        false
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let inputs = Inputs::read(job.inputs)?;
            let run = Run { tag: tag()? };
            let text = run.text(&inputs.script()?);
            let names = inputs.file_names()?;
            let session = inputs.login.open(&job.clock).await?;
            let ran = inputs.run(session, (run, text), job).await?;
            inputs.output(ran, &names, job).await
        })
    }
}

fn tag() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| crate::error::Error::internal("the system has no random numbers"))?;
    Ok(uuid::Uuid::from_bytes(bytes).simple().to_string())
}

/// How a script went.
struct Ran {
    session: Session,
    code: i64,
    report: String,
    report_file: Option<String>,
    vars: Bytes,
}

impl Inputs {
    fn read(inputs: &Value) -> Result<Inputs, Failure> {
        Ok(input::read(inputs)?)
    }

    fn script(&self) -> Result<Script<'_>> {
        let texts = [("script", self.script.as_str()), ("interpreter", self.interpreter.as_str())];
        let env: Vec<(&str, &str)> = self.env.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect();
        let mut all = texts.iter().copied().chain(env.iter().map(|(_, value)| ("env", *value)));
        if let Some((field, _)) = all.find(|(_, text)| text.contains('\0')) {
            return Err(wrong(field, format!("'{field}' has a zero byte in it, which no shell takes.")));
        }
        if self.interpreter.trim().is_empty() || self.interpreter.contains('\n') {
            return Err(wrong("interpreter", "'interpreter' is one line: a program, and its arguments before the script.".to_owned()));
        }
        let output_vars: Vec<&str> = self.output_vars.iter().map(String::as_str).collect();
        for (field, names) in [("env", env.iter().map(|(name, _)| *name).collect()), ("output_vars", output_vars.clone())] {
            if let Some(name) = names.iter().find(|name| !script::is_name(name)) {
                let text = format!("'{name}' in '{field}' is no name of a shell variable: letters, digits and underscores.");
                return Err(wrong(field, text));
            }
        }
        Ok(Script { text: &self.script, interpreter: self.interpreter.trim(), env, output_vars })
    }

    /// The paths of `output_files`, and the FILE that each of them becomes.
    fn file_names(&self) -> Result<Vec<(&str, &str)>> {
        let mut names: Vec<(&str, &str)> = Vec::new();
        for path in &self.output_files {
            let name = path.rsplit('/').next().unwrap_or_default();
            if name.is_empty() || path.contains('\0') {
                return Err(wrong("output_files", format!("'{path}' in 'output_files' is no path of a file.")));
            }
            if let Some((other, _)) = names.iter().find(|(_, taken)| *taken == name) {
                let text = format!("'{other}' and '{path}' in 'output_files' would become the same FILE, '{name}'.");
                return Err(wrong("output_files", text));
            }
            names.push((path, name));
        }
        Ok(names)
    }

    async fn run(&self, session: Session, (run, text): (Run, String), job: &Job<'_>) -> Result<Ran, Failure> {
        let channel = session.channel().await?;
        let (name, mut end) = (session.name.clone(), End::default());
        let mut report = Report::new(job, &run, Clean::new(self.remove_cr, self.remove_ansi_escapes));
        let (read, write) = channel.split();
        let mut running = Running { parts: Some(Parts { session, read, write, run }), clock: job.clock.clone() };
        let until = job.clock.instant().plus(seconds(self.script_timeout));
        let is_over = tokio::select! {
            biased;
            over = running.drive(text, &mut report, &mut end) => over.map(|()| true)?,
            () = job.clock.sleep_until(until) => false,
        };
        let Parts { session, read, write, run } = running.parts.take().ok_or_else(|| Failure::new("The script is not there."))?;
        if !is_over {
            halt(Parts { session, read, write, run }, job.clock.clone(), PATIENCE).await;
            let (text, file) = report.finish().await?;
            let message = format!("{name}: the script has not ended within the script_timeout of {} s; it was ended.", self.script_timeout);
            return Err(Failure { message, output: Some(written(text, file).into()) });
        }
        let code = match (report.code(), end.status, &end.signal) {
            (Some(code), ..) => code,
            (None, Some(status), _) if report.is_begun() => status,
            (None, status, signal) => {
                let message = end.words(status, signal.as_deref(), &report);
                let (text, file) = report.finish().await?;
                return Err(Failure { message: format!("{name}: {message}"), output: Some(written(text, file).into()) });
            }
        };
        let (report, report_file) = report.finish().await?;
        let vars = report::vars(&end.told, &run).unwrap_or_default();
        if vars.len() > script::VARS_LIMIT {
            let text = format!("The variables of 'output_vars' have more than {} bytes; have them in a file.", script::VARS_LIMIT);
            return Err(Failure { message: text, output: Some(written(report, report_file).into()) });
        }
        Ok(Ran { session, code, report, report_file, vars })
    }

    async fn output(&self, ran: Ran, names: &[(&str, &str)], job: &Job<'_>) -> Result<Value, Failure> {
        let last = report::line(&ran.report);
        let mut output = written(ran.report, ran.report_file);
        output.insert("retcode".into(), ran.code.into());
        if !self.output_vars.is_empty() {
            let mut texts = ran.vars.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
            let mut vars = Map::new();
            while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
                vars.insert(name, value.into());
            }
            output.insert("var".into(), vars.into());
        }
        let mut files = Map::new();
        for (path, name) in names {
            let until = job.clock.instant().plus(seconds(self.script_timeout));
            let fetched = tokio::select! {
                biased;
                fetched = fetch::keep(&ran.session, (path, name), job) => fetched,
                () = job.clock.sleep_until(until) => Err(format!("it has not come within the script_timeout of {} s", self.script_timeout)),
            };
            match fetched {
                Ok(()) => drop(files.insert((*path).to_owned(), (*name).into())),
                Err(why) if ran.code == 0 => {
                    let message = format!("The script has run, but its output file '{path}' could not be kept: {why}.");
                    return Err(Failure { message, output: Some(output.into()) });
                }
                // A script that failed need not have made it.
                Err(why) => job.log.warning(format!("The output file '{path}' is not kept: {why}.")),
            }
        }
        if !names.is_empty() {
            output.insert("files".into(), files.into());
        }
        ran.session.close().await;
        if self.check && ran.code != 0 {
            let last = if last.is_empty() { String::new() } else { format!(" The last that it wrote: {last}") };
            return Err(Failure { message: format!("The script ended with the code {}.{last}", ran.code), output: Some(output.into()) });
        }
        Ok(output.into())
    }
}

/// The report as a part of an output.
fn written(report: String, file: Option<String>) -> Map<String, Value> {
    let mut output = Map::new();
    output.insert("report".into(), report.into());
    if let Some(file) = file {
        output.insert("report_file".into(), file.into());
    }
    output
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn inputs(more: &Value) -> Inputs {
        let mut inputs = json!({ "hostname": "h", "username": "u", "script": "s" });
        inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Inputs::read(&inputs).ok().unwrap()
    }

    #[test]
    fn names_that_no_shell_takes_are_refused() {
        for (more, word) in [
            (json!({ "env": { "A B": "x" } }), "'A B' in 'env'"),
            (json!({ "output_vars": ["$(rm x)"] }), "'$(rm x)' in 'output_vars'"),
            (json!({ "script": "a\0b" }), "'script'"),
            (json!({ "interpreter": "sh\nrm" }), "'interpreter'"),
        ] {
            let given = inputs(&more);
            let error = given.script().err().unwrap_or_else(|| panic!("{word} was taken"));
            assert!(error.message().contains(word), "{error}");
        }
    }

    #[test]
    fn output_files_become_files_of_their_own() {
        let given = inputs(&json!({ "output_files": ["a/x.txt", "/y"] }));
        assert_eq!(given.file_names().unwrap(), [("a/x.txt", "x.txt"), ("/y", "y")]);
        for paths in [json!(["a/x", "b/x"]), json!(["a/"]), json!([""])] {
            assert!(inputs(&json!({ "output_files": paths })).file_names().is_err());
        }
    }
}
