//! From a request to its answer: the router, the handler, the files, and what happens when a handler panics.

use crate::files::{Entry, Files};
use crate::http::head::Head;
use crate::http::{Lane, Method, Path, Request, Response, Status};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::router::{Found, Route, Router};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// What all connections of a server have in common. Only the cache of files ever changes while the
/// server runs; every thread reads the rest without a lock.
pub struct Service {
    /// The routes.
    pub router: Router,
    /// The limits and time-outs.
    pub limits: Limits,
    /// The files for all that no route is for.
    pub files: Option<Files>,
    /// What the threads have counted.
    pub metrics: Metrics,
}

/// What answers a request.
pub(crate) enum Destination<'a> {
    Route { route: &'a Route, path: Path<'a> },
    File { files: &'a Files, name: Vec<u8>, at_hand: Option<Arc<Entry>> },
}

impl Destination<'_> {
    /// Whether it may sleep, or wait for a disk.
    pub(crate) fn is_blocking(&self) -> bool {
        match self {
            Self::Route { route, .. } => route.blocking,
            Self::File { at_hand, .. } => at_hand.is_none(),
        }
    }

    /// What it waits for if it is blocking.
    pub(crate) fn lane(&self) -> Lane {
        match self {
            Self::Route { .. } => Lane::Handler,
            Self::File { .. } => Lane::File,
        }
    }
}

impl Service {
    /// An application under these limits.
    pub fn new(router: Router, limits: Limits, files: Option<Files>) -> Arc<Self> {
        Arc::new(Self { router, limits, files, metrics: Metrics::default() })
    }

    /// Where the request goes, or the answer that its head alone decides: 501, 404, 405, a bad path,
    /// OPTIONS. `bytes` are those that `head` was parsed from. Without `now`, no file is taken to be at hand.
    pub(crate) fn find<'a>(
        &'a self,
        head: &Head,
        bytes: &'a [u8],
        now: Option<Instant>,
    ) -> Result<Destination<'a>, Response> {
        if head.method == Method::Unknown {
            return Err(Response::new(
                Status::NOT_IMPLEMENTED,
                "501: a method that is not known here\n",
            ));
        }
        let Some(resource) = head.resource(bytes) else {
            return Err(options(self.router.methods()));
        };
        let path = resource.split(|&byte| byte == b'?').next().unwrap_or_default();
        // A bad path says nothing bad about the framing: the connection may stay.
        let path = Path::parse(path).map_err(Response::refusal)?;
        match self.router.find(head.method, &path) {
            Found::Route(route) => Ok(Destination::Route { route, path }),
            Found::OtherMethods(allow) if head.method == Method::Options => Err(options(allow)),
            Found::OtherMethods(allow) => Err(wrong_method(allow)),
            Found::Nothing => self.find_file(&path, now),
        }
    }

    fn find_file(
        &self,
        path: &Path<'_>,
        now: Option<Instant>,
    ) -> Result<Destination<'_>, Response> {
        match (&self.files, Files::name(path)) {
            (Some(files), Some(name)) => {
                let at_hand = now.and_then(|now| files.at_hand(&name, now));
                Ok(Destination::File { files, name, at_hand })
            }
            _ => Err(Response::new(Status::NOT_FOUND, "404: nothing here\n")),
        }
    }

    /// Runs the handler, or answers with the file. A handler that panics costs its own request a 500
    /// (what it panicked about stands on standard error), and the thread goes on.
    pub(crate) fn answer(
        &self,
        destination: Destination<'_>,
        head: &Head,
        bytes: &[u8],
        body: &[u8],
        draining: bool,
    ) -> Response {
        let answer = || match destination {
            Destination::Route { route, path } => {
                let path = &path;
                (route.handler)(&Request {
                    service: self,
                    head,
                    bytes,
                    route,
                    path,
                    body,
                    draining,
                })
            }
            Destination::File { files, name, at_hand } => {
                let target = head.resource(bytes).unwrap_or_default();
                files.answer(head.method, &name, target, at_hand, |field| head.list(bytes, field))
            }
        };
        // Unwind safe: it gets a shared view of the request, and nothing of it is used afterwards.
        catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|_| {
            Response::new(Status::INTERNAL_SERVER_ERROR, "500: the handler failed\n")
        })
    }
}

fn options(allow: String) -> Response {
    Response::empty(Status::NO_CONTENT).with("Allow", allow)
}

fn wrong_method(allow: String) -> Response {
    Response::new(Status::METHOD_NOT_ALLOWED, "405: that method is not offered here\n")
        .with("Allow", allow)
}
