//! PostgreSQL's binary values as JSON, exactly: what JSON has no numbers for is text, in the form that the server takes back.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value;
use sqlx::TypeInfo as _;
use sqlx::postgres::{PgTypeInfo, PgTypeKind};

use crate::connectors::value::{bytes_value, float, single};

const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400 * MICROS;
/// Days from 0000-03-01 to 2000-01-01, the day that the server counts from.
const EPOCH: i64 = 730_425;

/// Types that are read, by their numbers, which are the same everywhere.
const READ: [u32; 44] = [
    16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 114, 142, 650, 700, 701, 705, 774, 829, 869, 1042, 1043, 1082, 1083, 1114, 1184, 1186,
    1266, 1560, 1562, 1700, 2202, 2203, 2204, 2205, 2206, 2278, 2950, 3220, 3802, 4089, 4096, 5069,
];

/// Whether values of this type are read; else the rest of a sentence about the column.
pub(super) fn can_read(of: &PgTypeInfo) -> Result<(), String> {
    match of.kind() {
        PgTypeKind::Domain(base) | PgTypeKind::Array(base) => can_read(base),
        PgTypeKind::Enum(_) => Ok(()),
        PgTypeKind::Simple | PgTypeKind::Pseudo if is_citext(of) || of.oid().is_some_and(|oid| READ.contains(&oid.0)) => Ok(()),
        _ => Err(unknown()),
    }
}

/// An extension's: it has no number that is the same everywhere.
fn is_citext(of: &PgTypeInfo) -> bool {
    of.name().eq_ignore_ascii_case("citext")
}

/// A value. An error is the rest of a sentence about its column.
pub(super) fn value(of: &PgTypeInfo, bytes: &[u8]) -> Result<Value, String> {
    match of.kind() {
        PgTypeKind::Domain(base) => value(base, bytes),
        PgTypeKind::Enum(_) => text(bytes),
        PgTypeKind::Array(item) => array(item, &mut Bytes(bytes)),
        PgTypeKind::Simple | PgTypeKind::Pseudo => simple(of, bytes),
        PgTypeKind::Composite(_) | PgTypeKind::Range(_) => Err(unknown()),
    }
}

fn unknown() -> String {
    "that is not read; have the statement give it as text, 'column::text'".to_owned()
}

fn simple(of: &PgTypeInfo, bytes: &[u8]) -> Result<Value, String> {
    let mut rest = Bytes(bytes);
    let oid = of.oid().map_or(0, |oid| oid.0);
    Ok(match oid {
        16 => (rest.take::<1>()?[0] != 0).into(),
        17 => bytes_value(bytes),
        18 => String::from_utf8_lossy(bytes).into_owned().into(),
        20 => rest.i64()?.into(),
        21 => rest.i16()?.into(),
        23 => rest.i32()?.into(),
        // oid, xid, cid and the names of things by their oid
        24 | 26 | 28 | 29 | 2202..=2206 | 4089 | 4096 => u32::from_be_bytes(rest.take()?).into(),
        5069 => u64::from_be_bytes(rest.take()?).into(),
        19 | 25 | 142 | 705 | 1042 | 1043 => text(bytes)?,
        114 => json(bytes)?,
        3802 => json(bytes.strip_prefix(&[1]).ok_or_else(broken)?)?,
        650 | 869 => network(&mut rest)?.into(),
        700 => single(f32::from_be_bytes(rest.take()?)),
        701 => float(f64::from_be_bytes(rest.take()?)),
        774 | 829 => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":").into(),
        1082 => date(rest.i32()?).into(),
        1083 => clock(rest.i64()?).into(),
        1114 => moment(rest.i64()?, "").into(),
        1184 => moment(rest.i64()?, "+00:00").into(),
        1186 => interval(rest.i64()?, rest.i32()?, rest.i32()?).into(),
        1266 => (clock(rest.i64()?) + &zone(-rest.i32()?)).into(),
        1560 | 1562 => bits(&mut rest)?.into(),
        1700 => numeric(&mut rest)?.into(),
        2278 => Value::Null,
        2950 => uuid::Uuid::from_bytes(rest.take()?).to_string().into(),
        3220 => {
            let at = u64::from_be_bytes(rest.take()?);
            format!("{:X}/{:X}", at >> 32, at & 0xffff_ffff).into()
        }
        _ if is_citext(of) => text(bytes)?,
        _ => return Err(unknown()),
    })
}

fn broken() -> String {
    "the server sent something else".to_owned()
}

/// Bytes that are taken from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (head, tail) = self.0.split_first_chunk().ok_or_else(broken)?;
        self.0 = tail;
        Ok(*head)
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (head, tail) = self.0.split_at_checked(length).ok_or_else(broken)?;
        self.0 = tail;
        Ok(head)
    }

    fn i16(&mut self) -> Result<i16, String> {
        self.take().map(i16::from_be_bytes)
    }

    fn i32(&mut self) -> Result<i32, String> {
        self.take().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Result<i64, String> {
        self.take().map(i64::from_be_bytes)
    }
}

