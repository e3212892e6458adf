//! Decides the class of each table: root, follow, full, empty or ignore; and names the rule that decided.
//!
//! In: the catalog, `[dehydrate]` and the relations. Out: one [`Classified`] a table; tables that nothing reaches are an
//! error that lists TOML to paste.

use std::cmp::Ordering;

use super::edge::Edge;
use super::names::table_named;
use super::reach;
use crate::catalog::{Catalog, Fit, Table, TablePattern};
use crate::config::{self, Config, TableName, Unclassified, nearest};
use crate::document::TableClass;
use crate::plan::error::Error;

/// The class of a table, and why it has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// What happens to the table's rows.
    pub class: TableClass,
    /// The rule that decided, for people.
    pub why: String,
}

/// Built-in groups of globs, used as `@name`.
const GROUPS: &[(&str, &[&str])] = &[
    ("logs", &["*_log", "*_logs", "log_*", "logs", "audit_*", "*_audit", "*_audits", "*_history"]),
    ("sessions", &["sessions", "*_session", "*_sessions"]),
    ("queues", &["jobs", "*_jobs", "failed_jobs", "*_queue", "*_queues", "queue_*", "*_outbox"]),
];

/// Tables with at most this many rows are proposed as `full`.
pub(crate) const LOOKUP_ROWS_MAX: u64 = 2_000;

struct TableRule {
    class: TableClass,
    list: &'static str,
    entry: String,
    pattern: TablePattern,
}

/// The class that rules alone give each table; none for tables that only relations can reach.
pub(crate) fn by_rules(catalog: &Catalog, config: &Config) -> Result<Vec<Option<TableClass>>, Error> {
    Ok(named(catalog, config)?.into_iter().map(|class| Some(class?.class)).collect())
}

/// Decides the class of every table, in the catalog's order.
pub(crate) fn decide(catalog: &Catalog, config: &Config, edges: &[Edge]) -> Result<Vec<Classified>, Error> {
    let classes = named(catalog, config)?;
    let by_rule: Vec<Option<TableClass>> = classes.iter().map(|class| Some(class.as_ref()?.class)).collect();
    let reached = reach::tables(catalog, edges, &by_rule);
    finish(catalog, config, classes, &reasons(catalog, edges, &reached))
}

fn named(catalog: &Catalog, config: &Config) -> Result<Vec<Option<Classified>>, Error> {
    let rules = rules(config)?;
    let mut used = vec![false; rules.len()];
    let mut classes: Vec<Option<Classified>> = Vec::new();
    for table in &catalog.tables {
        classes.push(by_rule(config, &rules, table, &mut used)?);
    }
    roots(catalog, config, &mut classes)?;
    for (rule, used) in rules.iter().zip(&used) {
        if !used && !rule.entry.starts_with('@') {
            return Err(unused(catalog, config, rule).into());
        }
    }
    Ok(classes)
}

fn rules(config: &Config) -> Result<Vec<TableRule>, config::Error> {
    let dehydrate = &config.dehydrate;
    let lists = [
        ("empty", TableClass::Empty, &dehydrate.empty),
        ("full", TableClass::Full, &dehydrate.full),
        ("ignore", TableClass::Ignore, &dehydrate.ignore),
        ("follow", TableClass::Follow, &dehydrate.follow),
    ];
    let mut rules = Vec::new();
    for (list, class, entries) in lists {
        for entry in entries {
            for pattern in expand(config, list, entry)? {
                let pattern = TablePattern::new(&pattern)
                    .map_err(|e| config.origin.error_at(&["dehydrate", list], e.to_string(), None))?;
                rules.push(TableRule { class, list, entry: entry.clone(), pattern });
            }
        }
    }
    Ok(rules)
}

