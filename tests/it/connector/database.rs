//! Real database servers, started by the first test that asks for one: on a free port of loopback, in a folder of their own, as a
//! user that is not root. Each is shared by all tests, and ends with the process that started it, its folder too.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::unistd::{Uid, User, chown};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions as _, MySqlConnection, PgConnection};
use tokio::sync::OnceCell;

/// The password of the user `flow`.
pub const PASSWORD: &str = "open-sesame-9c2d";

/// Gives itself a child, and when it is told to end, or whoever started it has ended, ends that and removes the folder.
const KEEPER: &str = r#"
folder=$1; signal=$2; shift 2
"$@" </dev/null >"$folder/log" 2>&1 &
child=$!
trap 'kill -$signal $child; wait $child; rm -rf "$folder"; exit' TERM
wait $child
"#;

/// A running server.
pub struct Database {
    /// `SQLPG`, `MYSQL`.
    pub kind: &'static str,
    pub port: u16,
    /// The certificate that it shows, for `localhost`, signed by itself.
    pub pem: String,
    folder: PathBuf,
}

/// PostgreSQL.
pub async fn postgres() -> &'static Database {
    static SERVER: OnceCell<Database> = OnceCell::const_new();
    SERVER
        .get_or_init(|| async {
            let programs = glob("/usr/lib/postgresql", "bin/postgres").unwrap_or_else(|| missing("postgres", "postgresql"));
            let (port, folder) = (free_port(), folder());
            fs::write(folder.join("password"), PASSWORD).expect("the folder can be written");
            let data = folder.join("data");
            let initdb = programs.with_file_name("initdb").display().to_string();
            let words = ["--username=flow", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--pwfile"];
            let mut line = vec![initdb];
            line.extend(words.map(str::to_owned));
            line.extend([folder.join("password").display().to_string(), "--pgdata".to_owned(), data.display().to_string()]);
            run(&line, &folder);
            let pem = certificate(&folder);
            let mut line = vec![programs.display().to_string(), "-D".to_owned(), data.display().to_string()];
            for setting in [
                "listen_addresses=127.0.0.1".to_owned(),
                format!("port={port}"),
                "unix_socket_directories=".to_owned(),
                "fsync=off".to_owned(),
                "ssl=on".to_owned(),
                format!("ssl_cert_file={}", folder.join("cert.pem").display()),
                format!("ssl_key_file={}", folder.join("key.pem").display()),
            ] {
                line.extend(["-c".to_owned(), setting]);
            }
            keep(line, &folder, "QUIT");
            let database = Database { kind: "SQLPG", port, pem, folder };
            database.until_it_answers().await;
            database
        })
        .await
}

