//! What can stand in a document, each piece under a name that a marker can hold.

pub use super::block::Block;
use super::{
    article, card, guard_rails, lines, profile, scale, summary, sweep, tables, uring, users, waits,
};
use crate::numbers::{grouped, micros};
use crate::results::claims::{self, Claim, Verdict};
use crate::results::{Part, Results, group};
use crate::table::Table;
use crate::workspace::{NULL_SERVER, STAGES, label};

/// Blocks in the making.
struct Blocks(Vec<Block>);

impl Blocks {
    /// Adds the table, if there is one; `lesson` is what to learn from it.
    fn table(&mut self, name: &str, title: &str, lesson: &str, table: Option<Table>) {
        self.0.extend(table.map(|table| block(name, title, lesson, Some(table))));
    }

    fn sentence(&mut self, name: &str, title: &str, text: Option<String>) {
        self.0.extend(text.map(|text| block(name, title, &text, None)));
    }
}

fn block(name: &str, title: &str, text: &str, table: Option<Table>) -> Block {
    Block { name: name.to_owned(), title: title.to_owned(), text: text.to_owned(), table }
}

/// All that `results` have rows for, in the order of a page.
pub fn of(results: &Results) -> Vec<Block> {
    let mut blocks = Blocks(Vec::new());
    blocks.sentence("origin", "Where and of what", Some(origin(results)));
    of_users(&mut blocks, results);
    ladder(&mut blocks, results, "keep-alive", "kept alive", HELLO);
    let title = "Where the time of a request goes";
    blocks.table("profile", title, PROFILE, profile::table(results));
    blocks.sentence("distorted", "What distorts the layers", profile::distorted(results));
    blocks.sentence("no layers", "Why there are no layers", profile::missing(results));
    of_cards(&mut blocks, results);
    let title = "Requests per second beside silent connections";
    blocks.table("idle", title, IDLE, tables::idle(results));
    let title = "Which model suits which workload";
    blocks.table("matrix", title, MATRIX, tables::matrix(results));
    blocks.table("causes", "The bottleneck of each workload", "", tables::causes(results));
    ladder(&mut blocks, results, "close", "one request per connection", CLOSE);
    let title = "The same rate for all, timed from when each was due";
    blocks.table("rate", title, RATE, lines::rate(results));
    of_sweep(&mut blocks, results);
    of_threads(&mut blocks, results);
    of_waits(&mut blocks, results);
    of_article(&mut blocks, results);
    let lesson = guard_rails::caption(results).unwrap_or_default();
    blocks.table("guard rails", "What limits buy", &lesson, guard_rails::table(results));
    let lesson = uring::lesson(results).unwrap_or_default();
    blocks.table("uring", "io_uring beside epoll", &lesson, uring::table(results));
    blocks.sentence("ceiling", "The generator's ceiling", ceiling(results));
    of_servers(&mut blocks, results);
    blocks.table("claims", "The book's claims", "", claims(results));
    blocks.0
}

const HELLO: &str = "An empty handler: what is left is the kernel's price for a request, and ours.";
const PROFILE: &str = "Waiting is work too: compare its µs from stage to stage.";
const CARDS: &str =
    "The factor is the remedy's: requests per second of the next stage over this one's.";
const IDLE: &str =
    "A silent connection takes stage 1 whole, stage 2 a thread, and an event loop nothing.";
const MATRIX: &str = "Each way to wait suits another workload; none has the best answer to all.";
const CLOSE: &str = "Connection set-up: the price that no architecture removes.";
const RATE: &str = "On average: Late is how much later than due the generator itself sent, and Waited how long a request that was due \
    waited as every connection still waited for a response.";

fn of_users(blocks: &mut Blocks, results: &Results) {
    let lesson = users::caption(results).unwrap_or_default();
    let title = "Users who think: the bottleneck moves from stage to stage";
    blocks.table("users", title, &lesson, users::ladder(results));
    blocks.table("users limits", "What holds each stage", "", users::limits(results));
    let title = "Controls: connections kept otherwise, or more threads";
    let lesson = "It is kept connections that hold the threads of stages 1 and 2: this is what else would help.";
    blocks.table("controls", title, lesson, users::controls(results));
    let beaten = Some(users::beaten(results).join(" ")).filter(|text| !text.is_empty());
    blocks.sentence("beaten", "Where a control beats the next stage", beaten);
}

fn of_cards(blocks: &mut Blocks, results: &Results) {
    for stage in STAGES {
        let title = format!("The bottleneck of {stage}");
        blocks.table(&format!("card {stage}"), &title, "", card::of(results, stage));
    }
    blocks.table("cards", "How the bottleneck moves", CARDS, card::all(results));
}

fn of_sweep(blocks: &mut Blocks, results: &Results) {
    for target in &results.config.targets {
        let title = format!("{} over offered load", label(target));
        blocks.table(&format!("sweep {target}"), &title, "", sweep::of_target(results, target));
    }
    blocks.sentence("sweep", "How to read latency over load", sweep::reading(results));
}

