//! What a URL means to a client of plain HTTP: an address to connect to, a Host, a request target.

use anyhow::{Context, Result, bail, ensure};
use std::net::{SocketAddr, ToSocketAddrs};

/// An `http` URL whose host was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// The first address that the host's name stands for.
    pub address: SocketAddr,
    /// Host, and the port when it is not 80: the value of the Host field.
    pub host: String,
    /// Path and query, as they stand in the request line (origin-form).
    pub target: String,
}

impl Url {
    /// Reads `http://HOST[:PORT][/PATH]` (the scheme may be left out) and looks the host up.
    pub fn parse(text: &str) -> Result<Self> {
        let rest = match text.split_once("://") {
            None => text,
            Some(("http", rest)) => rest,
            Some((scheme, _)) => bail!("{scheme}:// is not spoken here: only plain http:// is"),
        };
        // A fragment never leaves the client.
        let rest = rest.split('#').next().unwrap_or(rest);
        let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        ensure!(!host.is_empty() && !host.contains('@'), "`{text}` names no host");
        ensure!(
            target.bytes().all(|byte| byte.is_ascii_graphic()),
            "`{text}` holds characters that must be percent-encoded"
        );
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self {
            address: look_up(host)?,
            host: host.to_owned(),
            target: format!("{slash}{target}"),
        })
    }
}

fn look_up(host: &str) -> Result<SocketAddr> {
    // The colons of an IPv6 address stand inside its brackets; one behind them starts a port.
    let has_port = host.rsplit(']').next().is_some_and(|end| end.contains(':'));
    let with_port = if has_port { host.to_owned() } else { format!("{host}:80") };
    with_port
        .to_socket_addrs()
        .with_context(|| format!("cannot look up `{host}`"))?
        .next()
        .with_context(|| format!("`{host}` has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts() {
        for (text, address, host, target) in [
            ("http://127.0.0.1:8080/a?b#c", "127.0.0.1:8080", "127.0.0.1:8080", "/a?b"),
            ("http://127.0.0.1", "127.0.0.1:80", "127.0.0.1", "/"),
            ("127.0.0.1:81?q", "127.0.0.1:81", "127.0.0.1:81", "/?q"),
            ("http://[::1]:82/x", "[::1]:82", "[::1]:82", "/x"),
            ("http://[::1]", "[::1]:80", "[::1]", "/"),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(url.address, address.parse().unwrap(), "{text}");
            assert_eq!((url.host.as_str(), url.target.as_str()), (host, target), "{text}");
        }
    }

    #[test]
    fn what_is_refused() {
        for text in [
            "https://127.0.0.1/",
            "http:///x",
            "",
            "http://127.0.0.1/a b",
            "http://u@h/",
            "127.0.0.1:x",
        ] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
    }
}
