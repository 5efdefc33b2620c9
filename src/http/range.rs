//! Byte ranges of a file: one range is served, several are answered whole, one outside is refused with 416.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// What part of a content a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Whole,
    /// From the first to the last byte, both included.
    Part(u64, u64),
    /// Nothing of what is there.
    Outside,
}

impl Wanted {
    /// Reads `Range`. A header in another unit or form is ignored, as RFC 9110 asks.
    pub(super) fn of(headers: &HeaderMap, size: u64) -> Wanted {
        let Some(text) = headers.get(header::RANGE).and_then(|v| v.to_str().ok()).and_then(|v| v.trim().strip_prefix("bytes=")) else {
            return Wanted::Whole;
        };
        let Some((from, to)) = text.split_once('-').map(|(from, to)| (from.trim(), to.trim())) else {
            return Wanted::Whole;
        };
        let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
        match (from, number(from), to, number(to)) {
            ("", _, _, Some(0)) => Wanted::Outside,
            ("", _, _, Some(_)) if size == 0 => Wanted::Outside,
            ("", _, _, Some(last)) => Wanted::Part(size.saturating_sub(last), size - 1),
            (_, Some(from), "", _) if from < size => Wanted::Part(from, size - 1),
            (_, Some(from), _, Some(to)) if from <= to && from < size => Wanted::Part(from, to.min(size - 1)),
            (_, Some(from), "", _) if from >= size => Wanted::Outside,
            (_, Some(from), _, Some(to)) if from <= to => Wanted::Outside,
            _ => Wanted::Whole,
        }
    }

    /// `Content-Range` of the answer, which the whole has not.
    pub(super) fn header(self, size: u64) -> Option<(HeaderName, HeaderValue)> {
        let text = match self {
            Wanted::Whole => return None,
            Wanted::Part(from, to) => format!("bytes {from}-{to}/{size}"),
            Wanted::Outside => format!("bytes */{size}"),
        };
        Some((header::CONTENT_RANGE, HeaderValue::try_from(text).expect("digits are plain ASCII")))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str, size: u64) -> Wanted {
        Wanted::of(&HeaderMap::from_iter([(header::RANGE, HeaderValue::try_from(text).unwrap())]), size)
    }

    #[test]
    fn one_range_is_served() {
        assert_eq!(of("bytes=0-4", 10), Wanted::Part(0, 4));
        assert_eq!(of("bytes=5-", 10), Wanted::Part(5, 9));
        assert_eq!(of("bytes=-3", 10), Wanted::Part(7, 9));
        assert_eq!(of("bytes=-30", 10), Wanted::Part(0, 9));
        assert_eq!(of("bytes=8-100", 10), Wanted::Part(8, 9));
    }

    #[test]
    fn one_outside_is_refused_and_nonsense_is_ignored() {
        for outside in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
            assert_eq!(of(outside, 10), Wanted::Outside, "{outside}");
        }
        assert_eq!(of("bytes=-5", 0), Wanted::Outside);
        for nonsense in ["bytes=4-2", "bytes=a-b", "bytes=0-1,4-5", "lines=0-1", "bytes=", "bytes=-", "bytes=+1-2"] {
            assert_eq!(of(nonsense, 10), Wanted::Whole, "{nonsense}");
        }
        assert_eq!(Wanted::of(&HeaderMap::new(), 10), Wanted::Whole);
    }

    #[test]
    fn a_range_says_where_it_lies() {
        let text = |wanted: Wanted| wanted.header(10).map(|(_, value)| value.to_str().unwrap().to_owned());
        assert_eq!(text(Wanted::Part(2, 4)).as_deref(), Some("bytes 2-4/10"));
        assert_eq!(text(Wanted::Outside).as_deref(), Some("bytes */10"));
        assert_eq!(text(Wanted::Whole), None);
    }

    proptest! {
        #[test]
        fn a_part_always_lies_inside(text in "bytes=[0-9]{0,4}-[0-9]{0,4}", size in 0u64..3000) {
            if let Wanted::Part(from, to) = of(&text, size) {
                prop_assert!(from <= to && to < size);
            }
        }
    }
}
