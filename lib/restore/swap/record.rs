//! The plan of a swap, as plain data. It is written down before the swap begins, so that an interrupted one can be finished or
//! reverted.
//!
//! In: the contents of two databases. Out: the statements that lock and rename.

use serde::{Deserialize, Serialize};

use super::state;
use super::sync_objects::Contents;
use crate::restore::target::DevTarget;
use crate::sql::qualified;

/// Everything that is needed to finish or revert a swap, as written into the `__previous` database.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SwapPlan {
    /// Name of the staging database. An undo moves the tables of the database in use through it.
    pub(crate) staging: String,
    /// Name of the database that the old tables go to, `__previous`. It also holds the state table ([`state`]).
    pub(crate) outgoing: String,
    /// Contents of the database in use before the swap.
    pub(crate) live: Contents,
    /// Contents that take the place of the old ones.
    pub(crate) incoming: Contents,
    /// What `status` shows about the swap afterwards, as JSON.
    pub(crate) history: String,
}

impl SwapPlan {
    /// Plans the swap at the end of a refresh.
    pub(crate) fn refresh(target: &DevTarget, live: Contents, incoming: Contents, history: String) -> Self {
        Self { staging: target.staging(), outgoing: target.previous(), live, incoming, history }
    }

    /// Plans the swap of an undo: `incoming` is the `__previous` database.
    pub(crate) fn undo(target: &DevTarget, live: Contents, incoming: Contents, history: String) -> Self {
        Self::refresh(target, live, incoming, history)
    }

    /// True for the swap of an undo, in which two databases change places.
    pub(crate) fn is_undo(&self) -> bool {
        self.incoming.database == self.outgoing
    }

    /// The full name of a table in one of the three databases. In `__previous` it may have another name.
    fn place(&self, database: &str, table: &str) -> String {
        let called = if database == self.outgoing { state::kept_as(table) } else { table.into() };
        qualified(database, &called)
    }

    /// The one statement that swaps. It also renames the state table, whose name tells after a crash whether the swap was done.
    pub(crate) fn rename(&self) -> String {
        let (live, incoming, outgoing) = (&self.live.database, &self.incoming.database, &self.outgoing);
        let aside = if self.is_undo() { &self.staging } else { outgoing };
        let mut pairs = Vec::new();
        let mut push = |tables: &[String], from: &str, to: &str| {
            pairs.extend(tables.iter().map(|t| format!("{} TO {}", self.place(from, t), self.place(to, t))));
        };
        push(&self.live.tables, live, aside);
        push(&self.incoming.tables, incoming, live);
        if self.is_undo() {
            push(&self.live.tables, aside, outgoing);
        }
        let (before, after) =
            (qualified(&self.outgoing, state::BEFORE), qualified(&self.outgoing, state::AFTER));
        pairs.push(format!("{before} TO {after}"));
        format!("RENAME TABLE {}", pairs.join(", "))
    }

    /// The statement that locks all tables that [`rename`](Self::rename) moves.
    pub(crate) fn lock(&self) -> String {
        let all = |contents: &Contents| -> Vec<String> {
            contents.tables.iter().map(|table| self.place(&contents.database, table)).collect()
        };
        let mut tables = all(&self.live);
        tables.extend(all(&self.incoming));
        tables.push(qualified(&self.outgoing, state::BEFORE));
        let tables: Vec<String> = tables.iter().map(|table| format!("{table} WRITE")).collect();
        format!("LOCK TABLES {}", tables.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(database: &str, tables: &[&str]) -> Contents {
        let tables = tables.iter().map(|table| (*table).to_owned()).collect();
        Contents { database: database.to_owned(), tables, ..Contents::default() }
    }

    fn plan(outgoing: &str, incoming: &str) -> SwapPlan {
        SwapPlan {
            staging: "a__refresh".to_owned(),
            outgoing: outgoing.to_owned(),
            live: contents("a", &["x"]),
            incoming: contents(incoming, &["x", "y"]),
            history: String::new(),
        }
    }

    #[test]
    fn one_statement_swaps_all_tables_and_says_so() {
        assert_eq!(
            plan("a__previous", "a__refresh").rename(),
            "RENAME TABLE `a`.`x` TO `a__previous`.`x`, `a__refresh`.`x` TO `a`.`x`, `a__refresh`.`y` TO `a`.`y`, \
             `a__previous`.`refreshkit_refresh` TO `a__previous`.`refreshkit_swapped`"
        );
    }

    #[test]
    fn a_table_that_is_called_like_ours_is_called_otherwise_while_it_is_kept() {
        let ours = |outgoing: &str, incoming: &str| {
            let live = contents("a", &["refreshkit_refresh"]);
            SwapPlan {
                live,
                incoming: contents(incoming, &["Refreshkit_swapped"]),
                ..plan(outgoing, incoming)
            }
        };
        assert_eq!(
            ours("a__previous", "a__refresh").rename(),
            "RENAME TABLE `a`.`refreshkit_refresh` TO `a__previous`.`refreshkit__refresh`, \
             `a__refresh`.`Refreshkit_swapped` TO `a`.`Refreshkit_swapped`, \
             `a__previous`.`refreshkit_refresh` TO `a__previous`.`refreshkit_swapped`"
        );
        let undo = ours("a__previous", "a__previous");
        assert_eq!(
            undo.rename(),
            "RENAME TABLE `a`.`refreshkit_refresh` TO `a__refresh`.`refreshkit_refresh`, \
             `a__previous`.`Refreshkit__swapped` TO `a`.`Refreshkit_swapped`, \
             `a__refresh`.`refreshkit_refresh` TO `a__previous`.`refreshkit__refresh`, \
             `a__previous`.`refreshkit_refresh` TO `a__previous`.`refreshkit_swapped`"
        );
        assert!(undo.lock().contains("`a__previous`.`Refreshkit__swapped` WRITE"), "{}", undo.lock());
    }

    #[test]
    fn an_undo_goes_through_the_staging_database() {
        assert_eq!(
            plan("a__previous", "a__previous").rename(),
            "RENAME TABLE `a`.`x` TO `a__refresh`.`x`, `a__previous`.`x` TO `a`.`x`, `a__previous`.`y` TO `a`.`y`, \
             `a__refresh`.`x` TO `a__previous`.`x`, `a__previous`.`refreshkit_refresh` TO `a__previous`.`refreshkit_swapped`"
        );
    }
}
