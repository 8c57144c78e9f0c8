//! What a person reads: tables, the ladder, numbers.

pub mod ladder;
pub mod table;
pub mod text;
