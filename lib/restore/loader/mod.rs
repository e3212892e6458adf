//! Who loads: an account that can do nothing outside the staging database.
//!
//! In: a target, the session of the account that swaps. Out: a [`Loader`], whose login everything has that reads or writes
//! a row of the staging database once something foreign may be in it: the load, objects, migrations, `set`, `after`, counts. What a
//! dump or a branch says is not judged for it; the server refuses what the account may not do.
//!
//! ```text
//! [targets.NAME] loader      named: made once by an administrator; one that may do more is refused
//! otherwise                  made for this refresh and dropped behind it, where the target's account may make accounts
//! neither                    the account that swaps loads too, with a warning; refused under require_loader
//! ```

pub(super) mod account;
pub(super) mod definer;
mod fence;

use std::time::Duration;

use super::error::Error;
use super::target::DevTarget;
use crate::engine;
use crate::house::House;
use crate::mysql::{Server, Session, number};
use crate::restore::load::fast;
use crate::sql::literal;
use account::Account;

/// How often, and how long apart, it is looked whether a connection that was killed is gone.
const KILL_LOOKS: u32 = 100;
const KILL_PAUSE: Duration = Duration::from_millis(50);

/// Whose login is used, and what becomes of it.
#[derive(Debug)]
pub(crate) struct Loader {
    /// The target's server with the loader's login.
    pub(crate) server: Server,
    /// The account was made for this refresh.
    made: Option<Account>,
    /// It is another account than the one that swaps.
    fenced: bool,
}

impl Loader {
    /// Finds or makes it.
    pub(crate) fn of(house: &House, target: &DevTarget, session: &mut Session) -> Result<Self, Error> {
        if let Some(server) = &target.loader {
            fence::refuse_wider(target, server, session)?;
            return Ok(Self { server: server.clone(), made: None, fenced: true });
        }
        let why = match Self::make(target, session)? {
            Ok(made) => {
                if let Err(e) = fence::refuse_wider(target, &made.server, session) {
                    made.dismiss(house, session);
                    return Err(e);
                }
                return Ok(made);
            }
            Err(why) => why,
        };
        if target.settings.require_loader {
            return Err(Error::NoLoader { target: target.name.clone(), why });
        }
        house.progress.warn(&format!(
            "the SQL of the dump and of the branch runs with all rights of {}, and only a look at its text keeps it \
             out of other databases: {why}; lib/restore/README.md shows the account that closes this",
            target.server.label()
        ));
        Ok(Self { server: target.server.clone(), made: None, fenced: false })
    }

    /// An account for this refresh; or, where ours may not make one, why. Whatever else goes wrong ends the refresh: who could
    /// have a fence does not go without.
    fn make(target: &DevTarget, session: &mut Session) -> Result<Result<Self, String>, Error> {
        let account = Account::loader_of(target, session)?;
        let password = engine::new_password();
        let made = account
            .drop(session)
            .and_then(|()| account.create(session, &password))
            .and_then(|()| account.grant(session, &target.staging()));
        let server = target.server.as_account(&account.user, &password);
        match made.and_then(|()| server.connect().map(drop)) {
            Ok(()) => Ok(Ok(Self { server, made: Some(account), fenced: true })),
            Err(e) => {
                let _ = account.drop(session);
                // The second: a server without accounts.
                if e.is_denied() || e.number() == Some(number::OPTION_PREVENTS_STATEMENT) {
                    return Ok(Err(format!(
                        "[targets.{}] names no loader, and this account may not make one",
                        target.name
                    )));
                }
                Err(e.into())
            }
        }
    }

    /// Whether the server would let it make no functions and triggers.
    pub(crate) fn is_kept_from_functions(&self, swapper: &mut Session) -> Result<bool, Error> {
        let may = |swapper: &mut Session| Ok::<_, Error>(!self.fenced && fast::has(swapper, "SUPER")?);
        Ok(account::needs_super_for_functions(swapper)? && !may(swapper)?)
    }

    /// Whether it is an account that can do nothing outside the staging database.
    pub(crate) fn is_fenced(&self) -> bool {
        self.fenced
    }

    /// Ends what the account still has open: the branch's SQL is over, and nothing of it goes on behind our back.
    pub(crate) fn end_others(&self, staging: &str) -> Result<(), Error> {
        if !self.fenced {
            return Ok(());
        }
        let mut session = self.server.connect()?;
        let own = session.first::<u64>("asking for the connection", "SELECT CONNECTION_ID()")?;
        let mut killed = Vec::new();
        for (id, database) in connections(&mut session)? {
            // Another target's refresh may use an account of the same name.
            let elsewhere = database.is_some_and(|database| {
                database.ends_with("__refresh") && !database.eq_ignore_ascii_case(staging)
            });
            if Some(id) != own && !elsewhere {
                session.attempt(&format!("KILL {id}"));
                killed.push(id);
            }
        }
        // A kill is a wish: what it ends may take a moment.
        for _ in 0..KILL_LOOKS {
            if killed.is_empty() {
                break;
            }
            std::thread::sleep(KILL_PAUSE);
            let left = connections(&mut session)?;
            killed.retain(|killed| left.iter().any(|(id, _)| id == killed));
        }
        Ok(())
    }

    /// Drops the account, if it was made here. What is left behind is removed by the next refresh, and can do nothing meanwhile:
    /// nobody knows its password.
    pub(crate) fn dismiss(self, house: &House, session: &mut Session) {
        if let Some(account) = &self.made
            && let Err(e) = account.drop(session)
        {
            house.progress.warn(&format!("the account {} is left behind: {e}", literal(&account.user)));
        }
    }
}

/// The connections that an account may see, which are its own: each with the database that it uses.
fn connections(session: &mut Session) -> Result<Vec<(u64, Option<String>)>, Error> {
    let rows = session.rows::<mysql::Row>("listing the loader's connections", "SHOW PROCESSLIST")?;
    let one = |row: &mysql::Row| {
        let database = row.get_opt::<Option<String>, _>(3).and_then(Result::ok).flatten();
        Some((row.get_opt(0)?.ok()?, database))
    };
    Ok(rows.iter().filter_map(one).collect())
}
