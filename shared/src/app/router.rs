//! The router: from a method and a path to a handler, by patterns of literal segments and `{parameters}`.

use crate::http::{self, Method, Path, Response, decimal};
use crate::telemetry::metrics::Metrics;
use std::ops::Deref;

/// A route's code: a plain function of the request.
pub type Handler = fn(&Request<'_>) -> Response;

/// A pattern, a method, and the handler for them.
pub struct Route {
    method: Method,
    /// The whole path, if no segment of it is a parameter.
    literal: Option<String>,
    pattern: Vec<Segment>,
    pub(super) handler: Handler,
    /// Whether the handler may sleep or wait: stage 4 then runs it on another thread.
    pub(super) blocking: bool,
}

enum Segment {
    Literal(String),
    Parameter(String),
}

impl Route {
    #[inline(always)]
    fn matches(&self, path: &Path<'_>) -> bool {
        // Most paths and most routes are plain: one comparison, no segments.
        if let (Path::Plain(path), Some(literal)) = (path, &self.literal) {
            return *path == literal.as_bytes();
        }
        let mut pattern = self.pattern.iter();
        let matches = |segment: &[u8]| match pattern.next() {
            Some(Segment::Literal(literal)) => literal.as_bytes() == segment,
            Some(Segment::Parameter(_)) => !segment.is_empty(),
            None => false,
        };
        path.segments().all(matches) && pattern.next().is_none()
    }

    /// The number of the segment that `{name}` stands for.
    fn parameter(&self, name: &str) -> Option<usize> {
        self.pattern
            .iter()
            .position(|segment| matches!(segment, Segment::Parameter(found) if found == name))
    }

    /// HEAD is GET without the content (RFC 9110 section 9.3.2): the route for GET serves it.
    fn offers(&self, method: Method) -> bool {
        self.method == method || (self.method == Method::Get && method == Method::Head)
    }
}

/// A whole request, and the route that was found for it.
pub struct Request<'a> {
    pub(super) http: &'a http::Request<'a>,
    pub(super) route: &'a Route,
    pub(super) path: &'a Path<'a>,
    pub(super) metrics: &'a Metrics,
}

impl<'a> Request<'a> {
    /// The decoded segment that stands where the route's pattern has `{name}`. Empty if the pattern has no such name.
    pub fn parameter(&self, name: &str) -> &'a [u8] {
        let place = self.route.parameter(name);
        place.and_then(|place| self.path.segments().nth(place)).unwrap_or_default()
    }

    /// The parameter as a number; `None` if it is no decimal number of 64 bits.
    pub fn number(&self, name: &str) -> Option<u64> {
        decimal(self.parameter(name))
    }
}

/// The request itself: its head and its body.
impl<'a> Deref for Request<'a> {
    type Target = http::Request<'a>;

    fn deref(&self) -> &Self::Target {
        self.http
    }
}

/// The router's result for a method and a path.
pub enum Found<'r> {
    /// The route.
    Route(&'r Route),
    /// The path exists, but not with this method: the value of the Allow field.
    OtherMethods(String),
    /// No such path.
    Nothing,
}

/// The routes of an application. The first route that matches is taken.
///
/// - A literal segment matches itself, `{name}` matches any segment that is not empty.
/// - A route for GET also serves HEAD.
/// - A path that only routes for other methods match is 405, and no match at all is 404.
///
/// ```
/// use shared::app::router::{Found, Router};
/// use shared::http::{Method, Path, Response};
///
/// let router = Router::new().get("/hello/{name}", |_| Response::text("hello"));
/// let path = Path::parse(b"/hello/world").unwrap();
/// assert!(matches!(router.find(Method::Get, &path), Found::Route(_)));
/// assert!(matches!(router.find(Method::Post, &path), Found::OtherMethods(allow) if allow == "GET, HEAD, OPTIONS"));
/// ```
#[derive(Default)]
pub struct Router {
    routes: Vec<Route>,
}

impl Router {
    /// No routes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route for GET, and so for HEAD. `pattern` is like `/hello/{name}`.
    pub fn get(self, pattern: &str, handler: Handler) -> Self {
        self.route(Method::Get, pattern, handler, false)
    }

    /// Adds a route for GET whose handler may sleep or wait.
    pub fn get_blocking(self, pattern: &str, handler: Handler) -> Self {
        self.route(Method::Get, pattern, handler, true)
    }

    /// Adds a route for POST.
    pub fn post(self, pattern: &str, handler: Handler) -> Self {
        self.route(Method::Post, pattern, handler, false)
    }

    fn route(mut self, method: Method, pattern: &str, handler: Handler, blocking: bool) -> Self {
        let segment =
            |text: &str| match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
                Some(name) => Segment::Parameter(name.to_owned()),
                None => Segment::Literal(text.to_owned()),
            };
        let literal = (!pattern.contains('{')).then(|| pattern.to_owned());
        let pattern = pattern.trim_start_matches('/').split('/').map(segment).collect();
        self.routes.push(Route { method, literal, pattern, handler, blocking });
        self
    }

    /// The route for `method` and `path`.
    #[inline(always)]
    pub fn find(&self, method: Method, path: &Path<'_>) -> Found<'_> {
        let mut others = Vec::new();
        for route in self.routes.iter().filter(|route| route.matches(path)) {
            if route.offers(method) {
                return Found::Route(route);
            }
            others.push(route.method);
        }
        if others.is_empty() { Found::Nothing } else { Found::OtherMethods(allow(others)) }
    }

    /// The methods of all routes: the value of Allow for `OPTIONS *`.
    pub fn methods(&self) -> String {
        allow(self.routes.iter().map(|route| route.method).collect())
    }
}

/// The value of an Allow field (RFC 9110 section 10.2.1).
fn allow(mut methods: Vec<Method>) -> String {
    if methods.contains(&Method::Get) {
        methods.push(Method::Head);
    }
    methods.push(Method::Options);
    let mut names: Vec<_> = methods.into_iter().map(Method::name).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
