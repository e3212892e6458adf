//! Which rows come along: closure on key tables, then one SELECT a table.
//!
//! In: a server (the document's throw-away copy, or the configured source) and `refresh.toml`. Out: the document's
//! `dehydration`: an exact plan. Only keys move, and only on the server, into tables of a schema of their own.
//!
//! ```text
//! catalog ──> relations ──> classes ──> masks      a Blueprint: pure, refused with file:line where it does not fit
//! work schema ──> roots ──> down ──> up ──> drops  keys, by generations
//! proof                                            every kept reference is whole, or was broken before
//! one SELECT a table
//! ```

mod closure;
mod error;
mod infer;
mod options;
mod place;
mod proof;
mod rewrite;
mod rules;
mod safety;
mod show;

use crate::plan::closure::fit;
use crate::plan::closure::kill_on_signal;
use crate::plan::closure::pool;
use crate::plan::closure::roots;
use crate::plan::closure::selects;
use crate::plan::proof::cast_failures;
use crate::plan::proof::largest_parents;
use crate::plan::rewrite::in_place;
use crate::plan::rules::blueprint;
use crate::plan::safety::canary;
use crate::plan::safety::constraint_check;
use crate::plan::safety::guard;
use crate::plan::safety::originals_hash;
pub use closure::collect;
pub(crate) use closure::pool::share_out;
pub use closure::roots::When;
pub use error::Error;
pub use options::Options;
pub(crate) use options::WORKERS_MAX;
pub use proof::{examine, judge};
pub use rewrite::in_place::is_rewritten;
pub use rules::blueprint::Blueprint;
pub use show::ask::{Ask, answer};
pub use show::report::bytes_after;

use crate::plan::closure::pool::Crew;
use closure::Closure;
use jiff::Timestamp;
use place::Place;
use proof::Evidence;
use rules::relations::Origin;

use crate::document::{Dehydration, Document, Done, EdgeOrigin, EdgeReport, TableClass, Target};
use crate::house::House;
use crate::mask;
use crate::mysql::{self, Session};
use crate::sql::qualified;
use crate::work_schema;

/// Makes the plan and adds it to the document.
pub fn dehydrate(house: &House, document: &mut Document, options: &Options) -> Result<Done, Error> {
    let place = Place::of(house, document, options)?;
    place.may_hold_keys(options)?;
    if options.in_place {
        place.may_be_rewritten(options)?;
    }
    if place.is_source {
        let mut source = document.source.take().unwrap_or_default();
        source.databases.clone_from(&place.databases);
        document.source = Some(source);
    }
    if house.dry_run {
        let mut session = place.connect()?;
        let blueprint = draw(house, &mut session, &place)?;
        return Ok(Done::saying(format!(
            "would collect keys of {} tables in `{}` on {}",
            blueprint.keyed().count(),
            blueprint.work_schema,
            place.label()
        )));
    }
    let dehydration = make(house, &place, options)?;
    let done = Done::saying(note(&dehydration));
    document.dehydration = Some(dehydration);
    Ok(done)
}

/// Reads the catalog and decides everything that needs no row.
fn draw(house: &House, session: &mut Session, place: &Place) -> Result<Blueprint, Error> {
    house.progress.say(&format!("reading the catalog of {}", place.label()));
    let blueprint = Blueprint::draw(session, &house.config, &place.databases)?;
    roots::check(&house.config, &blueprint)?;
    Ok(blueprint)
}

/// Collects the keys and describes the plan.
pub fn make(house: &House, place: &Place, options: &Options) -> Result<Dehydration, Error> {
    let watch = kill_on_signal::Watch::start(house, place);
    kill_on_signal::told(house, make_watched(house, place, options, &watch))
}

fn make_watched(
    house: &House,
    place: &Place,
    options: &Options,
    watch: &kill_on_signal::Watch,
) -> Result<Dehydration, Error> {
    let session = place.connect()?;
    watch.over(&session);
    let mut crew = Crew::of(session);
    work_schema::lock(crew.first(), &house.config.dehydrate.work_schema)?;
    if let Some(plan) = unfinished(house, crew.first())? {
        return Ok(plan);
    }
    if options.in_place {
        in_place::sweep(crew.first(), &place.databases)?;
    }
    let session = crew.first();
    let blueprint = draw(house, session, place)?;
    let when = When::at(as_of(house, session, place, options)?);
    guard::masks_parse(session, &blueprint, &house.config)?;
    let key = mask_key(house)?;
    let mut warnings = guard::personal_data(house, session, &blueprint)?;
    house.cancel.check()?;
    house.progress.say(&format!(
        "writing to `{}` on {}, keys for the most part; nothing outside of it is written there",
        blueprint.work_schema,
        place.label()
    ));
    crew.hire(place, watch, options.workers(), &blueprint)?;
    work_schema::prepare(crew.all(), &blueprint)?;
    if let Some(key) = &key {
        work_schema::stable_key(crew.first(), &blueprint.work_schema, key)?;
    }
    warnings.extend(constraint_check::check(house, crew.first(), &blueprint)?);
    let (closure, target) = close(house, crew.all(), &blueprint, when, options)?;
    let evidence = proof::examine(house, crew.all(), &blueprint, closure.last_down)?;
    proof::judge(&blueprint, &evidence)?;
    let mut tables = selects::all(house, crew.all(), &blueprint, closure.last_down)?;
    guard::selects_parse(crew.first(), &tables)?;
    let edges = edge_reports(crew.all(), &blueprint, &closure, &evidence)?;
    warnings.extend(orphans(&edges));
    let unread = cast_failures::count(house, crew.all(), &blueprint, closure.last_down)?;
    warnings.extend(cast_failures::warnings(&blueprint, &unread));
    // One connection writes while others read.
    crew.hire(place, watch, 2, &blueprint)?;
    let (leaks, copies) = originals_hash::collect(house, crew.all(), &blueprint, &mut tables, options)?;
    warnings.extend(copies);
    warnings.extend(canary::check(house, crew.first(), place, &blueprint, &tables, options)?);
    work_schema::complete(crew.first(), &blueprint, closure.last_down)?;
    let mut plan = Dehydration {
        as_of: Some(when.as_of),
        work_schema: blueprint.work_schema.clone(),
        warnings,
        tables,
        edges,
        databases: blueprint.databases.clone(),
        session: work_schema::session_statements(&blueprint.work_schema),
        config_sha256: blueprint.config_sha256.clone(),
        leaks,
        target,
        ..Dehydration::default()
    };
    if options.to_look_at {
        largest_parents::parents(house, crew.all(), &blueprint, &closure, &mut plan.edges)?;
    }
    if !options.in_place {
        return Ok(plan);
    }
    house.progress.say(&format!("rewriting the tables of {}", place.label()));
    in_place::rewrite(house, crew.first(), plan)
}

