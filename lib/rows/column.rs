//! Columns: how each type is read from the server and written as SQL.
//!
//! In: `information_schema.COLUMNS`. Out: for each column the expression to select and the form of its literal. The form
//! depends only on the column's declared type, so that a dump and a later check of the restored table write the same
//! text for the same value.

use std::collections::BTreeMap;

use super::error::Error;
use crate::catalog;
use crate::mysql::Session;
use crate::sql;

/// How a column's values are read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Integers, DECIMAL, YEAR: the server's text, without quotes.
    Number,
    /// FLOAT, and DOUBLE with a display width: read as a full DOUBLE (the server rounds a FLOAT's text to six
    /// digits), written without quotes.
    Real,
    /// DOUBLE: the server's text, which has all 17 digits.
    Double,
    /// BIT: read and written as an integer.
    Bit,
    /// Bytes: BINARY, BLOB, spatial and vector types.
    Binary,
    /// JSON of MySQL: a quoted text, with its numbers as the server writes them after a restore.
    Json,
    /// All other types: a quoted text.
    Text,
    /// ENUM: a quoted text; the error value, read as an empty text, is written as `0`.
    Enum,
    /// ENUM that has an empty text among its values: read and written as the value's number, since the text does not tell
    /// this value from the error value.
    EnumNumber,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowColumn {
    pub(crate) name: String,
    pub(crate) data_type: String,
    /// The type as it is declared: `decimal(8,2) unsigned`.
    pub(crate) declared: String,
    pub(crate) form: Form,
    /// True if the server computes the column, which then cannot be inserted.
    pub(crate) generated: bool,
    pub(crate) nullable: bool,
}

impl Form {
    fn of(data_type: &str, column_type: &str) -> Self {
        match data_type {
            "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "year" => Self::Number,
            "float" => Self::Real,
            "double" if column_type.starts_with("double(") => Self::Real,
            "double" => Self::Double,
            "bit" => Self::Bit,
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "vector" => {
                Self::Binary
            }
            "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
            | "multipolygon" | "geometrycollection" | "geomcollection" => Self::Binary,
            // Only MySQL: JSON of MariaDB is a LONGTEXT.
            "json" => Self::Json,
            "enum" if has_empty_value(column_type) => Self::EnumNumber,
            "enum" => Self::Enum,
            _ => Self::Text,
        }
    }

    /// Returns the expression to select for a value of this form.
    pub(crate) fn read(self, expression: &str) -> String {
        match self {
            // Adding zero would remove the sign of a negative zero.
            Self::Real => format!("({expression})*1e0"),
            Self::Bit | Self::EnumNumber => format!("({expression})+0"),
            Self::Number | Self::Double | Self::Binary | Self::Text | Self::Json | Self::Enum => {
                expression.to_owned()
            }
        }
    }
}

impl RowColumn {
    /// Returns `expression` converted to the column's type, for types in which a wider result would be written differently.
    /// For other types, the expression itself must fit the column.
    pub(crate) fn coerced(&self, expression: &str) -> String {
        let unsigned = self.declared.contains("unsigned");
        match self.data_type.as_str() {
            "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => {
                format!("CAST({expression} AS {})", if unsigned { "UNSIGNED" } else { "SIGNED" })
            }
            "decimal" => {
                let declared = self.declared.split([' ', ')']).next().unwrap_or("decimal(10,0");
                format!("CAST({expression} AS {declared}))")
            }
            "datetime" | "timestamp" | "time" => {
                let digits = self.declared.trim_start_matches(char::is_alphabetic);
                let kind = if self.data_type == "time" { "TIME" } else { "DATETIME" };
                format!("CAST({expression} AS {kind}{digits})")
            }
            "date" => format!("CAST({expression} AS DATE)"),
            // A server does not return the trailing blanks of a CHAR.
            "char" => format!("TRIM(TRAILING ' ' FROM {expression})"),
            _ => expression.to_owned(),
        }
    }

    /// True for an integer type.
    pub(crate) fn is_integer(&self) -> bool {
        matches!(self.data_type.as_str(), "tinyint" | "smallint" | "mediumint" | "int" | "bigint")
    }

    /// True if chunks may be cut by this column: it is NOT NULL, and its literals compare in the order of the index.
    pub(crate) fn orders(&self) -> bool {
        let ordered = matches!(
            self.data_type.as_str(),
            "tinyint"
                | "smallint"
                | "mediumint"
                | "int"
                | "bigint"
                | "decimal"
                | "year"
                | "bit"
                | "binary"
                | "varbinary"
                | "char"
                | "varchar"
                | "date"
                | "datetime"
                | "timestamp"
                | "time"
        );
        ordered && !self.nullable
    }
}

/// True if one of the values is the empty text, as in `enum('a','','b')`.
fn has_empty_value(column_type: &str) -> bool {
    sql::members(column_type).iter().any(String::is_empty)
}

type Fact = (String, String, String, String, Option<String>, String);

/// Returns the columns of all tables and views of a database, in their order, by table; with `table`, only of this one.
pub(crate) fn columns_of(
    session: &mut Session,
    database: &str,
    table: Option<&str>,
) -> Result<BTreeMap<String, Vec<RowColumn>>, Error> {
    let narrowed = table.map_or(String::new(), |table| format!("AND TABLE_NAME = {}", sql::literal(table)));
    let deed = format!("reading the columns of {database}");
    let values = "TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, GENERATION_EXPRESSION, IS_NULLABLE";
    let facts: Vec<Fact> = catalog::columns(session, &deed, values, &sql::literal(database), &narrowed)?;
    let mut tables: BTreeMap<String, Vec<RowColumn>> = BTreeMap::new();
    for (table, name, data_type, column_type, expression, nullable) in facts {
        let data_type = data_type.to_lowercase();
        // EXTRA is not used: DEFAULT_GENERATED in it means a default, not a generated column.
        let generated = expression.is_some_and(|text| !text.is_empty());
        tables.entry(table).or_default().push(RowColumn {
            form: Form::of(&data_type, &column_type.to_lowercase()),
            generated,
            nullable: nullable == "YES",
            name,
            data_type,
            declared: column_type,
        });
    }
    Ok(tables)
}

/// Returns the columns of the given names, in the order of the names. Fails when a column is not known.
pub(crate) fn pick(
    known: &[RowColumn],
    database: &str,
    table: &str,
    names: &[String],
) -> Result<Vec<RowColumn>, Error> {
    let find = |wanted: &String| {
        known.iter().find(|column| column.name == *wanted).cloned().ok_or_else(|| Error::NoColumn {
            database: database.to_owned(),
            table: table.to_owned(),
            column: wanted.clone(),
        })
    };
    names.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_empty_value_of_an_enum_and_no_other() {
        assert!(has_empty_value("enum('a','')"));
        assert!(has_empty_value("enum('','a')"));
        assert!(!has_empty_value("enum('a''','''','it''s, '''' not')"));
        assert!(!has_empty_value("enum('a','b,''c')"));
    }

    #[test]
    fn forms_follow_from_types() {
        assert_eq!(Form::of("float", "float(7,3)"), Form::Real);
        assert_eq!(Form::of("uuid", "uuid"), Form::Text);
        assert_eq!(Form::of("json", "json"), Form::Json);
        assert_eq!(Form::Real.read("t.`a`"), "(t.`a`)*1e0");
    }
}
