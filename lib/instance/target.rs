//! A target of `refresh.toml` that is an instance.
//!
//! In: a name. Out: its settings, from the section of that name or of a pattern that fits; or all that is wrong with them.

use std::path::PathBuf;

use super::error::Error;
use crate::archive::is_file_word;
use crate::catalog::Pattern;
use crate::config::{Config, ServerConfig, TargetConfig};
use crate::engine::{self, ServerProgram};
use crate::restore;

/// The longest name of an instance, in bytes: it is part of a socket's path.
const NAME_BYTES_MAX: usize = 40;

/// A section with one of these characters is a pattern, not a name.
const GLOBS: [char; 3] = ['*', '?', '['];

/// A target that is an instance, with its settings.
#[derive(Debug, Clone)]
pub(crate) struct InstanceTarget {
    /// Name of the target, as the person gave it.
    pub(crate) name: String,
    /// Key of its section in `[targets]`: the name or a pattern.
    pub(crate) section: String,
    /// The settings of that section.
    pub(crate) settings: TargetConfig,
    /// The setting `instance`: the directory of instances and templates, which several targets may share.
    pub(crate) root: PathBuf,
}

impl InstanceTarget {
    /// Returns the instance of a name; `None` if the name is a database target or unknown. A section of that name goes before
    /// patterns, a long pattern before a short one. Fails if the settings are wrong.
    pub(crate) fn of(config: &Config, name: &str) -> Result<Option<Self>, Error> {
        let exact = config.targets.get_key_value(name).filter(|(key, _)| !is_pattern(key));
        let mut fitting: Vec<(&String, &TargetConfig)> = config
            .targets
            .iter()
            .filter(|(key, _)| is_pattern(key) && Pattern::new(key, false).fit(name).is_some())
            .collect();
        fitting.sort_by_key(|(key, _)| std::cmp::Reverse(key.len()));
        let Some((section, settings)) = exact.or_else(|| fitting.first().copied()) else { return Ok(None) };
        let Some(root) = &settings.instance else { return Ok(None) };
        let target = Self {
            name: name.to_owned(),
            section: section.clone(),
            settings: settings.clone(),
            root: PathBuf::from(root),
        };
        let wrong = target.problems();
        if wrong.is_empty() {
            return Ok(Some(target));
        }
        let message = format!("[targets.{section}]: {}", wrong.join("; "));
        let keys = ["targets", section.as_str(), "instance"];
        Err(config.origin.error_at(&keys, message, None).into())
    }

    /// Like [`Self::of`], but fails if the target is no instance.
    pub(crate) fn must(config: &Config, name: &str) -> Result<Self, Error> {
        match Self::of(config, name)? {
            Some(target) => Ok(target),
            None if config.targets.contains_key(name) => {
                let why = "is a database on a server, and no instance".to_owned();
                Err(Error::WrongKind { target: name.to_owned(), why })
            }
            None => {
                let known = config.targets.keys().cloned().collect();
                Err(restore::Error::UnknownTarget { name: name.to_owned(), known }.into())
            }
        }
    }

    /// Returns every section of `[targets]` that has `instance`, patterns too.
    pub(crate) fn sections(config: &Config) -> impl Iterator<Item = (&String, &TargetConfig)> {
        config.targets.iter().filter(|(_, settings)| settings.instance.is_some())
    }

    /// Finds the server program: `server` of the section, or the first one on this host.
    pub(crate) fn program(&self) -> Result<ServerProgram, Error> {
        let path = self.settings.program.as_ref().map(PathBuf::from);
        Ok(ServerProgram::find(path.as_deref(), None)?)
    }

    /// The address at which the instance listens.
    pub(crate) fn bind(&self) -> &str {
        self.settings.bind.as_deref().unwrap_or("127.0.0.1")
    }

