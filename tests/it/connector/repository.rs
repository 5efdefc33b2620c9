//! Repositories that git serves itself: by its daemon, and over HTTP behind a login.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

use super::machine::{Program, free_port};

/// A folder of bare repositories: `things.git` with a history, and `empty.git`.
pub struct Repositories {
    pub folder: TempDir,
}

/// git without anybody's settings.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", folder);
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Ada L\u{f6}we").env(format!("GIT_{who}_EMAIL"), "ada@example.org");
        command.env(format!("GIT_{who}_DATE"), "2024-02-29T12:00:00+01:00");
    }
    let output = command.output().expect("git is there: install the package git (make servers)");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl Repositories {
    pub fn make() -> Repositories {
        let folder = TempDir::new().expect("a folder");
        let work = folder.path().join("work");
        std::fs::create_dir_all(work.join("folder")).expect("made");
        git(&work, &["init", "--quiet", "-b", "main"]);
        std::fs::write(work.join("read.me"), "one\n").expect("written");
        git(&work, &["add", "-A"]);
        git(&work, &["commit", "--quiet", "-m", "The first"]);
        git(&work, &["tag", "-a", "v1", "-m", "a tag of its own"]);
        std::fs::write(work.join("read.me"), "two\n").expect("written");
        std::fs::write(work.join("folder/gr\u{fc}n.txt"), "gr\u{fc}n").expect("written");
        std::fs::write(work.join("folder/run.sh"), "#!/bin/sh\n").expect("written");
        std::os::unix::fs::symlink("/etc/passwd", work.join("link")).expect("made");
        git(&work, &["add", "-A"]);
        git(&work, &["update-index", "--chmod=+x", "folder/run.sh"]);
        git(&work, &["commit", "--quiet", "-m", "The second\n\nwith more to say"]);
        git(&work, &["branch", "develop"]);
        git(&work, &["checkout", "--quiet", "-b", "binary"]);
        std::fs::write(work.join("data.bin"), vec![0; 2 << 20]).expect("written");
        git(&work, &["add", "-A"]);
        git(&work, &["commit", "--quiet", "-m", "Bytes"]);
        git(&work, &["checkout", "--quiet", "main"]);
        git(folder.path(), &["clone", "--quiet", "--bare", "work", "things.git"]);
        git(folder.path(), &["init", "--quiet", "--bare", "-b", "main", "empty.git"]);
        Repositories { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What git says of a bare repository.
    pub fn ask(&self, name: &str, arguments: &[&str]) -> String {
        git(&self.path(name), arguments)
    }

    /// Serves them at `git://127.0.0.1:<port>/`.
    pub fn daemon(&self) -> (Program, u16) {
        for _ in 0..5 {
            let port = free_port();
            let mut command = Command::new("git");
            command.args(["daemon", "--export-all", "--enable=receive-pack", "--reuseaddr", "--listen=127.0.0.1"]);
            command.arg(format!("--port={port}")).arg(format!("--base-path={}", self.folder.path().display())).arg(self.folder.path());
            let mut program = Program::start(command, "git");
            if program.listens(port) {
                return (program, port);
            }
        }
        panic!("the daemon of git found no port");
    }
}

/// The same over HTTP, for who is `me` with `open sesame`.
pub struct Porch {
    pub port: u16,
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    holds: AtomicBool,
    waiting: AtomicUsize,
}

impl Porch {
    pub async fn open(repositories: &Repositories) -> Porch {
        let inner = Inner { folder: repositories.folder.path().to_owned(), holds: AtomicBool::new(false), waiting: AtomicUsize::new(0) };
        let inner = Arc::new(inner);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let router = Router::new().fallback(answer).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Porch { port, inner }
    }

    pub fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}", self.port)
    }

    /// From now on nobody is answered, or everybody again.
    pub fn hold(&self, holds: bool) {
        self.inner.holds.store(holds, Ordering::SeqCst);
    }

    /// Waits until so many have asked and were not answered.
    pub async fn until_waiting(&self, count: usize) {
        for _ in 0..2400 {
            if self.inner.waiting.load(Ordering::SeqCst) >= count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("{} wait, not {count}", self.inner.waiting.load(Ordering::SeqCst));
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response<Body> {
    if inner.holds.load(Ordering::SeqCst) {
        inner.waiting.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    // `me:open sesame`
    if header("authorization") != "Basic bWU6b3BlbiBzZXNhbWU=" {
        let refused = Response::builder().status(StatusCode::UNAUTHORIZED).header("www-authenticate", "Basic realm=\"things\"");
        return refused.body(Body::empty()).expect("an answer");
    }
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut command = tokio::process::Command::new("git");
    command.arg("http-backend").env("GIT_PROJECT_ROOT", &inner.folder).env("GIT_HTTP_EXPORT_ALL", "1").env("REMOTE_USER", "me");
    command.env("PATH_INFO", head.uri.path()).env("QUERY_STRING", head.uri.query().unwrap_or_default());
    command.env("REQUEST_METHOD", head.method.as_str()).env("CONTENT_TYPE", header("content-type"));
    command.env("CONTENT_LENGTH", body.len().to_string()).env("HTTP_CONTENT_ENCODING", header("content-encoding"));
    command.env("GIT_PROTOCOL", header("git-protocol")).env("REMOTE_ADDR", "127.0.0.1");
    command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "safe.directory").env("GIT_CONFIG_VALUE_0", "*");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git is there");
    let mut input = child.stdin.take().expect("a pipe");
    let give = async move {
        // It may not want it.
        let _ = input.write_all(&body).await;
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), give);
    let output = output.expect("git ends").stdout;
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer has a head");
    let fields: HashMap<String, String> = String::from_utf8_lossy(&output[..end])
        .lines()
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())))
        .collect();
    let status = fields.get("status").and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or(200);
    let kind = fields.get("content-type").map_or("text/plain", String::as_str);
    Response::builder().status(status).header("content-type", kind).body(Body::from(output[end + 4..].to_vec())).expect("an answer")
}
