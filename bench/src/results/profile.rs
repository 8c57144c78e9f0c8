//! Where a server's CPU time went, by layer.

use serde::{Deserialize, Serialize};

/// One server under `hello`, kept alive, with no more clients than it has workers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The server's name.
    pub target: String,
    /// Clients.
    pub connections: usize,
    /// CPU of the server per correct response, in µs.
    pub cpu_us: f64,
    /// How many samples the layers are made of; 0 where perf could not look.
    pub samples: usize,
    /// Layers as perf saw them; else what `/proc` shows: user, system, run queue, asleep.
    pub layers: Vec<Layer>,
    /// Whether perf had to follow each thread by itself: then switches were dearer than they are.
    pub by_thread: bool,
    /// Why perf could not look, and what would let it.
    pub missing: Option<String>,
    /// What speaks against its figures, where every look at the server was disturbed.
    pub doubts: Vec<String>,
    /// The folded stacks, relative to the folder.
    pub stacks: Option<String>,
}

/// A part of a request's time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// µs per request.
    pub us: f64,
}

impl Profile {
    /// Whether perf could look: else its layers are what `/proc` shows.
    pub fn is_by_layer(&self) -> bool {
        self.missing.is_none()
    }

    /// µs of a layer; `None` when the profile has no such layer.
    pub fn layer(&self, name: &str) -> Option<f64> {
        self.layers.iter().find(|layer| layer.name == name).map(|layer| layer.us)
    }

    /// The flame graph that is drawn from the stacks, relative to the folder.
    pub fn flame(&self) -> Option<String> {
        Some(self.stacks.as_ref()?.replace(".folded", ".svg"))
    }
}
