//! The commands beside the pipe: list, verify, cat, keygen, rotate.
//!
//! In: the dump directory. Out: text on stdout: for people, one name a line (`--plain`), or JSON.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::Error;
use super::run::{apply, decisions};
use crate::archive::{self, DumpFile, DumpStore, KeyPair, ListedDump, Purpose, Trust};
use crate::dump;
use crate::house::House;
use crate::mysql::Server;

/// What to do instead of dumping.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum RotateAction {
    /// List the whole dumps, newest first; reads only their tails
    List {
        /// One file name a line
        #[arg(long, conflicts_with = "json")]
        plain: bool,
        /// One JSON array of the dumps
        #[arg(long)]
        json: bool,
    },
    /// Read dumps back: the hash, length and checksum of every member; with --deep, whether they restore
    Verify {
        /// Load each into scratch databases of the target, compare every table's rows, and drop them again
        #[arg(long, requires = "target")]
        deep: bool,
        /// A target of the configuration, for --deep; its own database is not touched
        #[arg(long, value_name = "TARGET", requires = "deep")]
        target: Option<String>,
        /// Dumps: file names in the dump directory, paths, or `latest`
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
    },
    /// Write SQL to stdout: one table's, reading only that part of the file, or all of it for a database of another name
    Cat {
        /// The table, or database.table
        #[arg(long, value_name = "TABLE", required_unless_present = "database")]
        table: Option<String>,
        /// What the database is to be called: `mydump-rotate cat --as scratch FILE | mysql`
        #[arg(long = "as", value_name = "NAME", conflicts_with = "table")]
        database: Option<String>,
        /// A file name in the dump directory, a path, or `latest`
        #[arg(value_name = "FILE")]
        file: String,
    },
    /// Make a pair of keys: with the private one dumps are signed, with the public one they are believed
    Keygen {
        /// Where the private key goes; the file must not be there. Without it, the key is the first thing on stdout
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// What people call the key
        #[arg(long = "as", value_name = "WORD", default_value = "")]
        name: String,
    },
    /// Remove dumps that are too old, as after a dump; with --dry-run only say which, and why
    Rotate,
}

impl RotateAction {
    /// True for a command that writes SQL for another program. Its output is not changed, control characters included.
    pub fn is_sql(&self) -> bool {
        matches!(self, Self::Cat { .. })
    }
}

/// Performs one of the commands and writes its output to `out`.
pub fn perform(
    house: &House,
    deed: &RotateAction,
    wish: &dump::Options,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let trust = Trust::of(&house.config);
    let directory = |purpose| archive::directory(&house.config, wish.dir.as_deref(), purpose);
    let find = |file: &str| {
        let name = wish.name.as_ref().or(house.config.dump.name.as_ref());
        archive::find(house, || directory(Purpose::Reading), name.map(String::as_str), file)
    };
    match deed {
        RotateAction::List { plain, json } => {
            let dumps = archive::list(&directory(Purpose::Reading)?, wish.name.as_deref(), trust)?;
            match (plain, json) {
                (true, _) => dumps.iter().try_for_each(|dump| writeln!(out, "{}", dump.file))?,
                (_, true) => {
                    // `name` has always been what the file's name begins with here, and the file's name in `dev-restore list`.
                    let all = dumps.iter().map(|dump| dump.json(&dump.name)).collect();
                    writeln!(out, "{:#}", Value::Array(all))?;
                }
                _ => table(&dumps, out)?,
            }
        }
        RotateAction::Verify { files, target, .. } => {
            let server = target.as_deref().map(|name| server_of(house, name)).transpose()?;
            for file in files {
                verify(house, &find(file)?, server.as_ref(), out)?;
            }
        }
        RotateAction::Cat { table, database, file } => {
            let dump = trust.open(&find(file)?)?;
            table.iter().try_for_each(|table| cat(&dump, table, out))?;
            database.iter().try_for_each(|database| dump::write_as(&dump, database, out))?;
        }
        RotateAction::Keygen { out: file, name } => keygen(file.as_deref(), name, out)?,
        RotateAction::Rotate => rotate(house, &directory(Purpose::Writing)?, wish.name.as_deref(), out)?,
    }
    Ok(())
}

fn verify(house: &House, path: &Path, server: Option<&Server>, out: &mut dyn Write) -> Result<(), Error> {
    let dump = archive::verify(house, path, 2)?;
    let signed = Trust::of(&house.config).signer(&dump);
    let signed = signed.map_or_else(|| "not signed".to_owned(), |who| format!("signed by {who}"));
    let (rows, members) = (dump.manifest().rows, dump.manifest().members.len());
    writeln!(out, "{}: whole, {members} members, {rows} rows, {signed}", path.display())?;
    if let Some(server) = server {
        dump::restores(house, &dump, server)?;
        let tables = dump.manifest().tables.len();
        writeln!(out, "{}: restores on {}, {tables} tables", path.display(), server.label())?;
    }
    Ok(())
}

