//! Parsing, routing and everything else that the four servers share: all that has no opinion about
//! concurrency.
#![cfg(target_os = "linux")]

pub mod app;
pub mod args;
pub mod http;
pub mod limits;
pub mod router;
pub mod service;
pub mod sys;
