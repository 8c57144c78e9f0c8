//! What every chapter of a stage has: the card of its bottleneck, and an exercise that is measured.

use crate::document::{Block, Book, Problem};
use crate::skeleton::chapters;

/// Chapters that have a part `Bottleneck` without a card, or no exercise in which a factor is predicted.
pub(crate) fn problems(book: &Book) -> Vec<Problem> {
    let mut problems = Vec::new();
    for chapter in chapters(book) {
        let Some(bottleneck) = chapter.part("Bottleneck") else { continue };
        let is_card = |(_, block): &(usize, Block)| match block {
            Block::Directive { kind, args } => kind == "table" && args.contains(" card"),
            _ => false,
        };
        let line = book.blocks[bottleneck.start].0;
        if !book.blocks[bottleneck.clone()].iter().any(is_card) {
            let what =
                "no card here: `<!-- table: bench/results/RUN card STAGE -->` and `<!-- end -->`";
            problems.push(Problem::new(line, what));
        }
        let number = chapter.number;
        let begins = format!("**Measured exercise {number}.");
        let exercises = chapter.part("Exercises").map(|blocks| book.paragraphs(blocks));
        if !exercises.iter().flatten().any(|(_, text)| text.starts_with(&begins)) {
            problems.push(Problem::new(
                line,
                format!("chapter {number} has no `{begins}1**` in its exercises"),
            ));
        }
    }
    problems
}

#[test]
fn a_stage_without_a_card_or_without_a_measured_exercise_is_named() {
    let told = |text: &str| {
        problems(&Book::parse(text)).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let whole = "## 6. A\n### Bottleneck\n<!-- table: bench/results/a card b -->\n\n<!-- end -->\n\n### Exercises\n**Measured exercise 6.4** B";
    assert_eq!(told(whole), [""; 0]);
    assert_eq!(told("## 5. A\n### Exercises"), [""; 0]);
    assert!(told(&whole.replace("a card b", "a users"))[0].starts_with("BOOK.md:2: no card here"));
    assert!(
        told(&whole.replace("exercise 6", "exercise 7"))[0]
            .contains("no `**Measured exercise 6.1**`")
    );
}
