//! One thing that the doctor looked at.

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// As it should be.
    Fine,
    /// Worth knowing when figures are read.
    Note,
    /// Runs fail or mean little until it is mended.
    Obstacle,
}

/// What is there, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub weight: Weight,
    /// In a word or two.
    pub name: &'static str,
    /// What is there.
    pub found: String,
    /// What to do about it; empty when nothing needs to be done.
    pub remedy: String,
}

impl Finding {
    /// Something as it should be.
    pub fn fine(name: &'static str, found: impl Into<String>) -> Self {
        Self { weight: Weight::Fine, name, found: found.into(), remedy: String::new() }
    }

    /// Something worth knowing.
    pub fn note(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Note, name, found: found.into(), remedy: remedy.into() }
    }

    /// The same, in the way.
    pub fn obstacle(self) -> Self {
        Self { weight: Weight::Obstacle, ..self }
    }

    /// One line, and one for the remedy.
    pub fn lines(&self) -> String {
        let weight = match self.weight {
            Weight::Fine => "ok",
            Weight::Note => "note",
            Weight::Obstacle => "FIX",
        };
        let remedy = match self.remedy.as_str() {
            "" => String::new(),
            remedy => format!("{:19}-> {remedy}\n", ""),
        };
        format!("{weight:<5}{:<14}{}\n{remedy}", self.name, self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_and_its_remedy_another() {
        assert_eq!(Finding::fine("cores", "8").lines(), "ok   cores         8\n");
        let text = Finding::note("ports", "none", "open some").obstacle().lines();
        assert_eq!(text, "FIX  ports         none\n                   -> open some\n");
    }
}