/// The globs that an entry stands for: the entry itself, or those of its `@group`.
fn expand(config: &Config, list: &str, entry: &str) -> Result<Vec<String>, config::Error> {
    let Some(group) = entry.strip_prefix('@') else { return Ok(vec![entry.to_owned()]) };
    if let Some(own) = config.dehydrate.groups.get(group) {
        return Ok(own.clone());
    }
    if let Some((_, built_in)) = GROUPS.iter().find(|(name, _)| *name == group) {
        return Ok(built_in.iter().map(|&pattern| pattern.to_owned()).collect());
    }
    let names =
        GROUPS.iter().map(|(name, _)| *name).chain(config.dehydrate.groups.keys().map(String::as_str));
    let hint = nearest(group, names).map(|name| format!("did you mean `@{name}`?"));
    Err(config.origin.error_at(&["dehydrate", list], format!("there is no group {entry:?}"), hint))
}

/// The built-in group that a table is in.
pub(crate) fn built_in_group(table: &Table) -> Option<&'static str> {
    let fits = |pattern: &&str| TablePattern::new(pattern).is_ok_and(|pattern| pattern.fit(table).is_some());
    GROUPS.iter().find(|(_, patterns)| patterns.iter().any(fits)).map(|(name, _)| *name)
}

type PatternCloseness = ((Fit, Option<Fit>), bool);

fn by_rule(
    config: &Config,
    rules: &[TableRule],
    table: &Table,
    used: &mut [bool],
) -> Result<Option<Classified>, config::Error> {
    let mut best: Option<(PatternCloseness, &TableRule)> = None;
    for (at, rule) in rules.iter().enumerate() {
        let Some(fit) = rule.pattern.fit(table) else { continue };
        used[at] = true;
        // An entry that is written out is more specific than a group.
        let close = (fit, !rule.entry.starts_with('@'));
        match best.as_ref().map_or(Ordering::Greater, |(other, _)| close.cmp(other)) {
            Ordering::Greater => best = Some((close, rule)),
            Ordering::Less => {}
            Ordering::Equal => {
                let other = best.as_ref().map_or(rule, |(_, other)| other);
                if other.class != rule.class {
                    let message = format!(
                        "{} is in {} by {:?} and in {} by {:?}, and neither is more specific",
                        table.label(),
                        other.list,
                        other.entry,
                        rule.list,
                        rule.entry
                    );
                    let hint = Some(format!("name it: {} = [\"{}\", …]", rule.list, table.name));
                    return Err(config.origin.error_at(&["dehydrate", rule.list], message, hint));
                }
            }
        }
    }
    Ok(best
        .map(|(_, rule)| Classified { class: rule.class, why: format!("{} = {:?}", rule.list, rule.entry) }))
}

fn roots(catalog: &Catalog, config: &Config, classes: &mut [Option<Classified>]) -> Result<(), Error> {
    for root in config.dehydrate.root.as_slice() {
        let wrong = |message, hint| config.origin.error_at(&["dehydrate", "root"], message, hint);
        let name: TableName = root.table.parse().map_err(|e| wrong(format!("{e}"), None))?;
        let at = table_named(catalog, &name).map_err(|(message, hint)| wrong(message, hint))?;
        match &classes[at] {
            Some(class) if class.class != TableClass::Root && !class.why.contains(['*', '?', '@']) => {
                let message = format!("{} is a root and also in {}", root.table, class.why);
                return Err(wrong(message, None).into());
            }
            _ => {
                let why = format!("root = {{ table = {:?} }}", root.table);
                classes[at] = Some(Classified { class: TableClass::Root, why });
            }
        }
    }
    Ok(())
}

fn unused(catalog: &Catalog, config: &Config, rule: &TableRule) -> config::Error {
    let names = catalog.tables.iter().map(|table| table.name.as_str());
    let hint = nearest(&rule.entry, names).map(|name| format!("did you mean `{name}`?"));
    let message = format!("{} = {:?} matches no table", rule.list, rule.entry);
    config.origin.error_at(&["dehydrate", rule.list], message, hint)
}

/// The relation that reaches each table, for people.
fn reasons(catalog: &Catalog, edges: &[Edge], reached: &[Option<usize>]) -> Vec<Option<String>> {
    let name = |table: usize| &catalog.tables[table].name;
    let say = |number: usize| {
        let edge = edges.iter().find(|edge| edge.number == number);
        edge.map_or("full".to_owned(), |edge| {
            let (child, parent) = (edge.child_columns.join(", "), edge.parent_columns.join(", "));
            format!("relation {}({child}) = {}({parent})", name(edge.child), name(edge.parent))
        })
    };
    reached.iter().map(|number| number.map(say)).collect()
}

