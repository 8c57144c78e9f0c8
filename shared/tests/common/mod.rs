//! What several tests need: an application under limits, and the context of a thread that serves it.

use shared::app::App;
use shared::app::files::Files;
use shared::app::router::Router;
use shared::http::Limits;
use shared::server::accept::ConnectionLimit;
use shared::server::clock::Clock;
use shared::server::config::Args;
use shared::server::context::{ServerContext, ThreadContext};
use shared::server::shutdown::Drain;
use shared::telemetry::Telemetry;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

/// A server of these routes, with the defaults of all other flags.
pub(crate) fn server(router: Router, limits: Limits, files: Option<Files>) -> ServerContext {
    // Made once: Miri takes long to interpret clap.
    static DEFAULTS: LazyLock<Args> = LazyLock::new(Args::default);
    let args = Arc::new(Args { limits, ..DEFAULTS.clone() });
    let telemetry = Arc::new(Telemetry::counters_only());
    let app = App::new(router, files, Arc::clone(telemetry.metrics()));
    let connections = ConnectionLimit::new(usize::MAX).unwrap();
    let drain = Drain::new(&args.drain).unwrap();
    ServerContext { args, app, connections, drain, telemetry }
}

/// A thread of it, whose clock stands still.
#[allow(dead_code)] // One of the tests has no use for it.
pub(crate) fn thread(router: Router, limits: Limits) -> ThreadContext {
    let mut thread = ThreadContext::new(&server(router, limits, None));
    thread.clock = Clock::stopped(Instant::now());
    thread
}
