//! Where a page or a server is: scheme, host and port of a URL.

/// What browsers send as `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: String,
    /// Lower case; an IPv6 address without its brackets.
    pub host: String,
    pub port: u16,
}

impl Origin {
    /// The origin of a URL; `None` for what is no HTTP URL with a host.
    pub fn of(url: &str) -> Option<Origin> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let usual = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let (host, port) = split(authority)?;
        Some(Origin { scheme, host: host.to_ascii_lowercase(), port: port.unwrap_or(usual) })
    }

    /// Whether only this machine can be there.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// The host of a `Host` header, lower case and without its port.
pub fn host(authority: &str) -> Option<String> {
    split(authority).map(|(host, _)| host.to_ascii_lowercase())
}

/// Whether a host name stands for this machine whoever asks.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => authority.find(':').map_or((authority, ""), |at| authority.split_at(at)),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => Some(port.parse().ok()?),
        None if rest.is_empty() => None,
        None => return None,
    };
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    is_host.then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Option<(String, String, u16)> {
        Origin::of(url).map(|origin| (origin.scheme, origin.host, origin.port))
    }

    #[test]
    fn a_port_that_is_not_there_is_that_of_the_scheme() {
        assert_eq!(of("https://Flows.Example.com"), Some(("https".into(), "flows.example.com".into(), 443)));
        assert_eq!(of("http://[::1]:7410/path"), Some(("http".into(), "::1".into(), 7410)));
        assert_eq!(of("http://a?x"), Some(("http".into(), "a".into(), 80)));
    }

    #[test]
    fn what_has_no_host_has_no_origin() {
        for text in ["null", "", "http://", "ftp://a", "http://a:b", "http://a@b", "flows.example.com", "http://[::1", "http://a:70000"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn loopback_is_told_by_name_and_by_address() {
        for host in ["localhost", "127.0.0.1", "127.8.0.1", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.evil.com", "10.0.0.1", "evil"] {
            assert!(!is_loopback(host), "{host}");
        }
        assert_eq!(host("127.0.0.1:7410").as_deref(), Some("127.0.0.1"));
        assert_eq!(host("[::1]").as_deref(), Some("::1"));
    }
}
