//! Which audit events reach outside, and what of their arguments decides that.
#![allow(unsafe_code)]

use std::ffi::OsStr;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyList, PyString, PyTuple};

use super::file::{self, Touch};

/// Longest text about an act, in characters.
const SHOWN: usize = 200;
/// Flags of open(2) with which a file may be changed or made.
const WRITES: i32 = libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND;

/// An event that is looked at.
pub(super) enum Act {
    /// (socket, address).
    Connect,
    /// (socket, address or None).
    Send,
    /// (socket, address).
    Bind,
    /// The program is the first argument.
    Program,
    /// `_posixsubprocess.fork_exec`: (arguments, programs to try, ...).
    ForkExec,
    Fork,
    /// (path, mode, flags).
    Open,
    /// Changes of the file system at these paths.
    Files {
        paths: &'static [Named],
        is_walled: bool,
    },
    /// (database).
    Database,
    /// (library or None).
    Library,
    /// (library, name).
    Symbol,
    /// (priority, message).
    Syslog,
    /// (process, signal). With `is_group` the first is a group.
    Signal {
        is_group: bool,
    },
    /// The process is the first argument.
    Process,
    /// `_posixshmem`: (name, flags or None).
    SharedMemory,
    /// A hook of Python code, which cannot be taken away again.
    Hook,
}

/// Where in the arguments a path stands, and the descriptor of the folder it starts at.
pub(super) struct Named(usize, Option<usize>);

impl Act {
    /// Makes a node: (path, descriptor of its folder).
    pub(super) const MADE: Act = Act::Files { paths: &[Named(0, Some(1))], is_walled: true };

    /// The act behind an event's name. Called for every event there is, so it only compares.
    pub(super) fn find(event: &[u8]) -> Option<Act> {
        let files = |paths, is_walled| Act::Files { paths, is_walled };
        Some(match event {
            b"open" => Act::Open,
            b"socket.connect" => Act::Connect,
            b"socket.sendto" | b"socket.sendmsg" => Act::Send,
            b"socket.bind" => Act::Bind,
            b"subprocess.Popen" | b"os.system" | b"os.exec" | b"os.posix_spawn" => Act::Program,
            b"os.fork" | b"os.forkpty" => Act::Fork,
            b"os.remove" | b"os.rmdir" => files(&[Named(0, Some(1))], true),
            b"os.mkdir" => files(&[Named(0, Some(2))], true),
            b"os.rename" | b"os.link" => files(&[Named(0, Some(2)), Named(1, Some(3))], true),
            b"os.symlink" => files(&[Named(1, Some(2))], true),
            b"os.chmod" => files(&[Named(0, Some(2))], false),
            b"os.chown" | b"os.utime" => files(&[Named(0, Some(3))], false),
            b"os.truncate" | b"os.setxattr" | b"os.removexattr" => files(&[Named(0, None)], false),
            b"sqlite3.connect" => Act::Database,
            b"ctypes.dlopen" => Act::Library,
            b"ctypes.dlsym" => Act::Symbol,
            b"os.kill" => Act::Signal { is_group: false },
            b"os.killpg" => Act::Signal { is_group: true },
            b"resource.prlimit" => Act::Process,
            b"syslog.syslog" => Act::Syslog,
            b"sys.addaudithook" => Act::Hook,
            _ => return None,
        })
    }

    /// What the act is about if it reaches outside, else `None`.
    pub(super) fn judge(&self, args: &Bound<'_, PyTuple>) -> Option<String> {
        let item = |index: usize| args.get_item(index).ok();
        match self {
            Act::Connect => Some(shown(&item(1)?)),
            // Without an address it goes to where the socket is connected already, or to the other end of a pair.
            Act::Send => item(1).filter(|address| !address.is_none()).map(|address| shown(&address)),
            Act::Bind => item(1).filter(|address| !is_any_port(address)).map(|address| shown(&address)),
            Act::Program => (!asks_for_processor(item(1).as_ref())).then(|| item(0).map(|p| program(&p)).unwrap_or_default()),
            Act::ForkExec => (!asks_for_processor(item(0).as_ref())).then(|| item(0).map(|a| program(&first(&a))).unwrap_or_default()),
            Act::Fork | Act::Syslog => Some(String::new()),
            Act::Open => opened(args),
            Act::Files { paths, is_walled } => paths.iter().find_map(|named| touched(args, named, *is_walled)),
            Act::Database => database(&item(0)?),
            // None is the process itself, which `import ctypes` asks for; calling what it finds there is an act.
            Act::Library => item(0).filter(|name| !name.is_none() && !is_of_package(name)).map(|name| shown(&name)),
            Act::Symbol => {
                let of_package = item(0).and_then(|library| library.getattr("_name").ok()).is_some_and(|name| is_of_package(&name));
                item(1).filter(|_| !of_package).map(|name| shown(&name)).filter(|name| !is_of_python(name))
            }
            Act::Signal { is_group } => signalled(&item(0)?, &item(1)?, *is_group),
            Act::Process => item(0)?.extract::<i32>().ok().filter(|pid| !is_own(*pid)).map(|pid| format!("process {pid}")),
            Act::SharedMemory => shared_memory(&item(0)?, item(1)),
            Act::Hook => None,
        }
    }
}

/// Binding to a port that the system chooses opens no door that anybody knows; packages do that to try out what the system can.
fn is_any_port(address: &Bound<'_, PyAny>) -> bool {
    let port = address.cast_exact::<PyTuple>().ok().and_then(|parts| parts.get_item(1).ok());
    port.and_then(|port| port.extract::<u16>().ok()) == Some(0)
}

