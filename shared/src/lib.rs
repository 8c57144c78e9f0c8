//! Parsing, routing and all else that the four servers share.
#![cfg(target_os = "linux")]

pub mod sys;
