//! What several tests need: an application under limits, and the context of a thread that serves it.

use shared::app::App;
use shared::app::files::Files;
use shared::app::router::Router;
use shared::http::Limits;
use shared::server::accept::ConnectionLimit;
use shared::server::clock::Clock;
use shared::server::context::{ServerContext, ThreadContext};
use shared::server::shutdown::{Drain, DrainSettings};
use shared::telemetry::Telemetry;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A server of these routes, with the defaults of all other flags.
pub(crate) fn server(router: Router, limits: Limits, files: Option<Files>) -> ServerContext {
    let telemetry = Arc::new(Telemetry::counters_only());
    let app = App::new(router, files, Arc::clone(telemetry.metrics()));
    let second = Duration::from_secs(1);
    let drain = Drain::new(&DrainSettings { grace: second, drain_idle: second }).unwrap();
    let connections = ConnectionLimit::new(usize::MAX).unwrap();
    let server = ServerContext::new(app, connections, drain, telemetry);
    ServerContext { limits: Arc::new(limits), ..server }
}

/// A thread of it, whose clock stands still.
#[allow(dead_code)] // One of the tests has no use for it.
pub(crate) fn thread(router: Router, limits: Limits) -> ThreadContext {
    let mut thread = ThreadContext::new(&server(router, limits, None));
    thread.clock = Clock::stopped(Instant::now());
    thread
}