/// `uname -p`, by which `platform` learns the processor's name, and `file -b`, by which it learns what Python was built for: packages with
/// native code ask that while they are imported.
fn asks_for_processor(arguments: Option<&Bound<'_, PyAny>>) -> bool {
    let texts = arguments.and_then(|list| list.extract::<Vec<PathBuf>>().ok());
    texts.is_some_and(|texts| match texts.as_slice() {
        [program, option] => program.as_os_str() == "uname" && option.as_os_str() == "-p",
        [program, option, file] => program.as_os_str() == "file" && option.as_os_str() == "-b" && file.is_absolute(),
        _ => false,
    })
}

fn is_own(pid: i32) -> bool {
    // SAFETY: cannot fail.
    pid == 0 || pid == unsafe { libc::getpid() }
}

/// A signal to somebody else. A slot leads its own group; signal 0 only asks whether somebody is there.
fn signalled(to: &Bound<'_, PyAny>, signal: &Bound<'_, PyAny>, is_group: bool) -> Option<String> {
    let (to, signal) = (to.extract::<i32>().ok()?, signal.extract::<i32>().ok()?);
    let whom = if is_group || to < 0 { "group" } else { "process" };
    (signal != 0 && !is_own(if is_group { to } else { to.saturating_abs() })).then(|| format!("{whom} {to} signal {signal}"))
}

/// Shared memory lies outside the work directory and stays there.
fn shared_memory(name: &Bound<'_, PyAny>, flags: Option<Bound<'_, PyAny>>) -> Option<String> {
    let flags = flags.and_then(|flags| flags.extract::<i32>().ok());
    flags.is_none_or(|flags| flags & WRITES != 0).then(|| shown(name))
}

/// A library of an installed package, which is as much a part of it as an extension module is.
fn is_of_package(name: &Bound<'_, PyAny>) -> bool {
    path_of(name).is_some_and(|path| super::is_of_package(&path))
}

/// Functions of the interpreter's own interface.
fn is_of_python(name: &str) -> bool {
    let name = name.trim_start_matches('\'');
    name.starts_with("Py") || name.starts_with("_Py")
}

fn first<'py>(list: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
    let exact = list.cast_exact::<PyList>().ok().and_then(|l| l.get_item(0).ok());
    exact.or_else(|| list.cast_exact::<PyTuple>().ok().and_then(|t| t.get_item(0).ok())).unwrap_or_else(|| list.clone())
}

/// The program's name alone: its arguments may hold a secret.
fn program(value: &Bound<'_, PyAny>) -> String {
    let text = path_of(value).map_or_else(|| shown(value), |path| path.display().to_string());
    cap(text.split_whitespace().next().unwrap_or_default())
}

fn opened(args: &Bound<'_, PyTuple>) -> Option<String> {
    let flags = args.get_item(2).ok().and_then(|flags| flags.extract::<i32>().ok());
    if flags.is_some_and(|flags| flags & WRITES == 0) {
        return None;
    }
    let path = path_of(&args.get_item(0).ok()?)?;
    let touch = Touch { folder: None, follows: true, is_walled: true };
    file::is_outside(&path, touch).then(|| cap(&path.display().to_string()))
}

fn touched(args: &Bound<'_, PyTuple>, named: &Named, is_walled: bool) -> Option<String> {
    let path = path_of(&args.get_item(named.0).ok()?)?;
    let folder = named.1.and_then(|index| args.get_item(index).ok()?.extract::<RawFd>().ok()).filter(|fd| *fd >= 0);
    file::is_outside(&path, Touch { folder, follows: !is_walled, is_walled }).then(|| cap(&path.display().to_string()))
}

fn database(name: &Bound<'_, PyAny>) -> Option<String> {
    let path = path_of(name)?;
    let text = path.to_string_lossy();
    if text.is_empty() || text.contains(":memory:") || text.contains("mode=memory") {
        return None;
    }
    let plain = text.strip_prefix("file:").map_or(&*text, |uri| uri.split('?').next().unwrap_or_default());
    let touch = Touch { folder: None, follows: true, is_walled: true };
    file::is_outside(Path::new(plain), touch).then(|| cap(plain))
}

/// A path as text or bytes. A descriptor is none: it was opened before.
fn path_of(value: &Bound<'_, PyAny>) -> Option<PathBuf> {
    if let Ok(text) = value.cast::<PyString>() {
        return Some(PathBuf::from(text.to_string_lossy().into_owned()));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Some(PathBuf::from(OsStr::from_bytes(bytes.as_bytes())));
    }
    // os.PathLike: what the call itself will ask it.
    value.getattr("__fspath__").ok()?.call0().ok()?.extract::<PathBuf>().ok()
}

/// A value in short. Only built-in types are looked into: `repr` of others is the flow's own code.
fn shown(value: &Bound<'_, PyAny>) -> String {
    if value.is_exact_instance_of::<PyString>() || value.is_exact_instance_of::<PyInt>() || value.is_exact_instance_of::<PyBytes>() {
        return cap(&value.repr().map(|text| text.to_string()).unwrap_or_default());
    }
    if let Ok(parts) = value.cast_exact::<PyTuple>() {
        let parts: Vec<String> = parts.iter().map(|part| shown(&part)).collect();
        return cap(&format!("({})", parts.join(", ")));
    }
    if value.is_none() {
        return "None".to_owned();
    }
    value.get_type().name().map_or_else(|_| "?".to_owned(), |name| format!("<{name}>"))
}

fn cap(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
