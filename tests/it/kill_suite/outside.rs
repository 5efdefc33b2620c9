//! The world outside: a ledger on a socket of its own, which keeps what flows did to it and takes nothing back.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// One line that came in; its number is its place.
#[derive(Clone, Debug)]
pub struct Act {
    /// What the flow calls it; a repeated act comes again under the same key.
    pub key: String,
    pub at: Instant,
}

/// Takes a line from each connection and answers with its number. Ends with the process.
#[derive(Clone)]
pub struct Outside {
    pub port: u16,
    acts: Arc<Mutex<Vec<Act>>>,
}

impl Outside {
    pub fn open() -> Outside {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let acts = Arc::new(Mutex::new(Vec::new()));
        let kept = acts.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Whoever is killed in the middle of it has done nothing, or has done it and does not know.
                let _ = take(&stream, &kept);
            }
        });
        Outside { port, acts }
    }

    /// How many acts there are so far.
    pub fn len(&self) -> usize {
        self.acts.lock().expect("no panic happens under this lock").len()
    }

    /// All acts from a number on. For the measuring side.
    #[allow(dead_code, reason = "bench/ uses it")]
    pub fn since(&self, number: usize) -> Vec<Act> {
        self.acts.lock().expect("no panic happens under this lock")[number..].to_vec()
    }

    /// The numbers and times of all acts, by key.
    pub fn by_key(&self) -> HashMap<String, Vec<(usize, Instant)>> {
        let mut found: HashMap<String, Vec<(usize, Instant)>> = HashMap::new();
        for (number, act) in self.acts.lock().expect("no panic happens under this lock").iter().enumerate() {
            found.entry(act.key.clone()).or_default().push((number, act.at));
        }
        found
    }
}

fn take(stream: &TcpStream, acts: &Mutex<Vec<Act>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let Some(key) = line.strip_suffix('\n') else { return Ok(()) };
    let number = {
        let mut acts = acts.lock().expect("no panic happens under this lock");
        acts.push(Act { key: key.to_owned(), at: Instant::now() });
        acts.len() - 1
    };
    let mut answer = stream;
    answer.write_all(format!("{number}\n").as_bytes())
}
