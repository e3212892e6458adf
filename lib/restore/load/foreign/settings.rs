//! SET in a file: settings of the session are made, settings of the whole server are left out.
//!
//! In: a SET statement. Out: the same, or without the assignments that are left out. Variables are found by their place in an
//! assignment, not by searching the text: a table with the name `global_settings` is no setting.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::reading::ForeignStatement;
use crate::mysql::Engine;
use crate::sql::{Mode, TokenKind, hides_quotes};

/// What is done with a SET.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// The SET runs, perhaps with places of it replaced.
    Run(Vec<(Range<usize>, String)>),
    /// The SET is about the server or accounts, and does not run.
    LeftOut,
}

/// Variables of the session that are not about the data: whether writes go into the server's binary log, and under which number.
const OF_THE_LOG: [&str; 4] = ["SQL_LOG_BIN", "GTID_PURGED", "GTID_NEXT", "PSEUDO_SLAVE_MODE"];

/// SQL modes that MySQL 8 no longer has, and without which a dump means the same.
const GONE_MODES: [&str; 6] =
    ["NO_AUTO_CREATE_USER", "NO_FIELD_OPTIONS", "NO_KEY_OPTIONS", "NO_TABLE_OPTIONS", "MYSQL323", "MYSQL40"];

/// One `variable = value` of a SET.
struct Assignment {
    /// Positions of its tokens in the statement.
    tokens: Range<usize>,
    about_server: bool,
    /// Name of the variable, in upper case. Empty for a user variable (`@x`).
    variable: String,
}

/// Judges a SET: run, left out, or refused for its character set.
pub(super) fn setting(reading: &ForeignStatement<'_>, engine: Engine) -> Result<Setting, String> {
    // SET PASSWORD, SET DEFAULT ROLE. Below: MariaDB's SET STATEMENT … FOR, a statement with settings of its own.
    if reading.is_any(1, &["PASSWORD", "ROLE", "DEFAULT", "RESOURCE"]) && !reading.is_symbol(2, b',') {
        return Ok(Setting::LeftOut);
    }
    if reading.is_any(1, &["STATEMENT", "TRANSACTION"]) || reading.is(2, "TRANSACTION") {
        let global = reading.is(1, "GLOBAL");
        return Ok(if global { Setting::LeftOut } else { Setting::Run(Vec::new()) });
    }
    let all = assignments(reading);
    for assignment in &all {
        refuse_charset(reading, assignment)?;
    }
    let kept: Vec<&Assignment> = all.iter().filter(|assignment| !assignment.about_server).collect();
    if kept.is_empty() {
        return Ok(Setting::LeftOut);
    }
    let mut edits = Vec::new();
    for assignment in
        kept.iter().filter(|assignment| assignment.variable == "SQL_MODE" && engine == Engine::MySql)
    {
        edits.extend(without_gone_modes(reading, assignment));
    }
    // An assignment is cut up to the next one. The last is cut from the end of the last one that stays.
    for (at, assignment) in all.iter().enumerate().filter(|(_, assignment)| assignment.about_server) {
        let place = |token: usize| &reading.code[token].place;
        let goes = if let Some(next) = all.get(at + 1) {
            place(assignment.tokens.start).start..place(next.tokens.start).start
        } else {
            let before = all[..at].iter().rfind(|before| !before.about_server);
            let from = before
                .map_or(place(assignment.tokens.start).start, |before| place(before.tokens.end - 1).end);
            from..place(assignment.tokens.end - 1).end
        };
        edits.push((goes, String::new()));
    }
    Ok(Setting::Run(edits))
}

/// True if a SET may change how the text behind it is read.
pub(super) fn changes_mode(reading: &ForeignStatement<'_>) -> bool {
    is_about(reading, "SQL_MODE")
}

/// True if a SET sets this server variable.
pub(super) fn is_about(reading: &ForeignStatement<'_>, variable: &str) -> bool {
    assignments(reading).iter().any(|assignment| assignment.variable == variable)
}

