//! The loader: an account that can do nothing outside the staging database.
//!
//! In: a target, the swapper's session. Out: a [`Loader`]. Once foreign SQL may be in the staging database, everything that reads
//! or writes rows there uses its login: the load, objects, migrations, `set`, `after`, counts. So the SQL of a dump or branch
//! need not be judged: the server refuses what the account may not do.
//!
//! ```text
//! [targets.NAME] loader      made once by an administrator; refused if it may do more
//! otherwise                  made for this refresh and dropped after it, if the swapper may make accounts
//! neither                    the swapper loads too, with a warning; refused with require_loader
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

/// How often the connections are listed until the killed ones are gone, and the pause before each time: 5 s in all.
const KILL_LOOKS: u32 = 100;
const KILL_PAUSE: Duration = Duration::from_millis(50);

/// The login that loads, and what is known of its account.
#[derive(Debug)]
pub(crate) struct Loader {
    /// The target's server with the loader's login.
    pub(crate) server: Server,
    /// The account, if it was made for this refresh.
    made: Option<Account>,
    /// True if the account is not the swapper.
    fenced: bool,
}

impl Loader {
    /// Finds the loader, or makes one. Fails if it has wider rights, or if `require_loader` is set and there is none.
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

    /// Makes an account for this refresh. The inner error says why the swapper may not make one. Any other error ends the
    /// refresh: a swapper that may make accounts must not load without a loader.
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
                // OPTION_PREVENTS_STATEMENT: a server that runs without accounts.
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

    /// True if the server does not let this account make functions and triggers.
    pub(crate) fn is_kept_from_functions(&self, swapper: &mut Session) -> Result<bool, Error> {
        let may = |swapper: &mut Session| Ok::<_, Error>(!self.fenced && fast::has(swapper, "SUPER")?);
        Ok(account::needs_super_for_functions(swapper)? && !may(swapper)?)
    }

    /// True if the account can do nothing outside the staging database.
    pub(crate) fn is_fenced(&self) -> bool {
        self.fenced
    }

    /// Kills the account's other connections, before the load and before the result is read: no SQL of an earlier refresh or of
    /// the branch may still run. Does nothing if the swapper loads.
    pub(crate) fn end_others(&self, staging: &str) -> Result<(), Error> {
        if !self.fenced {
            return Ok(());
        }
        let mut session = self.server.connect()?;
        let own = session.first::<u64>("asking for the connection", "SELECT CONNECTION_ID()")?;
        let mut killed = Vec::new();
        for (id, database) in connections(&mut session)? {
            // Another target's refresh may use an account of the same user name.
            let elsewhere = database.is_some_and(|database| {
                database.ends_with("__refresh") && !database.eq_ignore_ascii_case(staging)
            });
            if Some(id) != own && !elsewhere {
                session.attempt(&format!("KILL {id}"));
                killed.push(id);
            }
        }
        // A killed connection may take a moment to end.
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

    /// Drops the account if it was made here. If this fails, the next refresh drops it; meanwhile it can do nothing, since nobody
    /// knows its password.
    pub(crate) fn dismiss(self, house: &House, session: &mut Session) {
        if let Some(account) = &self.made
            && let Err(e) = account.drop(session)
        {
            house.progress.warn(&format!("the account {} is left behind: {e}", literal(&account.user)));
        }
    }
}

/// Lists the connections that the account may see, which are its own, each with its database.
fn connections(session: &mut Session) -> Result<Vec<(u64, Option<String>)>, Error> {
    let rows = session.rows::<mysql::Row>("listing the loader's connections", "SHOW PROCESSLIST")?;
    let one = |row: &mysql::Row| {
        let database = row.get_opt::<Option<String>, _>(3).and_then(Result::ok).flatten();
        Some((row.get_opt(0)?.ok()?, database))
    };
    Ok(rows.iter().filter_map(one).collect())
}
