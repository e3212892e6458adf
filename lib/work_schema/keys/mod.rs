//! The keys of one plan: the masks' key, and the scan's key, which hashes originals.
//!
//! In: whether the server stays in use after the dump, `[mask] key`; in the next tool, the document. Out: [`HeldKeys`], and
//! sessions that have the keys. On a throw-away copy, random keys are in the work schema and are dropped with it; the server
//! makes and reads the masks' key, and we never see it. A configured key, and any key on a server in use, is in no table: each
//! session is given the key under a one-time pad of the server, and holds it in a variable.

mod pad;

use super::error::Error;
use super::names::{MASK_KEY, SCAN_KEY};
use super::settings::READING;
use crate::document::{ColumnPlan, Dehydration, Journal, KeyPlace, PLAN_KEYS, PlanKeys, TablePlan};
use crate::house::House;
use crate::mask::{self, MaskKey, Order};
use crate::mysql::{self, Session};
use crate::scan;
use crate::sql::{hex, qualified};
use pad::give;

/// Length of a key in bytes.
const KEY_BYTES: usize = scan::KEY_BYTES;

/// The keys of one plan. It has no Debug, so that nothing prints them.
pub(crate) struct HeldKeys {
    mask: Held,
    scan: Held,
    /// True if the masks' key is that of `[mask] key`.
    configured: bool,
}

/// Where a key is held.
enum Held {
    /// On the copy, in the work schema.
    Copy,
    /// In this process.
    Ours(MaskKey),
}

impl HeldKeys {
    /// Chooses the keys of a new plan.
    pub(crate) fn choose(house: &House, lives_on: bool) -> Result<Self, Error> {
        let of_night = || if lives_on { Held::Ours(MaskKey::random()) } else { Held::Copy };
        let configured = configured(house)?;
        Ok(Self {
            configured: configured.is_some(),
            mask: configured.map_or_else(of_night, Held::Ours),
            scan: of_night(),
        })
    }

    /// Finds the keys that the document's plan was made with. Fails when one is missing or is another key.
    pub(crate) fn of(house: &House, run: &str, plan: &Dehydration) -> Result<Self, Error> {
        let said = plan.keys.clone().unwrap_or_default();
        let journal = house.journal(run);
        let (mut mask_file, mut scan_file) = (None, None);
        if said.mask == KeyPlace::File || said.scan == KeyPlace::File {
            (mask_file, scan_file) = read(&journal)?;
        }
        let lost = || Error::NoKeys { path: journal.secret_path(PLAN_KEYS) };
        let mask = match said.mask {
            KeyPlace::Copy => Held::Copy,
            KeyPlace::Config => Held::Ours(configured(house)?.ok_or(Error::OtherKey)?),
            KeyPlace::File => Held::Ours(mask_file.ok_or_else(lost)?),
        };
        let scan = match said.scan {
            KeyPlace::Copy | KeyPlace::Config => Held::Copy,
            KeyPlace::File => Held::Ours(scan_file.ok_or_else(lost)?),
        };
        if let Held::Ours(key) = &mask
            && said.check.as_deref() != Some(key.sign(run).as_str())
        {
            return Err(if said.mask == KeyPlace::Config { Error::OtherKey } else { lost() });
        }
        Ok(Self { mask, scan, configured: said.mask == KeyPlace::Config })
    }

    /// Returns where the keys are, for the next tool; `None` if both are on the copy. A key that is neither on the copy nor in
    /// the configuration is written to a file.
    pub(crate) fn hand_on(&self, journal: &Journal, run: &str) -> Result<Option<PlanKeys>, Error> {
        let place = |held: &Held, configured: bool| match held {
            Held::Copy => KeyPlace::Copy,
            Held::Ours(_) if configured => KeyPlace::Config,
            Held::Ours(_) => KeyPlace::File,
        };
        let mut said = PlanKeys {
            mask: place(&self.mask, self.configured),
            scan: place(&self.scan, false),
            ..PlanKeys::default()
        };
        if said == PlanKeys::default() {
            return Ok(None);
        }
        if let Held::Ours(key) = &self.mask {
            said.check = Some(key.sign(run));
        }
        if said.mask == KeyPlace::File || said.scan == KeyPlace::File {
            let path = write(journal, [(&self.mask, said.mask), (&self.scan, said.scan)])?;
            said.file = Some(path.display().to_string());
        }
        Ok(Some(said))
    }

