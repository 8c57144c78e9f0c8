//! How it is served: what all stages share of waiting, and what only the blocking or only the event-driven stages do.

pub mod accept;
pub mod blocking;
pub mod clock;
pub mod config;
mod connection;
pub mod context;
pub mod deadlines;
pub mod events;
pub mod shutdown;
pub mod start;
pub mod task;
