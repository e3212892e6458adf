//! Key tables. Each holds the kept rows of one source table: the row's key (`p1`, `p2`, …), its distance from the roots (`gen`),
//! and the relation by which it was added (`edge`).

use super::error::Error;
use super::names::{KEYS, keys};
use crate::catalog::{self, Table};
use crate::mysql::Session;
use crate::sql::{plain_literal, qualified};

/// Creates the empty key table of the table with this number.
pub(crate) fn create_keys(
    session: &mut Session,
    schema: &str,
    number: usize,
    table: &Table,
) -> Result<(), Error> {
    let deed = format!("creating the key table of {}", table.label());
    session.run(&deed, &key_table(&keys(schema, number), table))?;
    Ok(())
}

/// Empties the key table of the table with this number.
pub(crate) fn forget_keys(session: &mut Session, schema: &str, number: usize) -> Result<(), Error> {
    session.run("taking keys back", &format!("TRUNCATE TABLE {}", keys(schema, number)))?;
    Ok(())
}

/// Drops all key tables: where a key is masked, they hold originals.
pub(crate) fn drop_keys(session: &mut Session, schema: &str) -> Result<(), Error> {
    for table in catalog::tables_beginning(session, schema, KEYS)? {
        let sql = format!("DROP TABLE {}", qualified(schema, &table));
        session.run("dropping the key tables", &sql)?;
    }
    Ok(())
}

/// Returns the `CREATE TABLE` of a key table with any name: its key columns have exactly the types of the source's.
pub(crate) fn key_table(name: &str, source: &Table) -> String {
    let key = source.key();
    let columns =
        key.iter().enumerate().map(|(n, column)| format!("p{} {} NOT NULL, ", n + 1, column.definition()));
    let parts = source.identity().map(|index| index.parts.as_slice()).unwrap_or_default();
    let primary: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(n, part)| part.prefix.map_or(format!("p{}", n + 1), |prefix| format!("p{}({prefix})", n + 1)))
        .collect();
    format!(
        "CREATE TABLE {name} ({}gen INT UNSIGNED NOT NULL, edge INT NOT NULL, PRIMARY KEY ({})) \
         ENGINE=InnoDB COMMENT={}",
        columns.collect::<String>(),
        primary.join(", "),
        // The source's name, for people who look. The grammar allows only a plain literal, and sql_mode decides what a backslash
        // means.
        plain_literal(&source.label().chars().take(1_000).collect::<String>().replace('\\', "/")),
    )
}
