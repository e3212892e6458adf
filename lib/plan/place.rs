//! Finds the server to dehydrate, and decides whether it may be written to.
//!
//! In: the document, `refresh.toml`, the flags. Out: a [`SourceServer`] to connect to, or a refusal (77). What a document says is
//! no proof: see the room `claim`.

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
    /// The host that `--i-own-this-server` has to name.
    host: String,
    /// Names of the databases to dehydrate.
    pub(crate) databases: Vec<String>,
    /// When the snapshot was taken, if the document says so.
    pub(crate) taken_at: Option<Timestamp>,
    /// The checked claim that the server is a document's copy; none for the configured source.
    claim: Option<Claim>,
    /// Id of the run; empty for a question without a document.
    pub(crate) run: String,
    /// True if the document says that this run restored the copy; the claim is checked first.
    pub(crate) throw_away: bool,
    /// True for the configured source; set to false for `plan` without `--source`, which may not write there.
    pub(crate) is_source: bool,
}

impl SourceServer {
    /// The document's copy, or with `--source` the configured source.
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

    /// The server that `[source]` names. Fails when `[source] databases` is empty.
    pub(crate) fn source(house: &House, options: &Options, run: &str) -> Result<Self, Error> {
        let config = &house.config;
        if config.source.databases.is_empty() {
            let none = config.origin.path.as_os_str().is_empty();
            return Err(if none { Error::NoConfiguration } else { Error::NoDatabases });
        }
        Self::configured(house, config, options, run)
    }

    /// The copy of `--document`, else the configured source or the server of the option file. `databases` may be empty.
    pub(crate) fn to_look_at(house: &House, config: &Config, options: &Options) -> Result<Self, Error> {
        if let Some(path) = &options.document {
            return Self::of_file(house, path, options);
        }
        Self::configured(house, config, options, "")
    }

    /// The copy of the document in the file at `path`.
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

    /// Address and login of the server.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// The login, as messages name it: `user@host:port`.
    pub(crate) fn label(&self) -> &str {
        self.server.label()
    }

    /// Fails unless it is a copy with a claim, the source of `--source`, or a server that `--i-own-this-server` names.
    pub(crate) fn may_hold_keys(&self, options: &Options) -> Result<(), Error> {
        if self.claim.is_some() || self.is_source || self.owned(options) {
            return Ok(());
        }
        Err(self.refusal("write key tables"))
    }

    /// Fails unless the server is proven to be the copy, or `--i-own-this-server` names it.
    pub(crate) fn may_be_rewritten(&self, house: &House, options: &Options) -> Result<(), Error> {
        match &self.claim {
            _ if self.owned(options) => Ok(()),
            Some(claim) => Ok(claim.prove(house, &mut self.connect()?)?),
            None => Err(self.refusal("rewrite tables")),
        }
    }

    /// True if a dump will read the rows that are counted now, since nobody else writes on the server: a throw-away copy with a
    /// claim, or a test's server. `--i-own-this-server` is not enough.
    pub(crate) fn stands_still(&self, options: &Options) -> bool {
        (self.throw_away && self.claim.is_some()) || options.reading.is_some()
    }

    /// True if the server's own tables may hold canaries, which are rolled back.
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
