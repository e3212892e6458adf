//! The actions that list, add and remove tags of a resource, which its ARN names.

use super::render::{self, ActionOutcome};
use crate::rds_local::cloud::LocalCloud;
use crate::rds_local::http::query::{Query, ServiceError};
use crate::rds_local::http::xml::Xml;
use crate::rds_local::state;
use crate::rds_local::state::LocalState;
use crate::rds_local::state::model::{ARN_PREFIX, Tag, key};

pub(crate) fn list(cloud: &LocalCloud, query: &Query) -> ActionOutcome {
    let arn = query.need("ResourceName")?;
    cloud.look(|state| {
        let mut x = Xml::default();
        render::tags(&mut x, tags_of(state, arn)?);
        Ok(x)
    })
}

pub(crate) fn add(cloud: &LocalCloud, query: &Query) -> ActionOutcome {
    let arn = query.need("ResourceName")?;
    let new = query.tags();
    if new.is_empty() {
        query.need("Tags")?;
    }
    cloud.change(|state| {
        let tags = tags_of(state, arn)?;
        for tag in new {
            match tags.iter_mut().find(|known| known.key == tag.key) {
                Some(known) => *known = tag,
                None => tags.push(tag),
            }
        }
        Ok(Xml::default())
    })
}

pub(crate) fn remove(cloud: &LocalCloud, query: &Query) -> ActionOutcome {
    let arn = query.need("ResourceName")?;
    let keys = query.list("TagKeys");
    cloud.change(|state| {
        tags_of(state, arn)?.retain(|tag| !keys.contains(&tag.key));
        Ok(Xml::default())
    })
}

/// Returns the tags of the resource with an ARN, or the error that the caller gets.
fn tags_of<'a>(state: &'a mut LocalState, arn: &str) -> Result<&'a mut Vec<Tag>, ServiceError> {
    let parts = arn.strip_prefix(ARN_PREFIX).and_then(|rest| rest.strip_prefix(':')?.split_once(':'));
    let (kind, id) = parts.ok_or_else(|| ServiceError::value(format!("Invalid resource name: {arn}")))?;
    match kind {
        "cluster" => state.find_cluster(id).map(|cluster| &mut cluster.tags),
        "db" => state.find_instance(id).map(|instance| &mut instance.tags),
        "cluster-snapshot" => state.find_snapshot(false, id).map(|snapshot| &mut snapshot.tags),
        "snapshot" => match state.snapshots.get_mut(&key(true, id)) {
            Some(snapshot) => Ok(&mut snapshot.tags),
            None => Err(state::no_snapshot(true, id)),
        },
        _ => Err(ServiceError::value(format!("Invalid resource name: {arn}"))),
    }
}
