//! `bench load`: its flags, and what they make of a load.

use super::output;
use super::plan::{Expect, Options};
use super::url::Url;
use crate::terminal;
use crate::{args, interrupt::Interrupt};
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::time::Duration;

/// What `bench load` takes.
#[derive(Args, Debug)]
pub struct LoadArgs {
    /// What to ask for: http://HOST[:PORT][/PATH]
    url: String,
    /// Connections, open at the same time
    #[arg(short, long, default_value = "50", value_parser = args::count)]
    connections: usize,
    /// How long to measure, after the warm-up (500ms, 10s, 1m)
    #[arg(short, long, default_value = "10s", value_parser = args::duration)]
    duration: Duration,
    /// Threads of the generator [default: one per core]
    #[arg(short, long, value_parser = args::count)]
    threads: Option<usize>,
    /// One request per connection (Connection: close)
    #[arg(long)]
    close: bool,
    /// Requests sent in one write, before their responses are waited for
    #[arg(long, default_value = "1", value_name = "N", value_parser = args::count)]
    pipeline: usize,
    /// How long a response may take
    #[arg(long, default_value = "5s", value_parser = args::duration)]
    timeout: Duration,
    /// A further header field, `Name: value`, or another Host, Connection, Content-Length; may be repeated
    #[arg(short = 'H', long = "header", value_name = "FIELD", value_parser = args::header)]
    headers: Vec<(String, String)>,
    /// The request's method
    #[arg(short, long, default_value = "GET")]
    method: String,
    /// The request's body
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// The body that responses must have [default: that of the first response]
    #[arg(long, value_name = "TEXT", conflicts_with = "any_body")]
    expect: Option<String>,
    /// Responses may differ from each other
    #[arg(long)]
    any_body: bool,
    /// Requests per second, sent when they are due and timed from then [default: a closed loop]
    #[arg(short = 'R', long, value_name = "N", conflicts_with = "pipeline", value_parser = args::rate)]
    rate: Option<f64>,
    /// Further clients that send one request and then stay silent
    #[arg(long, value_name = "N", default_value = "0")]
    idle: usize,
    /// Further clients that send one byte of their request each second
    #[arg(long, value_name = "N", default_value = "0")]
    slow: usize,
    /// CPU time to waste for each response, to see what a slow generator does to the figures
    #[arg(long, value_name = "TIME", value_parser = args::duration)]
    burden: Option<Duration>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

impl LoadArgs {
    /// Runs the load and prints what came of it. Wrong responses are figures, not errors of ours.
    ///
    /// # Errors
    /// When no connection comes about, or standard output takes no more.
    pub fn run(self, interrupt: &Interrupt) -> Result<()> {
        let (options, json) = (self.options()?, self.json);
        let outcome = super::run(&options, interrupt)?;
        let text = if json {
            output::json(&options, &outcome)?
        } else {
            output::human(&options, &outcome)
        };
        terminal::print(&text)
    }

    fn options(&self) -> Result<Options> {
        let is_token = |byte: u8| byte.is_ascii_uppercase() || byte == b'-';
        ensure!(
            !self.method.is_empty() && self.method.bytes().all(is_token),
            "`{}` is not a method; methods are written in capitals, such as POST",
            self.method
        );
        let url = Url::parse(&self.url).with_context(|| format!("cannot load `{}`", self.url))?;
        let mut options = Options::get(url, self.connections, self.duration);
        options.threads = self.threads.unwrap_or(options.threads);
        options.timeout = self.timeout;
        options.close = self.close;
        options.pipeline = self.pipeline;
        options.headers = self.headers.clone();
        options.method = self.method.clone();
        options.body = self.body.clone();
        options.expect = match &self.expect {
            Some(text) => Expect::Body(text.clone().into_bytes()),
            None if self.any_body => Expect::Any,
            None => Expect::Same,
        };
        options.rate = self.rate;
        (options.silent, options.slow) = (self.idle, self.slow);
        options.burden = self.burden.unwrap_or_default();
        Ok(options)
    }
}