fn text(bytes: &[u8]) -> Result<Value, String> {
    std::str::from_utf8(bytes).map(Value::from).map_err(|_| "the server sent text that is no UTF-8".to_owned())
}

fn json(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|e| format!("it is nested too deep to be read ({e})"))
}

/// Lists in lists, by dimension.
fn array(item: &PgTypeInfo, rest: &mut Bytes) -> Result<Value, String> {
    let dimensions = rest.i32()?;
    rest.take::<8>()?; // whether there are nulls, and the items' type
    let mut lengths = Vec::new();
    for _ in 0..dimensions {
        lengths.push(usize::try_from(rest.i32()?).map_err(|_| broken())?);
        rest.i32()?; // the number of the first item
    }
    if lengths.is_empty() { Ok(Value::Array(Vec::new())) } else { level(item, &lengths, rest) }
}

fn level(item: &PgTypeInfo, lengths: &[usize], rest: &mut Bytes) -> Result<Value, String> {
    let Some((length, inner)) = lengths.split_first() else {
        return match usize::try_from(rest.i32()?) {
            Ok(length) => value(item, rest.slice(length)?),
            Err(_) => Ok(Value::Null),
        };
    };
    (0..*length).map(|_| level(item, inner, rest)).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

/// A decimal number with all digits that it has.
fn numeric(rest: &mut Bytes) -> Result<String, String> {
    let (count, weight, sign, scale) = (rest.i16()?, rest.i16()?, rest.i16()?.cast_unsigned(), rest.i16()?);
    let mut text = match sign {
        0x0000 => String::new(),
        0x4000 => "-".to_owned(),
        0xc000 => return Ok("NaN".to_owned()),
        0xd000 => return Ok("Infinity".to_owned()),
        0xf000 => return Ok("-Infinity".to_owned()),
        _ => return Err(broken()),
    };
    let groups = (0..count).map(|_| rest.i16()).collect::<Result<Vec<_>, _>>()?;
    // Groups of four digits; the first has the weight 10000^weight, and those at both ends that are 0 are not sent.
    let group = |at: i32| usize::try_from(at).ok().and_then(|at| groups.get(at)).copied().unwrap_or(0);
    let weight = i32::from(weight);
    let mut whole: String = (0..=weight).fold(String::new(), |mut digits, at| {
        let _ = write!(digits, "{:04}", group(at)); // writing to a String cannot fail
        digits
    });
    whole = whole.trim_start_matches('0').to_owned();
    text.push_str(if whole.is_empty() { "0" } else { &whole });
    let scale = usize::try_from(scale).map_err(|_| broken())?;
    if scale > 0 {
        let mut fraction = String::new();
        let mut at = weight + 1;
        // Below the point the first group has the weight -1.
        if weight < -1 {
            fraction = "0000".repeat(usize::try_from(-weight - 1).unwrap_or(0));
            at = 0;
        }
        while fraction.len() < scale {
            let _ = write!(fraction, "{:04}", group(at)); // writing to a String cannot fail
            at += 1;
        }
        text.push('.');
        text.push_str(&fraction[..scale]);
    }
    Ok(text)
}

/// `2026-11-21`, and `0044-03-15 BC` for what was before the year 1.
fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".to_owned(),
        i32::MIN => "-infinity".to_owned(),
        days => {
            let (day, era) = day(i64::from(days));
            day + era
        }
    }
}

/// A day and its era, from the days since 2000-01-01.
fn day(days: i64) -> (String, &'static str) {
    // Years begin in March here, so that the day that is sometimes there is the last.
    let days = days + EPOCH;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let (month, day) = ((from_march + 2) % 12 + 1, of_year - (153 * from_march + 2) / 5 + 1);
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    (format!("{year:04}-{month:02}-{day:02}"), era)
}

/// `12:30:00`, with as many as six decimals.
fn clock(micros: i64) -> String {
    let (seconds, micros) = (micros / MICROS, micros % MICROS);
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if micros != 0 {
        let _ = write!(text, ".{micros:06}"); // writing to a String cannot fail
    }
    text
}

fn moment(micros: i64, zone: &str) -> String {
    match micros {
        i64::MAX => "infinity".to_owned(),
        i64::MIN => "-infinity".to_owned(),
        micros => {
            let (day, era) = day(micros.div_euclid(DAY));
            format!("{day}T{}{zone}{era}", clock(micros.rem_euclid(DAY)))
        }
    }
}

/// `+05:30`, of seconds east.
fn zone(seconds: i32) -> String {
    let (sign, seconds) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let mut text = format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if !seconds.is_multiple_of(60) {
        let _ = write!(text, ":{:02}", seconds % 60); // writing to a String cannot fail
    }
    text
}

