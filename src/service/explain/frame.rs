//! Tracebacks, read back from the message of an end: which lines of the flow, with their text, and what was raised.

use super::shape::{Failure, Frame, TEXT, VALUE, head};

/// Frames kept of one traceback: the outermost and the innermost.
const FIRST: usize = 5;
const LAST: usize = 15;

/// Between an exception and the one it led to.
const CHAINED: [&str; 2] = [
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
];

/// The lines of a script.
pub(super) struct Source<'a> {
    script: &'a str,
}

impl Source<'_> {
    pub(super) fn new(script: &str) -> Source<'_> {
        Source { script }
    }

    /// A frame at this line, from 1.
    pub(super) fn frame(&self, line: u32, function: &str) -> Frame {
        let at = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
        let source = at.and_then(|at| self.script.lines().nth(at)).map(|text| head(text.trim(), VALUE));
        Frame { line, function: head(function, VALUE), source: source.unwrap_or_default() }
    }
}

/// What the message of an end says. One without a traceback has no frames.
pub(super) fn failure(message: &str, source: &Source<'_>) -> Failure {
    let mut blocks = vec![Vec::new()];
    for line in message.lines() {
        if CHAINED.contains(&bare(line)) {
            blocks.push(Vec::new());
        } else if let Some(block) = blocks.last_mut() {
            block.push(line);
        }
    }
    let first = (blocks.len() > 1).then(|| Box::new(block(&blocks[0], source)));
    let last = blocks.last().map(|lines| block(lines, source));
    let mut failure = last.unwrap_or_else(|| Failure { message: String::new(), hint: None, frames: Vec::new(), caused_by: None });
    failure.caused_by = first;
    failure
}

/// A line of an exception group is drawn with bars in front.
fn bare(line: &str) -> &str {
    line.trim_start_matches([' ', '|', '+', '-']).trim_end()
}

fn block(lines: &[&str], source: &Source<'_>) -> Failure {
    let places: Vec<(usize, Frame)> = lines.iter().enumerate().filter_map(|(at, line)| Some((at, place(bare(line), source)?))).collect();
    let after = places.last().map_or(0, |(at, _)| at + 1);
    // Below the last frame stand its text and marks, further in; then what was raised.
    let raised = lines[after..].iter().position(|line| !line.trim().is_empty() && (places.is_empty() || !line.starts_with(' ')));
    let message = raised.map_or(String::new(), |at| lines[after + at..].join("\n"));
    let mut frames: Vec<Frame> = places.into_iter().map(|(_, frame)| frame).collect();
    if frames.len() > FIRST + LAST {
        frames.drain(FIRST..frames.len() - LAST);
    }
    Failure { message: head(message.trim(), TEXT), hint: None, frames, caused_by: None }
}

/// `File "the flow", line 3, in handler`; a syntax error has no function.
fn place(line: &str, source: &Source<'_>) -> Option<Frame> {
    let rest = line.strip_prefix("File \"")?;
    let (_, rest) = rest.split_once("\", line ")?;
    let (number, function) = rest.split_once(", in ").unwrap_or((rest, "<module>"));
    Some(source.frame(number.trim().parse().ok()?, function))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "def helper(n):\n    return 1 / n\n\ndef handler(system, this):\n    helper(0)\n";

    fn lines(failure: &Failure) -> Vec<(u32, &str, &str)> {
        failure.frames.iter().map(|f| (f.line, f.function.as_str(), f.source.as_str())).collect()
    }

    #[test]
    fn a_traceback_is_its_lines_and_what_was_raised() {
        let message = "Traceback (most recent call last):\n  File \"f\", line 5, in handler\n    helper(0)\n    ~~~~~~^^^\n  File \"f\", line 2, in \
                       helper\n    return 1 / n\n           ~~^~~\nZeroDivisionError: division by zero";
        let read = failure(message, &Source::new(SCRIPT));
        assert_eq!(lines(&read), [(5, "handler", "helper(0)"), (2, "helper", "return 1 / n")]);
        assert_eq!((read.message.as_str(), read.caused_by), ("ZeroDivisionError: division by zero", None));
    }

    #[test]
    fn what_was_raised_first_is_kept() {
        let message = "Traceback (most recent call last):\n  File \"f\", line 2, in helper\n    return 1 / n\nKeyError: 'a'\n\nDuring handling of \
                       the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"f\", line 5, in \
                       handler\n    helper(0)\nValueError: two\nlines";
        let read = failure(message, &Source::new(SCRIPT));
        assert_eq!((read.message.as_str(), lines(&read)), ("ValueError: two\nlines", vec![(5, "handler", "helper(0)")]));
        let first = read.caused_by.unwrap();
        assert_eq!((first.message.as_str(), lines(&first)), ("KeyError: 'a'", vec![(2, "helper", "return 1 / n")]));
    }

    #[test]
    fn a_plain_text_is_the_message() {
        let read = failure("it is over\nfor good", &Source::new(""));
        assert_eq!((read.message.as_str(), read.frames.len()), ("it is over\nfor good", 0));
    }

    #[test]
    fn a_deep_traceback_keeps_its_ends() {
        let message = (1..=300).map(|n| format!("  File \"f\", line {n}, in f\n")).collect::<Vec<_>>().concat() + "E: x";
        let read = failure(&message, &Source::new(""));
        assert_eq!((read.frames.len(), read.frames[4].line, read.frames[5].line, read.frames[19].line), (20, 5, 286, 300));
    }
}
