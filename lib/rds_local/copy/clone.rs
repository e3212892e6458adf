//! Copies by MySQL's CLONE plugin: the files of the source as of one moment, over the network.
//!
//! In: an empty directory. Out: a data directory that a server completes at its next start. The recipient is a temporary server,
//! reached over its socket alone. It ends by itself when the clone is complete.

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

/// Error number of the recipient when the clone is complete and no supervisor can start it again.
const NOBODY_RESTARTS: u16 = 3707;
/// How long to wait between two checks for the end of the clone and for a signal.
const POLL: Duration = Duration::from_millis(50);
/// Name of the account with which we log in to the recipient.
const RECIPIENT: &str = "refreshkit_recipient";

/// Fills the data directory of a copy. Returns the moment that the copy shows.
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
        // The recipient is stopped whatever the outcome. After a signal this ends the CLONE statement too.
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

/// Copies the source's `ssl-ca` file into the copy's directory, where the copy's user can read it. `None` if the source is on
/// this host or has no `ssl-ca`.
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
