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

/// One thing that was looked at.
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
    /// As it should be.
    pub fn fine(name: &'static str, found: impl Into<String>) -> Self {
        Self { weight: Weight::Fine, name, found: found.into(), remedy: String::new() }
    }

    /// Worth knowing, with a remedy.
    pub fn note(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Note, name, found: found.into(), remedy: remedy.into() }
    }

    /// In the way, with a remedy.
    pub fn obstacle(
        name: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { weight: Weight::Obstacle, name, found: found.into(), remedy: remedy.into() }
    }

    /// One line, and one for the remedy.
    pub fn lines(&self) -> String {
        let weight = match self.weight {
            Weight::Fine => "ok",
            Weight::Note => "note",
            Weight::Obstacle => "FIX",
        };
        let mut text = format!("{weight:<5}{:<14}{}\n", self.name, self.found);
        if !self.remedy.is_empty() {
            text += &format!("{:19}-> {}\n", "", self.remedy);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_and_its_remedy_another() {
        assert_eq!(Finding::fine("cores", "8").lines(), "ok   cores         8\n");
        let text = Finding::obstacle("ports", "none", "open some").lines();
        assert_eq!(text, "FIX  ports         none\n                   -> open some\n");
    }
}
