//! Chooses the roots: rows that are pinned, recent, topped up, or among the newest of each value.
//!
//! In: the rules of `[dehydrate] root` and the moment that windows count back from. Out: rows of generation 0 in the
//! key tables. `NOW()` is never used, so the same copy and the same rules give the same rows.

use jiff::Timestamp;

use super::sql::ClosureSql;
use crate::catalog::{Column, Table};
use crate::config::{self, Config, Length, PinnedKey, RootConfig, TableName};
use crate::house::House;
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::names::{column_named, table_named};
use crate::sql::literal;

/// The moment that windows count back from, and the share of the rules that is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The moment that windows count back from: normally the snapshot's time.
    pub as_of: Timestamp,
    /// Share of windows and `at_least` that is applied, in 1,024ths.
    pub share: u64,
}

/// The share that applies rules as they are written.
pub(crate) const WHOLE: u64 = 1024;

impl When {
    /// Rules as written, with windows that count back from `as_of`.
    pub fn at(as_of: Timestamp) -> Self {
        Self { as_of, share: WHOLE }
    }

    /// The rule with its window and `at_least` multiplied by the share.
    pub(crate) fn of(self, rule: &RootConfig) -> RootConfig {
        let part = |whole: u64| whole.saturating_mul(self.share) / WHOLE;
        RootConfig {
            window: rule.window.map(|window| Length::of_seconds(part(window.duration().as_secs()))),
            at_least: part(rule.at_least),
            ..rule.clone()
        }
    }
}

/// One rule of the roots, with its names found in the catalog.
pub(crate) struct RootRule<'a> {
    pub(crate) rule: &'a RootConfig,
    pub(crate) words: ClosureSql<'a>,
    pub(crate) table: usize,
    date: Option<&'a Column>,
}

/// Fills generation 0 of the key tables: the rows that the rules choose.
pub(crate) fn seed(
    house: &House,
    session: &mut Session,
    blueprint: &Blueprint,
    when: &When,
) -> Result<(), Error> {
    let config = &house.config;
    for rule in config.dehydrate.root.as_slice() {
        house.cancel.check()?;
        let asked = resolve(config, blueprint, rule)?;
        // By the rule as written: with a share of 0, a rule with only `at_least` would take every row.
        let everything = asked.everything();
        let rule = &when.of(rule);
        let root = RootRule { rule, ..asked };
        let deed = format!("choosing rows of {}", root.label());
        for statement in
            [root.pinned(config)?, root.window(config, when.as_of)?, everything].into_iter().flatten()
        {
            session.run(&deed, &statement)?;
        }
        if rule.at_least > 0 {
            let have: u64 = session.first(&deed, &root.kept_already())?.unwrap_or_default();
            if let Some(missing) = rule.at_least.checked_sub(have).filter(|missing| *missing > 0) {
                session.run(&deed, &root.top_up(missing))?;
            }
        }
        if let Some(statement) = root.per_value(config, when.as_of)? {
            session.run(&deed, &statement)?;
        }
    }
    Ok(())
}

pub(crate) fn wrong(config: &Config, message: String, hint: Option<String>) -> config::Error {
    config.origin.error_at(&["dehydrate", "root"], message, hint)
}

/// Draws the blueprint and checks the rules of the roots. Reads no row.
pub(crate) fn draw(session: &mut Session, config: &Config, databases: &[String]) -> Result<Blueprint, Error> {
    let blueprint = Blueprint::draw(session, config, databases)?;
    check(config, &blueprint)?;
    Ok(blueprint)
}

/// Checks tables, keys and columns in the rules of the roots. Reads no row.
pub(crate) fn check(config: &Config, blueprint: &Blueprint) -> Result<(), Error> {
    for rule in config.dehydrate.root.as_slice() {
        let root = resolve(config, blueprint, rule)?;
        root.pinned(config)?;
        root.window(config, Timestamp::UNIX_EPOCH)?;
        for column in rule.per_value.keys() {
            column_named(root.source(), column).map_err(|(m, h)| wrong(config, m, h))?;
        }
    }
    Ok(())
}

