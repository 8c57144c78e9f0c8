//! Which handler a request belongs to: patterns of literal segments and `{parameters}`.

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
    /// What the handler does.
    pub(super) handler: Handler,
    /// Whether it sleeps or waits: a stage that cannot afford that runs it elsewhere.
    pub(super) blocking: bool,
}

enum Segment {
    Literal(String),
    Parameter(String),
}

impl Route {
    fn fits(&self, path: &Path<'_>) -> bool {
        // Most paths and most routes are plain: one comparison, no segments.
        if let (Path::Plain(path), Some(literal)) = (path, &self.literal) {
            return *path == literal.as_bytes();
        }
        let mut pattern = self.pattern.iter();
        let fits = |segment: &[u8]| match pattern.next() {
            Some(Segment::Literal(literal)) => literal.as_bytes() == segment,
            Some(Segment::Parameter(_)) => !segment.is_empty(),
            None => false,
        };
        path.segments().all(fits) && pattern.next().is_none()
    }

    /// Which segment `{name}` stands for.
    fn parameter(&self, name: &str) -> Option<usize> {
        self.pattern
            .iter()
            .position(|segment| matches!(segment, Segment::Parameter(found) if found == name))
    }

    /// HEAD is GET without the content (RFC 9110 section 9.3.2): nobody writes a route for it.
    fn offers(&self, method: Method) -> bool {
        self.method == method || (self.method == Method::Get && method == Method::Head)
    }
}

/// A whole request, and the route that it was found for.
pub struct Request<'a> {
    pub(super) http: &'a http::Request<'a>,
    pub(super) route: &'a Route,
    pub(super) path: &'a Path<'a>,
    pub(super) metrics: &'a Metrics,
}

impl<'a> Request<'a> {
    /// The decoded segment that stands where the route's pattern has `{name}`. Empty if it has none.
    pub fn parameter(&self, name: &str) -> &'a [u8] {
        let place = self.route.parameter(name);
        place.and_then(|place| self.path.segments().nth(place)).unwrap_or_default()
    }

    /// The same as a number, if it is one.
    pub fn number(&self, name: &str) -> Option<u64> {
        decimal(self.parameter(name))
    }

    /// What the server's threads have counted.
    pub fn metrics(&self) -> &'a Metrics {
        self.metrics
    }
}

/// The request itself: its head and its body.
impl<'a> Deref for Request<'a> {
    type Target = http::Request<'a>;

    fn deref(&self) -> &Self::Target {
        self.http
    }
}

/// What a router knows about a method and a path.
pub enum Found<'r> {
    /// The route.
    Route(&'r Route),
    /// The path exists, the method is not offered there: what to say in Allow.
    OtherMethods(String),
    /// No such path.
    Nothing,
}

/// The routes of an application, looked through in their order.
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

    /// The route for `method` and `path`; 404 and 405 are told apart.
    pub fn find(&self, method: Method, path: &Path<'_>) -> Found<'_> {
        let mut others = Vec::new();
        for route in self.routes.iter().filter(|route| route.fits(path)) {
            if route.offers(method) {
                return Found::Route(route);
            }
            others.push(route.method);
        }
        if others.is_empty() { Found::Nothing } else { Found::OtherMethods(allow(others)) }
    }

    /// The methods that are offered anywhere: the answer to `OPTIONS *`.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn router() -> Router {
        let answer: Handler = |_| Response::text("");
        Router::new()
            .get("/", answer)
            .get("/hello/{name}", answer)
            .get("/hello/world", answer)
            .post("/echo", answer)
            .get("/a/{x}/{y}", answer)
    }

    fn find(method: Method, path: &str) -> String {
        let router = router();
        match router.find(method, &Path::parse(path.as_bytes()).unwrap()) {
            Found::Route(route) => format!("{} parts", route.pattern.len()),
            Found::OtherMethods(allow) => allow,
            Found::Nothing => "404".to_owned(),
        }
    }

    #[test]
    fn static_and_dynamic_paths_are_found() {
        assert_eq!(find(Method::Get, "/"), "1 parts");
        assert_eq!(find(Method::Head, "/hello/x"), "2 parts");
        assert_eq!(find(Method::Get, "/hello/a%2Fb"), "2 parts");
        assert_eq!(find(Method::Get, "/a/1/2"), "3 parts");
        assert_eq!(find(Method::Post, "/echo"), "1 parts");
    }

    #[test]
    fn what_does_not_exist_is_told_from_what_is_not_offered() {
        for path in ["/hello", "/hello/", "/hello/a/b", "/ech", "/echo/", "//", "/a/1"] {
            assert_eq!(find(Method::Get, path), "404", "{path}");
        }
        assert_eq!(find(Method::Post, "/"), "GET, HEAD, OPTIONS");
        assert_eq!(find(Method::Get, "/echo"), "OPTIONS, POST");
        assert_eq!(router().methods(), "GET, HEAD, OPTIONS, POST");
    }

    #[test]
    fn a_parameter_is_found_by_its_name() {
        let router = router();
        let path = Path::parse(b"/a/1/2").unwrap();
        let Found::Route(route) = router.find(Method::Get, &path) else { panic!("a route") };
        assert_eq!(
            (route.parameter("x"), route.parameter("y"), route.parameter("z")),
            (Some(1), Some(2), None)
        );
    }
}
