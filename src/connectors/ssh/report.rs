//! What a script writes: its end as text, and all of it in a FILE when it is long.

use bytes::Bytes;

use super::super::{Job, Sink};
use super::script::Run;
use crate::error::Result;

/// Bytes of a report that stand in the output itself.
const INLINE: usize = 64 << 10;
/// Bytes that are kept of what comes before the script.
const NOISE: usize = 4 << 10;
/// Bytes of a title or another text that an escape begins and does not end.
const LONGEST_ESCAPE: usize = 4 << 10;

/// The report as it comes.
pub(super) struct Report<'a> {
    job: &'a Job<'a>,
    begin: String,
    code: String,
    stage: Stage,
    /// Bytes that may be the beginning of a mark.
    held: Vec<u8>,
    clean: Clean,
    /// The end of what was written, or all of it.
    tail: Vec<u8>,
    /// Takes all of it, once it is long.
    sink: Option<Box<dyn Sink>>,
    pub size: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Before,
    Within,
    After,
}

impl<'a> Report<'a> {
    pub fn new(job: &'a Job<'a>, run: &Run, clean: Clean) -> Report<'a> {
        let (begin, code) = (run.begin(), run.code());
        Report { job, begin, code, stage: Stage::Before, held: Vec::new(), clean, tail: Vec::new(), sink: None, size: 0 }
    }

    /// Takes the next bytes.
    pub async fn take(&mut self, bytes: &[u8]) -> Result<()> {
        if self.code().is_some() {
            // Somebody whom the script left behind goes on writing.
            return Ok(());
        }
        self.held.extend_from_slice(bytes);
        if self.stage == Stage::Before {
            let Some(at) = find(&self.held, self.begin.as_bytes()) else {
                let much = self.held.len().saturating_sub(NOISE);
                self.held.drain(..much);
                return Ok(());
            };
            self.held.drain(..at + self.begin.len());
            self.stage = Stage::Within;
        }
        if self.stage == Stage::Within {
            let found = find(&self.held, self.code.as_bytes());
            let sure = found.unwrap_or_else(|| self.held.len().saturating_sub(self.code.len() - 1));
            let written: Vec<u8> = self.held.drain(..sure).collect();
            if found.is_some() {
                self.held.drain(..self.code.len());
                self.stage = Stage::After;
            }
            self.keep(&written).await?;
        }
        Ok(())
    }

    async fn keep(&mut self, written: &[u8]) -> Result<()> {
        let begin = self.tail.len();
        self.clean.add(written, &mut self.tail);
        self.size += (self.tail.len() - begin) as u64;
        match &mut self.sink {
            Some(sink) => sink.take(&self.tail[begin..]).await?,
            None if self.tail.len() > INLINE => {
                let sink = self.sink.insert(self.job.files.begin(&self.job.spill).await?);
                sink.take(&self.tail).await?;
            }
            None => {}
        }
        if self.sink.is_some() {
            self.tail.drain(..self.tail.len().saturating_sub(INLINE));
        }
        Ok(())
    }

    /// What the script ended with, once it is known.
    pub fn code(&self) -> Option<i64> {
        let end = self.held.iter().position(|byte| *byte == b'\n').filter(|_| self.stage == Stage::After)?;
        std::str::from_utf8(&self.held[..end]).ok()?.trim().parse().ok()
    }

    pub fn is_begun(&self) -> bool {
        self.stage != Stage::Before
    }

    /// What was said in the place of a script's report, on one line.
    pub fn noise(&self) -> String {
        line(&String::from_utf8_lossy(&self.held))
    }

    /// The report, and the FILE that has all of it if it is long.
    pub async fn finish(mut self) -> Result<(String, Option<String>)> {
        if self.stage == Stage::Within {
            // There is no mark any more.
            let rest = std::mem::take(&mut self.held);
            self.keep(&rest).await?;
        }
        let file = match self.sink {
            Some(sink) => {
                sink.finish().await?;
                // The cut may go through a letter.
                let begin = self.tail.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count();
                self.tail.drain(..begin);
                Some(self.job.spill.clone())
            }
            None => None,
        };
        Ok((String::from_utf8_lossy(&self.tail).into_owned(), file))
    }
}

