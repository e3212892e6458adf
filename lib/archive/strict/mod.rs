//! The strict reader: it parses everything of a file before anything of it is executed.
//!
//! In: the manifest of a file. Out: nothing, or the thing in it that no dump of refreshkit has. A dump is SQL that somebody runs
//! with the rights to replace a database. So every field of the format is bounded or parsed, here for all tools that list, check
//! or load a file:
//!
//! ```text
//! ../bounded   memory of the lists, limited while they are read
//! session      session settings: a closed list of statements
//! tables       one CREATE TABLE or CREATE SEQUENCE of the entry's name, clauses that add one key each
//! objects      one CREATE of the entry's kind and name, under settings of a closed list
//! mod          names, and numbers that must agree
//! ../inserts   rows: INSERTs of the member's own table, tuples of literals
//! ```

mod objects;
pub(super) mod session;
mod tables;
mod text;

use std::collections::BTreeSet;

use super::manifest::{Manifest, MemberKind};

/// Most characters of a name.
const NAME_CHARACTERS_MAX: usize = 64;

/// Most columns of a table or view: more than any server allows.
const COLUMNS_MAX: usize = 8192;

/// Upper bound of the bytes that deflate unpacks from one compressed byte.
const RATIO_MAX: u64 = 1100;

/// Checks everything of a manifest that a reader would execute or rely on.
pub(super) fn check(manifest: &Manifest) -> Result<(), String> {
    let is_empty = manifest.tables.is_empty() && manifest.objects.is_empty();
    session::of_rows(&manifest.session, is_empty)?;
    let databases: Vec<&str> = manifest.databases.iter().map(|database| database.name.as_str()).collect();
    if databases.iter().collect::<BTreeSet<_>>().len() < databases.len() {
        return Err("it has a database twice".to_owned());
    }
    for database in &manifest.databases {
        is_name(&database.name)?;
        if !session::is_word(&database.charset) || !session::is_word(&database.collation) {
            return Err(format!("the defaults of the database {:?} are no words", database.name));
        }
    }
    tables(manifest, &databases)?;
    for object in &manifest.objects {
        is_name(&object.name)?;
        let label = format!("{}.{}", object.database, object.name);
        if !databases.contains(&object.database.as_str()) {
            return Err(format!("{label} is of a database that is not in the dump"));
        }
        object.columns.iter().try_for_each(|column| is_name(column))?;
        if object.columns.len() > COLUMNS_MAX {
            return Err(format!("{label} has more columns than a view can have"));
        }
        objects::check(object).map_err(|problem| format!("{label}: {problem}"))?;
    }
    numbers(manifest)
}

fn tables(manifest: &Manifest, databases: &[&str]) -> Result<(), String> {
    let mut known = BTreeSet::new();
    for table in &manifest.tables {
        let label = format!("{}.{}", table.database, table.table);
        is_name(&table.table)?;
        if !databases.contains(&table.database.as_str()) {
            return Err(format!("{label} is of a database that is not in the dump"));
        }
        if !known.insert((&table.database, &table.table)) {
            return Err(format!("it has the table {label} twice"));
        }
        table.columns.iter().try_for_each(|column| is_name(column))?;
        if table.columns.len() > COLUMNS_MAX {
            return Err(format!("{label} has more columns than a table can have"));
        }
        tables::check(table, databases).map_err(|problem| format!("{label}: {problem}"))?;
    }
    Ok(())
}

/// Fails unless a server can have this name. A server reads a name that begins with `#mysql50#` as a file name.
fn is_name(name: &str) -> Result<(), String> {
    let length = name.chars().count();
    if (1..=NAME_CHARACTERS_MAX).contains(&length) && !name.contains('\0') && !name.starts_with("#mysql50#") {
        return Ok(());
    }
    Err(format!("{:?} is no name", name.chars().take(NAME_CHARACTERS_MAX).collect::<String>()))
}

/// Checks that lengths are possible, and that the rows of members, tables and dump agree.
fn numbers(manifest: &Manifest) -> Result<(), String> {
    let mut rows = vec![0_u64; manifest.tables.len()];
    for (i, member) in manifest.members.iter().enumerate() {
        if member.plain_bytes / RATIO_MAX > member.bytes || member.rows > member.plain_bytes {
            return Err(format!("member {i} says that it holds more than it can"));
        }
        let table =
            member.table.and_then(|table| rows.get_mut(table)).filter(|_| member.kind == MemberKind::Rows);
        if let Some(sum) = table {
            *sum = sum.saturating_add(member.rows);
        }
    }
    for (table, found) in manifest.tables.iter().zip(&rows) {
        if table.rows != *found {
            return Err(format!(
                "the members of {}.{} have not as many rows as it has",
                table.database, table.table
            ));
        }
    }
    let all = rows.iter().fold(0_u64, |sum, rows| sum.saturating_add(*rows));
    if all == manifest.rows {
        Ok(())
    } else {
        Err("the tables have not as many rows as the dump has".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::manifest::{DatabaseEntry, MemberEntry, ObjectEntry, TableEntry};

    fn manifest() -> Manifest {
        let database = |name: &str| DatabaseEntry {
            name: name.to_owned(),
            charset: "utf8mb4".to_owned(),
            collation: "utf8mb4_bin".to_owned(),
        };
        let table = TableEntry {
            database: "app".to_owned(),
            table: "t".to_owned(),
            create: "CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB".to_owned(),
            columns: vec!["a".to_owned()],
            rows: 2,
            ..TableEntry::default()
        };
        let member =
            MemberEntry { table: Some(0), bytes: 60, plain_bytes: 90, rows: 2, ..MemberEntry::default() };
        Manifest {
            session: session::SESSION.map(str::to_owned).to_vec(),
            databases: vec![database("app")],
            tables: vec![table],
            members: vec![member],
            rows: 2,
            ..Manifest::default()
        }
    }

    fn refused(change: impl FnOnce(&mut Manifest)) -> String {
        let mut manifest = manifest();
        change(&mut manifest);
        check(&manifest).unwrap_err()
    }

    #[test]
    fn names_and_numbers_agree_or_the_file_is_not_believed() {
        assert_eq!(check(&manifest()), Ok(()));
        assert!(refused(|m| m.rows = 3).contains("as many rows as the dump"));
        assert!(refused(|m| m.tables[0].rows = 3).contains("as many rows as it has"));
        assert!(refused(|m| m.members[0].rows = 99).contains("more than it can"));
        assert!(refused(|m| m.members[0].plain_bytes = 1 << 40).contains("more than it can"));
        assert!(refused(|m| m.tables.push(m.tables[0].clone())).contains("twice"));
        assert!(refused(|m| m.databases.push(m.databases[0].clone())).contains("twice"));
        assert!(refused(|m| m.tables[0].database = "victim".to_owned()).contains("not in the dump"));
        assert!(refused(|m| m.tables[0].columns.push("x".repeat(65))).contains("is no name"));
        assert!(refused(|m| m.databases[0].name = "#mysql50#..".to_owned()).contains("is no name"));
        assert!(refused(|m| m.databases[0].collation = "x; DROP DATABASE y".to_owned()).contains("no words"));
        assert!(refused(|m| m.session.push("DROP DATABASE victim".to_owned())).contains("session"));
        assert!(refused(|m| m.tables[0].after.push("DROP DATABASE victim".to_owned())).contains("after"));
        let object =
            ObjectEntry { database: "victim".to_owned(), name: "o".to_owned(), ..ObjectEntry::default() };
        assert!(refused(|m| m.objects.push(object)).contains("not in the dump"));
    }
}
