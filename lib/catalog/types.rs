//! The structure of databases as plain data.

use crate::sql;

/// The tables of some databases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// The tables, sorted by database and name.
    pub tables: Vec<Table>,
}

/// One base table, with its columns and keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Name of the table's database.
    pub database: String,
    /// Name of the table, unquoted.
    pub name: String,
    /// Storage engine, such as `InnoDB`; empty if the server names none.
    pub engine: String,
    /// Number of rows, by the server's estimate.
    pub rows_estimate: u64,
    /// Bytes of data and indexes, by the server's estimate.
    pub bytes: u64,
    /// The columns in order, including generated and invisible ones.
    pub columns: Vec<Column>,
    /// The indexes, the primary key first, without FULLTEXT and SPATIAL ones.
    pub indexes: Vec<Index>,
    /// The foreign keys that the database has.
    pub foreign_keys: Vec<ForeignKey>,
}

/// One column of a table, as `information_schema` describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of information_schema")]
pub struct Column {
    /// Name of the column, unquoted.
    pub name: String,
    /// The bare type in lower case: `int`, `varchar`, …
    pub data_type: String,
    /// The whole type: `int(10) unsigned`, `enum('a','b')`, …
    pub column_type: String,
    /// The most characters (text) or bytes (binary) that fit.
    pub length: Option<u64>,
    /// The most decimal digits that fit, for numbers.
    pub precision: Option<u64>,
    /// Character set of a text column.
    pub charset: Option<String>,
    /// Collation of a text column.
    pub collation: Option<String>,
    /// The default value, as `information_schema` writes it.
    pub default: Option<String>,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// Whether the server computes the value from other columns.
    pub generated: bool,
    /// The expression of a generated column, as `information_schema` writes it.
    pub expression: Option<String>,
    /// Whether `SELECT *` leaves it out.
    pub invisible: bool,
    /// Whether the column is AUTO_INCREMENT.
    pub auto_increment: bool,
}

/// One index of a table, with its columns in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// Name of the index; `PRIMARY` for the primary key.
    pub name: String,
    /// Whether values are unique.
    pub unique: bool,
    /// The parts of the index, in order.
    pub parts: Vec<IndexPart>,
}

/// One part of an index: a column, the beginning of one, or an expression.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexPart {
    /// The column; none for an expression.
    pub column: Option<String>,
    /// So many first characters or bytes of the column are indexed; none if the whole column is.
    pub prefix: Option<u64>,
    /// The expression that is indexed instead of a column, as `information_schema` writes it.
    pub expression: Option<String>,
}

impl IndexPart {
    /// The expression that the indexed value is computed by: that of the index, or of a generated column.
    pub fn computed<'a>(&'a self, table: &'a Table) -> Option<&'a str> {
        let column = || table.column(self.column.as_ref()?)?.expression.as_deref();
        self.expression.as_deref().or_else(column)
    }
}

/// One foreign key that the database has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForeignKey {
    /// Name of the constraint, unquoted.
    pub name: String,
    /// The referring columns, of the table that has the foreign key.
    pub columns: Vec<String>,
    /// Database of the parent table.
    pub parent_database: String,
    /// Name of the parent table.
    pub parent_table: String,
    /// The parent's columns, in the same order.
    pub parent_columns: Vec<String>,
}

/// The kind of values that a column holds. Values of one family compare without conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Whole numbers and decimals, which compare exactly whatever their width and sign.
    Exact,
    /// FLOAT and DOUBLE, which hold rounded values.
    Approximate,
    /// Text with a character set.
    Text,
    /// Bytes without a character set: BINARY, BLOB …
    Binary,
    /// ENUM and SET: texts from a fixed list.
    Choice,
    /// Dates, times, and both together.
    Time,
    /// JSON: MySQL's own type, or MariaDB's LONGTEXT that checks `json_valid`.
    Json,
    /// Anything else: spatial, bit, vector, uuid, …
    Other,
}

