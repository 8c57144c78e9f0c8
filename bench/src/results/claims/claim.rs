//! A claim: a sentence of the book, what a machine must have to test it, and what must be true then.

use serde::Deserialize;

/// The file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// In the order of the book.
    pub claims: Vec<Claim>,
}

/// One claim. A misspelt field is an error: a condition that is not read makes another claim.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// A name for markers and notes: `stage1-serves-one`.
    pub id: String,
    /// As the book says it.
    pub text: String,
    /// The least number of cores.
    #[serde(default)]
    pub min_cores: usize,
    /// The most: some steps only show where cores are few.
    #[serde(default)]
    pub max_cores: Option<usize>,
    /// `hello`, `work`, `sleep`, `idle`, `users`, `waits`.
    #[serde(default = "hello")]
    pub workload: String,
    /// `close` or `keep-alive`.
    pub connection: String,
    /// Whether it is about a stage's defaults, which `-- --threads 8` would change.
    #[serde(default)]
    pub defaults_only: bool,
    /// At which connection counts it must be true.
    #[serde(default)]
    pub at: At,
    /// What is compared.
    pub left: Quantity,
    /// How.
    pub is: Relation,
    /// `left` is compared with so much of `right`.
    #[serde(default = "one")]
    pub times: f64,
    /// With what.
    pub right: Quantity,
}

/// Which connection counts are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// All of them, each by itself.
    #[default]
    Each,
    /// The fewest connections only.
    Lowest,
    /// The most connections only.
    Highest,
    /// The left side at the most connections, the right side at the fewest.
    HighestAgainstLowest,
}

/// How two quantities compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Left is no less than right.
    AtLeast,
    /// Left is no more than right.
    AtMost,
}

/// One side of the comparison.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Quantity {
    /// The same everywhere.
    Number(f64),
    /// A figure of a server's row.
    Figure {
        /// The server.
        of: String,
        /// By the name that [`crate::results::Sample::figure`] knows: `rps`, `served`, `connections`, `mean`, `p99`, `cpu`,
        /// `evidence.NAME`; or `profile.LAYER`.
        figure: String,
        /// Of the row with so many idle connections; unless told, with the most of them.
        #[serde(default)]
        idle: Option<usize>,
    },
}

impl Relation {
    /// Whether it is so.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::AtLeast => left >= right,
            Self::AtMost => left <= right,
        }
    }

    /// As a sign.
    pub fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => "≥",
            Self::AtMost => "≤",
        }
    }
}

impl Quantity {
    /// The server whose row it needs; a number needs none.
    pub fn target(&self) -> Option<&String> {
        if let Self::Figure { of, .. } = self { Some(of) } else { None }
    }

    /// Idle connections of the row, where the claim says how many.
    pub fn idle(&self) -> Option<usize> {
        if let Self::Figure { idle, .. } = self { *idle } else { None }
    }

    /// What is compared; a number has no name.
    pub fn figure(&self) -> &str {
        if let Self::Figure { figure, .. } = self { figure } else { "" }
    }

    /// Whether it counts clients or errors: such a figure has no noise, and what disturbs a measurement does not change it.
    pub fn is_counted(&self) -> bool {
        ["", "served", "connections", "errors"].contains(&self.figure())
    }

    /// The value, where `find` knows a server's figure.
    pub fn value(&self, find: &dyn Fn(&str, &str) -> Option<f64>) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Figure { of, figure, .. } => find(of, figure),
        }
    }
}

fn hello() -> String {
    "hello".to_owned()
}

fn one() -> f64 {
    1.0
}
