//! What became of a refresh, in words: one sentence for every report, so that none of them tells what did not happen.
//!
//! In: a document with a `refresh`. Out: the sentence in pieces, so that a page may set names in bold.

use indicatif::HumanCount;

use crate::document::{Document, MigrationStatus, Refresh, RefreshState, TableChange};

/// The tool whose step a refresh is.
pub(super) const TOOL: &str = "dev-restore";

/// Codes of failures that may come from the middle of a swap: documents of versions that did not write `state` say no more.
const MAYBE_SWAPPED: [&str; 5] =
    ["interrupted", "swap-unfinished", "mysql-statement", "mysql-connect", "definition-hidden"];

/// A piece of a sentence.
#[derive(Debug)]
pub(super) enum Piece {
    Words(String),
    Name(String),
}

/// What became of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The dump is in its place.
    Refreshed,
    /// What was there before the last refresh is back.
    Undone,
    /// Nothing was to be replaced: a dry run.
    Rehearsed,
    /// It failed, or was stopped, before anything was replaced.
    AsItWas,
    /// The swap had begun, and the document does not know how it ended.
    Unknown,
}

impl Fate {
    /// Reads the fate of the database from a document.
    pub(super) fn of(document: &Document, refresh: &Refresh) -> Self {
        match state(document, refresh) {
            RefreshState::Replaced if refresh.dump.is_empty() => Self::Undone,
            RefreshState::Replaced => Self::Refreshed,
            RefreshState::AsItWas if document.ok => Self::Rehearsed,
            RefreshState::AsItWas => Self::AsItWas,
            RefreshState::Swapping | RefreshState::Unknown(_) => Self::Unknown,
        }
    }
}

/// As it is written down; in a document of an older version, as far as the rest of it tells.
fn state(document: &Document, refresh: &Refresh) -> RefreshState {
    let code = document.error.as_ref().map_or("", |error| &error.code);
    match &refresh.state {
        Some(state) => state.clone(),
        None if refresh.previous.is_some() => RefreshState::Replaced,
        None if MAYBE_SWAPPED.contains(&code) => RefreshState::Swapping,
        None => RefreshState::AsItWas,
    }
}

/// What became of the database, and what it got or was to get.
pub(super) fn sentence(document: &Document, refresh: &Refresh) -> Vec<Piece> {
    let mut told = Told(Vec::new());
    let fate = Fate::of(document, refresh);
    match fate {
        Fate::Refreshed => {
            if refresh.only.is_empty() {
                told.words("Database ").name(&refresh.database);
                told.words(&format!(" now has {} rows of ", HumanCount(refresh.rows)));
            } else {
                told.words("Of database ")
                    .name(&refresh.database)
                    .words(" only ")
                    .name(&refresh.only.join(", "));
                told.words(&format!(" were replaced: {} rows of ", HumanCount(refresh.rows)));
            }
            told.dump(refresh).words(".");
            if let Some(previous) = &refresh.previous {
                told.words(" The tables before it are in ").name(previous).words(".");
            }
        }
        Fate::Undone => {
            if refresh.only.is_empty() {
                told.words("Database ").name(&refresh.database).words(" is again what it was");
            } else {
                told.words("Of database ")
                    .name(&refresh.database)
                    .words(" only ")
                    .name(&refresh.only.join(", "));
                told.words(" are again what they were");
            }
            told.words(" before the last refresh.");
            if let Some(previous) = &refresh.previous {
                told.words(" What it was until then is in ").name(previous).words(".");
            }
        }
        Fate::Rehearsed => {
            told.words("Database ").name(&refresh.database);
            told.words(" is as it was: nothing was to be replaced. It would get ").dump(refresh).words(".");
        }
        Fate::AsItWas => {
            let stopped = document.error.as_ref().is_some_and(|error| error.code == "interrupted");
            let ended = if stopped { "was stopped" } else { "failed" };
            told.words("Database ").name(&refresh.database);
            told.words(&format!(" is as it was: the refresh {ended} before anything was replaced."));
            told.words(" It was to get ").dump(refresh).words(".");
        }
        Fate::Unknown => {
            told.words("Whether database ").name(&refresh.database);
            told.words(" was replaced is not written down here; ");
            told.name(&format!("dev-restore status --target {}", refresh.target));
            told.words(" tells. It was to get ").dump(refresh).words(".");
        }
    }
    let ran = |status: &MigrationStatus| matches!(status, MigrationStatus::Applied | MigrationStatus::Failed);
    if fate != Fate::Refreshed && refresh.migrations.iter().any(|migration| ran(&migration.status)) {
        told.words(" Its migrations ran on the copy that was to replace it.");
    }
    told.0
}

/// The tables that have other rows than before, by how many, those that differ most first.
pub(super) fn changed(refresh: &Refresh) -> Vec<&TableChange> {
    let mut changed: Vec<_> = refresh.changes.iter().filter(|change| change.weight() > 0).collect();
    changed.sort_by_key(|change| std::cmp::Reverse(change.weight()));
    changed
}

/// The sentence as plain text.
pub(super) fn plain(document: &Document, refresh: &Refresh) -> String {
    let text = |piece| match piece {
        Piece::Words(text) | Piece::Name(text) => text,
    };
    sentence(document, refresh).into_iter().map(text).collect()
}

struct Told(Vec<Piece>);

impl Told {
    fn words(&mut self, text: &str) -> &mut Self {
        self.0.push(Piece::Words(text.to_owned()));
        self
    }

    fn name(&mut self, name: &str) -> &mut Self {
        self.0.push(Piece::Name(name.to_owned()));
        self
    }

    /// The dump, with the migrations of a branch if there is one.
    fn dump(&mut self, refresh: &Refresh) -> &mut Self {
        self.name(&refresh.dump);
        if let Some(reference) = &refresh.reference {
            self.words(", with the migrations of ").name(reference);
        }
        if let Some(commit) = &refresh.commit {
            self.words(&format!(" ({commit})"));
        }
        self
    }
}
