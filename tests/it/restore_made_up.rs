//! Files that nobody wrote: dev-restore makes of each what the stock client makes of it, or says why not.
//!
//! `REFRESHKIT_FUZZ_SECONDS` says for how long (without it: twelve files), `REFRESHKIT_FUZZ_SEED` with which seed; `scripts/test --fuzz`
//! sets both.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use crate::restore_options::without_definers;
use crate::restore_place::{Place, picture};
use crate::restore_plain::client_takes;
use crate::support::on_all_servers_at_once;

/// What a value may look like: everything in which something else begins or ends.
const VALUES: [&str; 22] = [
    "1",
    "NULL",
    "'x'",
    "'it''s'",
    "'a\\\\'",
    "\"dq\"",
    "'é'",
    "'a;b'",
    "'-- no'",
    "'/* no */'",
    "x'00ff'",
    "_binary 'q'",
    "'$$'",
    "'\\\\'';'",
    "_latin1 'z'",
    "'DELIMITER ;;'",
    "'a''\nb'",
    "-1e3",
    "@v",
    "'SET GLOBAL x; USE y'",
    "'DEFINER=`a`@`b`'",
    "'t1.v'",
];

/// What a session may be told. Of what is about the whole server nothing is here: the stock client would do it.
const SETTINGS: [&str; 27] = [
    "SET sql_mode = ''",
    "SET sql_mode = 'ANSI_QUOTES'",
    "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
    "SET @m = @@sql_mode, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    "SET sql_mode = @m",
    "SET sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT')",
    "SET @@session.sql_mode := DEFAULT",
    "/*!40101 SET NAMES latin1 */",
    "/*!40101 SET NAMES utf8mb4 */",
    "SET CHARACTER SET utf8mb4",
    "/*!40101 SET @saved_cs = @@character_set_client, character_set_client = utf8mb4 */",
    "SET autocommit = 0",
    "SET autocommit = 1",
    "COMMIT",
    "ROLLBACK",
    "START TRANSACTION",
    "SAVEPOINT s",
    "LOCK TABLES t1 WRITE, t2 WRITE",
    "UNLOCK TABLES",
    "SET @v = 'of a variable', @global = 1",
    "SET @v = (SELECT MAX(id) FROM @DB@.t1)",
    "/*!40103 SET TIME_ZONE='+05:00' */",
    "SET timestamp = 86400, insert_id = 40",
    "/*!40014 SET @f = @@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */",
    "/*!99999 SET sql_mode = 'of no server' */",
    "/*!50003 SET collation_connection = utf8mb4_bin */",
    "PREPARE s FROM 'INSERT INTO t1 (v) VALUES (''prepared'')'; EXECUTE s; DEALLOCATE PREPARE s",
];

/// What ends a statement, between DELIMITER lines.
const DELIMITERS: [&str; 5] = ["$$", "//", ";;", "END_OF_IT", "|"];

/// Why a file is refused that the stock client takes: README says so.
const DOCUMENTED: [&str; 1] = ["its last transaction is open"];

struct Maker {
    random: StdRng,
}

impl Maker {
    fn number(&mut self, below: u32) -> u32 {
        self.random.random_range(1..below)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of.choose(&mut self.random).unwrap()
    }

