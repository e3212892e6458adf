//! The result of a refresh in one sentence, which all reports share, so that no report claims what did not happen.
//!
//! In: a document with a `refresh`. Out: the sentence in pieces, so that the page can show names in bold.

use indicatif::HumanCount;

use crate::document::{Document, MigrationStatus, Refresh, RefreshState, TableChange};

/// The tool that refreshes databases.
pub(super) const TOOL: &str = "dev-restore";

/// Codes of failures that may have happened in the middle of a swap. Documents of versions without `state` tell no more.
const MAYBE_SWAPPED: [&str; 5] =
    ["interrupted", "swap-unfinished", "mysql-statement", "mysql-connect", "definition-hidden"];

/// A piece of a sentence.
#[derive(Debug)]
pub(super) enum Piece {
    Words(String),
    Name(String),
}

/// The result of a refresh for the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The data of the dump has replaced the database.
    Refreshed,
    /// An undo has put back the tables from before the last refresh.
    Undone,
    /// A dry run, which replaces nothing.
    Rehearsed,
    /// The refresh failed, or was stopped, before anything was replaced.
    AsItWas,
    /// The swap had begun, and the document does not say how it ended.
    Unknown,
}

impl Fate {
    /// Reads the result from a document.
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

/// The `state` of the document. For a document of an older version it is derived from `previous` and the error's code.
fn state(document: &Document, refresh: &Refresh) -> RefreshState {
    let code = document.error.as_ref().map_or("", |error| &error.code);
    match &refresh.state {
        Some(state) => state.clone(),
        None if refresh.previous.is_some() => RefreshState::Replaced,
        None if MAYBE_SWAPPED.contains(&code) => RefreshState::Swapping,
        None => RefreshState::AsItWas,
    }
}

/// The sentence: the result for the database, and the dump and migrations that it got or was to get.
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

/// The tables whose number of rows changed, those that changed most first.
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

    /// Adds the name of the dump, and the branch of the migrations if there is one.
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