fn finish(
    catalog: &Catalog,
    config: &Config,
    classes: Vec<Option<Classified>>,
    reached: &[Option<String>],
) -> Result<Vec<Classified>, Error> {
    let mut unreached = Vec::new();
    let mut decided = Vec::new();
    for (at, class) in classes.into_iter().enumerate() {
        let unset = |class, word: &str| Classified { class, why: format!("unclassified = {word:?}") };
        decided.push(match (class, &reached[at], config.dehydrate.unclassified) {
            (Some(class), ..) => class,
            (None, Some(edge), _) => Classified { class: TableClass::Follow, why: edge.clone() },
            (None, None, Some(Unclassified::Full)) => unset(TableClass::Full, "full"),
            (None, None, Some(Unclassified::Empty)) => unset(TableClass::Empty, "empty"),
            (None, None, None) => {
                unreached.push(&catalog.tables[at]);
                unset(TableClass::Ignore, "")
            }
        });
    }
    if unreached.is_empty() { Ok(decided) } else { Err(report(catalog, config, &unreached)) }
}

/// The error for tables that nothing reaches, with the two lists to paste over the old ones.
fn report(catalog: &Catalog, config: &Config, tables: &[&Table]) -> Error {
    let line = |list: &str, old: &[String], new: Vec<&&Table>| {
        let quoted: Vec<String> = old
            .iter()
            .map(|entry| format!("{entry:?}"))
            .chain(new.iter().map(|table| format!("{:?}", table.name)))
            .collect();
        format!("{list} = [{}]", quoted.join(", "))
    };
    let (small, large): (Vec<_>, Vec<_>) =
        tables.iter().partition(|table| table.rows_estimate <= LOOKUP_ROWS_MAX);
    let mut toml = vec!["[dehydrate]".to_owned()];
    // Without a root nothing is reached, and if all tables were `full`, the plan would be no subset.
    let rootless = config.dehydrate.root.as_slice().is_empty();
    toml.extend(rootless.then(|| root(catalog)).flatten());
    if !small.is_empty() {
        toml.push(line("full", &config.dehydrate.full, small));
    }
    if !large.is_empty() {
        toml.push(line("empty", &config.dehydrate.empty, large));
    }
    let names: Vec<String> = tables.iter().take(8).map(|table| table.label()).collect();
    let more = if tables.len() > 8 { ", …" } else { "" };
    let first =
        if rootless { "choose a root first: the table whose newest rows developers need; then " } else { "" };
    let toml = format!(
        "{first}decide in refresh.toml, for example (small tables whole, large ones empty), or declare the relation that reaches them:\n{}{}",
        toml.join("\n"),
        cure(config)
    );
    Error::Unreached { count: tables.len(), names: names.join(", ") + more, toml }
}

/// The command that adds missing lines to the file, as a TOML comment, since it stands behind lines to paste. Empty if there is
/// no file.
pub(crate) fn cure(config: &Config) -> String {
    let path = &config.origin.path;
    if path.as_os_str().is_empty() {
        return String::new();
    }
    format!("\n# or have what is missing added to the file: mydehydrate init --update {}", path.display())
}

/// Proposes the largest table with a key and a date as the root: other rows mostly depend on such a table.
fn root(catalog: &Catalog) -> Option<String> {
    let dated = |table: &&Table| !table.key().is_empty() && date(table).is_some();
    let largest = catalog.tables.iter().filter(dated).max_by_key(|table| table.rows_estimate)?;
    Some(format!("root = {{ table = {:?}, date = {:?}, at_least = 1000 }}", largest.name, date(largest)?))
}

/// The column that says when a row was made, or else the first date.
fn date(table: &Table) -> Option<&str> {
    let dates = || {
        table
            .columns
            .iter()
            .filter(|column| matches!(column.data_type.as_str(), "date" | "datetime" | "timestamp"))
    };
    let made = dates().find(|column| column.name.to_lowercase().contains("creat"));
    made.or_else(|| dates().next()).map(|column| column.name.as_str())
}
