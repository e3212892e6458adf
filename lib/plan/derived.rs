//! Columns that hold copies of masked values: `orders.contact` with the addresses of `people.email`.
//!
//! In: the hashed originals, and a sample of every column that leaves unmasked or with a mask of its own. Out: nothing, or
//! a refusal with the rule to paste: a copy must have the mask and the domain of its original, or one of the two
//! contradicts the other. The server hashes the sample and compares; only counts leave it.

use super::blueprint::{Blueprint, Kept};
use super::crew::share_out;
use super::error::Error;
use crate::catalog::{Column, Family};
use crate::config::{Config, MaskConfig};
use crate::document::{TableClass, TablePlan};
use crate::house::House;
use crate::mask::{self, Mask, Trace};
use crate::mysql::{Session, name, qualified};
use crate::scan::{self, RECORD_BYTES, Source};

/// Rows of each table that are looked at, the last by key.
const SAMPLE_ROWS: u32 = 500;

/// Fewer different values in common are chance.
const COMMON_MIN: u64 = 3;

/// Where hashed originals come from: a column, or the two halves of a name.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) table: usize,
    pub(super) column: String,
    pub(super) halves: bool,
}

/// A column that may hold copies.
struct Suspect {
    table: usize,
    column: String,
    sql: String,
}

/// A column that does.
#[derive(Debug, Clone)]
struct Copy {
    suspect: usize,
    origin: usize,
    common: u64,
    total: u64,
}

/// Looks for copies; refuses them, or warns.
pub(super) fn check(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    (tables, records): (&[TablePlan], &[String]),
    origins: &[Origin],
    refuse: bool,
) -> Result<Vec<String>, Error> {
    let suspects = suspects(blueprint, tables);
    let sample = qualified(&blueprint.work_schema, "copies");
    let columns = format!("v BINARY({RECORD_BYTES}) NOT NULL, c INT UNSIGNED NOT NULL, KEY (v)");
    sessions[0].run("creating the sample", &format!("CREATE TABLE {sample} ({columns})"))?;
    let jobs: Vec<(usize, &Suspect)> = suspects.iter().enumerate().collect();
    share_out(sessions, jobs, |session, (n, suspect)| {
        house.cancel.check()?;
        let deed = format!("sampling {}", label(blueprint, suspect.table, &suspect.column));
        let insert =
            format!("INSERT IGNORE INTO {sample} (v, c) SELECT x.v, {n} FROM ({}) AS x", suspect.sql);
        Ok(session.run(&deed, &insert)?)
    })?;
    let copies = copies(sessions, blueprint, &sample, records)?;
    let copies: Vec<Copy> =
        copies.into_iter().filter(|copy| contradicts(blueprint, &suspects, origins, copy)).collect();
    told(house, blueprint, &suspects, origins, &copies, refuse)
}

/// The columns with a habit of holding originals, with the origin that they share most with.
fn copies(
    sessions: &mut [Session],
    blueprint: &Blueprint,
    sample: &str,
    records: &[String],
) -> Result<Vec<Copy>, Error> {
    let totals: Vec<(usize, u64)> =
        sessions[0].rows("counting the sample", &format!("SELECT c, COUNT(*) FROM {sample} GROUP BY c"))?;
    let found = share_out(sessions, records.iter().collect(), |session, table| {
        let sql = format!(
            "SELECT c.c, s.o, COUNT(DISTINCT c.v) FROM {} AS s JOIN {sample} AS c ON c.v = s.v GROUP BY c.c, s.o",
            qualified(&blueprint.work_schema, table)
        );
        Ok(session.rows::<(usize, usize, u64)>("comparing the sample", &sql)?)
    })?;
    let found: Vec<(usize, usize, u64)> = found.into_iter().flatten().collect();
    let copies = totals.into_iter().filter_map(|(suspect, total)| {
        let most = found.iter().filter(|(c, ..)| *c == suspect).max_by_key(|(.., common)| *common)?;
        let copy = Copy { suspect, origin: most.1, common: most.2, total };
        (copy.common >= COMMON_MIN && copy.common * 2 >= total).then_some(copy)
    });
    Ok(copies.collect())
}

