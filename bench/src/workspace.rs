//! The workspace that this program was built in: where it lies, and what its servers are called.

use std::path::{Path, PathBuf};

/// The stages, lowest rung first. Program and package have the same name.
pub const STAGES: [&str; 4] =
    ["stage1-blocking", "stage2-threadpool", "stage3-epoll", "stage4-epoll-threads"];

/// The small programs of `shared/examples` that can be measured: each keeps its connections, in its own way.
pub const EXAMPLES: [&str; 3] = ["thread_each", "poll_loop", "epoll_loop"];

/// The null server, as `results.json` and `claims.json` name it. People read [`label`].
pub const NULL_SERVER: &str = "floor";

/// The steps of the example `uring_loop`, as targets.
pub const URING_STEPS: [&str; 4] = ["uring-1", "uring-2", "uring-3", "uring-4"];

/// The index of a stage in [`STAGES`]; `None` for any other server.
pub fn stage(target: &str) -> Option<usize> {
    STAGES.iter().position(|stage| *stage == target)
}

/// Whether it is a rung of the ladder.
pub fn is_stage(target: &str) -> bool {
    stage(target).is_some()
}

/// A server's name as tables and pictures show it.
pub fn label(target: &str) -> &str {
    if target == NULL_SERVER { "null server" } else { target }
}

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    bench.parent().unwrap_or(bench).to_owned()
}
