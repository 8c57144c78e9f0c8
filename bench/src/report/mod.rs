//! What a person reads: on a terminal [`table`] and [`ladder`], of a recorded run [`blocks`] and a [`page`].

pub mod blocks;
pub mod chart;
pub mod html;
pub mod ladder;
pub mod page;
pub mod rate;
pub mod table;
pub mod tables;
pub mod tabular;
pub mod why;

/// The columns of a server's table, on the terminal and in a document alike.
const COLUMNS: [&str; 12] = [
    "Connection",
    "Connections",
    "Req/s",
    "Avg",
    "p50",
    "p90",
    "p99",
    "Max",
    "Served",
    "Errors",
    "CPU/req",
    "Kernel",
];