impl Catalog {
    /// Position of a table in `tables`; `None` if there is no such table.
    pub fn find(&self, database: &str, name: &str) -> Option<usize> {
        self.tables.binary_search_by(|t| (t.database.as_str(), t.name.as_str()).cmp(&(database, name))).ok()
    }

    /// A table as refresh.toml names it: `table`, or `database.table` if several databases have a table of that name.
    pub fn written(&self, table: &Table) -> String {
        let alone = self.tables.iter().filter(|other| other.name == table.name).count() == 1;
        let database = if alone { String::new() } else { format!("{}.", written(&table.database)) };
        format!("{database}{}", written(&table.name))
    }

    /// A column as `refresh.toml` names it: `table.column`, with the database if several have the table.
    pub fn written_column(&self, table: &Table, column: &str) -> String {
        format!("{}.{}", self.written(table), written(column))
    }

    /// Columns as `refresh.toml` names them: `table(column, column)`, with the database if several have the table.
    pub fn written_columns(&self, table: &Table, columns: &[String]) -> String {
        let columns: Vec<String> = columns.iter().map(|column| written(column)).collect();
        format!("{}({})", self.written(table), columns.join(", "))
    }
}

/// One part of a name, in back-ticks if it would be read as several parts or as a glob.
fn written(part: &str) -> String {
    if part.contains(['.', '`', '(', ' ', '*', '?']) { sql::name(part) } else { part.to_owned() }
}

impl Table {
    /// `database.table`, as messages name it.
    pub fn label(&self) -> String {
        format!("{}.{}", self.database, self.name)
    }

    /// The table's name in SQL: `` `database`.`table` ``.
    pub fn sql(&self) -> String {
        sql::qualified(&self.database, &self.name)
    }

    /// Finds a column by name. Case does not matter in names of columns.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The index that identifies rows: the primary key, else the unique index with the fewest columns and without NULLs, prefixes
    /// and expressions. `None` if there is none.
    pub fn identity(&self) -> Option<&Index> {
        identity(&self.indexes, |name| self.column(name).is_some_and(|column| !column.nullable))
    }

    /// The columns of [`Self::identity`]; empty if no index identifies rows.
    pub fn key(&self) -> Vec<&Column> {
        let parts = self.identity().map(|index| index.parts.as_slice()).unwrap_or_default();
        parts.iter().filter_map(|part| self.column(part.column.as_deref()?)).collect()
    }

    /// True if an index begins with `columns`, in any order.
    pub fn indexed(&self, columns: &[String]) -> bool {
        self.indexes.iter().any(|index| begins_with(index, columns))
    }

    /// True if the first parts of an index are all in `columns`, and all of `these` are among those parts.
    pub fn indexed_fully(&self, columns: &[String], these: &[String]) -> bool {
        let listed = |part: &IndexPart, names: &[String]| {
            part.column
                .as_ref()
                .is_some_and(|column| names.iter().any(|name| column.eq_ignore_ascii_case(name)))
        };
        self.indexes.iter().any(|index| {
            let first = index.parts.iter().take_while(|part| listed(part, columns));
            first.filter(|part| listed(part, these)).count() == these.len()
        })
    }

    /// True if a unique index has no other columns than `columns`.
    pub fn unique(&self, columns: &[String]) -> bool {
        self.indexes.iter().any(|index| {
            index.unique
                && index.parts.iter().all(|part| {
                    let listed = |name: &String| columns.iter().any(|c| c.eq_ignore_ascii_case(name));
                    part.column.as_ref().is_some_and(listed)
                })
        })
    }
}

/// Chooses the index that identifies rows ([`Table::identity`]). `never_null` says whether a column is NOT NULL. All rooms choose
/// a table's key by this function.
pub(crate) fn identity(indexes: &[Index], never_null: impl Fn(&str) -> bool) -> Option<&Index> {
    let usable = |index: &&Index| {
        index.unique && index.parts.iter().all(|part| part.column.as_deref().is_some_and(&never_null))
    };
    let primary = indexes.iter().find(|index| index.name == "PRIMARY");
    primary.or_else(|| {
        let whole = |index: &&Index| index.parts.iter().all(|part| part.prefix.is_none());
        indexes.iter().filter(usable).filter(whole).min_by_key(|index| index.parts.len())
    })
}

