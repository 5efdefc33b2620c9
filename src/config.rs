//! The configuration: one struct per section, compiled-in defaults as the reference.
//!
//! Defaults < TOML file < environment `FLOWSTEAD_<SECTION>_<KEY>` < flags. A key that no struct has is an error
//! that names the nearest one. This is the only place that reads the environment.

mod origin;
mod section;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

pub use origin::{Origin, host, is_loopback};
pub use section::{Auth, Engine, Environments, Flush, Isolation, Limits, LogFormat, Logs, Mcp, Overflow, Server, Store, Traces};

use crate::error::{Error, Result, did_you_mean};

/// Variables with our prefix that are no settings: clients and the role switch read them.
const NO_SETTINGS: &[&str] = &[
    "FLOWSTEAD_CONFIG",
    "FLOWSTEAD_URL",
    "FLOWSTEAD_API_KEY",
    "FLOWSTEAD_LOG",
    // What the build baked in; cargo hands it to the processes that it starts.
    "FLOWSTEAD_PYTHON_HOME",
    "FLOWSTEAD_PYTHON_VERSION",
    "FLOWSTEAD_PYTHON_EXECUTABLE",
];
/// Variables that the installer of packages gets: where programs are, and the way to the network.
const PASSED_ON: &[&str] = &[
    "PATH",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
const PREFIX: &str = "FLOWSTEAD_";
/// Fewer descriptors leave no room for a slot's own, which lie above 900.
const LEAST_OPEN_FILES: u64 = 1024;

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub store: Store,
    pub engine: Engine,
    pub limits: Limits,
    pub environments: Environments,
    pub mcp: Mcp,
    pub traces: Traces,
    pub auth: Auth,
    pub logs: Logs,
}

/// Where settings come from, weakest first.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The TOML file; it must exist when given.
    pub file: Option<PathBuf>,
    /// `(name, value)`; only names that begin with `FLOWSTEAD_` are looked at.
    pub environment: Vec<(String, String)>,
    /// `("server.listen", "127.0.0.1:0")`, from the command line.
    pub flags: Vec<(&'static str, String)>,
}

impl Sources {
    /// The process's environment and nothing else.
    pub fn from_environment() -> Sources {
        #[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        Sources { environment, ..Sources::default() }
    }

    /// A variable that is no setting: `FLOWSTEAD_URL` and `FLOWSTEAD_API_KEY`, which the command line reads as a client.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// What the process that installs packages gets of this process's environment.
pub fn passed_on() -> Vec<(String, String)> {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), value(name)?))).collect()
}

