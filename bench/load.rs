//! Load on one loopback server: prepared requests over connections that stay open, so that the measuring side costs little
//! and costs every server the same.

use std::fmt::Write as _;
use std::time::Instant;

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A request to a server, as bytes.
#[derive(Clone)]
pub struct Target {
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// The server's process, whose CPU time is counted.
    pub pid: u32,
    pub request: Vec<u8>,
}

/// What a number of requests took.
#[derive(Default)]
pub struct Load {
    /// Seconds of each request.
    pub waits: Vec<f64>,
    pub requests_per_second: Vec<f64>,
    /// CPU seconds of the server for one request.
    pub cpu: Vec<f64>,
}

impl Target {
    /// A POST of JSON with more headers, each `Name: value`.
    pub fn post(url: &str, pid: u32, headers: &[String], body: &str) -> Target {
        let rest = url.strip_prefix("http://").expect("an http URL");
        let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut head = format!("POST /{path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n");
        head.push_str("Accept: application/json, text/event-stream\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        let _ = write!(head, "Content-Length: {}\r\n\r\n{body}", body.len());
        Target { address: address.to_owned(), pid, request: head.into_bytes() }
    }

    /// A new connection to the server.
    pub async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).await.expect("the server accepts connections");
        stream.set_nodelay(true).expect("a socket has this option");
        stream
    }

    /// Sends the request and gives the whole answer, head and body.
    pub async fn ask(&self, stream: &mut TcpStream, buffer: &mut Vec<u8>) {
        stream.write_all(&self.request).await.expect("a request can be sent");
        buffer.clear();
        while !is_whole(buffer) {
            let read = stream.read_buf(buffer).await.expect("an answer can be read");
            assert!(read > 0, "the server closed a connection: {}", String::from_utf8_lossy(buffer));
        }
    }

    /// As [`Target::ask`], where anything but 200 ends the measurement; gives the body.
    pub async fn once(&self) -> String {
        let mut buffer = Vec::new();
        self.ask(&mut self.connect().await, &mut buffer).await;
        let answer = String::from_utf8(buffer).expect("an answer is text");
        assert!(answer.starts_with("HTTP/1.1 200"), "the request was refused: {answer}");
        answer.split_once("\r\n\r\n").expect("a head ends").1.to_owned()
    }

    /// CPU seconds that the server has used.
    pub fn cpu(&self) -> f64 {
        let pid = Pid::from_raw(i32::try_from(self.pid).expect("a process id is small"));
        let clock = clock_getcpuclockid(pid).and_then(clock_gettime).expect("the server runs");
        clock.tv_sec() as f64 + clock.tv_nsec() as f64 / 1e9
    }
}

impl Load {
    /// Adds `count` requests by `callers` side by side.
    pub async fn round(&mut self, target: &Target, callers: usize, count: usize) {
        let (cpu, begun) = (target.cpu(), Instant::now());
        let mut set = JoinSet::new();
        for _ in 0..callers {
            let target = target.clone();
            set.spawn(async move {
                let (mut stream, mut buffer, mut waits) = (target.connect().await, Vec::new(), Vec::new());
                for _ in 0..count / callers {
                    let begun = Instant::now();
                    target.ask(&mut stream, &mut buffer).await;
                    waits.push(begun.elapsed().as_secs_f64());
                    assert!(buffer.starts_with(b"HTTP/1.1 200"), "refused: {}", String::from_utf8_lossy(&buffer));
                }
                let last = String::from_utf8_lossy(&buffer);
                assert!(!last.contains(r#""isError":true"#), "a call failed: {last}");
                waits
            });
        }
        let mut done = 0;
        while let Some(waits) = set.join_next().await {
            let waits = waits.expect("a caller does not fail");
            done += waits.len();
            self.waits.extend(waits);
        }
        self.requests_per_second.push(done as f64 / begun.elapsed().as_secs_f64());
        self.cpu.push((target.cpu() - cpu) / done as f64);
    }
}

/// Whether an HTTP answer has come to its end: by its length, or by its last chunk.
fn is_whole(buffer: &[u8]) -> bool {
    let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|l| l.strip_prefix("content-length:")).and_then(|n| n.trim().parse::<usize>().ok());
    match length {
        Some(length) => buffer.len() >= end + 4 + length,
        None if head.contains("transfer-encoding: chunked") => buffer.ends_with(b"\r\n0\r\n\r\n"),
        // 202 and 204 have no body.
        None => true,
    }
}
