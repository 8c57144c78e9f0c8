//! One loop, tick by tick.

use super::*;
use shared::app::{App, demo};
use shared::server::accept::ConnectionLimit;
use shared::server::config::Args;
use shared::server::shutdown::Drain;
use shared::telemetry::Telemetry;
use std::io::{Read, Write};
use std::net::TcpStream;

fn context() -> ServerContext {
    let (args, telemetry) = (Arc::<Args>::default(), Arc::new(Telemetry::counters_only()));
    let app = App::new(demo::router(), None, Arc::clone(telemetry.metrics()));
    let connections = ConnectionLimit::new(64).unwrap();
    let drain = Drain::new(&args.drain).unwrap();
    ServerContext { args, app, connections, drain, telemetry }
}

/// Each response brings the next request, whose task would be declined at once as well.
#[test]
fn a_pipeline_that_a_full_pool_declines_leaves_the_loop_to_others_after_each_response() {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.write_all(&b"GET /sleep/1 HTTP/1.1\r\nHost: h\r\n\r\n".repeat(50)).unwrap();
    client.set_nonblocking(true).unwrap();
    let mut event_loop = EventLoop::new(listener, &context(), &BlockingPool::full()).unwrap();
    let (mut events, mut came) = (Events::with_capacity(16), Vec::new());
    while came.is_empty() {
        event_loop.epoll.wait(&mut events, Some(Duration::ZERO)).unwrap();
        event_loop.tick(&mut events, Instant::now()).unwrap();
        let _ = client.read_to_end(&mut came);
    }
    let came = String::from_utf8(came).unwrap();
    assert_eq!(came.matches("HTTP/1.1 503").count(), 1);
}
