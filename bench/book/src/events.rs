//! What events of the Markdown parser amount to.

use pulldown_cmark::{Event, TagEnd, html};

/// The events up to the end of what has begun.
pub(crate) fn until<'e>(
    events: &mut impl Iterator<Item = Event<'e>>,
    end: TagEnd,
) -> Vec<Event<'e>> {
    events.take_while(|event| !matches!(event, Event::End(found) if *found == end)).collect()
}

/// Without marks.
pub(crate) fn text(events: &[Event]) -> String {
    let text = |event: &Event| match event {
        Event::Text(text) | Event::Code(text) | Event::Html(text) => text.to_string(),
        _ => String::new(),
    };
    events.iter().map(text).collect()
}

/// As HTML.
pub(crate) fn rendered(events: Vec<Event>) -> String {
    let mut text = String::new();
    html::push_html(&mut text, events.into_iter());
    text
}