    /// Creates the masks' key, if it is to be on the copy. The server makes and reads this key, which is never a literal.
    pub(crate) fn create(&self, session: &mut Session, schema: &str) -> Result<(), Error> {
        match self.mask {
            Held::Copy => create(session, "creating the mask key", &qualified(schema, MASK_KEY)),
            Held::Ours(_) => Ok(()),
        }
    }

    /// Creates the scan's key, and gives it to each session. It is not the masks' key, since the dumper reads it.
    pub(crate) fn create_scan(&self, sessions: &mut [Session], schema: &str) -> Result<(), Error> {
        let table = qualified(schema, SCAN_KEY);
        if let Held::Copy = self.scan {
            create(&mut sessions[0], "creating the scan key", &table)?;
        }
        for session in sessions {
            match &self.scan {
                Held::Copy => {
                    let sql = format!("SELECT `key` INTO @refreshkit_scan FROM {table}");
                    session.run("reading the scan key", &sql)?;
                }
                Held::Ours(key) => give(session, "@refreshkit_scan", key)?,
            }
        }
        Ok(())
    }

    /// Returns the scan's key; `None` if it is not on the copy.
    pub(crate) fn scan_key(
        &self,
        session: &mut Session,
        schema: &str,
    ) -> Result<Option<[u8; KEY_BYTES]>, mysql::Error> {
        match &self.scan {
            Held::Ours(key) => Ok(Some(*key.bytes())),
            Held::Copy => read_scan_key(session, schema),
        }
    }

    /// Returns the statements that each connection runs before it reads masked columns. The document contains them.
    pub(crate) fn statements(&self, schema: &str) -> Vec<String> {
        let key = format!("SELECT `key` INTO @refreshkit_key FROM {}", qualified(schema, MASK_KEY));
        let key = Some(key).filter(|_| matches!(self.mask, Held::Copy));
        key.into_iter().chain(READING.iter().map(|text| (*text).to_owned())).collect()
    }

    /// Gives a session the masks' key, unless the session reads it from the copy.
    pub(crate) fn lend(&self, session: &mut Session) -> Result<(), mysql::Error> {
        match &self.mask {
            Held::Copy => Ok(()),
            Held::Ours(key) => give(session, "@refreshkit_key", key),
        }
    }

    pub(crate) fn unlock(&self, session: &mut Session, schema: &str) -> Result<(), Error> {
        for statement in self.statements(schema) {
            session.run("reading the mask key", &statement)?;
        }
        Ok(self.lend(session)?)
    }

    /// Prepares a session that only tries masks. If its writes would put our key into the binary log, it gets a random key
    /// instead.
    pub(crate) fn unlock_for_trial(&self, session: &mut Session, schema: &str) -> Result<(), Error> {
        self.unlock(session, schema)?;
        if self.must_not_be_logged(session)? {
            let sql = format!("SET @refreshkit_key = RANDOM_BYTES({KEY_BYTES})");
            session.run("making a key for a trial", &sql)?;
        }
        Ok(())
    }

    /// True if the next row that this session writes with a key of ours would put the key into the binary log: a log of
    /// statements contains the values of variables.
    pub(crate) fn must_not_be_logged(&self, session: &mut Session) -> Result<bool, Error> {
        if matches!(self.mask, Held::Copy) {
            return Ok(false);
        }
        // Only tried, since it needs a privilege.
        session.attempt("SET SESSION binlog_format = 'ROW'");
        let sql = "SHOW SESSION VARIABLES WHERE Variable_name IN ('log_bin', 'sql_log_bin', 'binlog_format')";
        let found: Vec<(String, String)> = session.rows("asking for the binary log", sql)?;
        let is = |name: &str, value: &str| found.iter().any(|(known, said)| known == name && said == value);
        // A server without the variable `binlog_format` logs rows.
        let rows = is("binlog_format", "ROW") || !found.iter().any(|(known, _)| known == "binlog_format");
        Ok(!is("log_bin", "OFF") && !is("sql_log_bin", "OFF") && !rows)
    }
}

