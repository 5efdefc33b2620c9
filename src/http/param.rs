//! Query parameters: declared with the route, checked before its handler runs, documented from the same list.

use axum::extract::Query;
use axum::http::Uri;
use serde_json::{Value, json};

use crate::error::{Error, Kind, Result, did_you_mean, near_names};

/// One parameter that a route takes.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    pub name: &'static str,
    pub kind: ParamKind,
    /// One sentence: meaning, unit, default.
    pub doc: &'static str,
}

/// What a parameter's text is read as.
#[derive(Clone, Copy, Debug)]
pub enum ParamKind {
    /// `true`, `True`, `1`, `false`, `False` or `0`.
    Bool,
    /// A whole number from the first to the second, both included.
    Integer(u64, u64),
    /// Seconds, fractions allowed, from 0 to this.
    Seconds(u64),
    Text,
    /// JSON text.
    Json,
    /// One of these words.
    Word(&'static [&'static str]),
}

impl ParamKind {
    /// The JSON Schema of the parameter.
    pub(super) fn schema(self) -> Value {
        match self {
            ParamKind::Bool => json!({"type": "boolean"}),
            ParamKind::Integer(from, to) => {
                if to > i64::MAX as u64 {
                    json!({"type": "integer", "minimum": from})
                } else {
                    json!({"type": "integer", "minimum": from, "maximum": to})
                }
            }
            ParamKind::Seconds(most) => json!({"type": "number", "minimum": 0, "maximum": most}),
            ParamKind::Text | ParamKind::Json => json!({"type": "string"}),
            ParamKind::Word(words) => json!({"type": "string", "enum": words}),
        }
    }

    fn read(self, name: &str, text: String) -> Result<Value> {
        let refuse = |expected: String| Error::new(Kind::Malformed, format!("The parameter '{name}' must be {expected}."));
        let value = match self {
            ParamKind::Bool => match text.as_str() {
                "true" | "True" | "1" => Value::Bool(true),
                "false" | "False" | "0" => Value::Bool(false),
                _ => return Err(refuse("true or false".into())),
            },
            ParamKind::Integer(from, to) => match text.parse::<u64>() {
                Ok(n) if (from..=to).contains(&n) => Value::from(n),
                _ if to == u64::MAX => return Err(refuse(format!("a whole number of at least {from}"))),
                _ => return Err(refuse(format!("a whole number from {from} to {to}"))),
            },
            ParamKind::Seconds(most) => match text.parse::<f64>() {
                Ok(n) if (0.0..=most as f64).contains(&n) => Value::from(n),
                _ => return Err(refuse(format!("a number of seconds from 0 to {most}"))),
            },
            ParamKind::Text => Value::String(text),
            ParamKind::Json => super::json::parse(text.as_bytes())
                .map_err(|e| Error::new(Kind::Malformed, format!("The parameter '{name}' must be JSON text. {}", e.message())))?,
            ParamKind::Word(words) => {
                if !words.contains(&text.as_str()) {
                    return Err(refuse(format!("one of {}", words.join(", "))));
                }
                Value::String(text)
            }
        };
        Ok(value)
    }
}

/// The parameters of one request, checked against what its route declares.
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(&'static str, Value)>);

impl Params {
    /// Reads the query of `uri`. A parameter that the route does not declare, one given twice and one of the wrong
    /// form are Malformed.
    pub(super) fn read(uri: &Uri, declared: &'static [Param]) -> Result<Params> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Error::new(Kind::Malformed, "The query of the address could not be read; it must be 'name=value' pairs."))?;
        let mut values: Vec<(&'static str, Value)> = Vec::with_capacity(pairs.len());
        for (name, text) in pairs {
            let Some(param) = declared.iter().find(|p| p.name == name) else {
                return Err(unknown(&name, declared));
            };
            if values.iter().any(|(known, _)| *known == param.name) {
                return Err(Error::new(Kind::Malformed, format!("The parameter '{name}' is given twice; give it once.")));
            }
            values.push((param.name, param.kind.read(&name, text)?));
        }
        Ok(Params(values))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether a flag is given and true.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub fn integer(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(Value::as_u64)
    }

    pub fn seconds(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(Value::as_f64)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// The value of a [`ParamKind::Json`] parameter.
    pub fn json(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }

    /// A comma list, outer blanks stripped, empty parts left out.
    pub fn list(&self, name: &str) -> Option<Vec<String>> {
        self.text(name).map(|text| text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
    }
}

fn unknown(name: &str, declared: &'static [Param]) -> Error {
    let names = || declared.iter().map(|p| p.name);
    let near = did_you_mean(name, names());
    let known = if declared.is_empty() {
        " It takes none.".to_owned()
    } else if near.is_empty() {
        format!(" It takes {}.", names().collect::<Vec<_>>().join(", "))
    } else {
        near
    };
    Error::new(Kind::Malformed, format!("This route has no parameter '{name}'.{known}"))
        .details(json!({"parameter": name, "near": near_names(name, names()), "valid": names().collect::<Vec<_>>()}))
}

#[cfg(test)]
mod tests {
    use super::*;

    static DECLARED: &[Param] = &[
        Param { name: "plain", kind: ParamKind::Bool, doc: "" },
        Param { name: "limit", kind: ParamKind::Integer(1, 1000), doc: "" },
        Param { name: "filter", kind: ParamKind::Json, doc: "" },
        Param { name: "fields", kind: ParamKind::Text, doc: "" },
        Param { name: "timeout", kind: ParamKind::Seconds(300), doc: "" },
    ];

    fn read(query: &str) -> Result<Params> {
        Params::read(&format!("/x?{query}").parse().unwrap(), DECLARED)
    }

    #[test]
    fn flags_are_read_in_every_documented_spelling() {
        for yes in ["true", "True", "1"] {
            assert!(read(&format!("plain={yes}")).unwrap().flag("plain"));
        }
        for no in ["plain=false", "plain=False", "plain=0", ""] {
            assert!(!read(no).unwrap().flag("plain"));
        }
        for bad in ["plain=", "plain", "plain=yes", "plain=TRUE"] {
            assert_eq!(read(bad).unwrap_err().kind(), Kind::Malformed, "{bad}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_refused_and_the_nearest_named() {
        let error = read("limt=5").unwrap_err();
        assert_eq!(error.message(), "This route has no parameter 'limt'. Did you mean 'limit'?");
        assert_eq!(error.detail_value().unwrap()["near"][0], "limit");
    }

    #[test]
    fn numbers_have_their_bounds() {
        assert_eq!(read("limit=1000").unwrap().integer("limit"), Some(1000));
        for bad in ["limit=0", "limit=1001", "limit=-1", "limit=ten", "limit=1.5"] {
            assert!(read(bad).unwrap_err().message().contains("from 1 to 1000"), "{bad}");
        }
        assert_eq!(read("timeout=0.5").unwrap().seconds("timeout"), Some(0.5));
        for bad in ["timeout=301", "timeout=NaN", "timeout=inf", "timeout=-1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lists_and_json_are_decoded() {
        let params = read("fields=id,+name,,&filter=%7B%22field%22%3A%22name%22%7D").unwrap();
        assert_eq!(params.list("fields").unwrap(), ["id", "name"]);
        assert_eq!(params.json("filter").unwrap()["field"], "name");
        assert!(read("filter=%7B").unwrap_err().message().contains("JSON"));
        assert!(read("limit=1&limit=2").unwrap_err().message().contains("twice"));
    }
}
