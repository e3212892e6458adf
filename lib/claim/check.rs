//! Who confirms that a document's copy is one, and which logins follow from that.

use std::path::Path;

use super::error::Error;
use super::token;
use crate::aws::{self, AddressOwner};
use crate::config::Config;
use crate::document::{AnyKind, Cluster, Login, ResourceKind, ThrowAwayCopy};
use crate::engine;
use crate::house::House;
use crate::mysql::{self, Access, Server, Session};

/// A copy that the journal or a person confirms.
#[derive(Debug, Clone)]
pub struct Claim {
    copy: ThrowAwayCopy,
    /// Whether a person typed its host.
    by_person: bool,
    /// Whether the journal has it.
    by_journal: bool,
}

/// Whether a person typed the name of a server: its host, with or without the port.
pub fn is_named(typed: Option<&str>, host: &str, port: u16) -> bool {
    typed.is_some_and(|typed| !typed.is_empty() && (typed == host || typed == format!("{host}:{port}")))
}

/// Checks the copy of a document against the journal of `run` and what a person typed. Logs in nowhere.
pub fn check(
    house: &House,
    access: &Access,
    run: &str,
    cluster: &Cluster,
    typed: Option<&str>,
) -> Result<Claim, Error> {
    let by_person = is_named(typed, &cluster.host, cluster.port);
    let why = match house.journal(run).copy()? {
        Some(copy) if copy.is(cluster) => return Ok(Claim { copy, by_person, by_journal: true }),
        Some(other) => format!("knows another one, at {}:{}", other.host, other.port),
        None => "knows none".to_owned(),
    };
    if !by_person {
        return Err(Error::NotOurs {
            server: server(cluster),
            run: run.to_owned(),
            directory: house.state_dir.display().to_string(),
            why,
            host: cluster.host.clone(),
        });
    }
    let mut copy = ThrowAwayCopy::described(ResourceKind::Cluster, cluster);
    // A reader on another host is dropped: the person did not type that host.
    copy.readers.retain(|reader| reader.host == cluster.host);
    if access.extra.is_some() {
        copy.login = None;
    }
    match copy.login.as_ref().and_then(|login| foreign(&house.config, login)) {
        None => Ok(Claim { copy, by_person, by_journal: false }),
        Some(login) => Err(Error::ForeignLogin { server: server(cluster), login }),
    }
}

/// The login of a document, in words, if the configuration does not name it. The author of a document could otherwise choose
/// which secret is sent to which host.
fn foreign(config: &Config, login: &Login) -> Option<String> {
    let servers = || std::iter::once(&config.source.server).chain(config.targets.values().map(|t| &t.server));
    let is = |known: &Option<String>, word: &str| known.as_deref() == Some(word);
    match login {
        Login::Env { name, .. } if !servers().any(|server| is(&server.password_env, name)) => {
            Some(format!("the variable {name}"))
        }
        Login::OptionFile { path, .. } if !servers().any(|server| is(&server.defaults_file, path)) => {
            Some(format!("the option file {path}"))
        }
        Login::SecretsManager { arn, .. } if !servers().any(|server| is(&server.secret, arn)) => {
            Some(format!("the secret {arn}"))
        }
        // An IAM token is good only for the address that it was made for; with an unknown kind of login nothing is sent.
        Login::Env { .. }
        | Login::OptionFile { .. }
        | Login::SecretsManager { .. }
        | Login::Iam { .. }
        | Login::Unknown(_) => None,
    }
}

fn server(cluster: &Cluster) -> String {
    format!("{}:{}", cluster.host, cluster.port)
}

impl Claim {
    /// The address and login of the copy's writer.
    pub fn server(&self, house: &House, access: &Access) -> Result<Server, mysql::Error> {
        access.to_copy(&self.copy, &house.config.restore)
    }

    /// The address and login of each of the copy's readers.
    pub fn readers(&self, house: &House, access: &Access) -> Result<Vec<Server>, mysql::Error> {
        let to = |reader| access.to_copy(&self.copy.through(reader), &house.config.restore);
        self.copy.readers.iter().map(to).collect()
    }

