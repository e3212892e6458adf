//! Chooses roots of each value of a column: `per_value = { kind = 50 }`.
//!
//! In: a rule whose window is in the key table already. Out: one statement that reads the table once, and the window once for
//! each named column. A value of which the window has enough rows is not ranked: its newest rows are kept already.

use std::fmt::Write;

use jiff::Timestamp;

use super::roots::{RootRule, wrong};
use crate::catalog::Column;
use crate::config::{self, Config};
use crate::plan::rules::names::column_named;

impl RootRule<'_> {
    /// Statement that adds the newest rows of each value.
    pub(crate) fn per_value(
        &self,
        config: &Config,
        as_of: Timestamp,
    ) -> Result<Option<String>, config::Error> {
        if self.rule.per_value.is_empty() {
            return Ok(None);
        }
        let recent = self.recent(config, as_of)?;
        let columns: Result<Vec<(&Column, u64)>, _> = self
            .rule
            .per_value
            .iter()
            .map(|(name, count)| Ok((column_named(self.source(), name)?, *count)))
            .collect();
        let columns = columns.map_err(|(m, h)| wrong(config, m, h))?;
        Ok(Some(self.ranked(&columns, recent.as_deref())))
    }

    fn ranked(&self, columns: &[(&Column, u64)], recent: Option<&str>) -> String {
        let order = self.newest_first();
        let key = self.key();
        let mut named: Vec<String> =
            key.iter().enumerate().map(|(n, column)| format!("{column} AS q{}", n + 1)).collect();
        let mut from = format!("{} AS t", self.source().sql());
        let (mut open, mut wanted) = (Vec::new(), Vec::new());
        for (n, (column, count)) in columns.iter().enumerate() {
            let value = column.of("t");
            named.push(format!("ROW_NUMBER() OVER (PARTITION BY {value} ORDER BY {order}) AS place{n}"));
            let mut condition = format!("c.place{n} <= {count}");
            if let Some(recent) = recent {
                let enough = format!("refreshkit_enough{n}");
                let _ = write!(
                    from,
                    " LEFT JOIN (SELECT {value} AS {enough} FROM {} AS t WHERE {recent} GROUP BY {value} \
                     HAVING COUNT(*) >= {count}) AS e{n} ON e{n}.{enough} = {value}",
                    self.source().sql()
                );
                open.push(format!("e{n}.{enough} IS NULL"));
                named.push(format!("e{n}.{enough} IS NULL AS open{n}"));
                condition = format!("c.open{n} AND {condition}");
            }
            wanted.push(format!("({condition})"));
        }
        let open = if open.is_empty() { "TRUE".to_owned() } else { open.join(" OR ") };
        format!(
            "{} SELECT {}, 0, 0 FROM (SELECT {} FROM {from} WHERE {} AND ({open})) AS c WHERE {}{}",
            self.words.insert_into(self.table),
            self.words.key_list(self.table, "c.q"),
            named.join(", "),
            self.filter(),
            wanted.join(" OR "),
            self.words.on_duplicate(self.table)
        )
    }
}
