//! HTML of a chapter.

use crate::beside;
use crate::chapters::{Chapter, Heading};
use crate::events::{rendered, text, until};
use crate::own::Own;
use crate::{rust, table};
use anyhow::{Context, Result};
use bench::table::escape;
use pulldown_cmark::{Alignment, CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// What it takes to make HTML of any chapter.
pub(crate) struct Writer<'a> {
    root: &'a Path,
    /// The way from the pages to the repository: `../../`, or its whole name.
    up: String,
    own: &'a Own,
    /// The page of each heading.
    pages: HashMap<&'a str, &'a str>,
}

/// `<!-- kind: args -->`, the marker that what follows belongs to.
type Marker = (String, String);

impl<'a> Writer<'a> {
    /// For pages in `out`, which is there.
    ///
    /// # Errors
    /// When a folder is gone.
    pub(crate) fn new(
        root: &'a Path,
        out: &Path,
        own: &'a Own,
        chapters: &'a [Chapter],
    ) -> Result<Self> {
        let of = |chapter: &'a Chapter| {
            chapter.headings.iter().map(|heading| (heading.anchor.as_str(), chapter.file.as_str()))
        };
        let (repository, pages) = (root.canonicalize()?, out.canonicalize()?);
        let up = match pages.strip_prefix(&repository) {
            Ok(below) => "../".repeat(below.components().count()),
            Err(_) => format!("{}/", repository.display()),
        };
        Ok(Self { root, up, own, pages: chapters.iter().flat_map(of).collect() })
    }

    /// The chapter as part of a page with all of them, or as a page of its own.
    ///
    /// # Errors
    /// When a picture cannot be read.
    pub(crate) fn html(&self, chapter: &Chapter, is_whole: bool) -> Result<String> {
        let source = beside::woven(&chapter.source, self.own);
        let mut headings = chapter.headings.iter();
        let events = Parser::new_ext(&source, Options::ENABLE_TABLES);
        let mut events = events.map(|event| self.single(event, &mut headings, is_whole));
        let mut marker = None;
        let mut html = Vec::new();
        while let Some(event) = events.next() {
            match event {
                Event::Start(Tag::HtmlBlock) => {
                    let block = text(&until(&mut events, TagEnd::HtmlBlock));
                    html.push(Event::Html(self.raw(&block, &mut marker).into()));
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let code = text(&until(&mut events, TagEnd::CodeBlock));
                    html.push(Event::Html(self.code(&kind, &code, marker.take()).into()));
                }
                Event::Start(Tag::Table(columns)) => {
                    let table = until(&mut events, TagEnd::Table);
                    html.push(Event::Html(self.table(&columns, table, &mut marker).into()));
                }
                Event::Start(Tag::Image { dest_url, .. }) => {
                    until(&mut events, TagEnd::Image);
                    html.push(Event::InlineHtml(self.picture(&dest_url)?.into()));
                }
                event => html.push(event),
            }
        }
        Ok(rendered(html))
    }

    /// What is changed for itself: anchors of headings, targets of links, comments, names of claims.
    fn single<'e>(
        &self,
        event: Event<'e>,
        headings: &mut std::slice::Iter<'_, Heading>,
        is_whole: bool,
    ) -> Event<'e> {
        match event {
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                let id = headings.next().map(|heading| heading.anchor.clone().into());
                Event::Start(Tag::Heading { level, id, classes, attrs })
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = self.target(&dest_url, is_whole).into();
                Event::Start(Tag::Link { link_type, dest_url, title, id })
            }
            Event::InlineHtml(html) if html.starts_with("<!--") => Event::Text("".into()),
            Event::Code(code) => self.claim(&code).map_or(Event::Code(code), Event::InlineHtml),
            event => event,
        }
    }

    fn target(&self, target: &str, is_whole: bool) -> String {
        match target.strip_prefix('#') {
            Some(_) if is_whole => target.to_owned(),
            Some(anchor) => format!("{}{target}", self.pages.get(anchor).unwrap_or(&"")),
            None if target.contains("://") => target.to_owned(),
            None => format!("{}{target}", self.up),
        }
    }

    /// The name of a claim, with what it came to.
    fn claim<'e>(&self, name: &str) -> Option<CowStr<'e>> {
        let (_, verdict) = self.own.verdicts.iter().find(|(claim, _)| claim.id == name)?;
        let (why, name, verdict) = (escape(&verdict.why), escape(name), verdict.name());
        Some(
            format!("<code>{name}</code> <small class=\"own\" title=\"{why}\">{verdict}</small>")
                .into(),
        )
    }

    /// HTML as it stands in the book; a comment may be a marker, and is not shown.
    fn raw(&self, block: &str, marker: &mut Option<Marker>) -> String {
        let Some((comment, rest)) =
            block.strip_prefix("<!--").and_then(|rest| rest.split_once("-->"))
        else {
            return block.to_owned();
        };
        let (kind, args) = comment.trim().split_once(": ").unwrap_or((comment.trim(), ""));
        let end = match kind {
            "end" => marker.take().map_or(String::new(), |marker| self.end(&marker)),
            "listing" | "table" | "picture" => {
                *marker = Some((kind.to_owned(), args.to_owned()));
                String::new()
            }
            _ => String::new(),
        };
        end + rest
    }

    /// What the reader's runs have for a sentence or a picture of the book's run.
    fn end(&self, (kind, args): &Marker) -> String {
        let Some(name) = recorded(args) else { return String::new() };
        let (tag, found) = match &**kind {
            "picture" => ("details", self.own.picture(name)),
            _ => ("p", self.own.text(name)),
        };
        found.map_or(String::new(), |own| format!("<{tag} class=\"own\">{own}</{tag}>\n"))
    }

    /// A listing links to its source.
    fn code(&self, kind: &CodeBlockKind, code: &str, marker: Option<Marker>) -> String {
        let language = match kind {
            CodeBlockKind::Fenced(language) => language,
            CodeBlockKind::Indented => "",
        };
        let html = if language == "rust" { rust::highlighted(code) } else { escape(code) };
        let source = marker.filter(|(kind, _)| kind == "listing").map(|(_, source)| source);
        let caption = source.map_or(String::new(), |source| {
            let (file, item) = source.split_once('#').unwrap_or((&source, ""));
            let (link, file, item) = (format!("{}{file}", self.up), escape(file), escape(item));
            format!("<figcaption><a href=\"{link}\">{file}</a> {item}</figcaption>")
        });
        format!(
            "<figure class=\"code {language}\">{caption}<pre><code>{html}</code></pre></figure>\n"
        )
    }

    /// A table in a box that scrolls, with the reader's figures if it is one of the recorded run.
    fn table(
        &self,
        columns: &[Alignment],
        events: Vec<Event>,
        marker: &mut Option<Marker>,
    ) -> String {
        let marker = marker.take_if(|(kind, _)| kind == "table");
        let name = marker.as_ref().and_then(|(_, args)| recorded(args));
        let own = name.and_then(|name| self.own.table(name));
        let (html, has_own) = table::html(columns, events, own.as_ref().map(|(_, table)| table));
        let caption = match own.filter(|_| has_own) {
            Some((run, _)) => format!(
                "Below the book's figures: those of {}, with their factor; words where they differ.",
                run
            ),
            None if name.is_none() || self.own.runs.is_empty() => return html,
            None => "None of your runs has these figures.".to_owned(),
        };
        format!("{html}<p class=\"own\">{caption}</p>\n")
    }

    /// A picture in a box that scrolls. The page has the style of all of them.
    fn picture(&self, file: &str) -> Result<String> {
        let path = self.root.join(file);
        let svg = fs::read_to_string(&path)
            .with_context(|| format!("BOOK.md shows {}, which cannot be read", path.display()))?;
        let (before, rest) = svg.split_once("<style>").unwrap_or((&svg, ""));
        let after = rest.split_once("</style>").map_or(rest, |(_, after)| after);
        Ok(format!("<span class=\"picture\">{before}{}</span>", after.trim_end()))
    }
}

/// The block's or picture's name, if it is one of a recorded run.
fn recorded(args: &str) -> Option<&str> {
    args.split_once(' ')
        .filter(|(folder, _)| folder.starts_with("bench/results/"))
        .map(|(_, name)| name)
}
