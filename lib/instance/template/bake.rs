//! Bakes one template, from an empty directory to the rename.
//!
//! ```text
//! in .ID: install, start behind a socket alone, accounts, load and compare, lock the loader, stop in order
//! check every file; write template.json; sync; rename to KEY
//! ```
//!
//! The caller holds the template's lock. So `.ID` can only hold what a killed run left, and is removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Timestamp;
use walkdir::WalkDir;

use super::facts::{TemplateFacts, dumps_of, id_of, identity};
use crate::engine::{self, Brand, DetachedServer, ServerProgram};
use crate::house::House;
use crate::instance::error::Error;
use crate::instance::home::{InstanceHome, RESERVE_BYTES, remove, within_room, write_json};
use crate::instance::serve::{ADMIN, LOADER, admin_lines, lock_loader};
use crate::mysql::{Engine, Server, Session};
use crate::restore::ChosenDump;
use crate::sql::{name, plain_literal};

/// Estimated bytes of tables and keys on disk for each byte of SQL.
const DISK_PER_SQL_BYTE: u64 = 2;

/// Bytes of a data directory without any data: system tables, logs.
const EMPTY_BYTES: u64 = 256 << 20;

/// Files that a server makes anew or that copies must not share: `auto.cnf` holds the server's UUID.
const LEFT_OUT: [&str; 2] = ["auto.cnf", "ib_buffer_pool"];

/// Bakes a template at `directory`.
pub(super) fn bake(
    house: &House,
    home: &InstanceHome,
    program: &ServerProgram,
    dump: &ChosenDump,
    directory: &Path,
) -> Result<(), Error> {
    let began = Instant::now();
    refuse_system(dump)?;
    engine::refuse_confined(&program.path, &home.root)?;
    // A short name, since a socket's path has 107 bytes at most.
    let key = directory.file_name().unwrap_or_default().to_string_lossy();
    let partial = directory.with_file_name(format!(".{}", id_of(&key)));
    let data = engine::data_in(&partial);
    engine::stop(&data)?;
    remove(&partial)?;
    // A killed run may have left half a template here that it was removing.
    remove(directory)?;
    home.refuse_full(
        dump.manifest()
            .plain_bytes
            .saturating_mul(DISK_PER_SQL_BYTE)
            .saturating_add(EMPTY_BYTES + RESERVE_BYTES),
    )?;
    home.make(&partial)?;
    let (file, brand) = (dump.section().name, program.brand.title());
    house.progress.say(&format!("baking {file} with {brand} {}", program.version));
    let made = within_room(home, &data, &house.cancel, |_| fill(house, home, program, dump, &partial));
    if made.is_err() {
        engine::stop(&data)?;
        remove(&partial)?;
    }
    let tables = made?;
    let manifest = dump.manifest();
    let facts = TemplateFacts {
        dump: file,
        dump_sha256: identity(dump),
        dumps: dumps_of(house),
        program: program.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        baked_at: Timestamp::now(),
        seconds: began.elapsed().as_secs_f64(),
        databases: manifest.databases.iter().map(|database| database.name.clone()).collect(),
        rows: tables.iter().map(|table| table.rows).sum(),
        tables,
        bytes: bytes_of(&data)?,
    };
    write_json(&partial.join("template.json"), &facts)?;
    engine::sync_file_system(&partial)?;
    fs::rename(&partial, directory).map_err(Error::file("name", directory))?;
    engine::sync_file_system(directory)?;
    house.progress.say(&format!(
        "baked {} tables, {} rows in {:.1} s",
        facts.tables.len(),
        facts.rows,
        began.elapsed().as_secs_f64()
    ));
    Ok(())
}

fn fill(
    house: &House,
    home: &InstanceHome,
    program: &ServerProgram,
    dump: &ChosenDump,
    partial: &Path,
) -> Result<Vec<crate::document::TableDigest>, Error> {
    let data = engine::data_in(partial);
    program.install(&data, home.user)?;
    house.cancel.check()?;
    let [admin, loader] = [(); 2].map(|()| engine::new_password());
    let service = DetachedServer {
        program,
        home: partial,
        user: home.user,
        listen: None,
        settings: settings(program),
        before: accounts(program, dump, &admin, &loader),
    };
    service.start(&house.cancel)?;
    let socket = engine::socket_in(partial);
    let mut session = Server::at_socket(&socket, ADMIN, &admin).connect()?;
    let loads = Server::at_socket(&socket, LOADER, &loader);
    // The redo log is not needed for the load: after any failure the template is baked anew.
    let mysql = session.engine() == Engine::MySql;
    let unlogged = mysql && session.attempt("ALTER INSTANCE DISABLE INNODB REDO_LOG");
    let tables = dump.load(house, &mut session, &loads)?;
    if unlogged {
        session.run("switching the redo log on again", "ALTER INSTANCE ENABLE INNODB REDO_LOG")?;
    }
    close(&mut session)?;
    drop(session);
    if !engine::stops_in_order(partial)? {
        let why = "its server did not stop in order".to_owned();
        return Err(Error::NoTemplate { dump: dump.section().name, why });
    }
    refuse_links(dump, &data)?;
    for file in LEFT_OUT {
        let _ = fs::remove_file(data.join(file));
    }
    engine::forget_doublewrites(&data);
    for folder in ["run", "tmp", "files"] {
        remove(&partial.join(folder))?;
    }
    Ok(tables)
}

