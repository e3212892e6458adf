//! One refresh of an instance: copies the template, changes the copy as the target and the branch say, and switches to it.
//!
//! ```text
//! choose the dump, look the branch up                    nothing is changed yet
//! lock the target, repair what a killed run left behind
//! find the template of the dump, or bake it
//! copy it; for migrations, preserve, set and after: run the copy behind a socket, do these, stop it
//! keep a second copy of the result for `reset`, if blocks are shared
//! switch                                                 the only step that the developer notices
//! ```

use std::time::Instant;

use jiff::Timestamp;

use super::error::Error;
use super::home::{Generation, InstanceHome, Lock, RESERVE_BYTES, TargetPlace, within_room};
use super::old::{Old, needs_old};
use super::serve::accounts::Accounts;
use super::serve::switch::{finish, raise, switch};
use super::serve::{Serving, is_taken};
use super::settings::settings_of;
use super::target::InstanceTarget;
use super::template::{Template, is_baked, template_of};
use crate::config;
use crate::document::{Document, Done, MigrationStatus, Refresh, RefreshState, RefreshedInstance};
use crate::engine::{self, ServerProgram, free_bytes};
use crate::house::{Cancel, House};
use crate::junit;
use crate::migrate::{self, Checkout, SqlTarget};
use crate::mysql::Server;
use crate::restore::{ChosenDump, OwnServer, RunOptions};

/// Bytes that even a copy with shared blocks takes: a server writes them when it starts.
const CLONE_BYTES: u64 = 64 << 20;

/// How long the lock on the old instance may wait for transactions that write there.
const LOCK_WAIT_SECONDS: u32 = 30;

/// How long the lock on the old instance may be held while migrations run: two days.
const LOCK_HOLD_SECONDS: u32 = 172_800;

/// Replaces an instance with a copy of a dump's template.
pub(crate) fn refresh(
    house: &House,
    document: &mut Document,
    target: &InstanceTarget,
    options: &RunOptions,
) -> Result<Done, Error> {
    refuse_flags(target, options)?;
    let dump = ChosenDump::open(house, &options.dump, options.unsigned)?;
    let checkout = Checkout::configured::<Error>(house, options.reference.as_deref())?;
    let works = checkout.is_some() || has_something_to_do(target);
    let database = database_of(target, options.database.as_deref(), &dump, works)?;
    let own = OwnServer { name: &target.name, settings: &target.settings, database: &database };
    own.check(&Server::at_socket(&target.root, "", ""))?;
    let program = target.program()?;
    let settings = settings_of(house, target, &program)?;
    document.dump = Some(dump.section());
    document.refresh = Some(start(target, &database, &dump, checkout.as_ref()));
    house.remember(document);
    if house.dry_run {
        return say_what_would_be_done(house, target, &program, &dump);
    }
    let home = InstanceHome::open(target)?;
    let _lock = Lock::of_target(house, &home, &target.name, options.wait)?;
    let mut place = TargetPlace::open(&home, &target.name)?;
    give_port(house, &mut place, target)?;
    finish(house, &mut place)?;
    let served = raise_or_warn(house, &place, target)?;
    let template = template_of(house, &home, &program, &dump)?;
    let copied = if home.shares_blocks() { 0 } else { template.facts.bytes };
    home.refuse_full(copied + CLONE_BYTES + RESERVE_BYTES)?;
    let mut refresher = InstanceRefresher {
        house,
        target,
        own: &own,
        checkout: checkout.as_ref(),
        template: &template,
        settings,
    };
    let section = document.refresh.as_mut().expect("set above");
    let outcome = refresher.work(&mut place, section);
    if outcome.is_err()
        && house.cancel.requested().is_none()
        && let Ok(place) = TargetPlace::look(&home, &target.name)
    {
        // After a failure the new copy only takes room. `state.json` on the disk says which generations stay.
        place.sweep_or_warn(house);
        if served && let Err(e) = raise(house, &place) {
            house.progress.warn(&format!("{}: the old instance does not start: {e}", target.name));
        }
    }
    let written = write_junit(options, section);
    outcome?;
    written?;
    Ok(Done::saying(describe(section)))
}

/// A finished copy, and what the switch needs of the old instance.
struct MadeCopy {
    /// True when a second copy is kept for `reset`.
    base: bool,
    old: Old,
    accounts: Accounts,
    copy_seconds: f64,
    private_seconds: Option<f64>,
}

