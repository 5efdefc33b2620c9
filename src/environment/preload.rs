//! Which modules of an environment are worth importing before the first fork: those of the packages that were asked for.

use std::collections::BTreeSet;
use std::path::Path;

/// An environment with more of them is not imported ahead beyond these.
const MOST: usize = 40;

/// The modules of the packages that `requirements` name, as the installed packages tell.
pub(super) fn modules(site: &Path, requirements: &[String]) -> Vec<String> {
    let wanted: BTreeSet<String> = requirements.iter().map(|line| normal(name(line))).collect();
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(site).into_iter().flatten().flatten() {
        let file_name = entry.file_name().to_string_lossy().into_owned();
        let Some((package, _)) = file_name.strip_suffix(".dist-info").and_then(|stem| stem.split_once('-')) else { continue };
        if wanted.contains(&normal(package)) {
            let record = std::fs::read_to_string(entry.path().join("RECORD")).unwrap_or_default();
            found.extend(record.lines().filter_map(|line| module(line.split(',').next().unwrap_or_default())));
        }
    }
    found.into_iter().take(MOST).collect()
}

/// The name of a requirement, without its extras and versions.
fn name(requirement: &str) -> &str {
    let end = requirement.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(requirement.len());
    &requirement[..end]
}

/// Names that mean the same package are written in many ways.
fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['.', '-'], "_")
}

/// The top module that a file of a package belongs to; those that begin with an underscore are its own affair.
fn module(file: &str) -> Option<String> {
    let module = match file.split_once('/') {
        Some((folder, "__init__.py")) => folder,
        Some(_) => return None,
        None => file
            .strip_suffix(".py")
            .or_else(|| Path::new(file).extension().is_some_and(|kind| kind == "so").then(|| file.split('.').next().unwrap_or_default()))?,
    };
    let is_plain = module.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && module.starts_with(|c: char| c.is_ascii_alphabetic());
    is_plain.then(|| module.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_of_what_was_asked_for_are_found_and_those_of_others_are_not() {
        let site = tempfile::tempdir().unwrap();
        for (package, record) in [
            (
                "Python_Dateutil-2.9",
                "dateutil/__init__.py,sha256=x,1\ndateutil/tz/__init__.py,,\nsix_like.py,,\n../bin/tool,,\n_own.py,,\n",
            ),
            ("fast-1.0", "fast.cpython-313-x86_64-linux-gnu.so,,\nfast-1.0.dist-info/RECORD,,\n"),
            ("other-1.0", "other/__init__.py,,\n"),
        ] {
            let folder = site.path().join(format!("{package}.dist-info"));
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("RECORD"), record).unwrap();
        }
        let wanted = ["python-dateutil>=2".to_owned(), "fast[x]; python_version > '3'".to_owned()];
        assert_eq!(modules(site.path(), &wanted), ["dateutil", "fast", "six_like"]);
    }
}