    fn value(&mut self) -> &'static str {
        self.one(&VALUES)
    }

    /// A table, with the name of its database in front of it or not.
    fn table(&mut self) -> String {
        let n = self.number(3);
        let place = self.one(&["", "", "", "", "@DB@.", "`@DB@`.", "`@DB@` . "]);
        if self.random.random_ratio(1, 3) { format!("{place}`t{n}`") } else { format!("{place}t{n}") }
    }

    /// Somebody who is there: what runs in the name of somebody who is gone fails with the stock client, which keeps definers.
    fn definer(&mut self) -> &'static str {
        self.one(&[
            "",
            "",
            "",
            "DEFINER=`refresh`@`localhost` ",
            "DEFINER = CURRENT_USER ",
            "/*!50017 DEFINER='refresh'@localhost*/ ",
        ])
    }

    fn rows(&mut self) -> String {
        let (t, v, w) = (self.table(), self.value(), self.value());
        match self.number(7) {
            1 => format!("INSERT INTO {t} VALUES (DEFAULT,{v},{w},DEFAULT)"),
            2 => format!("INSERT IGNORE INTO {t} (id, v) VALUES ({},{v})", self.number(9)),
            3 => format!("INSERT INTO {t} SET v = {v}, b = {w}"),
            4 => format!("insert into {t}(v,b)values({v},{w}),({w},{v}) "),
            _ => format!("INSERT INTO {t} (v, b) VALUES ({v},{w}),({w},{v})"),
        }
    }

    fn change(&mut self) -> String {
        let (t, other, v, w) = (self.table(), self.table(), self.value(), self.value());
        let id = self.number(5);
        match self.number(10) {
            1 => format!("REPLACE INTO {t} (id, v) VALUES ({id},{v})"),
            2 => format!("DELETE FROM {t} WHERE id = {id}"),
            3 => format!("INSERT INTO {t} (id, v) VALUES ({id},{v}) ON DUPLICATE KEY UPDATE v = {w}"),
            4 => format!("INSERT INTO {t} (v) SELECT v FROM {other} WHERE id < 3"),
            5 => format!("UPDATE {t} SET v = {v} WHERE id > {id}"),
            6 => format!("TRUNCATE TABLE {t}"),
            7 => format!(
                "CREATE TABLE IF NOT EXISTS @DB@.c{id} (id INT PRIMARY KEY, x VARCHAR(9) DEFAULT 'a;b' COMMENT {w}) AS SELECT id FROM {other}"
            ),
            8 => format!("DROP TABLE IF EXISTS c{id}, `@DB@`.`c{}`", id + 1),
            _ => format!("/*!40000 ALTER TABLE {t} DISABLE KEYS */"),
        }
    }

    fn object(&mut self) -> String {
        let (t, other, v, w, definer) =
            (self.table(), self.table(), self.value(), self.value(), self.definer());
        let id = self.number(5);
        let place = self.one(&["", "", "@DB@."]);
        match self.number(10) {
            1 => format!("CREATE OR REPLACE {definer}VIEW {place}w{id} AS SELECT id, v, {v} AS c FROM {t}"),
            2 => format!(
                "CREATE {definer}TRIGGER {place}tr{id} BEFORE INSERT ON {t} FOR EACH ROW SET NEW.v = LEFT(CONCAT(IFNULL(NEW.v, ''), {v}), 20)"
            ),
            3 => format!("CREATE {definer}PROCEDURE {place}p{id}() SELECT {v} AS a, {w} AS b FROM {t}"),
            4 => format!(
                "CREATE {definer}FUNCTION {place}f{id}(a INT) RETURNS INT READS SQL DATA RETURN a + (SELECT COUNT(*) FROM {t})"
            ),
            5 => format!(
                "CREATE {definer}EVENT {place}e{id} ON SCHEDULE EVERY {id} DAY STARTS '2035-01-01 00:00:00' {} DO DELETE FROM {t} WHERE v = {v}",
                self.one(&["", "ENABLE", "DISABLE", "ON COMPLETION PRESERVE ENABLE COMMENT 'DISABLE'"])
            ),
            6 => format!("ALTER EVENT e{id} {}", self.one(&["DISABLE", "ENABLE", "COMMENT 'ENABLE'"])),
            7 => format!(
                "/*!50003 CREATE*/ {definer}/*!50003 TRIGGER tr{id} AFTER INSERT ON {t} FOR EACH ROW SET @n = {v} */"
            ),
            8 => format!(
                "DROP {} IF EXISTS {place}{}{id}",
                self.one(&["VIEW", "TRIGGER"]),
                self.one(&["w", "tr"])
            ),
            _ => format!(
                "CREATE {definer}PROCEDURE q{id}() BEGIN DECLARE n INT DEFAULT 0; SELECT COUNT(*) INTO n FROM {other}; IF n > {id} THEN INSERT INTO {t} (v) VALUES ({v}); END IF; END"
            ),
        }
    }

    fn statement(&mut self) -> String {
        let v = self.value();
        match self.number(28) {
            1..10 => self.rows(),
            10..14 => self.change(),
            14..20 => self.object(),
            20 => format!("-- a ; comment with 'quotes\n{} /* c ; ' */", self.rows()),
            21 => format!("/* ; */ {}", self.rows()),
            22 => format!("# it's\nCALL p{}()", self.number(5)),
            _ => {
                let setting = self.one(&SETTINGS);
                if setting.starts_with("SET @v = 'of") {
                    format!("SET @v = {v}, @global = 1")
                } else {
                    setting.to_owned()
                }
            }
        }
    }

    /// A file of some statements, ended in every way.
    fn file(&mut self) -> String {
        let columns = "(id int primary key auto_increment, v varchar(20), b blob, at timestamp not null default '2026-01-01 00:00:00')";
        let mut text = format!("CREATE TABLE t1 {columns};\nCREATE TABLE @DB@.t2 {columns}\\g\n");
        for _ in 0..self.number(14) {
            let statement = self.statement();
            // A body is one statement only between other delimiters.
            let is_block = statement.contains("BEGIN DECLARE");
            let ended = match self.random.random_range(0..8) {
                way if way < 2 || is_block => {
                    let delimiter = self.one(&DELIMITERS);
                    // What holds its own end would be two; the client takes the end of a comment for the beginning of `//`.
                    if format!("{statement}{delimiter}").find(delimiter) != Some(statement.len()) {
                        continue;
                    }
                    format!("DELIMITER {delimiter}\n{statement}{delimiter}\ndelimiter ;\n")
                }
                2 => format!("{statement}\\g\n"),
                3 => format!("{statement} ;; \r\n"),
                4 => format!("{statement}\n;\n\n"),
                _ => format!("{statement};\n"),
            };
            text.push_str(&ended);
        }
        // The last statement needs no end; a DELIMITER does.
        if self.random.random_ratio(1, 6) && !text.ends_with("delimiter ;\n") {
            text.truncate(text.trim_end_matches(['\n', '\r', ' ', ';']).len());
        }
        text
    }
}

