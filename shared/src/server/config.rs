//! The flags that all stages share.

use super::shutdown::DrainSettings;
use crate::app::files::FileSettings;
use crate::http::limits::{Limits, duration};
use crate::telemetry::TelemetrySettings;
use anyhow::{Context, Result, bail};
use clap::{ArgMatches, Args as _, Command, FromArgMatches, Parser, ValueEnum};
use std::net::SocketAddr;
use std::time::Duration;

/// What a stage was told on its command line.
#[derive(Parser, Clone, Debug)]
pub struct Args {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = address)]
    pub listen: SocketAddr,
    /// Threads that serve: workers, or loops
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
    /// Whether a connection stays open between requests
    #[arg(long, value_name = "WHEN", default_value = "always")]
    pub keep_alive: KeepAlive,
    /// Who accepts where several loops serve (stage 4), and when
    #[arg(long, value_name = "HOW", default_value = "reuseport")]
    pub accept: Accept,
    /// Share the port with a server that is running, to take over from it
    #[arg(long)]
    pub replace: bool,
    /// Connections that may wait to be accepted; the kernel caps it at net.core.somaxconn
    #[arg(long, value_name = "N", default_value_t = i32::MAX, value_parser = clap::value_parser!(i32).range(1..))]
    pub backlog: i32,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub limits: Limits,
    /// For a response to go on; and for all of it, plus 1 s per KiB that was taken: then closed
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration, help_heading = "Limits")]
    pub write_timeout: Duration,
    /// Connections open at once: beyond it, new ones are not accepted (0: as descriptors allow)
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Limits")]
    pub max_connections: usize,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub drain: DrainSettings,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub files: FileSettings,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub telemetry: TelemetrySettings,
}

impl Default for Args {
    /// The defaults of the flags.
    fn default() -> Self {
        Self::parse_from([""])
    }
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    match text.parse() {
        Ok(SocketAddr::V6(v6)) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => {
            Err("a link-local address needs the number of its interface, like [fe80::1%2]:8080")
        }
        Ok(address) => Ok(address),
        Err(_) => Err("write an IP address and a port, like 127.0.0.1:8080 or [::1]:0"),
    }
}

/// When a connection stays open between two requests.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepAlive {
    /// Unless other connections wait for a thread
    Fair,
    /// Until the client or a time-out ends it
    Always,
    /// One request, one connection
    Never,
}

/// Who takes a new connection where several loops could, and when.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// A listener per loop; the kernel chooses by a hash of addresses (SO_REUSEPORT)
    Reuseport,
    /// One listener; the kernel wakes a loop that sleeps (EPOLLEXCLUSIVE)
    Exclusive,
    /// As reuseport, once bytes have come, or after a second (TCP_DEFER_ACCEPT)
    Deferred,
}

/// Where a stage differs from the others: its name and its defaults.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// `stageN-name`.
    pub name: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
    /// Default of `--threads`.
    pub threads: Threads,
    /// Default of `--keep-alive`.
    pub keep_alive: &'static str,
    /// Default of `--idle-timeout`.
    pub idle_timeout: &'static str,
}

/// How many threads a stage has unless told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// One, by design.
    One,
    /// So many.
    Many(u16),
    /// One for each core.
    PerCore,
}

impl Threads {
    fn count(self) -> u16 {
        match self {
            Self::One => 1,
            Self::Many(count) => count,
            Self::PerCore => {
                std::thread::available_parallelism().map_or(1, |cores| cores.get() as u16)
            }
        }
    }
}

impl Stage {
    /// Reads the command line; on an error, or `--help`, prints what clap says and ends the process.
    pub fn parse(&self) -> Result<Args> {
        let matches = self.command().get_matches();
        self.checked(&matches)
    }

    fn command(&self) -> Command {
        let threads = self.threads.count().to_string();
        Args::augment_args(Command::new(self.name))
            .about(self.about)
            .version(env!("CARGO_PKG_VERSION"))
            .mut_arg("threads", |arg| arg.default_value(threads).hide(self.threads == Threads::One))
            .mut_arg("keep_alive", |arg| arg.default_value(self.keep_alive))
            .mut_arg("idle_timeout", |arg| arg.default_value(self.idle_timeout))
    }

    fn checked(&self, matches: &ArgMatches) -> Result<Args> {
        let args = Args::from_arg_matches(matches).context("reading the command line")?;
        if self.threads == Threads::One && args.threads != 1 {
            bail!(
                "{} has one thread by design: leave --threads away, or run another stage",
                self.name
            );
        }
        Ok(args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: Stage = Stage {
        name: "stage9-test",
        about: "",
        threads: Threads::Many(64),
        keep_alive: "fair",
        idle_timeout: "5s",
    };

    fn parse(stage: Stage, line: &str) -> Result<Args> {
        let matches = stage.command().try_get_matches_from(line.split_whitespace())?;
        stage.checked(&matches)
    }

    #[test]
    fn a_stage_sets_its_defaults_and_the_reader_overrides_them() {
        let args = parse(STAGE, "x").unwrap();
        assert_eq!((args.threads, args.keep_alive), (64, KeepAlive::Fair));
        assert_eq!(args.limits.idle_timeout, Duration::from_secs(5));
        let args =
            parse(STAGE, "x --threads 3 --keep-alive never --listen [::1]:0 --max-body 9").unwrap();
        assert_eq!((args.threads, args.keep_alive, args.limits.max_body), (3, KeepAlive::Never, 9));
        assert_eq!(args.listen, "[::1]:0".parse().unwrap());
    }

    #[test]
    fn every_line_of_help_fits_into_100_columns() {
        for line in STAGE.command().render_long_help().to_string().lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn defaults_of_the_flags_are_those_of_the_limits() {
        let stage = Stage { idle_timeout: "15s", ..STAGE };
        assert_eq!(
            format!("{:?}", parse(stage, "x").unwrap().limits),
            format!("{:?}", Limits::default())
        );
    }

    #[test]
    fn an_address_that_cannot_be_is_refused_with_one_that_can() {
        for wrong in ["localhost:0", "8080", "::1", "[fe80::1%lo]:0", "[fe80::1]:0"] {
            let error = parse(STAGE, &format!("x --listen {wrong}")).unwrap_err().to_string();
            let line = error.lines().next().unwrap();
            let like: Vec<_> =
                line.split([' ', ',']).filter_map(|word| address(word).ok()).collect();
            assert!(!like.is_empty(), "{line}");
        }
        assert!(parse(STAGE, "x --listen [fe80::1%2]:0").is_ok());
    }

    #[test]
    fn nonsense_is_an_error() {
        for line in
            ["x --threads 0", "x --listen nowhere", "x --idle-timeout 5h", "x --grace", "x --what"]
        {
            assert!(parse(STAGE, line).is_err(), "{line}");
        }
        assert!(parse(Stage { threads: Threads::One, ..STAGE }, "x --threads 2").is_err());
    }
}
