//! Where a repository is: over HTTP, over SSH or at a git daemon, and never on this machine's disk.

use reqwest::Url;

use super::super::http::{self, wrong};
use crate::error::Result;

/// How a repository is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Http,
    Ssh,
    /// `git://`, which knows no logins.
    Daemon,
}

/// A repository's address.
#[derive(Debug)]
pub(super) struct Address {
    /// As the program takes it; there is no login in it but the user of an SSH address.
    pub url: String,
    pub way: Way,
    /// In lower case.
    pub host: String,
    /// The part that a login over HTTP is meant for: `https://host:port/`.
    pub origin: String,
    /// Who logs in, where the address says it.
    pub user: Option<String>,
}

const FIELD: &str = "repository_url";

impl Address {
    pub fn read(text: &str) -> Result<Address> {
        let text = text.trim();
        if text.is_empty() || text.starts_with('-') || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(wrong(FIELD, "'repository_url' is no address of a repository.".to_owned()));
        }
        if text.contains("://") { Address::whole(text) } else { Address::short(text) }
    }

    fn whole(text: &str) -> Result<Address> {
        let mut url = Url::parse(text).map_err(|error| wrong(FIELD, format!("'repository_url' is no whole address ({error}).")))?;
        let way = match url.scheme() {
            "http" | "https" => Way::Http,
            "ssh" => Way::Ssh,
            "git" => Way::Daemon,
            other => {
                let text = format!("'repository_url' begins with '{other}://'; it goes to 'https://', 'http://', 'ssh://' and 'git://'.");
                return Err(wrong(FIELD, text));
            }
        };
        let host = http::host(&url, FIELD)?;
        if host.is_empty() || host.starts_with('-') {
            return Err(wrong(FIELD, "'repository_url' names no host.".to_owned()));
        }
        if url.password().is_some() {
            return Err(wrong(FIELD, "'repository_url' has a password in it; give 'username' and 'password' instead.".to_owned()));
        }
        let user = Some(url.username()).filter(|user| !user.is_empty()).map(str::to_owned);
        if user.as_ref().is_some_and(|user| user.starts_with('-')) {
            return Err(wrong(FIELD, "'repository_url' names no user.".to_owned()));
        }
        if way != Way::Ssh {
            // It goes another way, where no list of processes shows it. An address with a host takes that.
            let _ = url.set_username("");
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let origin = format!("{}://{}{port}/", url.scheme(), url.host_str().unwrap_or_default());
        Ok(Address { url: url.to_string(), way, host, origin, user })
    }

    /// `git@host:path`, as SSH addresses are often written.
    fn short(text: &str) -> Result<Address> {
        let parts = text.split_once(':').filter(|(host, path)| !host.contains('/') && !path.is_empty());
        let Some((place, _)) = parts else {
            let text = "'repository_url' begins with 'https://', 'http://', 'ssh://' or 'git://', or reads 'git@host:path'.";
            return Err(wrong(FIELD, text.to_owned()));
        };
        let (user, host) = place.split_once('@').map_or((None, place), |(user, host)| (Some(user.to_owned()), host));
        if host.contains(['(', ')']) {
            return Err(wrong(FIELD, "The host of a connection stands in its inputs as it is; it cannot be a secret.".to_owned()));
        }
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || host.starts_with('-') || user.as_ref().is_some_and(|user| user.is_empty() || user.starts_with('-')) {
            return Err(wrong(FIELD, "'repository_url' names no host.".to_owned()));
        }
        let host = host.trim_end_matches('.').to_lowercase();
        Ok(Address { url: text.to_owned(), way: Way::Ssh, origin: String::new(), host, user })
    }
}

/// A branch, a tag or a commit, as the program may be told it.
pub(super) fn reference(text: &str) -> Result<&str> {
    let text = text.trim();
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\+".contains(c);
    let is_wrong = text.is_empty()
        || text.starts_with(['-', '/'])
        || text.ends_with(['/', '.'])
        || text.rsplit_once('.').is_some_and(|(_, end)| end == "lock");
    if is_wrong || text.contains("..") || text.contains("@{") || text.chars().any(is_odd) {
        return Err(wrong("ref", format!("'{text}' is no name of a branch, a tag or a commit.")));
    }
    Ok(text)
}

/// A path inside a repository, as the program may be told it.
pub(super) fn path(text: &str) -> Result<&str> {
    let is_part = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.eq_ignore_ascii_case(".git");
    if text.split('/').all(is_part) && !text.chars().any(char::is_control) {
        return Ok(text);
    }
    Err(wrong("files", format!("'{text}' in 'files' is no path in a repository, such as 'folder/file.txt'.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_four_kinds() {
        for (text, way, host, url) in [
            ("https://Example.org/a.git", Way::Http, "example.org", "https://example.org/a.git"),
            ("https://me@example.org:8443/a", Way::Http, "example.org", "https://example.org:8443/a"),
            ("ssh://git@example.org:2222/a", Way::Ssh, "example.org", "ssh://git@example.org:2222/a"),
            ("git@Example.org:team/a.git", Way::Ssh, "example.org", "git@Example.org:team/a.git"),
            ("git://example.org/a", Way::Daemon, "example.org", "git://example.org/a"),
        ] {
            let address = Address::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((address.way, address.host.as_str(), address.url.as_str()), (way, host, url));
        }
        assert_eq!(Address::read("https://me@example.org:8443/a").unwrap().user.as_deref(), Some("me"));
        assert_eq!(Address::read("https://example.org:8443/a").unwrap().origin, "https://example.org:8443/");
    }

    #[test]
    fn nothing_leads_to_the_disk_to_a_program_or_to_an_option() {
        for text in [
            "/srv/repo",
            "file:///srv/repo",
            "ext::sh -c x",
            "ext::x",
            "--upload-pack=x",
            "ssh://-oProxyCommand=x/y",
            "-x@host:path",
            "-host:path",
            "repo",
            "https://me:open@example.org/a",
            "https://secret(a)/b",
            "secret(a):b",
            "",
        ] {
            // `ext::x` would be a host of that name.
            let read = Address::read(text);
            assert!(
                read.is_err() || read.as_ref().is_ok_and(|address| address.way == Way::Ssh && address.host == "ext"),
                "{text}: {read:?}"
            );
        }
    }

    #[test]
    fn names_and_paths_are_plain() {
        for text in ["main", "feature/a", "v1.0", "0123abc", "refs/heads/main"] {
            assert_eq!(reference(text).unwrap(), text);
        }
        for text in ["", "-x", "a b", "a..b", "a:b", "+a", "a^", "@{1}", "a.lock", "a/"] {
            assert!(reference(text).is_err(), "{text}");
        }
        for text in ["", "/a", "a/../b", ".git/config", "a//b", "a\nb", "a/.GIT/x"] {
            assert!(path(text).is_err(), "{text}");
        }
        assert_eq!(path("a/b.txt").unwrap(), "a/b.txt");
    }
}