/// Follows the SQL mode through a file's own SETs, without a server that runs them.
#[derive(Debug)]
pub(super) struct Modes {
    begin: Mode,
    current: Mode,
    /// The modes in user variables: mysqldump saves the mode there and restores it.
    saved: BTreeMap<String, Mode>,
    certain: bool,
}

impl Modes {
    /// `begin` is the server's own mode.
    pub(super) fn new(begin: Mode) -> Self {
        Self { begin, current: begin, saved: BTreeMap::new(), certain: true }
    }

    /// The SQL mode in which the next statement is read.
    pub(super) fn current(&self) -> Mode {
        self.current
    }

    /// True as long as the SQL mode is known.
    pub(super) fn are_certain(&self) -> bool {
        self.certain
    }

    /// Follows a SET that will run.
    pub(super) fn follow(&mut self, reading: &ForeignStatement<'_>) {
        // SET STATEMENT is for one statement alone.
        if reading.is(1, "STATEMENT") {
            return;
        }
        for assignment in assignments(reading).into_iter().filter(|assignment| !assignment.about_server) {
            let tokens = assignment.tokens.clone();
            let own = (assignment.variable.is_empty() && reading.is_symbol(tokens.start, b'@'))
                .then(|| reading.name(tokens.start + 1).map(|name| name.to_lowercase()))
                .flatten();
            let Some(equals) = tokens.clone().find(|at| reading.is_symbol(*at, b'=')) else { continue };
            let value = self.value(reading, equals + 1..tokens.end);
            match (own, value) {
                (Some(variable), Some(mode)) => drop(self.saved.insert(variable, mode)),
                (Some(variable), None) => drop(self.saved.remove(&variable)),
                (None, Some(mode)) if assignment.variable == "SQL_MODE" => self.current = mode,
                (None, None) if assignment.variable == "SQL_MODE" => self.certain = false,
                (None, _) => {}
            }
        }
    }

    /// The mode that a value stands for; `None` if only a server can tell.
    fn value(&self, reading: &ForeignStatement<'_>, tokens: Range<usize>) -> Option<Mode> {
        /// Modes that stand for several, ANSI_QUOTES among them.
        const WITH_QUOTES: [&str; 7] = ["ANSI", "ORACLE", "MSSQL", "DB2", "MAXDB", "POSTGRESQL", "MYSQL323"];
        let at = tokens.start;
        let is_variable = reading.is_symbol(at, b'@') && reading.is_symbol(at + 1, b'@');
        match tokens.len() {
            1 if reading.code[at].kind == TokenKind::Text => {
                let text = reading.code[at].text(&reading.text).trim_matches(['\'', '"']);
                let has = |word: &str| text.split(',').any(|one| one.trim().eq_ignore_ascii_case(word));
                let quotes = WITH_QUOTES.into_iter().any(has).then_some("ANSI_QUOTES,");
                Some(Mode::of(&format!("{}{text}", quotes.unwrap_or_default())))
            }
            1 if reading.is(at, "DEFAULT") => Some(self.begin),
            1 if reading.is(at, "0") => Some(Mode::default()),
            2 if reading.is_symbol(at, b'@') => {
                self.saved.get(&reading.name(at + 1)?.to_lowercase()).copied()
            }
            3 if is_variable && reading.is(at + 2, "SQL_MODE") => Some(self.current),
            5 if is_variable && reading.is(at + 4, "SQL_MODE") => {
                Some(if reading.is(at + 2, "GLOBAL") { self.begin } else { self.current })
            }
            _ => None,
        }
    }
}

fn assignments(reading: &ForeignStatement<'_>) -> Vec<Assignment> {
    let (mut all, mut begin, mut depth, mut global) = (Vec::new(), 1, 0_u32, false);
    for at in 1..=reading.code.len() {
        match () {
            () if reading.is_symbol(at, b'(') => depth += 1,
            () if reading.is_symbol(at, b')') => depth = depth.saturating_sub(1),
            () => {}
        }
        if (at == reading.code.len() || depth == 0 && reading.is_symbol(at, b',')) && at > begin {
            all.push(assignment(reading, begin..at, &mut global));
            begin = at + 1;
        }
    }
    all
}

