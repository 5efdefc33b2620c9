//! Arguments as PostgreSQL takes them: the server says what type each placeholder has. The simple ones are written here, and the
//! text of all others the server itself reads, so that every type that it has can be given, as it would stand in a statement.

use serde_json::Value;
use sqlx::encode::IsNull;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgConnection, PgTypeInfo, PgTypeKind};
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Postgres, Row as _, Type};

use super::super::Fault;
use super::super::server::{self, Part};
use super::NAME;
use crate::connectors::value::as_bytes;

/// The name that a type has in a cast, whatever the search path is.
const TYPE_NAME: &str = "select quote_ident(n.nspname) || '.' || quote_ident(t.typname) \
    from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace where t.oid = $1::int8::oid";

/// A value in the binary form of its type; `None` is NULL.
#[derive(Clone, Debug)]
struct Raw {
    of: PgTypeInfo,
    bytes: Option<Vec<u8>>,
}

impl Type<Postgres> for Raw {
    fn type_info() -> PgTypeInfo {
        <str as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Raw {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, sqlx::error::BoxDynError> {
        let Some(bytes) = &self.bytes else { return Ok(IsNull::Yes) };
        buffer.extend_from_slice(bytes);
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.of.clone())
    }
}

/// An argument on its way.
#[derive(Debug, PartialEq)]
enum Form {
    Ready(Option<Vec<u8>>),
    /// To be read by the server.
    Text(String),
}

/// The arguments of each list, for placeholders of these types.
pub(super) async fn arguments(
    connection: &mut PgConnection,
    types: &[PgTypeInfo],
    lists: &[Vec<Value>],
) -> Result<Vec<PgArguments>, Fault> {
    let mut columns = Vec::with_capacity(types.len());
    for (at, of) in types.iter().enumerate() {
        let forms = lists.iter().map(|list| form(oid(of), of.kind(), &list[at])).collect::<Result<Vec<_>, _>>();
        let forms = forms.map_err(|why| Fault::lasting(format!("{NAME}: the argument ${} {why}.", at + 1)))?;
        columns.push(ready(&mut *connection, (at, of), forms).await?);
    }
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    let mut all = Vec::with_capacity(lists.len());
    for _ in lists {
        let mut arguments = PgArguments::default();
        for (of, column) in types.iter().zip(&mut columns) {
            let raw = Raw { of: of.clone(), bytes: column.next().flatten() };
            arguments.add(raw).map_err(|e| Fault::lasting(format!("{NAME}: an argument cannot be sent ({e}).")))?;
        }
        all.push(arguments);
    }
    Ok(all)
}

/// Has the server read what is text, in one question for all lists.
async fn ready(connection: &mut PgConnection, (at, of): (usize, &PgTypeInfo), forms: Vec<Form>) -> Result<Vec<Option<Vec<u8>>>, Fault> {
    let texts: Vec<&str> = forms.iter().filter_map(|form| if let Form::Text(text) = form { Some(text.as_str()) } else { None }).collect();
    let mut read = Vec::new();
    if !texts.is_empty() {
        let said = |e: sqlx::Error| server::fault(NAME, Part::Work, &e, |_| false).at(&format!("That is the argument ${}.", at + 1));
        let name: String = sqlx::query_scalar(TYPE_NAME).bind(i64::from(oid(of))).fetch_one(&mut *connection).await.map_err(said)?;
        let question = format!("select v::{name} from unnest($1::pg_catalog.text[]) with ordinality as given(v, n) order by n");
        let rows = sqlx::query(AssertSqlSafe(question)).bind(&texts).fetch_all(connection).await.map_err(said)?;
        for row in &rows {
            let raw = row.try_get_raw(0).map_err(said)?;
            read.push(raw.as_bytes().ok().map(<[u8]>::to_vec));
        }
    }
    let mut read = read.into_iter();
    Ok(forms
        .into_iter()
        .map(|form| match form {
            Form::Ready(bytes) => bytes,
            Form::Text(_) => read.next().flatten(),
        })
        .collect())
}

/// The number of a type; 0 is none.
fn oid(of: &PgTypeInfo) -> u32 {
    of.oid().map_or(0, |oid| oid.0)
}

/// An argument in the form that its type is sent in. An error is the rest of a sentence about it.
fn form(number: u32, kind: &PgTypeKind, value: &Value) -> Result<Form, String> {
    if value.is_null() {
        return Ok(Form::Ready(None));
    }
    let bytes = |bytes: Vec<u8>| Ok(Form::Ready(Some(bytes)));
    match (number, value) {
        (16, Value::Bool(is)) => return bytes(vec![u8::from(*is)]),
        (17, value) => {
            let given = as_bytes(value).map_err(|why| format!("is for bytes and {why}"))?;
            return bytes(given.ok_or_else(|| "is for bytes, which are given as {\"base64\": \"...\"}".to_owned())?);
        }
        (20, Value::Number(number)) if number.is_i64() => return bytes(number.as_i64().unwrap_or_default().to_be_bytes().to_vec()),
        (21, Value::Number(number)) => {
            if let Some(short) = number.as_i64().and_then(|number| i16::try_from(number).ok()) {
                return bytes(short.to_be_bytes().to_vec());
            }
        }
        (23, Value::Number(number)) => {
            if let Some(int) = number.as_i64().and_then(|number| i32::try_from(number).ok()) {
                return bytes(int.to_be_bytes().to_vec());
            }
        }
        (701, Value::Number(number)) => return bytes(number.as_f64().unwrap_or(f64::NAN).to_be_bytes().to_vec()),
        (19 | 25 | 705 | 1042 | 1043, value) => return bytes(plain(value).into_bytes()),
        (114, value) => return bytes(value.to_string().into_bytes()),
        (3802, value) => return bytes([&[1], value.to_string().as_bytes()].concat()),
        _ => {}
    }
    match (kind, value) {
        (PgTypeKind::Array(_), Value::Array(items)) => Ok(Form::Text(list(items)?)),
        (PgTypeKind::Array(_), Value::Object(_)) => Err("is for an array, which takes a list".to_owned()),
        (PgTypeKind::Domain(base), value) if [17, 114, 3802].contains(&oid(base)) => form(oid(base), base.kind(), value),
        _ => Ok(Form::Text(plain(value))),
    }
}

/// A value as it would stand in a statement, without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A list as the server writes arrays: `{1,NULL,"a \"b\""}`.
fn list(items: &[Value]) -> Result<String, String> {
    let mut parts = Vec::with_capacity(items.len());
    for item in items {
        parts.push(match item {
            Value::Null => "NULL".to_owned(),
            Value::Array(items) => list(items)?,
            Value::Bool(_) | Value::Number(_) => item.to_string(),
            Value::String(text) => quoted(text),
            Value::Object(_) => match as_bytes(item)? {
                Some(bytes) => quoted(&hex(&bytes)),
                None => quoted(&item.to_string()),
            },
        });
    }
    Ok(format!("{{{}}}", parts.join(",")))
}

/// Bytes as the server reads them.
fn hex(bytes: &[u8]) -> String {
    format!("\\x{}", hex::encode(bytes))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn simple_values_are_written_here_and_others_are_read_by_the_server() {
        let form = |oid: u32, value: Value| form(oid, &PgTypeKind::Simple, &value).expect("it can be sent");
        assert_eq!(form(16, json!(true)), Form::Ready(Some(vec![1])));
        assert_eq!(form(21, json!(-2)), Form::Ready(Some(vec![255, 254])));
        assert_eq!(form(21, json!(70_000)), Form::Text("70000".to_owned()), "the server says what is wrong");
        assert_eq!(form(25, json!({ "a": [1] })), Form::Ready(Some(b"{\"a\":[1]}".to_vec())));
        assert_eq!(form(3802, json!("a")), Form::Ready(Some(b"\x01\"a\"".to_vec())));
        assert_eq!(form(1700, json!(1.5)), Form::Text("1.5".to_owned()));
        assert_eq!(form(1184, Value::Null), Form::Ready(None));
        assert_eq!(form(17, json!({ "base64": "AP8=" })), Form::Ready(Some(vec![0, 255])));
        assert!(super::form(17, &PgTypeKind::Simple, &json!("text")).is_err_and(|why| why.contains("base64")));
    }

    #[test]
    fn lists_are_written_as_the_server_writes_them() {
        let items = json!([1, null, true, "a \"b\" \\", ["x"], { "base64": "AP8=" }, { "k": 1 }]);
        let text = list(items.as_array().expect("a list")).expect("it can be written");
        assert_eq!(text, r#"{1,NULL,true,"a \"b\" \\",{"x"},"\\x00ff","{\"k\":1}"}"#);
    }
}
