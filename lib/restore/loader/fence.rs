//! Checks that a loader has no rights beyond the staging database.
//!
//! In: the loader's login. Out: nothing; or a refusal that names the wider rights.

use super::account::escaped;
use crate::mysql::{Server, Session};
use crate::restore::error::Error;
use crate::restore::target::DevTarget;
use crate::sql::{Token, TokenKind, tokens};

/// Fails if the loader is the swapper, or has a right elsewhere.
pub(crate) fn refuse_wider(target: &DevTarget, server: &Server, swapper: &mut Session) -> Result<(), Error> {
    let mut session = server.connect()?;
    let whoami = |session: &mut Session| {
        session.first::<String>("asking who we are", "SELECT CURRENT_USER()").map(Option::unwrap_or_default)
    };
    let refuse = |why: String| Err(Error::WideLoader { target: target.name.clone(), why });
    if whoami(&mut session)? == whoami(swapper)? {
        return refuse("it is the account that swaps".to_owned());
    }
    let grants: Vec<String> = session.rows("reading the loader's rights", "SHOW GRANTS")?;
    let wider: Vec<&str> = grants.iter().filter_map(|grant| beyond(grant, &target.staging())).collect();
    if wider.is_empty() { Ok(()) } else { refuse(format!("it may do more than load: {}", wider.join("; "))) }
}

/// The part of a line of SHOW GRANTS before TO, if its rights go beyond one database. The rest is left out: it may hold a
/// password's hash.
fn beyond<'a>(grant: &'a str, database: &str) -> Option<&'a str> {
    let tokens = tokens(grant);
    let at = |word: &str| tokens.iter().position(|token| token.is_word(grant, word));
    let end = at("TO").map_or(grant.len(), |to| tokens[to].place.start);
    let nothing = tokens.get(1).is_some_and(|token| token.is_word(grant, "USAGE"))
        && tokens.get(2).is_some_and(|token| token.is_word(grant, "ON"));
    let own = at("ON").is_some_and(|on| names(grant, &tokens[on + 1..], database));
    (!nothing && !own).then(|| grant[..end].trim())
}

/// True if the object of a GRANT is `database`.*, or something in that database.
fn names(grant: &str, object: &[Token], database: &str) -> bool {
    let object = match object {
        [kind, rest @ ..]
            if ["PROCEDURE", "FUNCTION", "TABLE"].iter().any(|word| kind.is_word(grant, word)) =>
        {
            rest
        }
        other => other,
    };
    let [name, dot, ..] = object else { return false };
    let name = name.name(grant).filter(|_| name.kind == TokenKind::Name && dot.is(b'.'));
    name.is_some_and(|name| name == database || name == escaped(database))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_on_the_staging_database_are_all_that_a_loader_may_have() {
        for grant in [
            "GRANT USAGE ON *.* TO `l`@`%` IDENTIFIED BY PASSWORD '*94BD'",
            r"GRANT ALL PRIVILEGES ON `app\_\_refresh`.* TO `l`@`%`",
            "GRANT SELECT, INSERT ON `app__refresh`.* TO `l`@`%`",
            r"GRANT EXECUTE ON PROCEDURE `app__refresh`.`p` TO `l`@`%`",
        ] {
            assert_eq!(beyond(grant, "app__refresh"), None, "{grant}");
        }
        for (grant, told) in [
            ("GRANT SELECT ON *.* TO `l`@`%` IDENTIFIED BY PASSWORD '*94BD'", "GRANT SELECT ON *.*"),
            ("GRANT ALL PRIVILEGES ON `app`.* TO `l`@`%`", "GRANT ALL PRIVILEGES ON `app`.*"),
            ("GRANT ALL PRIVILEGES ON `app%`.* TO `l`@`%`", "GRANT ALL PRIVILEGES ON `app%`.*"),
            ("GRANT SELECT ON `app`.`app__refresh` TO `l`@`%`", "GRANT SELECT ON `app`.`app__refresh`"),
            ("GRANT `writer`@`%` TO `l`@`%`", "GRANT `writer`@`%`"),
            ("GRANT PROXY ON ''@'' TO 'l'@'%'", "GRANT PROXY ON ''@''"),
        ] {
            assert_eq!(beyond(grant, "app__refresh"), Some(told));
        }
    }
}
