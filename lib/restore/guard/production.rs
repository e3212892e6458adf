//! A server of RDS whose tags say that it is production is no target.
//!
//! In: the target, its server, the service's word. Out: nothing, or a refusal. Where the service cannot be asked, or
//! does not know the address, the answer is no: `refuse_tags = []` is how a person says that it need not be asked.

use globset::GlobBuilder;
use mysql::Opts;

use crate::aws::{self, AddressOwner};
use crate::house::House;
use crate::mysql::Session;
use crate::restore::error::Error;
use crate::restore::target::DevTarget;

/// How production is marked where nobody says otherwise.
const TAGS: &[&str] = &["environment=prod*", "env=prod*", "stage=prod*", "environment=live", "env=live"];

/// Directory in which RDS has the server's programs.
const RDS_HOME: &str = "/rdsdbbin/";

/// Refuses a target with a tag of production on it, or with tags that cannot be read.
pub(crate) fn refuse(house: &House, target: &DevTarget, session: &mut Session) -> Result<(), Error> {
    let own = target.settings.refuse_tags.as_deref();
    let tags: Vec<&str> = own.map_or_else(|| TAGS.to_vec(), |own| own.iter().map(String::as_str).collect());
    let options = Opts::from(target.server.options());
    let host = options.get_ip_or_hostname();
    // Whoever names tags wants them looked at, under whatever name the server goes.
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

/// Whether the server says that it is one of RDS, whatever its host is called.
fn runs_at_rds(session: &mut Session) -> bool {
    let home = session.first::<String>("asking where the server is installed", "SELECT @@basedir");
    home.ok().flatten().is_some_and(|home| home.starts_with(RDS_HOME))
}

/// The first of `owners` with one of the tags, and that tag. Case does not matter: people write `Prod` and `PROD`.
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
