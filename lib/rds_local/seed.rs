//! `rds-local init`: a "production" cluster from an SQL file. Also makes the empty data directory of `CreateDBCluster`.
//!
//! In: a directory, a file (plain or gzip), names. Out: a cluster with one instance, its server stopped in order, and an option
//! file with the master's password. `meta.json` is written last: the next `init` or `serve` removes a directory without it.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;

use super::cloud::socket_folder;
use super::error::Error;
use super::state::{LocalState, source_type};
use crate::engine::{self, ADMIN, Brand, ListenAddress, MASTER, RunningServer, ServerProgram};
use crate::house::{Cancel, House};
use crate::mysql::{self, Session};
use crate::progress::Unit;
use crate::rds_local::http::query;
use crate::rds_local::state::home::{self, StateDirectory, StoredPassword, StoredPasswords};
use crate::rds_local::state::model::{
    ClusterOrigin, LocalCluster, LocalInstance, LocalKind, Status, key, resource_id,
};
use crate::sql;
use crate::sql::Statements;

/// The engine that a cluster shows, whatever server software runs it.
pub(crate) const ENGINE: &str = "aurora-mysql";
/// The engine version that a cluster shows.
pub(crate) const ENGINE_VERSION: &str = "8.0.mysql_aurora.3.08.2";
/// Days for which a seeded cluster keeps automated backups.
const RETENTION_DAYS: u32 = 7;

/// Flags of `rds-local init`.
#[derive(Debug, Clone, clap::Args)]
pub struct InitOptions {
    /// Directory to make, or one that an earlier `init` made
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,

    /// SQL to fill the cluster with, plain or gzip
    #[arg(long, value_name = "FILE.sql[.gz]")]
    pub from: PathBuf,

    /// Name of the cluster; its instance is NAME-0
    #[arg(long, value_name = "NAME", default_value = "prod-replica")]
    pub cluster: String,

    /// Make a plain RDS instance of this name instead of a cluster
    #[arg(long, value_name = "NAME", conflicts_with = "cluster")]
    pub instance: Option<String>,

    /// Server software [default: the first that is found]
    #[arg(long, value_enum)]
    pub engine: Option<Brand>,

    /// The server program, if it is not on PATH
    #[arg(long, value_name = "PATH")]
    pub server: Option<PathBuf>,

    /// Databases to create first; the SQL starts in the first of them
    #[arg(long, value_delimiter = ',', default_value = "app")]
    pub databases: Vec<String>,
}

/// Makes a cluster or a plain instance and loads an SQL file into it.
pub(crate) fn init(house: &House, options: &InitOptions, out: &mut dyn Write) -> Result<(), Error> {
    let plain = options.instance.is_some();
    let id = options.instance.as_ref().unwrap_or(&options.cluster).to_lowercase();
    if !query::is_name(&id) {
        return Err(Error::Usage(format!(
            "{id:?} is not a name of the service: letters, digits and single hyphens"
        )));
    }
    let input = File::open(&options.from).map_err(Error::file("read", &options.from))?;
    let program = ServerProgram::find(options.server.as_deref(), options.engine)?;
    if house.dry_run {
        let (from, dir) = (options.from.display(), options.dir.display());
        house.progress.say(&format!("would make {id} in {dir} from {from}, with {}", program.path.display()));
        return Ok(());
    }
    let home = StateDirectory::create(&options.dir, &program)?;
    engine::refuse_confined(&program.path, &home.root)?;
    engine::stop_orphans(&home.root);
    let mut state = LocalState::load(&home)?;
    if state.clusters.contains_key(&key(plain, &id)) || state.instances.contains_key(&id) {
        return Err(Error::ClusterExists { path: home.root, id });
    }
    let (folder, program) = (home.cluster(&key(plain, &id)), home.program.clone());
    house.progress.say(&format!(
        "{} {} at {}",
        program.brand.title(),
        program.version,
        program.path.display()
    ));
    let master = new_secret();
    prepare(&folder, Some(master.clone()))?;
    let option_file = folder.join("master.cnf");
    make_data(&home, &folder, &house.cancel, |admin, master| load(house, options, input, admin, master))?;
    let key = home.server_public_key().map(|path| path.display().to_string());
    mysql::write_option_file_with_key(&option_file, (MASTER, &master.0), key.as_deref())?;
    let mut cluster = cluster(&id, plain)?;
    if plain {
        program.brand.word().clone_into(&mut cluster.engine);
        cluster.engine_version.clone_from(&program.version);
    }
    let instance = instance(&cluster);
    state.tell(source_type(LocalKind::Cluster, plain), &id, "Created");
    state.clusters.insert(cluster.key(), cluster);
    state.instances.insert(instance.id.clone(), instance);
    state.save(&home)?;
    house
        .progress
        .say(&format!("{id} is ready to be served; its master login is in {}", option_file.display()));
    let _ = writeln!(out, "{}", option_file.display());
    Ok(())
}

