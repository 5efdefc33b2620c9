//! The bare things that figures are compared with: a commit, a flush, a socketpair round trip, plain Python.

use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection};

/// A SQLite database with the server's settings: WAL, a flush for each commit.
pub struct Bare {
    connection: SqliteConnection,
    file: std::fs::File,
}

impl Bare {
    pub async fn open(folder: &Path) -> Bare {
        let options = SqliteConnectOptions::new()
            .filename(folder.join("bare.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("the database can be made");
        sqlx::query("create table line (id integer primary key, text text not null)").execute(&mut connection).await.expect("a table");
        let file = std::fs::File::create(folder.join("bare.flush")).expect("a file can be made");
        file.write_all_at(&vec![0; 4 << 20], 0).and_then(|()| file.sync_all()).expect("a file can be written");
        Bare { connection, file }
    }

    /// Seconds of each of `count` commits of one row.
    pub async fn commits(&mut self, count: usize) -> Vec<f64> {
        let text = "x".repeat(300);
        let mut seconds = Vec::with_capacity(count);
        for _ in 0..count {
            let begun = Instant::now();
            sqlx::query("insert into line (text) values ($1)").bind(&text).execute(&mut self.connection).await.expect("a commit");
            seconds.push(begun.elapsed().as_secs_f64());
        }
        seconds
    }

    /// Seconds of each of `count` writes of one page with a flush; the file does not grow, as a WAL in use does not.
    pub fn flushes(&self, count: u64) -> Vec<f64> {
        let page = [7_u8; 4096];
        (0..count)
            .map(|at| {
                let begun = Instant::now();
                self.file.write_all_at(&page, at * 4096).expect("a write");
                self.file.sync_data().expect("a flush");
                begun.elapsed().as_secs_f64()
            })
            .collect()
    }
}

/// Seconds of one round trip over a socketpair between two threads, with a header and JSON each way.
pub fn round_trip(request: &[u8], reply: &[u8], count: u32) -> f64 {
    let (mut near, mut far) = UnixStream::pair().expect("a socketpair");
    let (wanted, answer) = (request.len(), reply.to_vec());
    let echo = std::thread::spawn(move || {
        let mut buffer = vec![0; wanted];
        for _ in 0..count {
            far.read_exact(&mut buffer).expect("a request");
            far.write_all(&answer).expect("a reply");
        }
    });
    let mut buffer = vec![0; reply.len()];
    let begun = Instant::now();
    for _ in 0..count {
        near.write_all(request).expect("a request");
        near.read_exact(&mut buffer).expect("a reply");
    }
    let seconds = begun.elapsed().as_secs_f64() / f64::from(count);
    echo.join().expect("the other side ends");
    seconds
}

/// Seconds that plain Python, the same interpreter without a server, takes to call `fib(24)` so many times.
pub fn plain_python(folder: &Path, calls: u32) -> f64 {
    let file = folder.join("fib.py");
    let script = format!(
        "import time\n{FIB}\nbegun = time.perf_counter()\nfor _ in range({calls}):\n    fib(24)\nprint(time.perf_counter() - begun)\n"
    );
    std::fs::write(&file, script).expect("a script can be written");
    let made = Command::new(env!("CARGO_BIN_EXE_flowstead")).arg("python").arg(&file).output().expect("the binary can be started");
    let text = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    text.parse().unwrap_or_else(|_| panic!("plain Python printed '{text}': {}", String::from_utf8_lossy(&made.stderr)))
}

/// The function both sides call.
pub const FIB: &str = "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n";
