//! Reading of an event stream (`text/event-stream`) as its bytes come in.

/// One event of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) id: Option<String>,
    /// Lines joined by a line feed; empty for an event that only carries an id.
    pub(super) data: String,
}

/// A stream cut into events, wherever the pieces it comes in end.
#[derive(Default)]
pub(super) struct EventStream {
    pending: Vec<u8>,
    event: Event,
    has_data: bool,
}

impl EventStream {
    /// Takes the next bytes and gives the events that are whole now.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.pending.extend_from_slice(bytes);
        let mut events = Vec::new();
        let mut start = 0;
        while let Some(length) = self.pending[start..].iter().position(|byte| *byte == b'\n') {
            let line = &self.pending[start..start + length];
            let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
            start += length + 1;
            events.extend(self.line(&line));
        }
        self.pending.drain(..start);
        events
    }

    fn line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let is_event = self.has_data || self.event.id.is_some();
            self.has_data = false;
            return is_event.then(|| std::mem::take(&mut self.event));
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            "id" => self.event.id = Some(value.to_owned()),
            // A name that is empty begins a comment, which keeps the line alive; other fields mean nothing here.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_however_the_bytes_are_cut() {
        let text = ": hello\r\n\r\nid: 7\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\nevent: message\ndata:ü\n\nid: 8\n\ndata: cut";
        let expected = [
            Event { id: Some("7".into()), data: "{\"a\":\n1}".into() },
            Event { id: None, data: "ü".into() },
            Event { id: Some("8".into()), data: String::new() },
        ];
        for size in 1..text.len() {
            let mut stream = EventStream::default();
            let events: Vec<Event> = text.as_bytes().chunks(size).flat_map(|bytes| stream.feed(bytes)).collect();
            assert_eq!(events, expected, "in pieces of {size}");
        }
    }
}
