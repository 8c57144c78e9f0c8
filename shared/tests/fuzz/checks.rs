//! What must hold for every input, in whatever pieces it comes.

use crate::model::{self, Expected};
use crate::model_body;
use crate::random::Random;
use crate::response::ParsedResponse;
use crate::server::Server;
use shared::http::body::{Decoder, Framing};
use shared::http::head::{Head, HeadParser};
use shared::http::{Limits, RequestHead};
use std::cell::LazyCell;

/// So small that random inputs cross them.
fn small_limits() -> Limits {
    Limits { max_request_line: 40, max_head: 120, max_fields: 4, max_body: 30, ..Limits::default() }
}

/// The status of an error, or the contents of a head, or nothing yet.
fn parse(input: &[u8], cuts: &[usize], limits: &Limits) -> Result<Option<(String, usize)>, u16> {
    let mut parser = HeadParser::default();
    for &cut in cuts {
        match parser.parse(&input[..cut], limits) {
            Ok(None) => {}
            Ok(Some((head, used))) => return Ok(Some((text(head, input), used))),
            Err(error) => return Err(error.status.code),
        }
    }
    Ok(None)
}

fn text(head: &Head, input: &[u8]) -> String {
    let resource =
        RequestHead::new(head, input).target().map(|resource| resource.escape_ascii().to_string());
    let values = ["host", "X"]
        .map(|name| RequestHead::new(head, input).field(name).map(<[u8]>::len).sum::<usize>());
    format!("{:?} {:?} {resource:?} {values:?}", head.method, head.version)
}

pub(crate) fn head(input: &[u8], random: &mut Random) {
    for limits in [Limits::default(), small_limits()] {
        let whole = parse(input, &[input.len()], &limits);
        let pieces = parse(input, &random.cuts(input.len()), &limits);
        // In pieces, a line is looked at when its end is here: until then, 400 can wait.
        let waits = whole == Err(400) && pieces == Ok(None);
        assert!(waits || whole == pieces, "{whole:?} {pieces:?} {}", input.escape_ascii());
    }
}

type Decoded = Result<Option<(Vec<u8>, usize)>, u16>;

fn decode(input: &[u8], cuts: &[usize], limit: u64) -> Decoded {
    let (mut content, mut used) = (Vec::new(), 0);
    let mut decoder = Decoder::new(Framing::Chunked, limit).map_err(|error| error.status.code)?;
    for &cut in cuts {
        let keep = &mut |piece: &[u8]| content.extend_from_slice(piece);
        let progress =
            decoder.decode(&input[used..cut], keep).map_err(|error| error.status.code)?;
        used += progress.used;
        assert!(content.len() as u64 <= limit, "more content than the limit");
        if progress.done {
            return Ok(Some((content, used)));
        }
    }
    Ok(None)
}

/// Takes what follows the first head for a chunked body.
pub(crate) fn chunked(input: &[u8], random: &mut Random) {
    let head = input.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
    let body = &input[head..];
    for limit in [30, 1000] {
        let whole = decode(body, &[body.len()], limit);
        let pieces = decode(body, &random.cuts(body.len()), limit);
        assert_eq!(pieces, whole, "{}", body.escape_ascii());
        let model = model_body::chunked(body, limit);
        let model =
            model.map(|done| done.map(|(content, rest)| (content, body.len() - rest.len())));
        // A model that sees whole lines alone may still wait where the decoder has refused.
        let waits = model == Ok(None) && whole == Err(400);
        assert!(waits || whole == model, "{whole:?}, model {model:?}: {}", body.escape_ascii());
    }
}

thread_local! {
    static SERVERS: LazyCell<[Server; 2]> =
        LazyCell::new(|| [Server::new(Limits::default()), Server::new(small_limits())]);
}

/// What a client can rely on: not the text of an error, which may depend on the cuts.
fn essence(response: &ParsedResponse) -> (u16, bool, &[u8]) {
    let body = if response.status == 200 { &response.body[..] } else { b"" };
    (response.status, response.is_last(), body)
}

fn essences(responses: &[ParsedResponse]) -> Vec<(u16, bool, &[u8])> {
    responses.iter().map(essence).collect()
}

/// Returns the number of responses.
pub(crate) fn connection(input: &[u8], random: &mut Random) -> u64 {
    SERVERS.with(|servers| {
        let expected = model::responses(input);
        let is_head = |(place, response): (usize, &Expected)| response.is_head.then_some(place);
        let heads: Vec<_> = expected.iter().enumerate().filter_map(is_head).collect();
        let cuts = [vec![input.len()], (1..=input.len()).collect(), random.cuts(input.len())];
        let [whole, bytes, pieces] =
            cuts.each_ref().map(|cuts| servers[0].responses(input, cuts, &heads));
        let shown = input.escape_ascii();
        assert_eq!(essences(&bytes), essences(&whole), "byte by byte: {shown}");
        assert_eq!(essences(&pieces), essences(&whole), "cut at {:?}: {shown}", cuts[2]);
        let model: Vec<_> = expected.iter().map(Expected::essence).collect();
        assert_eq!(essences(&whole), model, "the model disagrees: {shown}");
        if heads.is_empty() {
            let [whole, pieces] = [0, 2].map(|n| servers[1].responses(input, &cuts[n], &[]));
            assert_eq!(essences(&pieces), essences(&whole), "small limits, {:?}: {shown}", cuts[2]);
        }
        whole.len() as u64
    })
}
