//! Tracks whether a file ends with something that it wrote and did not commit.
//!
//! In: the statements that ran, one after the other. Out: whether a transaction that is open at the end holds writes that would
//! be lost. An open transaction alone says little: under `autocommit = 0` a statement that only reads opens one too.

use super::reading::ForeignStatement;

/// What a statement does to writes that are not committed. A statement that is not known counts as a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Writes,
    /// The statement commits the writes before it, or rolls them back.
    Ends,
    Nothing,
}

/// Remembers whether something was written since the last commit or rollback.
#[derive(Debug, Default)]
pub(super) struct Open {
    written: bool,
}

impl Open {
    /// Notes a statement that succeeded. With `functions` in the database, a statement that only reads may write.
    pub(super) fn note(&mut self, reading: &ForeignStatement<'_>, functions: bool) {
        match effect(reading, functions) {
            Effect::Writes => self.written = true,
            Effect::Ends => self.written = false,
            Effect::Nothing => {}
        }
    }

    /// True if an open transaction would lose writes.
    pub(super) fn written(&self) -> bool {
        self.written
    }
}

fn effect(reading: &ForeignStatement<'_>, functions: bool) -> Effect {
    let is = |words: &[&str]| reading.is_any(0, words);
    let to_savepoint = || (1..4).any(|at| reading.is(at, "TO"));
    match () {
        () if is(&["ROLLBACK"]) && to_savepoint() => Effect::Nothing,
        () if is(&["COMMIT", "ROLLBACK"]) => Effect::Ends,
        () if is(&["START"]) && reading.is(1, "TRANSACTION") => Effect::Ends,
        () if is(&["BEGIN"]) && !reading.is(1, "NOT") => Effect::Ends,
        // CREATE and DROP commit, except for temporary tables.
        () if is(&["CREATE", "DROP"]) && (1..4).any(|at| reading.is(at, "TEMPORARY")) => Effect::Writes,
        () if is(&["CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE"]) => Effect::Ends,
        () if is(&["LOCK"]) && reading.is_any(1, &["TABLE", "TABLES"]) => Effect::Ends,
        () if !functions && is(&["SELECT", "SET", "DO"]) && !reading.is(1, "STATEMENT") => Effect::Nothing,
        () if is(&[
            "SHOW",
            "DESCRIBE",
            "DESC",
            "EXPLAIN",
            "UNLOCK",
            "SAVEPOINT",
            "RELEASE",
            "DEALLOCATE",
        ]) =>
        {
            Effect::Nothing
        }
        () if is(&["PREPARE", "HELP"]) || functions && is(&["SET"]) && !calls(reading) => Effect::Nothing,
        () => Effect::Writes,
    }
}

fn calls(reading: &ForeignStatement<'_>) -> bool {
    reading.is(1, "STATEMENT") || reading.code.iter().any(|token| token.is(b'('))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Mode;

    fn written(statements: &[&str]) -> bool {
        let mut open = Open::default();
        let mut functions = false;
        for sql in statements {
            functions |= sql.contains("FUNCTION");
            open.note(&ForeignStatement::of(sql.as_bytes(), Mode::default()), functions);
        }
        open.written()
    }

    #[test]
    fn only_what_was_written_can_be_lost() {
        let row = "INSERT INTO t VALUES (1)";
        for last in [
            &["COMMIT", "SELECT COUNT(*) FROM t"][..],
            &["ROLLBACK AND CHAIN"],
            &["CREATE INDEX i ON t (a)", "SHOW TABLES"],
            &["LOCK TABLES t READ", "UNLOCK TABLES"],
            &["CREATE FUNCTION f() RETURNS int RETURN 1", "SET @a = @b"],
        ] {
            assert!(!written(&[&[row], last].concat()), "{last:?}");
        }
        for last in [
            &[][..],
            &["ROLLBACK TO SAVEPOINT s"],
            &["SELECT 1", "SET @a = 1", "UNLOCK TABLES"],
            &["COMMIT", "DELETE FROM t"],
            &["COMMIT", "CALL p()"],
            &["CREATE FUNCTION f() RETURNS int RETURN 1", "SELECT f()"],
            &["CREATE FUNCTION f() RETURNS int RETURN 1", "SET @a = f()"],
            &["CREATE TEMPORARY TABLE x (a int)"],
            &["COMMIT", "EXECUTE s"],
        ] {
            assert!(written(&[&[row], last].concat()), "{last:?}");
        }
    }
}
