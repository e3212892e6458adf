//! Statements of the application that somebody saved: where the traffic is there are digests, and a restored copy has none.
//!
//! In: a file of digests (tab-separated: database, statement), or a general or slow log. Out: pairs of database, if it is known, and
//! statement, each kind once.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::plan::error::Error;

/// Longer lines are cut: a statement of a million characters joins nothing that shorter ones do not.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// The same for a statement of many lines.
const STATEMENT_BYTES_MAX: usize = 1 << 20;

/// More kinds of statements say nothing new.
const STATEMENTS_MAX: usize = 100_000;

/// What a general log writes before a statement.
const COMMANDS: &[&str] = &["Query\t", "Execute\t", "Prepare\t"];

/// Where statements come from beside the server.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Evidence {
    /// Digests of statements saved where the traffic is, a database and a statement a line, by:
    /// mysql -N -B -e "SELECT SCHEMA_NAME, DIGEST_TEXT FROM performance_schema.events_statements_summary_by_digest" > FILE
    #[arg(long, value_name = "FILE")]
    pub digests: Option<PathBuf>,

    /// A slow query log or a general log of the same application
    #[arg(long, value_name = "FILE")]
    pub queries: Option<PathBuf>,
}

/// A statement, and the database that it ran in, if it is known.
pub(crate) type SeenStatement = (Option<String>, String);

impl Evidence {
    /// All statements of the files, each kind once.
    pub(crate) fn statements(&self) -> Result<Vec<SeenStatement>, Error> {
        let mut all = Kinds::default();
        if let Some(path) = &self.digests {
            lines(path, |line| all.digest(line))?;
        }
        if let Some(path) = &self.queries {
            lines(path, |line| all.logged(line))?;
            all.end();
        }
        Ok(all.found)
    }
}

fn lines(path: &Path, mut each: impl FnMut(&str)) -> Result<(), Error> {
    let fail = |source| Error::Statements { path: path.display().to_string(), source };
    let mut reader = BufReader::new(File::open(path).map_err(fail)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(fail)?;
        if read == 0 {
            return Ok(());
        }
        each(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
    }
}

/// Statements, each kind once: the same but for numbers and texts in it is the same kind.
#[derive(Default)]
struct Kinds {
    found: Vec<SeenStatement>,
    known: HashSet<(Option<String>, String)>,
    database: Option<String>,
    open: String,
}

impl Kinds {
    /// A line of a tab-separated file as the stock client writes it.
    fn digest(&mut self, line: &str) {
        let (database, text) =
            line.split_once('\t').map_or((None, line), |(database, text)| (Some(database), text));
        let database = database.filter(|name| !name.is_empty() && *name != "NULL").map(str::to_owned);
        let text = text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\");
        self.add(database, &text);
    }

    /// A line of a log.
    fn logged(&mut self, line: &str) {
        if line.starts_with('#') || line.starts_with("SET timestamp=") {
            return self.end();
        }
        if let Some((_, name)) = line.split_once("Init DB\t") {
            self.end();
            self.database = Some(name.trim().to_owned());
            return;
        }
        // `2026-11-23T10:00:00.000Z    12 Query   SELECT …`
        let command = COMMANDS.iter().find_map(|command| line.split_once(*command));
        if let Some((_, text)) = command.filter(|(before, _)| before.len() < 60 && !before.contains('`')) {
            self.end();
            text.clone_into(&mut self.open);
            return;
        }
        let used = line.strip_prefix("use ").or_else(|| line.strip_prefix("USE "));
        if let Some(name) = used.and_then(|rest| rest.strip_suffix(';')) {
            self.end();
            self.database = Some(name.trim_matches(['`', ' ']).to_owned());
            return;
        }
        if self.open.len() < STATEMENT_BYTES_MAX {
            self.open.push('\n');
            self.open.push_str(line);
        }
        if line.trim_end().ends_with(';') {
            self.end();
        }
    }

    fn end(&mut self) {
        let text = std::mem::take(&mut self.open);
        let database = self.database.clone();
        self.add(database, text.trim().trim_end_matches(';'));
    }

    fn add(&mut self, database: Option<String>, text: &str) {
        // A statement that joins nothing says nothing.
        if self.found.len() < STATEMENTS_MAX
            && text.contains('=')
            && text.contains('.')
            && self.known.insert((database.clone(), kind(text)))
        {
            self.found.push((database, text.to_owned()));
        }
    }
}

/// A statement without its numbers and texts.
fn kind(text: &str) -> String {
    let mut kind = String::new();
    let mut quote = None;
    let mut before = ' ';
    for c in text.chars() {
        // A digit of a name tells columns apart: `user_id1`.
        let named = before.is_alphanumeric() || before == '_' || before == '$';
        before = if c.is_ascii_digit() && !named { ' ' } else { c };
        match (quote, c) {
            (Some('`'), c) => {
                kind.push(c);
                quote = Some('`').filter(|_| c != '`');
            }
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '`') => {
                quote = Some(c);
                kind.push(c);
            }
            (None, '\'' | '"') => {
                quote = Some(c);
                kind.push('?');
            }
            (None, c) if (c.is_ascii_digit() && !named) || c.is_whitespace() => {}
            (None, c) => kind.push(c),
        }
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(each: fn(&mut Kinds, &str), text: &str) -> Vec<(String, String)> {
        let mut all = Kinds::default();
        text.lines().for_each(|line| each(&mut all, line));
        all.end();
        all.found.into_iter().map(|(database, text)| (database.unwrap_or_default(), text)).collect()
    }

    #[test]
    fn digests_come_as_the_stock_client_writes_them() {
        let found =
            of(Kinds::digest, "app\tSELECT ? FROM `a`\\nJOIN `b` ON `a` . `x` = `b` . `y`\nNULL\tSELECT ?\n");
        assert_eq!(
            found,
            [("app".to_owned(), "SELECT ? FROM `a`\nJOIN `b` ON `a` . `x` = `b` . `y`".to_owned())]
        );
    }

    #[test]
    fn a_slow_log_and_a_general_log_give_the_statements_each_kind_once() {
        let slow = "# Time: 2026-11-23T10:00:00\n# User@Host: app[app]\nuse app;\nSET timestamp=1;\n\
                    SELECT * FROM a\nJOIN b ON a.x = b.y WHERE b.y = 7;\n# Time: x\nSET timestamp=2;\n\
                    SELECT * FROM a\nJOIN b ON a.x = b.y WHERE b.y = 12;\n";
        let found = of(Kinds::logged, slow);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, "app");
        assert!(found[0].1.starts_with("SELECT * FROM a\nJOIN b"), "{found:?}");
        let two = "SELECT * FROM a, b WHERE a.id1 = b.id;\nSELECT * FROM a, b WHERE a.id2 = b.id;\n\
                   SELECT * FROM a, b WHERE a.`2nd` = b.id AND b.n = 12;\nSELECT * FROM a, b WHERE a.`2nd` = b.id AND b.n = 7;\n";
        assert_eq!(of(Kinds::logged, two).len(), 3, "a digit of a name is no value");
        let general = "2026-11-23T10:00:00.1Z\t   12 Init DB\tshop\n2026-11-23T10:00:00.2Z\t   12 Query\tSELECT 1 FROM a, b WHERE a.x = b.y\n\
                       \t\t   12 Query\tSELECT 1\n";
        let found = of(Kinds::logged, general);
        assert_eq!(found, [("shop".to_owned(), "SELECT 1 FROM a, b WHERE a.x = b.y".to_owned())]);
    }
}
