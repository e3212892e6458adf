//! Writes the SQL around the rows: header, keys, objects, footer.
//!
//! In: the manifest's databases, tables and objects. Out: text that the stock clients of MySQL and MariaDB run from
//! top to bottom. It needs no more rights than those on the databases themselves.

use crate::archive::{DatabaseEntry, Manifest, ObjectEntry, ObjectKind, SESSION, TableEntry, TableKind};
use crate::sql::{for_those_who_know, name, portable, settings};

/// Returns the statements that a connection must run before it loads rows: the manifest's `session`.
pub(crate) fn session() -> Vec<String> {
    SESSION.map(str::to_owned).to_vec()
}

/// Session variables that the header saves and the footer sets back.
const KEPT: &[&str] = &[
    "character_set_client",
    "character_set_results",
    "collation_connection",
    "time_zone",
    "sql_mode",
    "foreign_key_checks",
];

/// Statements that let a server accept rows that the source accepted: days that no month has, and on MariaDB rows that a CHECK
/// would refuse or that may not fit a page. They are not in the manifest's `session`: a reader of the format's first version
/// accepts only the four statements of [`SESSION`] there.
const AS_IT_IS: [&str; 4] = [
    "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
    "/*M!100201 SET @refreshkit_check_constraint_checks = @@check_constraint_checks, check_constraint_checks = 0 */",
    "/*M!100201 SET @refreshkit_innodb_strict_mode = @@innodb_strict_mode */",
    "/*M!100201 SET innodb_strict_mode = 0 */",
];

/// Statements of the footer that set MariaDB's settings back, from variables in which the header has saved them.
const AS_IT_WAS: [&str; 2] = [
    "/*M!100201 SET check_constraint_checks = @refreshkit_check_constraint_checks */",
    "/*M!100201 SET innodb_strict_mode = @refreshkit_innodb_strict_mode */",
];

/// SQL text that is built statement by statement.
#[derive(Debug, Default)]
pub(crate) struct Script {
    text: String,
    pub(crate) statement_bytes_max: u64,
}

impl Script {
    pub(crate) fn text(&self) -> &[u8] {
        self.text.as_bytes()
    }

    fn add(&mut self, statement: &str) {
        self.write(statement, ";");
    }

    fn write(&mut self, statement: &str, end: &str) {
        self.statement_bytes_max = self.statement_bytes_max.max(statement.len() as u64);
        self.text += statement;
        self.text += end;
        self.text += "\n";
    }

    fn enter(&mut self, database: &str) {
        self.add(&format!("USE {}", name(database)));
    }
}

/// Writes settings, databases, and every table without the keys that are added after the rows.
pub(crate) fn header(manifest: &Manifest) -> Script {
    let mut sql = Script::default();
    let server = one_line(&manifest.server_version);
    sql.write(&format!("-- refreshkit {} dump, format {}", manifest.tool_version, manifest.format), "");
    sql.write(&format!("-- {} {server}; the manifest is at the end of the file\n", manifest.engine), "");
    for variable in KEPT {
        sql.add(&format!("SET @refreshkit_{variable} = @@{variable}"));
    }
    for statement in manifest.session.iter().map(String::as_str).chain(AS_IT_IS) {
        sql.add(statement);
    }
    for database in &manifest.databases {
        sql.add(&create_database(database));
        sql.enter(&database.name);
        for table in manifest.tables.iter().filter(|table| table.database == database.name) {
            let word = if table.kind == TableKind::Sequence { "SEQUENCE" } else { "TABLE" };
            sql.add(&format!("DROP {word} IF EXISTS {}", name(&table.table)));
            sql.add(&table.create);
        }
    }
    sql
}

fn create_database(database: &DatabaseEntry) -> String {
    let text = format!(
        "\nCREATE DATABASE IF NOT EXISTS {} DEFAULT CHARACTER SET {} COLLATE {}",
        name(&database.name),
        database.charset,
        database.collation
    );
    portable(&text)
}

/// Writes the secondary keys of all tables and the values of sequences, then the foreign keys.
pub(crate) fn indexes(manifest: &Manifest) -> Script {
    let mut sql = Script::default();
    for database in &manifest.databases {
        sql.enter(&database.name);
        for table in manifest.tables.iter().filter(|table| table.database == database.name) {
            for clauses in &table.indexes {
                sql.add(&alter(table, clauses));
            }
            for statement in &table.after {
                sql.add(statement);
            }
        }
    }
    for table in manifest.tables.iter().filter(|table| !table.foreign_keys.is_empty()) {
        sql.enter(&table.database);
        sql.add(&alter(table, &table.foreign_keys));
    }
    sql
}

pub(crate) fn alter(table: &TableEntry, clauses: &[String]) -> String {
    format!("ALTER TABLE {}\n  {}", name(&table.table), clauses.join(",\n  "))
}

/// Writes placeholders for all views, then every object.
pub(crate) fn objects(manifest: &Manifest) -> Script {
    let mut sql = Script::default();
    for view in manifest.objects.iter().filter(|object| object.kind == ObjectKind::View) {
        sql.enter(&view.database);
        sql.add(&format!("DROP VIEW IF EXISTS {}", name(&view.name)));
        sql.add(&placeholder(view));
    }
    for object in &manifest.objects {
        let now = manifest.databases.iter().find(|entry| entry.name == object.database);
        write_object(&mut sql, object, now);
    }
    sql
}

fn write_object(sql: &mut Script, object: &ObjectEntry, database: Option<&DatabaseEntry>) {
    sql.text.push('\n');
    sql.enter(&object.database);
    for statement in object.session.iter().flat_map(|statement| settings(statement)) {
        sql.add(&statement);
    }
    if object.kind != ObjectKind::Trigger {
        sql.add(&format!("DROP {} IF EXISTS {}", word(object.kind), name(&object.name)));
    }
    // The database's collation at the time of the CREATE decides the collation of a routine's texts and variables.
    let alter = |collation: &str| {
        let sql = format!("ALTER DATABASE {} COLLATE {collation}", name(&object.database));
        for_those_who_know(collation, &sql)
    };
    if let Some(collation) = &object.database_collation {
        sql.add(&alter(collation));
    }
    let delimiter = delimiter(&object.create);
    sql.write(&format!("DELIMITER {delimiter}"), "");
    sql.write(&object.create, &format!("\n{delimiter}\nDELIMITER ;"));
    if let (Some(_), Some(now)) = (&object.database_collation, database) {
        sql.add(&alter(&now.collation));
    }
}

/// Writes a view with the same columns that reads no table, so that views that read the real one can be created first.
pub(crate) fn placeholder(view: &ObjectEntry) -> String {
    let columns: Vec<String> = view.columns.iter().map(|column| format!("1 AS {}", name(column))).collect();
    format!("CREATE VIEW {} AS SELECT {}", name(&view.name), columns.join(", "))
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

/// Returns a delimiter that the statement does not contain.
fn delimiter(statement: &str) -> String {
    let mut delimiter = ";;".to_owned();
    while statement.contains(&delimiter) || statement.ends_with(';') && delimiter.starts_with(';') {
        delimiter = if delimiter.starts_with(';') { "$$".to_owned() } else { delimiter + "$" };
    }
    delimiter
}

/// Writes the statements that set the session's variables back.
pub(crate) fn footer() -> Script {
    let mut sql = Script::default();
    for variable in KEPT {
        sql.add(&format!("SET {variable} = @refreshkit_{variable}"));
    }
    for statement in AS_IT_WAS {
        sql.add(statement);
    }
    sql
}

/// Returns a text for a comment line, with spaces in place of line ends and other control characters.
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
