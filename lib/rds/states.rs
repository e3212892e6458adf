//! What a status means, as data: ready, worth waiting for, or the end.
//!
//! In: the kind of thing and its status as the service words it. Out: a [`Class`]. There is no closed list of
//! statuses, and new ones appear: an unknown one is waited for, with a warning, until the deadline.

use crate::document::ResourceKind;

/// What a status means to somebody who waits for the thing to be usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Usable.
    Ready,
    /// On its way.
    Transient,
    /// Will not become usable by waiting.
    Terminal,
    /// Nobody told us: waited for, with a warning.
    Unknown,
}

use Class::{Ready, Terminal, Transient};

/// Snapshots of clusters and of instances.
pub const SNAPSHOT: &[(&str, Class)] = &[
    ("available", Ready),
    ("creating", Transient),
    ("copying", Transient),
    ("failed", Terminal),
    ("deleting", Terminal),
    ("deleted", Terminal),
    ("incompatible-restore", Terminal),
    ("incompatible-parameters", Terminal),
];

/// Clusters. `stopped` and a lost key need a person: waiting does not help.
pub const CLUSTER: &[(&str, Class)] = &[
    ("available", Ready),
    ("creating", Transient),
    ("migrating", Transient),
    ("preparing-data-migration", Transient),
    ("backing-up", Transient),
    ("modifying", Transient),
    ("resetting-master-credentials", Transient),
    ("renaming", Transient),
    ("rebooting", Transient),
    ("upgrading", Transient),
    ("maintenance", Transient),
    ("promoting", Transient),
    ("failing-over", Transient),
    ("backtracking", Transient),
    ("starting", Transient),
    ("stopping", Transient),
    ("update-iam-db-auth", Transient),
    ("configuring-iam-database-auth", Transient),
    ("configuring-enhanced-monitoring", Transient),
    ("configuring-log-exports", Transient),
    ("storage-optimization", Transient),
    ("scaling-compute", Transient),
    ("scaling-storage", Transient),
    ("stopped", Terminal),
    ("inaccessible-encryption-credentials-recoverable", Terminal),
    ("inaccessible-encryption-credentials", Terminal),
    ("cloning-failed", Terminal),
    ("migration-failed", Terminal),
    ("failed", Terminal),
    ("incompatible-restore", Terminal),
    ("incompatible-parameters", Terminal),
    ("deleting", Terminal),
    ("deleted", Terminal),
];

/// Instances. One that optimizes its storage answers as usual, and may do so for a day.
pub const INSTANCE: &[(&str, Class)] = &[
    ("available", Ready),
    ("storage-optimization", Ready),
    ("storage-config-upgrade", Ready),
    ("storage-initialization", Ready),
    ("creating", Transient),
    ("backing-up", Transient),
    ("modifying", Transient),
    ("rebooting", Transient),
    ("renaming", Transient),
    ("starting", Transient),
    ("stopping", Transient),
    ("upgrading", Transient),
    ("maintenance", Transient),
    ("backtracking", Transient),
    ("resetting-master-credentials", Transient),
    ("configuring-enhanced-monitoring", Transient),
    ("configuring-iam-database-auth", Transient),
    ("configuring-log-exports", Transient),
    ("configuring-performance-insights", Transient),
    ("converting-to-vpc", Transient),
    ("moving-to-vpc", Transient),
    ("delete-precheck", Transient),
    ("failed", Terminal),
    ("restore-error", Terminal),
    ("incompatible-restore", Terminal),
    ("incompatible-network", Terminal),
    ("incompatible-parameters", Terminal),
    ("incompatible-option-group", Terminal),
    ("inaccessible-encryption-credentials", Terminal),
    ("inaccessible-encryption-credentials-recoverable", Terminal),
    ("insufficient-capacity", Terminal),
    ("storage-full", Terminal),
    ("stopped", Terminal),
    ("deleting", Terminal),
    ("deleted", Terminal),
];

/// The table of a kind of thing.
pub fn table(kind: ResourceKind) -> &'static [(&'static str, Class)] {
    match kind {
        ResourceKind::Instance => INSTANCE,
        ResourceKind::Cluster => CLUSTER,
        ResourceKind::ClusterSnapshot | ResourceKind::InstanceSnapshot => SNAPSHOT,
    }
}

/// What `status` means for a thing of this kind.
pub fn class(kind: ResourceKind, status: &str) -> Class {
    let known = table(kind).iter().find(|(name, _)| name.eq_ignore_ascii_case(status));
    known.map_or(Class::Unknown, |(_, class)| *class)
}

/// Whether the thing is on its way out: nothing more is to be asked of it.
pub fn is_leaving(status: &str) -> bool {
    ["deleting", "deleted"].iter().any(|leaving| status.eq_ignore_ascii_case(leaving))
}
