//! What is measured: each experiment is a plan of trials, and leaves results.
//!
//! A [`trial`] is one fresh server under one load, and what both used. A [`plan`] says which trials there are and in
//! which order; [`measuring`] makes them, again where they were disturbed ([`tried`]), [`record`] turns them into results,
//! and [`benchmark`] does so for one experiment after the other. On these stand the ladder ([`run`]), the [`matrix`] of workloads, the curve over
//! [`idle`] connections with what a server pays that waits for them, the [`rate`] that is constant or a sweep over
//! offered load, and a stage over its threads ([`scale`]); a run ends with a [`profile`] of each stage. The article's
//! [`plateau`] is a calibration. [`explain`] looks at one server for long, [`uring`] puts the steps of io_uring beside
//! epoll, [`timeline`] has servers write traces, [`doctor`] looks at the machine. [`server`] has the kernel's evidence
//! about a server in lines for people. [`common`] and [`workload`] declare the arguments that they share.

pub mod aa;
pub mod benchmark;
pub mod common;
pub mod doctor;
pub mod explain;
pub mod idle;
pub mod matrix;
pub mod measuring;
pub mod plan;
pub mod plateau;
pub mod profile;
pub mod rate;
pub mod record;
pub mod run;
pub mod scale;
pub mod server;
pub mod timeline;
pub mod trial;
pub mod tried;
pub mod uring;
pub mod users;
pub mod workload;
