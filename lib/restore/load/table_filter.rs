//! Decides which tables of a dump get their rows.
//!
//! In: `include` and `exclude` of `[targets.NAME]` and of the command line, and `--only`. Out: yes or no for each table. A table
//! that is left out is created without rows, so that views and the application find it.

use crate::catalog::Patterns;
use crate::restore::options::RunOptions;
use crate::restore::target::DevTarget;

/// The globs that decide which tables get their rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct TableFilter {
    include: Patterns,
    exclude: Patterns,
    only: Patterns,
    /// Whether tables that `--only` does not name are loaded too: with `--ref`, migrations may read them.
    with_others: bool,
}

impl TableFilter {
    /// Joins the target's settings and the command line.
    pub(crate) fn of(target: &DevTarget, options: &RunOptions) -> Self {
        let settings = &target.settings;
        Self {
            include: Patterns::new(settings.include.iter().chain(&options.include)),
            exclude: Patterns::new(settings.exclude.iter().chain(&options.exclude)),
            only: Patterns::new(&options.only),
            with_others: options.reference.as_ref().is_some_and(|reference| !reference.is_empty()),
        }
    }

    /// True if `include` or `exclude` leaves the rows of a table out. With `--only`, other tables are not swapped in anyway.
    pub(crate) fn empties(&self, table: &str) -> bool {
        self.only.is_empty() && !self.takes(table)
    }

    /// True if the table gets its rows.
    pub(crate) fn takes(&self, table: &str) -> bool {
        if !self.only.is_empty() && (self.only.fit(table) || !self.with_others) {
            return self.only.fit(table);
        }
        (self.include.is_empty() || self.include.fit(table)) && !self.exclude.fit(table)
    }
}
