//! Random views, routines, triggers and events over tables that are called like their database, like the one that they are restored to,
//! and like one another's columns, aliases and variables.
//!
//! In: a seed, the names of two databases. Out: [`Made`]: statements that create a schema, and what asks each body for what it does. A
//! name is written in every way that the mode allows, with the database in front of it or not.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use refreshkit::mysql::Engine;
use refreshkit::sql::name;

/// Modes that change how a text is read or what it means.
const MODES: [&str; 6] = [
    "ANSI_QUOTES",
    "NO_BACKSLASH_ESCAPES",
    "PIPES_AS_CONCAT",
    "IGNORE_SPACE",
    "HIGH_NOT_PRECEDENCE",
    "NO_UNSIGNED_SUBTRACTION",
];

/// Character sets of clients. Bytes of the last two are no UTF-8.
const CHARSETS: [&str; 3] = ["utf8mb4", "latin1", "cp1250"];

/// What texts hold: everything in which something else begins or ends, and names that are none. `DB` is the database.
const TEXTS: [&str; 13] = [
    "a",
    "it's",
    "x\\y",
    "DB.t",
    "FROM `DB`.`t`",
    "say \"DB\".\"t\"",
    "é",
    "€š",
    "-- no",
    "/* DB.t */",
    "end\\",
    "$$ DELIMITER",
    "%é\\_",
];

/// A statement, and what it is to be run under.
#[derive(Debug)]
pub(crate) struct Creation {
    /// `VIEW v1`.
    pub(crate) what: String,
    pub(crate) mode: String,
    pub(crate) charset: &'static str,
    pub(crate) sql: String,
    /// What shows what it does.
    pub(crate) ask: String,
}

/// A schema.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) tables: Vec<String>,
    pub(crate) objects: Vec<Creation>,
}

/// One source of a FROM.
#[derive(Debug, Clone)]
struct Source {
    /// What stands in front of its columns.
    called: String,
    /// It may also be called by its database: the name of its table.
    table: Option<String>,
}

struct Maker<'a> {
    random: StdRng,
    engine: Engine,
    /// The database, and the tables in it.
    database: &'a str,
    tables: [String; 3],
    mode: String,
    charset: &'static str,
    /// Functions that are there already, of a number and of a text.
    numbers: Vec<String>,
    texts: Vec<String>,
    /// Texts may hold `;;`.
    semicolons: bool,
    /// A body may say these.
    variables: Vec<String>,
}

/// Makes a schema for `database`, which goes to `other`, too.
pub(crate) fn make(seed: u64, engine: Engine, database: &str, other: &str) -> Made {
    let mut maker = Maker {
        random: StdRng::seed_from_u64(seed),
        engine,
        database,
        tables: [database.to_owned(), "t".to_owned(), other.to_owned()],
        mode: String::new(),
        charset: "utf8mb4",
        numbers: Vec::new(),
        texts: Vec::new(),
        semicolons: seed % 3 == 2,
        variables: Vec::new(),
    };
    let tables = maker.create_tables();
    let mut objects = Vec::new();
    for (kind, count) in [("FUNCTION", 6), ("PROCEDURE", 6), ("VIEW", 10), ("TRIGGER", 6), ("EVENT", 4)] {
        for number in 0..count {
            let mode: Vec<&str> = MODES.into_iter().filter(|_| maker.random.random_ratio(1, 3)).collect();
            maker.mode = mode.join(",");
            maker.charset = CHARSETS[maker.random.random_range(0..CHARSETS.len())];
            maker.variables.clear();
            let accent = if maker.random.random_ratio(1, 4) { "é" } else { "" };
            let called = format!("{}{accent}{number}", kind[..1].to_lowercase());
            objects.push(maker.object(kind, &called, number));
        }
    }
    Made { tables, objects }
}

