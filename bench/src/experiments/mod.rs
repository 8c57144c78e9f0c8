//! What is measured: each experiment is a plan of trials and what comes of them.

pub mod doctor;
pub(crate) mod experiment;
pub mod explain;
pub mod idle;
pub mod matrix;
pub(crate) mod plan;
pub mod rate;
pub mod run;
pub mod timeline;
pub mod trial;
pub mod workload;
pub mod wrk;
