//! A push: files laid over those of a branch, as one commit. Whoever pushed in between is not overwritten.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::super::http::wrong;
use super::super::{Failure, Job};
use super::program::Program;
use super::{Inputs, address, read};

/// The branch of a repository that is empty and names none.
const FIRST: &str = "main";

pub(super) async fn push(
    (git, url): (&Program, &str),
    (reference, inputs): (Option<&str>, &Inputs),
    job: &Job<'_>,
) -> Result<Value, Failure> {
    let mut files: Vec<(&str, &str)> = Vec::new();
    for (path, text) in &inputs.files {
        files.push((address::path(path)?, text.as_str().unwrap_or_default()));
    }
    if files.is_empty() {
        return Err(wrong("files", "A push needs 'files': the texts by their paths in the repository.".to_owned()).into());
    }
    let (branch, parent) = tip(git, url, reference).await?;
    if let Some(parent) = &parent {
        let one = format!("+refs/heads/{branch}:refs/flowstead/it");
        git.run(&["fetch", "--quiet", "--depth=1", "--no-tags", "--", url, &one], b"").await?;
        git.run(&["read-tree", parent], b"").await?;
    } else {
        git.run(&["read-tree", "--empty"], b"").await?;
    }
    let tree = tree(git, &files).await?;
    if let Some(parent) = &parent {
        let before = git.run(&["rev-parse", "--verify", "--end-of-options", &format!("{parent}^{{tree}}")], b"").await?;
        if line(&before) == tree {
            job.log.warning("The branch has these files already; nothing was pushed.".to_owned());
            return Ok(read::commit(git, parent).await?.into());
        }
    }
    let message = inputs.message.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or("Files of a flow");
    let mut arguments = vec!["commit-tree", tree.as_str(), "-F", "-"];
    if let Some(parent) = &parent {
        arguments.extend(["-p", parent.as_str()]);
    }
    let commit = line(&git.run(&arguments, message.as_bytes()).await?);
    match git.tried(&["push", "--quiet", "--no-verify", "--", url, &format!("{commit}:refs/heads/{branch}")], b"").await? {
        Ok(_) => Ok(read::commit(git, &commit).await?.into()),
        Err(said) if said.contains("fetch first") || said.contains("non-fast-forward") || said.contains("cannot lock ref") => {
            Err(Failure::new(format!("{}: somebody else pushed to '{branch}' in between; nothing was pushed.", git.name)))
        }
        Err(said) => Err(Failure::new(format!("{}: the push to '{branch}' was not taken: {}.", git.name, read::refusal(&said)))),
    }
}

/// The branch, and its commit if there is one.
async fn tip(git: &Program, url: &str, reference: Option<&str>) -> Result<(String, Option<String>), Failure> {
    let wanted = reference.map(|name| name.trim_start_matches("refs/heads/"));
    let pattern = wanted.map_or("refs/heads/*".to_owned(), |name| format!("refs/heads/{name}"));
    let told = match git.tried(&["ls-remote", "--symref", "--", url, "HEAD", &pattern], b"").await? {
        Ok(told) => told,
        Err(said) => return Err(Failure::new(format!("{}: {}.", git.name, read::refusal(&said)))),
    };
    let told = String::from_utf8_lossy(&told);
    let mut head = None;
    let mut tips = BTreeMap::new();
    for line in told.lines() {
        let Some((value, name)) = line.split_once('\t') else { continue };
        match (value.strip_prefix("ref: refs/heads/"), name.strip_prefix("refs/heads/")) {
            (Some(branch), _) => head = Some(branch.to_owned()),
            (None, Some(branch)) => drop(tips.insert(branch.to_owned(), value.to_owned())),
            (None, None) => {}
        }
    }
    let branch = wanted.map(str::to_owned).or(head).unwrap_or_else(|| FIRST.to_owned());
    let tip = tips.remove(&branch);
    Ok((branch, tip))
}

/// The index with the files laid over it, as a tree.
async fn tree(git: &Program, files: &[(&str, &str)]) -> Result<String, Failure> {
    let listed = git.run(&["ls-files", "-s", "-z"], b"").await?;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let programs: Vec<&str> =
        listed.split('\0').filter(|line| line.starts_with("100755 ")).filter_map(|line| Some(line.split_once('\t')?.1)).collect();
    let mut index = String::new();
    for (path, text) in files {
        let object = line(&git.run(&["hash-object", "-w", "--no-filters", "--stdin"], text.as_bytes()).await?);
        // What is a program stays one.
        let mode = if programs.contains(path) { "100755" } else { "100644" };
        // Writing to a text cannot fail.
        let _ = write!(index, "{mode} {object}\t{path}\0");
    }
    git.run(&["update-index", "-z", "--replace", "--index-info"], index.as_bytes()).await?;
    Ok(line(&git.run(&["write-tree"], b"").await?))
}

fn line(told: &[u8]) -> String {
    String::from_utf8_lossy(told).trim().to_owned()
}
