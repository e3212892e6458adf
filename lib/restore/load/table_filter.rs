//! Which tables of a dump get their rows.
//!
//! In: `include` and `exclude` of `[targets.NAME]` and of the command line. Out: yes or no for each table. A table that
//! is left out is there all the same, without rows, so that views and the application find it.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::restore::error::Error;
use crate::restore::options::RunOptions;
use crate::restore::target::Target;

/// Which tables get their rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    include: GlobSet,
    exclude: GlobSet,
}

impl Choice {
    /// What the target's settings and the command line say together.
    pub(crate) fn of(target: &Target, options: &RunOptions) -> Result<Self, Error> {
        let both = |a: &[String], b: &[String]| [a, b].concat();
        let settings = &target.settings;
        Ok(Self {
            include: compile(target, "include", &both(&settings.include, &options.include))?,
            exclude: compile(target, "exclude", &both(&settings.exclude, &options.exclude))?,
        })
    }

    /// Whether the table gets its rows.
    pub(crate) fn takes(&self, table: &str) -> bool {
        (self.include.is_empty() || self.include.is_match(table)) && !self.exclude.is_match(table)
    }
}

/// Names and globs as one matcher; `setting` is for the error.
pub(crate) fn compile(target: &Target, setting: &'static str, globs: &[String]) -> Result<GlobSet, Error> {
    let wrong =
        |e: globset::Error| Error::Glob { target: target.name.clone(), setting, problem: e.to_string() };
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(Glob::new(glob).map_err(wrong)?);
    }
    set.build().map_err(wrong)
}