/// Reads one assignment. `global`: the word GLOBAL counts for the next assignments too, up to another such word.
fn assignment(reading: &ForeignStatement<'_>, tokens: Range<usize>, global: &mut bool) -> Assignment {
    const WIDE: [&str; 3] = ["GLOBAL", "PERSIST", "PERSIST_ONLY"];
    const NARROW: [&str; 2] = ["SESSION", "LOCAL"];
    let at = tokens.start;
    let word = |at: usize| reading.name(at).map_or(String::new(), |name| name.to_uppercase());
    let (wide, variable) = match () {
        () if reading.is_symbol(at, b'@') && reading.is_symbol(at + 1, b'@') => {
            let qualified = reading.is_symbol(at + 3, b'.');
            (qualified && reading.is_any(at + 2, &WIDE), word(at + if qualified { 4 } else { 2 }))
        }
        // A user variable.
        () if reading.is_symbol(at, b'@') => (false, String::new()),
        () if reading.is_any(at, &WIDE) && !reading.is_symbol(at + 1, b'=') => {
            *global = true;
            (true, word(at + 1))
        }
        () if reading.is_any(at, &NARROW) && !reading.is_symbol(at + 1, b'=') => {
            *global = false;
            (false, word(at + 1))
        }
        () => (*global, word(at)),
    };
    let about_server = wide || OF_THE_LOG.contains(&variable.as_str());
    Assignment { tokens, about_server, variable }
}

/// Fails for a character set whose texts cannot be told from code.
fn refuse_charset(reading: &ForeignStatement<'_>, assignment: &Assignment) -> Result<(), String> {
    let names = ["NAMES", "CHARACTER", "CHARSET", "CHARACTER_SET_CLIENT"];
    if !names.contains(&assignment.variable.as_str()) {
        return Ok(());
    }
    let words = assignment.tokens.clone().filter_map(|at| match reading.code[at].kind {
        TokenKind::Text => {
            Some(reading.code[at].text(&reading.text).trim_matches(['\'', '"']).to_lowercase())
        }
        _ => reading.name(at).map(|name| name.to_lowercase()),
    });
    match words.into_iter().find(|word| hides_quotes(word)) {
        Some(charset) => Err(format!(
            "{}: characters of {charset} may hold quotes, so that nobody can tell texts from code; write the dump with \
             --default-character-set=utf8mb4",
            reading.beginning()
        )),
        None => Ok(()),
    }
}

/// The edits that take [`GONE_MODES`] out of the texts of an assignment.
fn without_gone_modes(
    reading: &ForeignStatement<'_>,
    assignment: &Assignment,
) -> Vec<(Range<usize>, String)> {
    let texts =
        assignment.tokens.clone().map(|at| &reading.code[at]).filter(|token| token.kind == TokenKind::Text);
    let edit = |token: &crate::sql::Token| {
        let text = token.text(&reading.text);
        let (quote, inner) = (&text[..1], text.trim_matches(['\'', '"']));
        let gone = |word: &&str| GONE_MODES.iter().any(|gone| gone.eq_ignore_ascii_case(word.trim()));
        let left: Vec<&str> = inner.split(',').filter(|word| !gone(word)).collect();
        let left = format!("{quote}{}{quote}", left.join(","));
        (left != text).then(|| (token.place.clone(), left))
    };
    texts.filter_map(edit).collect()
}

