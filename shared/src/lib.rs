//! What the four servers have in common. They differ in how they wait.
//!
//! # The house
//!
//! Five modules; each may import those to its right. `http` and `sys` import none of the others.
//!
//! ```text
//! stages ──► server ──► app ──► telemetry ──► http, sys
//! ```
//!
//! | module | what it is | open first |
//! |---|---|---|
//! | [`sys`] | the system calls, and the only `unsafe` code | `sys/net.rs`, `sys/epoll.rs` |
//! | [`http`] | the protocol, without a socket, an application or a clock | `http/protocol.rs` |
//! | [`app`] | what is served: routes, files | `app/mod.rs` |
//! | [`server`] | how it is served: accepting, waiting, deadlines, the end | `server/blocking/mod.rs`, `server/events/connection_set.rs` |
//! | [`telemetry`] | what the server says about itself | `telemetry/thread_stats.rs` |
//!
//! # The way of a GET, in an event loop
//!
//! `tick` calls 2, 7 and 8; 2 calls 3, that calls 4, and that 5 and 6. Paths are below `shared/src`, those of a stage below
//! the project's root.
//!
//! 1. `stage3-epoll/src/event_loop.rs`, `tick`: epoll says which sockets are ready; one call reads each, one processes
//!    what was read (3 to 6), one writes the responses.
//! 2. `server/events/connection_set/reading.rs`: `on_event` reads once; `process_requests` gives the bytes to the protocol,
//!    with what it is lent (`step` of `server/events/connection_set.rs`).
//! 3. `http/protocol.rs`, `receive` and `consume`: the state machine. It is lent a [`http::StepCx`], and returns an
//!    [`http::Action`]: read more, write, close, linger, or run a blocking handler elsewhere. After a response it goes on
//!    with what else has come: as a rule nothing, and the action is `Read`.
//! 4. `http/protocol/receiving.rs`, `receive_head`: [`http::head::HeadParser`] finds the end of the head, or the error
//!    that refuses it. `begin_request` decides where the body ends (`http/body.rs`; a chunk's size: `http/chunked.rs`).
//! 5. `app/mod.rs`, `App::find`: which route (`app/router.rs`), which file; a route's 405 is made here, and a 404 where no
//!    file can be meant. (Below the root of files both are made in `app/files/response.rs`.)
//! 6. `http/protocol/responding.rs`: `serve` has the application run the handler (`App::respond`; `app/demo.rs`);
//!    `append_response` decides whether the response is the connection's last, and makes it bytes (its head:
//!    `http/encoding.rs`).
//! 7. `server/events/connection_set/writing.rs`: `flush` calls `perform` for each connection. `write` writes by way of
//!    `server/connection.rs`, which keeps what the socket would not take: a short write. `set_next` closes, or says what
//!    the connection waits for from now on, and has epoll told (`Connection::update_interest`).
//! 8. `server/events/connection_set/closing.rs`, `close_late`: clients whose deadline has passed. One that takes its output
//!    too slowly is cut off; of any other the socket is read once more. Then its protocol decides (`http/protocol.rs`,
//!    `on_deadline`: inside a request a 408), and the connection ends as others do, in 7.
//!
//! Between protocol and application stands a trait, [`http::Service`]: 4 and 6 ask it for the response, and
//! `server/context.rs` answers with the application, a clock and counters.
//!
//! **In a thread that waits for one client** (stages 1 and 2), steps 3 to 6 are the same. Around them stand
//! `server/blocking/mod.rs`, `serve`; `server/blocking/waiting.rs`, where a worker waits for its client, and leaves one
//! that is idle when other connections wait (stage 2's offers and calls: `stage2-threadpool/src/queue.rs`); and
//! `server/blocking/sending.rs`.
//!
//! # The way of a blocking handler
//!
//! 1. `http/protocol/responding.rs`, `serve`: the route is blocking, so the request is copied ([`http::OwnedRequest`]), and
//!    the action is `Run`.
//! 2. `server/task.rs`: the request becomes a [`server::task::BlockingTask`].
//! 3. Stages 1 to 3 run it where they stand; `stage4-epoll-threads/src/blocking_pool.rs` sends it to another thread, and
//!    the result comes back through a mailbox.
//! 4. `http/protocol.rs`, `complete`: the response, and the requests that have come meanwhile.
//!
//! # The way of a file
//!
//! 1. `app/mod.rs`, `find_file`: from the cache (`app/files/cache.rs`), or else as a blocking task, which opens it.
//! 2. `app/files/entry.rs`: what is kept of a file, and its ETag, made as a rule from inode, size and time of change
//!    (`app/files/identity.rs`).
//! 3. `app/files/response.rs`: preconditions, ranges; 206, 304, 405, 412, 416.
//! 4. A small file is a body like any other. A large one is an [`http::FileBody`], which the stage sends with sendfile(2):
//!    `app/files/file_range.rs` never lets a loop wait for the disk.
//!
//! # The reading path
//!
//! Some 2,500 lines with their comments, in this order, are the whole idea; a first reading may skip all else.
//!
//! `http/step.rs`, `http/protocol.rs`, `http/protocol/receiving.rs`, `http/protocol/responding.rs`, `http/head/parser.rs`,
//! `app/mod.rs`, `app/router.rs`, `server/blocking/mod.rs`, `server/blocking/waiting.rs`,
//! `stage3-epoll/src/event_loop.rs`, `server/events/connection_set.rs` and its three files, `server/context.rs`.
// They panic when no process reads them: `telemetry::stderr::line` does not.
#![deny(clippy::print_stderr, clippy::print_stdout)]

#[cfg(not(target_os = "linux"))]
compile_error!(
    "these servers are built on Linux's epoll: use Linux, WSL 2, or the container of .devcontainer/"
);

#[cfg(target_os = "linux")]
pub mod app;
#[cfg(target_os = "linux")]
pub mod http;
#[cfg(target_os = "linux")]
pub mod server;
#[cfg(target_os = "linux")]
pub mod sys;
#[cfg(target_os = "linux")]
pub mod telemetry;
