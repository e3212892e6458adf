//! The allow-list: which server and which database a refresh may replace.
//!
//! In: a target's name, `[targets]`, what decides the login ([`Access`]). Out: a [`DevTarget`], or a refusal; that of an unknown
//! name lists the names of `[targets]`.

use super::error::Error;
use crate::config::{Config, TargetConfig};
use crate::engine;
use crate::mysql::{Access, Server};

/// MySQL's limit for a database name, in characters.
const NAME_CHARACTERS_MAX: usize = 64;

/// End of the name of the staging database.
const STAGING: &str = "__refresh";

/// End of the name of the database that keeps the replaced tables.
const PREVIOUS: &str = "__previous";

/// One development database that may be replaced.
#[derive(Debug, Clone)]
pub(crate) struct DevTarget {
    /// Name of the target in `refresh.toml`.
    pub(crate) name: String,
    /// The database that is replaced.
    pub(crate) database: String,
    /// The server that the database is on.
    pub(crate) server: Server,
    /// The same server with the loader's login, if `refresh.toml` names a loader.
    pub(crate) loader: Option<Server>,
    /// The target's section of `refresh.toml`.
    pub(crate) settings: TargetConfig,
}

impl DevTarget {
    /// Finds a target by its name. Fails if `[targets]` lacks it, or if its database cannot be a target's.
    pub(crate) fn of(config: &Config, name: &str, access: &Access) -> Result<Self, Error> {
        let Some(settings) = config.targets.get(name) else {
            let known = config.targets.keys().cloned().collect();
            return Err(Error::UnknownTarget { name: name.to_owned(), known });
        };
        let wrong = |message: String, hint: &str| {
            let keys = ["targets", name, "database"];
            Error::Config(config.origin.error_at(&keys, message, Some(hint.to_owned())))
        };
        let database = settings.database.clone();
        if database.is_empty() {
            let message = format!("[targets.{name}] names no database");
            return Err(wrong(message, "add database = \"…\", the one that is replaced"));
        }
        if database.chars().count() + PREVIOUS.len() > NAME_CHARACTERS_MAX {
            let message = format!(
                "the database name of [targets.{name}] is too long: {database}{PREVIOUS} must fit 64 characters"
            );
            return Err(wrong(message, "use a shorter name"));
        }
        if engine::is_the_servers_own(&database) {
            return Err(wrong(
                format!("{database} is the server's own database"),
                "name the application's database",
            ));
        }
        if let Some(end) = [STAGING, PREVIOUS].into_iter().find(|end| database.to_lowercase().ends_with(end))
        {
            let message = format!(
                "{database} is a name for what a refresh of another database leaves: it ends with {end}"
            );
            return Err(wrong(message, "name the application's database"));
        }
        if database.ends_with(' ') {
            let message = format!("no database can be called {database:?}: names do not end with a space");
            return Err(wrong(message, "remove the space"));
        }
        let server = access.to_config(&settings.server)?;
        let loader = settings.loader.as_ref().map(|loader| access.to_account(&server, loader)).transpose()?;
        Ok(Self { name: name.to_owned(), database, server, loader, settings: settings.clone() })
    }

    /// Name of the staging database: `<db>__refresh`.
    pub(crate) fn staging(&self) -> String {
        format!("{}{STAGING}", self.database)
    }

    /// Name of the database that keeps the replaced tables: `<db>__previous`.
    pub(crate) fn previous(&self) -> String {
        format!("{}{PREVIOUS}", self.database)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::KindVocabulary;
    use crate::document::{Exit, Failure};

    fn refused(text: &str, name: &str) -> (Exit, String) {
        let config =
            crate::config::parse(Path::new("refresh.toml"), text.to_owned(), &KindVocabulary::default())
                .unwrap();
        let error = DevTarget::of(&config, name, &Access::default()).unwrap_err();
        (error.exit(), error.to_string())
    }

    #[test]
    fn refuses_what_is_not_listed_and_says_what_is() {
        let (exit, message) =
            refused("[targets.dev3]\ndatabase = \"app\"\n[targets.dev4]\ndatabase = \"app\"\n", "dev5");
        assert_eq!(exit, Exit::Refused);
        assert_eq!(message, "dev5 is not a target; there are dev3, dev4");
    }

    #[test]
    fn names_the_line_of_a_database_that_cannot_be() {
        let (exit, message) = refused("[targets.dev3]\nhost = \"x\"\ndatabase = \"mysql\"\n", "dev3");
        assert_eq!(exit, Exit::BadConfig);
        assert!(message.starts_with("refresh.toml:3: mysql is the server's own"), "{message}");
    }

    #[test]
    fn refuses_names_that_no_refresh_can_replace() {
        for (database, said) in [
            ("app__previous", "it ends with __previous"),
            ("App__Refresh", "it ends with __refresh"),
            ("app ", "names do not end with a space"),
            (&"l".repeat(55), "__previous must fit 64 characters"),
            ("", "names no database"),
        ] {
            let (exit, message) = refused(&format!("[targets.dev3]\ndatabase = \"{database}\"\n"), "dev3");
            assert_eq!(exit, Exit::BadConfig, "{message}");
            assert!(message.starts_with("refresh.toml:2: ") && message.contains(said), "{message}");
        }
    }
}