fn of_threads(blocks: &mut Blocks, results: &Results) {
    for target in &results.config.targets {
        let title = format!("{} over its threads", label(target));
        blocks.table(&format!("scale {target}"), &title, "", scale::table(results, target));
        let title = "What the next thread would add";
        blocks.table(&format!("laws {target}"), title, "", scale::laws(results, target));
    }
}

fn of_waits(blocks: &mut Blocks, results: &Results) {
    let lesson = waits::lesson(results).unwrap_or_default();
    let title = "What waiting costs: server CPU per request beside silent connections";
    blocks.table("waits", title, &lesson, waits::idle(results));
    blocks.sentence("waits fit", "The cost as a line", waits::fits(results));
    let title = "And with none silent: server CPU per request over active connections";
    blocks.table("waits active", title, "", waits::active(results));
}

fn of_article(blocks: &mut Blocks, results: &Results) {
    let Some(lesson) = article::lesson(results) else { return };
    let title = "A calibration: stage 1's plateau beside the article's";
    blocks.table("plateau", title, &lesson, article::plateau(results));
    let title = "The article's figures, complete, as history";
    blocks.table("article", title, "", Some(article::history()));
}

fn ladder(blocks: &mut Blocks, results: &Results, mode: &str, words: &str, lesson: &str) {
    let title = format!("The ladder, {words}");
    blocks.table(&format!("ladder {mode}"), &title, lesson, tables::ladder(results, mode));
    let title = format!("Beside other servers, {words}");
    blocks.sentence(&format!("beside {mode}"), &title, tables::beside(results, mode));
}

/// A table of all servers, or one for each; and what held them.
fn of_servers(blocks: &mut Blocks, results: &Results) {
    let all = lines::of_all(results);
    if all.is_none() {
        for target in &results.config.targets {
            let table = lines::of_target(results, target);
            blocks.table(&format!("table {target}"), label(target), "", table);
        }
    }
    blocks.table("servers", "What clients saw, and what that cost", "", all);
    let title = "The bottleneck of each server";
    blocks.table("bottlenecks", title, "", lines::bottlenecks(results));
    let disturbed = group::disturbed(&results.rows);
    blocks.sentence("disturbed", "What was measured again", disturbed);
}

/// Where and of what: a sentence to stand under tables.
pub fn origin(results: &Results) -> String {
    let cut = if results.interrupted {
        " Interrupted: not all that was asked for was measured."
    } else {
        ""
    };
    let pin = results.config.pin.as_ref();
    let pin = pin.map_or(String::new(), |pin| format!(" CPUs of servers and generator: {pin}."));
    format!(
        "Recorded {} on {}; {}.{pin}{cut}",
        results.day(),
        results.host.line(),
        results.source.line()
    )
}

/// The most that the generator reached against the null server, and what was the limit there.
fn ceiling(results: &Results) -> Option<String> {
    let of_null =
        results.rows.iter().filter(|row| row.target == NULL_SERVER && row.part != Part::Rate);
    let best = of_null.max_by(|left, right| left.load.rps.total_cmp(&right.load.rps))?;
    let verdict = best.told("verdict")?;
    let (reached, cpu) = (grouped(best.load.rps), micros(best.client_cpu_us));
    Some(format!(
        "{reached} requests per second against the null server, at {cpu} of its own CPU each; there {verdict}."
    ))
}

/// What the run says to each claim of the book, if it measured any stage.
fn claims(results: &Results) -> Option<Table> {
    if !results.part().is_claimed() {
        return None;
    }
    let judged = |claim: Claim| {
        let verdict = claims::judge(&claim, results);
        (claim, verdict)
    };
    verdicts(&claims::built_in().ok()?.into_iter().map(judged).collect::<Vec<_>>())
}

/// Claims, and what each came to.
pub fn verdicts(judged: &[(Claim, Verdict)]) -> Option<Table> {
    let row = |(claim, verdict): &(Claim, Verdict)| {
        vec![claim.text.clone(), verdict.name().to_owned(), verdict.why.clone()]
    };
    Table::of_prose(["Claim", "Here", "Figures"]).filled(judged.iter().map(row).collect())
}

/// The block with that name.
pub fn find(results: &Results, name: &str) -> Option<Block> {
    of(results).into_iter().find(|block| block.name == name)
}

/// All blocks as one document.
pub fn document(results: &Results) -> String {
    let mut text = "# Results\n".to_owned();
    for block in of(results) {
        text += &block.section();
        if block.name == "profile" {
            text += &format!("\n![{}](charts/profile.svg)\n", block.title);
        }
    }
    text
}

/// What a run prints at its end: its tables, and as the last screen what the run is about.
pub fn terminal(results: &Results) -> String {
    let screen = summary::of(results);
    let mut elsewhere = vec!["origin", "claims"];
    if screen.is_some() {
        elsewhere.extend(["users limits", "beaten"]);
    }
    let is_shown =
        |block: &Block| !elsewhere.contains(&&*block.name) && !block.name.starts_with("card");
    let blocks = of(results).into_iter().filter(is_shown);
    let mut text: String = blocks.map(|block| block.terminal()).collect();
    text += &screen.unwrap_or_default();
    if results.interrupted {
        let (made, planned) = (results.rows.len(), results.planned);
        text += &format!("\nINTERRUPTED: {made} of {planned} trials were measured.\n");
    }
    text
}
