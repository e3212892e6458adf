//! `rds-local copy`: makes a throw-away copy of a live server, with an account of its own to log in with.
//!
//! ```text
//! look at the source -> journal -> directory, marker -> clone | backup | dump -> start at a port of this host
//!   -> account, token -> journal, document
//! ```
//!
//! In: the flags. Out: the document's `cluster` and `resources`. A kill at any point leaves a journal entry, by which `rds-local
//! drop` finds the copy. A failure removes the copy; if that fails too, the entry stays.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Map;

use super::options::CopyOptions;
use super::place::{self, CopyDirectory, Marker, id_of};
use super::source::{CopySource, NOTHING_REMOTE};
use super::ways::{self, CopyMethod};
use super::{backup, clone, dump};
use crate::claim;
use crate::document::{Cluster, Document, Done, LOCAL_COPY, Login, Resource, Snapshot, ThrowAwayCopy, chain};
use crate::engine::{self, DetachedServer, HostUser, Listen, ServerProgram};
use crate::house::House;
use crate::mysql::{self, Server, Session};
use crate::rds_local::error::Error;
use crate::sql::{hex, plain_literal};

/// Name of our own account, which logs in over the socket only.
const ADMIN: &str = "refreshkit_admin";
/// Name of the account that the rest of the pipe logs in with. It has the rights of a master user of RDS.
const USER: &str = "refreshkit_copy";
const HOST: &str = "127.0.0.1";
/// Users to run the copy as if the tool is root, without `--run-as`; the first that exists is taken.
const USERS: [&str; 2] = ["refreshkit", "mysql"];
/// Bytes of a data directory without any data: system tables, logs.
const EMPTY_BYTES: u64 = 256 << 20;
/// How many more ports are tried if another process takes the chosen one first.
const PORTS: usize = 5;

/// Makes a copy of the configured source, and writes it into the document.
pub(in crate::rds_local) fn make(
    house: &House,
    document: &mut Document,
    options: &CopyOptions,
) -> Result<Done, Error> {
    let begun = Timestamp::now();
    let (source, mut session) = CopySource::look(&options.from)?;
    let user = user(options)?;
    let program = program(&source, options, user)?;
    let way = ways::choose(house, (&source, &mut session), &program, options.by)?;
    if way == CopyMethod::Dump
        && let Some(which) = source.not_of(&["InnoDB"], &mut session)?
    {
        house.progress.warn(&format!("{which}: what is written to it meanwhile may be in the copy by half"));
    }
    let needed = source.bytes(&mut session)?.saturating_add(EMPTY_BYTES);
    drop(session);
    let root = options.place.dir(&house.state_dir)?;
    let id = id_of(&document.run);
    if house.dry_run {
        return Ok(Done::saying(format!(
            "would copy {} by {} to {}",
            source.version,
            way.word(),
            root.join(&id).display()
        )));
    }
    engine::refuse_confined(&program.path, &root)?;
    let root = place::open(&root, user)?;
    let free = engine::free_bytes(&root)?;
    if free < needed {
        return Err(Error::Disk { needed, free, path: root });
    }
    let dir = root.join(&id);
    let marker = owe(house, document, (&dir, &root), begun)?;
    house.progress.say(&format!("copying {} by {}", source.version, way.word()));
    let made = filled(house, (&source, &program), (&dir, user, &marker), (way, options.by.is_none()));
    let made = made.and_then(|(way, home, shows)| {
        let open = open(house, document, &source, (&home, way), &program, (&id, &marker, &options.memory));
        open.map(|cluster| (way, shows, cluster))
    });
    let (way, shows, cluster) = match made {
        Ok(made) => made,
        Err(error) => {
            // A copy that cannot be removed stays in the journal and the document.
            if place::remove(&dir, Some(&document.run)).is_ok() {
                house.journal(&document.run).strike(LOCAL_COPY, &id)?;
                document.forget_resource(LOCAL_COPY, &id);
                house.remember(document);
            }
            return Err(error);
        }
    };
    document.snapshot = Some(Snapshot {
        id: id.clone(),
        kind: LOCAL_COPY.to_owned(),
        status: "available".to_owned(),
        created_at: Some(shows),
        engine: cluster.engine.clone(),
        engine_version: cluster.engine_version.clone(),
        ..Snapshot::default()
    });
    let took = Timestamp::now().duration_since(begun).as_secs_f64();
    let said = format!(
        "{id} is ready at {HOST}:{} ({}, by {}) after {took:.1} s",
        cluster.port,
        cluster.engine_version,
        way.word()
    );
    document.cluster = Some(cluster);
    Ok(Done::saying(said))
}

