//! Decides in whose name the objects of a refreshed database run.
//!
//! In: `[targets.NAME] definer`, the swapper's session. Out: every view, routine, trigger and event that was loaded, as it is
//! made in the database in use. None runs in the name of an account that is not there. None runs with the swapper's rights, which
//! are wider than those of the branch that wrote it; the exceptions are below.
//!
//! ```text
//! an account                 all objects run in its name
//! none                       views and routines run with the rights of their callers (SQL SECURITY INVOKER);
//!                            triggers and events do not have this: they run in the swapper's name, with a warning, and
//!                            events that a branch brings are refused
//! ```

use super::account::Account;
use crate::house::House;
use crate::mysql::{self, Session};
use crate::restore::error::Error;
use crate::restore::swap::objects::{self, Object, StoredKind};
use crate::restore::swap::sync_objects::Contents;
use crate::restore::target::DevTarget;
use crate::sql::{Mode, definer_in, name, qualified, spliced, with_invoker};

/// Name of a view and a procedure that are made for a moment.
const PROBE: &str = "refreshkit_probe";

/// `ER_NO_SUCH_USER`: the server has no account of the definer's name.
const NO_SUCH_USER: u16 = 1449;

/// The accounts in whose names objects of the refreshed database run.
#[derive(Debug, Clone)]
pub(crate) struct Definers {
    /// The definer, as in a `DEFINER` clause; `None` if there is none.
    account: Option<String>,
    /// The swapper, as in a `DEFINER` clause.
    swapper: String,
}

const UNREADABLE: &str = "routines in its name could not be read again, and not be kept for an undo: \
    GRANT SHOW_ROUTINE (MySQL) or SELECT ON mysql.proc (MariaDB) to the target's account";

impl Definers {
    /// Takes the definer that `refresh.toml` names, and fails if it cannot be used. Without one, makes an account with rights on
    /// the target's database alone, if accounts can be made.
    pub(crate) fn of(house: &House, target: &DevTarget, session: &mut Session) -> Result<Self, Error> {
        let swapper = session.first::<String>("asking who we are", "SELECT CURRENT_USER()")?;
        let swapper = clause(&swapper.unwrap_or_default());
        let refuse = |why: String| Error::Definer { target: target.name.clone(), why };
        let account = match &target.settings.definer {
            Some(named) => {
                let account = clause(named);
                if account == swapper {
                    return Err(refuse(format!("{account} is the account that swaps")));
                }
                let found = probe(session, target, &account);
                match found.map_err(|e| refuse(format!("{account}: {}", e.said())))? {
                    Probe::Usable => Some(account),
                    Probe::NoAccount => return Err(refuse(format!("there is no account {named}"))),
                    Probe::Unreadable => return Err(refuse(UNREADABLE.to_owned())),
                }
            }
            None => made(house, target, session),
        };
        Ok(Self { account, swapper })
    }

    /// True if there is a definer, in whose name everything runs.
    pub(crate) fn is_fenced(&self) -> bool {
        self.account.is_some()
    }

    /// The swapper, as in a `DEFINER` clause.
    pub(crate) fn swapper(&self) -> &str {
        &self.swapper
    }

    /// Gives every object the definer; without one, the swapper.
    pub(crate) fn dress(&self, contents: &mut Contents) {
        for object in &mut contents.objects {
            object.create = self.dressed(object);
        }
    }

    fn dressed(&self, object: &Object) -> String {
        let account = self.account.as_ref().unwrap_or(&self.swapper);
        let clause = format!("DEFINER={account} ");
        let mode = Mode::of(&object.sql_mode);
        let old = definer_in(&object.create, mode).map(|old| (old.place, clause.as_str()));
        let create = spliced(&object.create, old);
        match object.kind {
            StoredKind::View | StoredKind::Package | StoredKind::PackageBody if self.account.is_none() => {
                with_invoker(&create, mode)
            }
            // Functions and procedures were altered in the staging database.
            _ => create,
        }
    }
}

/// Turns `user@host` into `` `user`@`host` ``.
fn clause(account: &str) -> String {
    let (user, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    let bare = |word: &str| word.trim_matches(['\'', '`', '"']).to_owned();
    format!("{}@{}", name(&bare(user)), name(&bare(host)))
}

/// Makes an account that has rights on the target's database alone. `None` if it cannot be made or used.
fn made(house: &House, target: &DevTarget, session: &mut Session) -> Option<String> {
    let account = Account::definer_of(target);
    account.create_locked(session).ok()?;
    if account.grant(session, &target.database).is_err() {
        // An account without rights is of no use.
        let _ = account.drop_unused(session);
        return None;
    }
    let clause = format!("{}@{}", name(&account.user), name(&account.host));
    let usable = probe(session, target, &clause).is_ok_and(|found| found == Probe::Usable);
    if usable {
        house.progress.say(&format!(
            "views, routines, triggers and events of {} run in the name of {}, a locked account",
            target.database, account.user
        ));
    }
    usable.then_some(clause)
}

/// What [`probe`] found out about a definer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    Usable,
    /// There is no such account.
    NoAccount,
    /// Routines in its name cannot be read again.
    Unreadable,
}

/// Tries to make a view and a procedure in the name of an account, and to read the procedure back. Uses the staging database,
/// which is empty.
fn probe(session: &mut Session, target: &DevTarget, account: &str) -> Result<Probe, mysql::Error> {
    let probe = qualified(&target.staging(), PROBE);
    let deed = "trying the definer";
    let sql = format!("CREATE DEFINER={account} SQL SECURITY INVOKER VIEW {probe} AS SELECT 1 AS one");
    session.run(deed, &sql)?;
    let warnings: Vec<(String, u16, String)> = session.rows("reading warnings", "SHOW WARNINGS")?;
    session.run(deed, &format!("DROP VIEW {probe}"))?;
    if warnings.iter().any(|(_, number, _)| *number == NO_SUCH_USER) {
        return Ok(Probe::NoAccount);
    }
    // A routine that can be made but not read back could not be kept for an undo.
    session.run(deed, &format!("CREATE DEFINER={account} PROCEDURE {probe}() DO 1"))?;
    let read = objects::can_read_procedure(session, &target.staging(), PROBE);
    session.run(deed, &format!("DROP PROCEDURE {probe}"))?;
    Ok(if read { Probe::Usable } else { Probe::Unreadable })
}