/// Turns the edits of a SET into edits of bytes.
pub(super) fn as_bytes(edits: Vec<(Range<usize>, String)>) -> Vec<(Range<usize>, Cow<'static, [u8]>)> {
    edits.into_iter().map(|(place, with)| (place, Cow::Owned(with.into_bytes()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(sql: &str) -> Option<String> {
        let reading = ForeignStatement::of(sql.as_bytes(), Mode::default());
        match setting(&reading, Engine::MySql).unwrap() {
            Setting::Run(edits) => {
                Some(String::from_utf8(reading.spliced(as_bytes(edits)).into_owned()).unwrap())
            }
            Setting::LeftOut => None,
        }
    }

    #[test]
    fn what_is_about_the_server_is_left_out_and_nothing_else() {
        for sql in [
            "SET GLOBAL max_connections = 3",
            "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'x:1-5'",
            "SET @@SESSION.SQL_LOG_BIN= 0",
            "SET sql_log_bin = @x",
            "set persist x = 1, y = 2",
            "SET PASSWORD FOR a = 'b'",
            "SET DEFAULT ROLE a TO b",
            "SET GLOBAL TRANSACTION READ ONLY",
        ] {
            assert_eq!(left(sql), None, "{sql}");
        }
        for sql in [
            "SET @g = (SELECT MAX(id) FROM global_settings)",
            "SET @x = 'GLOBAL SQL_LOG_BIN', @global = 1",
            "/*!40101 SET NAMES utf8 */",
            "SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN",
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SET STATEMENT max_statement_time = 1 FOR SELECT 1",
        ] {
            assert_eq!(left(sql).as_deref(), Some(sql));
        }
        for (sql, wanted) in [
            ("SET GLOBAL a = 3, @kept = f(1, 2)", "SET @kept = f(1, 2)"),
            ("/*!50003 SET a = '', GLOBAL b = OFF, @c = 6 */", "/*!50003 SET a = '', @c = 6 */"),
            ("SET a = 1, GLOBAL b = 2, c = 3", "SET a = 1"),
            ("SET GLOBAL a = 1, SESSION b = 2, c = 3", "SET SESSION b = 2, c = 3"),
        ] {
            assert_eq!(left(sql).unwrap(), wanted);
        }
    }

    #[test]
    fn the_mode_of_a_file_is_followed_as_far_as_it_says_what_it_is() {
        let plain = Mode::default();
        let mut modes = Modes::new(plain);
        for (sql, wanted) in [
            (
                "SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ansi_quotes'",
                Mode::of("ANSI_QUOTES"),
            ),
            ("/*!50003 SET @saved = @@SESSION.sql_mode */", Mode::of("ANSI_QUOTES")),
            (
                "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', GLOBAL sql_mode = ''",
                Mode::of("NO_BACKSLASH_ESCAPES"),
            ),
            ("SET STATEMENT sql_mode = '' FOR SELECT 1", Mode::of("NO_BACKSLASH_ESCAPES")),
            ("SET @@sql_mode := @SAVED", Mode::of("ANSI_QUOTES")),
            ("SET sql_mode = 'TRADITIONAL'", plain),
            ("SET sql_mode = ANSI", plain),
        ] {
            modes.follow(&ForeignStatement::of(sql.as_bytes(), plain));
            assert_eq!(modes.current(), wanted, "{sql}");
            assert_eq!(modes.are_certain(), sql != "SET sql_mode = ANSI", "{sql}");
        }
        for sql in [
            "SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')",
            "SET sql_mode = @nobody",
            "SET @a = (SELECT 1), sql_mode = @a",
        ] {
            let mut modes = Modes::new(plain);
            modes.follow(&ForeignStatement::of(sql.as_bytes(), plain));
            assert!(!modes.are_certain(), "{sql}");
        }
        let mut modes = Modes::new(plain);
        modes.follow(&ForeignStatement::of(b"SET sql_mode = 'ANSI'", plain));
        assert_eq!(modes.current(), Mode::of("ANSI_QUOTES"));
        modes.follow(&ForeignStatement::of(b"SET sql_mode = default", plain));
        assert_eq!(modes.current(), plain);
    }

    #[test]
    fn modes_that_are_gone_go_and_others_stay() {
        let sql = "SET sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_CREATE_USER,PIPES_AS_CONCAT', @a = 'NO_AUTO_CREATE_USER'";
        assert_eq!(left(sql).unwrap(), sql.replacen("NO_AUTO_CREATE_USER,", "", 1));
    }

    #[test]
    fn character_sets_that_hide_quotes_are_refused() {
        for sql in ["SET NAMES gbk", "SET character_set_client = 'sjis'", "SET CHARACTER SET big5"] {
            let reading = ForeignStatement::of(sql.as_bytes(), Mode::default());
            assert!(setting(&reading, Engine::MySql).is_err(), "{sql}");
        }
        assert!(left("SET NAMES latin1, @gbk = 'gbk'").is_some());
    }
}
