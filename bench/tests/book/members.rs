//! Where the text names a part of one of the repository's types, such as `Listener::bind`, the type has it.

use crate::document::{Block, Book, Problem};
use crate::listings;
use std::fs;
use std::path::Path;

/// Names of parts that no type of the sources has. A type that the sources do not declare is another project's.
pub(crate) fn unknown(book: &Book, sources: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (line, block) in &book.blocks {
        let Block::Text(text) = block else { continue };
        let code = text.split('`').skip(1).step_by(2);
        for path in code.filter(|code| is_part(code)) {
            let (owner, part) = path.split_once("::").unwrap_or((path, ""));
            let sources: Vec<_> = sources.iter().filter(|text| text.contains(owner)).collect();
            let declared = sources.iter().filter_map(|source| listings::item(source, owner).ok());
            let declared: Vec<_> = declared.collect();
            let is_inside = |item: &String| item.split(is_no_letter).any(|word| word == part);
            let has = |source: &&String| listings::item(source, path).is_ok();
            if !declared.is_empty() && !declared.iter().any(is_inside) && !sources.iter().any(has) {
                let what = format!("`{path}`: {owner} has no {part}; write the name that it has");
                problems.push(Problem::new(*line, what));
            }
        }
    }
    problems
}

/// `Type::part`, and no more.
fn is_part(code: &str) -> bool {
    code.split_once("::").is_some_and(|(owner, part)| {
        owner.starts_with(char::is_uppercase) && !format!("{owner}{part}").contains(is_no_letter)
    })
}

fn is_no_letter(letter: char) -> bool {
    !letter.is_alphanumeric() && letter != '_'
}

/// The text of every Rust file in `folder` and below.
pub(crate) fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            texts.push(fs::read_to_string(&path).unwrap());
        }
    }
    texts
}

#[test]
fn a_part_that_its_type_has_not_is_named() {
    let source = "enum Way { In, Out }\nimpl Way {\n    fn turn() {}\n}\n".to_owned();
    let text = "`Way::In`, `Way::turn` and `Vec::new`,\n`Way::back` and `Way`.\n";
    let problems = unknown(&Book::parse(text), &[source]);
    let expected = Problem::new(1, "`Way::back`: Way has no back; write the name that it has");
    assert_eq!(problems, [expected]);
}
