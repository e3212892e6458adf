//! One refresh, from the choice of a dump to the swap.
//!
//! In: [`RunOptions`]. Out: the document's `dump` and `refresh` sections.

use std::path::Path;

use jiff::Timestamp;

use super::error::Error;
use super::options::RunOptions;
use super::target::DevTarget;
use super::{guard, swap};
use crate::archive::Trust;
use crate::document::{Document, Done, MigrationStatus, Refresh, RefreshState, TableDigest};
use crate::engine;
use crate::house::House;
use crate::junit;
use crate::migrate::{self, Checkout, SqlTarget};
use crate::mysql::{Access, Server};
use crate::restore::guard::production;
use crate::restore::keep::{preserve, set};
use crate::restore::load::fast;
use crate::restore::load::source::{AnyDump, LoadSource, choose, file_name};
use crate::restore::load::table_filter::TableFilter;
use crate::restore::loader::Loader;
use crate::restore::loader::definer::Definers;
use crate::restore::swap::lock::Holder;
use crate::restore::swap::objects::{self, Object, StoredKind};
use crate::restore::swap::part::Part;
use crate::restore::swap::record::SwapPlan;
use crate::restore::swap::sync_objects::Contents;
use crate::restore::swap::{changes, state, stored};

/// Replaces a target's database with a dump. Nothing in the database changes before the swap.
pub fn refresh(house: &House, document: &mut Document, options: &RunOptions) -> Result<Done, Error> {
    let access = Access::of(house, &options.login);
    let mut target = DevTarget::of(&house.config, options.target.as_deref().unwrap_or_default(), &access)?;
    let path = choose(house, &options.dump)?;
    let choice = TableFilter::of(&target, options);
    let part = Part::of(&options.only);
    if part.is_some() {
        // Whoever names a table with `--only` wants the dump's rows in it; the other tables stay as they are anyway.
        target.settings.preserve.clear();
    }
    set::statements(&target)?;
    let trust = Trust::of(&house.config).but_unsigned(options.unsigned && options.dump.contains('/'));
    let dump = AnyDump::open(&path, &target, trust, options.database.as_deref())?;
    let checkout = Checkout::configured::<Error>(house, options.reference.as_deref())?;
    document.dump = Some(dump.section(&path));
    document.refresh = Some(start(&target, &path, checkout.as_ref()));
    house.remember(document);
    let mut holder = Holder::take(house, &target, options.wait)?;
    guard::refuse_source(house, &target, &mut holder.session)?;
    production::refuse(house, &target, &mut holder.session)?;
    let loading = LoadSource::of(house, dump, &target, options, choice, &mut holder.session)?;
    if !(options.include.is_empty() && options.exclude.is_empty()) {
        say_what_stays_empty(house, &target, &loading.left_empty());
    }
    let misfits = loading.misfits(&mut holder.session)?;
    if let (Some(part), Some(tables)) = (&part, loading.tables()) {
        part.refuse_unknown(&tables, &file_name(&path))?;
    }
    prepare(house, &mut holder, &target)?;
    if let Some(part) = &part {
        part.refuse_early(&mut holder.session, &target.database)?;
    }
    let fast = options.fast && fast::may(house, &mut holder.session, &target)?;
    if house.dry_run {
        Error::of_all(misfits)?;
        loading.say_what_would_be_done(house, &target, checkout.as_ref(), &options.only);
        return Ok(Done::saying("dry run"));
    }
    let checkout = checkout.as_ref();
    let mut refresh = DatabaseRefresher { house, target: &target, loading: &loading, checkout, part, fast };
    let section = document.refresh.as_mut().expect("set above");
    let outcome = refresh.work(&mut holder, section, misfits);
    let written = write_junit(options, section);
    outcome?;
    written.map(|()| Done::saying(describe(section)))
}

/// Number of tables that the warning names; the rest are counted.
const NAMES_SHOWN: usize = 10;