struct InstanceRefresher<'a> {
    house: &'a House,
    target: &'a InstanceTarget,
    own: &'a OwnServer<'a>,
    checkout: Option<&'a Checkout>,
    template: &'a Template,
    settings: String,
}

impl InstanceRefresher<'_> {
    fn work(&mut self, place: &mut TargetPlace<'_>, refresh: &mut Refresh) -> Result<(), Error> {
        let name = place.new_generation()?;
        refresh.tables.clone_from(&self.template.facts.tables);
        refresh.rows = self.template.facts.rows;
        let generation = self.generation();
        let MadeCopy { base, mut old, accounts, copy_seconds, private_seconds } =
            within_room(place.home, &place.data(&name), &self.house.cancel, |cancel| {
                self.make(place, &name, &generation, refresh, cancel)
            })?;
        place.state.generations.insert(name.clone(), Generation { base, ..generation });
        engine::sync_file_system(&place.dir)?;
        old.before_the_switch(needs_old(self.target))?;
        refresh.state = Some(RefreshState::Swapping);
        self.remember(refresh);
        // Dropping `old` releases the lock on the old instance: only after the switch has stopped it, so that no write is lost.
        let switched = switch(self.house, place, &name, &accounts);
        drop(old);
        if switched.is_err() {
            refresh.state = Some(RefreshState::AsItWas);
        }
        let down = switched?;
        refresh.state = Some(RefreshState::Replaced);
        refresh.previous =
            place.state.previous.as_ref().map(|old| place.generation(old).display().to_string());
        refresh.instance = Some(RefreshedInstance {
            port: place.state.port,
            directory: place.data(&name).display().to_string(),
            client: place.client().display().to_string(),
            shared: place.home.shares_blocks(),
            copy_seconds,
            private_seconds,
            downtime_seconds: down.as_secs_f64(),
            ..RefreshedInstance::default()
        });
        place.sweep_or_warn(self.house);
        Ok(())
    }

    /// Makes the copy and works on it: the part of a refresh that takes room on the disk.
    fn make(
        &self,
        place: &TargetPlace<'_>,
        name: &str,
        generation: &Generation,
        refresh: &mut Refresh,
        cancel: &Cancel,
    ) -> Result<MadeCopy, Error> {
        let began = Instant::now();
        self.copy(place, name, cancel)?;
        let copy_seconds = began.elapsed().as_secs_f64();
        let mut old = Old::of(self.house, place, self.target)?;
        let accounts = Accounts::of(self.house, self.target, old.session.as_mut())?;
        let mut private_seconds = None;
        if self.checkout.is_some() || has_something_to_do(self.target) {
            let began = Instant::now();
            let serving = Serving { place, name, generation };
            let outcome = self.work_privately(&serving, &mut old, refresh);
            let stopped = engine::stop(&place.data(name));
            if outcome.is_ok() && matches!(stopped, Ok(engine::Stopped::Killed)) {
                self.house
                    .progress
                    .warn("the new instance did not stop in order; it recovers when it starts");
            }
            outcome?;
            stopped?;
            private_seconds = Some(began.elapsed().as_secs_f64());
        }
        cancel.check()?;
        let base = place.keep_base(name, cancel)?;
        Ok(MadeCopy { base, old, accounts, copy_seconds, private_seconds })
    }

    fn copy(&self, place: &TargetPlace<'_>, name: &str, cancel: &Cancel) -> Result<(), Error> {
        let home = place.generation(name);
        if !place.home.shares_blocks() {
            self.house.progress.say(&format!(
                "the file system of {} shares no blocks between files (XFS and btrfs do): copying {}",
                place.home.root.display(),
                indicatif::HumanBytes(self.template.facts.bytes)
            ));
        }
        place.home.make(&home)?;
        let data = engine::data_in(&home);
        engine::copy_data(&self.template.data(), &data, None, cancel)?;
        place.home.give(&data)
    }

    fn generation(&self) -> Generation {
        Generation {
            dump: self.template.facts.dump.clone(),
            reference: self.checkout.map(|checkout| checkout.reference.clone()),
            commit: self.checkout.map(|checkout| checkout.commit.clone()),
            at: Timestamp::now(),
            database: self.own.database.to_owned(),
            program: self.template.facts.program.clone(),
            bind: self.target.bind().to_owned(),
            settings: self.settings.clone(),
            base: false,
        }
    }

    /// Works on the copy behind its socket, as the loader: `preserve`, migrations, `set`, `after`.
    fn work_privately(
        &self,
        serving: &Serving<'_>,
        old: &mut Old,
        refresh: &mut Refresh,
    ) -> Result<(), Error> {
        let loader = serving.start_privately(&self.house.cancel)?;
        if let Some(session) = old.session.as_mut().filter(|_| !self.target.settings.preserve.is_empty()) {
            // The lock belongs to this connection, so it ends at the latest when this process ends.
            session.run(
                "waiting for writers",
                &format!("SET SESSION lock_wait_timeout = {LOCK_WAIT_SECONDS}"),
            )?;
            session.run("holding the lock", &format!("SET SESSION wait_timeout = {LOCK_HOLD_SECONDS}"))?;
            session.run("making the old instance read-only", "FLUSH TABLES WITH READ LOCK")?;
            let preserved = self.own.carry(session, &loader)?;
            if !preserved.is_empty() {
                self.house.progress.say(&format!("preserved {}", preserved.join(", ")));
            }
        }
        if let Some(checkout) = self.checkout {
            let database = self.own.database;
            let sql = SqlTarget {
                server: &loader,
                database,
                live: database,
                databases: &self.template.facts.databases,
            };
            // Recorded after each migration: if the tool is stopped, the document still lists those that have run.
            let ran = |migration| {
                refresh.migrations.push(migration);
                self.remember(refresh);
            };
            migrate::run(self.house, checkout, &sql, ran)?;
        }
        self.own.finish(self.house, &loader)?;
        self.house.cancel.check()?;
        serving.lock_loader()
    }

    /// Records the section for the document that is written if the tool is stopped.
    fn remember(&self, refresh: &Refresh) {
        if let Some(mut document) = self.house.remembered() {
            document.refresh = Some(refresh.clone());
            self.house.remember(&document);
        }
    }
}

