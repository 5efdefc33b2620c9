//! Secrets in content that goes by piece by piece: each is overwritten, also where it lies across the border of two pieces.

use std::borrow::Cow;
use std::ops::Range;

use aho_corasick::AhoCorasick;

use crate::error::{Error, Result};

/// Shorter texts than this are in too much other content by chance, bytes.
const SHORTEST: usize = 8;
/// Overwrites each byte. The length of the content stays, and with it what formats say of lengths and places.
const COVER: u8 = b'*';

/// Texts that no content shows.
#[derive(Clone, Default)]
pub(super) struct Mask {
    search: Option<AhoCorasick>,
    /// Bytes of the longest of them.
    longest: usize,
}

impl Mask {
    pub fn of(texts: &[String]) -> Result<Mask> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).filter(|text| text.len() >= SHORTEST).collect();
        let Some(longest) = texts.iter().map(|text| text.len()).max() else { return Ok(Mask::default()) };
        let search = AhoCorasick::new(texts).map_err(|e| Error::internal(format!("secrets cannot be looked for in files: {e}")))?;
        Ok(Mask { search: Some(search), longest })
    }

    /// For one content.
    pub fn begin(&self) -> Veil {
        Veil { mask: self.clone(), held: Vec::new(), covered: 0, is_used: false }
    }

    /// Where they stand, from the left.
    fn found<'a>(&'a self, content: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
        self.search.iter().flat_map(move |search| search.find_overlapping_iter(content)).map(|found| found.range())
    }
}

/// Content on its way. What may be the beginning of a secret is held until more has come.
pub(super) struct Veil {
    mask: Mask,
    /// As it came.
    held: Vec<u8>,
    /// Of these the first belong to a secret that began before them.
    covered: usize,
    is_used: bool,
}

impl Veil {
    /// The next of the content without secrets; less or more than what came.
    pub fn take<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if self.mask.search.is_none() {
            return bytes.into();
        }
        self.held.extend_from_slice(bytes);
        // A secret that has only begun has fewer bytes than the longest.
        self.give((self.held.len() + 1).saturating_sub(self.mask.longest)).into()
    }

    /// The end of it.
    pub fn finish(&mut self) -> Vec<u8> {
        self.give(self.held.len())
    }

    /// Whether a secret stood in it.
    pub fn is_used(&self) -> bool {
        self.is_used
    }

    fn give(&mut self, count: usize) -> Vec<u8> {
        let mut given = self.held[..count].to_vec();
        let mut covered = self.covered;
        given[..covered.min(count)].fill(COVER);
        for found in self.mask.found(&self.held) {
            self.is_used = true;
            if found.start < count {
                given[found.start..found.end.min(count)].fill(COVER);
                covered = covered.max(found.end);
            }
        }
        self.covered = covered.saturating_sub(count);
        self.held.drain(..count);
        given
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What becomes of a content that comes in these pieces.
    fn through(texts: &[&str], pieces: &[&[u8]]) -> (Vec<u8>, bool) {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let mut veil = Mask::of(&texts).expect("texts can be looked for").begin();
        let mut out: Vec<u8> = pieces.iter().flat_map(|piece| veil.take(piece).into_owned()).collect();
        out.extend(veil.finish());
        (out, veil.is_used())
    }

    #[test]
    fn a_secret_is_overwritten_wherever_pieces_begin() {
        let content = b"a hunter2-hunter2 z";
        for at in 0..content.len() {
            let (out, is_used) = through(&["hunter2-hunter2"], &[&content[..at], &content[at..]]);
            assert_eq!(String::from_utf8_lossy(&out), "a *************** z", "{at}");
            assert!(is_used);
        }
        let bytes: Vec<&[u8]> = content.chunks(1).collect();
        assert_eq!(through(&["hunter2-hunter2"], &bytes).0, b"a *************** z");
    }

    #[test]
    fn of_secrets_that_overlap_nothing_is_left() {
        let content = b"<abcdefgh12345678wxyz>";
        for at in 0..content.len() {
            let (out, _) = through(&["abcdefgh1234", "1234567890", "345678wxyz"], &[&content[..at], &content[at..]]);
            assert_eq!(String::from_utf8_lossy(&out), "<********************>", "{at}");
        }
    }

    #[test]
    fn short_texts_and_other_content_stay() {
        assert_eq!(through(&["root", ""], &[b"root is root"]), (b"root is root".to_vec(), false));
        assert_eq!(through(&["hunter2-hunter2"], &[b"hunter2-", b"hunter3"]), (b"hunter2-hunter3".to_vec(), false));
        assert_eq!(through(&[], &[b"any", b"thing"]), (b"anything".to_vec(), false));
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(content in "[ab]{0,60}", cuts in proptest::collection::vec(0_usize..60, 0..6)) {
            let texts = ["abababab", "aabbaabb", "bbbbbbbbbb"];
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= content.len()).chain([0, content.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &content.as_bytes()[pair[0]..pair[1]]).collect();
            let (out, _) = through(&texts, &pieces);
            let mut wanted = content.clone().into_bytes();
            for text in texts {
                for at in 0..content.len() {
                    if content[at..].starts_with(text) {
                        wanted[at..at + text.len()].fill(COVER);
                    }
                }
            }
            prop_assert_eq!(out, wanted);
        }
    }
}