    /// Fails unless the server of this session is the copy: a person says so; or the journal has the copy, its token is on the
    /// server, and RDS (for a copy on this host: the server's process) has it at this address.
    pub fn prove(&self, house: &House, session: &mut Session) -> Result<(), Error> {
        if self.by_person {
            return Ok(());
        }
        if !self.by_journal {
            return Err(self.other("nobody vouches for it".to_owned()));
        }
        match token::has(session, &self.copy.token)? {
            Some(true) => {}
            Some(false) => return Err(self.other("it has the token of another copy".to_owned())),
            None => return Err(self.other("it has no token of a copy".to_owned())),
        }
        if let Some(directory) = &self.copy.directory {
            // RDS does not know a copy on this host; the process that listens at the port is looked at instead.
            return if engine::listens_at(&engine::data_in(Path::new(directory)), self.copy.port) {
                Ok(())
            } else {
                Err(self.other(format!("no server of {directory} listens at that port")))
            };
        }
        let owners = aws::owners(house, &self.copy.host, self.copy.port).map_err(|said| Error::NotAsked {
            server: self.label(),
            said,
            host: self.copy.host.clone(),
        })?;
        match owners.iter().find(|owner| self.is_at(owner)) {
            Some(_) => Ok(()),
            None => Err(self.other(format!(
                "RDS has no {} with resource id {} and the tags of this run at that address",
                self.kind_label(),
                self.copy.resource_id
            ))),
        }
    }

    /// Whether a cluster or instance of RDS is the one in the journal, every tag of ours unchanged.
    fn is_at(&self, owner: &AddressOwner) -> bool {
        let ThrowAwayCopy { kind, id, resource_id, tags, .. } = &self.copy;
        let same = *kind == owner.kind && (&owner.id, &owner.resource_id) == (id, resource_id);
        same && !tags.is_empty() && tags.iter().all(|(key, value)| owner.tags.get(key) == Some(value))
    }

    fn kind_label(&self) -> String {
        let ThrowAwayCopy { kind, id, .. } = &self.copy;
        match kind {
            AnyKind::Known(kind) => aws::label(*kind, id),
            AnyKind::Unknown(word) => format!("{word} {id}"),
        }
    }

    fn label(&self) -> String {
        format!("{}:{}", self.copy.host, self.copy.port)
    }