/// The last line of a text that says something, short enough for an error.
pub(super) fn line(text: &str) -> String {
    let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(300).collect()
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// The variables between their marks: names and values, each with a zero byte behind it. `None` while they are not whole.
pub(super) fn vars(told: &[u8], run: &Run) -> Option<Bytes> {
    let begin = find(told, run.vars().as_bytes())? + run.vars().len();
    let end = begin + find(&told[begin..], run.end().as_bytes())?;
    Some(Bytes::copy_from_slice(&told[begin..end]))
}

/// Takes out of a text what is meant for a screen.
pub(super) struct Clean {
    has_returns: bool,
    has_escapes: bool,
    at: At,
    /// Bytes since the escape began.
    length: usize,
}

#[derive(Clone, Copy)]
enum At {
    Text,
    Escape,
    /// `ESC [ ... letter`
    Control,
    /// `ESC ] ... BEL` and its kind.
    Title,
    TitleEscape,
    /// `ESC ( x`
    One,
}

impl Clean {
    pub fn new(remove_cr: bool, remove_ansi_escapes: bool) -> Clean {
        Clean { has_returns: !remove_cr, has_escapes: !remove_ansi_escapes, at: At::Text, length: 0 }
    }

    fn add(&mut self, bytes: &[u8], to: &mut Vec<u8>) {
        for byte in bytes {
            let byte = *byte;
            self.length += 1;
            self.at = match (self.at, byte) {
                (At::Text, 0x1b) if !self.has_escapes => {
                    self.length = 0;
                    At::Escape
                }
                (At::Text, b'\r') if !self.has_returns => At::Text,
                (At::Text, _) => {
                    to.push(byte);
                    At::Text
                }
                (At::Control, 0x20..=0x3f) | (At::Title, _) if self.length > LONGEST_ESCAPE => At::Text,
                (At::Escape, b'[') | (At::Control, 0x20..=0x3f) => At::Control,
                (At::Title, 0x1b) => At::TitleEscape,
                (At::Title, byte) if byte != 0x07 => At::Title,
                (At::TitleEscape, byte) if byte != b'\\' => At::Title,
                (At::Escape, b']' | b'P' | b'X' | b'^' | b'_') => At::Title,
                (At::Escape, b' '..=b'/') => At::One,
                (At::Escape | At::Control | At::Title | At::TitleEscape | At::One, _) => At::Text,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(clean: (bool, bool), pieces: &[&[u8]]) -> String {
        let (mut clean, mut text) = (Clean::new(clean.0, clean.1), Vec::new());
        for piece in pieces {
            clean.add(piece, &mut text);
        }
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn colours_titles_and_returns_are_taken_out_wherever_the_pieces_end() {
        let text = b"a\r\n\x1b[1;31mred\x1b[0m \x1b]0;title\x07b\x1b]8;;http://x\x1b\\link\x1b(B!\x1bM.";
        for at in 0..text.len() {
            assert_eq!(cleaned((true, true), &[&text[..at], &text[at..]]), "a\nred blink!.", "cut at {at}");
        }
        assert_eq!(cleaned((false, true), &[b"a\r\n"]), "a\r\n");
        assert_eq!(cleaned((true, false), &[b"a\r\x1b[1m"]), "a\x1b[1m");
    }

    #[test]
    fn a_title_without_an_end_does_not_swallow_everything() {
        let long = [b"\x1b]".to_vec(), vec![b'x'; 3 * LONGEST_ESCAPE], b"\nthe end".to_vec()].concat();
        assert!(cleaned((true, true), &[&long]).ends_with("\nthe end"));
    }

    #[test]
    fn variables_are_what_stands_between_their_marks() {
        let run = Run { tag: "T".to_owned() };
        let told = b"noise\nflowstead-T vars\nA\0x\ny\0flowstead-T end\n";
        assert_eq!(vars(told, &run).as_deref(), Some(&b"A\0x\ny\0"[..]));
        assert_eq!(vars(&told[..told.len() - 4], &run), None);
    }

    #[test]
    fn an_error_shows_the_last_line_that_says_something() {
        assert_eq!(line("first\nThis account is\x07 closed. \n\n"), "This account is closed.");
        assert_eq!(line(""), "");
    }
}