/// Warns of tables that will be empty. Whoever chooses tables may not expect this: the whole database is replaced.
fn say_what_stays_empty(house: &House, target: &DevTarget, left: &[&str]) {
    if left.is_empty() {
        return;
    }
    let more = left.len().saturating_sub(NAMES_SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    house.progress.warn(&format!(
        "empty in {} after this: {}{more}; preserve in [targets.{}] keeps the rows that a table has now, and --only leaves the \
         tables that it does not name as they are",
        target.database,
        left[..left.len().min(NAMES_SHOWN)].join(", "),
        target.name
    ));
}

/// One line for people: `dev3 <- app-20261122T020000Z @ feature/x, 3 migrations`.
fn describe(refresh: &Refresh) -> String {
    let dump = refresh.dump.trim_end_matches(".sql.gz");
    let only = match &refresh.only[..] {
        [] => String::new(),
        only => format!(" (only {})", only.join(", ")),
    };
    let line = format!("{} <- {dump}{only}", refresh.target);
    let Some(reference) = &refresh.reference else { return line };
    let applied =
        refresh.migrations.iter().filter(|migration| migration.status == MigrationStatus::Applied).count();
    let plural = if applied == 1 { "" } else { "s" };
    format!("{line} @ {reference}, {applied} migration{plural}")
}

fn write_junit(options: &RunOptions, refresh: &Refresh) -> Result<(), Error> {
    let Some(path) = &options.junit else { return Ok(()) };
    let text = junit::junit(refresh.reference.as_deref().unwrap_or("no branch"), &refresh.migrations);
    std::fs::write(path, text).map_err(|source| Error::Junit { path: path.clone(), source })
}

fn start(target: &DevTarget, dump: &Path, checkout: Option<&Checkout>) -> Refresh {
    Refresh {
        target: target.name.clone(),
        database: target.database.clone(),
        state: Some(RefreshState::AsItWas),
        dump: file_name(dump),
        reference: checkout.map(|checkout| checkout.reference.clone()),
        commit: checkout.map(|checkout| checkout.commit.clone()),
        ..Refresh::default()
    }
}

/// Finishes or reverts an interrupted refresh. Fails if a database that no refresh made is in the way. A dry run repairs nothing.
fn prepare(house: &House, holder: &mut Holder, target: &DevTarget) -> Result<(), Error> {
    let previous = target.previous();
    if state::stage(&mut holder.session, &previous)? == state::Stage::Foreign {
        return Err(Error::NotOurs { database: previous });
    }
    if house.dry_run {
        return Ok(());
    }
    if let Some(done) = swap::repair(holder, target)? {
        house.progress.say(&done);
    }
    if fast::is_off(&mut holder.session) {
        let cure = "ALTER INSTANCE ENABLE INNODB REDO_LOG";
        house.progress.warn(&format!("the server's redo log is off, a crash would lose its data: {cure}"));
    }
    // Fails before the load if the swapper may not read an object: it could not keep that object for an undo.
    Contents::read(&mut holder.session, &target.database)?;
    Ok(())
}

/// True for the errors of a swap with which no table was renamed. After any other error this is not known.
fn was_not_begun(error: &Error) -> bool {
    matches!(
        error,
        Error::Busy { .. }
            | Error::Interrupted(_)
            | Error::ReferredFromOutside { .. }
            | Error::LockLost { .. }
    )
}

struct DatabaseRefresher<'a> {
    house: &'a House,
    target: &'a DevTarget,
    loading: &'a LoadSource,
    checkout: Option<&'a Checkout>,
    /// The tables of `--only`; `None` if the whole database is replaced.
    part: Option<Part>,
    fast: bool,
}

