//! What a dotted name stands for: a table of a database, a routine of a database, or a column of a table.
//!
//! In: the code of a statement, as a server or its author wrote it. Out: its [`Reference`]s: tables, and other objects
//! where the grammar expects one (views, routines, triggers, events, sequences), with or without a database. Functions
//! that are called in expressions are included only if they have a database.
//!
//! ```text
//! a.b.c, a.b.*           a is a database, wherever it stands
//! a.b (                  a routine b of the database a; a table, where a table is expected
//! a.b                    where a table is expected: a table b of the database a. Elsewhere: a column b of a table a
//! ```
//!
//! A table is expected behind words such as FROM, JOIN, INTO and UPDATE, and behind a comma of such a list, on the same
//! level of parentheses. The rest of the grammar is not parsed. A bare word of the lists below is always read as the
//! keyword: servers quote names that are keywords, but authors may not.

use crate::sql::lexer::{Token, TokenKind};

/// A table, a routine or another object that a statement names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference {
    /// Which token is the database, if there is one.
    pub(super) database: Option<usize>,
    /// Which token is the name.
    pub(super) name: usize,
    /// Whether it is a function called in an expression, `db.f(…)`. False for tables, and for routines behind CALL and
    /// DROP PROCEDURE.
    pub(super) is_call: bool,
}

/// Words that may stand between such a keyword and the table.
const BETWEEN: &[&str] = &[
    "IF",
    "NOT",
    "EXISTS",
    "IGNORE",
    "LOW_PRIORITY",
    "HIGH_PRIORITY",
    "DELAYED",
    "QUICK",
    "ONLY",
    "LATERAL",
];

/// Words behind which one table or routine is expected, or a list of tables.
const ONE: &[&str] = &[
    "JOIN",
    "STRAIGHT_JOIN",
    "INTO",
    "CALL",
    "DESCRIBE",
    "REFERENCES",
    "PROCEDURE",
    "FUNCTION",
    "TRIGGER",
    "EVENT",
    "SEQUENCE",
];
const SEVERAL: &[&str] = &["FROM", "TABLE", "TABLES", "VIEW", "USING"];

/// Words that end a list of tables.
const ENDS: &[&str] = &[
    "WHERE",
    "HAVING",
    "GROUP",
    "ORDER",
    "LIMIT",
    "WINDOW",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "VALUES",
    "SELECT",
    "SET",
    "DO",
    "THEN",
    "ELSE",
    "BEGIN",
    "WHEN",
    "RETURN",
    "LOOP",
    "REPEAT",
    "WHILE",
    "END",
];

/// Functions whose arguments may have a FROM.
const WITH_FROM: &[&str] = &["TRIM", "EXTRACT", "SUBSTRING", "SUBSTR", "MID"];

/// Functions whose argument is a sequence.
const OF_SEQUENCES: &[&str] = &["NEXTVAL", "LASTVAL", "SETVAL"];

/// What is expected on one level of parentheses.
#[derive(Debug, Clone, Copy, Default)]
struct ParenLevel {
    /// Whether the next name is that of a table.
    expects: bool,
    /// Whether another table is expected behind a comma.
    list: bool,
    /// Whether FROM is part of a function's arguments, as in TRIM(… FROM …), and begins no list of tables.
    from_is_an_argument: bool,
}

/// Finds the references in the code of one or several statements.
pub(super) fn references(sql: &str, code: &[Token]) -> Vec<Reference> {
    let mut reading = ReferenceReader {
        sql,
        code,
        levels: vec![ParenLevel::default()],
        on: false,
        renames: false,
        found: Vec::new(),
    };
    let mut at = 0;
    while at < code.len() {
        at = reading.step(at);
    }
    reading.found
}

struct ReferenceReader<'a> {
    sql: &'a str,
    code: &'a [Token],
    levels: Vec<ParenLevel>,
    /// Whether the next `ON` is in front of the table of a trigger or an index.
    on: bool,
    /// Whether a `TO` is in front of a table's new name.
    renames: bool,
    found: Vec<Reference>,
}

