//! The sections of the document, as plain data. Each tool fills its own.
//!
//! Times are RFC 3339 in UTC, sizes are bytes, durations are seconds. Each struct carries the fields that it does not know in
//! `other`, so that an older tool in the middle of a pipe loses nothing.

mod cluster;
mod dehydration;
mod dump;
mod refresh;
mod relations;
mod resource;
mod rotation;
mod source;
mod step;
mod target;

pub use cluster::{Cluster, Endpoint, Login};
pub use dehydration::{
    ColumnPlan, Dehydration, EdgeReport, KeyPlace, LeakOrigin, LeakScan, PlanKeys, TableClass, TablePlan,
    WholeRange,
};
pub use dump::{Dump, TableDigest};
pub use refresh::{Migration, MigrationStatus, Refresh, RefreshState, RefreshedInstance, TableChange};
pub use relations::{EdgeOrigin, HotParent};
pub use resource::{AnyKind, LOCAL_COPY, Resource, ResourceKind};
pub use rotation::{Rotation, RotationVerdict};
pub use source::{Snapshot, Source};
pub use step::{Step, StepStatus};
pub use target::{PlanFit, TargetRoot, TargetUnit};