impl Maker<'_> {
    fn one<'b>(&mut self, of: &[&'b str]) -> &'b str {
        of.choose(&mut self.random).unwrap()
    }

    fn may(&mut self, one_in: u32) -> bool {
        self.random.random_ratio(1, one_in)
    }

    fn has(&self, mode: &str) -> bool {
        self.mode.split(',').any(|word| word == mode)
    }

    fn create_tables(&mut self) -> Vec<String> {
        let [a, b, c] = self.tables.clone().map(|table| name(&table));
        let mut all: Vec<String> = [&a, &b, &c]
            .iter()
            .enumerate()
            .map(|(number, table)| {
                format!(
                    "CREATE TABLE {table} (id INT AUTO_INCREMENT PRIMARY KEY, {a} INT, {b} INT, {c} INT, note VARCHAR(60)); \
                     INSERT INTO {table} ({a}, {b}, {c}, note) VALUES ({number}, 2, 3, 'a x'), (5, 6, {number}, 'it''s é'), (NULL, 1, 1, NULL)"
                )
            })
            .collect();
        all.push("CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(200))".to_owned());
        all
    }

    /// A name, in quotes of some kind or none.
    fn id(&mut self, named: &str) -> String {
        let plain = named.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match self.random.random_range(0..3) {
            0 if plain => named.to_owned(),
            1 if self.has("ANSI_QUOTES") => format!("\"{}\"", named.replace('"', "\"\"")),
            _ => name(named),
        }
    }

    /// `t`, `db.t`, `db . t`.
    fn qualified(&mut self, named: &str) -> String {
        let own = self.id(named);
        if self.may(2) {
            let (database, point) = (self.id(self.database), self.one(&[".", ".", ".", " . "]));
            // A word, a point and a function's name must touch.
            format!("{database}{point}{own}")
        } else {
            own
        }
    }

    fn call(&mut self, function: &str, argument: &str) -> String {
        let (database, own) = (self.id(self.database), self.id(function));
        let called = if self.may(2) { format!("{database}.{own}") } else { own };
        let blank = if self.may(4) { " " } else { "" };
        format!("{called}{blank}({argument})")
    }

    /// A constant.
    fn text(&mut self) -> String {
        // Behind which no stock dumper finds an end.
        let content = if self.semicolons && self.may(12) { ";;" } else { self.one(&TEXTS) };
        let content = content.replace("DB", self.database);
        let double = !self.has("ANSI_QUOTES") && self.may(3);
        let quote = if double { '"' } else { '\'' };
        let escaped =
            if self.has("NO_BACKSLASH_ESCAPES") { content.clone() } else { content.replace('\\', "\\\\") };
        let escaped = escaped.replace(quote, &format!("{quote}{quote}"));
        let introducer = if (content.is_ascii() || self.charset != "utf8mb4") && self.may(8) {
            // MySQL takes no national text of another client that is not ASCII.
            let national = if content.is_ascii() { "N" } else { "_binary " };
            self.one(&["_latin1 ", "_cp1250", national])
        } else {
            ""
        };
        let introducer = if double { "" } else { introducer };
        format!("{introducer}{quote}{escaped}{quote}")
    }

    fn source(&mut self, taken: &[Source]) -> (String, Source) {
        loop {
            let base = self.tables[self.random.random_range(0..3)].clone();
            let alias = match self.random.random_range(0..4) {
                0 => None,
                1 => Some("x".to_owned()),
                2 => Some("é".to_owned()),
                _ => Some(self.tables[self.random.random_range(0..3)].clone()),
            };
            let called = alias.clone().unwrap_or_else(|| base.clone());
            if taken.iter().any(|source| source.called == called) {
                continue;
            }
            let from = if alias.is_some() && self.may(5) {
                let [a, b, c] = self.tables.clone().map(|table| name(&table));
                format!("(SELECT id, {a}, {b}, {c}, note FROM {})", self.qualified(&base))
            } else {
                self.qualified(&base)
            };
            let as_word = self.one(&["AS ", ""]);
            let alias_text =
                alias.as_ref().map_or(String::new(), |alias| format!(" {as_word}{}", self.id(alias)));
            let table = alias.is_none().then_some(base);
            return (format!("{from}{alias_text}"), Source { called, table });
        }
    }

    /// What stands behind FROM, and what may be said of it.
    fn sources(&mut self) -> (String, Vec<Source>) {
        let (mut text, first) = self.source(&[]);
        let (mut all, mut list) = (vec![first], false);
        while all.len() < 3 && self.may(3) {
            let (more, source) = self.source(&all);
            all.push(source);
            let join = self.one(&[" JOIN ", ", ", " LEFT JOIN ", " CROSS JOIN "]);
            list |= join == ", ";
            text = if join == ", " || join == " CROSS JOIN " {
                format!("{text}{join}{more}")
            } else {
                // Of one of two nobody knows which alone.
                let (left, right) = (&all[0], &all[all.len() - 1]);
                let a = self.column(&[left.clone(), left.clone()], None);
                let b = self.column(&[right.clone(), right.clone()], None);
                // Of a comma and a JOIN, the JOIN binds first.
                let left = if std::mem::take(&mut list) { format!("({text})") } else { text };
                format!("{left}{join}{more} ON {a} = {b}")
            };
        }
        (text, all)
    }

    fn column(&mut self, scope: &[Source], named: Option<&str>) -> String {
        let column = named.map_or_else(
            || {
                let at = self.random.random_range(0..3);
                self.tables[at].clone()
            },
            str::to_owned,
        );
        let source = scope.choose(&mut self.random).unwrap().clone();
        let column = self.id(&column);
        if scope.len() == 1 && self.may(4) && self.variables.is_empty() {
            return column;
        }
        let called = self.id(&source.called);
        match source.table {
            Some(_) if self.may(3) => format!("{}.{called}.{column}", self.id(self.database)),
            _ => format!("{called}.{column}"),
        }
    }

    fn int(&mut self, scope: &[Source], depth: u32) -> String {
        if depth == 0 {
            let variable = self.variables.choose(&mut self.random).cloned();
            return match variable {
                Some(variable) if scope.is_empty() || self.may(3) => self.id(&variable),
                _ if scope.is_empty() => self.random.random_range(0..5).to_string(),
                _ => self.column(scope, None),
            };
        }
        let next = depth - 1;
        match self.random.random_range(0..9) {
            0 => format!("({} + {})", self.int(scope, next), self.int(scope, next)),
            1 => format!("COALESCE({}, {})", self.int(scope, next), self.int(scope, next)),
            2 | 3 => {
                let (from, inner) = self.sources();
                let (what, condition) = (self.int(&inner, next), self.condition(&inner, next));
                format!("(SELECT MAX({what}) FROM {from} WHERE {condition})")
            }
            4 => format!(
                "CASE WHEN {} THEN {} ELSE {} END",
                self.condition(scope, next),
                self.int(scope, next),
                self.int(scope, next)
            ),
            5 if !self.numbers.is_empty() => {
                let function = self.numbers.choose(&mut self.random).unwrap().clone();
                let argument = self.int(scope, next);
                self.call(&function, &argument)
            }
            6 => format!("LENGTH({})", self.string(scope, next)),
            7 => format!("EXTRACT(YEAR FROM 20200101 + 0 * {})", self.int(scope, next)),
            _ => self.int(scope, 0),
        }
    }

    fn string(&mut self, scope: &[Source], depth: u32) -> String {
        if depth == 0 || scope.is_empty() && self.may(2) {
            return if scope.is_empty() || self.may(2) {
                self.text()
            } else {
                self.column(scope, Some("note"))
            };
        }
        let next = depth - 1;
        match self.random.random_range(0..8) {
            0 => format!("CONCAT({}, {})", self.string(scope, next), self.string(scope, next)),
            1 if self.has("PIPES_AS_CONCAT") => {
                format!("({} || {})", self.string(scope, next), self.string(scope, next))
            }
            2 => format!("TRIM(BOTH 'x' FROM {})", self.string(scope, next)),
            3 => format!("SUBSTRING({} FROM 1 FOR 3)", self.string(scope, next)),
            4 => format!("REPLACE({}, 'a', {})", self.string(scope, next), self.text()),
            5 if !self.texts.is_empty() => {
                let function = self.texts.choose(&mut self.random).unwrap().clone();
                let argument = self.string(scope, next);
                self.call(&function, &argument)
            }
            6 => format!("CONCAT('', {})", self.int(scope, next)),
            _ => self.string(scope, 0),
        }
    }

    fn condition(&mut self, scope: &[Source], depth: u32) -> String {
        let next = depth.saturating_sub(1);
        match self.random.random_range(0..7) {
            0 => format!("{} = {}", self.int(scope, next), self.int(scope, next)),
            1 => format!("NOT {} BETWEEN 1 AND {}", self.int(scope, next), self.int(scope, next)),
            2 => format!("{} LIKE {}", self.string(scope, next), self.text()),
            3 if depth > 0 => {
                let (from, inner) = self.sources();
                let (left, right) = (self.int(scope, next), self.int(&inner, next));
                format!("{left} IN (SELECT {right} FROM {from})")
            }
            4 if depth > 0 => {
                let (from, inner) = self.sources();
                format!("EXISTS (SELECT 1 FROM {from} WHERE {})", self.condition(&inner, next))
            }
            5 => format!("{} > 0 OR {} IS NULL", self.int(scope, next), self.int(scope, next)),
            _ => "1".to_owned(),
        }
    }

    /// A statement of a body. `calls` says that it may return rows.
    fn statement(&mut self, depth: u32, calls: bool) -> String {
        let comment = match self.random.random_range(0..12) {
            0 => format!("/* {}.t ' */ ", self.database),
            1 => format!("-- {}.t '\n ", self.database),
            2 => format!("# `{}`.t \"\n ", self.database),
            _ => String::new(),
        };
        let none: &[Source] = &[];
        let said = match self.random.random_range(0..10) {
            0 | 1 => {
                let (from, scope) = self.sources();
                let (log, what) = (self.qualified("log"), self.string(&scope, 1));
                let word = self.one(&["INSERT INTO", "INSERT IGNORE INTO", "INSERT", "REPLACE INTO"]);
                format!("{word} {log} (what) SELECT MAX({what}) FROM {from}")
            }
            2 => format!("INSERT INTO {} SET what = {}", self.qualified("log"), self.string(none, 2)),
            3 => {
                let (from, source) = self.source(&[]);
                if from.starts_with('(') {
                    return self.statement(depth, calls);
                }
                let scope = [source];
                let (column, what) = (self.column(&scope, Some("note")), self.string(&scope, 1));
                format!("UPDATE {from} SET {column} = {what} WHERE {}", self.condition(&scope, 1))
            }
            4 => self.delete(),
            5 if !self.variables.is_empty() => {
                let variable = self.variables[0].clone();
                let (variable, what) = (self.id(&variable), self.int(none, 2));
                format!("SET {variable} = {what}")
            }
            6 if !self.variables.is_empty() => {
                let (from, scope) = self.sources();
                let variable = self.variables[0].clone();
                let (what, variable) = (self.column(&scope, None), self.id(&variable));
                format!("SELECT MAX({what}) INTO {variable} FROM {from}")
            }
            7 if depth > 0 => format!(
                "IF {} THEN {}; ELSE {}; END IF",
                self.condition(none, 1),
                self.statement(depth - 1, calls),
                self.statement(depth - 1, calls)
            ),
            8 if depth > 0 => {
                let label = self.tables[self.random.random_range(0..3)].clone();
                let (a, b, c) = (self.id(&label), self.id(&label), self.id(&label));
                format!("{a}: LOOP {}; LEAVE {b}; END LOOP {c}", self.statement(depth - 1, calls))
            }
            _ if calls => {
                let (from, scope) = self.sources();
                let (number, text) = (self.int(&scope, 1), self.string(&scope, 1));
                format!("SELECT COUNT({number}), MIN(HEX({text})) FROM {from}")
            }
            _ => format!("INSERT INTO {} (what) VALUES ({})", self.qualified("log"), self.string(none, 1)),
        };
        format!("{comment}{said}")
    }

    fn delete(&mut self) -> String {
        // One that names its target twice can end MySQL 9.7 itself.
        if self.engine == Engine::MySql {
            let condition = self.condition(&[], 1);
            return format!("DELETE FROM {} WHERE {condition}", self.qualified("log"));
        }
        let (from, source) = loop {
            let (from, source) = self.source(&[]);
            if !from.starts_with('(') {
                break (from, source);
            }
        };
        let scope = [source];
        let condition = self.condition(&scope, 0);
        let called = match &scope[0].table {
            Some(table) => self.qualified(&table.clone()),
            None => self.id(&scope[0].called.clone()),
        };
        format!("DELETE {called} FROM {from} WHERE {condition}")
    }

    /// `BEGIN … END` or one statement.
    fn body(&mut self, calls: bool, ends: &str) -> String {
        let mut text = "BEGIN ".to_owned();
        if self.may(2) {
            let variable = self.tables[self.random.random_range(0..3)].clone();
            let declared = format!("DECLARE {} INT DEFAULT {}; ", self.id(&variable), self.int(&[], 1));
            text += &declared;
            if self.may(2) {
                let (from, scope) = self.sources();
                let cursor = self.id("t");
                let column = self.column(&scope, None);
                let declared = format!("DECLARE {cursor} CURSOR FOR SELECT {column} FROM {from}; ");
                text += &declared;
            }
            self.variables.push(variable);
        }
        for _ in 0..self.random.random_range(1..4) {
            text += &self.statement(2, calls);
            text += "; ";
        }
        text + ends + "END"
    }

    fn object(&mut self, kind: &str, called: &str, number: usize) -> Creation {
        let own = self.qualified(called);
        let plain = name(called);
        let (sql, ask) = match kind {
            "FUNCTION" => self.function(called, &own),
            "PROCEDURE" => {
                let parameter = self.tables[self.random.random_range(0..3)].clone();
                self.variables.push(parameter.clone());
                let parameter = self.id(&parameter);
                let sql = format!("CREATE PROCEDURE {own}({parameter} INT) {}", self.body(true, ""));
                (sql, format!("CALL {plain}(2); CALL {plain}(NULL)"))
            }
            "VIEW" => self.view(&own, &plain),
            "TRIGGER" => {
                let table = self.tables[number % 3].clone();
                let (deed, row) = [("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")][number / 2 % 3];
                let (on, column) = (self.qualified(&table), self.id("note"));
                let (log, time) = (self.qualified("log"), self.one(&["BEFORE", "AFTER"]));
                let last = format!("INSERT INTO {log} (what) VALUES ({row}.{column}); ");
                let body = self.body(false, &last);
                let table = name(&table);
                (
                    format!("CREATE TRIGGER {own} {time} {deed} ON {on} FOR EACH ROW {body}"),
                    format!(
                        "INSERT INTO {table} (note) VALUES ('n'); UPDATE {table} SET note = 'u' WHERE id = 1; \
                         DELETE FROM {table} WHERE id = 2"
                    ),
                )
            }
            _ => {
                let body = self.body(false, "");
                (
                    format!("CREATE EVENT {own} ON SCHEDULE EVERY 1 DAY DISABLE COMMENT 'here' DO {body}"),
                    String::new(),
                )
            }
        };
        Creation {
            what: format!("{kind} {called}"),
            mode: self.mode.clone(),
            charset: self.charset,
            sql,
            ask,
        }
    }

    fn function(&mut self, called: &str, own: &str) -> (String, String) {
        let parameter = self.tables[self.random.random_range(0..3)].clone();
        let plain = name(called);
        let head = |kind: &str, written: &str| {
            format!("CREATE FUNCTION {own}({written} {kind}) RETURNS {kind} READS SQL DATA ")
        };
        if self.may(2) {
            self.variables.push(parameter.clone());
            let written = self.id(&parameter);
            let body = if self.may(2) {
                format!("RETURN {}", self.int(&[], 2))
            } else {
                let ends = format!("RETURN {}; ", self.int(&[], 1));
                let read = self.may(2);
                if read {
                    format!("BEGIN {ends}END")
                } else {
                    format!("BEGIN /* x */ IF {} THEN {ends}END IF; RETURN 7; END", self.condition(&[], 1))
                }
            };
            self.numbers.push(called.to_owned());
            (head("INT", &written) + &body, format!("SELECT {plain}(2), {plain}(NULL)"))
        } else {
            let written = self.id(&parameter);
            let body = format!("RETURN CONCAT({}, {written})", self.string(&[], 2));
            self.texts.push(called.to_owned());
            (head("VARCHAR(200)", &written) + &body, format!("SELECT HEX({plain}('é')), {plain}(NULL)"))
        }
    }

    fn view(&mut self, own: &str, plain: &str) -> (String, String) {
        let (from, scope) = self.sources();
        let (number, text) = (self.int(&scope, 2), self.string(&scope, 2));
        let constant = self.text();
        let (condition, alias) = (self.condition(&scope, 2), self.id("é"));
        let mut select = format!(
            "SELECT {number} AS a, HEX({text}) AS {alias}, HEX({constant}) AS c, COLLATION({constant}) AS d FROM {from} WHERE {condition}"
        );
        let other = self.random.random_range(0..8);
        if other < 2 {
            let (cte, of) = (self.tables[0].clone(), self.qualified("t"));
            let (a, b) = (self.id(&cte), self.id(&cte));
            select = format!(
                "WITH {a} AS (SELECT * FROM {of}) SELECT {b}.id AS a, {b}.note AS b, {b}.{b} AS c FROM {a}"
            );
        } else if other < 4 {
            select = format!("{select} UNION ALL SELECT 1, 2, 3, 4");
        }
        let security = self.one(&["", "ALGORITHM=MERGE ", "SQL SECURITY INVOKER "]);
        (
            format!("CREATE {security}VIEW {own} AS {select}"),
            format!("SELECT * FROM {plain} ORDER BY 1, 2, 3"),
        )
    }
}
