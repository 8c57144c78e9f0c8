//! What stands around a chapter: the way to all others.

use crate::chapters::Chapter;
use crate::events::rendered;
use crate::markdown::Writer;
use crate::own::Own;
use anyhow::Result;
use bench::report::chart::svg;
use bench::report::html;
use bench::table::escape;
use pulldown_cmark::Parser;

/// The first page.
pub(crate) const INDEX: &str = "index.html";
/// All chapters on one page, for the browser's own search.
const WHOLE: (&str, &str) = ("whole.html", "The whole book on one page");
/// The reader's runs, and the claims.
const OWN: (&str, &str) = ("yours.html", "The book's claims, and your machine");

/// Every file, by its name.
///
/// # Errors
/// When a picture cannot be read.
pub(crate) fn all(
    chapters: &[Chapter],
    writer: &Writer,
    own: &Own,
) -> Result<Vec<(String, String)>> {
    let style = format!("{}{}", svg::STYLE, include_str!("book.css"));
    let mut files = vec![("book.css".to_owned(), style)];
    let page = |(file, title): (&str, &str), text: &str| {
        (file.to_owned(), page(chapters, own, (file, title), text))
    };
    let mut whole = String::new();
    for chapter in chapters {
        files.push(page((&chapter.file, &chapter.title), &writer.html(chapter, false)?));
        whole += &writer.html(chapter, true)?;
    }
    files.push(page(WHOLE, &whole));
    let claims = own.claims().map_or(String::new(), |claims| claims.html());
    files.push(page(OWN, &format!("<h1>{}</h1>\n{}{claims}", OWN.1, sentence(own))));
    Ok(files)
}

fn page(chapters: &[Chapter], own: &Own, (file, title): (&str, &str), text: &str) -> String {
    let turn = turn(chapters, file);
    let contents = contents(chapters, own, file);
    let body = format!(
        "<a class=\"to-contents\" href=\"#contents\">Contents</a>\n<main>\n{text}{turn}</main>\n{contents}"
    );
    html::document(title, "<link rel=\"stylesheet\" href=\"book.css\">", &body)
}

/// To the chapters before and after.
fn turn(chapters: &[Chapter], file: &str) -> String {
    let Some(at) = chapters.iter().position(|chapter| chapter.file == file) else {
        return String::new();
    };
    let link = |to: Option<&Chapter>, rel: &str| {
        to.map_or("<span></span>".to_owned(), |to| {
            format!("<a rel=\"{rel}\" href=\"{}\">{}</a>", to.file, escape(&to.title))
        })
    };
    let before = at.checked_sub(1).and_then(|at| chapters.get(at));
    format!(
        "<nav class=\"turn\">{}{}</nav>\n",
        link(before, "prev"),
        link(chapters.get(at + 1), "next")
    )
}

/// All pages; of the one that is shown, its parts too.
fn contents(chapters: &[Chapter], own: &Own, file: &str) -> String {
    let others = [WHOLE, OWN].map(|(file, title)| (file, title, [].as_slice()));
    let chapters = chapters.iter().map(|one| (&*one.file, &*one.title, one.headings.as_slice()));
    let mut text = "<nav id=\"contents\">\n<ul>\n".to_owned();
    for (page, title, headings) in chapters.chain(others) {
        let here = if page == file { " aria-current=\"page\"" } else { "" };
        text += &format!("<li><a href=\"{page}\"{here}>{}</a>", escape(title));
        let parts = headings.iter().filter(|heading| page == file && heading.level == 3);
        let part = |text: &str, anchor: &str| {
            format!("<li><a href=\"#{anchor}\">{}</a></li>\n", escape(text))
        };
        let parts: String = parts.map(|heading| part(&heading.text, &heading.anchor)).collect();
        text += &format!("<ul>\n{parts}</ul></li>\n");
    }
    text + &format!("</ul>\n{}</nav>\n", sentence(own))
}

/// What the book has beside its figures, as a paragraph.
fn sentence(own: &Own) -> String {
    rendered(Parser::new(&own.sentence()).collect())
}