/// Makes a key pair, and writes the lines for refresh.toml to `out`. Without `file`, the private key goes to `out` too.
fn keygen(file: Option<&Path>, name: &str, out: &mut dyn Write) -> Result<(), Error> {
    let pair = KeyPair::generate().ok_or(archive::Error::NoRandomness)?;
    match file {
        Some(file) => {
            pair.write(file)?;
            let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
            writeln!(
                out,
                "# where dumps are written, for whoever writes them alone:\n[dump]\nsign = {{ file = {:?} }}\n",
                path.display().to_string()
            )?;
        }
        None => write!(out, "{}", pair.private())?,
    }
    writeln!(
        out,
        "# where they are read; key {}:\n[dump]\ntrust = [{:?}]",
        pair.fingerprint(),
        pair.entry(name)
    )?;
    Ok(())
}

/// Returns the server of a configured target. No other server can be named: databases are created and dropped there.
fn server_of(house: &House, name: &str) -> Result<Server, Error> {
    let Some(target) = house.config.targets.get(name) else {
        let known: Vec<&str> = house.config.targets.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "it has none".to_owned() } else { known.join(", ") };
        return Err(Error::Usage(format!("the configuration has no [targets.{name}]: {known}")));
    };
    Ok(Server::of_config(&target.server)?)
}

/// Writes the list for people: one line for each dump, numbers right-aligned.
fn table(dumps: &[ListedDump], out: &mut dyn Write) -> std::io::Result<()> {
    let width = dumps.iter().map(|dump| dump.file.len()).max().unwrap_or(4).max(4);
    writeln!(
        out,
        "{:width$}  {:<20}  {:>10}  {:>12}  {:>6}  DATABASES",
        "FILE", "AS OF", "SIZE", "ROWS", "TABLES"
    )?;
    for dump in dumps {
        writeln!(
            out,
            "{:width$}  {:<20}  {:>10}  {:>12}  {:>6}  {}{}",
            dump.file,
            dump.as_of.to_string(),
            indicatif::HumanBytes(dump.bytes).to_string(),
            dump.rows,
            dump.tables,
            dump.databases.join(" "),
            if dump.fallback { "  (fallback snapshot)" } else { "" }
        )?;
    }
    Ok(())
}

/// Writes the SQL of one table: definition, rows, keys.
fn cat(dump: &DumpFile, wish: &str, out: &mut dyn Write) -> Result<(), Error> {
    let manifest = dump.manifest();
    let named = |entry: &archive::TableEntry| {
        entry.table == wish || wish.split_once('.') == Some((entry.database.as_str(), entry.table.as_str()))
    };
    let found: Vec<usize> = (0..manifest.tables.len()).filter(|i| named(&manifest.tables[*i])).collect();
    let [position] = found[..] else {
        let problem = if found.is_empty() { "has no table" } else { "has more than one table" };
        return Err(Error::NotThere(format!("{} {problem} {wish}", dump.path().display())));
    };
    let table = &manifest.tables[position];
    for statement in &manifest.session {
        writeln!(out, "{statement};")?;
    }
    writeln!(out, "{};", table.create)?;
    for member in manifest.members_of(position) {
        std::io::copy(&mut dump.member(member)?, out)?;
    }
    for clauses in table.indexes.iter().chain(std::iter::once(&table.foreign_keys)) {
        if !clauses.is_empty() {
            writeln!(out, "ALTER TABLE {}\n  {};", crate::sql::name(&table.table), clauses.join(",\n  "))?;
        }
    }
    Ok(())
}

fn rotate(house: &House, directory: &Path, wish: Option<&str>, out: &mut dyn Write) -> Result<(), Error> {
    let names: BTreeSet<String> = match wish {
        Some(name) => BTreeSet::from([name.to_owned()]),
        None => archive::list(directory, None, Trust::of(&house.config))?
            .into_iter()
            .map(|dump| dump.name)
            .collect(),
    };
    for name in names {
        // A dry run takes no lock, so that it also works while a dump is being written.
        let store = if house.dry_run { None } else { Some(DumpStore::open(directory, &name)?) };
        let decisions = decisions(&house.config, directory, &name)?;
        if let Some(store) = &store {
            apply(store, &decisions)?;
        }
        for decision in &decisions {
            let word = match (decision.keep, house.dry_run) {
                (true, _) => "keep",
                (false, true) => "would remove",
                (false, false) => "removed",
            };
            writeln!(out, "{word:<12}  {}  {}", decision.file, decision.reason)?;
        }
    }
    Ok(())
}
