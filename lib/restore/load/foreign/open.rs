//! Whether a file ends with something that it wrote and did not commit.
//!
//! In: the statements that ran, one after the other. Out: whether a transaction that is open at the end holds something to be lost: under
//! `autocommit = 0` one that only reads opens one too.

use super::reading::ForeignStatement;

/// What a statement does to what is not committed. Of what is not known, that it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Writes,
    /// What was written before is committed, or taken back.
    Ends,
    Nothing,
}

/// Whether rows were written since the last commit.
#[derive(Debug, Default)]
pub(super) struct Open {
    written: bool,
}

impl Open {
    /// A statement went through. `functions` are there, and may write while something is read.
    pub(super) fn note(&mut self, reading: &ForeignStatement<'_>, functions: bool) {
        match effect(reading, functions) {
            Effect::Writes => self.written = true,
            Effect::Ends => self.written = false,
            Effect::Nothing => {}
        }
    }

    /// Whether something would be lost with an open transaction.
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
        // These commit, but for tables of the session alone.
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
