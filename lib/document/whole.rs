//! The document as a whole.
//!
//! In: the run's id, or the document of the tool before. Out: a document that records failures and resources to delete.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::failure::ErrorReport;
use super::sections::{
    AnyKind, Cluster, Dehydration, Dump, Refresh, Resource, Rotation, Snapshot, Source, Step,
};

/// The name and major version of the format. Another major version is refused, never guessed.
pub const SCHEMA: &str = "refreshkit/1";

/// The document that travels on the pipe. Each tool fills its sections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// Name and major version of the format: always `refreshkit/1`.
    pub schema: String,
    /// The id of this chain: `--run` or `$REFRESH_RUN`, else `$BUILD_TAG` with a hash of `$JENKINS_URL`, else a new one from the
    /// head tool. Empty if the document was lost and nothing names the run.
    pub run: String,
    /// False as soon as one tool failed. Later tools then only pass the document on, except tools that clean up or report.
    #[serde(default = "yes")]
    pub ok: bool,
    /// True if this document replaces one that was lost on the way: journal and tags then know more than `resources`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
    /// The first failure of the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
    /// Where the data comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The snapshot of the source that is restored (rds-snap, rds-wait).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
    /// The throw-away copy (rds-restore, rds-local copy).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
    /// The plan: which rows are kept, with the masks compiled in (mydehydrate).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dehydration: Option<Dehydration>,
    /// The dump file (mydump-rotate).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dump: Option<Dump>,
    /// Which dumps were kept and which were removed (mydump-rotate).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// What happened to a developer's database (dev-restore).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Refresh>,
    /// The resources that this run created and must delete.
    #[serde(default)]
    pub resources: Vec<Resource>,
    /// What each tool did, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Fields of a newer version, carried untouched.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn yes() -> bool {
    true
}

impl Document {
    /// Starts an empty document for the chain `run`.
    pub fn new(run: &str) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            run: run.to_owned(),
            ok: true,
            lost: false,
            error: None,
            source: None,
            snapshot: None,
            cluster: None,
            dehydration: None,
            dump: None,
            rotation: None,
            refresh: None,
            resources: Vec::new(),
            steps: Vec::new(),
            other: Map::new(),
        }
    }

    /// Marks the chain as failed; the first error wins.
    pub fn fail(&mut self, report: ErrorReport) {
        self.ok = false;
        self.error.get_or_insert(report);
    }

    /// Records a resource that must be deleted; replaces its entry if there is one.
    pub fn owe(&mut self, resource: Resource) {
        match self.resources.iter_mut().find(|known| known.same_as(&resource)) {
            Some(known) => *known = resource,
            None => self.resources.push(resource),
        }
    }

    /// Removes the entry of a resource that no longer exists.
    pub fn forget_resource(&mut self, kind: impl Into<AnyKind>, id: &str) {
        let kind = kind.into();
        self.resources.retain(|known| !(known.kind == kind && known.id == id));
    }
}

/// The JSON Schema of the document, for `--schema`.
pub fn json_schema() -> Value {
    schemars::schema_for!(Document).to_value()
}
