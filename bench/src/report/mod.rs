//! What a person reads of results: [`blocks`] of tables and sentences for a terminal, a document and a [`page`],
//! [`chart`]s, and the [`summary`] that a run ends with. The same results give the same bytes.

pub mod article;
pub mod block;
pub mod blocks;
pub mod card;
pub mod chart;
pub mod figures;
pub mod guard_rails;
pub mod html;
pub mod layers;
pub mod lines;
pub mod page;
pub mod profile;
pub mod scale;
pub mod summary;
pub mod sweep;
pub mod tables;
pub mod uring;
pub mod users;
pub mod waits;