fn suspects(blueprint: &Blueprint, tables: &[TablePlan]) -> Vec<Suspect> {
    let mut suspects = Vec::new();
    for plan in tables.iter().filter(|plan| plan.class != TableClass::Empty) {
        let Some(at) = blueprint.catalog.find(&plan.database, &plan.table) else { continue };
        if blueprint.kept(at) == Kept::Nothing {
            continue;
        }
        for outgoing in &plan.columns {
            let Some(column) = blueprint.catalog.tables[at].column(&outgoing.name) else { continue };
            let mask = blueprint.masks.declared(at, &outgoing.name);
            let own = mask.is_some_and(|mask| mask.nature.trace == Trace::Left);
            let holds = matches!(column.family(), Family::Text | Family::Binary) || column.integer();
            if holds && (own || (mask.is_none() && outgoing.scan)) {
                suspects.push(Suspect { table: at, column: column.name.clone(), sql: sampled(plan, column) });
            }
        }
    }
    suspects
}

/// Records of the last rows' values.
fn sampled(plan: &TablePlan, column: &Column) -> String {
    let filter = plan.filter.as_deref().map_or(String::new(), |filter| format!(" WHERE {filter}"));
    let key: Vec<String> = plan.key.iter().map(|key| format!("t.{} DESC", name(key))).collect();
    let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) };
    let rows = format!(
        "(SELECT {} AS {} FROM {}{filter}{order} LIMIT {SAMPLE_ROWS}) AS t",
        column.of("t"),
        name(&column.name),
        plan.from
    );
    scan::values(&Source { value: super::leaks::text(column), person: false }, &rows)
}

/// Whether the two leave differently.
fn contradicts(blueprint: &Blueprint, suspects: &[Suspect], origins: &[Origin], copy: &Copy) -> bool {
    let suspect = &suspects[copy.suspect];
    let Some(origin) = origins.get(copy.origin) else { return false };
    let same = suspect.table == origin.table && suspect.column.eq_ignore_ascii_case(&origin.column);
    let mask = blueprint.masks.of(suspect.table, &suspect.column);
    let original = blueprint.masks.of(origin.table, &origin.column);
    let alike = |mask: &Mask| original.is_some_and(|original| mask.domain == original.domain);
    let person = |mask: &Mask| origin.halves && matches!(mask.kind.as_str(), "name" | "person");
    !same && !mask.is_some_and(|mask| alike(mask) || person(mask))
}

fn told(
    house: &House,
    blueprint: &Blueprint,
    suspects: &[Suspect],
    origins: &[Origin],
    copies: &[Copy],
    refuse: bool,
) -> Result<Vec<String>, Error> {
    let mut places = Vec::new();
    let mut rules = Vec::new();
    for copy in copies {
        let (suspect, origin) = (&suspects[copy.suspect], &origins[copy.origin]);
        let from = label(blueprint, origin.table, &origin.column);
        let column = label(blueprint, suspect.table, &suspect.column);
        places
            .push(format!("{column} ({} of {} sampled values are those of {from})", copy.common, copy.total));
        let finding = mask::Finding {
            table: suspect.table,
            column: suspect.column.clone(),
            evidence: format!("as {from}"),
            proposal: proposal(&house.config, blueprint, origin),
        };
        rules.push(finding.toml(&blueprint.catalog));
    }
    if refuse && !places.is_empty() {
        let (count, names) = (places.len(), places.join("; "));
        return Err(Error::Copies { count, names, toml: rules.join("\n") });
    }
    let warnings: Vec<String> =
        places.iter().map(|place| format!("copies of masked values leave as they are: {place}")).collect();
    for warning in &warnings {
        house.progress.warn(warning);
    }
    Ok(warnings)
}

fn label(blueprint: &Blueprint, table: usize, column: &str) -> String {
    format!("{}.{column}", blueprint.catalog.tables[table].label())
}

/// The rule of the original, for its copy.
fn proposal(config: &Config, blueprint: &Blueprint, origin: &Origin) -> String {
    let mask = blueprint.masks.of(origin.table, &origin.column);
    let rule = mask.and_then(|mask| config.mask.get(&mask.rule)?.as_slice().first());
    match rule {
        _ if origin.halves => "\"name\"".to_owned(),
        Some(rule) => written(rule),
        None => "\"hash\"".to_owned(),
    }
}

fn written(rule: &MaskConfig) -> String {
    let texts = [("domain", &rule.domain), ("format", &rule.format), ("prefix", &rule.prefix)];
    let mut settings: Vec<String> =
        texts.iter().filter_map(|(name, value)| Some(format!("{name} = {:?}", value.as_ref()?))).collect();
    settings.extend(rule.length.map(|length| format!("length = {length}")));
    if settings.is_empty() {
        return format!("{:?}", rule.kind);
    }
    format!("{{ kind = {:?}, {} }}", rule.kind, settings.join(", "))
}