    fn problems(&self) -> Vec<String> {
        let settings = &self.settings;
        let mut wrong = Vec::new();
        let mut refuse = |is: bool, why: &str| {
            if is {
                wrong.push(why.to_owned());
            }
        };
        let server = ServerConfig { port: None, ..settings.server.clone() };
        refuse(
            server != ServerConfig::default(),
            "host, socket, user and the rest of a login are for targets on servers that are there already",
        );
        refuse(
            settings.loader.is_some() || settings.definer.is_some() || settings.refuse_tags.is_some(),
            "loader, definer and refuse_tags are for targets on servers that are there already",
        );
        refuse(
            !settings.include.is_empty() || !settings.exclude.is_empty(),
            "an instance is all of a dump: include and exclude are for database targets",
        );
        refuse(!self.root.is_absolute(), "instance is not an absolute path");
        if is_pattern(&self.section) {
            refuse(settings.server.port.is_some(), "a name with globs has ports = \"3310-3399\", not a port");
            refuse(settings.ports.is_none(), "a name with globs needs ports = \"3310-3399\"");
        } else {
            refuse(settings.ports.is_some(), "ports is for names with globs, such as \"dev-*\"");
            refuse(settings.server.port.is_none(), "it needs a port = …");
        }
        refuse(self.bind().parse::<std::net::IpAddr>().is_err(), "bind is not an address of this host");
        refuse(
            settings.accounts.iter().any(|sql| sql.contains(['\n', '\r'])),
            "an entry of accounts is one statement on one line",
        );
        let options = settings.options_file.as_deref().unwrap_or("/");
        refuse(!options.starts_with('/') || options.contains('\n'), "options_file is not an absolute path");
        refuse(engine::is_the_servers_own(&settings.database), "its database is the server's own");
        let name =
            is_file_word(&self.name) && !self.name.starts_with('-') && self.name.len() <= NAME_BYTES_MAX;
        refuse(!name, "a name of an instance has letters, digits, '.', '_' and '-', forty at most");
        wrong
    }
}

/// True when the key of a section is a pattern.
pub(crate) fn is_pattern(section: &str) -> bool {
    section.contains(GLOBS)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::KindVocabulary;

    fn find(text: &str, name: &str) -> Result<Option<InstanceTarget>, String> {
        let config =
            crate::config::parse(Path::new("refresh.toml"), text.to_owned(), &KindVocabulary::default())
                .unwrap();
        InstanceTarget::of(&config, name).map_err(|e| e.to_string())
    }

    #[test]
    fn a_name_has_its_own_section_or_that_of_the_closest_pattern() {
        let text = "[targets.db]\ndatabase = \"app\"\n[targets.\"dev-*\"]\ninstance = \"/srv/a\"\nports = \"3310-3319\"\n\
                    [targets.\"dev-x*\"]\ninstance = \"/srv/b\"\nports = \"3320-3329\"\n\
                    [targets.dev-one]\ninstance = \"/srv/c\"\nport = 3330\n";
        let root = |name: &str| find(text, name).unwrap().map(|target| target.root.display().to_string());
        assert_eq!(root("dev-alice"), Some("/srv/a".to_owned()));
        assert_eq!(root("dev-xaver"), Some("/srv/b".to_owned()));
        assert_eq!(root("dev-one"), Some("/srv/c".to_owned()));
        assert_eq!((root("db"), root("other")), (None, None));
        for name in ["dev-../../etc", "dev-a b", "dev-\n", &format!("dev-{}", "a".repeat(40))] {
            assert!(find(text, name).unwrap_err().contains("letters, digits"), "{name:?}");
        }
        assert!(find(text, "dev-*").unwrap_err().contains("letters, digits"));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_with_the_line() {
        let text = "[targets.dev3]\ninstance = \"srv\"\nhost = \"x\"\ninclude = [\"a\"]\nbind = \"nowhere\"\naccounts = [\"a\\nb\"]\n";
        let said = find(text, "dev3").unwrap_err();
        assert!(said.starts_with("refresh.toml:2: [targets.dev3]: "), "{said}");
        for words in ["a login", "all of a dump", "absolute path", "needs a port", "bind is not", "one line"]
        {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}
