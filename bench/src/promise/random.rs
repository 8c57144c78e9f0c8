//! Random numbers that are the same for the same seed: see [`crate::numbers`].

pub use crate::numbers::{Random, seed};