impl Config {
    /// Puts the sources together. An unknown key, a value of the wrong type or an unreadable file is an error that
    /// names its source.
    pub fn load(sources: &Sources) -> Result<Config> {
        let reference = Table::try_from(Config::default()).expect("the defaults are valid TOML");
        let mut table = reference.clone();
        if let Some(path) = &sources.file {
            merge_file(&mut table, &reference, path)?;
        }
        for (name, value) in sources.environment.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
            if !NO_SETTINGS.contains(&name.as_str()) {
                let (section, key) = variable(&reference, name)?;
                set(&mut table, (&section, &key), value, &format!("environment variable {name}"))?;
            }
        }
        for (path, value) in &sources.flags {
            let (section, key) = path.split_once('.').expect("flags name section.key");
            set(&mut table, (section, key), value, &format!("flag for {path}"))?;
        }
        let config: Config = table.try_into().map_err(|e: toml::de::Error| Error::invalid(one_line(e.message())))?;
        config.check()
    }

    /// The file of the keys.
    pub fn key_file(&self) -> PathBuf {
        if self.server.key_file.as_os_str().is_empty() { self.server.data.join("server.key") } else { self.server.key_file.clone() }
    }

    /// The users that flows may run as; `None` if the setting is empty.
    pub fn user_ids(&self) -> Option<RangeInclusive<u32>> {
        let (first, last) = self.engine.user_ids.split_once('-')?;
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        // The highest number means nobody at all to the kernel.
        (first > 0 && first <= last && last < u32::MAX).then_some(first..=last)
    }

    fn check(self) -> Result<Config> {
        if !self.engine.user_ids.trim().is_empty() && self.user_ids().is_none() {
            return Err(Error::invalid(format!(
                "The setting engine.user_ids must be like '200000-265535', the first and the last number of users that nothing else \
                 uses, both above 0; or empty. It is '{}'.",
                self.engine.user_ids
            )));
        }
        let positive = [
            ("server.body_limit_bytes", self.server.body_limit_bytes as f64),
            ("environments.timeout_seconds", self.environments.timeout_seconds as f64),
            ("environments.zygotes", self.environments.zygotes as f64),
            ("limits.cpu_seconds", self.limits.cpu_seconds as f64),
            ("limits.memory_bytes", self.limits.memory_bytes as f64),
            ("limits.file_bytes", self.limits.file_bytes as f64),
            ("limits.work_bytes", self.limits.work_bytes as f64),
            ("limits.work_files", self.limits.work_files as f64),
            ("limits.value_bytes", self.limits.value_bytes as f64),
            ("limits.log_bytes", self.limits.log_bytes as f64),
            ("limits.journal_calls", f64::from(self.limits.journal_calls)),
            ("limits.journal_bytes", self.limits.journal_bytes as f64),
            ("limits.processes", f64::from(self.limits.processes)),
            ("auth.session_days", f64::from(self.auth.session_days)),
            ("auth.key_days", f64::from(self.auth.key_days)),
            ("auth.login_tries", f64::from(self.auth.login_tries)),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, value)| *value <= 0.0) {
            return Err(Error::invalid(format!("The setting {name} must be above 0.")));
        }
        let durations =
            [("engine.grace_seconds", self.engine.grace_seconds), ("limits.max_runtime_minutes", self.limits.max_runtime_minutes)];
        if let Some((name, _)) = durations.iter().find(|(_, value)| !value.is_finite() || *value < 0.0) {
            return Err(Error::invalid(format!("The setting {name} must be 0 or a positive number.")));
        }
        if self.limits.open_files < LEAST_OPEN_FILES {
            return Err(Error::invalid(format!(
                "The setting limits.open_files must be at least {LEAST_OPEN_FILES}: a flow's process keeps its own descriptors at high numbers."
            )));
        }
        let url = &self.server.public_url;
        if !url.is_empty() && Origin::of(url).is_none() {
            return Err(Error::invalid(format!(
                "The setting server.public_url must be like 'https://flows.example.com', with a scheme and a host, but is '{url}'."
            )));
        }
        Ok(self)
    }
}

fn merge_file(table: &mut Table, reference: &Table, path: &Path) -> Result<()> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| Error::invalid(format!("The configuration file {shown} cannot be read: {e}.")))?;
    let file: Table =
        text.parse().map_err(|e: toml::de::Error| Error::invalid(format!("The configuration file {shown} is not valid TOML: {e}")))?;
    for (section, value) in file {
        let Some(Value::Table(known)) = reference.get(&section) else {
            let near = did_you_mean(&section, reference.keys().map(String::as_str));
            return Err(Error::invalid(format!("The configuration file {shown} has the unknown section [{section}].{near}")));
        };
        let Value::Table(values) = value else {
            return Err(Error::invalid(format!("In the configuration file {shown}, '{section}' must be a section: [{section}].")));
        };
        for (key, value) in values {
            let Some(default) = known.get(&key) else {
                let near = did_you_mean(&key, known.keys().map(String::as_str));
                return Err(Error::invalid(format!("The configuration file {shown} has the unknown key {section}.{key}.{near}")));
            };
            let value = fit(default, value)
                .map_err(|expected| Error::invalid(format!("In the configuration file {shown}, {section}.{key} must be {expected}.")))?;
            section_mut(table, &section).insert(key, value);
        }
    }
    Ok(())
}

/// The section and key that a variable's name stands for.
fn variable(reference: &Table, name: &str) -> Result<(String, String)> {
    let mut known = Vec::new();
    for (section, values) in reference {
        for key in values.as_table().into_iter().flat_map(Table::keys) {
            let variable = format!("{PREFIX}{}_{}", section.to_uppercase(), key.to_uppercase());
            if variable == name {
                return Ok((section.clone(), key.clone()));
            }
            known.push(variable);
        }
    }
    let near = did_you_mean(name, known.iter().map(String::as_str));
    Err(Error::invalid(format!("The environment variable {name} is no setting of Flowstead.{near}")))
}

