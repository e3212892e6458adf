//! Which server is dehydrated, and whether anything may be written there.
//!
//! In: the document, `refresh.toml`, the flags. Out: a [`SourceServer`] to connect to, or a refusal (77). A document's word alone is
//! none: see the room `claim`.

use std::path::Path;

use jiff::Timestamp;

use super::error::Error;
use super::options::Options;
use crate::claim::{self, Claim};
use crate::config::Config;
use crate::document::{self, Document};
use crate::house::House;
use crate::mysql::{Access, Server, Session};

/// The server to dehydrate and what is known of it.
#[derive(Debug)]
pub(crate) struct SourceServer {
    server: Server,
    /// The host that `--i-own-this-server` would have to name.
    host: String,
    /// Databases to bring along.
    pub(crate) databases: Vec<String>,
    /// When the data is from, if the document says so.
    pub(crate) taken_at: Option<Timestamp>,
    /// Who says that it is a document's copy; nobody for the configured source.
    claim: Option<Claim>,
    /// The run that the plan is made by.
    pub(crate) run: String,
    /// The document says that this run restored it, and somebody vouches for the document.
    pub(crate) throw_away: bool,
    /// Whether it is the configured source itself, and no copy.
    pub(crate) is_source: bool,
}

impl SourceServer {
    /// The document's copy, or the configured source.
    pub(crate) fn of(house: &House, document: &Document, options: &Options) -> Result<Self, Error> {
        if options.source {
            return Self::source(house, options, &document.run);
        }
        let config = &house.config;
        let cluster = document.cluster.as_ref().ok_or(Error::NoCluster)?;
        let named = document.source.as_ref().map(|source| source.databases.clone()).unwrap_or_default();
        let access = Access::of(house, &options.login);
        let typed = options.i_own_this_server.as_deref();
        let claim = claim::check(house, &access, &document.run, cluster, typed)?;
        Ok(Self {
            server: claim.server(house, &access)?,
            host: cluster.host.clone(),
            databases: if named.is_empty() { config.source.databases.clone() } else { named },
            taken_at: document.snapshot.as_ref().and_then(|snapshot| snapshot.created_at),
            claim: Some(claim),
            run: document.run.clone(),
            throw_away: cluster.throw_away,
            is_source: false,
        })
    }

    /// The server that `[source]` names, for a run without a copy.
    pub(crate) fn source(house: &House, options: &Options, run: &str) -> Result<Self, Error> {
        let config = &house.config;
        if config.source.databases.is_empty() {
            let none = config.origin.path.as_os_str().is_empty();
            return Err(if none { Error::NoConfiguration } else { Error::NoDatabases });
        }
        Self::configured(house, config, options, run)
    }

    /// The configured source, or the server of the option file where there is no configuration; whose databases are meant is known later.
    pub(crate) fn to_look_at(house: &House, config: &Config, options: &Options) -> Result<Self, Error> {
        if let Some(path) = &options.document {
            return Self::of_file(house, path, options);
        }
        Self::configured(house, config, options, "")
    }

    /// The copy of a document in a file.
    pub(crate) fn of_file(house: &House, path: &Path, options: &Options) -> Result<Self, Error> {
        let fail = |source| Error::DocumentFile { path: path.display().to_string(), source };
        let file = std::fs::File::open(path).map_err(fail)?;
        Self::of(house, &document::read(file)?, options)
    }

    fn configured(house: &House, config: &Config, options: &Options, run: &str) -> Result<Self, Error> {
        let server = Access::of(house, &options.login).to_config(&config.source.server)?;
        let address = server.label().rsplit('@').next().unwrap_or_default();
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned();
        let databases = config.source.databases.clone();
        let run = run.to_owned();
        let (claim, throw_away) = (None, false);
        Ok(Self { server, host, databases, taken_at: None, claim, run, throw_away, is_source: true })
    }

    /// Opens a connection to the server.
    pub(crate) fn connect(&self) -> Result<Session, Error> {
        Ok(self.server.connect()?)
    }

    /// How the server is connected to.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// The login, as messages name it: `user@host:port`.
    pub(crate) fn label(&self) -> &str {
        self.server.label()
    }

    /// Refuses to write key tables to a server that is neither a throw-away copy, nor named, nor the source that
    /// `--source` asked for.
    pub(crate) fn may_hold_keys(&self, options: &Options) -> Result<(), Error> {
        if self.claim.is_some() || self.is_source || self.owned(options) {
            return Ok(());
        }
        Err(self.refusal("write key tables"))
    }

    /// Refuses to rewrite tables on a server that is neither proven to be the copy nor named by a person.
    pub(crate) fn may_be_rewritten(&self, house: &House, options: &Options) -> Result<(), Error> {
        match &self.claim {
            _ if self.owned(options) => Ok(()),
            Some(claim) => Ok(claim.prove(house, &mut self.connect()?)?),
            None => Err(self.refusal("rewrite tables")),
        }
    }

    /// Whether nobody else writes there: what is counted now is what a dump reads later. Of a server that may be written to, that is
    /// not said.
    pub(crate) fn stands_still(&self, options: &Options) -> bool {
        (self.throw_away && self.claim.is_some()) || options.reading.is_some()
    }

    /// Whether rows that are taken back again may be written between those of the server.
    pub(crate) fn takes_canaries(&self, options: &Options) -> bool {
        self.claim.is_some() || self.owned(options)
    }

    fn owned(&self, options: &Options) -> bool {
        let typed = options.i_own_this_server.as_deref();
        let address = self.server.label().rsplit('@').next();
        typed.is_some() && (typed == Some(self.host.as_str()) || typed == address)
    }

    fn refusal(&self, deed: &'static str) -> Error {
        let hint = format!("if it is yours to write to: --i-own-this-server {}", self.host);
        Error::NotACopy { server: self.host.clone(), deed, hint }
    }
}
