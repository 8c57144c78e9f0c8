//! What a handler sees.

use super::head::Head;
use super::path::Path;
use crate::metrics::Metrics;
use crate::router::Route;
use crate::service::Service;

/// A whole request: its body is here to the last byte.
pub struct Request<'a> {
    pub(crate) service: &'a Service,
    pub(crate) head: &'a Head,
    pub(crate) bytes: &'a [u8],
    pub(crate) route: &'a Route,
    pub(crate) path: &'a Path<'a>,
    /// The content, whatever coding it came in.
    pub body: &'a [u8],
    /// Whether the server is about to end.
    pub draining: bool,
}

impl<'a> Request<'a> {
    /// The decoded segment that stands where the route's pattern has `{name}`. Empty if it has none.
    pub fn parameter(&self, name: &str) -> &'a [u8] {
        let place = self.route.parameter(name);
        place.and_then(|place| self.path.segments().nth(place)).unwrap_or_default()
    }

    /// The same as a number, if it is one.
    pub fn number(&self, name: &str) -> Option<u64> {
        super::bytes::decimal(self.parameter(name))
    }

    /// What the server's threads have counted.
    pub fn metrics(&self) -> &'a Metrics {
        &self.service.metrics
    }

    /// The values of the fields called `name`, case aside.
    pub fn field(&self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.head.field(self.bytes, name)
    }
}
