//! Checks before and after the keys are collected, so that nothing personal leaves.
//!
//! In: a blueprint; later the finished table plans. Out: a refusal, or warnings. Before: the server parses the masks and nothing
//! personal is unmasked (`guard`), masked values keep the constraints of their tables (`constraint_check`). After: `leaks` hashes
//! the originals (`originals` says which columns hold them, `originals_hash` reads them) and looks for `copied_columns`; canaries
//! go through the masks (`canary`, `canary_row`). `foresee` checks proposed rules before they are printed: `within_rules` against
//! constraints, `alike` for columns that need the same rule.

pub(super) mod alike;
pub(super) mod canary;
pub(super) mod canary_row;
pub(super) mod constraint_check;
pub(super) mod copied_columns;
pub(super) mod foresee;
pub(super) mod guard;
pub(super) mod leaks;
pub(super) mod originals;
pub(super) mod originals_hash;
pub(super) mod within_rules;
