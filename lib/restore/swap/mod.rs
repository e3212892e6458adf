//! Replaces a developer's database; no other file does.
//!
//! In: three databases of one target, in the session that holds its lock. Out: one atomic RENAME moves the tables of `incoming`
//! to `live`, and those of `live` to `outgoing`. Views, routines, triggers and events follow.
//!
//! ```text
//! write the plan into outgoing                     killed here: repair() reverts
//! LOCK TABLES … WRITE
//! empty outgoing              (it has the tables from before the last refresh; not for an undo)
//! UNLOCK TABLES               (MariaDB only)
//! DROP TRIGGER …              (a RENAME refuses tables with triggers)
//! RENAME TABLE live.* → outgoing.*, incoming.* → live.*, outgoing.refreshkit_refresh → …_swapped
//! CREATE TRIGGER …; UNLOCK                         killed from here on: repair() finishes
//! views, routines, events of live and of outgoing; drop staging; drop the state table
//! ```
//!
//! Not guaranteed: MariaDB refuses a RENAME under LOCK TABLES. So on MariaDB the tables are without triggers for some
//! milliseconds. A transaction that begins between UNLOCK and RENAME may make the RENAME fail when `outgoing` is already empty.
//! Without the right to LOCK TABLES, any open transaction may do so. Between the RENAME and the views, a view of the old database
//! may read new tables.

pub(super) mod changes;
pub(super) mod developer_objects;
pub(super) mod lock;
pub(super) mod objects;
pub(super) mod part;
pub(super) mod record;
pub(super) mod state;
pub(super) mod stored;
pub(super) mod sync_objects;
pub(super) mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::error::Error;
use super::target::DevTarget;
use crate::house::House;
use crate::mysql::{self, Engine, Session, number};
use crate::restore::load::fast;
use crate::sql::{Mode, literal, name, qualified, requalify};
use lock::{Holder, is_busy};
use record::SwapPlan;
use state::{alter_database, create_database};
use sync_objects::{Contents, Events, create, make_exactly};

/// Seconds that one attempt waits for the tables. Meanwhile all other queries on them wait too.
const LOCK_WAIT_S: u32 = 3;

/// How long the swap goes on trying, and the pause between attempts, in which others can work.
const TRY_FOR: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(1);

/// Swaps. With [`Error::Unfinished`] the tables are in place and a later step failed. With any other error the swap has put
/// everything back, or left it to a repair. Returns in words what was created with a change, or could not be.
pub(crate) fn swap(
    house: &House,
    holder: &mut Holder,
    target: &DevTarget,
    plan: &SwapPlan,
) -> Result<Vec<String>, Error> {
    refuse_outside_references(&mut holder.session, target, plan)?;
    holder.check()?;
    let session = &mut holder.session;
    let text = serde_json::to_string(plan).expect("a plan has only string keys");
    state::put(session, &plan.outgoing, state::BEFORE, "plan", &text)?;
    create_database(session, &plan.live.database, &plan.incoming.collation)?;
    session.run("setting the lock timeout", &format!("SET SESSION lock_wait_timeout = {LOCK_WAIT_S}"))?;
    let outcome = rename_with_patience(house, session, target, plan);
    session.attempt("SET SESSION lock_wait_timeout = DEFAULT");
    if let Err(e) = outcome {
        revert(session, plan)?;
        return Err(e);
    }
    // Whatever the error is, the tables are in place: the next run, or a repair, finishes.
    finish(session, plan).map_err(|e| Error::Unfinished { source: Box::new(e), target: target.name.clone() })
}

