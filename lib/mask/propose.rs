//! The one place where masks are proposed: which rule is written as a proposal for a column.
//!
//! In: a table, one of its columns, the wishes for it (best first). Out: the right side of a rule that has passed all
//! that [`compile`](super::compile) checks: type, room, NULL, character set, unique indexes and what is computed from the
//! column. Every proposal is made here, so that a pasted rule is not refused by the next check.

use std::collections::BTreeMap;

use super::kinds::target::MaskTarget;
use super::masks::Mask;
use super::{conditions, fit, generated};
use crate::catalog::{Column, Family, Table};
use crate::config::MaskRule;

/// The rules that are tried, in this order, when no wish fits. Kinds that keep values apart are not first: their results
/// look least like the originals.
fn others(column: &Column) -> &'static [&'static str] {
    match column.family() {
        Family::Text | Family::Binary => &[
            "\"text\"",
            "\"hash\"",
            "{ kind = \"hash\", length = 16 }",
            "\"uuid\"",
            "\"cipher\"",
            "\"empty\"",
            "\"null\"",
        ],
        Family::Exact | Family::Approximate => {
            &["{ kind = \"constant\", value = 0 }", "\"permute\"", "\"hash\"", "\"null\""]
        }
        Family::Json => &["{ kind = \"constant\", value = \"{}\" }", "\"null\""],
        Family::Time => &["{ kind = \"generalise\", to = \"year\" }", "\"null\""],
        Family::Choice => &["\"null\""],
        Family::Other => &["\"uuid\"", "\"ip\"", "\"null\""],
    }
}

/// The proposal where nothing fits: a person must fill in a reason.
pub const KEEP: &str = "{ kind = \"keep\", reason = \"…\" }";

/// The first of `wishes` that fits the column, else the first other kind that does, else `keep` with a reason to fill in.
pub fn propose(table: &Table, column: &Column, wishes: &[&str]) -> String {
    let all = wishes.iter().chain(others(column));
    let found = all.copied().find(|wish| fits(table, column, wish));
    found.unwrap_or(KEEP).to_owned()
}

/// Whether a rule with this right side would be accepted for the column.
pub fn fits(table: &Table, column: &Column, right: &str) -> bool {
    fitting(table, column, right).is_some()
}

/// Parses the right side of a rule as TOML.
pub fn rule(right: &str) -> Option<MaskRule> {
    let mut rules: BTreeMap<String, MaskRule> = toml::from_str(&format!("rule = {right}")).ok()?;
    rules.remove("rule")
}

/// The mask that a rule with this right side gives a column; nothing if a check refuses it.
pub fn fitting(table: &Table, column: &Column, right: &str) -> Option<Mask> {
    let target = MaskTarget::of(table, column);
    let mask = conditions::mask(&target, "", &rule(right)?).ok()?;
    fit::unique(&target, &mask).ok()?;
    (!generated::merges(table, column, &mask)).then_some(mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Index, IndexPart};

    fn column(data_type: &str, length: Option<u64>, nullable: bool) -> Column {
        Column {
            name: "c".to_owned(),
            data_type: data_type.to_owned(),
            column_type: data_type.to_owned(),
            length,
            nullable,
            ..Column::default()
        }
    }

    fn table(column: &Column, unique: bool) -> Table {
        let part = IndexPart { column: Some("c".to_owned()), ..IndexPart::default() };
        let index = Index { name: "u".to_owned(), unique: true, parts: vec![part] };
        Table {
            columns: vec![column.clone()],
            indexes: if unique { vec![index] } else { Vec::new() },
            ..Table::default()
        }
    }

    #[test]
    fn a_wish_that_fits_is_granted_and_another_is_not() {
        for (data_type, length, unique, wish, given) in [
            ("varchar", Some(60), false, "\"name\"", "\"name\""),
            ("varchar", Some(9), false, "\"name\"", "\"text\""),
            ("varchar", Some(60), true, "\"name\"", "\"hash\""),
            ("varchar", Some(60), true, "\"email\"", "\"email\""),
            ("char", Some(5), true, "\"text\"", "\"cipher\""),
            ("varchar", Some(12), true, "\"phone\"", "\"cipher\""),
            ("smallint", None, false, "\"phone\"", "{ kind = \"constant\", value = 0 }"),
            ("int", None, true, "{ kind = \"constant\", value = 0 }", "\"permute\""),
            ("date", None, false, "\"text\"", "{ kind = \"generalise\", to = \"year\" }"),
        ] {
            let column = column(data_type, length, false);
            assert_eq!(
                propose(&table(&column, unique), &column, &[wish]),
                given,
                "{data_type} {length:?} {unique}"
            );
        }
    }

    #[test]
    fn where_nothing_fits_a_person_is_asked() {
        let column = column("time", None, false);
        assert_eq!(propose(&table(&column, true), &column, &["\"text\""]), KEEP);
    }

    #[test]
    fn what_is_computed_from_a_column_stays_unique() {
        let source = column("varchar", Some(60), false);
        let lower = Column {
            name: "l".to_owned(),
            generated: true,
            expression: Some("lower(`c`)".to_owned()),
            ..source.clone()
        };
        let part = IndexPart { column: Some("l".to_owned()), ..IndexPart::default() };
        let index = Index { name: "u".to_owned(), unique: true, parts: vec![part] };
        let table = Table { columns: vec![source.clone(), lower], indexes: vec![index], ..Table::default() };
        assert_eq!(propose(&table, &source, &["\"name\""]), "\"hash\"");
    }
}
