//! `flowstead export` and `flowstead import`: documents as files.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::seat::{ImportOptions, ImportReport, SeatArgs, type_of};
use super::sync::folder;
use crate::error::{Error, Kind, Result};

#[derive(Args)]
pub(super) struct ExportArgs {
    /// The type of record, such as flow, or project, bundle or workspace for an archive of all in it.
    #[arg(default_value = "workspace")]
    record_type: String,
    /// Its name; not needed for the workspace.
    name: Option<String>,
    /// Where to write it; `-` for standard output. Default: a file of its name, here.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// With the columns that an import leaves alone: who made it and when.
    #[arg(long)]
    informational: bool,
    #[command(flatten)]
    seat: SeatArgs,
}

#[derive(Args)]
pub(super) struct ImportArgs {
    /// A YAML file, a zip archive, or a folder of them.
    path: PathBuf,
    /// What becomes of records that are there already.
    #[arg(long, value_parser = ["overwrite", "error", "skip"])]
    if_exists: Option<String>,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// What the change is about, for the history of the records.
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    #[command(flatten)]
    seat: SeatArgs,
}

pub(super) async fn export(args: ExportArgs) -> Result<()> {
    let of = type_of(&args.record_type)?;
    if args.name.is_none() && !of.is_single() {
        return Err(Error::invalid(format!("Which {}? Give its name, as in `flowstead export {0} hello`.", of.singular)));
    }
    let (file_name, content) = args.seat.open()?.export(of, args.name.as_deref(), args.informational).await?;
    let target = args.output.unwrap_or_else(|| PathBuf::from(&file_name));
    let refuse = |e: std::io::Error| Error::new(Kind::Unavailable, format!("{} cannot be written: {e}.", target.display()));
    if target == Path::new("-") {
        return std::io::stdout().write_all(&content).map_err(refuse);
    }
    std::fs::write(&target, &content).map_err(refuse)?;
    println!("wrote {} ({} bytes)", target.display(), content.len());
    Ok(())
}

pub(super) async fn import(args: ImportArgs) -> Result<ExitCode> {
    let seat = args.seat.open()?;
    let (content, is_archive) = read(&args.path)?;
    let options = ImportOptions { dry_run: args.dry_run, if_exists: args.if_exists, message: args.message };
    let report = seat.import(content, is_archive, options).await?;
    print(&report, args.dry_run);
    Ok(if report.error.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(path: &Path) -> Result<(Vec<u8>, bool)> {
    let refuse = |e: std::io::Error| Error::not_found(format!("{} cannot be read: {e}.", path.display()));
    if path.is_dir() {
        return Ok((pack(folder::files(path)?)?, true));
    }
    let content = std::fs::read(path).map_err(refuse)?;
    let is_archive = content.starts_with(b"PK\x03\x04");
    Ok((content, is_archive))
}

/// Files as an archive.
pub(super) fn pack(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Vec<u8>> {
    let made = |e: zip::result::ZipError| Error::internal("an archive could not be made").source_error(e);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        archive.start_file(path, SimpleFileOptions::default()).map_err(made)?;
        archive.write_all(&content).map_err(|e| made(e.into()))?;
    }
    Ok(archive.finish().map_err(made)?.into_inner())
}

/// A line for each document that is not as it was, and a sum. Where one is refused, the others are left undone: they are listed too.
pub(super) fn print(report: &ImportReport, dry_run: bool) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for document in &report.documents {
        let (outcome, what) = (text(&document["outcome"]), format!("{} {}", text(&document["type"]), text(&document["name"])));
        *counts.entry(outcome.clone()).or_default() += 1;
        if outcome != "unchanged" {
            let file = document["file"].as_str().map(|file| format!("{file}:")).unwrap_or_default();
            match &document["error"] {
                Value::Null if report.error.is_some() => println!("{:<10} {}", "left", what.trim()),
                Value::Null => println!("{outcome:<10} {}", what.trim()),
                error => println!("{outcome:<10} {} ({file}{}): {}", what.trim(), document["error_line"], text(&error["error_message"])),
            }
        }
        for column in document["missing"].as_array().into_iter().flatten().filter(|_| outcome == "created" && report.error.is_none()) {
            println!("           {what} has no '{}' yet: no document brings it", text(column));
        }
    }
    match &report.error {
        Some(error) if report.documents.is_empty() => println!("Nothing was imported. {error}"),
        Some(_) => {
            println!("Nothing was imported: {} of {} documents are refused.", counts.get("refused").unwrap_or(&0), report.documents.len());
        }
        None => {
            let sum: Vec<String> = counts.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
            println!("{}{}.", if dry_run { "Would be: " } else { "" }, sum.join(", "));
        }
    }
}
