//! Machines that are reached over SSH: an OpenSSH server on loopback with keys and a folder of the test's own, and a small one that
//! takes passwords, which OpenSSH takes of the users of this machine only.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use russh::keys::PrivateKey;
use russh::server::{self, Auth, Msg, Server as _, Session};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::Server;

/// Connects by the type and the inputs that it is given, and gives the output.
const REACH: &str = "
def handler(system, this, inputs):
    return this.connect(connector_type=inputs.pop('connector_type'), inputs=inputs).get('output_value')
";

/// A server with the flow `reach` beside `try`, and these lines of configuration.
pub async fn reaching(config: &[&str]) -> Server {
    let server = Server::start_with(config).await;
    server.flow("reach", REACH, &Value::Null).await;
    server.flow("try", super::TRY, &Value::Null).await;
    server
}

/// The output of `reach`.
pub async fn reach(server: &Server, inputs: &Value) -> Value {
    let ended = server.run("reach", inputs).await;
    assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
    ended["output_value"].clone()
}

/// A program that ends with the test, and all that it has started.
pub struct Program {
    pub child: std::process::Child,
}

impl Program {
    /// Starts it so that it ends with the thread that runs the test, however that ends. `package` brings it.
    pub fn start(mut command: Command, package: &str) -> Program {
        let program = command.get_program().to_os_string();
        let mut guarded = Command::new("setpriv");
        guarded.args(["--pdeathsig", "KILL", "--"]).arg(&program).args(command.get_args());
        for (name, value) in command.get_envs() {
            guarded.env(name, value.unwrap_or_default());
        }
        if let Some(folder) = command.get_current_dir() {
            guarded.current_dir(folder);
        }
        assert!(has(&program.to_string_lossy()), "{} is needed: install the package {package} (make servers)", program.display());
        command = guarded;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Program { child: child.expect("setpriv of util-linux is there") }
    }

    /// Waits until it listens; false if it has ended, as it does when somebody else took its port.
    pub fn listens(&mut self, port: u16) -> bool {
        for _ in 0..2400 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return true;
            }
            if self.child.try_wait().expect("a child can be asked").is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("nothing listens at {port}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        for pid in below(self.child.id()) {
            // It may be gone already.
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
        }
        let _ = (self.child.kill(), self.child.wait());
    }
}

/// Whether a program is there.
#[allow(clippy::disallowed_methods, reason = "looks where the program would be looked for")]
fn has(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    program.starts_with('/') && Path::new(program).exists() || path.split(':').any(|folder| Path::new(folder).join(program).exists())
}

/// All processes that come from this one.
fn below(root: u32) -> Vec<i32> {
    let mut parents: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").expect("proc is there").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        parents.entry(parent.unwrap_or(0)).or_default().push(pid);
    }
    let (mut open, mut found) = (vec![i32::try_from(root).expect("a small number")], Vec::new());
    while let Some(parent) = open.pop() {
        let children = parents.remove(&parent).unwrap_or_default();
        found.extend(&children);
        open.extend(children);
    }
    found
}

/// A port that is free now.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}

/// A port at which whoever connects is answered with this and nothing more; nothing at all where that is all there is to say.
pub fn port_that_says(text: &'static [u8]) -> u16 {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            std::thread::spawn(move || {
                // Who asked may be gone.
                let _ = socket.write_all(text);
                if !text.is_empty() {
                    let _ = socket.shutdown(std::net::Shutdown::Write);
                }
                // What is not read would be answered with a reset.
                let _ = socket.read_to_end(&mut Vec::new());
            });
        }
    });
    port
}

/// An OpenSSH server.
pub struct Machine {
    pub port: u16,
    pub folder: TempDir,
    pub user: String,
    _sshd: Program,
}

impl Machine {
    pub fn start() -> Machine {
        Machine::start_with("Subsystem sftp internal-sftp\n")
    }

