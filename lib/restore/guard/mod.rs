//! Checks what must be true before a target is changed.
//!
//! In: the target, the source, the dump. Out: nothing, or a refusal: the target is the source or replicates from it, the data
//! does not fit on the disk, the server does not take a statement that long or does not know a collation.

pub(super) mod production;
pub(super) mod ready;

use std::collections::BTreeSet;
use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};

use mysql::{Opts, Row};

use super::error::Error;
use super::load::job::LoadJob;
use super::target::DevTarget;
use crate::archive::TableEntry;
use crate::config::{Config, ServerConfig};
use crate::engine;
use crate::house::House;
use crate::mysql::{Access, LoginOptions, Server, Session, number};
use crate::sql::{Certain, Mode, Token};

/// Bytes on disk, tables and keys together, for one byte of SQL: an estimate.
const DISK_PER_SQL_BYTE: u64 = 2;

/// Fails if the target is the source, or replicates from it.
pub(crate) fn refuse_source(house: &House, target: &DevTarget, session: &mut Session) -> Result<(), Error> {
    let config = &house.config;
    let refuse = |why: String| Err(Error::LooksLikeSource { target: target.name.clone(), why });
    let mut differs = false;
    let options = Opts::from(target.server.options());
    let host = options.get_ip_or_hostname().into_owned();
    if let Some(id) = named_like(config, &host) {
        return refuse(format!("its host {host} is of {id}"));
    }
    if let Some(source) = source_server(house) {
        if same_address(&options, &Opts::from(source.options())) {
            return refuse(format!("both are {}", address(&options)));
        }
        // One server may have several addresses. A source that cannot be reached from here counts as another server.
        if let Ok(mut source) = source.connect()
            && let (Some(a), Some(b)) = (identity(session), identity(&mut source))
        {
            if a == b {
                return refuse("both are the same server".to_owned());
            }
            differs = true;
        }
    }
    // An address or a tunnel may hide the server's name, but a server of the source's cluster reports its own name.
    if !differs
        && let Some((own, id)) = own_names(session).iter().find_map(|own| Some((own, begins(config, own)?)))
    {
        return refuse(format!("it calls itself {own}, which is of {id}"));
    }
    for upstream in upstreams(session) {
        let source = config.source.server.host.as_deref();
        if source.is_some_and(|source| source == upstream) || named_like(config, &upstream).is_some() {
            return refuse(format!("it replicates from {upstream}"));
        }
    }
    Ok(())
}

/// The server of `[source]`; `None` if it names no host, socket, option file or secret.
fn source_server(house: &House) -> Option<Server> {
    let settings = &house.config.source.server;
    let by_secret = settings.secret.is_some();
    if settings.host.is_none() && settings.socket.is_none() && settings.defaults_file.is_none() && !by_secret
    {
        return None;
    }
    // Without the source's password, which may be missing here, its address can still be compared.
    let bare = || {
        let bare = ServerConfig { password_env: None, secret: None, iam_login: false, ..settings.clone() };
        Server::of_config(&bare).ok()
    };
    Access::of(house, &LoginOptions::default()).to_config(settings).ok().or_else(bare)
}

/// The cluster or instance of `[source]` that a host name may belong to. A cluster's endpoints begin with its identifier, and
/// those of its instances usually do. A custom endpoint can have any name, so each one counts as the cluster's.
fn named_like<'a>(config: &'a Config, host: &str) -> Option<&'a str> {
    if !host.contains('.') || host.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    let custom = host.to_ascii_lowercase().split('.').any(|label| label.starts_with("cluster-custom-"));
    let cluster = config.source.cluster.as_deref().filter(|_| custom);
    cluster.or_else(|| begins(config, host))
}