/// True when the settings of the target (`preserve`, `set`, `after`) change the copy. A branch is checked apart.
fn has_something_to_do(target: &InstanceTarget) -> bool {
    let settings = &target.settings;
    !(settings.preserve.is_empty() && settings.set.is_empty() && settings.after.is_empty())
}

/// Starts the old instance if it is meant to be up. A failure is only a warning, since the refresh replaces a broken instance. It
/// is an error if rows are to be preserved or the port is taken. Returns whether the old instance is in order.
fn raise_or_warn(house: &House, place: &TargetPlace<'_>, target: &InstanceTarget) -> Result<bool, Error> {
    match raise(house, place) {
        Ok(_) => Ok(true),
        Err(e) if needs_old(target) || matches!(e, Error::PortTaken { .. }) => Err(e),
        Err(e) => {
            house.cancel.check()?;
            house.progress.warn(&format!("{}: {e}", target.name));
            Ok(false)
        }
    }
}

/// Gives the target its port: the one of `refresh.toml`, or else the one that it has, or a free one of the pattern's `ports`.
fn give_port(house: &House, place: &mut TargetPlace<'_>, target: &InstanceTarget) -> Result<(), Error> {
    if let Some(port) = target.settings.server.port {
        if place.state.port != port {
            if is_taken(target.bind(), port) {
                return Err(Error::PortTaken { target: target.name.clone(), port });
            }
            // An instance at the old port is stopped before the new port is recorded: it would not be found there any more.
            if let Some(current) = &place.state.current {
                engine::stop(&place.data(current))?;
            }
            place.state.port = port;
            place.save()?;
        }
        return Ok(());
    }
    if place.state.port != 0 {
        return Ok(());
    }
    let _lock = Lock::of_ports(house, place.home)?;
    let mut given = Vec::new();
    for name in place.home.targets()? {
        given.push(TargetPlace::look(place.home, &name)?.state.port);
    }
    let range = target.settings.ports.as_ref();
    let mut ports = range.into_iter().flat_map(config::PortRange::ports);
    let free = ports.find(|port| !given.contains(port) && !is_taken(target.bind(), *port));
    place.state.port = free.ok_or(Error::NoPort { target: target.section.clone() })?;
    place.save()
}