    /// With these lines of configuration.
    pub fn start_with(config: &str) -> Machine {
        let folder = TempDir::new().expect("a folder");
        for (name, kind, passphrase) in [
            ("host", "ed25519", ""),
            ("key", "ed25519", ""),
            ("locked", "ed25519", "open sesame"),
            ("rsa", "rsa", ""),
            ("stranger", "ecdsa", ""),
        ] {
            keygen(&folder.path().join(name), kind, passphrase);
        }
        let known: String = ["key", "locked", "rsa"].iter().map(|name| read(&folder.path().join(format!("{name}.pub")))).collect();
        std::fs::write(folder.path().join("authorized"), known).expect("written");
        // It wants this folder when it is root's, and a machine that boots has it.
        let _ = std::fs::create_dir("/run/sshd");
        for _ in 0..5 {
            let port = free_port();
            let at = |name: &str| folder.path().join(name).display().to_string();
            let text = format!(
                "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
                 PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nLogLevel ERROR\nMaxStartups 100\n\
                 SetEnv TMPDIR={}\n{config}",
                at("host"),
                at("authorized"),
                folder.path().display()
            );
            std::fs::write(at("config"), text).expect("written");
            let mut command = Command::new("/usr/sbin/sshd");
            command.args(["-D", "-e", "-f", &at("config")]);
            let mut sshd = Program::start(command, "openssh-server");
            if sshd.listens(port) {
                return Machine { port, user: user(), folder, _sshd: sshd };
            }
        }
        panic!("sshd found no port");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a file of the machine holds.
    pub fn read(&self, name: &str) -> String {
        read(&self.path(name))
    }

    /// The inputs of a connection to it, and more of them.
    pub fn inputs(&self, of: &str, more: &Value) -> Value {
        let mut inputs = json!({
            "connector_type": of, "hostname": "127.0.0.1", "port": self.port, "username": self.user,
            "hostkey": self.read("host.pub"), "key": self.read("key"),
        });
        for (name, value) in more.as_object().expect("an object") {
            if value.is_null() {
                inputs.as_object_mut().expect("an object").remove(name);
            } else {
                inputs[name] = value.clone();
            }
        }
        inputs
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn user() -> String {
    nix::unistd::User::from_uid(nix::unistd::geteuid()).expect("users can be read").expect("we are one").name
}

fn keygen(path: &Path, kind: &str, passphrase: &str) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", kind, "-N", passphrase, "-C", "test", "-f"]).arg(path).status();
    assert!(made.expect("ssh-keygen is there: install the package openssh-client").success());
}

/// A machine that lets `me` in with the password `open sesame`, as it is or as the answer to a question.
pub struct Door {
    pub port: u16,
    pub hostkey: String,
}

#[derive(Clone)]
struct Keeper {
    asks: bool,
    input: HashMap<ChannelId, Vec<u8>>,
}

impl Door {
    /// With `asks`, the password is asked for in words.
    pub async fn start(asks: bool) -> Door {
        let seed = [7; 32];
        let key = PrivateKey::from(russh::keys::ssh_key::private::Ed25519Keypair::from_seed(&seed));
        let hostkey = key.public_key().to_openssh().expect("a key is text");
        let config = server::Config {
            keys: vec![key],
            methods: MethodSet::from(&[MethodKind::Password, MethodKind::KeyboardInteractive][..]),
            auth_rejection_time: Duration::from_millis(1),
            ..server::Config::default()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move { Keeper { asks, input: HashMap::new() }.run_on_socket(Arc::new(config), &listener).await });
        Door { port, hostkey }
    }
}

impl server::Server for Keeper {
    type Handler = Keeper;

    fn new_client(&mut self, _: Option<std::net::SocketAddr>) -> Keeper {
        self.clone()
    }
}

impl server::Handler for Keeper {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        Ok(if !self.asks && user == "me" && password == "open sesame" { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _: &str,
        response: Option<server::Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(response) = response else {
            let prompts = vec![("One-time code (none today): ".into(), true), ("Password: ".into(), false)];
            return Ok(Auth::Partial { name: "".into(), instructions: "".into(), prompts: prompts.into() });
        };
        let answers: Vec<Vec<u8>> = response.map(|answer| answer.to_vec()).collect();
        let is_right = self.asks && user == "me" && answers == [b"".to_vec(), b"open sesame".to_vec()];
        Ok(if is_right { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: server::ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(&mut self, channel: ChannelId, _: &[u8], session: &mut Session) -> Result<(), russh::Error> {
        self.input.insert(channel, Vec::new());
        session.channel_success(channel)
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], _: &mut Session) -> Result<(), russh::Error> {
        self.input.entry(channel).or_default().extend_from_slice(data);
        Ok(())
    }

    /// Runs what came.
    async fn channel_eof(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), self.input.remove(&channel).unwrap_or_default()).expect("written");
        let input = std::fs::File::open(file.path()).expect("opened");
        let output = Command::new("/bin/sh").stdin(input).output().expect("a shell");
        session.data(channel, output.stdout)?;
        session.extended_data(channel, 1, output.stderr)?;
        session.exit_status_request(channel, output.status.code().unwrap_or(255).cast_unsigned())?;
        session.close(channel)
    }
}
