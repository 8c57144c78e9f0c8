//! `bench fleet`: three stage 4 servers behind HAProxy, each replaced in turn while clients are at work.

pub mod haproxy;

use crate::args;
use crate::interrupt::Interrupt;
use crate::resilience::good::{Account, GoodClients, Habits};
use crate::resilience::{PATIENCE, Stage};
use crate::targets::STAGES;
use crate::targets::build;
use crate::targets::server::Server;
use crate::terminal;
use anyhow::{Context, Result, bail, ensure};
use haproxy::{Balancer, NAMES};
use shared::sys::signal::{self, Signal};
use std::time::{Duration, Instant};

/// Replaces servers behind a balancer, under load.
#[derive(clap::Args, Debug)]
pub struct FleetArgs {
    /// How many times each of the three is replaced
    #[arg(long, default_value_t = 3, value_parser = args::count)]
    times: usize,
    /// Clients at work meanwhile: they check every byte of every answer
    #[arg(short, long, default_value_t = 32, value_parser = args::count)]
    clients: usize,
    /// End servers by SIGKILL instead of SIGTERM: what drains are good for
    #[arg(long)]
    kill: bool,
    /// What clients choose by
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Answers between two replacements.
const BETWEEN: u64 = 1000;

impl FleetArgs {
    /// Runs it. A request that was lost is an error, unless the servers were killed.
    pub fn run(&self, interrupt: &Interrupt) -> Result<()> {
        haproxy::find()?;
        let name = STAGES[3];
        let programs = build::release(&[name], interrupt)?;
        let program = programs.get(name).context("cargo built no program")?;
        let program = program.to_str().context("the program's path is not UTF-8")?;
        let mut fleet = Fleet::start(Stage::new(program, 256, &[]))?;
        terminal::print(&format!(
            "haproxy on {}, before three {name}\n",
            fleet.balancer.address()
        ))?;
        let habits = Habits { clients: self.clients, ..Habits::busy(self.seed) };
        let clients = GoodClients::start(fleet.balancer.address(), habits);
        let replaced = self.replace_all(&mut fleet, &clients, interrupt);
        let account = clients.stop()?;
        let count = replaced?;
        self.tell(&fleet, count, &account)
    }

    fn replace_all(
        &self,
        fleet: &mut Fleet,
        clients: &GoodClients,
        interrupt: &Interrupt,
    ) -> Result<usize> {
        let mut count = 0;
        for index in (0..self.times).flat_map(|_| 0..NAMES.len()) {
            wait_for(clients, clients.answered() + BETWEEN, interrupt)?;
            if interrupt.raised() {
                break;
            }
            let before = clients.answered();
            let took = fleet.replace(index, self.kill)?;
            let (name, meanwhile) = (NAMES[index], clients.answered() - before);
            terminal::print(&format!(
                "  {name} ended in {took:.2?} and is back: {meanwhile} answers meanwhile\n"
            ))?;
            count += 1;
        }
        wait_for(clients, clients.answered() + BETWEEN, interrupt)?;
        Ok(count)
    }

    fn tell(&self, fleet: &Fleet, count: usize, account: &Account) -> Result<()> {
        let Account { answered, refused, lost, .. } = account;
        terminal::print(&format!(
            "{count} servers replaced: {answered} answered, {} lost, {refused} connects refused\n",
            lost.len()
        ))?;
        let counters = fleet.balancer.counters()?;
        terminal::print(&format!(
            "haproxy: {} tries again at the same server, {} at another; {} requests without a server, {} broken answers\n",
            counters.retries, counters.redispatched, counters.unreachable, counters.broken
        ))?;
        for what in lost.iter().take(5) {
            terminal::print(&format!("  lost: {what}\n"))?;
        }
        ensure!(self.kill || (lost.is_empty() && *refused == 0), "requests were lost");
        Ok(())
    }
}

/// Waits until clients got so many answers, or the user wants to stop.
fn wait_for(clients: &GoodClients, answers: u64, interrupt: &Interrupt) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while clients.answered() < answers && !interrupt.wait(Duration::from_millis(1)) {
        ensure!(Instant::now() < deadline, "clients get no more answers");
    }
    Ok(())
}

struct Fleet<'a> {
    stage: Stage<'a>,
    servers: Vec<Server>,
    balancer: Balancer,
}

impl<'a> Fleet<'a> {
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
            shared::sys::process::kill_group(old.pid())?;
        } else {
            signal::send(old.pid(), Signal::Terminate)?;
        }
        let status = old.wait(PATIENCE)?.context("it did not end")?;
        let took = start.elapsed();
        ensure!(kill || status.code() == Some(0), "{status}: {}", old.stderr());
        self.balancer.wait_until(NAMES[index], false)?;
        self.servers[index] = self.stage.start_on(&address.to_string(), &[])?;
        self.balancer.wait_until(NAMES[index], true)?;
        Ok(took)
    }
}