/// `P1Y2M3DT4H5M6.5S` (ISO 8601); each part has its own sign.
fn interval(micros: i64, days: i32, months: i32) -> String {
    let (hours, minutes) = (micros / (3600 * MICROS), micros / (60 * MICROS) % 60);
    let micros = micros % (60 * MICROS);
    let part = |number: i64, unit: &str| if number == 0 { String::new() } else { format!("{number}{unit}") };
    let days = part((months / 12).into(), "Y") + &part((months % 12).into(), "M") + &part(days.into(), "D");
    let mut time = part(hours, "H") + &part(minutes, "M");
    if micros != 0 {
        let sign = if micros < 0 { "-" } else { "" };
        let (whole, fraction) = (micros.unsigned_abs() / MICROS.unsigned_abs(), micros.unsigned_abs() % MICROS.unsigned_abs());
        let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}").trim_end_matches('0').to_owned() };
        let _ = write!(time, "{sign}{whole}{fraction}S"); // writing to a String cannot fail
    }
    match (days.is_empty(), time.is_empty()) {
        (true, true) => "PT0S".to_owned(),
        (_, true) => format!("P{days}"),
        (_, false) => format!("P{days}T{time}"),
    }
}

fn bits(rest: &mut Bytes) -> Result<String, String> {
    let count = usize::try_from(rest.i32()?).map_err(|_| broken())?;
    let all = rest.0.iter().fold(String::new(), |mut all, byte| {
        let _ = write!(all, "{byte:08b}"); // writing to a String cannot fail
        all
    });
    all.get(..count).map(str::to_owned).ok_or_else(broken)
}

/// `10.0.0.7`, `fd00::/8`.
fn network(rest: &mut Bytes) -> Result<String, String> {
    let [family, bits, is_cidr, length] = rest.take()?;
    let (address, all) = match (family, length) {
        (2, 4) => (Ipv4Addr::from(rest.take::<4>()?).to_string(), 32),
        (3, 16) => (Ipv6Addr::from(rest.take::<16>()?).to_string(), 128),
        _ => return Err(broken()),
    };
    Ok(if bits == all && is_cidr == 0 { address } else { format!("{address}/{bits}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(parts: &[i16]) -> String {
        let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_be_bytes()).collect();
        numeric(&mut Bytes(&bytes)).expect("a number")
    }

    #[test]
    fn decimals_keep_their_digits() {
        // count, weight, sign, scale, groups
        assert_eq!(number(&[0, 0, 0, 0]), "0");
        assert_eq!(number(&[0, 0, 0, 2]), "0.00");
        assert_eq!(number(&[2, 0, 0, 2, 12, 3400]), "12.34");
        assert_eq!(number(&[1, 1, 0x4000, 0, 5]), "-50000");
        assert_eq!(number(&[1, -1, 0, 6, 1]), "0.000100");
        assert_eq!(number(&[1, -3, 0, 12, 7]), "0.000000000007");
        assert_eq!(number(&[1, 0, -0x4000, 0]), "NaN");
    }

    #[test]
    fn times_are_told_whatever_the_year() {
        assert_eq!((date(0), date(-1), date(59)), ("2000-01-01".into(), "1999-12-31".into(), "2000-02-29".into()));
        assert_eq!((date(-730_119), date(-730_120)), ("0001-01-01".into(), "0001-12-31 BC".into()));
        assert_eq!(moment(DAY + 1_500_000, "+00:00"), "2000-01-02T00:00:01.500000+00:00");
        assert_eq!(moment(-1, ""), "1999-12-31T23:59:59.999999");
        assert_eq!((moment(i64::MAX, ""), date(i32::MIN)), ("infinity".into(), "-infinity".into()));
        assert_eq!((clock(DAY), zone(-12_600), zone(3600)), ("24:00:00".into(), "-03:30".into(), "+01:00".into()));
    }

    #[test]
    fn intervals_have_a_sign_for_each_part() {
        assert_eq!(interval(0, 0, 0), "PT0S");
        assert_eq!(interval(4 * 3600 * MICROS + 6_500_000, 3, 14), "P1Y2M3DT4H6.5S");
        assert_eq!(interval(-61 * MICROS, -1, -1), "P-1M-1DT-1M-1S");
    }

    #[test]
    fn what_can_be_read_is_read() {
        for number in READ {
            let of = PgTypeInfo::with_oid(sqlx::postgres::types::Oid(number));
            assert_ne!(simple(&of, &[]), Err(unknown()), "{number}");
        }
    }

    #[test]
    fn what_is_cut_short_is_no_panic() {
        assert!(array(&PgTypeInfo::with_name("int4"), &mut Bytes(&[0, 0, 0, 1, 0])).is_err());
        assert!(numeric(&mut Bytes(&[0, 9, 0, 0, 0, 0, 0, 0])).is_err());
        assert!(bits(&mut Bytes(&[0, 0, 0, 9, 1])).is_err());
    }
}
