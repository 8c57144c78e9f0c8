//! What a person reads.

pub mod text;
