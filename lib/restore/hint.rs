//! What to do about an [`Error`]: the line that begins with `hint:`.
//!
//! In: the error. Out: one thing to do, if there is one.

use super::error::Error;
use crate::document::Failure;
use crate::mysql::{self, number};
use crate::sql;

/// The hint for an error.
pub(crate) fn hint(error: &Error) -> Option<String> {
    match error {
        Error::Config(inner) => inner.hint(),
        Error::Mysql(inner) => hint_of_server(inner),
        Error::Dump(inner) => inner.hint(),
        Error::Migrate(inner) => inner.hint(),
        Error::Interrupted(_) => {
            Some("the database is as it was, unless the swap had begun: dev-restore status".to_owned())
        }
        Error::UnknownTarget { name, known } => Some(hint_for_target(name, known)),
        Error::LooksLikeSource { .. } => Some("a target is a development server of its own".to_owned()),
        Error::NotOurs { database } => {
            Some(format!("rename it, or drop it if nobody needs it: DROP DATABASE {}", sql::name(database)))
        }
        Error::ReferredFromOutside { .. } => {
            Some("drop that foreign key on the development server".to_owned())
        }
        Error::Held { .. } => Some("try again when it is done".to_owned()),
        Error::TagsUnknown { target, .. } => Some(format!(
            "it takes rds:DescribeDBClusters and rds:DescribeDBInstances; if you know better: refuse_tags = [] in [targets.{target}]"
        )),
        Error::NotFast { .. } => Some("refresh it without --fast".to_owned()),
        Error::Busy { .. } => {
            Some("end those connections and try again; the database is as it was".to_owned())
        }
        Error::NoSuchDump { choice, .. } if std::path::Path::new(choice).is_file() => {
            Some(format!("for the file in this directory: --dump ./{choice}"))
        }
        Error::NoSuchDump { .. } => Some("dev-restore list shows what there is".to_owned()),
        Error::SeveralDatabases { .. } => Some("name the target's database like one of them".to_owned()),
        Error::Packet { needed, .. } => {
            Some(format!("SET GLOBAL max_allowed_packet = {}", needed.next_power_of_two().min(1 << 30)))
        }
        Error::Unfinished { target, .. } => Some(format!("dev-restore status --target {target} --repair")),
        Error::Hidden { .. } => {
            Some("GRANT SELECT ON mysql.proc (MariaDB) or SHOW_ROUTINE (MySQL) to it".to_owned())
        }
        _ => None,
    }
}

fn hint_for_target(name: &str, known: &[String]) -> String {
    let similar = known.iter().find(|known| strsim::damerau_levenshtein(known, name) <= 1);
    similar.map_or_else(
        || format!("targets are allowed by a section [targets.{name}] in refresh.toml"),
        |known| format!("did you mean {known}?"),
    )
}

/// What the target's server refuses.
fn hint_of_server(error: &mysql::Error) -> Option<String> {
    match error.number() {
        Some(number::DATABASE_ACCESS_DENIED) => Some(
            "the account needs all rights on the target's database and on those of its name with __refresh and __previous"
                .to_owned(),
        ),
        Some(number::OPTION_PREVENTS_STATEMENT) => {
            Some("a server that is read-only is no target: SET GLOBAL read_only = OFF, or name another".to_owned())
        }
        _ => error.hint(),
    }
}