/// Records the copy before it is made: in the journal, and in the document that is written if the tool is stopped.
fn owe(
    house: &House,
    document: &mut Document,
    (dir, root): (&Path, &Path),
    begun: Timestamp,
) -> Result<Marker, Error> {
    let seconds = i64::try_from(house.config.snapshot.expires.duration().as_secs()).unwrap_or(i64::MAX);
    let expires = begun.as_second().saturating_add(seconds);
    let marker = Marker {
        run: document.run.clone(),
        owner: house.owner()?,
        resource_id: format!("copy-{}", hex(&rand::random::<[u8; 12]>())),
        expires_at: Timestamp::from_second(expires).unwrap_or(Timestamp::MAX),
    };
    let debt = Resource {
        expires_at: Some(marker.expires_at),
        directory: Some(dir.display().to_string()),
        host: Some(engine::host_name()),
        device: engine::device_of(root),
        resource_id: Some(marker.resource_id.clone()),
        ..Resource::new(LOCAL_COPY, &id_of(&document.run))
    };
    house.journal(&document.run).record(&debt)?;
    document.owe(debt);
    house.remember(document);
    Ok(marker)
}

/// Makes the directory and fills it by the chosen method. If that fails and `--by` was not given, by a dump.
fn filled(
    house: &House,
    (source, program): (&CopySource, &ServerProgram),
    (dir, user, marker): (&Path, Option<HostUser>, &Marker),
    (way, any): (CopyMethod, bool),
) -> Result<(CopyMethod, CopyDirectory, Timestamp), Error> {
    let by = |way| {
        let home = CopyDirectory::make(dir, user, marker)?;
        fill(house, source, &home, program, way).map(|shows| (way, home, shows))
    };
    by(way).or_else(|error| match error {
        Error::Interrupted(_) => Err(error),
        // `CopyDirectory::make` removes what the failed method left, and makes the directory anew.
        _ if any && way != CopyMethod::Dump => {
            house.progress.warn(&format!("copying by dump, since {} failed: {}", way.word(), chain(&error)));
            by(CopyMethod::Dump)
        }
        _ => Err(error),
    })
}

/// Returns the server program: `--server`, or else one of the source's series, or else any of its brand (only a dump can be
/// loaded into that). Fails if the copy's user cannot run it.
fn program(
    source: &CopySource,
    options: &CopyOptions,
    user: Option<HostUser>,
) -> Result<ServerProgram, Error> {
    let fits = |program: &ServerProgram| user.is_none() || program.is_for_everybody();
    let same = || ServerProgram::all_of_series(source.brand, &source.version).find(fits);
    let found = match &options.server {
        Some(named) => ServerProgram::find(Some(named), Some(source.brand))?,
        None => same().map_or_else(|| ServerProgram::find(None, Some(source.brand)), Ok)?,
    };
    if !fits(&found) {
        return Err(Error::Program { path: found.path, why: "only root can reach it".to_owned() });
    }
    Ok(ServerProgram { lower_case: source.lower_case(), ..found })
}

/// Returns the user to run the copy's server as; `None`, which means this user, if the tool is not root.
fn user(options: &CopyOptions) -> Result<Option<HostUser>, Error> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let found = match &options.run_as {
        Some(named) => HostUser::named(named),
        None => USERS.iter().find_map(|name| HostUser::named(name)),
    };
    let wanted = options.run_as.clone().unwrap_or_else(|| USERS.join(" or "));
    found.map(Some).ok_or(Error::NoUser(wanted))
}

/// Fills the data directory by one method. Returns the moment that the copy shows.
fn fill(
    house: &House,
    source: &CopySource,
    home: &CopyDirectory,
    program: &ServerProgram,
    way: CopyMethod,
) -> Result<Timestamp, Error> {
    match way {
        CopyMethod::Clone => clone::fill(source, home, program, &house.cancel),
        CopyMethod::MariadbBackup => backup::fill(source, home, program, &house.cancel),
        CopyMethod::Dump => dump::fill(house, source, home, program),
    }
}

