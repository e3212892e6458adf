//! Puts back what `CREATE TABLE … LIKE` leaves out: foreign keys and triggers. Also resets the AUTO_INCREMENT counter, which must
//! not be production's.
//!
//! In: the definition of the old table. Out: the same foreign keys and triggers on the new table, added only where they are
//! missing.

use serde::{Deserialize, Serialize};

use crate::catalog;
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::sql::{TableText, counter, literal, name, qualified, tokens, without_definer};

/// The parts of a table's definition that have to be put back after the rewrite.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TableObjects {
    /// `CONSTRAINT … FOREIGN KEY …`, as the server writes it.
    foreign_keys: Vec<String>,
    /// The AUTO_INCREMENT counter in production, if the definition names one.
    counter: Option<u64>,
    /// Triggers in the order in which they fire.
    triggers: Vec<KeptTrigger>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct KeptTrigger {
    name: String,
    sql_mode: String,
    sql: String,
}

impl TableObjects {
    /// Reads foreign keys, counter and triggers of a table.
    pub(crate) fn read(session: &mut Session, database: &str, table: &str) -> Result<Self, Error> {
        let deed = format!("reading the definition of {database}.{table}");
        let create = catalog::create_table(session, &deed, database, table)?;
        let triggers = catalog::triggers(session, &deed, database, table)?.into_iter().map(|trigger| {
            KeptTrigger { name: trigger.name, sql_mode: trigger.sql_mode, sql: trigger.create }
        });
        Ok(Self {
            foreign_keys: foreign_keys(&create),
            counter: counter(&create),
            triggers: triggers.collect(),
        })
    }

    /// Sets the counter behind the largest kept number, so that it does not reveal how many rows production has had.
    pub(crate) fn reset_counter(
        &self,
        session: &mut Session,
        database: &str,
        table: &str,
    ) -> Result<(), Error> {
        if self.counter.is_some() {
            // The server replaces a number that is too low with the largest number in the table plus 1.
            let sql = format!("ALTER TABLE {} AUTO_INCREMENT = 1", qualified(database, table));
            session.run(&format!("resetting the counter of {database}.{table}"), &sql)?;
        }
        Ok(())
    }

    /// Adds the foreign keys and triggers that are missing.
    pub(crate) fn restore(&self, session: &mut Session, database: &str, table: &str) -> Result<(), Error> {
        let now = Self::read(session, database, table)?;
        let here = qualified(database, table);
        for key in self.foreign_keys.iter().filter(|key| !now.foreign_keys.contains(key)) {
            session.run(
                &format!("adding a foreign key of {database}.{table}"),
                &format!("ALTER TABLE {here} ADD {key}"),
            )?;
        }
        for trigger in self.triggers.iter().filter(|t| !now.triggers.iter().any(|other| other.name == t.name))
        {
            let deed = format!("creating the trigger {} of {database}.{table}", trigger.name);
            session.run(&deed, &format!("USE {}", name(database)))?;
            session.run(&deed, &format!("SET SESSION sql_mode = {}", literal(&trigger.sql_mode)))?;
            // If this user may not set the definer, this user becomes the definer.
            if !session.attempt(&trigger.sql) {
                session.run(&deed, &without_definer(&trigger.sql))?;
            }
            session.run(&deed, "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'")?;
        }
        Ok(())
    }
}

/// The named foreign keys in a CREATE TABLE.
fn foreign_keys(create: &str) -> Vec<String> {
    let items = TableText::of(create).map_or(Vec::new(), |text| text.items);
    let is_foreign_key = |item: &&str| {
        let found = tokens(item);
        matches!(&found[..], [first, _, third, ..] if first.is_word(item, "CONSTRAINT") && third.is_word(item, "FOREIGN"))
    };
    items.into_iter().filter(is_foreign_key).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_like_forgets() {
        let create = "CREATE TABLE `a` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`id`),\n  \
                      CONSTRAINT `f` FOREIGN KEY (`b`) REFERENCES `b` (`id`) ON DELETE CASCADE,\n  \
                      CONSTRAINT `c` CHECK (`b` > 0)\n) ENGINE=InnoDB AUTO_INCREMENT=5000 COMMENT='x'";
        assert_eq!(
            foreign_keys(create),
            ["CONSTRAINT `f` FOREIGN KEY (`b`) REFERENCES `b` (`id`) ON DELETE CASCADE"]
        );
        assert_eq!(counter(create), Some(5000));
        assert_eq!(
            counter("CREATE TABLE `a` (\n  `id` int COMMENT ' AUTO_INCREMENT=3'\n) ENGINE=InnoDB"),
            None
        );
    }

    #[test]
    fn texts_are_neither_keys_nor_counters() {
        let create = "CREATE TABLE `a` (\n  `b` int,\n  CONSTRAINT `c` CHECK (`b` <> '` FOREIGN KEY (')\n) ENGINE=InnoDB \
                      COMMENT=' AUTO_INCREMENT=3'";
        assert_eq!((foreign_keys(create), counter(create)), (Vec::new(), None));
    }
}
