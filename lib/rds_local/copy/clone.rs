//! By MySQL's CLONE plugin: the files of the source, over the network, at one moment.
//!
//! In: an empty directory. Out: a data directory that its server finishes when it starts. The recipient is a server of its own that
//! is reached over its socket alone, and ends itself when it has everything.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::place::CopyDirectory;
use super::source::CopySource;
use crate::engine::{self, DetachedServer, ServerProgram};
use crate::house::Cancel;
use crate::mysql::Server;
use crate::rds_local::error::Error;
use crate::sql::plain_literal;

/// What the recipient says when it has everything and nobody is there who would start it again.
const NOBODY_RESTARTS: u16 = 3707;
/// How often it is looked whether it has ended, or has to.
const POLL: Duration = Duration::from_millis(50);
/// Name of the account through which the new server is told to clone.
const RECIPIENT: &str = "refreshkit_recipient";

/// Fills the data directory of a copy.
pub(super) fn fill(
    source: &CopySource,
    home: &CopyDirectory,
    program: &ServerProgram,
    cancel: &Cancel,
) -> Result<Timestamp, Error> {
    let (host, port) = source.address().expect("a way without an address is not gone");
    program.install(&home.data(), home.user)?;
    cancel.check()?;
    let password = engine::new_password();
    let tls = authority(source, home)?;
    let service = DetachedServer {
        program,
        home: &home.dir,
        user: home.user,
        listen: None,
        settings: format!(
            "{}skip-log-bin\nperformance-schema=OFF\nplugin-load-add=mysql_clone.so\nclone-valid-donor-list={host}:{port}\n{}",
            source.settings(false),
            tls.as_ref().map_or(String::new(), |ca| format!("clone-ssl-ca={}\n", ca.display()))
        ),
        before: format!(
            "{}CREATE USER '{RECIPIENT}'@'localhost' IDENTIFIED BY {};\nGRANT ALL ON *.* TO '{RECIPIENT}'@'localhost';\n",
            engine::without_installed(program.brand),
            plain_literal(&password)
        ),
    };
    service.start(cancel)?;
    let mut session = Server::at_socket(&engine::socket_in(&home.dir), RECIPIENT, &password).connect()?;
    session.run("setting the SQL mode", "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'")?;
    let text = |value: &Option<String>| plain_literal(value.as_deref().unwrap_or_default());
    let clone = format!(
        "CLONE INSTANCE FROM {}@{}:{port} IDENTIFIED BY {}{}",
        text(&source.options.user),
        plain_literal(&host),
        text(&source.options.password),
        if tls.is_some() { " REQUIRE SSL" } else { "" }
    );
    let outcome = std::thread::scope(|scope| {
        let cloning = scope.spawn(move || session.run("cloning the source", &clone).map(drop));
        while !cloning.is_finished() && cancel.sleep(POLL).is_ok() {}
        let shows = Timestamp::now();
        // Whatever came of it, it is not to go on: a signal ends the statement with its server.
        let stopped = engine::stop(&home.data());
        (cloning.join(), stopped, shows)
    });
    let (cloned, stopped, shows) = outcome;
    stopped?;
    cancel.check()?;
    match cloned {
        Ok(Err(error)) if error.number() != Some(NOBODY_RESTARTS) => Err(error.into()),
        Ok(_) => Ok(shows),
        Err(_) => {
            let detail = "its thread ended in the middle".to_owned();
            Err(Error::Helper { what: "cloning the source".to_owned(), detail })
        }
    }
}

/// Who answers for the source, where the copy's server can read it, whoever that runs as.
fn authority(source: &CopySource, home: &CopyDirectory) -> Result<Option<PathBuf>, Error> {
    let Some(ca) = source.options.tls_ca.as_ref().map(Path::new).filter(|_| !source.local) else {
        return Ok(None);
    };
    let own = home.dir.join("ca.pem");
    let text = fs::read(ca).map_err(Error::file("read", ca))?;
    let written =
        fs::write(&own, text).and_then(|()| fs::set_permissions(&own, Permissions::from_mode(0o644)));
    written.map_err(Error::file("write", &own))?;
    Ok(Some(own))
}
