//! Names of tables and columns as people write them: `notes.body`, `app.notes`, `lines(order, region)`.
//!
//! In: a name such as a key of `[relations]` or `[mask]`. Out: its parts. Names with special characters are written in
//! back-ticks, as in SQL. `*` and `?` are kept in the parts, for callers that take globs.

/// Name of a table, with or without its database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// The database, if the text names one.
    pub database: Option<String>,
    /// Name of the table.
    pub table: String,
}

/// Names of one or several columns of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnsName {
    /// The table that has the columns.
    pub table: TableName,
    /// The columns, in the order written.
    pub columns: Vec<String>,
}

/// Why a text is not the name of a table or column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text is not `table.column`, `database.table.column` or `table(column, column)`.
    #[error(
        "{0:?} is not a column: write \"table.column\", \"database.table.column\" or \"table(column, column)\""
    )]
    Columns(String),
    /// The text is not `table` or `database.table`.
    #[error("{0:?} is not a table: write \"table\" or \"database.table\"")]
    Table(String),
}

impl std::str::FromStr for TableName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::Table(text.to_owned());
        let mut parts = split(text, '.').ok_or_else(wrong)?;
        let table = parts.pop().filter(|t| !t.is_empty()).ok_or_else(wrong)?;
        match (parts.pop(), parts.is_empty()) {
            (database, true) => Ok(Self { database, table }),
            _ => Err(wrong()),
        }
    }
}

impl std::str::FromStr for ColumnsName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::Columns(text.to_owned());
        let text = text.trim();
        if let Some(open) = find_outside(text, '(') {
            let inner = text[open + 1..].strip_suffix(')').ok_or_else(wrong)?;
            let columns = split(inner, ',').ok_or_else(wrong)?;
            return Ok(Self { table: text[..open].parse().map_err(|_| wrong())?, columns });
        }
        let mut parts = split(text, '.').ok_or_else(wrong)?;
        let column = parts.pop().ok_or_else(wrong)?;
        let table = parts.pop().ok_or_else(wrong)?;
        match (parts.pop(), parts.is_empty()) {
            (database, true) => Ok(Self { table: TableName { database, table }, columns: vec![column] }),
            _ => Err(wrong()),
        }
    }
}

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.database {
            Some(database) => write!(f, "{database}.{}", self.table),
            None => f.write_str(&self.table),
        }
    }
}

impl std::fmt::Display for ColumnsName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({})", self.table, self.columns.join(", "))
    }
}

/// Byte position of the first `wanted` outside back-ticks.
fn find_outside(text: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '`';
        (c == wanted && !quoted).then_some(at)
    })
}

/// The parts between `separator`s outside back-ticks, trimmed and unquoted; `None` if a part is empty or not quoted as a whole.
fn split(text: &str, separator: char) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let end = find_outside(rest, separator);
        parts.push(unquote(rest[..end.unwrap_or(rest.len())].trim())?);
        match end {
            Some(end) => rest = &rest[end + separator.len_utf8()..],
            None => return Some(parts),
        }
    }
}

fn unquote(part: &str) -> Option<String> {
    if let Some(open) = part.strip_prefix('`') {
        let inner = open.strip_suffix('`').filter(|inner| !inner.is_empty())?;
        return Some(inner.replace("``", "`"));
    }
    (!part.is_empty() && !part.contains('`')).then(|| part.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(text: &str) -> String {
        let name: ColumnsName = text.parse().unwrap();
        format!("{:?} {} {:?}", name.table.database, name.table.table, name.columns)
    }

    #[test]
    fn reads_every_way_to_write_columns() {
        assert_eq!(columns("notes.body"), r#"None notes ["body"]"#);
        assert_eq!(columns("app.notes.body"), r#"Some("app") notes ["body"]"#);
        assert_eq!(columns("app.lines(order, region)"), r#"Some("app") lines ["order", "region"]"#);
        assert_eq!(columns("`a.b`.`c``(d`"), r#"None a.b ["c`(d"]"#);
        assert_eq!(columns("*.email"), r#"None * ["email"]"#);
    }

    #[test]
    fn refuses_what_is_not_a_column() {
        for wrong in ["", "notes", "a.b.c.d", "a.", ".b", "a(b", "a()", "a(b,)", "`a.b"] {
            assert!(wrong.parse::<ColumnsName>().is_err(), "{wrong}");
        }
    }
}
