//! The findings of a check, as text and as JSON.

use std::fmt::Write;

use serde::Serialize;
use serde_json::{Value, json};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    Good,
    /// A note: worth knowing, and no reason to fail.
    Note,
    /// A setting is missing in refresh.toml. Wrong too, but a flag of `rds-restore` may still give the setting.
    #[serde(rename = "wrong")]
    Unset,
    /// The run would fail.
    Wrong,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CheckFinding {
    pub(super) level: Severity,
    /// The subject, in one word: `quotas`.
    pub(super) about: &'static str,
    pub(super) said: String,
    /// Lines for refresh.toml that put it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) toml: Option<String>,
}

impl CheckFinding {
    pub(super) fn good(about: &'static str, said: String) -> Self {
        Self { level: Severity::Good, about, said, toml: None }
    }

    pub(super) fn note(about: &'static str, said: String) -> Self {
        Self { level: Severity::Note, about, said, toml: None }
    }

    pub(super) fn unset(about: &'static str, said: String, toml: Option<String>) -> Self {
        Self { level: Severity::Unset, about, said, toml }
    }

    /// The same finding, as a note unless it is good.
    pub(super) fn only_told(self) -> Self {
        let level = if self.level == Severity::Good { Severity::Good } else { Severity::Note };
        Self { level, toml: None, ..self }
    }

    pub(super) fn wrong(about: &'static str, said: String, toml: Option<String>) -> Self {
        Self { level: Severity::Wrong, about, said, toml }
    }
}

/// All findings of a check, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct CheckFindings(Vec<CheckFinding>);

impl CheckFindings {
    pub(super) fn add(&mut self, finding: CheckFinding) {
        self.0.push(finding);
    }

    pub(super) fn extend(&mut self, findings: impl IntoIterator<Item = CheckFinding>) {
        self.0.extend(findings);
    }

    /// Number of findings that are wrong, missing settings included.
    pub(super) fn wrong(&self) -> usize {
        self.0.iter().filter(|finding| matches!(finding.level, Severity::Wrong | Severity::Unset)).count()
    }

    /// One line for each finding, then the lines to paste.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for CheckFinding { level, about, said, .. } in &self.0 {
            let mark = match level {
                Severity::Good => "ok   ",
                Severity::Note => "note ",
                Severity::Unset | Severity::Wrong => "WRONG",
            };
            let _ = writeln!(text, "{mark} {about:<12} {said}");
        }
        let lines = pasted(self.0.iter());
        if !lines.is_empty() {
            let _ = writeln!(text, "\nfor refresh.toml:\n{lines}");
        }
        text
    }

    /// The findings that would make the run fail whatever flags the other tools get: sentences, and lines to paste. `None`
    /// without any.
    pub(super) fn certain(&self) -> Option<(String, String)> {
        let wrong = || self.0.iter().filter(|finding| finding.level == Severity::Wrong);
        let said: Vec<&str> = wrong().map(|finding| finding.said.as_str()).collect();
        (!said.is_empty()).then(|| (said.join("; "), pasted(wrong())))
    }

    pub(super) fn notes(&self) -> impl Iterator<Item = &CheckFinding> {
        self.0.iter().filter(|finding| finding.level == Severity::Note)
    }

    pub(super) fn json(&self) -> Value {
        json!(self.0)
    }
}

/// The lines of all findings, below each section's header once: TOML does not allow a header twice.
fn pasted<'a>(findings: impl Iterator<Item = &'a CheckFinding>) -> String {
    let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
    for text in findings.filter_map(|finding| finding.toml.as_deref()) {
        let (header, lines) = text.split_once('\n').unwrap_or((text, ""));
        match sections.iter_mut().find(|(known, _)| *known == header) {
            Some((_, known)) if known.contains(&lines) => {}
            Some((_, known)) => known.push(lines),
            None => sections.push((header, vec![lines])),
        }
    }
    let section = |(header, lines): &(&str, Vec<&str>)| format!("{header}\n{}", lines.join("\n"));
    sections.iter().map(section).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_pasted_has_each_header_and_each_line_once() {
        let wrong = |toml: &str| CheckFinding::wrong("x", "y".to_owned(), Some(toml.to_owned()));
        let all = [
            wrong("[restore]\na = 1"),
            wrong("[snapshot]\nb = 2"),
            wrong("[restore]\nc = 3"),
            wrong("[restore]\na = 1"),
        ];
        assert_eq!(pasted(all.iter()), "[restore]\na = 1\nc = 3\n[snapshot]\nb = 2");
    }
}
