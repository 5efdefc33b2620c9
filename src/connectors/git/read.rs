//! What a repository holds: a commit, and the files of it, read one by one from the objects that were fetched.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout};

use super::super::{Failure, Job};
use super::program::Program;

/// Bytes of files that stand in the output itself.
const INLINE: u64 = 1 << 20;
/// Files of a repository that are taken.
const MOST_FILES: usize = 20_000;
const PIECE: usize = 256 << 10;
/// Where what was asked for is kept.
const HERE: &str = "refs/flowstead/it";

/// Fetches a branch, a tag or a commit, and gives the commit.
pub(super) async fn fetch(git: &Program, url: &str, reference: &str) -> Result<String, Failure> {
    let one = format!("+{reference}:{HERE}");
    let short = ["fetch", "--quiet", "--depth=1", "--no-tags", "--", url, &one];
    let Err(said) = git.tried(&short, b"").await? else { return resolved(git, HERE, reference).await };
    let is_commit = (4..=64).contains(&reference.len()) && reference.chars().all(|c| c.is_ascii_hexdigit());
    let is_unknown = ["couldn't find remote ref", "unadvertised object", "not our ref", "remote error: upload-pack"]
        .iter()
        .any(|text| said.contains(text));
    if is_unknown && is_commit {
        // A server need not give out a commit by its name, and none does by the beginning of it.
        git.run(&["fetch", "--quiet", "--no-tags", "--", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"], b"").await?;
        return resolved(git, reference, reference).await;
    }
    Err(Failure::new(match said {
        _ if is_unknown => missing(git, reference),
        said => format!("{}: {}.", git.name, refusal(&said)),
    }))
}

async fn resolved(git: &Program, here: &str, reference: &str) -> Result<String, Failure> {
    let commit = format!("{here}^{{commit}}");
    match git.tried(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit], b"").await? {
        Ok(found) => Ok(String::from_utf8_lossy(&found).trim().to_owned()),
        Err(_) => Err(Failure::new(missing(git, reference))),
    }
}

fn missing(git: &Program, reference: &str) -> String {
    match reference {
        "HEAD" => format!("{}: the repository has no commit yet.", git.name),
        _ => format!("{}: there is no branch, tag or commit '{reference}'.", git.name),
    }
}

/// Words of git in words for whoever gave the inputs.
pub(super) fn refusal(said: &str) -> String {
    let has = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
    if has(&["could not read Username", "could not read Password", "Authentication failed", "error: 401", "error: 403"]) {
        format!("the server wants another login ({said})")
    } else if has(&["Host key verification failed", "HOST IDENTIFICATION"]) {
        "the server shows another key than 'ssh_hostkey'".to_owned()
    } else if has(&["Permission denied ("]) {
        format!("the server lets nobody in with this 'ssh_key' ({said})")
    } else {
        said.to_owned()
    }
}

/// A commit as an output.
pub(super) async fn commit(git: &Program, commit: &str) -> Result<Map<String, Value>, Failure> {
    let format = "--format=%an%x00%ae%x00%cI%x00%ct%x00%H%x00%h%x00%B";
    let told = git.run(&["log", "-1", "--no-show-signature", format, commit, "--"], b"").await?;
    let told = String::from_utf8_lossy(&told);
    let mut parts = told.trim_end_matches('\n').splitn(7, '\0');
    let mut output = Map::new();
    for name in ["author_name", "author_email", "commit_date_iso", "commit_date_unix", "commit_sha", "short_sha", "commit_message"] {
        let text = parts.next().unwrap_or_default();
        let value = match name {
            "commit_date_unix" => text.parse::<i64>().map_or(Value::Null, Value::from),
            "commit_message" => text.trim_end().into(),
            _ => text.into(),
        };
        output.insert(name.to_owned(), value);
    }
    Ok(output)
}

/// One file of a commit.
struct Entry {
    object: String,
    size: u64,
    path: String,
}

/// The files of a commit: in the output, or kept below `folder`.
pub(super) async fn files((git, commit): (&Program, &str), folder: Option<&str>, job: &Job<'_>) -> Result<Value, Failure> {
    let entries = entries(git, commit, job).await?;
    let whole: u64 = entries.iter().map(|entry| entry.size).sum();
    if folder.is_none() && whole > INLINE {
        let text =
            format!("{}: its {} files have {whole} bytes; give 'files_path' to have them kept as FILE records.", git.name, entries.len());
        return Err(Failure::new(text));
    }
    let mut running = git.start(&["cat-file", "--batch"])?;
    let Some(child) = &mut running.child else { return Ok(json!([])) };
    let (Some(mut ask), Some(answers)) = (child.stdin.take(), child.stdout.take()) else { return Ok(json!([])) };
    let mut answers = BufReader::with_capacity(PIECE, answers);
    let mut files = Vec::new();
    for entry in &entries {
        asked((&mut ask, &mut answers), entry).await.map_err(|why| Failure::new(format!("{}: '{}': {why}.", git.name, entry.path)))?;
        files.push(match folder {
            Some(folder) => {
                let name =
                    [folder.trim_matches('/'), &entry.path].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/");
                keep(&mut answers, (entry, &name), job)
                    .await
                    .map_err(|why| Failure::new(format!("The file '{name}' could not be kept: {why}.")))?;
                json!({ "name": entry.path, "file": name })
            }
            None => shown(&mut answers, entry, job).await.map_err(|why| Failure::new(format!("{}: '{}': {why}.", git.name, entry.path)))?,
        });
    }
    drop(ask);
    running.ended().await?;
    Ok(files.into())
}

async fn entries(git: &Program, commit: &str, job: &Job<'_>) -> Result<Vec<Entry>, Failure> {
    let told = git.run(&["ls-tree", "-r", "-z", "-l", "--full-tree", commit], b"").await?;
    let mut entries = Vec::new();
    let mut seen = BTreeSet::new();
    for line in told.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let line = String::from_utf8_lossy(line);
        let Some((about, path)) = line.split_once('\t') else { continue };
        let about: Vec<&str> = about.split_whitespace().collect();
        match about.as_slice() {
            ["100644" | "100755" | "100664", "blob", object, size] if seen.insert(path.to_owned()) => {
                entries.push(Entry { object: (*object).to_owned(), size: size.parse().unwrap_or(0), path: path.to_owned() });
            }
            ["120000", ..] => job.log.warning(format!("'{path}' is a symbolic link and is left out.")),
            ["160000", ..] => job.log.warning(format!("'{path}' is a repository of its own and is left out.")),
            _ => {}
        }
    }
    if entries.len() > MOST_FILES {
        return Err(Failure::new(format!("{}: it has {} files; at most {MOST_FILES} are taken.", git.name, entries.len())));
    }
    Ok(entries)
}

