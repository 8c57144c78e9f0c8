//! stage4-epoll-threads
#![forbid(unsafe_code)]

fn main() {}