/// Starts the copy, makes its account, proves by a login over TCP that it can be reached, and leaves the token.
fn open(
    house: &House,
    document: &Document,
    source: &CopySource,
    (home, way): (&CopyDirectory, CopyMethod),
    program: &ServerProgram,
    (id, marker, memory): (&str, &Marker, &str),
) -> Result<Cluster, Error> {
    house.cancel.check()?;
    let [admin, password] = [(); 2].map(|()| engine::new_password());
    let port = start(house, &source.settings(way != CopyMethod::Dump), home, program, (&admin, memory))?;
    let mut session = Server::at_socket(&engine::socket_in(&home.dir), ADMIN, &admin).connect()?;
    make_account(&mut session, &password)?;
    let key = home.data().join("public_key.pem");
    let key = key.exists().then(|| key.display().to_string());
    let option_file = home.dir.join("client.cnf");
    mysql::write_option_file_with_key(&option_file, (USER, &password), key.as_deref())?;
    let cluster = Cluster {
        id: id.to_owned(),
        resource_id: marker.resource_id.clone(),
        host: HOST.to_owned(),
        port,
        engine: source.brand.word().to_owned(),
        engine_version: session.version().to_owned(),
        instances: vec![id.to_owned()],
        login: Some(Login::OptionFile { path: option_file.display().to_string(), other: Map::new() }),
        throw_away: true,
        ..Cluster::default()
    };
    let mut copy = ThrowAwayCopy::described(LOCAL_COPY, &cluster);
    copy.directory = Some(home.dir.display().to_string());
    mysql::Access::default().to_copy(&copy, &house.config.restore)?.connect()?;
    copy.token = claim::plant(&mut session)?;
    // The next tools check the document's `cluster` against this journal entry.
    house.journal(&document.run).record_copy(&copy)?;
    Ok(cluster)
}

/// Starts the copy's server at a free port of this host. Returns the port.
fn start(
    house: &House,
    of_source: &str,
    home: &CopyDirectory,
    program: &ServerProgram,
    (admin, memory): (&str, &str),
) -> Result<u16, Error> {
    let account = format!("'{ADMIN}'@'localhost'");
    let mut tries = 0;
    loop {
        let port = engine::free_port()?;
        let service = DetachedServer {
            program,
            home: &home.dir,
            user: home.user,
            listen: Some(Listen { bind: HOST.to_owned(), port, waits: false }),
            settings: format!("{of_source}{}", settings(memory)),
            before: format!(
                "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES';\nDROP USER IF EXISTS {account};\n\
                 CREATE USER {account} IDENTIFIED BY {};\nGRANT ALL ON *.* TO {account} WITH GRANT OPTION;\n",
                plain_literal(admin)
            ),
        };
        match service.start(&house.cancel) {
            Ok(()) => return Ok(port),
            Err(engine::Error::PortTaken(_)) if tries < PORTS => tries += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns option-file lines for the copy's server: no events, no replication, no binary log. Commits do not wait for the disk,
/// since the copy need not survive a crash.
fn settings(memory: &str) -> String {
    format!(
        "{NOTHING_REMOTE}event-scheduler=OFF\nskip-log-bin\nloose-skip-slave-start\nloose-skip-replica-start\n\
         loose-group-replication-start-on-boot=OFF\nloose-persisted-globals-load=OFF\nskip-name-resolve\n\
         innodb-buffer-pool-size={memory}\ninnodb-flush-log-at-trx-commit=0\nperformance-schema=OFF\n\
         max-connections=150\nlocal-infile=1\nmax-allowed-packet=1G\n"
    )
}

/// Makes the pipe's account. Its host is an address, so that the server prefers it to accounts of the data with a host name.
fn make_account(session: &mut Session, password: &str) -> Result<(), Error> {
    let (account, deed) = (format!("'{USER}'@'{HOST}'"), "making the account of the copy");
    session.run(deed, "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'")?;
    session.run(deed, &format!("DROP USER IF EXISTS {account}"))?;
    session.run(deed, &format!("CREATE USER {account} IDENTIFIED BY {}", plain_literal(password)))?;
    Ok(engine::grant_as_master(session, &account)?)
}
