//! Refuses a server of RDS whose tags say that it is production.
//!
//! In: the target, its server, the tags at AWS. Out: nothing, or a refusal. The target is also refused if AWS cannot be asked or
//! does not know the address. With `refuse_tags = []` no tags are read.

use globset::GlobBuilder;
use mysql::Opts;

use crate::aws::{self, AddressOwner};
use crate::house::House;
use crate::mysql::Session;
use crate::restore::error::Error;
use crate::restore::target::DevTarget;

/// Tags of production, if the target has no `refuse_tags`.
const TAGS: &[&str] = &["environment=prod*", "env=prod*", "stage=prod*", "environment=live", "env=live"];

/// Directory of the server's programs at RDS.
const RDS_HOME: &str = "/rdsdbbin/";

/// Fails if the target has a tag of production, or if its tags cannot be read.
pub(crate) fn refuse(house: &House, target: &DevTarget, session: &mut Session) -> Result<(), Error> {
    let own = target.settings.refuse_tags.as_deref();
    let tags: Vec<&str> = own.map_or_else(|| TAGS.to_vec(), |own| own.iter().map(String::as_str).collect());
    let options = Opts::from(target.server.options());
    let host = options.get_ip_or_hostname();
    // With `refuse_tags` set, the tags are read whatever the server's address is.
    if tags.is_empty() || (own.is_none() && !aws::is_rds(&host) && !runs_at_rds(session)) {
        return Ok(());
    }
    let unknown =
        |why: String| Error::TagsUnknown { target: target.name.clone(), host: host.to_string(), why };
    let owners = aws::owners(house, &host, options.get_tcp_port());
    house.cancel.check()?;
    let owners = owners.map_err(unknown)?;
    if owners.is_empty() {
        return Err(unknown(
            "no cluster or instance of this account and region has this endpoint".to_owned(),
        ));
    }
    match marked(&owners, &tags).map_err(|problem| Error::Glob {
        target: target.name.clone(),
        setting: "refuse_tags",
        problem,
    })? {
        Some((owner, tag)) => Err(Error::Production { target: target.name.clone(), owner, tag }),
        None => Ok(()),
    }
}

/// True if the server's own settings show that it runs at RDS, whatever its address is.
fn runs_at_rds(session: &mut Session) -> bool {
    let home = session.first::<String>("asking where the server is installed", "SELECT @@basedir");
    home.ok().flatten().is_some_and(|home| home.starts_with(RDS_HOME))
}

/// The first of `owners` with one of the tags, and that tag. Case is ignored: people write `Prod` and `PROD`.
fn marked(owners: &[AddressOwner], tags: &[&str]) -> Result<Option<(String, String)>, String> {
    for tag in tags {
        let glob = GlobBuilder::new(tag).case_insensitive(true).build().map_err(|e| e.to_string())?;
        let glob = glob.compile_matcher();
        for owner in owners {
            let pairs = owner.tags.iter().map(|(key, value)| format!("{key}={value}"));
            if let Some(pair) = pairs.into_iter().find(|pair| glob.is_match(pair)) {
                return Ok(Some((owner.label(), pair)));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::ResourceKind;

    #[test]
    fn a_tag_of_production_is_seen_in_any_case() {
        let with = |key: &str, value: &str| {
            let tags = [(key.to_owned(), value.to_owned())].into();
            let owner = AddressOwner {
                kind: ResourceKind::Cluster,
                id: "app".to_owned(),
                resource_id: String::new(),
                tags,
            };
            marked(&[owner], TAGS).unwrap()
        };
        let seen = Some(("cluster app".to_owned(), "Environment=Production".to_owned()));
        assert_eq!(with("Environment", "Production"), seen);
        assert!(with("env", "prod").is_some() && with("stage", "prod-eu").is_some());
        assert_eq!(with("environment", "development"), None);
        assert_eq!(with("team", "production"), None);
        assert!(marked(&[], &["env=[a"]).is_err());
    }
}