fn resolve<'a>(
    config: &Config,
    blueprint: &'a Blueprint,
    rule: &'a RootConfig,
) -> Result<RootRule<'a>, config::Error> {
    let wrong = |message, hint| wrong(config, message, hint);
    let named: TableName = rule.table.parse().map_err(|e| wrong(format!("{e}"), None))?;
    let table = table_named(&blueprint.catalog, &named).map_err(|(m, h)| wrong(m, h))?;
    let source = &blueprint.catalog.tables[table];
    if blueprint.kept(table) != RowsFrom::Keys {
        return Err(wrong(format!("{} has no primary key, so it cannot be a root", source.label()), None));
    }
    let date = match &rule.date {
        Some(date) => Some(column_named(source, date).map_err(|(m, h)| wrong(m, h))?),
        None => None,
    };
    let chooses = rule.window.is_some()
        || rule.at_least > 0
        || !rule.per_value.is_empty()
        || !rule.pinned.is_empty()
        || rule.filter.is_some();
    if !chooses {
        let hint = "add window = \"400d\" with date = \"created_at\", or at_least = 1000, or where = \"…\"";
        return Err(wrong(format!("the root {} chooses no row", rule.table), Some(hint.to_owned())));
    }
    Ok(RootRule { rule, words: blueprint.words(), table, date })
}

