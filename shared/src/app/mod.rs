//! What is served: from a request to its response, by a route's handler or from a file.

pub mod demo;
pub mod files;
pub mod router;

use crate::http::{BlocksOn, Method, Path, RequestHead, Response, Status};
use crate::telemetry::metrics::Metrics;
use files::{Entry, Files};
use router::{Found, Request, Route, Router};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// An application: routes, and files for all other paths. Routes never change while the
/// server runs, and every thread reads them without a lock; files and counters see to themselves.
pub struct App {
    router: Router,
    files: Option<Files>,
    metrics: Arc<Metrics>,
}

/// What a request is for.
pub enum Resource<'a> {
    /// A route, and the path that fits it.
    Route(&'a Route, Path<'a>),
    /// A file, by its name below the root; and its content, if that is cached and need not be looked at again.
    File(&'a Files, Vec<u8>, Option<Arc<Entry>>),
}

impl App {
    /// Routes, files, and the counters that `GET /metrics` tells.
    pub fn new(router: Router, files: Option<Files>, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { router, files, metrics })
    }

    /// What the request is for, or the response that its head alone decides: 501, 404, 405, a bad path,
    /// OPTIONS. A file comes from the cache, if it is there and fresh at the moment `now`; without that moment it is
    /// to be opened.
    ///
    /// # Errors
    /// The response, where the head alone decides it.
    #[inline(always)]
    pub fn find<'a>(
        &'a self,
        head: RequestHead<'a>,
        now: Option<Instant>,
    ) -> Result<Resource<'a>, Response> {
        let method = head.method();
        if method == Method::Unknown {
            let text = "501: a method that is not known here\n";
            return Err(Response::new(Status::NOT_IMPLEMENTED, text));
        }
        let Some(target) = head.target() else {
            return Err(options(self.router.methods()));
        };
        let path = target.split(|&byte| byte == b'?').next().unwrap_or_default();
        // A bad path says nothing bad about the framing: the connection may stay.
        let path = Path::parse(path).map_err(Response::refusal)?;
        match self.router.find(method, &path) {
            Found::Route(route) => Ok(Resource::Route(route, path)),
            Found::OtherMethods(allow) if method == Method::Options => Err(options(allow)),
            Found::OtherMethods(allow) => {
                let text = "405: that method is not offered here\n";
                Err(Response::new(Status::METHOD_NOT_ALLOWED, text).with("Allow", allow))
            }
            Found::Nothing => self.find_file(&path, now),
        }
    }

    fn find_file(&self, path: &Path<'_>, now: Option<Instant>) -> Result<Resource<'_>, Response> {
        match (&self.files, Files::name(path)) {
            (Some(files), Some(name)) => {
                let cached = now.and_then(|now| files.cached(&name, now));
                Ok(Resource::File(files, name, cached))
            }
            _ => Err(Response::new(Status::NOT_FOUND, "404: nothing here\n")),
        }
    }

    /// Runs the handler, or responds with the file. A handler that panics costs its own request a 500
    /// (its message stands on standard error), and the thread goes on.
    #[inline(always)]
    pub fn respond(&self, resource: Resource<'_>, request: &crate::http::Request<'_>) -> Response {
        let respond = || match resource {
            Resource::Route(route, path) => {
                let metrics = &self.metrics;
                (route.handler)(&Request { http: request, route, path: &path, metrics })
            }
            Resource::File(files, name, cached) => files.respond(request.head, &name, cached),
        };
        // Unwind safe: it gets a shared view of the request, and nothing of it is used afterwards.
        catch_unwind(AssertUnwindSafe(respond)).unwrap_or_else(|_| {
            Response::new(Status::INTERNAL_SERVER_ERROR, "500: the handler failed\n")
        })
    }
}

impl Resource<'_> {
    /// What its response may have to wait for.
    pub fn blocks_on(&self) -> Option<BlocksOn> {
        match self {
            Self::Route(route, _) => route.blocking.then_some(BlocksOn::Handler),
            Self::File(_, _, cached) => cached.is_none().then_some(BlocksOn::Disk),
        }
    }
}

fn options(allow: String) -> Response {
    Response::empty(Status::NO_CONTENT).with("Allow", allow)
}
