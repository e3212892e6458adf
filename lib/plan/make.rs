//! Makes the plan in nine stages. Each stage but the last is a function of `Maker` whose result later stages need.
//!
//! In: a document or the configured source, `refresh.toml`, the flags. Out: the document's `dehydration`, or an error. This file
//! fixes the order of the steps on the server; the wings hold the steps.

use jiff::Timestamp;

use super::closure::collect::{Closure, collect, prepare};
use super::closure::fit::fit;
use super::closure::kill_on_signal::{KillOnSignal, told};
use super::closure::roots::{self, When};
use super::closure::selects;
use super::error::Error;
use super::options::{Options, WORKERS_MAX};
use super::place::SourceServer;
use super::proof::edge_reports::{edge_reports, orphans};
use super::proof::examine::{RelationProof, examine, judge};
use super::proof::{cast_failures, largest_parents, silence};
use super::rewrite::in_place;
use super::rules::blueprint::{self, Blueprint};
use super::safety::{canary, constraint_check, guard, leaks};
use super::worker_pool::WorkerPool;
use crate::claim;
use crate::document::{Dehydration, Document, Done, EdgeReport, LeakScan, PlanFit, TableClass, TablePlan};
use crate::house::House;
use crate::mysql::Session;
use crate::work_schema::{self, HeldKeys};

