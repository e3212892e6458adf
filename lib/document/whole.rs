//! The document as a whole.
//!
//! In: the run's id, or what the tool before wrote. Out: what travels on, with failures and debts on record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::failure::ErrorReport;
use super::sections::{
    AnyKind, Cluster, Dehydration, Dump, Refresh, Resource, Rotation, Snapshot, Source, Step,
};

/// The name and major version of the format. Another major version is refused, never guessed.
pub const SCHEMA: &str = "refreshkit/1";

/// What travels on the pipe. One section a tool, filled from left to right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// Name and major version of the format: always `refreshkit/1`.
    pub schema: String,
    /// The id of this chain: `--run` or `$REFRESH_RUN`, else `$BUILD_TAG` with a hash of `$JENKINS_URL`, else made up by the
    /// head tool.
    pub run: String,
    /// False as soon as one tool failed; later tools then pass the document on.
    #[serde(default = "yes")]
    pub ok: bool,
    /// True if this document stands for one that was lost on the way: journal and tags know more than `resources`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
    /// The first failure of the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
    /// Where the data comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The snapshot that is restored (rds-snap, rds-wait).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
    /// The throw-away copy (rds-restore).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
    /// The plan: which rows come along, masks compiled in (mydehydrate).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dehydration: Option<Dehydration>,
    /// The dump file (mydump-rotate).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dump: Option<Dump>,
    /// Which dumps stayed and which went (mydump-rotate).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// What happened to a developer's database (dev-restore).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Refresh>,
    /// Everything this run created and owes a deletion.
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

    /// Records a resource that must be deleted again, once.
    pub fn owe(&mut self, resource: Resource) {
        match self.resources.iter_mut().find(|known| known.same_as(&resource)) {
            Some(known) => *known = resource,
            None => self.resources.push(resource),
        }
    }

    /// Forgets a resource that is gone.
    pub fn forget_resource(&mut self, kind: impl Into<AnyKind>, id: &str) {
        let kind = kind.into();
        self.resources.retain(|known| !(known.kind == kind && known.id == id));
    }
}

/// The JSON Schema of the document, for `--schema`.
pub fn json_schema() -> Value {
    schemars::schema_for!(Document).to_value()
}
