//! The command line: one file a command. Errors are one sentence on standard error and exit code 1.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on its standard streams")]

mod administer;
mod backup;
mod bridge;
mod client;
mod dev;
mod doctor;
mod document;
mod editor;
mod replay;
mod run;
mod seat;
mod serve;
mod snippet;
mod sync;
mod transfer;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use uuid::Uuid;

use crate::config::{Config, Sources};
use crate::error::Result;
use crate::service::OVERLAP_HOURS;
use administer::{Request, Teller};
use client::Remote;

/// Hosts Python flows: keeps them, runs them, remembers every step, and serves them to people and agents.
#[derive(Parser)]
#[command(name = "flowstead", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server.
    Serve {
        #[command(flatten)]
        place: Place,
        /// Address and port; port 0 takes a free one. Default 127.0.0.1:7410.
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
    },
    /// Bring the database of a data folder to this version.
    Migrate {
        #[command(flatten)]
        place: Place,
    },
    /// Create, list, reset or unlock users.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Create, list, rotate and revoke API keys.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// The log of who did what.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Copy everything into one file, also while the server runs; it writes the file then.
    Backup {
        /// The file to make. One that is there is not overwritten.
        file: PathBuf,
        /// Put the key file into it too: then it opens every secret. Default: not, and a copy of the key file is to be kept elsewhere.
        #[arg(long)]
        with_key: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Put a backup into an empty data folder, with every live execution paused and every schedule disabled.
    Restore {
        /// The file that `flowstead backup` made.
        file: PathBuf,
        /// A copy of the key file of the server that was backed up; not needed when it is in the backup.
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
    /// The file of the keys that secrets are encrypted with.
    KeyFile {
        #[command(subcommand)]
        command: KeyFileCommand,
    },
    /// Run one flow file without a server, in a temporary place.
    Run {
        /// A Python file with `handler(system, this, inputs)`.
        file: PathBuf,
        /// The inputs, as JSON.
        #[arg(long, value_name = "JSON", default_value = "{}")]
        input: String,
    },
    /// Run an execution again on its journal alone, and show where it stands: nothing real happens.
    Replay {
        /// The id of the execution, live or ended.
        execution: uuid::Uuid,
        /// Stop when it makes this call. Default: where its journal, or its handler, ends.
        #[arg(long, value_name = "SEQ")]
        to: Option<u32>,
        /// As one JSON document.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Serve a folder of flows: every Python file is a flow and a tool for agents, loaded anew when it is saved.
    Dev {
        /// The folder of the flows.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// Address and port; port 0 takes a free one. Default 127.0.0.1:7410.
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
        /// The data folder. Default: .flowstead in the folder of the flows.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Put typings and schemas beside your flows and let editors find them, so that they complete and check.
    SetupEditor {
        /// The folder of the flows.
        #[arg(value_name = "DIR", default_value = ".")]
        folder: PathBuf,
        #[command(flatten)]
        remote: Remote,
    },
    /// Connect an agent that only starts programs: carries JSON-RPC between standard input and output and a server.
    #[command(args_conflicts_with_subcommands = true)]
    Mcp {
        #[command(subcommand)]
        command: Option<McpCommand>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Write a record as a document, or a project, a bundle or the workspace as an archive of them.
    Export(transfer::ExportArgs),
    /// Create or overwrite records from documents: a file, an archive or a folder, all of it or nothing.
    Import(transfer::ImportArgs),
    /// Bring a folder of documents and a server to the same. It shows what it would do; --apply does it.
    Sync(sync::SyncArgs),
    /// Say what this machine can and cannot do for flows.
    Doctor {
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Make a user; its one-time password is printed.
    Create {
        name: String,
        /// A role to give; repeat for several. Names as in `flowstead user create anna --role Developer`.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        #[command(flatten)]
        place: Place,
    },
    /// All users, a line each.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Give a user a new one-time password and end its sessions.
    Reset {
        name: String,
        /// Switch its second factor off too.
        #[arg(long)]
        second_factor: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Let a user log in again that was locked out after wrong logins.
    Unlock {
        name: String,
        #[command(flatten)]
        place: Place,
    },
}

impl KeyCommand {
    fn request(self) -> (Place, Request) {
        match self {
            KeyCommand::Create { user, name, expires, scopes, tools, place } => {
                (place, Request::KeyCreate { user, name, expires, scopes, tools })
            }
            KeyCommand::List { user, place } => (place, Request::KeyList { user }),
            KeyCommand::Rotate { id, overlap_hours, place } => (place, Request::KeyRotate { id, overlap_hours }),
            KeyCommand::Revoke { id, place } => (place, Request::KeyRevoke { id }),
        }
    }
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Make an API key; the token alone is printed.
    Create {
        /// The user whose rights it has.
        #[arg(long)]
        user: String,
        /// What it is for.
        #[arg(long)]
        name: String,
        /// When it ends: a time stamp with an offset, or `never`. Default: in 90 days.
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        /// What it narrows the user's rights to: a JSON list of `{"operation", "record_type", "project"}`.
        #[arg(long, value_name = "JSON")]
        scopes: Option<String>,
        /// The tools that agents are shown: `runner`, `author`, `operator`, `read_only`, or groups with commas between. Default: all but `risk`.
        #[arg(long)]
        tools: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// The keys of a user, a line each.
    List {
        #[arg(long)]
        user: String,
        #[command(flatten)]
        place: Place,
    },
    /// Make a key in the place of another, which is good for some hours more; the new token alone is printed.
    Rotate {
        /// The id of the key, as `flowstead key list` prints it.
        id: Uuid,
        /// How long the older key is still good; 0 ends it now.
        #[arg(long, value_name = "HOURS", default_value_t = OVERLAP_HOURS)]
        overlap_hours: u32,
        #[command(flatten)]
        place: Place,
    },
    /// Refuse a key from now on.
    Revoke {
        /// The id of the key, as `flowstead key list` prints it.
        id: Uuid,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Read the whole log and name the first entry that is not as it was written.
    Verify {
        /// The end that an earlier check printed and that was kept elsewhere: finds a log that was put back to an older state.
        #[arg(long, value_name = "NUMBER:HASH")]
        expect: Option<String>,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Subcommand)]
enum KeyFileCommand {
    /// Encrypt all secrets with a new key. Interrupted, it goes on when it is repeated or the server starts.
    Rotate {
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Subcommand)]
enum McpCommand {
    /// Print what an agent's configuration needs to reach a server.
    Config {
        #[arg(long, value_enum)]
        client: snippet::Client,
        #[command(flatten)]
        remote: Remote,
    },
}

/// Where data and configuration are.
#[derive(Args)]
struct Place {
    /// The data folder. Default ./data.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A TOML configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Place {
    fn load(self, listen: Option<SocketAddr>) -> Result<Config> {
        let mut sources = Sources::from_environment();
        sources.file = self.config;
        if let Some(data) = self.data {
            sources.flags.push(("server.data", data.display().to_string()));
        }
        if let Some(listen) = listen {
            sources.flags.push(("server.listen", listen.to_string()));
        }
        Config::load(&sources)
    }
}

/// Of the server's threads, bytes; only what is used takes memory. A tool call that starts a flow goes deep, and a build that is not
/// optimised keeps much of it on the stack.
const THREAD_STACK: usize = 4 << 20;

/// Reads the command line, runs the command, and turns its outcome into an exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().thread_stack_size(THREAD_STACK).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("flowstead: the runtime could not be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(dispatch(cli.command)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("flowstead: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Serve { place, listen } => serve::run(place.load(listen)?).await?,
        Command::Migrate { place } => {
            let config = place.load(None)?;
            crate::app::open_store(&config).await?;
            println!("The database in {} is up to date.", config.server.data.display());
        }
        Command::User { command } => {
            let (place, request) = match command {
                UserCommand::Create { name, roles, place } => (place, Request::UserCreate { name, roles }),
                UserCommand::List { place } => (place, Request::UserList),
                UserCommand::Reset { name, second_factor, place } => (place, Request::UserReset { name, second_factor }),
                UserCommand::Unlock { name, place } => (place, Request::UserUnlock { name }),
            };
            println!("{}", administer::ask(&place.load(None)?, request).await?);
        }
        Command::Key { command } => {
            let (place, request) = command.request();
            println!("{}", administer::ask(&place.load(None)?, request).await?);
        }
        Command::Backup { file, with_key, place } => {
            let request = Request::Backup(backup::Backup::new(&file, with_key)?);
            println!("{}", administer::ask(&place.load(None)?, request).await?);
        }
        Command::Restore { file, key_file, place } => {
            let wanted = backup::Restore { file, key_file };
            println!("{}", backup::restore(&place.load(None)?, &wanted, &Teller::to_stderr()).await?);
        }
        Command::Audit { command: AuditCommand::Verify { expect, place } } => {
            println!("{}", administer::ask(&place.load(None)?, Request::AuditVerify { expect }).await?);
        }
        Command::KeyFile { command: KeyFileCommand::Rotate { place } } => {
            println!("{}", administer::ask(&place.load(None)?, Request::KeyFileRotate).await?);
        }
        Command::Run { file, input } => return run::run(&file, &input).await,
        Command::Replay { execution, to, json, place } => {
            return replay::run(&place.load(None)?, replay::Options { execution, to, json }).await;
        }
        Command::Dev { folder, listen, data } => dev::run(dev::Options { folder, data, listen }).await?,
        Command::SetupEditor { folder, remote } => editor::run(&folder, remote).await?,
        Command::Mcp { command: Some(McpCommand::Config { client, remote }), .. } => snippet::run(client, remote)?,
        Command::Mcp { command: None, remote } => bridge::run(remote).await?,
        Command::Export(args) => transfer::export(args).await?,
        Command::Import(args) => return transfer::import(args).await,
        Command::Sync(args) => return sync::run(args).await,
        Command::Doctor { place } => return doctor::run(&place.load(None)?).await,
    }
    Ok(ExitCode::SUCCESS)
}