    fn other(&self, why: String) -> Error {
        Error::NotTheCopy { server: self.label(), why, host: self.copy.host.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Exit, Failure};
    use crate::progress::Progress;

    fn house(directory: &std::path::Path, toml: &str) -> House {
        let config = toml::from_str(toml).unwrap();
        House::new("tool", config, Progress::silent(), directory.to_owned())
    }

    fn cluster(login: Login) -> Cluster {
        let (id, host) = ("kit-1".to_owned(), "db.internal".to_owned());
        Cluster { id, host, port: 3306, login: Some(login), throw_away: true, ..Cluster::default() }
    }

    fn login(text: &str) -> Login {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn without_a_journal_only_a_person_vouches() {
        let directory = tempfile::tempdir().unwrap();
        let house = house(directory.path(), "");
        let cluster = cluster(login(r#"{"kind":"iam","user":"masker"}"#));
        let ask = |typed: Option<&str>| check(&house, &Access::default(), "r", &cluster, typed);
        for wrong in [None, Some(""), Some("db"), Some("db.internal:3307"), Some("DB.internal:")] {
            let error = ask(wrong).unwrap_err();
            assert_eq!((error.exit(), error.code()), (Exit::Refused, "not-a-copy"));
            assert!(error.to_string().contains("knows none"), "{error}");
            let hint = error.hint().unwrap();
            assert!(
                hint.ends_with("--i-own-this-server db.internal") && hint.contains("--state-dir"),
                "{hint}"
            );
        }
        assert!(ask(Some("db.internal")).is_ok() && ask(Some("db.internal:3306")).is_ok());
    }

    #[test]
    fn the_journal_vouches_for_one_address_and_brings_its_own_login() {
        let directory = tempfile::tempdir().unwrap();
        let house = house(&directory.path().join("state"), "");
        let ours = cluster(login(r#"{"kind":"option-file","path":"/state/r.cnf"}"#));
        let copy =
            ThrowAwayCopy { token: "t".to_owned(), ..ThrowAwayCopy::described(ResourceKind::Cluster, &ours) };
        house.journal("r").record_copy(&copy).unwrap();
        let ask = |cluster: &Cluster| check(&house, &Access::default(), "r", cluster, None);
        let other_login = cluster(login(r#"{"kind":"env","name":"AWS_SECRET_ACCESS_KEY","user":"u"}"#));
        assert_eq!(ask(&other_login).unwrap().copy.login, ours.login, "the document's is not looked at");
        for other in [
            Cluster { host: "evil.example".into(), ..ours.clone() },
            Cluster { port: 3307, ..ours.clone() },
            Cluster { id: "prod".into(), ..ours.clone() },
            Cluster { resource_id: "cluster-X".into(), ..ours.clone() },
        ] {
            let error = ask(&other).unwrap_err();
            assert!(error.to_string().contains("knows another one, at db.internal:3306"), "{error}");
        }
        let readers = vec![crate::document::Endpoint {
            host: "evil.example".into(),
            ..crate::document::Endpoint::default()
        }];
        let claimed = ask(&Cluster { readers, ..ours.clone() }).unwrap();
        assert!(claimed.copy.readers.is_empty(), "a document does not say where the readers are");
        assert!(check(&house, &Access::default(), "another", &ours, None).is_err());
    }

    #[test]
    fn a_login_of_a_document_is_one_that_the_configuration_names() {
        let directory = tempfile::tempdir().unwrap();
        let known = "[source]\npassword_env = \"PW\"\n[targets.a]\ndatabase = \"a\"\ndefaults_file = \"/a.cnf\"\n\
                     [targets.b]\ndatabase = \"b\"\nsecret = \"arn:b\"\n";
        let house = house(directory.path(), known);
        let ask = |text: &str, access: &Access| {
            check(&house, access, "r", &cluster(login(text)), Some("db.internal"))
                .map(|claim| claim.copy.login)
        };
        for text in [
            r#"{"kind":"env","name":"AWS_SECRET_ACCESS_KEY","user":"u"}"#,
            r#"{"kind":"env","name":"REFRESHKIT_MASK_KEY","user":"u"}"#,
            r#"{"kind":"option-file","path":"/root/.my.cnf"}"#,
            r#"{"kind":"option-file","path":"/etc/shadow"}"#,
            r#"{"kind":"secrets-manager","arn":"arn:other"}"#,
        ] {
            let error = ask(text, &Access::default()).unwrap_err();
            assert_eq!((error.exit(), error.code()), (Exit::Refused, "foreign-login"), "{text}");
            let flag = Access { extra: Some("/typed.cnf".into()), ..Access::default() };
            assert_eq!(ask(text, &flag).unwrap(), None, "the flag's is taken instead");
        }
        for text in [
            r#"{"kind":"env","name":"PW","user":"u"}"#,
            r#"{"kind":"option-file","path":"/a.cnf"}"#,
            r#"{"kind":"secrets-manager","arn":"arn:b"}"#,
            r#"{"kind":"iam","user":"masker"}"#,
        ] {
            assert!(ask(text, &Access::default()).unwrap().is_some(), "{text}");
        }
    }

    #[test]
    fn the_service_shows_what_the_journal_says_to_the_last_tag() {
        let tags = [("refreshkit:run", "r"), ("refreshkit:managed", "true")];
        let tags: std::collections::BTreeMap<String, String> =
            tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let copy = ThrowAwayCopy {
            tags: tags.clone(),
            ..ThrowAwayCopy::described(
                ResourceKind::Cluster,
                &cluster(Login::Unknown(serde_json::Map::new())),
            )
        };
        let claim = |copy: ThrowAwayCopy| Claim { copy, by_person: false, by_journal: true };
        let owner = AddressOwner {
            kind: ResourceKind::Cluster,
            id: "kit-1".into(),
            resource_id: String::new(),
            tags,
        };
        assert!(claim(copy.clone()).is_at(&owner));
        assert!(
            !claim(ThrowAwayCopy { tags: std::collections::BTreeMap::default(), ..copy.clone() })
                .is_at(&owner)
        );
        for other in [
            AddressOwner { id: "kit-2".into(), ..owner.clone() },
            AddressOwner { kind: ResourceKind::Instance, ..owner.clone() },
            AddressOwner { resource_id: "cluster-X".into(), ..owner.clone() },
            AddressOwner { tags: std::collections::BTreeMap::default(), ..owner.clone() },
        ] {
            assert!(!claim(copy.clone()).is_at(&other), "{other:?}");
        }
    }
}