/// MariaDB.
pub async fn mariadb() -> &'static Database {
    static SERVER: OnceCell<Database> = OnceCell::const_new();
    SERVER
        .get_or_init(|| async {
            let program = ["/usr/sbin/mariadbd", "/usr/bin/mariadbd"].map(PathBuf::from).into_iter().find(|path| path.exists());
            let program = program.unwrap_or_else(|| missing("mariadbd", "mariadb-server"));
            let (port, folder) = (free_port(), folder());
            let data = format!("--datadir={}", folder.join("data").display());
            let mut line = vec!["mariadb-install-db".to_owned(), "--no-defaults".to_owned(), data.clone()];
            line.extend(["--auth-root-authentication-method=normal", "--skip-test-db"].map(str::to_owned));
            run(&line, &folder);
            let pem = certificate(&folder);
            let init =
                format!("create user 'flow'@'%' identified by '{PASSWORD}'; create database flow; grant all on flow.* to 'flow'@'%';");
            fs::write(folder.join("init.sql"), init.replace("; ", ";\n")).expect("the folder can be written");
            let mut line = vec![program.display().to_string(), "--no-defaults".to_owned(), data];
            line.extend(["--bind-address=127.0.0.1", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"].map(str::to_owned));
            line.push(format!("--port={port}"));
            for (option, file) in
                [("socket", "socket"), ("pid-file", "pid"), ("init-file", "init.sql"), ("ssl-cert", "cert.pem"), ("ssl-key", "key.pem")]
            {
                line.push(format!("--{option}={}", folder.join(file).display()));
            }
            keep(line, &folder, "KILL");
            let database = Database { kind: "MYSQL", port, pem, folder };
            database.until_it_answers().await;
            database
        })
        .await
}

/// A Redis server.
pub struct Redis {
    pub port: u16,
    pub tls_port: u16,
    /// As that of a [`Database`].
    pub pem: String,
}

/// Redis, with a user `flow` beside its own.
pub async fn redis() -> &'static Redis {
    static SERVER: OnceCell<Redis> = OnceCell::const_new();
    SERVER
        .get_or_init(|| async {
            let program = PathBuf::from("/usr/bin/redis-server");
            let program = if program.exists() { program } else { missing("redis-server", "redis-server") };
            let (port, tls_port, folder) = (free_port(), free_port(), folder());
            let pem = certificate(&folder);
            let mut line = vec![program.display().to_string()];
            let words = ["--bind", "127.0.0.1", "--save", "", "--tls-auth-clients", "no", "--proto-max-bulk-len", "100mb"];
            line.extend(words.map(str::to_owned));
            line.extend(["--port".to_owned(), port.to_string(), "--tls-port".to_owned(), tls_port.to_string()]);
            for (option, file) in [("cert", "cert.pem"), ("key", "key.pem"), ("ca-cert", "cert.pem")] {
                line.extend([format!("--tls-{option}-file"), folder.join(file).display().to_string()]);
            }
            line.extend(["--requirepass".to_owned(), PASSWORD.to_owned(), "--user".to_owned(), "flow".to_owned(), "on".to_owned()]);
            line.extend([format!(">{PASSWORD}"), "~*".to_owned(), "&*".to_owned(), "+@all".to_owned()]);
            keep(line, &folder, "KILL");
            let redis = Redis { port, tls_port, pem };
            for _ in 0..1200 {
                if redis.clients().is_ok() {
                    return redis;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            panic!("Redis does not answer: {}", fs::read_to_string(folder.join("log")).unwrap_or_default());
        })
        .await
}

impl Redis {
    fn clients(&self) -> redis::RedisResult<String> {
        let client = redis::Client::open(format!("redis://:{PASSWORD}@127.0.0.1:{}/", self.port))?;
        redis::cmd("CLIENT").arg("LIST").query(&mut client.get_connection()?)
    }

    /// Waits until so many clients wait for the answer to this command.
    pub async fn until_under_way(&self, command: &str, count: usize) {
        let word = format!("cmd={command} ");
        for _ in 0..1200 {
            if self.clients().expect("it can be asked").matches(&word).count() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not {count} clients wait for {command}: {:?}", self.clients());
    }
}

impl Database {
    /// The inputs that lead here, without a statement.
    pub fn inputs(&self) -> Value {
        let name = if self.kind == "SQLPG" { "postgres" } else { "flow" };
        json!({
            "type": self.kind, "host": "localhost", "port": self.port, "user": "flow", "password": PASSWORD, "database": name,
            "cacert": self.pem,
        })
    }

    /// The same with more, or others.
    pub fn with(&self, more: &Value) -> Value {
        let mut inputs = self.inputs();
        inputs.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        inputs
    }

    /// How many statements with this word in them are under way, as the server itself says.
    pub async fn under_way(&self, word: &str) -> i64 {
        // A statement that asks for a word has it in itself.
        let (head, tail) = word.split_at(1);
        if self.kind == "SQLPG" {
            let text = format!("select count(*) from pg_stat_activity where state = 'active' and query like '%' || '{head}' || '{tail}%'");
            let mut connection = self.pg().await.expect("it can be asked");
            return sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(&mut connection).await.expect("it says so");
        }
        let text = format!("select count(*) from information_schema.processlist where info like concat('%', '{head}', '{tail}%')");
        let mut connection = self.my().await.expect("it can be asked");
        sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(&mut connection).await.expect("it says so")
    }

    /// Waits until so many statements with this word in them are under way.
    pub async fn until_under_way(&self, word: &str, count: i64) {
        for _ in 0..1200 {
            if self.under_way(word).await == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} statements are under way, not {count}", self.under_way(word).await);
    }

    async fn pg(&self) -> Result<PgConnection, sqlx::Error> {
        let options = sqlx::postgres::PgConnectOptions::new_without_pgpass();
        let options = options.host("127.0.0.1").port(self.port).username("flow").password(PASSWORD).database("postgres");
        Box::pin(options.connect()).await
    }

    async fn my(&self) -> Result<MySqlConnection, sqlx::Error> {
        let options = sqlx::mysql::MySqlConnectOptions::new().host("127.0.0.1").port(self.port);
        let options = options.username("flow").password(PASSWORD).database("flow");
        Box::pin(options.connect()).await
    }

    async fn until_it_answers(&self) {
        for _ in 0..1200 {
            let is_there = if self.kind == "SQLPG" { self.pg().await.is_ok() } else { self.my().await.is_ok() };
            if is_there {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} does not answer: {}", self.kind, fs::read_to_string(self.folder.join("log")).unwrap_or_default());
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("loopback has a free port").port()
}

/// A file below a folder with any name, the last by name.
fn glob(base: &str, rest: &str) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(base).ok()?.filter_map(|entry| Some(entry.ok()?.path().join(rest))).collect();
    found.retain(|path| path.exists());
    found.sort();
    found.pop()
}

fn missing(program: &str, package: &str) -> ! {
    panic!("{program} is not there; the Debian package {package} brings it, and so does scripts/setup_servers.sh")
}

/// The user that servers run as: none of them runs as root.
fn somebody() -> Option<User> {
    Uid::effective().is_root().then(|| User::from_name("nobody").ok().flatten().expect("there is a user 'nobody'"))
}

/// A new folder that belongs to who the servers run as.
fn folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("flowstead-test-").tempdir().expect("a temporary folder can be made").keep();
    own(&folder);
    folder
}

fn own(path: &Path) {
    if let Some(user) = somebody() {
        chown(path, Some(user.uid), Some(user.gid)).expect("root gives files away");
    }
}

/// Writes a certificate for `localhost` and its key, and gives the certificate.
pub fn certificate(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    for (name, pem) in [("cert.pem", made.cert.pem()), ("key.pem", made.signing_key.serialize_pem())] {
        let path = folder.join(name);
        fs::write(&path, pem).expect("the folder can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it can be closed");
        own(&path);
    }
    made.cert.pem()
}

/// A command line, run as who the servers run as.
fn command(line: &[String]) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(user) = somebody() {
        command.args([format!("--reuid={}", user.uid), format!("--regid={}", user.gid), "--clear-groups".to_owned()]);
    }
    command.args(["--pdeathsig", "TERM", "--"]).args(line);
    command
}

/// Runs a program to its end.
fn run(line: &[String], folder: &Path) {
    let done = command(line).current_dir(folder).output().unwrap_or_else(|e| panic!("{} cannot be started: {e}", line[0]));
    let said = || format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{} failed: {}", line[0], said());
}

/// Starts a server that ends, by this signal, with the process that started it.
fn keep(line: Vec<String>, folder: &Path, signal: &str) {
    let mut all = ["sh", "-c", KEEPER, "keeper"].map(str::to_owned).to_vec();
    all.extend([folder.display().to_string(), signal.to_owned()]);
    all.extend(line);
    let mut command = command(&all);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // What ends with its parent ends with the thread that started it: this one waits as long as it runs.
    std::thread::spawn(move || command.status().expect("a server can be started"));
}