/// Makes the directory of a cluster, with nothing in it but its passwords. `master`: the master password that [`make_data`] sets.
pub(crate) fn prepare(folder: &Path, master: Option<StoredPassword>) -> Result<(), Error> {
    engine::make_directory(folder)?;
    home::write_json(
        &folder.join("secrets.json"),
        &StoredPasswords { admin: new_secret(), pending: master, kept: None },
    )
}

pub(crate) fn new_secret() -> StoredPassword {
    const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let pick = |_| char::from(LETTERS[rand::random_range(0..LETTERS.len())]);
    StoredPassword((0..32).map(pick).collect())
}

/// Makes an empty data directory in a directory that [`prepare`] made.
pub(crate) fn fresh(home: &StateDirectory, folder: &Path, cancel: &Cancel) -> Result<(), Error> {
    make_data(home, folder, cancel, |_, _| Ok(()))
}

fn make_data(
    home: &StateDirectory,
    folder: &Path,
    cancel: &Cancel,
    fill: impl FnOnce(&mut Session, &mut Session) -> Result<(), Error>,
) -> Result<(), Error> {
    let data = folder.join("data");
    home.discard(&data)?;
    home.program.install(&data, None)?;
    home.give_keys(&data)?;
    cancel.check()?;
    let mut secrets: StoredPasswords = home::read_json(&folder.join("secrets.json"))?;
    let master = secrets.pending.take().unwrap_or_else(new_secret);
    let sockets = socket_folder(home)?;
    let socket = sockets.join(format!("init-{:08x}.sock", rand::random::<u32>()));
    let address = ListenAddress { socket, port: None };
    let server = RunningServer::start(&home.program, &data, address, ("root", ""), cancel)?;
    let connect = |user: &str, password: &str| {
        mysql::Server::at_socket(&server.address.socket, user, password).connect()
    };
    engine::create_accounts(&mut connect("root", "")?, &secrets.admin.0, &master.0)?;
    let mut session = connect(ADMIN, &secrets.admin.0)?;
    engine::drop_other_accounts(&mut session)?;
    fill(&mut session, &mut connect(MASTER, &master.0)?)?;
    engine::grant_master(&mut session)?;
    drop(session);
    server.stop();
    home.give_keys(&data)?;
    // Fails, as it should, while a socket of a service is in the folder.
    let _ = std::fs::remove_dir(sockets);
    home::write_json(&folder.join("secrets.json"), &secrets)
}

/// Loads the seed file as the master user, who has no rights yet but those on the file's databases: the author of the file
/// decides what is in the databases, and nothing else on this host. No FILE, no SET GLOBAL, no account.
fn load(
    house: &House,
    options: &InitOptions,
    input: File,
    admin: &mut Session,
    session: &mut Session,
) -> Result<(), Error> {
    for database in &options.databases {
        engine::grant_database(admin, database)?;
        let create = format!("CREATE DATABASE IF NOT EXISTS {} CHARACTER SET utf8mb4", sql::name(database));
        session.run(&format!("creating the database {database}"), &create)?;
    }
    if let Some(first) = options.databases.first() {
        session.run("choosing the database", &format!("USE {}", sql::name(first)))?;
    }
    session.run("preparing to load", "SET foreign_key_checks = 0, unique_checks = 0")?;
    let path = &options.from;
    let total = input.metadata().map_err(Error::file("read", path))?.len();
    let task = house.progress.start(&format!("loading {}", path.display()), Some(total), Unit::Bytes);
    let counted = BufReader::with_capacity(256 * 1024, task.counting(input));
    let mut statements = 0_u64;
    for statement in Statements::new(unpacked(counted, path)?) {
        house.cancel.check()?;
        let statement = statement.map_err(|source| Error::SeedText { path: path.clone(), source })?;
        let line = statement.line;
        let text =
            String::from_utf8(statement.sql).map_err(|_| Error::SeedBytes { path: path.clone(), line })?;
        if let Some(database) = created_database(&text) {
            engine::grant_database(admin, &database)?;
        }
        // All objects belong to the master user, as in RDS: a definer with more rights would lend them to callers.
        session.run("the statement", &sql::without_definer(&text)).map_err(|source| Error::Seed {
            path: path.clone(),
            line,
            source: Box::new(source),
        })?;
        statements += 1;
    }
    task.finish(&format!("loaded {statements} statements of {}", path.display()));
    Ok(())
}

