//! The text of a request: the caller's fields, and the generator's where the caller has none.

use super::plan::Options;

/// Methods that are made for content: they say so when they send none (RFC 9110, section 8.6).
const WITH_CONTENT: [&str; 3] = ["POST", "PUT", "PATCH"];

impl Options {
    /// One request, head and body. A field of the caller stands in the place of the generator's own.
    pub(super) fn request(&self) -> String {
        let mut request = format!("{} {} HTTP/1.1\r\n", self.method, self.url.target);
        let mut add = |name: &str, value: &str| request += &format!("{name}: {value}\r\n");
        if self.values("host").next().is_none() {
            add("Host", &self.url.host);
        }
        for (name, value) in &self.headers {
            add(name, value);
        }
        if self.close && self.values("connection").next().is_none() {
            add("Connection", "close");
        }
        if let Some(length) = self.length() {
            add("Content-Length", &length.to_string());
        }
        request + "\r\n" + &self.content()
    }

    /// Whether each connection is to end after one response: by `--close`, or by a field that asks for it.
    pub(super) fn closes(&self) -> bool {
        self.close || self.lists("connection", "close")
    }

    /// What the generator has to say of the content's length. A body in chunks must have none
    /// (RFC 9112, section 6.2).
    fn length(&self) -> Option<usize> {
        let is_said = ["content-length", "transfer-encoding"]
            .iter()
            .any(|name| self.values(name).next().is_some());
        let expected = self.body.is_some() || WITH_CONTENT.contains(&self.method.as_str());
        (expected && !is_said).then(|| self.content().len())
    }

    /// The body as it is sent: where the caller asks for chunks, it is one.
    fn content(&self) -> String {
        let body = self.body.as_deref().unwrap_or_default();
        match (self.lists("transfer-encoding", "chunked"), body.len()) {
            (false, _) => body.to_owned(),
            (true, 0) => "0\r\n\r\n".to_owned(),
            (true, length) => format!("{length:x}\r\n{body}\r\n0\r\n\r\n"),
        }
    }

    /// The values of the caller's fields with this name, which is in lower case.
    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = move |field: &&(String, String)| field.0.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| value.as_str())
    }

    fn lists(&self, name: &str, token: &str) -> bool {
        let mut items = self.values(name).flat_map(|value| value.split(','));
        items.any(|item| item.trim().eq_ignore_ascii_case(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Url;
    use std::time::Duration;

    /// What follows the request line.
    fn rest(method: &str, fields: &[(&str, &str)], body: Option<&str>, close: bool) -> String {
        let url = Url::parse("http://127.0.0.1:1/x?y").unwrap();
        let headers = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let options = Options {
            method: method.to_owned(),
            headers: headers.collect(),
            body: body.map(str::to_owned),
            close,
            ..Options::get(url, 1, Duration::from_secs(1))
        };
        let request = options.request();
        request.strip_prefix(&format!("{method} /x?y HTTP/1.1\r\n")).unwrap().to_owned()
    }

    #[test]
    fn a_field_of_the_caller_replaces_the_generators() {
        for (fields, expected) in [
            (
                [("hOST", "a.example"), ("A", "b")],
                "hOST: a.example\r\nA: b\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
            ),
            (
                [("connection", "keep-alive"), ("CONTENT-LENGTH", "1")],
                "Host: 127.0.0.1:1\r\nconnection: keep-alive\r\nCONTENT-LENGTH: 1\r\n\r\nhi",
            ),
            // Only what the caller says twice is sent twice.
            (
                [("Host", "a"), ("Host", "b")],
                "Host: a\r\nHost: b\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
            ),
        ] {
            assert_eq!(rest("GET", &fields, Some("hi"), true), expected);
        }
    }

    #[test]
    fn a_method_made_for_content_says_that_there_is_none() {
        for method in ["POST", "PUT", "PATCH"] {
            let expected = "Host: 127.0.0.1:1\r\nContent-Length: 0\r\n\r\n";
            assert_eq!(rest(method, &[], None, false), expected);
        }
        for method in ["GET", "HEAD", "DELETE"] {
            assert_eq!(rest(method, &[], None, false), "Host: 127.0.0.1:1\r\n\r\n");
        }
    }

    #[test]
    fn a_body_in_chunks_has_no_length() {
        let chunked = [("Transfer-Encoding", "gzip, Chunked")];
        for (body, content) in
            [(Some("0123456789"), "a\r\n0123456789\r\n0\r\n\r\n"), (None, "0\r\n\r\n")]
        {
            let expected =
                format!("Host: 127.0.0.1:1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n{content}");
            assert_eq!(rest("POST", &chunked, body, false), expected);
        }
    }
}
