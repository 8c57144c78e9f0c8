//! `bench check rolling-restart`: three stage 4 servers behind HAProxy, each replaced in turn while clients are at work.

pub mod haproxy;

use super::well_behaved::{Behaviour, Outcome, WellBehavedClients};
use super::{Stage, TIMEOUT, on_each, say, shutdown};
use crate::args;
use crate::interrupt::Interrupt;
use crate::targets::server::Server;
use anyhow::{Context, Result, bail, ensure};
use haproxy::{Balancer, NAMES};
use shared::sys::process;
use std::time::{Duration, Instant};

/// How to replace servers behind a balancer, under load.
#[derive(clap::Args, Debug)]
pub struct RollingRestartArgs {
    /// How many times each of the three is replaced
    #[arg(long, default_value_t = 3, value_parser = args::count)]
    times: usize,
    /// Clients at work, which check every byte of every response
    #[arg(short, long, default_value_t = 32, value_parser = args::count)]
    clients: usize,
    /// End servers by SIGKILL instead of SIGTERM, to see what a drain prevents
    #[arg(long)]
    kill: bool,
    /// The seed of the clients' choices
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Responses between two replacements.
const BETWEEN: u64 = 1000;

impl RollingRestartArgs {
    /// Runs it.
    ///
    /// # Errors
    /// When HAProxy is not installed, a server does not start, or a request was lost though no server was killed.
    pub fn run(&self, interrupt: &Interrupt) -> Result<()> {
        haproxy::find()?;
        on_each(&[], &[3], &[], interrupt, |name, stage| {
            let mut servers = Servers::start(*stage)?;
            say(&format!("haproxy on {}, before three {name}", servers.balancer.address()))?;
            let behaviour = Behaviour { clients: self.clients, ..Behaviour::busy(self.seed) };
            let clients = WellBehavedClients::start(servers.balancer.address(), behaviour);
            let replaced = self.replace_all(&mut servers, &clients, interrupt);
            let outcome = clients.stop()?;
            self.show(&servers, replaced?, &outcome)
        })
    }

    fn replace_all(
        &self,
        servers: &mut Servers,
        clients: &WellBehavedClients,
        interrupt: &Interrupt,
    ) -> Result<usize> {
        let mut count = 0;
        for index in (0..self.times).flat_map(|_| 0..NAMES.len()) {
            clients.wait_for(BETWEEN)?;
            if interrupt.raised() {
                break;
            }
            let before = clients.served();
            let took = servers.replace(index, self.kill)?;
            let (name, meanwhile) = (NAMES[index], clients.served() - before);
            say(&format!(
                "  {name} ended in {took:.2?} and is back: {meanwhile} responses meanwhile"
            ))?;
            count += 1;
        }
        clients.wait_for(BETWEEN)?;
        Ok(count)
    }

    fn show(&self, servers: &Servers, count: usize, outcome: &Outcome) -> Result<()> {
        let Outcome { served, refused, lost, .. } = outcome;
        say(&format!(
            "{count} servers replaced: {served} responses, {} lost, {refused} connects refused",
            lost.len()
        ))?;
        say(&format!("haproxy: {}", servers.balancer.counted()?))?;
        lost.iter().take(5).try_for_each(|what| say(&format!("  lost: {what}")))?;
        ensure!(self.kill || (lost.is_empty() && *refused == 0), "requests were lost");
        Ok(())
    }
}

struct Servers<'a> {
    stage: Stage<'a>,
    servers: Vec<Server>,
    balancer: Balancer,
}

impl<'a> Servers<'a> {
    fn start(stage: Stage<'a>) -> Result<Self> {
        let servers: Vec<Server> = NAMES.iter().map(|_| stage.start(&[])).collect::<Result<_>>()?;
        let [a, b, c] = &servers[..] else { bail!("three servers are needed") };
        let balancer = Balancer::start([a.address(), b.address(), c.address()])?;
        NAMES.iter().try_for_each(|name| balancer.wait_until(name, true))?;
        Ok(Self { stage, servers, balancer })
    }

    /// Ends a server and starts another on its port; tells how long the end took. The next may only be
    /// replaced when the balancer knows that this one is back.
    fn replace(&mut self, index: usize, kill: bool) -> Result<Duration> {
        let old = &mut self.servers[index];
        let (start, address) = (Instant::now(), old.address());
        if kill {
            process::kill_group(old.pid())?;
            old.wait(TIMEOUT)?.context("it did not end")?;
        } else {
            shutdown::terminate(old)?;
        }
        let took = start.elapsed();
        self.balancer.wait_until(NAMES[index], false)?;
        self.servers[index] = self.stage.start_on(&address.to_string(), &[])?;
        self.balancer.wait_until(NAMES[index], true)?;
        Ok(took)
    }
}