/// Returns option-file lines for the load. Nothing waits for the disk: after a crash the next run bakes anew.
fn settings(program: &ServerProgram) -> String {
    let mut lines = "skip-log-bin\nskip-name-resolve\ncharacter-set-server=utf8mb4\ninnodb-buffer-pool-size=256M\n\
                     innodb-flush-log-at-trx-commit=0\nperformance-schema=OFF\nlocal-infile=1\nmax-allowed-packet=1G\n\
                     innodb-buffer-pool-dump-at-shutdown=OFF\n"
        .to_owned();
    if program.brand == Brand::Mysql {
        lines.push_str("innodb-doublewrite=OFF\n");
    }
    lines
}

/// Returns statements that make our account and the loader's, which has rights on the dump's databases alone, and that drop the
/// accounts of the installation.
fn accounts(program: &ServerProgram, dump: &ChosenDump, admin: &str, loader: &str) -> String {
    let account = format!("'{LOADER}'@'localhost'");
    let mut lines = format!("CREATE USER {account} IDENTIFIED BY {};\n", plain_literal(loader));
    for database in &dump.manifest().databases {
        let pattern = database.name.replace('_', "\\_").replace('%', "\\%");
        lines.extend(["GRANT ALL ON ", &name(&pattern), ".* TO ", &account, ";\n"]);
    }
    lines.push_str(engine::without_installed(program.brand));
    lines + &admin_lines(admin)
}

/// Locks the account of the load: nobody logs in to a template.
fn close(session: &mut Session) -> Result<(), Error> {
    lock_loader(session)
}

/// Fails if the dump holds one of the server's own databases.
fn refuse_system(dump: &ChosenDump) -> Result<(), Error> {
    let mut databases = dump.manifest().databases.iter();
    let Some(own) = databases.find(|database| engine::is_the_servers_own(&database.name)) else {
        return Ok(());
    };
    let why = format!("{} is the server's own database", own.name);
    Err(Error::NoTemplate { dump: dump.section().name, why })
}

/// Fails if a table's file lies outside the data directory, since all copies would share it. The dump reader refuses DATA
/// DIRECTORY and the loader has no right to it; this checks the result.
fn refuse_links(dump: &ChosenDump, data: &Path) -> Result<(), Error> {
    let Some(link) = link_in(data)? else { return Ok(()) };
    let why = format!("{} is a link out of its data directory", link.display());
    Err(Error::NoTemplate { dump: dump.section().name, why })
}

/// Returns the first link in a data directory: a symbolic link, InnoDB's `.isl` file, or anything that is no file or directory.
fn link_in(data: &Path) -> Result<Option<PathBuf>, Error> {
    for entry in WalkDir::new(data).sort_by_file_name() {
        let entry = entry.map_err(|e| Error::file("read", data)(e.into()))?;
        let link = entry.path().extension().is_some_and(|end| end == "isl");
        if link || !(entry.file_type().is_dir() || entry.file_type().is_file()) {
            return Ok(Some(entry.into_path()));
        }
    }
    Ok(None)
}

/// Returns the bytes that a directory takes on the disk.
fn bytes_of(directory: &Path) -> Result<u64, Error> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for entry in WalkDir::new(directory) {
        let found = entry.and_then(|entry| entry.metadata());
        bytes += found.map_err(|e| Error::file("read", directory)(e.into()))?.blocks() * 512;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_out_of_a_data_directory_is_found() {
        let data = tempfile::tempdir().unwrap();
        let app = data.path().join("app");
        fs::create_dir(&app).unwrap();
        fs::write(app.join("t.ibd"), "").unwrap();
        assert_eq!(link_in(data.path()).unwrap(), None);
        fs::write(app.join("u.isl"), "/elsewhere/app/u.ibd").unwrap();
        assert_eq!(link_in(data.path()).unwrap(), Some(app.join("u.isl")));
        fs::remove_file(app.join("u.isl")).unwrap();
        std::os::unix::fs::symlink("/elsewhere/app/v.MYD", app.join("v.MYD")).unwrap();
        assert_eq!(link_in(data.path()).unwrap(), Some(app.join("v.MYD")));
    }
}
