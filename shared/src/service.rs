//! From a request to its answer: the router, the handler, and what happens when a handler panics.

use crate::http::head::Head;
use crate::http::{Method, Path, Request, Response, Status};
use crate::limits::Limits;
use crate::router::{Found, Route, Router};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What all connections of a server have in common. It never changes while the server runs, so
/// every thread reads it without a lock.
pub struct Service {
    /// The routes.
    pub router: Router,
    /// The limits and time-outs.
    pub limits: Limits,
}

/// The route of a request, with the path that led to it.
pub(crate) struct Destination<'a> {
    route: &'a Route,
    path: Path<'a>,
}

impl Destination<'_> {
    pub(crate) fn is_blocking(&self) -> bool {
        self.route.blocking
    }
}

impl Service {
    /// Where the request goes, or the answer that its head alone decides: 501, 404, 405, a bad path,
    /// OPTIONS. `bytes` are those that `head` was parsed from.
    pub(crate) fn find<'a>(
        &'a self,
        head: &Head,
        bytes: &'a [u8],
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
        let path = Path::parse(path).map_err(Response::refusal)?;
        match self.router.find(head.method, &path) {
            Found::Route(route) => Ok(Destination { route, path }),
            Found::OtherMethods(allow) if head.method == Method::Options => Err(options(allow)),
            Found::OtherMethods(allow) => Err(wrong_method(allow)),
            Found::Nothing => Err(Response::new(Status::NOT_FOUND, "404: nothing here\n")),
        }
    }

    /// Runs the handler. One that panics costs its own request a 500 (what it panicked about stands
    /// on standard error), and the thread goes on.
    pub(crate) fn answer(
        &self,
        destination: &Destination<'_>,
        head: &Head,
        bytes: &[u8],
        body: &[u8],
        draining: bool,
    ) -> Response {
        let Destination { route, path } = destination;
        let request = Request { head, bytes, route, path, body, draining };
        // Unwind safe: a handler gets a shared view of the request, and nothing of it is used afterwards.
        catch_unwind(AssertUnwindSafe(|| (route.handler)(&request))).unwrap_or_else(|_| {
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