/// The cluster or instance of `[source]` that the first label of a name equals, or begins with before a hyphen: `prod`, `prod-2`.
fn begins<'a>(config: &'a Config, name: &str) -> Option<&'a str> {
    let first = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let ids = [config.source.cluster.as_deref(), config.source.instance.as_deref()];
    ids.into_iter().flatten().filter(|id| !id.is_empty()).find(|id| {
        let rest = first.strip_prefix(&id.to_ascii_lowercase());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

/// The names that the server has for itself: its host name and, at Aurora, the identifier of its instance.
fn own_names(session: &mut Session) -> Vec<String> {
    let mut ask = |sql| session.first::<String>("asking for the server's name", sql).ok().flatten();
    ["SELECT @@hostname", "SELECT @@aurora_server_id"].into_iter().filter_map(&mut ask).collect()
}

fn same_address(a: &Opts, b: &Opts) -> bool {
    if a.get_socket().is_some() || b.get_socket().is_some() {
        return a.get_socket() == b.get_socket();
    }
    let resolve = |options: &Opts| -> Vec<std::net::SocketAddr> {
        let host = options.get_ip_or_hostname();
        (host.as_ref(), options.get_tcp_port()).to_socket_addrs().map(Iterator::collect).unwrap_or_default()
    };
    let known = resolve(b);
    resolve(a).iter().any(|address| known.contains(address))
}

fn address(options: &Opts) -> String {
    match options.get_socket() {
        Some(socket) => socket.to_owned(),
        None => format!("{}:{}", options.get_ip_or_hostname(), options.get_tcp_port()),
    }
}

/// A text that differs between any two servers.
fn identity(session: &mut Session) -> Option<String> {
    let place = "CONCAT(@@hostname, ':', @@port, ':', @@datadir)";
    let sql = match session.engine() {
        crate::mysql::Engine::MySql => format!("SELECT CONCAT(@@server_uuid, ':', {place})"),
        crate::mysql::Engine::MariaDb => format!("SELECT {place}"),
    };
    session.first::<String>("asking who the server is", &sql).ok().flatten()
}

/// Hosts that the server replicates from. Empty without replication, or if the account may not see it.
fn upstreams(session: &mut Session) -> Vec<String> {
    for sql in ["SHOW REPLICA STATUS", "SHOW SLAVE STATUS"] {
        let Ok(rows) = session.rows::<Row>("asking what the server replicates from", sql) else { continue };
        let host = |row: &Row| {
            let column = |name: &str| row.columns_ref().iter().position(|column| column.name_str() == name);
            let at = column("Source_Host").or_else(|| column("Master_Host"))?;
            row.get_opt::<String, _>(at)?.ok()
        };
        return rows.iter().filter_map(host).collect();
    }
    Vec::new()
}

/// All reasons why the server could not load a dump, as far as this session shows them.
pub(crate) fn misfits(session: &mut Session, job: &LoadJob) -> Result<Vec<Error>, Error> {
    let long = too_long(session, job)?;
    let unknown = unknown_collations(session, job)?;
    let chosen = job.tables().filter(|(_, entry)| job.choice.takes(&entry.table));
    let bytes = chosen.map(|(_, entry)| entry.plain_bytes).sum();
    let full = refuse_full_disk(session, &job.server, bytes).err();
    Ok([long, unknown, full].into_iter().flatten().collect())
}

/// The error if the longest statement, with 1 KiB to spare, is longer than the server takes.
fn too_long(session: &mut Session, job: &LoadJob) -> Result<Option<Error>, Error> {
    let allowed = session.first::<u64>("reading max_allowed_packet", "SELECT @@max_allowed_packet")?;
    let largest = job.tables().map(|(_, entry)| entry.statement_bytes_max).max().unwrap_or(0);
    let objects = job.dump.manifest().objects.iter().map(|object| object.create.len() as u64).max();
    let largest = largest.max(objects.unwrap_or(0));
    let allowed = allowed.filter(|allowed| largest + 1024 > *allowed);
    Ok(allowed.map(|allowed| Error::Packet { needed: largest, allowed }))
}

/// The error if tables have collations that the server does not know.
fn unknown_collations(session: &mut Session, job: &LoadJob) -> Result<Option<Error>, Error> {
    let of = |entry: &TableEntry| collations_of(&entry.create);
    let named: BTreeSet<String> = job.tables().flat_map(|(_, entry)| of(entry)).collect();
    let mut unknown = Vec::new();
    for collation in named {
        if does_not_know(session, &collation)? {
            unknown.push(collation);
        }
    }
    Ok((!unknown.is_empty()).then_some(Error::Collations { unknown }))
}

/// True if the server does not know a collation. Found out by using it: the server's list lacks collations that it takes.
pub(crate) fn does_not_know(session: &mut Session, collation: &str) -> Result<bool, Error> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if collation.is_empty() || !collation.bytes().all(is_word) {
        return Ok(false);
    }
    match session.run("asking for a collation", &format!("DO '' COLLATE {collation}")) {
        Err(e) if e.number().is_none() => Err(e.into()),
        // Any other error is about the character set, and means that the collation is known.
        outcome => Ok(outcome.is_err_and(|e| e.number() == Some(number::UNKNOWN_COLLATION))),
    }
}

/// The collations that a table's definition names outside of version comments (`/*!80000 … */`).
fn collations_of(create: &str) -> Vec<String> {
    let Ok(certain) = Certain::of(create, Mode::default()) else { return Vec::new() };
    certain.readings().last().map_or(Vec::new(), |code| collations_in(create, code))
}

/// The collations that follow the word COLLATE in the code of a statement.
pub(crate) fn collations_in(sql: &str, code: &[Token]) -> Vec<String> {
    let value = |at: usize| {
        let at = if code.get(at)?.is(b'=') { at + 1 } else { at };
        Some(code.get(at)?.name(sql)?.into_owned())
    };
    let places = (0..code.len()).filter(|at| code[*at].is_word(sql, "COLLATE"));
    places.filter_map(|at| value(at + 1)).collect()
}

/// Fails if the server's disk has too little room for the tables of so many bytes of SQL. Succeeds if the disk cannot be seen.
pub(crate) fn refuse_full_disk(session: &mut Session, server: &Server, sql_bytes: u64) -> Result<(), Error> {
    let needed = sql_bytes.saturating_mul(DISK_PER_SQL_BYTE);
    match free_space(session, server)? {
        Some((path, free)) if free < needed => Err(Error::Disk { needed, free, path }),
        _ => Ok(()),
    }
}

/// The server's data directory and its free bytes; `None` if it is not on this host or cannot be seen.
fn free_space(session: &mut Session, server: &Server) -> Result<Option<(PathBuf, u64)>, Error> {
    let options = Opts::from(server.options());
    let host = options.get_ip_or_hostname();
    if options.get_socket().is_none() && host != "localhost" && !host.starts_with("127.") && host != "::1" {
        return Ok(None);
    }
    let directory = session.first::<String>("reading datadir", "SELECT @@datadir")?.unwrap_or_default();
    let hostname = session.first::<String>("reading hostname", "SELECT @@hostname")?.unwrap_or_default();
    let path = Path::new(&directory);
    // 127.0.0.1 may be the end of a tunnel to another host.
    if !path.is_dir() || hostname != engine::host_name() {
        return Ok(None);
    }
    Ok(engine::free_bytes(path).ok().map(|free| (path.to_owned(), free)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SourceConfig;

    #[test]
    fn collations_are_those_that_every_server_reads() {
        let create = "CREATE TABLE `t` (`COLLATE` text COLLATE utf8mb4_bin DEFAULT 'COLLATE x' /*!80000 COLLATE utf8mb4_0900_bin */)              COLLATE=latin1_bin";
        assert_eq!(collations_of(create), ["utf8mb4_bin", "latin1_bin"]);
    }

    #[test]
    fn knows_the_endpoints_of_the_source_cluster() {
        let source = SourceConfig { cluster: Some("prod-replica".to_owned()), ..SourceConfig::default() };
        let config = Config { source, ..Config::default() };
        for host in [
            "prod-replica.cluster-abc.eu-west-1.rds.amazonaws.com",
            "PROD-REPLICA.cluster-ro-abc.rds.amazonaws.com",
            "prod-replica-2.abc.eu-west-1.rds.amazonaws.com",
            "reports.cluster-custom-abc.eu-west-1.rds.amazonaws.com",
        ] {
            assert_eq!(named_like(&config, host), Some("prod-replica"), "{host}");
        }
        for host in ["dev3.internal", "127.0.0.1", "prod-replica2.internal", "prod-replica-2"] {
            assert_eq!(named_like(&config, host), None, "{host}");
        }
    }
}