/// Sets a key from text, read as the type its default has.
fn set(table: &mut Table, (section, key): (&str, &str), text: &str, source: &str) -> Result<()> {
    let values = section_mut(table, section);
    let default = values.get(key).expect("callers look the key up first");
    let parsed = match default {
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Float(_) => text.trim().parse().ok().map(Value::Float),
        Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
        Value::Array(_) => Some(Value::Array(text.split_whitespace().map(|item| Value::String(item.to_owned())).collect())),
        _ => Some(Value::String(text.to_owned())),
    };
    let value = parsed.ok_or_else(|| {
        let expected = type_name(default);
        Error::invalid(format!("The {source} must be {expected}, but is '{text}'."))
    })?;
    values.insert(key.to_owned(), value);
    Ok(())
}

/// `value` as the type of `default`; integers are accepted where a number is asked for.
fn fit(default: &Value, value: Value) -> Result<Value, &'static str> {
    match (default, value) {
        (Value::Float(_), Value::Integer(n)) => Ok(Value::Float(n as f64)),
        (default, value) if default.same_type(&value) => Ok(value),
        (default, _) => Err(type_name(default)),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list of texts",
        _ => "a text",
    }
}

fn section_mut<'a>(table: &'a mut Table, section: &str) -> &'a mut Table {
    table.get_mut(section).and_then(Value::as_table_mut).expect("the reference has every section as a table")
}

fn one_line(message: &str) -> String {
    let text = message.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("The configuration is not valid: {text}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: Option<&str>, environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Config> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("flowstead.toml");
        if let Some(text) = file {
            std::fs::write(&path, text).expect("written");
        }
        Config::load(&Sources {
            file: file.map(|_| path),
            environment: environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            flags: flags.iter().map(|(k, v)| (*k, (*v).to_owned())).collect(),
        })
    }

    #[test]
    fn nothing_set_gives_the_defaults() {
        assert_eq!(load(None, &[], &[]).unwrap(), Config::default());
    }

    #[test]
    fn flags_win_over_the_environment_which_wins_over_the_file() {
        let file = "[engine]\nslots = 3\ngrace_seconds = 1\n[auth]\nkey_days = 7\n";
        let config = load(
            Some(file),
            &[("FLOWSTEAD_ENGINE_SLOTS", "4"), ("FLOWSTEAD_STORE_DURABILITY", "normal"), ("PATH", "x")],
            &[("server.listen", "127.0.0.1:0")],
        )
        .unwrap();
        assert_eq!(config.engine.slots, 4);
        assert!((config.engine.grace_seconds - 1.0).abs() < f64::EPSILON);
        assert_eq!(config.auth.key_days, 7);
        assert_eq!(config.store.durability, Flush::Normal);
        assert_eq!(config.server.listen.port(), 0);
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_named() {
        let message = |r: Result<Config>| r.unwrap_err().message().to_owned();
        assert!(message(load(Some("[engine]\nslotz = 3\n"), &[], &[])).contains("Did you mean 'slots'?"));
        assert!(message(load(Some("[engin]\nslots = 3\n"), &[], &[])).contains("Did you mean 'engine'?"));
        assert!(message(load(None, &[("FLOWSTEAD_ENGINE_SLOT", "3")], &[])).contains("FLOWSTEAD_ENGINE_SLOTS"));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused() {
        let message = |r: Result<Config>| r.unwrap_err().message().to_owned();
        assert!(message(load(Some("[engine]\nslots = 'many'\n"), &[], &[])).contains("a whole number"));
        assert!(message(load(None, &[("FLOWSTEAD_ENGINE_SLOTS", "many")], &[])).contains("a whole number"));
        assert!(message(load(None, &[("FLOWSTEAD_STORE_DURABILITY", "ful")], &[])).contains("full"));
        assert!(message(load(None, &[], &[("server.listen", "nowhere")])).contains("not valid"));
        assert!(message(load(None, &[("FLOWSTEAD_AUTH_KEY_DAYS", "0")], &[])).contains("above 0"));
    }

    #[test]
    fn users_of_flows_are_a_range_above_root_or_nothing() {
        let read = |text: &str| load(None, &[("FLOWSTEAD_ENGINE_USER_IDS", text)], &[]);
        assert_eq!(read("200-300").unwrap().user_ids(), Some(200..=300));
        assert_eq!(read("").unwrap().user_ids(), None);
        for wrong in ["0-10", "300-200", "200", "a-b", "1-4294967295"] {
            assert!(read(wrong).unwrap_err().message().contains("engine.user_ids must be like"), "{wrong}");
        }
    }
}
