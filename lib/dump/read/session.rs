//! Sets up the connections that read for a dump.
//!
//! In: a server, what is dumped. Out: a session that reads values in the form in which dumps write them, after the plan's session
//! statements, and checked for the key of the plan's masks.

use crate::dump::error::Error;
use crate::dump::job::Selection;
use crate::mysql::{Server, Session};
use crate::work_schema::{self, HeldKeys};

/// Length of a statement that makes the server's pieces longer. A server sends in pieces of `net_buffer_length`, 16 KiB by
/// default, which only an administrator can change. But a connection's buffer grows to the longest statement that it has
/// received, and keeps that length until the connection is closed (MySQL Reference Manual, "Server System Variables").
const PIECE_BYTES: usize = 64 << 10;

/// Opens a connection with the settings that every dump needs.
pub(crate) fn prepare(server: &Server) -> Result<Session, Error> {
    let mut session = server.connect()?;
    let deed = "setting up a connection";
    session.run(deed, "SET SESSION sql_mode = ''")?;
    session.run(deed, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")?;
    session.run(deed, "SET SESSION sql_quote_show_create = 1")?;
    // The server must not close the connection of a worker that waits for a slow disk. A server may refuse these settings.
    for setting in ["net_write_timeout = 3600", "wait_timeout = 86400", "information_schema_stats_expiry = 0"]
    {
        session.attempt(&format!("SET SESSION {setting}"));
    }
    lengthen_buffer(&mut session)?;
    Ok(session)
}

/// Makes the server send fewer and longer pieces, which costs both sides less time.
fn lengthen_buffer(session: &mut Session) -> Result<(), Error> {
    let longest: Option<u64> = session.first("reading max_allowed_packet", "SELECT @@max_allowed_packet")?;
    if longest.is_some_and(|longest| longest > 2 * PIECE_BYTES as u64) {
        session.attempt(&format!("DO{}0", " ".repeat(PIECE_BYTES)));
    }
    Ok(())
}

/// Runs the plan's session statements, and gives the session the plan's keys if there are any.
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

/// Returns the statements that each connection runs first: those of the plan.
pub(crate) fn statements_of<'a>(wish: &Selection<'a>) -> &'a [String] {
    match wish {
        Selection::Plan(plan) => &plan.session,
        Selection::Whole(_) => &[],
    }
}

/// Fails for a connection without the key of the plan's masks: masks that hash would turn every value into NULL.
pub(crate) fn check_mask_key(session: &mut Session, wish: &Selection) -> Result<(), Error> {
    match wish {
        Selection::Plan(plan) if !work_schema::has_mask_key(session, plan)? => {
            Err(Error::NoMaskKey { server: session.label().to_owned(), schema: plan.work_schema.clone() })
        }
        _ => Ok(()),
    }
}
