//! One moment of a server, as the screen shows it: figures and words, and no idea of where they come from.

use bench::evidence::sleep::Sleep;
use serde::{Deserialize, Serialize};

/// All that is drawn of one moment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// The server's name, the workload, and how many clients there are.
    pub(crate) title: String,
    /// Seconds since the start.
    pub(crate) at: u64,
    pub(crate) groups: Vec<Group>,
    /// How busy each core is, from 0 to 1.
    pub(crate) cores: Vec<f64>,
    pub(crate) queues: Vec<Queue>,
    /// Busy clients, and those of them that had a response in the last second.
    pub(crate) clients: Option<[u64; 2]>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) now: Sentence,
    /// The sentence before it, which named another cause.
    pub(crate) before: Option<Sentence>,
    /// Cores that this program uses, its load apart.
    pub(crate) own: f64,
}

/// The server's threads of one name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// A letter for each thread; see [`letter`].
    pub(crate) letters: String,
    /// Share of the last second that the busiest of them was on a CPU.
    pub(crate) busiest: f64,
}

/// What waits, and how much may.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) length: u64,
    pub(crate) limit: Option<u64>,
}

/// A figure of the last second, and of each second of the last minute.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) minute: Vec<f64>,
}

/// What the bottleneck is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sentence {
    /// When it was first said, in seconds since the start.
    pub(crate) since: u64,
    /// In two words; empty while nothing is known.
    pub(crate) cause: String,
    pub(crate) text: String,
    /// What speaks against trusting it.
    pub(crate) doubts: Vec<String>,
}

/// A runnable thread that has no CPU.
pub(crate) const QUEUED: char = 'Q';

/// The letter for what a thread is doing.
pub(crate) fn letter(sleep: Sleep) -> char {
    match sleep {
        Sleep::Running => 'R',
        Sleep::Read | Sleep::Poll => 'p',
        Sleep::Epoll => 'e',
        Sleep::Futex => 'l',
        Sleep::Accept => 'a',
        Sleep::Timer => 's',
        Sleep::Write => 'w',
        Sleep::Signal => '-',
        Sleep::Other => '.',
    }
}

/// What the letters stand for, as far as a server's threads are found there often.
pub(crate) const LEGEND: &str = "R on a core  Q run queue  p read, poll  e epoll  l lock  s sleep";

/// `3:07`, from seconds.
pub(crate) fn clock(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