/// Names of the triggers that a killed swap has dropped and that are not back yet. Empty if the account may not read all objects.
pub(crate) fn set_aside(session: &mut Session, target: &DevTarget) -> Vec<String> {
    let plan = state::get(session, &target.previous(), "plan").ok().flatten();
    let Some(plan) = plan.and_then(|text| serde_json::from_str::<SwapPlan>(&text).ok()) else {
        return Vec::new();
    };
    let Ok(there) = objects::read(session, &plan.live.database) else { return Vec::new() };
    let is_there = |trigger: &objects::Object| {
        there.iter().any(|object| object.kind == objects::StoredKind::Trigger && object.name == trigger.name)
    };
    plan.live.triggers().filter(|trigger| !is_there(trigger)).map(|trigger| trigger.name.clone()).collect()
}

/// Finishes or reverts an interrupted refresh. Returns what was done, for people; `None` if there was nothing to do.
pub(crate) fn repair(holder: &mut Holder, target: &DevTarget) -> Result<Option<String>, Error> {
    let session = &mut holder.session;
    let (staging, previous) = (target.staging(), target.previous());
    let stage = state::stage(session, &previous)?;
    let database = &target.database;
    match stage {
        state::Stage::Before | state::Stage::After => {}
        // A refresh makes its state table before the staging database. These tables are without one, so no refresh made them.
        _ if state::has_tables(session, &staging)? => return Err(Error::NotOurs { database: staging }),
        _ if state::exists(session, &staging)? => state::drop_database(session, &staging)?,
        _ => return Ok(None),
    }
    fast::end(session, &previous)?;
    let plan = state::get(session, &previous, "plan")?;
    let plan: Option<SwapPlan> = plan.and_then(|text| serde_json::from_str(&text).ok());
    match (stage, plan) {
        (state::Stage::After, Some(plan)) => {
            finish(session, &plan)?;
            Ok(Some(format!("finished the swap of {database} that was interrupted")))
        }
        (_, Some(plan)) => {
            revert(session, &plan)?;
            state::drop_database(session, &staging)?;
            state::forget(session, &previous)?;
            Ok(Some(format!("reverted the swap of {database} that was interrupted")))
        }
        (_, None) => {
            state::drop_database(session, &staging)?;
            state::forget(session, &previous)?;
            Ok(Some(format!(
                "removed {staging}, which an interrupted refresh left behind; {database} was not touched"
            )))
        }
    }
}

/// Tries until the tables are free, or until [`TRY_FOR`] is over.
fn rename_with_patience(
    house: &House,
    session: &mut Session,
    target: &DevTarget,
    plan: &SwapPlan,
) -> Result<(), Error> {
    let started = Instant::now();
    loop {
        house.cancel.check()?;
        match rename_once(session, target, plan) {
            Err(Error::Mysql(e)) if is_busy(&e) => {
                let blockers = blockers(session, plan);
                // During the pause others use the tables, so the triggers must be back.
                revert(session, plan)?;
                let waited_s = started.elapsed().as_secs();
                let database = plan.live.database.clone();
                if started.elapsed() >= TRY_FOR {
                    return Err(Error::Busy { database, waited_s, blockers });
                }
                house.progress.say(&format!("{database} is in use by {blockers}; trying again"));
                house.cancel.sleep(PAUSE)?;
            }
            outcome => return outcome,
        }
    }
}

fn rename_once(session: &mut Session, target: &DevTarget, plan: &SwapPlan) -> Result<(), Error> {
    drop_views_in_the_way(session, plan)?;
    let mut locked = lock_tables(session, plan)?;
    let cleared = make_room(target, plan);
    if locked && (session.engine() == Engine::MariaDb || cleared.is_err()) {
        session.attempt("UNLOCK TABLES");
        locked = false;
    }
    cleared?;
    let outcome = replace_tables(session, plan);
    if locked {
        session.attempt("UNLOCK TABLES");
    }
    match outcome {
        // A foreign key ties a table of another database to these: the RENAME does not work under LOCK TABLES.
        Err(Error::Mysql(e)) if locked && e.number() == Some(number::TABLE_NOT_LOCKED) => {
            replace_tables(session, plan)
        }
        outcome => outcome,
    }
}