impl ReferenceReader<'_> {
    fn is(&self, at: usize, symbol: u8) -> bool {
        self.code.get(at).is_some_and(|token| token.is(symbol))
    }

    fn is_word(&self, at: usize, words: &[&str]) -> bool {
        self.code.get(at).is_some_and(|token| words.iter().any(|word| token.is_word(self.sql, word)))
    }

    fn is_name(&self, at: usize) -> bool {
        self.code.get(at).is_some_and(|token| matches!(token.kind, TokenKind::Word | TokenKind::Name))
    }

    fn follows(&self, at: usize, words: &[&str]) -> bool {
        at > 0 && self.is_word(at - 1, words)
    }

    fn level(&mut self) -> &mut ParenLevel {
        if self.levels.is_empty() {
            self.levels.push(ParenLevel::default());
        }
        self.levels.last_mut().expect("there is one")
    }

    /// Reads what begins at `at`, and returns where the next thing begins.
    fn step(&mut self, at: usize) -> usize {
        let kind = self.code[at].kind;
        match kind {
            TokenKind::Symbol(symbol) => {
                self.symbol(symbol, at);
                at + 1
            }
            // The variable of a session, or a host: names behind its points belong to it.
            TokenKind::Word | TokenKind::Name if at > 0 && self.is(at - 1, b'@') => self.end_of_name(at),
            TokenKind::Word if !self.is(at + 1, b'.') && self.take_keyword(at) => at + 1,
            TokenKind::Word | TokenKind::Name => self.name(at),
            _ => {
                self.level().expects = false;
                at + 1
            }
        }
    }

    fn symbol(&mut self, symbol: u8, at: usize) {
        match symbol {
            b'(' => {
                let outer = std::mem::take(&mut self.level().expects);
                let inner = ParenLevel {
                    expects: outer || self.follows(at, OF_SEQUENCES),
                    list: outer,
                    from_is_an_argument: self.follows(at, WITH_FROM),
                };
                self.levels.push(inner);
            }
            b')' => drop(self.levels.pop()),
            b',' => {
                let level = self.level();
                level.expects = level.list;
            }
            b';' => {
                self.levels = vec![ParenLevel::default()];
                (self.on, self.renames) = (false, false);
            }
            _ => self.level().expects = false,
        }
    }

    /// Reads the word as a keyword and sets what is expected behind it. False if it is no keyword.
    fn take_keyword(&mut self, at: usize) -> bool {
        let is_called = self.is(at + 1, b'(');
        if self.is_word(at, &["FROM"]) && self.level().from_is_an_argument {
            return true;
        }
        let (expects, list) = if self.is_word(at, SEVERAL) {
            (true, true)
        } else if self.is_word(at, ONE) {
            let list = self.level().list && self.is_word(at, &["JOIN", "STRAIGHT_JOIN"]);
            self.on |= self.is_word(at, &["TRIGGER"]);
            (true, list)
        } else if self.is_word(at, &["INSERT", "REPLACE", "TRUNCATE"]) && !is_called {
            (!self.follows(at, &["BEFORE", "AFTER", "OR"]) || self.is_word(at, &["REPLACE"]), false)
        } else if self.is_word(at, &["DELETE"]) {
            let of_trigger = self.follows(at, &["BEFORE", "AFTER", "OR"]);
            (!of_trigger, !of_trigger)
        } else if self.is_word(at, &["UPDATE"]) {
            let is_statement = !self.follows(at, &["KEY", "ON", "FOR", "BEFORE", "AFTER", "OR"]);
            (is_statement, is_statement)
        } else if self.is_word(at, &["ON"]) {
            (std::mem::take(&mut self.on), self.level().list)
        } else if self.is_word(at, &["FOR"]) {
            (self.follows(at, &["VALUE"]), false)
        } else if self.is_word(at, &["OF"]) {
            (self.follows(at, &["TYPE"]) && at > 1 && self.is_word(at - 2, &["ROW"]), false)
        } else if self.is_word(at, &["TO"]) && self.renames {
            (true, true)
        } else if self.is_word(at, &["LIKE"]) && self.is_behind_new_table(at) {
            (true, false)
        } else if self.is_word(at, ENDS) {
            (false, false)
        } else {
            self.note_context(at);
            return self.is_word(at, BETWEEN) && self.level().expects && !is_called;
        };
        let level = self.level();
        (level.expects, level.list) = (expects, list);
        true
    }

    /// Remembers INDEX and RENAME, which decide what a later ON or TO means.
    fn note_context(&mut self, at: usize) {
        let is_index =
            self.is_word(at, &["INDEX"]) && self.follows(at, &["CREATE", "UNIQUE", "FULLTEXT", "SPATIAL"]);
        self.on |= is_index;
        self.renames |= self.is_word(at, &["RENAME"]);
    }

    /// Whether the last name was that of a new table: `CREATE TABLE name LIKE`.
    fn is_behind_new_table(&self, at: usize) -> bool {
        self.found.last().is_some_and(|last| {
            let first = last.database.unwrap_or(last.name);
            last.name + 1 == at && (self.follows(first, &["TABLE", "EXISTS"]))
        })
    }

    /// Where a dotted name ends.
    fn end_of_name(&self, at: usize) -> usize {
        let mut end = at + 1;
        while self.is(end, b'.') && self.is_name(end + 1) {
            end += 2;
        }
        end
    }

    fn name(&mut self, at: usize) -> usize {
        let end = self.end_of_name(at);
        let expects = std::mem::take(&mut self.level().expects);
        let parts = (end - at).div_ceil(2);
        let all_columns = self.is(end, b'.') && self.is(end + 1, b'*');
        let is_row_type = self.is(end, b'%') && self.is_word(end + 1, &["ROWTYPE"]);
        let is_call = !expects && self.is(end, b'(');
        let database = match parts {
            1 if expects => None,
            2 if expects || is_call || all_columns || is_row_type => Some(at),
            3.. => Some(at),
            _ => return end,
        };
        let name = database.map_or(at, |at| at + 2);
        self.found.push(Reference { database, name, is_call: is_call && parts == 2 });
        end
    }
}