/// The key that stays the same from night to night, if there is one.
fn mask_key(house: &House) -> Result<Option<mask::Key>, Error> {
    mask::key(&house.config, |id| Ok(house.keys.content(id).map_err(mysql::Error::Keys)?))
}

/// Fills the key tables by the rules as they stand, or with as much as fits; what was chosen then.
fn close(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    when: When,
    options: &Options,
) -> Result<(Closure, Option<Target>), Error> {
    match options.limit() {
        None => Ok((closure::collect(house, sessions, blueprint, &when)?, None)),
        Some(limit) => {
            let fitted = fit::fit(house, sessions, blueprint, when, limit)?;
            Ok((fitted.closure, Some(fitted.target)))
        }
    }
}

/// The plan of a rewrite that died half-way, finished first: half-swapped tables are nothing to choose rows from.
fn unfinished(house: &House, session: &mut Session) -> Result<Option<Dehydration>, Error> {
    let config = &house.config;
    in_place::resume(house, session, &config.dehydrate.work_schema, &blueprint::sha256(config))
}

/// The flag, the snapshot's time, or the server's clock, read once and written down.
fn as_of(house: &House, session: &mut Session, place: &Place, options: &Options) -> Result<Timestamp, Error> {
    if let Some(known) = options.as_of.or(place.taken_at) {
        return Ok(known);
    }
    let now: Option<i64> = session.first("reading the server's clock", "SELECT UNIX_TIMESTAMP()")?;
    let now = now.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or_else(Timestamp::now);
    if !place.is_source {
        house.progress.warn(&format!(
            "the document does not say when the snapshot was taken; windows count back from {now}"
        ));
    }
    Ok(now)
}

fn edge_reports(
    sessions: &mut [Session],
    blueprint: &Blueprint,
    closure: &Closure,
    evidence: &[Evidence],
) -> Result<Vec<EdgeReport>, Error> {
    let mut reports: Vec<EdgeReport> = blueprint
        .edges
        .iter()
        .map(|edge| EdgeReport {
            child: edge.child_label(&blueprint.catalog),
            parent: edge.parent_label(&blueprint.catalog),
            origin: match edge.origin {
                Origin::Declared => EdgeOrigin::Declared,
                Origin::ForeignKey => EdgeOrigin::ForeignKey,
            },
            ..EdgeReport::default()
        })
        .collect();
    let added = pool::share_out(sessions, blueprint.keyed().collect(), |session, table| {
        let keys = qualified(&blueprint.work_schema, &format!("k_{table}"));
        let sql = format!("SELECT edge, COUNT(*) FROM {keys} WHERE edge <> 0 GROUP BY edge");
        Ok(session.rows::<(i64, u64)>("counting what each relation added", &sql)?)
    })?;
    for (edge, rows) in added.into_iter().flatten() {
        let report = usize::try_from(edge.unsigned_abs()).ok().and_then(|n| reports.get_mut(n - 1));
        if let Some(report) = report {
            *(if edge > 0 { &mut report.down_rows } else { &mut report.up_rows }) += rows;
        }
    }
    for found in evidence {
        let report = &mut reports[found.edge - 1];
        (report.orphans, report.dangling) = (found.orphans, found.dangling);
    }
    for (edge, rows) in &closure.dropped {
        reports[edge - 1].dropped_rows = Some(*rows);
    }
    Ok(reports)
}

fn orphans(edges: &[EdgeReport]) -> Vec<String> {
    let orphans = edges.iter().filter(|edge| edge.orphans > 0).map(|edge| {
        format!(
            "{} row(s) of {} refer to rows of {} that the source does not have either",
            edge.orphans, edge.child, edge.parent
        )
    });
    orphans.collect()
}

fn note(plan: &Dehydration) -> String {
    let rows: u64 = plan.tables.iter().map(|table| table.rows).sum();
    let before: u64 = plan.tables.iter().map(|table| table.rows_before).sum();
    let with_rows =
        plan.tables.iter().filter(|table| table.class != TableClass::Empty && table.rows > 0).count();
    format!("{rows} of {before} rows of {with_rows} tables come along")
}
