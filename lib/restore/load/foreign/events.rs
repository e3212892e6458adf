//! Events of a file: none fires before the database is in use.
//!
//! In: a CREATE EVENT in any spelling. Out: where DISABLE must be written, and whether the file has the event enabled. After the
//! load: all events as the database in use will have them.

use std::ops::Range;

use super::file::PlainFile;
use super::reading::ForeignStatement;
use crate::mysql::Server;
use crate::restore::error::Error;
use crate::restore::swap::objects::{self, Object};
use crate::sql::{awake, is_awake, qualified};

/// What a CREATE EVENT says about its event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EventHeader {
    /// Name of the event, in the bytes of the file.
    pub(super) name: Vec<u8>,
    /// True if the event fires once the database is in use.
    pub(super) awake: bool,
    /// The edit that disables the event: a place in the statement, and what to write there.
    pub(super) sleep: (Range<usize>, &'static str),
}

/// Reads a CREATE EVENT; `at` is the position of the word EVENT. `None` without a body: the server then says what is wrong.
pub(super) fn event(reading: &ForeignStatement<'_>, at: usize) -> Option<EventHeader> {
    let (_, mut at) = reading.object(reading.behind_if(at + 1))?;
    let name = reading.raw_name(at - 1);
    let (mut depth, mut comment) = (0_u32, None);
    loop {
        let token = reading.code.get(at)?;
        let place = token.place.clone();
        match () {
            () if token.is(b'(') => depth += 1,
            () if token.is(b')') => depth = depth.saturating_sub(1),
            () if depth > 0 => {}
            () if reading.is(at, "ENABLE") => {
                return Some(EventHeader { name, awake: true, sleep: (place, "DISABLE") });
            }
            () if reading.is(at, "DISABLE") => {
                return Some(EventHeader { name, awake: false, sleep: (place, "DISABLE") });
            }
            () if reading.is(at, "COMMENT") => comment = Some(place.start),
            () if reading.is(at, "DO") => {
                let at = comment.unwrap_or(place.start);
                return Some(EventHeader { name, awake: true, sleep: (at..at, "DISABLE ") });
            }
            () => {}
        }
        at += 1;
    }
}

impl PlainFile {
    /// Disables events that the file enabled by other means (ALTER EVENT). Returns all events as the database in use will have
    /// them.
    pub(crate) fn events(&self, server: &Server, staging: &str) -> Result<Vec<Object>, Error> {
        let mut session = server.connect_to(Some(staging))?;
        session.run("setting the SQL mode", "SET sql_mode = ''")?;
        let mut events = objects::events(&mut session, staging)?;
        for event in &mut events {
            if is_awake(&event.create) {
                let sql = format!("ALTER EVENT {} DISABLE", qualified(staging, &event.name));
                session.run(&format!("putting the event {} to sleep", event.name), &sql)?;
            } else if self.awake.get().is_some_and(|awake| awake.contains(&event.name)) {
                event.create = awake(&event.create);
            }
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Mode;

    fn slept(sql: &str) -> (String, bool, String) {
        let reading = ForeignStatement::of(sql.as_bytes(), Mode::default());
        let event = event(&reading, reading.created().unwrap().0).unwrap();
        let edits = vec![(event.sleep.0, event.sleep.1.as_bytes().into())];
        (
            String::from_utf8(event.name).unwrap(),
            event.awake,
            String::from_utf8(reading.spliced(edits).into_owned()).unwrap(),
        )
    }

    #[test]
    fn an_event_sleeps_however_it_is_written_and_its_body_stays() {
        for (sql, awake, wanted) in [
            (
                "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SET @a = ' ENABLE'",
                true,
                "DAY DISABLE DO SET @a = ' ENABLE'",
            ),
            (
                "CREATE EVENT IF NOT EXISTS x.e ON SCHEDULE AT f(1) COMMENT 'ENABLE' DO DO 1",
                true,
                "f(1) DISABLE COMMENT 'ENABLE' DO DO 1",
            ),
            (
                "CREATE DEFINER=a@b EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE ENABLE DO BEGIN END",
                true,
                "PRESERVE DISABLE DO BEGIN END",
            ),
            (
                "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SET @a = ' PRESERVE ENABLE'",
                false,
                "DAY DISABLE ON SLAVE DO SET @a = ' PRESERVE ENABLE'",
            ),
            (
                "/*!50106 CREATE*/ /*!50117 DEFINER=`a`@`b`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 DAY ENABLE DO SELECT 1 */",
                true,
                "DAY DISABLE DO SELECT 1 */",
            ),
        ] {
            let (name, is_awake, text) = slept(sql);
            assert_eq!((name.as_str(), is_awake), ("e", awake), "{sql}");
            assert!(text.ends_with(wanted), "{text}");
        }
    }
}