fn begins_with(index: &Index, columns: &[String]) -> bool {
    index.parts.len() >= columns.len()
        && columns.iter().all(|wanted| {
            index.parts[..columns.len()]
                .iter()
                .any(|part| part.column.as_ref().is_some_and(|column| column.eq_ignore_ascii_case(wanted)))
        })
}

impl Column {
    /// The family of the column's values.
    pub fn family(&self) -> Family {
        match self.data_type.as_str() {
            "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "year" => Family::Exact,
            "float" | "double" => Family::Approximate,
            "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => Family::Text,
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Family::Binary,
            "enum" | "set" => Family::Choice,
            "date" | "time" | "datetime" | "timestamp" => Family::Time,
            "json" => Family::Json,
            _ => Family::Other,
        }
    }

    /// True for a column of whole numbers.
    pub fn integer(&self) -> bool {
        matches!(self.data_type.as_str(), "tinyint" | "smallint" | "mediumint" | "int" | "bigint")
    }

    /// The type, with character set and collation, for a column of another table. Exactly the same values fit there, and they
    /// compare the same.
    pub fn definition(&self) -> String {
        match (&self.charset, &self.collation) {
            (Some(charset), Some(collation)) => {
                // `column_type` may already name the character set: MariaDB does so for the LONGTEXT of JSON.
                format!("{} CHARACTER SET {charset} COLLATE {collation}", self.column_type)
            }
            _ => self.column_type.clone(),
        }
    }

    /// True if this is a generated column whose expression names the column `source`.
    pub fn computed_from(&self, source: &Self) -> bool {
        self.expression.as_ref().is_some_and(|expression| source.named_in(expression))
    }

    /// True if an expression, as `information_schema` writes it, names this column in back-ticks.
    pub fn named_in(&self, expression: &str) -> bool {
        expression.to_lowercase().contains(&sql::name(&self.name).to_lowercase())
    }

    /// The column in SQL: the alias, a dot and the name in back-ticks.
    pub fn of(&self, alias: &str) -> String {
        format!("{alias}.{}", sql::name(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name of an indexed column, and its prefix.
    type Part = (&'static str, Option<u64>);

    fn table(indexes: &[(&str, &[Part])]) -> Table {
        let column = |name: &str, nullable| Column { name: name.to_owned(), nullable, ..Column::default() };
        let index = |(name, parts): &(&str, &[Part])| Index {
            name: (*name).to_owned(),
            unique: true,
            parts: parts
                .iter()
                .map(|(name, prefix)| IndexPart {
                    column: Some((*name).to_owned()),
                    prefix: *prefix,
                    expression: None,
                })
                .collect(),
        };
        Table {
            columns: vec![column("a", false), column("b", false), column("n", true)],
            indexes: indexes.iter().map(index).collect(),
            ..Table::default()
        }
    }

    #[test]
    fn the_primary_key_comes_first_and_then_the_shortest_unique_index_that_holds_whole_values() {
        let chosen = |indexes: &[(&str, &[Part])]| {
            table(indexes).identity().map(|index| index.name.clone()).unwrap_or_default()
        };
        let (long, short): (&[Part], &[Part]) = (&[("a", None), ("b", None)], &[("b", None)]);
        assert_eq!(chosen(&[("PRIMARY", long), ("u", short)]), "PRIMARY");
        assert_eq!(chosen(&[("t", long), ("u", short), ("v", short)]), "u");
        assert_eq!(chosen(&[("n", &[("n", None)]), ("p", &[("a", Some(9))]), ("t", long)]), "t");
        assert_eq!(chosen(&[("n", &[("n", None)])]), "");
    }
}