/// Without a time it is the same files on every machine, however fast it is.
const FILES: u32 = 12;

fn number(variable: &str) -> Option<u64> {
    std::env::var_os(variable).map(|text| text.to_str().unwrap().parse().expect("a number"))
}

/// In whose name something runs has tests of its own, and so has whether a body says the name of its database.
fn plain(picture: &str) -> String {
    without_definers(picture).replace("`DB` . ", "").replace("`DB`.", "").replace("DB.", "")
}

#[test]
fn files_that_are_made_up_are_what_the_stock_client_makes_of_them() {
    let seconds = number("REFRESHKIT_FUZZ_SECONDS");
    let seed = number("REFRESHKIT_FUZZ_SEED").unwrap_or(1);
    on_all_servers_at_once(|server| {
        let source = server.scratch("made_up_src");
        let place = Place::with_dump_of(&source);
        let mut maker = Maker { random: StdRng::seed_from_u64(seed) };
        let (mut same, mut refused) = (0_u32, 0_u32);
        let begun = Instant::now();
        while seconds.map_or(same + refused < FILES, |seconds| begun.elapsed() < Duration::from_secs(seconds))
        {
            let text = maker.file();
            let file = place.path("made_up.sql");
            std::fs::write(&file, text.replace("@DB@", place.database())).unwrap();
            let theirs = server.scratch("made_up_theirs");
            let taken = client_takes(server, &theirs.name, text.replace("@DB@", &theirs.name).as_bytes());
            let output = place.tool(&["--target", "dev3", "--dump", file.to_str().unwrap()]).run();
            if output.code == 0 {
                assert!(taken, "only the stock client refuses\n{text}");
                let (found, expected) = (picture(server, place.database()), picture(server, &theirs.name));
                let (found, expected) = (plain(&found), plain(&expected));
                let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
                assert_eq!(differs, None, "(found, expected) on {:?} of\n{text}", server.engine);
                assert_eq!(found, expected, "of\n{text}");
                same += 1;
            } else {
                let is_documented = DOCUMENTED.iter().any(|said| output.stderr.contains(said));
                assert!(!taken || is_documented, "only the stock client takes\n{text}\n{}", output.stderr);
                refused += 1;
            }
        }
        eprintln!("{:?}: {same} files are the same, {refused} are refused by both", server.engine);
        assert!(same > 0, "none was taken");
    });
}
