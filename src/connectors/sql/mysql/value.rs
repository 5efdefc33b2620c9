//! Values of MySQL and MariaDB as JSON and back, exactly: what JSON has no numbers for is text, in the form that the server takes back.

use serde_json::Value;
use sqlx::mysql::{MySqlArguments, MySqlTypeInfo, MySqlValueRef};
use sqlx::{Arguments as _, Decode, MySql, Type, TypeInfo as _};

use crate::connectors::value::{as_bytes, bytes_value, float, single};

/// The arguments of one list. An error is a clause about one of them.
pub(super) fn arguments(list: &[Value]) -> Result<MySqlArguments, String> {
    let mut arguments = MySqlArguments::default();
    for (at, value) in list.iter().enumerate() {
        let bytes = as_bytes(value).map_err(|why| format!("the argument {} {why}", at + 1))?;
        let added = match (value, bytes) {
            (_, Some(bytes)) => arguments.add(bytes),
            (Value::Null, None) => arguments.add(None::<String>),
            (Value::Bool(is), None) => arguments.add(*is),
            (Value::String(text), None) => arguments.add(text.clone()),
            (Value::Number(number), None) => match (number.as_i64(), number.as_u64()) {
                (Some(int), _) => arguments.add(int),
                (None, Some(int)) => arguments.add(int),
                (None, None) => arguments.add(number.as_f64().unwrap_or(f64::NAN)),
            },
            (Value::Array(_) | Value::Object(_), None) => arguments.add(value.to_string()),
        };
        added.map_err(|e| format!("the argument {} cannot be sent ({e})", at + 1))?;
    }
    Ok(arguments)
}

/// A value of a row, as the server sends it for prepared statements. An error is the rest of a sentence about its column.
pub(super) fn value(of: &MySqlTypeInfo, raw: MySqlValueRef<'_>) -> Result<Value, String> {
    // A date of zeros passes for NULL with the driver; it is none, and its bytes are there.
    let Ok(bytes) = <&[u8] as Decode<MySql>>::decode(raw) else { return Ok(Value::Null) };
    let is_unsigned = <u64 as Type<MySql>>::compatible(of);
    let is_text = <str as Type<MySql>>::compatible(of);
    match of.name() {
        "NULL" => Ok(Value::Null),
        "FLOAT" => fixed(bytes).map(|bytes| single(f32::from_le_bytes(bytes))),
        "DOUBLE" => fixed(bytes).map(|bytes| float(f64::from_le_bytes(bytes))),
        "YEAR" => fixed(bytes).map(|bytes| u16::from_le_bytes(bytes).into()),
        "BIT" if bytes.len() <= 8 => Ok(bytes.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)).into()),
        name if name == "BOOLEAN" || name.contains("INT") => whole(bytes, is_unsigned),
        "DATE" | "DATETIME" | "TIMESTAMP" => moment(bytes, of.name() == "DATE").map(Value::from),
        "TIME" => time(bytes).map(Value::from),
        "DECIMAL" => text(bytes),
        "JSON" => serde_json::from_slice(bytes).map_err(|e| format!("it is nested too deep to be read ({e})")),
        "GEOMETRY" => Err("that is not read; have the statement give it as text, ST_AsText(column)".to_owned()),
        _ if is_text => text(bytes),
        _ => Ok(bytes_value(bytes)),
    }
}

fn broken() -> String {
    "the server sent something else".to_owned()
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes.try_into().map_err(|_| broken())
}

fn text(bytes: &[u8]) -> Result<Value, String> {
    std::str::from_utf8(bytes).map(Value::from).map_err(|_| "the server sent text that is no UTF-8".to_owned())
}

/// A whole number of 1, 2, 4 or 8 bytes, the lowest first.
fn whole(bytes: &[u8], is_unsigned: bool) -> Result<Value, String> {
    let (Some(last), true) = (bytes.last(), bytes.len() <= 8) else { return Err(broken()) };
    let is_negative = !is_unsigned && last & 0x80 != 0;
    let mut all = [if is_negative { 0xff } else { 0 }; 8];
    all[..bytes.len()].copy_from_slice(bytes);
    Ok(if is_unsigned { u64::from_le_bytes(all).into() } else { i64::from_le_bytes(all).into() })
}

/// The parts of a time as it is sent: their length, then as many of them as are not 0.
fn parts<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    let (length, sent) = bytes.split_first().ok_or_else(broken)?;
    let mut all = [0; N];
    if usize::from(*length) != sent.len() || sent.len() > N {
        return Err(broken());
    }
    all[..sent.len()].copy_from_slice(sent);
    Ok(all)
}

/// `2026-11-21`, or `2026-11-21T12:30:00` with as many as six decimals.
fn moment(bytes: &[u8], is_date: bool) -> Result<String, String> {
    let [y0, y1, month, day, hour, minute, second, micros @ ..] = parts::<11>(bytes)?;
    let date = format!("{:04}-{month:02}-{day:02}", u16::from_le_bytes([y0, y1]));
    Ok(if is_date { date } else { format!("{date}T{hour:02}:{minute:02}:{second:02}{}", fraction(u32::from_le_bytes(micros))) })
}

/// `-838:59:59`: a time of the day, or a time that passed.
fn time(bytes: &[u8]) -> Result<String, String> {
    let [is_negative, d0, d1, d2, d3, hour, minute, second, micros @ ..] = parts::<12>(bytes)?;
    let hours = u64::from(u32::from_le_bytes([d0, d1, d2, d3])) * 24 + u64::from(hour);
    let sign = if is_negative == 0 { "" } else { "-" };
    Ok(format!("{sign}{hours:02}:{minute:02}:{second:02}{}", fraction(u32::from_le_bytes(micros))))
}

fn fraction(micros: u32) -> String {
    if micros == 0 { String::new() } else { format!(".{micros:06}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_keep_their_sign_and_size() {
        assert_eq!(whole(&[0xfe], false), Ok(json!(-2)));
        assert_eq!(whole(&[0xfe], true), Ok(json!(254)));
        assert_eq!(whole(&[0xff; 8], true), Ok(json!(u64::MAX)));
        assert_eq!(whole(&[0, 0, 0, 0x80], false), Ok(json!(i32::MIN)));
        assert!(whole(&[], false).is_err() && whole(&[0; 9], true).is_err());
    }

    #[test]
    fn times_come_in_as_few_bytes_as_they_need() {
        assert_eq!(moment(&[0], false), Ok("0000-00-00T00:00:00".to_owned()));
        assert_eq!(moment(&[4, 0xea, 7, 11, 21], true), Ok("2026-11-21".to_owned()));
        assert_eq!(moment(&[7, 0xea, 7, 11, 21, 9, 5, 0], false), Ok("2026-11-21T09:05:00".to_owned()));
        assert_eq!(moment(&[11, 0xea, 7, 11, 21, 9, 5, 0, 1, 0, 0, 0], false), Ok("2026-11-21T09:05:00.000001".to_owned()));
        assert_eq!(time(&[8, 1, 34, 0, 0, 0, 22, 59, 59]), Ok("-838:59:59".to_owned()));
        assert!(time(&[8, 1]).is_err() && moment(&[], true).is_err());
    }

    #[test]
    fn an_argument_that_is_no_base64_is_told_by_its_place() {
        assert!(arguments(&[json!(1), json!({ "base64": "?" })]).is_err_and(|why| why.contains("the argument 2")));
        assert!(arguments(&[json!(u64::MAX), json!([1]), Value::Null, json!({ "base64": "AA==" })]).is_ok());
    }
}
