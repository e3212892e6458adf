//! What a connection that reads for a dump is set to.
//!
//! In: a server, what is dumped. Out: a session in which every value is read as every dump writes it, with what the plan asks
//! for, and proof that its masks have their key.

use crate::dump::error::Error;
use crate::dump::job::Selection;
use crate::mysql::{Server, Session};
use crate::work_schema::{self, HeldKeys};

/// A server sends in pieces of `net_buffer_length`, 16 KiB by default, which only the administrator can change. But the
/// buffer of a connection grows to the longest statement that it has received, and stays as long until it is closed
/// (MySQL Reference Manual, "Server System Variables").
const PIECE_BYTES: usize = 64 << 10;

/// A connection with the settings that every dump wants.
pub(crate) fn prepare(server: &Server) -> Result<Session, Error> {
    let mut session = server.connect()?;
    let deed = "setting up a connection";
    session.run(deed, "SET SESSION sql_mode = ''")?;
    session.run(deed, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")?;
    session.run(deed, "SET SESSION sql_quote_show_create = 1")?;
    // A worker that waits for a slow disk must not be thrown out; the answer of a server that minds is of no interest.
    for setting in ["net_write_timeout = 3600", "wait_timeout = 86400", "information_schema_stats_expiry = 0"]
    {
        session.attempt(&format!("SET SESSION {setting}"));
    }
    lengthen_buffer(&mut session)?;
    Ok(session)
}

/// Fewer and longer pieces cost both sides less.
fn lengthen_buffer(session: &mut Session) -> Result<(), Error> {
    let longest: Option<u64> = session.first("reading max_allowed_packet", "SELECT @@max_allowed_packet")?;
    if longest.is_some_and(|longest| longest > 2 * PIECE_BYTES as u64) {
        session.attempt(&format!("DO{}0", " ".repeat(PIECE_BYTES)));
    }
    Ok(())
}

/// The statements of the plan, and its key if the session must be given that.
pub(crate) fn apply(
    session: &mut Session,
    settings: &[String],
    keys: Option<&HeldKeys>,
) -> Result<(), Error> {
    for statement in settings {
        session.run("running a session statement of the plan", statement)?;
    }
    if let Some(keys) = keys {
        keys.lend(session)?;
    }
    Ok(())
}

/// What each connection runs first for this dump.
pub(crate) fn statements_of<'a>(wish: &Selection<'a>) -> &'a [String] {
    match wish {
        Selection::Plan(plan) => &plan.session,
        Selection::Whole(_) => &[],
    }
}

/// Refuses a connection without the key of the plan's masks: those that hash would make NULL of every value.
pub(crate) fn check_mask_key(session: &mut Session, wish: &Selection) -> Result<(), Error> {
    match wish {
        Selection::Plan(plan) if !work_schema::has_mask_key(session, plan)? => {
            Err(Error::NoMaskKey { server: session.label().to_owned(), schema: plan.work_schema.clone() })
        }
        _ => Ok(()),
    }
}
