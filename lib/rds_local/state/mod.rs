//! All resources and events in memory, and how their changes are written to the disk.

pub(super) mod home;
pub(super) mod model;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::error::Error;
use crate::engine;
use crate::rds_local::http::query::ServiceError;
use home::{META, StateDirectory};
use model::{LocalCluster, LocalEvent, LocalInstance, LocalKind, LocalSnapshot};

/// The most events that are kept; older ones are dropped.
const EVENTS_MAX: usize = 2_000;

/// All resources by key, and the events.
#[derive(Debug, Default)]
pub(crate) struct LocalState {
    pub(crate) clusters: BTreeMap<String, LocalCluster>,
    pub(crate) instances: BTreeMap<String, LocalInstance>,
    pub(crate) snapshots: BTreeMap<String, LocalSnapshot>,
    pub(crate) events: Vec<LocalEvent>,
    /// The files' texts as last written, so that only changed files are written.
    saved: HashMap<PathBuf, String>,
}

impl LocalState {
    /// Reads everything from the disk.
    pub(crate) fn load(home: &StateDirectory) -> Result<Self, Error> {
        let clusters: Vec<LocalCluster> = home.load(&["clusters", "plain"])?;
        let snapshots: Vec<LocalSnapshot> = home.load(&["snapshots", "plain-snapshots"])?;
        let instances: Vec<LocalInstance> = home.load(&["instances"])?;
        let events = home.root.join("events.json");
        Ok(Self {
            clusters: clusters.into_iter().map(|c| (c.key(), c)).collect(),
            instances: instances.into_iter().map(|i| (i.id.clone(), i)).collect(),
            snapshots: snapshots.into_iter().map(|s| (s.key(), s)).collect(),
            events: if events.exists() { home::read_json(&events)? } else { Vec::new() },
            saved: HashMap::new(),
        })
    }

    /// Writes the files whose text has changed since the last save.
    pub(crate) fn save(&mut self, home: &StateDirectory) -> Result<(), Error> {
        let mut files = Vec::new();
        files.extend(self.clusters.values().map(|c| (home.cluster(&c.key()), text(c))));
        files.extend(self.instances.values().map(|i| (home.instance(&i.id), text(i))));
        files.extend(self.snapshots.values().map(|s| (home.snapshot(&s.key()), text(s))));
        for (folder, text) in files {
            let path = folder.join(META);
            if self.saved.get(&path) != Some(&text) {
                engine::make_directory(&folder)?;
                home::write_file(&path, text.as_bytes())?;
                self.saved.insert(path, text);
            }
        }
        let path = home.root.join("events.json");
        let text = text(&self.events);
        if self.saved.get(&path) != Some(&text) {
            home::write_file(&path, text.as_bytes())?;
            self.saved.insert(path, text);
        }
        Ok(())
    }

    /// Forgets the saved text of a deleted resource, so that a new resource of the same name is written.
    pub(crate) fn forget(&mut self, folder: &std::path::Path) {
        self.saved.remove(&folder.join(META));
    }

    /// Adds an event of a resource, and drops the oldest ones beyond [`EVENTS_MAX`].
    pub(crate) fn tell(&mut self, kind: &str, id: &str, message: impl Into<String>) {
        let message = message.into();
        self.events.push(LocalEvent {
            at: Timestamp::now(),
            kind: kind.to_owned(),
            id: id.to_owned(),
            message,
        });
        let surplus = self.events.len().saturating_sub(EVENTS_MAX);
        self.events.drain(..surplus);
    }

    /// The cluster with this key, if it still has this resource id: a new cluster may have taken over the name.
    pub(crate) fn cluster(&mut self, key: &str, resource_id: &str) -> Option<&mut LocalCluster> {
        self.clusters.get_mut(key).filter(|found| found.resource_id == resource_id)
    }

    /// The snapshot with this key, if it still has this resource id.
    pub(crate) fn snapshot(&mut self, key: &str, resource_id: &str) -> Option<&mut LocalSnapshot> {
        self.snapshots.get_mut(key).filter(|found| found.resource_id == resource_id)
    }

    /// The instance with this name, if it still has this resource id.
    pub(crate) fn instance(&mut self, id: &str, resource_id: &str) -> Option<&mut LocalInstance> {
        self.instances.get_mut(id).filter(|found| found.resource_id == resource_id)
    }

    /// The instances of a cluster, the writer first.
    pub(crate) fn members(&self, key: &str) -> Vec<&LocalInstance> {
        let mut members: Vec<&LocalInstance> = self.instances.values().filter(|i| i.cluster == key).collect();
        members.sort_by_key(|member| !member.writer);
        members
    }

    /// Returns a cluster that is not hidden, or the error that a caller gets.
    pub(crate) fn find_cluster(&mut self, id: &str) -> Result<&mut LocalCluster, ServiceError> {
        let missing =
            || ServiceError::new(404, "DBClusterNotFoundFault", format!("DBCluster {id} not found."));
        self.clusters.get_mut(id).filter(|cluster| !cluster.plain).ok_or_else(missing)
    }

    pub(crate) fn find_instance(&mut self, id: &str) -> Result<&mut LocalInstance, ServiceError> {
        let missing = || ServiceError::new(404, "DBInstanceNotFound", format!("DBInstance {id} not found."));
        self.instances.get_mut(id).ok_or_else(missing)
    }

    /// Returns a snapshot of a cluster (of a plain instance if `plain`), or the error that a caller gets.
    pub(crate) fn find_snapshot(
        &mut self,
        plain: bool,
        id: &str,
    ) -> Result<&mut LocalSnapshot, ServiceError> {
        let key = model::key(plain, id);
        self.snapshots.get_mut(&key).ok_or_else(|| no_snapshot(plain, id))
    }
}

pub(crate) fn no_snapshot(plain: bool, id: &str) -> ServiceError {
    let (code, word) = if plain {
        ("DBSnapshotNotFound", "DBSnapshot")
    } else {
        ("DBClusterSnapshotNotFoundFault", "DBClusterSnapshot")
    };
    ServiceError::new(404, code, format!("{word} {id} not found."))
}

/// Makes the error for an action that the cluster's state does not allow.
pub(crate) fn unavailable(cluster: &LocalCluster, deed: &str) -> ServiceError {
    let (id, state) = (&cluster.id, cluster.status.shown());
    let message = format!(
        "DB cluster {id} cannot be {deed}: it is not currently in the available state (it is {state})."
    );
    ServiceError::new(400, "InvalidDBClusterStateFault", message)
}

pub(crate) fn instance_exists() -> ServiceError {
    ServiceError::new(400, "DBInstanceAlreadyExists", "DB instance already exists")
}

/// RDS's word (`SourceType`) for the kind of resource that an event is about.
pub(crate) fn source_type(kind: LocalKind, plain: bool) -> &'static str {
    match (kind, plain) {
        (LocalKind::Cluster, false) => "db-cluster",
        (LocalKind::Cluster | LocalKind::Instance, _) => "db-instance",
        (LocalKind::Snapshot, false) => "db-cluster-snapshot",
        (LocalKind::Snapshot, true) => "db-snapshot",
    }
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("our types have only string keys")
}