/// Returns the name in `CREATE {DATABASE | SCHEMA} [IF NOT EXISTS] name`; `None` for any other statement.
fn created_database(text: &str) -> Option<String> {
    let tokens = sql::tokens(text);
    let mut words = tokens.iter().filter(|token| token.is_code());
    words.next().filter(|token| token.is_word(text, "CREATE"))?;
    let is_one = |token: &&sql::Token| token.is_word(text, "DATABASE") || token.is_word(text, "SCHEMA");
    words.next().filter(is_one)?;
    let is_filler =
        |token: &&sql::Token| ["IF", "NOT", "EXISTS"].iter().any(|word| token.is_word(text, word));
    words.find(|token| !is_filler(token))?.name(text).map(std::borrow::Cow::into_owned)
}

/// Unpacks gzip, which is recognised by its first two bytes, not by the file's name.
fn unpacked<'a>(mut input: impl BufRead + 'a, path: &Path) -> Result<Box<dyn BufRead + 'a>, Error> {
    let packed = input.fill_buf().map_err(Error::file("read", path))?.starts_with(&[0x1f, 0x8b]);
    Ok(if packed {
        Box::new(BufReader::with_capacity(256 * 1024, MultiGzDecoder::new(input)))
    } else {
        Box::new(input)
    })
}

fn cluster(id: &str, plain: bool) -> Result<LocalCluster, Error> {
    Ok(LocalCluster {
        id: id.to_owned(),
        plain,
        resource_id: resource_id("cluster"),
        engine: ENGINE.to_owned(),
        engine_version: ENGINE_VERSION.to_owned(),
        status: Status::new("available"),
        port: engine::free_port()?,
        created_at: Timestamp::now(),
        master_user: MASTER.to_owned(),
        password_pending: false,
        password_kept: false,
        deletion_protection: true,
        retention_days: RETENTION_DAYS,
        subnet_group: "prod-private".to_owned(),
        parameter_group: "default.aurora-mysql8.0".to_owned(),
        security_groups: vec!["sg-0prod".to_owned()],
        storage_type: "aurora".to_owned(),
        copy_tags: true,
        iam_authentication: false,
        capacity: None,
        replication_source: None,
        clone_group: None,
        origin: ClusterOrigin::Fresh,
        tags: Vec::new(),
    })
}

fn instance(cluster: &LocalCluster) -> LocalInstance {
    LocalInstance {
        id: if cluster.plain { cluster.id.clone() } else { format!("{}-0", cluster.id) },
        resource_id: resource_id("db"),
        cluster: cluster.key(),
        plain: cluster.plain,
        writer: true,
        class: "db.r7g.large".to_owned(),
        status: Status::new("available"),
        created_at: Timestamp::now(),
        public: false,
        promotion_tier: 0,
        parameter_group: "default.aurora-mysql8.0".to_owned(),
        tags: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gets_rights_on_the_databases_that_it_creates() {
        for (text, database) in [
            ("CREATE DATABASE app", Some("app")),
            ("create schema if not exists `a``b` DEFAULT CHARACTER SET utf8mb4", Some("a`b")),
            (
                "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `app` /*!40100 DEFAULT CHARACTER SET utf8mb4 */",
                Some("app"),
            ),
            ("CREATE TABLE t (a INT)", None),
            ("DROP DATABASE app", None),
        ] {
            assert_eq!(created_database(text).as_deref(), database, "{text}");
        }
    }
}