/// Makes the plan and adds it to the document.
pub fn dehydrate(house: &House, document: &mut Document, options: &Options) -> Result<Done, Error> {
    let place = SourceServer::of(house, document, options)?;
    claim::stays(&place.databases)?;
    place.may_hold_keys(options)?;
    if options.in_place {
        place.may_be_rewritten(house, options)?;
    }
    if place.is_source {
        let mut source = document.source.take().unwrap_or_default();
        source.databases.clone_from(&place.databases);
        document.source = Some(source);
    }
    if house.dry_run {
        let mut session = place.connect()?;
        let blueprint = blueprint(house, &mut session, &place)?;
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

/// Collects the keys and returns the plan. A signal kills running statements.
pub(crate) fn make(house: &House, place: &SourceServer, options: &Options) -> Result<Dehydration, Error> {
    let watch = KillOnSignal::start(house, place);
    told(house, Maker { house, place, options, watch: &watch }.plan())
}

/// What all stages share.
struct Maker<'a> {
    house: &'a House,
    place: &'a SourceServer,
    options: &'a Options,
    watch: &'a KillOnSignal,
}

/// Result of the first stage.
enum Begun {
    /// Another run left a rewrite half-way. It is finished now, and this is its plan.
    Finished(Box<Dehydration>),
    /// This run holds the lock on the work schema, with one connection so far.
    Locked(WorkerPool),
}

/// Result of the second stage, which reads no row.
struct Drawn {
    blueprint: Blueprint,
    when: When,
}

/// Result of the third stage.
struct Guarded {
    /// The keys of the masks and of the scan, wherever they are stored.
    keys: HeldKeys,
    warnings: Vec<String>,
}

/// Result of the fifth stage: how the key tables were filled.
struct Closed {
    closure: Closure,
    /// What was chosen to fit; none without `--target-rows` and `--target-size`.
    target: Option<PlanFit>,
}

/// Result of the seventh stage: tables and relations as the document lists them.
struct Compiled {
    tables: Vec<TablePlan>,
    edges: Vec<EdgeReport>,
    warnings: Vec<String>,
}

/// Result of the eighth stage, for the document.
struct Safe {
    leaks: Option<LeakScan>,
    /// Number of tables with a canary; none if no canaries were sent.
    canaries: Option<u64>,
    warnings: Vec<String>,
}

impl Maker<'_> {
    fn plan(&self) -> Result<Dehydration, Error> {
        // 1. Begin: take the lock. If another run left a rewrite half-way, finish it and return its plan.
        let mut pool = match self.begin()? {
            Begun::Finished(plan) => return Ok(*plan),
            Begun::Locked(pool) => pool,
        };
        // 2. Draw: catalog, relations, classes, masks, and the moment that windows count back from. No row is read.
        let mut drawn = self.draw(pool.first())?;
        let blueprint = &drawn.blueprint;
        // 3. Guard: before anything is written, the server parses SQL masks, and unmasked personal data is refused.
        let guarded = self.guard(pool.first(), blueprint)?;
        // 4. Prepare: make an empty work schema, with the masks' key if allowed; try masked rows against constraints.
        let broken = self.prepare(&mut pool, blueprint, &guarded.keys)?;
        // 5. Close: fill the key tables; with `--target-rows` or `--target-size`, with as much as fits.
        let closed = self.close(pool.all(), &mut drawn)?;
        let blueprint = &drawn.blueprint;
        // 6. Prove: no kept row refers to a row that was left behind (but for `up = "never"`). Else there is no plan.
        let evidence = self.prove(pool.all(), blueprint, &closed.closure)?;
        // 7. Compile: write one SELECT a table, have the server parse it, and count what each relation added.
        let mut compiled = self.compile(pool.all(), blueprint, &closed.closure, &evidence)?;
        // 8. Safety: hash originals, look for copies of them, send canaries. Then mark the key tables as complete.
        let safe = self.safety(
            &mut pool,
            blueprint,
            (&mut compiled.tables, &guarded.keys),
            closed.closure.last_down,
        )?;
        // 9. Describe: fill the document's section. With `--in-place`, rewrite the copy by it.
        let warnings = [guarded.warnings, broken, compiled.warnings, safe.warnings].concat();
        let mut plan = Dehydration {
            as_of: Some(drawn.when.as_of),
            work_schema: blueprint.work_schema.clone(),
            warnings,
            tables: compiled.tables,
            edges: compiled.edges,
            databases: blueprint.databases.clone(),
            session: guarded.keys.statements(&blueprint.work_schema),
            config_sha256: blueprint.config_sha256.clone(),
            leaks: safe.leaks,
            canaries: safe.canaries,
            target: closed.target,
            ..Dehydration::default()
        };
        if self.options.to_look_at {
            largest_parents::parents(self.house, pool.all(), blueprint, &closed.closure, &mut plan.edges)?;
        }
        if !self.options.in_place {
            if !self.options.to_look_at {
                let run = &self.place.run;
                plan.keys = guarded.keys.hand_on(&self.house.journal(run), run)?;
            }
            work_schema::seal_plan(pool.first(), &plan)?;
            return Ok(plan);
        }
        self.house.progress.say(&format!("rewriting the tables of {}", self.place.label()));
        in_place::rewrite(self.house, pool.first(), plan, &guarded.keys)
    }

    /// Finishes a rewrite that died half-way, since no rows can be chosen from half-swapped tables. With `--in-place`, drops
    /// tables of a rewrite that died before its commit.
    fn begin(&self) -> Result<Begun, Error> {
        let config = &self.house.config;
        let schema = &config.dehydrate.work_schema;
        let mut session = self.place.connect()?;
        self.watch.over(&session);
        work_schema::lock(&mut session, schema, usize::from(WORKERS_MAX))?;
        let rules = blueprint::sha256(config);
        // Another run may have begun the rewrite. To finish it needs the same permission as to begin one.
        if !self.options.in_place && work_schema::unfinished_rewrite(&mut session, schema)?.is_some() {
            self.place.may_be_rewritten(self.house, self.options)?;
        }
        if let Some(plan) = in_place::resume(self.house, &mut session, schema, &rules)? {
            work_schema::adopt(&mut session, schema, &self.place.run)?;
            return Ok(Begun::Finished(Box::new(plan)));
        }
        if self.options.in_place {
            in_place::sweep(&mut session, &self.place.databases)?;
        }
        Ok(Begun::Locked(WorkerPool::of(session)))
    }

    fn draw(&self, session: &mut Session) -> Result<Drawn, Error> {
        let mut blueprint = blueprint(self.house, session, self.place)?;
        blueprint.read.still = self.place.stands_still(self.options);
        if let Some((rows, share)) = self.options.reading {
            (blueprint.read.rows_min, blueprint.read.share_percent) = (rows, share);
        }
        let when = When::at(as_of(self.house, session, self.place, self.options)?);
        Ok(Drawn { blueprint, when })
    }

    fn guard(&self, session: &mut Session, blueprint: &Blueprint) -> Result<Guarded, Error> {
        guard::masks_parse(session, blueprint, &self.house.config)?;
        let keys = HeldKeys::choose(self.house, !self.place.throw_away)?;
        if !self.place.throw_away && !self.options.to_look_at && !self.options.in_place {
            // The keys will be written to this directory. If it cannot be used, fail now and not after the closure.
            self.house.journal(&self.place.run).prepare().map_err(work_schema::Error::from)?;
        }
        let warnings = guard::personal_data(self.house, session, blueprint)?;
        work_schema::ready(session)?;
        if self.options.in_place && keys.must_not_be_logged(session)? {
            return Err(work_schema::Error::LoggedKey { server: session.label().to_owned() }.into());
        }
        self.house.cancel.check()?;
        Ok(Guarded { keys, warnings })
    }

    /// Returns warnings about constraints that could not be tried.
    fn prepare(
        &self,
        pool: &mut WorkerPool,
        blueprint: &Blueprint,
        keys: &HeldKeys,
    ) -> Result<Vec<String>, Error> {
        self.house.progress.say(&format!(
            "writing to `{}` on {}, keys for the most part; nothing outside of it is written there",
            blueprint.work_schema,
            self.place.label()
        ));
        pool.grow_to(self.place, self.watch, self.options.workers(), blueprint)?;
        if let Some(run) = prepare(pool.all(), blueprint, &self.place.run)? {
            // That run died before its dump: nobody needs its key file.
            work_schema::forget_keys_of(&self.house.journal(&run))?;
        }
        keys.create(pool.first(), &blueprint.work_schema)?;
        constraint_check::check(self.house, pool.first(), blueprint, keys)
    }

    /// Fills the key tables by the rules as written, or with as much as fits the limit of the flags.
    fn close(&self, sessions: &mut [Session], drawn: &mut Drawn) -> Result<Closed, Error> {
        let (blueprint, when) = (&mut drawn.blueprint, drawn.when);
        match self.options.limit() {
            None => Ok(Closed { closure: collect(self.house, sessions, blueprint, &when)?, target: None }),
            Some(limit) => {
                let fitted = fit(self.house, sessions, blueprint, when, limit)?;
                Ok(Closed { closure: fitted.closure, target: Some(fitted.target) })
            }
        }
    }

    fn prove(
        &self,
        sessions: &mut [Session],
        blueprint: &Blueprint,
        closure: &Closure,
    ) -> Result<Vec<RelationProof>, Error> {
        let evidence = examine(self.house, sessions, blueprint, closure.last_down)?;
        judge(blueprint, &evidence)?;
        Ok(evidence)
    }

    fn compile(
        &self,
        sessions: &mut [Session],
        blueprint: &Blueprint,
        closure: &Closure,
        evidence: &[RelationProof],
    ) -> Result<Compiled, Error> {
        let tables = selects::all(self.house, sessions, blueprint, closure.last_down)?;
        guard::selects_parse(&mut sessions[0], &tables)?;
        let edges = edge_reports(sessions, blueprint, closure, evidence)?;
        let mut warnings = orphans(&edges);
        let unread = cast_failures::count(self.house, sessions, blueprint, closure.last_down)?;
        warnings.extend(cast_failures::warnings(blueprint, &unread));
        warnings.extend(silence::warnings(self.house, sessions, blueprint, &edges, closure.last_down)?);
        Ok(Compiled { tables, edges, warnings })
    }

    fn safety(
        &self,
        pool: &mut WorkerPool,
        blueprint: &Blueprint,
        (tables, keys): (&mut [TablePlan], &HeldKeys),
        last_down: u64,
    ) -> Result<Safe, Error> {
        // At least two connections: one writes hashes while the others read.
        pool.grow_to(self.place, self.watch, 2, blueprint)?;
        let (leaks, mut warnings) =
            leaks::collect(self.house, pool.all(), blueprint, (tables, keys), self.options)?;
        let flight =
            canary::check(self.house, pool.first(), self.place, blueprint, (tables, keys), self.options)?;
        warnings.extend(flight.warnings);
        work_schema::complete(pool.first(), &blueprint.work_schema, last_down)?;
        Ok(Safe { leaks, canaries: flight.tables, warnings })
    }
}

/// Reads the catalog and decides everything that needs no row.
fn blueprint(house: &House, session: &mut Session, place: &SourceServer) -> Result<Blueprint, Error> {
    house.progress.say(&format!("reading the catalog of {}", place.label()));
    roots::draw(session, &house.config, &place.databases)
}

/// Where windows count back from: `--as-of`, else the snapshot's time, else the server's clock, read once.
fn as_of(
    house: &House,
    session: &mut Session,
    place: &SourceServer,
    options: &Options,
) -> Result<Timestamp, Error> {
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

fn note(plan: &Dehydration) -> String {
    let rows: u64 = plan.tables.iter().map(|table| table.rows).sum();
    let before: u64 = plan.tables.iter().map(|table| table.rows_before).sum();
    let with_rows =
        plan.tables.iter().filter(|table| table.class != TableClass::Empty && table.rows > 0).count();
    format!("{rows} of {before} rows of {with_rows} tables come along")
}
