//! stage3-epoll
#![forbid(unsafe_code)]

fn main() {}
