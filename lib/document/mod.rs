//! The document: one JSON object on one line that flows through the pipe.
//!
//! In: the document of the tool before. Out: the document with the sections of this tool. New versions only add fields, and
//! unknown fields are passed on unchanged. A failure travels in the document ([`ErrorReport`]), so that the end of a pipe can
//! clean up. A run writes each resource into its [`Journal`] before it creates it.
//!
//! ```json
//! {"schema":"refreshkit/1","run":"nightly-812","ok":true,
//!  "source":{"cluster":"prod-replica"},"snapshot":{"id":"refreshkit-nightly-812","status":"available"},
//!  "resources":[{"kind":"cluster-snapshot","id":"refreshkit-nightly-812"}],
//!  "steps":[{"tool":"rds-snap","version":"0.1.0","status":"ok","seconds":2.1}]}
//! ```

mod bounded;
mod chain_id;
mod concern;
mod copy;
mod done;
mod failure;
mod io;
mod journal;
mod owner;
mod sections;
mod whole;

pub use chain_id::{build_chain, new_chain};
pub use concern::{Concern, OnFallback};
pub use copy::ThrowAwayCopy;
pub use done::Done;
pub use failure::{AnyFailure, Ending, ErrorReport, Exit, Failure, Interrupted, chain};
pub(crate) use io::read_text;
pub use io::{Error, NO_DOCUMENT, parse, read, read_bytes, render};
pub use journal::{Journal, JournalError, PLAN_KEYS};
pub use owner::{owner_of, owner_or_new};
pub use sections::{
    AnyKind, Cluster, ColumnPlan, Dehydration, Dump, EdgeOrigin, EdgeReport, Endpoint, HotParent, KeyPlace,
    LOCAL_COPY, LeakOrigin, LeakScan, Login, Migration, MigrationStatus, PlanFit, PlanKeys, Refresh,
    RefreshState, RefreshedInstance, Resource, ResourceKind, Rotation, RotationVerdict, Snapshot, Source,
    Step, StepStatus, TableChange, TableClass, TableDigest, TablePlan, TargetRoot, TargetUnit, WholeRange,
};
pub use whole::{Document, SCHEMA, json_schema};
