//! What a URL means to a client of plain HTTP: an address to connect to, a Host, a request target.

use crate::args::misuse;
use anyhow::{Context, Result, ensure};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::num::NonZeroU16;
use std::time::Duration;

/// How long one of several addresses may take to answer a connect before the next is tried.
const PROBE: Duration = Duration::from_secs(1);

/// An `http` URL whose host was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Of the addresses that the host's name stands for, the first that takes a connection.
    pub address: SocketAddr,
    /// Host, and the port if the URL names one: the value of the Host field.
    pub host: String,
    /// Path and query, as they stand in the request line (origin-form).
    pub target: String,
}

impl Url {
    /// Reads `http://HOST[:PORT][/PATH]` (the scheme may be left out) and looks the host up. A name with
    /// several addresses is tried out: `localhost` is `::1` and 127.0.0.1, and servers often listen on one of them.
    ///
    /// # Errors
    /// Another scheme, a user name, a host that is not found, characters that a request line cannot hold.
    pub fn parse(text: &str) -> Result<Self> {
        // A fragment never leaves the client.
        let rest = text.split('#').next().unwrap_or(text);
        ensure!(
            rest.bytes().all(|byte| byte.is_ascii_graphic()),
            misuse(format!(
                "`{}` holds characters that must be percent-encoded; a host's name has a form of its own (xn--...)",
                text.escape_debug()
            ))
        );
        let rest = without_scheme(rest)?;
        let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        ensure!(
            !host.contains('@'),
            misuse(format!(
                "`{text}` holds a user name; send it as a field: -H 'Authorization: Basic ...'"
            ))
        );
        // An empty port is the scheme's (RFC 3986, section 3.2.3).
        let host = host.strip_suffix(':').unwrap_or(host);
        ensure!(!host.is_empty(), misuse(format!("`{text}` names no host")));
        let mut address =
            reachable(&look_up(host)?).with_context(|| format!("`{host}` has no address"))?;
        // Servers say that they listen on 0.0.0.0; what connects to it is led to this machine itself.
        match address.ip() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self { address, host: host.to_owned(), target: format!("{slash}{target}") })
    }
}

/// What follows `http://`, in any case (RFC 3986, section 3.1). A `://` behind a path or a query is no scheme.
fn without_scheme(text: &str) -> Result<&str> {
    let is_scheme = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
        None => Ok(text),
        Some((scheme, rest)) => {
            let plain = scheme.eq_ignore_ascii_case("http");
            let what = "is not spoken here: only plain http:// is";
            ensure!(plain, misuse(format!("{scheme}:// {what}")));
            Ok(rest)
        }
    }
}

/// All addresses of a host, the likeliest first, as the resolver has them.
fn look_up(host: &str) -> Result<Vec<SocketAddr>> {
    // The colons of an IPv6 address stand inside its brackets; one behind them starts a port.
    let port = host.rsplit(']').next().and_then(|end| end.rsplit_once(':'));
    // A number in Rust may begin with `+`, a port may not.
    let is_one = |port: &str| !port.starts_with('+') && port.parse::<NonZeroU16>().is_ok();
    ensure!(
        port.is_none_or(|(_, port)| is_one(port)),
        misuse(format!("the port in `{host}` is not a number from 1 to 65535"))
    );
    let with_port = if port.is_some() { host.to_owned() } else { format!("{host}:80") };
    let found = with_port.to_socket_addrs();
    let mut found: Vec<_> = found.with_context(|| format!("cannot look up `{host}`"))?.collect();
    found.dedup();
    Ok(found)
}

/// The first that takes a connection; if none does, the first. The only one needs no trial.
fn reachable(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    let takes = |address: &&SocketAddr| TcpStream::connect_timeout(address, PROBE).is_ok();
    let several = addresses.len() > 1;
    addresses.iter().find(|address| several && takes(address)).or(addresses.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn the_parts() {
        for (text, address, host, target) in [
            ("http://127.0.0.1:8080/a?b#c", "127.0.0.1:8080", "127.0.0.1:8080", "/a?b"),
            ("http://127.0.0.1", "127.0.0.1:80", "127.0.0.1", "/"),
            ("HTTP://127.0.0.1:/x", "127.0.0.1:80", "127.0.0.1", "/x"),
            ("127.0.0.1:81?q", "127.0.0.1:81", "127.0.0.1:81", "/?q"),
            ("127.0.0.1:81/?to=http://h/#x://", "127.0.0.1:81", "127.0.0.1:81", "/?to=http://h/"),
            ("127.0.0.1:81#/x", "127.0.0.1:81", "127.0.0.1:81", "/"),
            ("http://127.0.0.1/a@b", "127.0.0.1:80", "127.0.0.1", "/a@b"),
            ("http://[::1]:82/x", "[::1]:82", "[::1]:82", "/x"),
            ("http://[::1]", "[::1]:80", "[::1]", "/"),
            ("http://0.0.0.0:83/", "127.0.0.1:83", "0.0.0.0:83", "/"),
            ("http://[::]:83/", "[::1]:83", "[::]:83", "/"),
            ("hTTp://[::1]:?q", "[::1]:80", "[::1]", "/?q"),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(url.address, address.parse().unwrap(), "{text}");
            assert_eq!((url.host.as_str(), url.target.as_str()), (host, target), "{text}");
        }
    }

    #[test]
    fn what_is_refused_says_why() {
        for (text, why) in [
            ("https://127.0.0.1/", "only plain http://"),
            ("://127.0.0.1/", "only plain http://"),
            ("http:///x", "names no host"),
            ("http://:80/x", ":80"),
            ("", "names no host"),
            ("http://127.0.0.1/a b", "percent-encoded"),
            ("http://a\nb/", "`http://a\\nb/` holds"),
            ("http://u:p@127.0.0.1/", "Authorization"),
            ("http://b\u{fc}cher.example/", "xn--"),
            ("127.0.0.1:x", "not a number from 1 to 65535"),
            ("127.0.0.1:+80", "not a number from 1 to 65535"),
            ("http://127.0.0.1:65536/", "not a number from 1 to 65535"),
            ("http://::1/", "cannot look up"),
        ] {
            let error = format!("{:#}", Url::parse(text).unwrap_err());
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn of_several_addresses_the_first_that_takes_a_connection() {
        let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (gone, first, second) = (bind().local_addr().unwrap(), bind(), bind());
        let [first, second] = [&first, &second].map(|listener| listener.local_addr().unwrap());
        assert_eq!(reachable(&[gone, first, second]), Some(first));
        assert_eq!(reachable(&[second, gone, first]), Some(second));
        assert_eq!(reachable(&[gone, gone]), Some(gone), "its refusal is then told");
        assert_eq!(reachable(&[]), None);
    }
}