/// Empties `__previous`, only after the attempt to lock the tables: a refresh that cannot get them leaves it. Uses a new
/// connection, because a session with locked tables cannot drop other tables.
fn make_room(target: &DevTarget, plan: &SwapPlan) -> Result<(), Error> {
    if plan.is_undo() {
        return Ok(());
    }
    let mut session = target.server.connect()?;
    session.run("setting the lock timeout", &format!("SET SESSION lock_wait_timeout = {LOCK_WAIT_S}"))?;
    state::clear(&mut session, &plan.outgoing)
}

/// Locks the tables. False if the server refuses (the account may lack the right). Fails if the tables are busy or the connection
/// is lost.
fn lock_tables(session: &mut Session, plan: &SwapPlan) -> Result<bool, Error> {
    match session.run("locking the tables", &plan.lock()) {
        Ok(_) => Ok(true),
        // Any other error is not reported here: the RENAME meets the same one and reports it better.
        Err(e) if e.number().is_some() && !is_busy(&e) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

fn replace_tables(session: &mut Session, plan: &SwapPlan) -> Result<(), Error> {
    for contents in [&plan.live, &plan.incoming] {
        for trigger in contents.triggers() {
            let full = qualified(&contents.database, &trigger.name);
            session.run(
                &format!("setting the trigger {full} aside"),
                &format!("DROP TRIGGER IF EXISTS {full}"),
            )?;
        }
    }
    session.run(&format!("swapping the tables of {}", plan.live.database), &plan.rename())?;
    // Still under LOCK TABLES, so that nobody meets a table without its triggers. If one fails, finish() tries again.
    let (live, outgoing) = (&plan.live.database, &plan.outgoing);
    let incoming = plan.incoming.objects_in(live, Events::Asleep);
    for (objects, database) in [(incoming, live), (stored::stored(&plan.live, outgoing), outgoing)] {
        for trigger in objects.iter().filter(|object| object.kind == objects::StoredKind::Trigger) {
            let _ = create(session, database, trigger);
        }
    }
    Ok(())
}

/// Drops views with the name of an incoming table, which a RENAME does not replace. This is not possible under LOCK TABLES.
fn drop_views_in_the_way(session: &mut Session, plan: &SwapPlan) -> Result<(), Error> {
    let clashing = |contents: &Contents, tables: &[String]| -> Vec<String> {
        // A view of such a name is never made in `__previous`.
        let is_there = |name: &str| contents.database != plan.outgoing || !state::is_ours(name);
        let views = contents.objects.iter().filter(|object| object.kind == objects::StoredKind::View);
        let views = views.filter(|view| is_there(&view.name));
        let clashing = views.filter(|view| tables.contains(&view.name));
        clashing.map(|view| qualified(&contents.database, &view.name)).collect()
    };
    let mut views = clashing(&plan.live, &plan.incoming.tables);
    if plan.is_undo() {
        views.extend(clashing(&plan.incoming, &plan.live.tables));
    }
    for view in views {
        session.run(&format!("dropping the view {view}"), &format!("DROP VIEW IF EXISTS {view}"))?;
    }
    Ok(())
}

/// Does everything that follows the RENAME. May be repeated.
fn finish(session: &mut Session, plan: &SwapPlan) -> Result<Vec<String>, Error> {
    let live = &plan.live.database;
    alter_database(session, live, &plan.incoming.collation)?;
    mend_defaults(session, live, &plan.incoming.database)?;
    let wanted =
        developer_objects::beside(session, plan, &plan.incoming.objects_in(live, Events::AsDefined))?;
    let told = make_exactly(session, live, &wanted, false)?;
    alter_database(session, &plan.outgoing, &plan.live.collation)?;
    // An object that was broken in the old database is broken in `__previous` too: not reported.
    make_exactly(session, &plan.outgoing, &stored::stored(&plan.live, &plan.outgoing), false)?;
    stored::remember(session, &plan.outgoing, &plan.live)?;
    state::put(session, &plan.outgoing, state::PREVIOUS, "history", &plan.history)?;
    state::drop_database(session, &plan.staging)?;
    state::forget(session, &plan.outgoing)?;
    Ok(told)
}

/// Changes column defaults that use a sequence of `from`, where the tables came from, to the sequence of the same name in `live`.
fn mend_defaults(session: &mut Session, live: &str, from: &str) -> Result<(), Error> {
    if session.engine() != Engine::MariaDb {
        return Ok(());
    }
    // All defaults of a table at once: a table cannot be opened while one of them uses a sequence that is gone.
    let mut clauses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column, default) in objects::defaults_from(session, live, from)? {
        let default = requalify(&default, from, live, &BTreeSet::new(), Mode::default());
        let clause = format!("ALTER COLUMN {} SET DEFAULT ({default})", name(&column));
        clauses.entry(table).or_default().push(clause);
    }
    for (table, clauses) in clauses {
        let sql = format!("ALTER TABLE {} {}", qualified(live, &table), clauses.join(", "));
        session.run(&format!("setting the defaults of {live}.{table}"), &sql)?;
    }
    Ok(())
}

/// Puts back the objects that a swap dropped before it failed to rename the tables.
fn revert(session: &mut Session, plan: &SwapPlan) -> Result<(), Error> {
    let live = &plan.live.database;
    alter_database(session, live, &plan.live.collation)?;
    let wanted = developer_objects::only_missing(session, plan, &plan.live.objects)?;
    make_exactly(session, live, &wanted, false)?;
    // After a refresh, the incoming database is the staging database: it is dropped whole, and the swapper may be unable to read
    // it.
    if plan.is_undo() {
        let incoming = &plan.incoming.database;
        make_exactly(session, incoming, &stored::stored(&plan.incoming, incoming), false)?;
    }
    Ok(())
}

/// Fails if a table of another database has a foreign key to the tables in use: it would follow its parent into `__previous`.
fn refuse_outside_references(
    session: &mut Session,
    target: &DevTarget,
    plan: &SwapPlan,
) -> Result<(), Error> {
    let sql = format!(
        "SELECT TABLE_SCHEMA, TABLE_NAME, REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE \
         WHERE REFERENCED_TABLE_SCHEMA = {live} AND TABLE_SCHEMA NOT IN ({live}, {}, {})",
        literal(&plan.staging),
        literal(&plan.outgoing),
        live = literal(&target.database),
    );
    let found: Vec<(String, String, String)> = session.rows("looking for foreign keys from outside", &sql)?;
    match found.into_iter().find(|(_, _, parent)| plan.live.tables.contains(parent)) {
        Some((database, child, parent)) => Err(Error::ReferredFromOutside {
            child: format!("{database}.{child}"),
            parent: format!("{}.{parent}", target.database),
        }),
        None => Ok(()),
    }
}

/// Up to five connections that hold locks in the database in use, as far as the server tells this account.
fn blockers(session: &mut Session, plan: &SwapPlan) -> String {
    let live = literal(&plan.live.database);
    let sql = format!(
        "SELECT DISTINCT CONCAT(IFNULL(t.PROCESSLIST_USER, '?'), '@', IFNULL(t.PROCESSLIST_HOST, '?'), \
         ' (connection ', t.PROCESSLIST_ID, ')') FROM performance_schema.metadata_locks l \
         JOIN performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID \
         WHERE l.OBJECT_SCHEMA = {live} AND l.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID <> CONNECTION_ID() LIMIT 5"
    );
    let found: Result<Vec<String>, mysql::Error> = session.rows("looking for who uses the tables", &sql);
    match found {
        Ok(found) if !found.is_empty() => found.join(", "),
        _ => "another connection with an open transaction".to_owned(),
    }
}