impl RootRule<'_> {
    pub(crate) fn source(&self) -> &Table {
        self.words.table(self.table)
    }

    fn label(&self) -> String {
        self.source().label()
    }

    pub(crate) fn key(&self) -> Vec<String> {
        self.source().key().iter().map(|column| column.of("t")).collect()
    }

    /// Newest first; the key decides ties, so that the order is total.
    pub(crate) fn newest_first(&self) -> String {
        let columns = self.date.map(|date| date.of("t")).into_iter().chain(self.key());
        columns.map(|column| format!("{column} DESC")).collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn filter(&self) -> String {
        self.rule.filter.as_deref().map_or("TRUE".to_owned(), |filter| format!("({filter})"))
    }

    fn insert(&self, condition: &str, end: &str) -> String {
        format!(
            "{} SELECT {}, 0, 0 FROM {} AS t WHERE {condition}{end}{}",
            self.words.insert_into(self.table),
            self.key().join(", "),
            self.source().sql(),
            self.words.on_duplicate(self.table)
        )
    }

    fn pinned(&self, config: &Config) -> Result<Option<String>, config::Error> {
        if self.rule.pinned.is_empty() {
            return Ok(None);
        }
        let columns = self.source().key();
        let mut tuples = Vec::new();
        for pinned in &self.rule.pinned {
            let values = match pinned {
                PinnedKey::Composite(values) => values.as_slice(),
                one => std::slice::from_ref(one),
            };
            let literals: Option<Vec<String>> =
                values.iter().zip(&columns).map(|(value, column)| value_of(value, column)).collect();
            let Some(literals) = literals.filter(|_| values.len() == columns.len()) else {
                let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
                let message = format!(
                    "pinned {pinned:?} is no key of {}: its key is ({})",
                    self.label(),
                    names.join(", ")
                );
                return Err(wrong(config, message, None));
            };
            tuples.push(format!("({})", literals.join(", ")));
        }
        let condition = format!("({}) IN ({})", self.key().join(", "), tuples.join(", "));
        Ok(Some(self.insert(&condition, "")))
    }

    fn window(&self, config: &Config, as_of: Timestamp) -> Result<Option<String>, config::Error> {
        Ok(self.recent(config, as_of)?.map(|recent| self.insert(&recent, "")))
    }

    /// Condition over alias `t` for the rows within the window.
    pub(crate) fn recent(&self, config: &Config, as_of: Timestamp) -> Result<Option<String>, config::Error> {
        let Some(window) = self.rule.window else { return Ok(None) };
        let Some(date) = self.date else {
            let hint = Some("add date = \"created_at\"".to_owned());
            return Err(wrong(config, "a window needs a date".to_owned(), hint));
        };
        let start = as_of.checked_sub(window.duration()).map_err(|_| {
            wrong(config, "the window reaches back before the calendar begins".to_owned(), None)
        })?;
        let start = match date.data_type.as_str() {
            "date" => literal(&start.strftime("%Y-%m-%d").to_string()),
            "datetime" | "timestamp" => literal(&start.strftime("%Y-%m-%d %H:%M:%S").to_string()),
            _ if date.integer() => start.as_second().to_string(),
            other => {
                let message =
                    format!("`{}` is a {other}, not a date, and no window can be laid over it", date.name);
                return Err(wrong(config, message, None));
            }
        };
        Ok(Some(format!("{} >= {start} AND {}", date.of("t"), self.filter())))
    }

    /// Takes all rows that match, if the rule has nothing but `where`.
    fn everything(&self) -> Option<String> {
        let rule = self.rule;
        let bounded = rule.window.is_some()
            || rule.at_least > 0
            || !rule.per_value.is_empty()
            || !rule.pinned.is_empty();
        (!bounded).then(|| self.insert(&self.filter(), ""))
    }

    /// Counts the rows that match the rule's `where` and are kept already, by any rule.
    fn kept_already(&self) -> String {
        let keys = self.words.keys(self.table);
        let Some(filter) = &self.rule.filter else { return format!("SELECT COUNT(*) FROM {keys}") };
        let named: Vec<String> =
            self.key().iter().enumerate().map(|(n, column)| format!("{column} AS q{}", n + 1)).collect();
        format!(
            "SELECT COUNT(*) FROM (SELECT {} FROM {} AS t WHERE ({filter})) AS c JOIN {keys} AS k ON {}",
            named.join(", "),
            self.source().sql(),
            self.words.same_key(self.table, "c.q", "k.p")
        )
    }

    fn top_up(&self, missing: u64) -> String {
        let kept = format!(
            "NOT EXISTS (SELECT 1 FROM {} AS k WHERE {})",
            self.words.keys(self.table),
            self.words.key_join(self.table, "t")
        );
        // In a derived table: ON DUPLICATE KEY UPDATE directly behind LIMIT would be valid, but hard to read.
        let key = self.source().key();
        let named: Vec<String> =
            key.iter().enumerate().map(|(n, c)| format!("{} AS q{}", c.of("t"), n + 1)).collect();
        format!(
            "{} SELECT {}, 0, 0 FROM (SELECT {} FROM {} AS t WHERE {} AND {kept} ORDER BY {} LIMIT {missing}) AS c{}",
            self.words.insert_into(self.table),
            self.words.key_list(self.table, "c.q"),
            named.join(", "),
            self.source().sql(),
            self.filter(),
            self.newest_first(),
            self.words.on_duplicate(self.table)
        )
    }
}

/// A pinned value as SQL; none if it cannot be a value of the column. So the server never compares mixed types.
fn value_of(value: &PinnedKey, column: &Column) -> Option<String> {
    use crate::catalog::Family;
    match (value, column.family()) {
        (PinnedKey::Number(number), Family::Exact) => Some(number.to_string()),
        (PinnedKey::Text(text), Family::Exact) => {
            text.chars().all(|c| c.is_ascii_digit()).then(|| text.clone()).filter(|text| !text.is_empty())
        }
        (PinnedKey::Number(number), Family::Text) => Some(literal(&number.to_string())),
        (PinnedKey::Text(text), Family::Text | Family::Choice | Family::Time | Family::Other) => {
            Some(literal(text))
        }
        (PinnedKey::Text(text), Family::Binary) => {
            let digits: String = text.chars().filter(|c| *c != '-').collect();
            let hex = digits.len().is_multiple_of(2) && digits.chars().all(|c| c.is_ascii_hexdigit());
            hex.then(|| format!("x'{digits}'"))
        }
        _ => None,
    }
}
