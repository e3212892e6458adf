//! What each status means, as tables: ready, transient or terminal.
//!
//! In: the kind of a resource and its status as the service words it. Out: a [`StatusClass`]. The service has no closed list of
//! statuses: in an unknown status a resource is waited for, with a warning, until the deadline.

use crate::document::ResourceKind;

/// What a status means for a wait until the resource is usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatusClass {
    /// Usable: the wait is over.
    Ready,
    /// On its way to become usable.
    Transient,
    /// Does not become usable by itself.
    Terminal,
    /// In none of our tables: waited for, with a warning.
    Unknown,
}

/// The status of an instance of whose class the service has no machine: another class may be available.
pub(crate) const NO_MACHINE: &str = "insufficient-capacity";

use StatusClass::{Ready, Terminal, Transient};

/// Statuses of snapshots, of clusters and of instances.
pub(crate) const SNAPSHOT: &[(&str, StatusClass)] = &[
    ("available", Ready),
    ("creating", Transient),
    ("copying", Transient),
    ("failed", Terminal),
    ("deleting", Terminal),
    ("deleted", Terminal),
    ("incompatible-restore", Terminal),
    ("incompatible-parameters", Terminal),
];

/// Statuses of clusters. `stopped` and a lost key are terminal: only a person can end them.
pub(crate) const CLUSTER: &[(&str, StatusClass)] = &[
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

/// Statuses of instances. `storage-optimization` is ready: the instance answers as usual, and the status may last a day.
pub(crate) const INSTANCE: &[(&str, StatusClass)] = &[
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
    (NO_MACHINE, Terminal),
    ("storage-full", Terminal),
    ("stopped", Terminal),
    ("deleting", Terminal),
    ("deleted", Terminal),
];

/// The table for a kind of resource.
pub(crate) fn table(kind: ResourceKind) -> &'static [(&'static str, StatusClass)] {
    match kind {
        ResourceKind::Instance => INSTANCE,
        ResourceKind::Cluster => CLUSTER,
        ResourceKind::ClusterSnapshot | ResourceKind::InstanceSnapshot => SNAPSHOT,
    }
}

/// What `status` means for a resource of this kind; upper and lower case are the same.
pub(crate) fn class(kind: ResourceKind, status: &str) -> StatusClass {
    let known = table(kind).iter().find(|(name, _)| name.eq_ignore_ascii_case(status));
    known.map_or(StatusClass::Unknown, |(_, class)| *class)
}

/// Whether the status says that a resource is being deleted, or is gone: no call about it makes sense any more.
pub(crate) fn is_leaving(status: &str) -> bool {
    ["deleting", "deleted"].iter().any(|leaving| status.eq_ignore_ascii_case(leaving))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These three tables have every status that the service's documents, models and users name, by what it must mean.
    const READY: &[(ResourceKind, &str)] = &[
        (ResourceKind::ClusterSnapshot, "available"),
        (ResourceKind::Cluster, "available"),
        (
            ResourceKind::Instance,
            "available storage-optimization storage-config-upgrade storage-initialization",
        ),
    ];
    const WAIT: &[(ResourceKind, &str)] = &[
        (ResourceKind::ClusterSnapshot, "creating copying"),
        (
            ResourceKind::Cluster,
            "creating migrating preparing-data-migration backing-up modifying resetting-master-credentials renaming \
             rebooting upgrading maintenance promoting failing-over backtracking starting stopping \
             update-iam-db-auth configuring-iam-database-auth configuring-enhanced-monitoring \
             configuring-log-exports storage-optimization scaling-compute scaling-storage",
        ),
        (
            ResourceKind::Instance,
            "creating backing-up modifying rebooting renaming starting stopping upgrading maintenance backtracking \
             resetting-master-credentials configuring-enhanced-monitoring configuring-iam-database-auth \
             configuring-log-exports configuring-performance-insights converting-to-vpc moving-to-vpc \
             delete-precheck",
        ),
    ];
    const FAIL: &[(ResourceKind, &str)] = &[
        (
            ResourceKind::ClusterSnapshot,
            "failed deleting deleted incompatible-restore incompatible-parameters",
        ),
        (
            ResourceKind::Cluster,
            "cloning-failed migration-failed inaccessible-encryption-credentials failed incompatible-restore \
             incompatible-parameters deleting deleted stopped inaccessible-encryption-credentials-recoverable",
        ),
        (
            ResourceKind::Instance,
            "failed restore-error incompatible-restore incompatible-network incompatible-parameters \
             incompatible-option-group inaccessible-encryption-credentials \
             inaccessible-encryption-credentials-recoverable insufficient-capacity storage-full stopped deleting \
             deleted",
        ),
    ];

    #[test]
    fn every_known_status_is_ready_waited_for_or_a_failure() {
        let mut walked = 0;
        for (expected, rows) in [(Ready, READY), (Transient, WAIT), (Terminal, FAIL)] {
            for (kind, status) in
                rows.iter().flat_map(|(kind, list)| list.split_whitespace().map(move |s| (*kind, s)))
            {
                assert_eq!(class(kind, status), expected, "{kind:?} {status}");
                assert_eq!(class(kind, &status.to_uppercase()), expected, "{kind:?} {status}");
                walked += 1;
            }
        }
        let known = SNAPSHOT.len() + CLUSTER.len() + INSTANCE.len();
        assert_eq!(walked, known, "the table and this test name different statuses");
        assert_eq!(class(ResourceKind::InstanceSnapshot, "copying"), Transient);
    }

    #[test]
    fn a_status_that_nobody_knows_is_waited_for() {
        for kind in [ResourceKind::Instance, ResourceKind::Cluster, ResourceKind::ClusterSnapshot] {
            assert_eq!(class(kind, "polishing"), StatusClass::Unknown);
        }
    }
}