fn refuse_flags(target: &InstanceTarget, options: &RunOptions) -> Result<(), Error> {
    let mut flags = Vec::new();
    if !options.include.is_empty() || !options.exclude.is_empty() || !options.only.is_empty() {
        flags.push("--include, --exclude and --only");
    }
    if options.fast || options.insert {
        flags.push("--fast and --insert");
    }
    if flags.is_empty() {
        return Ok(());
    }
    let why =
        format!("is an instance, and a copy of all of a dump: {} are for database targets", flags.join(", "));
    Err(Error::WrongKind { target: target.name.clone(), why })
}

/// Returns the database for `preserve`, `set`, `after` and migrations; all names of the dump if there is nothing to do in one.
fn database_of(
    target: &InstanceTarget,
    flag: Option<&str>,
    dump: &ChosenDump,
    works: bool,
) -> Result<String, Error> {
    let wanted = flag.unwrap_or(&target.settings.database);
    let databases: Vec<String> =
        dump.manifest().databases.iter().map(|database| database.name.clone()).collect();
    let all = databases.join(", ");
    match databases.as_slice() {
        [one] if wanted.is_empty() || wanted == one => Ok(one.clone()),
        many if many.iter().any(|one| one == wanted) => Ok(wanted.to_owned()),
        [_, _, ..] if wanted.is_empty() && !works => Ok(all),
        _ => {
            let why = if wanted.is_empty() {
                format!(
                    "has all of {all}, and does not say in which of them something is done: database = \"…\", or --database"
                )
            } else {
                format!(
                    "is of the database {wanted:?}, and the dump holds {all}: an instance keeps the dump's names"
                )
            };
            Err(Error::WrongKind { target: target.name.clone(), why })
        }
    }
}

fn start(target: &InstanceTarget, database: &str, dump: &ChosenDump, checkout: Option<&Checkout>) -> Refresh {
    Refresh {
        target: target.name.clone(),
        database: database.to_owned(),
        state: Some(RefreshState::AsItWas),
        dump: dump.section().name,
        reference: checkout.map(|checkout| checkout.reference.clone()),
        commit: checkout.map(|checkout| checkout.commit.clone()),
        ..Refresh::default()
    }
}

fn say_what_would_be_done(
    house: &House,
    target: &InstanceTarget,
    program: &ServerProgram,
    dump: &ChosenDump,
) -> Result<Done, Error> {
    let file = dump.section().name;
    let root = target.root.display();
    let bakes = match InstanceHome::existing(target)? {
        Some(home) => {
            let free = indicatif::HumanBytes(free_bytes(&home.root)?);
            house.progress.say(&format!("{root} has {free} free"));
            !is_baked(&home, program, dump)?
        }
        None => true,
    };
    let first = if bakes { format!("bake {file}, ") } else { String::new() };
    house.progress.say(&format!("would {first}copy its template in {root} and serve it as {}", target.name));
    Ok(Done::saying("dry run"))
}

/// One line for people: `dev3 <- app-20261122T020000Z @ feature/x, 3 migrations; port 3317 was down for 0.31 s`.
fn describe(refresh: &Refresh) -> String {
    let dump = refresh.dump.trim_end_matches(".sql.gz");
    let mut line = format!("{} <- {dump}", refresh.target);
    if let Some(reference) = &refresh.reference {
        let applied = |status: &MigrationStatus| *status == MigrationStatus::Applied;
        let applied = refresh.migrations.iter().filter(|migration| applied(&migration.status)).count();
        let plural = if applied == 1 { "" } else { "s" };
        line.extend([" @ ", reference, &format!(", {applied} migration{plural}")]);
    }
    if let Some(instance) = &refresh.instance {
        let (port, down) = (instance.port, instance.downtime_seconds);
        // At a first refresh no instance was there to be down.
        let said = match refresh.previous {
            Some(_) => format!("; port {port} was down for {down:.2} s"),
            None => format!("; at port {port}"),
        };
        line.push_str(&said);
    }
    line
}

fn write_junit(options: &RunOptions, refresh: &Refresh) -> Result<(), Error> {
    let Some(path) = &options.junit else { return Ok(()) };
    let text = junit::junit(refresh.reference.as_deref().unwrap_or("no branch"), &refresh.migrations);
    std::fs::write(path, text).map_err(Error::file("write", path))
}
