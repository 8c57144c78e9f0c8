//! The connection without a socket: what a client sends, and what it gets back, whole, cut in two and
//! byte by byte. One file for each part of RFC 9112 and RFC 9110 that it is about.

#[cfg(test)]
mod bodies;
#[cfg(test)]
mod client;
#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod expect;
#[cfg(test)]
mod handlers;
#[cfg(test)]
mod keep_alive;
#[cfg(test)]
mod output;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod response;
#[cfg(test)]
mod smuggling;
#[cfg(test)]
mod smuggling_lines;
#[cfg(test)]
mod time;
