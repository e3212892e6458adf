//! The SQL around the rows: header, keys, objects, footer.
//!
//! In: the manifest's databases, tables and objects. Out: text that the stock clients of MySQL and MariaDB run from
//! top to bottom. Nothing in it asks for more than the rights on the databases themselves.

use super::manifest::{DatabaseEntry, Manifest, ObjectEntry, ObjectKind, TableEntry, TableKind};
use crate::mysql::name;

/// What a connection must run before it loads rows, and the variables that the header keeps for the footer.
pub(crate) fn session() -> Vec<String> {
    [
        "SET NAMES utf8mb4",
        "SET time_zone = '+00:00'",
        "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
        "SET foreign_key_checks = 0",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Variables that are put back at the end.
const KEPT: &[&str] = &[
    "character_set_client",
    "character_set_results",
    "collation_connection",
    "time_zone",
    "sql_mode",
    "foreign_key_checks",
];

/// Settings, databases, and every table without its later keys.
pub(crate) fn header(manifest: &Manifest) -> String {
    let mut sql = format!(
        "-- refreshkit {} dump, format {}\n-- {} {}; the manifest is at the end of the file\n\n",
        manifest.tool_version,
        manifest.format,
        manifest.engine,
        one_line(&manifest.server_version)
    );
    for variable in KEPT {
        sql += &format!("SET @refreshkit_{variable} = @@{variable};\n");
    }
    for statement in &manifest.session {
        sql += &format!("{statement};\n");
    }
    for database in &manifest.databases {
        sql += &create_database(database);
        sql += &format!("USE {};\n", name(&database.name));
        for table in manifest.tables.iter().filter(|table| table.database == database.name) {
            let word = if table.kind == TableKind::Sequence { "SEQUENCE" } else { "TABLE" };
            sql += &format!("\nDROP {word} IF EXISTS {};\n{};\n", name(&table.table), table.create);
        }
    }
    sql
}

fn create_database(database: &DatabaseEntry) -> String {
    format!(
        "\nCREATE DATABASE IF NOT EXISTS {} DEFAULT CHARACTER SET {} COLLATE {};\n",
        name(&database.name),
        database.charset,
        database.collation
    )
}

/// Secondary keys of all tables, sequences' values, then foreign keys.
pub(crate) fn indexes(manifest: &Manifest) -> String {
    let mut sql = String::new();
    for (position, table) in manifest.tables.iter().enumerate() {
        let before = position.checked_sub(1).map(|before| &manifest.tables[before]);
        sql += &enter(before, table);
        for clauses in &table.indexes {
            sql += &alter(table, clauses);
        }
        for statement in &table.after {
            sql += &format!("{statement};\n");
        }
    }
    let mut before = None;
    for table in manifest.tables.iter().filter(|table| !table.foreign_keys.is_empty()) {
        sql += &enter(before, table);
        sql += &alter(table, &table.foreign_keys);
        before = Some(table);
    }
    sql
}

/// `USE`, where the table before was of another database.
fn enter(before: Option<&TableEntry>, table: &TableEntry) -> String {
    if before.is_some_and(|before| before.database == table.database) {
        return String::new();
    }
    format!("USE {};\n", name(&table.database))
}

fn alter(table: &TableEntry, clauses: &[String]) -> String {
    format!("ALTER TABLE {}\n  {};\n", name(&table.table), clauses.join(",\n  "))
}

/// Placeholders for all views, then every object.
pub(crate) fn objects(manifest: &Manifest) -> String {
    let mut sql = String::new();
    for view in manifest.objects.iter().filter(|object| object.kind == ObjectKind::View) {
        sql += &placeholder(view);
    }
    for object in &manifest.objects {
        sql += &format!("\nUSE {};\n", name(&object.database));
        for statement in &object.session {
            sql += &format!("{statement};\n");
        }
        if object.kind != ObjectKind::Trigger {
            sql += &format!("DROP {} IF EXISTS {};\n", word(object.kind), name(&object.name));
        }
        // What a program's texts and variables default to was decided when it was created.
        let collation = object.database_collation.as_deref();
        sql += &collation.map_or(String::new(), |collation| alter_database(&object.database, collation));
        let delimiter = delimiter(&object.create);
        sql += &format!("DELIMITER {delimiter}\n{}\n{delimiter}\nDELIMITER ;\n", object.create);
        let now =
            manifest.databases.iter().find(|entry| entry.name == object.database && collation.is_some());
        sql += &now.map_or(String::new(), |entry| alter_database(&entry.name, &entry.collation));
    }
    sql
}

fn alter_database(database: &str, collation: &str) -> String {
    format!("ALTER DATABASE {} COLLATE {collation};\n", name(database))
}

/// A view of the same shape that reads nothing: another view that reads it can be created before it.
fn placeholder(view: &ObjectEntry) -> String {
    let columns: Vec<String> = view.columns.iter().map(|column| format!("1 AS {}", name(column))).collect();
    format!(
        "USE {};\nDROP VIEW IF EXISTS {view};\nCREATE VIEW {view} AS SELECT {};\n",
        name(&view.database),
        columns.join(", "),
        view = name(&view.name),
    )
}

fn word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Function => "FUNCTION",
        ObjectKind::Procedure => "PROCEDURE",
        ObjectKind::Package => "PACKAGE",
        ObjectKind::PackageBody => "PACKAGE BODY",
        ObjectKind::View => "VIEW",
        ObjectKind::Trigger => "TRIGGER",
        ObjectKind::Event => "EVENT",
    }
}

/// An end of statement that the statement does not contain.
fn delimiter(statement: &str) -> String {
    let mut delimiter = ";;".to_owned();
    while statement.contains(&delimiter) || statement.ends_with(';') && delimiter.starts_with(';') {
        delimiter = if delimiter.starts_with(';') { "$$".to_owned() } else { delimiter + "$" };
    }
    delimiter
}

/// The session as it was.
pub(crate) fn footer() -> String {
    let mut sql = String::from("\n");
    for variable in KEPT {
        sql += &format!("SET {variable} = @refreshkit_{variable};\n");
    }
    sql
}

/// A text for a comment: nothing in it ends the line.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_is_never_in_the_statement() {
        assert_eq!(delimiter("SELECT 1"), ";;");
        assert_eq!(delimiter("BEGIN ;; END"), "$$");
        assert_eq!(delimiter("BEGIN ;; $$ END"), "$$$");
    }
}
