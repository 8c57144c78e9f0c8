//! Plays a case on one connection in one of three ways, and finds out what became of the connection.

use super::case::{Case, End, Step};
use super::peer::{PROBE, Peer, Problem};
use super::template;
use crate::wire::{Ending, Wire};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How a message is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Whole,
    Split,
    Dripped,
}

impl Way {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Split => "split",
            Self::Dripped => "dripped",
        }
    }

    /// The ways in which the case is played.
    pub(crate) fn of(case: &Case) -> &'static [Self] {
        let sends = |step: &Step| matches!(step, Step::Send(bytes) if bytes.len() < 4096);
        if case.once || !case.steps.iter().all(sends) {
            return &[Self::Whole];
        }
        &[Self::Whole, Self::Split, Self::Dripped]
    }
}

/// What came of it: the connection, and whether the last request on it was the runner's own probe.
pub(crate) struct Exchange {
    pub(crate) wire: Wire,
    pub(crate) probed: bool,
    pub(crate) took: Duration,
}

/// Plays the steps, reads the responses and settles what became of the connection.
pub(crate) fn play(case: &Case, way: Way, peer: &Peer) -> Result<Exchange, Problem> {
    let start = Instant::now();
    let timeout = case.window.map_or(peer.options.timeout, |(_, most)| most);
    let mut wire = peer.connect()?;
    let to_head = |index: usize| case.wants.get(index).is_some_and(|want| want.head);
    for step in &case.steps {
        match step {
            Step::Send(template) => send(&mut wire, template, way, peer),
            Step::Drip(template, every) => wire.drip_on(template, *every, start + timeout),
            Step::Pause(pause) => sleep(*pause),
            Step::Await(count) => {
                wire.read_responses(*count, to_head, Instant::now() + timeout);
            }
            Step::HalfClose => wire.half_close(),
        }
    }
    wire.read_responses(case.wants.len(), to_head, Instant::now() + timeout);
    let probed = settle(case, &mut wire, peer, Instant::now() + timeout);
    wire.read_responses(usize::MAX, to_head, Instant::now());
    Ok(Exchange { wire, probed, took: start.elapsed() })
}

fn send(wire: &mut Wire, template: &[u8], way: Way, peer: &Peer) {
    match way {
        Way::Whole => wire.send(&template::whole(template, peer.options)),
        Way::Split => wire.send_pieces(&template::pieces(template, peer.options)),
        Way::Dripped => wire.drip(&template::whole(template, peer.options)),
    }
}

/// Finds out what became of the connection, without waiting where a question can be asked. Tells whether a probe
/// was sent that must get a response.
fn settle(case: &Case, wire: &mut Wire, peer: &Peer, deadline: Instant) -> bool {
    let probe = peer.fill(PROBE);
    match case.end {
        End::Open if wire.ending == Ending::Open => {
            wire.send(&probe);
            wire.fill_to_end(deadline);
            return true;
        }
        // A server that lingers reads the probe and drops it; one that is still open responds to it. The half-close
        // lets the one that lingers finish at once, so that no case waits for its timer.
        End::Closed if wire.ending == Ending::Open => {
            // A server that closes at once has the moment to do so: a probe sent into a closed socket would draw a reset.
            wire.fill(Instant::now() + Duration::from_millis(5));
            if wire.ending == Ending::Open {
                wire.send(&probe);
                wire.half_close();
            }
            wire.fill_to_end(deadline);
        }
        End::Clean | End::Idle => {
            wire.fill_to_end(deadline);
        }
        End::Any => {
            wire.half_close();
            wire.fill_to_end(deadline.min(Instant::now() + Duration::from_millis(300)));
        }
        End::Open | End::Closed => {}
    }
    false
}