/// Removes the keys of a run from the state directory, if any are there.
pub(crate) fn forget_keys_of(journal: &Journal) -> Result<(), Error> {
    Ok(journal.remove_secret(PLAN_KEYS)?)
}

/// Returns the key of `[mask] key`, if it is set.
fn configured(house: &House) -> Result<Option<MaskKey>, Error> {
    mask::key(&house.config, |id| Ok(house.keys.content(id).map_err(mysql::Error::Keys)?))
}

fn create(session: &mut Session, deed: &str, table: &str) -> Result<(), Error> {
    let columns = format!("id TINYINT NOT NULL PRIMARY KEY, `key` BINARY({KEY_BYTES}) NOT NULL");
    session.run(deed, &format!("CREATE TABLE {table} ({columns})"))?;
    session.run(deed, &format!("INSERT INTO {table} VALUES (1, RANDOM_BYTES({KEY_BYTES}))"))?;
    Ok(())
}

/// Reads the scan's key from the copy.
pub(super) fn read_scan_key(
    session: &mut Session,
    schema: &str,
) -> Result<Option<[u8; KEY_BYTES]>, mysql::Error> {
    let sql = format!("SELECT `key` FROM {} WHERE id = 1", qualified(schema, SCAN_KEY));
    let key: Option<Vec<u8>> = session.first("reading the scan key", &sql)?;
    Ok(key.and_then(|key| key.try_into().ok()))
}

/// Reads the keys of the masks and of the scan from the plan's file. Each line is a word and hexadecimal digits.
fn read(journal: &Journal) -> Result<(Option<MaskKey>, Option<MaskKey>), Error> {
    let path = journal.secret_path(PLAN_KEYS);
    let Ok(text) = std::fs::read_to_string(&path) else { return Err(Error::NoKeys { path }) };
    let key = |word: &str| {
        let digits = text.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '))?;
        let byte = |at: usize| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..KEY_BYTES).map(byte).collect();
        Some(MaskKey::of_bytes(bytes?.try_into().ok()?))
    };
    Ok((key("mask"), key("scan")))
}

fn write(journal: &Journal, [mask, scan]: [(&Held, KeyPlace); 2]) -> Result<std::path::PathBuf, Error> {
    let line = |word: &str, (held, place): (&Held, KeyPlace)| match held {
        Held::Ours(key) if place == KeyPlace::File => {
            format!("{word} {}\n", hex(key.bytes()))
        }
        _ => String::new(),
    };
    let text = line("mask", mask) + &line("scan", scan);
    let path = journal.write_secret(PLAN_KEYS, text.as_bytes())?;
    // Absolute, since the next tool may run in another directory.
    Ok(std::path::absolute(&path).unwrap_or(path))
}

/// True if this connection has the masks' key, or if the plan does not read it. A key that is NULL would turn every masked value
/// into NULL, and every hash that rows are ordered by.
pub fn has_mask_key(session: &mut Session, plan: &Dehydration) -> Result<bool, mysql::Error> {
    let reads = |table: &TablePlan| {
        let masked = |column: &ColumnPlan| column.expression.contains("@refreshkit_key");
        table.columns.iter().any(masked) || mask::order(table) == Order::Hash
    };
    if !plan.tables.iter().any(reads) {
        return Ok(true);
    }
    let sql = format!("SELECT COALESCE(LENGTH(@refreshkit_key) = {KEY_BYTES}, 0)");
    Ok(session.first::<bool>("looking at the mask key", &sql)?.unwrap_or_default())
}

/// Drops the masks' key on the copy. Called after every masked value is written: then nobody can rebuild the mapping.
pub(crate) fn forget_mask_key(session: &mut Session, schema: &str) -> Result<(), Error> {
    let sql = format!("DROP TABLE IF EXISTS {}", qualified(schema, MASK_KEY));
    session.run("forgetting the mask key", &sql)?;
    Ok(())
}