impl DatabaseRefresher<'_> {
    fn work(&mut self, holder: &mut Holder, refresh: &mut Refresh, misfits: Vec<Error>) -> Result<(), Error> {
        let loader = Loader::of(self.house, self.target, &mut holder.session)?;
        let definers = self.prepare(holder, &loader, misfits);
        let outcome = definers.and_then(|definers| self.work_with(holder, &loader, &definers, refresh));
        if let Err(e) = &outcome {
            self.clean_up(holder, e);
        }
        loader.dismiss(self.house, &mut holder.session);
        outcome
    }

    /// Creates the empty staging database, checks the rights, finds the definer. Fails with all reasons at once, `misfits` among
    /// them.
    fn prepare(&self, holder: &mut Holder, loader: &Loader, misfits: Vec<Error>) -> Result<Definers, Error> {
        self.open_staging(holder)?;
        let mut reasons = misfits;
        reasons.extend(self.loading.missing_rights(self.target, loader, &mut holder.session)?);
        match Definers::of(self.house, self.target, &mut holder.session) {
            Err(reason @ Error::Definer { .. }) => {
                reasons.push(reason);
                Err(Error::of_all(reasons).expect_err("there is a reason"))
            }
            outcome => Error::of_all(reasons).and(outcome),
        }
    }

    fn work_with(
        &mut self,
        holder: &mut Holder,
        loader: &Loader,
        definers: &Definers,
        refresh: &mut Refresh,
    ) -> Result<(), Error> {
        loader.end_others(&self.target.staging())?;
        let events = self.fill(holder, loader, refresh)?;
        let databases = state::databases(&mut holder.session)?;
        self.migrate(&loader.server, &databases, refresh)?;
        set::run(self.house, self.target, &loader.server, &self.target.staging())?;
        self.house.cancel.check()?;
        let mut incoming = self.incoming(loader, definers, &events)?;
        let mut live = Contents::read(&mut holder.session, &self.target.database)?;
        if let Some(part) = &self.part {
            let mut session = loader.server.connect_to(Some(&self.target.staging()))?;
            (live, incoming) = part.cut(&mut holder.session, &mut session, live, incoming)?;
            refresh.only.clone_from(&incoming.tables);
            refresh.tables.retain(|table| incoming.tables.contains(&table.table));
            refresh.rows = refresh.tables.iter().map(|table| table.rows).sum();
        }
        let history = serde_json::json!({
            "at": Timestamp::now(), "dump": refresh.dump, "ref": refresh.reference, "commit": refresh.commit,
            "only": refresh.only,
        });
        let plan = SwapPlan::refresh(self.target, live, incoming, history.to_string());
        refresh.state = Some(RefreshState::Swapping);
        self.remember(refresh);
        let swapped = swap::swap(self.house, holder, self.target, &plan);
        if swapped.as_ref().is_err_and(was_not_begun) {
            refresh.state = Some(RefreshState::AsItWas);
        }
        for told in swapped? {
            self.house.progress.warn(&told);
        }
        refresh.state = Some(RefreshState::Replaced);
        refresh.previous = Some(self.target.previous());
        self.remember(refresh);
        if !plan.live.tables.is_empty() {
            (refresh.changes, refresh.uncounted) = changes::changes(&mut holder.session, &plan);
        }
        Ok(())
    }

    /// Loads the tables, then the rows of `preserve`, then views, routines, triggers and events. Returns the events as the dump
    /// has them.
    ///
    /// The swapper copies the rows of `preserve` only after the load, so that they are as recent as possible.
    fn fill(
        &mut self,
        holder: &mut Holder,
        loader: &Loader,
        refresh: &mut Refresh,
    ) -> Result<Vec<Object>, Error> {
        let started = std::time::Instant::now();
        refresh.tables = self.load(holder, loader)?;
        refresh.rows = refresh.tables.iter().map(|table| table.rows).sum();
        self.house.progress.say(&format!(
            "loaded and verified {} tables, {} rows in {:.1} s",
            refresh.tables.len(),
            refresh.rows,
            started.elapsed().as_secs_f64()
        ));
        let kept = preserve::set_aside(&mut holder.session, self.target)?;
        let mut session = loader.server.connect_to(Some(&self.target.staging()))?;
        let preserved = preserve::put_back(&mut session, self.target, &kept)?;
        preserve::compare(&mut holder.session, &mut session, self.target, &kept)?;
        if !preserved.is_empty() {
            self.house.progress.say(&format!("preserved {}", preserved.join(", ")));
        }
        self.loading.furnish(self.house, self.target, &loader.server)
    }

    /// Returns what the staging database holds, with the definers and events that it gets in the database in use. The loader's
    /// session reads it: the loader made all objects there, so it may read their definitions.
    fn incoming(&self, loader: &Loader, definers: &Definers, events: &[Object]) -> Result<Contents, Error> {
        let staging = self.target.staging();
        loader.end_others(&staging)?;
        let mut session = loader.server.connect_to(Some(&staging))?;
        session.run("setting the SQL mode", "SET SESSION sql_mode = ''")?;
        if !definers.is_fenced() {
            objects::make_invokers(&mut session, &staging)?;
        }
        objects::refuse_our_names(&mut session, &staging)?;
        let mut incoming = Contents::read(&mut session, &staging)?;
        // All routines were altered before they were read. If one must be altered now, somebody has changed it with the loader's
        // password.
        if !definers.is_fenced() && objects::make_invokers(&mut session, &staging)? > 0 {
            return Err(Error::RoutinesAltered { database: staging });
        }
        let changed = stored::wake(&mut incoming, events);
        let count = |kind| incoming.objects.iter().filter(|object| object.kind == kind).count();
        let (triggers, all_events) = (count(StoredKind::Trigger), count(StoredKind::Event));
        if !definers.is_fenced() {
            if let Some(event) = changed.into_iter().next() {
                let (account, target) = (definers.swapper().to_owned(), self.target.name.clone());
                return Err(Error::NewEvent { event, account, target });
            }
            if triggers + all_events > 0 {
                self.house.progress.warn(&format!(
                    "{triggers} triggers and {all_events} events of {} run with the rights of {}: a definer in \
                     [targets.{}] would have them run with fewer",
                    self.target.database,
                    definers.swapper(),
                    self.target.name
                ));
            }
        }
        definers.dress(&mut incoming);
        Ok(incoming)
    }

    /// Updates the document that is written if the tool is stopped before this thread ends.
    fn remember(&self, refresh: &Refresh) {
        if let Some(mut document) = self.house.remembered() {
            document.refresh = Some(refresh.clone());
            self.house.remember(&document);
        }
    }

    /// Loads the tables with their rows. With `--fast`, switches the redo log on again even if the load fails.
    fn load(&self, holder: &mut Holder, loader: &Loader) -> Result<Vec<TableDigest>, Error> {
        let databases = state::databases(&mut holder.session)?;
        let load = || self.loading.load(self.house, self.target, loader, &databases);
        if !self.fast {
            return load();
        }
        let previous = self.target.previous();
        let begun = fast::begin(&mut holder.session, &previous);
        let outcome = begun.and_then(|()| load());
        let ended = fast::end(&mut holder.session, &previous);
        outcome.and_then(|tables| ended.map(|()| tables))
    }

    /// Creates the empty staging database, and the state table that says who refreshes.
    fn open_staging(&self, holder: &mut Holder) -> Result<(), Error> {
        let session = &mut holder.session;
        let previous = self.target.previous();
        let collation = self.loading.collation(session, self.target)?;
        // The state table comes first: without one, a later run would take the staging database for somebody else's.
        state::create_database(session, &previous, &collation)?;
        state::create(session, &previous, state::BEFORE)?;
        let holder = format!(
            "{}{} (process {} on {}, since {:.0})",
            self.house.for_whom(),
            self.target.server.label(),
            std::process::id(),
            engine::host_name(),
            Timestamp::now()
        );
        state::put(session, &previous, state::BEFORE, "holder", &holder)?;
        state::create_database(session, &self.target.staging(), &collation)
    }

    fn migrate(&self, server: &Server, databases: &[String], refresh: &mut Refresh) -> Result<(), Error> {
        let Some(checkout) = self.checkout else { return Ok(()) };
        let target =
            SqlTarget { server, database: &self.target.staging(), live: &self.target.database, databases };
        // A tool that is stopped does not wait for this thread: the document gets each migration as soon as it has run.
        let ran = |migration| {
            refresh.migrations.push(migration);
            self.remember(refresh);
        };
        Ok(migrate::run(self.house, checkout, &target, ran)?)
    }

    /// Removes what a failed refresh made. Not after a signal (there is no time) or an unfinished swap: then the next refresh or
    /// `status --repair` removes or finishes it.
    fn clean_up(&self, holder: &mut Holder, error: &Error) {
        if matches!(error, Error::Interrupted(_) | Error::Unfinished { .. })
            || self.house.cancel.requested().is_some()
        {
            return;
        }
        if let Err(e) = swap::repair(holder, self.target) {
            self.house
                .progress
                .warn(&format!("{} is left behind: {e}; the next refresh removes it", self.target.staging()));
        }
    }
}
