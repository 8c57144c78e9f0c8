//! What the kernel says about a server from outside: `/proc`, without root.

pub mod cpu;