type Answers = BufReader<ChildStdout>;

/// Asks for an object; its content comes next.
async fn asked((ask, answers): (&mut ChildStdin, &mut Answers), entry: &Entry) -> Result<(), String> {
    let broken = |_| "git ended too early".to_owned();
    ask.write_all(format!("{}\n", entry.object).as_bytes()).await.map_err(broken)?;
    ask.flush().await.map_err(broken)?;
    let mut head = String::new();
    answers.read_line(&mut head).await.map_err(broken)?;
    let size =
        head.trim_end().rsplit_once(" blob ").or_else(|| head.trim_end().split_once("blob ")).and_then(|(_, size)| size.parse().ok());
    if size == Some(entry.size) { Ok(()) } else { Err(format!("git answers '{}'", head.trim_end())) }
}

async fn keep(answers: &mut Answers, (entry, name): (&Entry, &str), job: &Job<'_>) -> Result<(), String> {
    let said = |error: crate::error::Error| error.message().trim_end_matches('.').to_owned();
    let mut sink = job.files.begin(name).await.map_err(said)?;
    let (mut left, mut piece) = (entry.size, vec![0; PIECE]);
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let read = answers.read(&mut piece[..most]).await.ok().filter(|read| *read > 0).ok_or("git ended too early")?;
        sink.take(&piece[..read]).await.map_err(said)?;
        left -= read as u64;
    }
    sink.finish().await.map_err(said)?;
    line_end(answers).await
}

async fn shown(answers: &mut Answers, entry: &Entry, job: &Job<'_>) -> Result<Value, String> {
    let mut content = Vec::new();
    let read = (&mut *answers).take(entry.size).read_to_end(&mut content).await;
    read.ok().filter(|read| *read as u64 == entry.size).ok_or("git ended too early")?;
    line_end(answers).await?;
    Ok(match String::from_utf8(content).ok().filter(|text| !text.contains('\0')) {
        Some(text) => json!({ "name": entry.path, "content": text }),
        None => {
            job.log.warning(format!("'{}' is no text; with 'files_path' it is kept as a FILE.", entry.path));
            json!({ "name": entry.path })
        }
    })
}

/// What stands behind each object.
async fn line_end(answers: &mut Answers) -> Result<(), String> {
    answers.read_u8().await.map(drop).map_err(|_| "git ended too early".to_owned())
}
