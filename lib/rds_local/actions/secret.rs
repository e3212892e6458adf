//! `GetSecretValue`, the only action of Secrets Manager here: reads a master password that the service keeps.
//!
//! In: a JSON body with a `SecretId` (name or ARN). Out: JSON with the secret, or the real service's error. The secret is
//! never logged.

use serde_json::{Value, json};

use crate::rds_local::cloud::LocalCloud;
use crate::rds_local::http::query::ServiceError;
use crate::rds_local::state::model::LocalCluster;

/// Prefix of the header `X-Amz-Target` in requests to Secrets Manager.
pub(crate) const TARGET: &str = "secretsmanager.";

/// Performs a request. Finds no secret while its password is pending.
pub(crate) fn call(cloud: &LocalCloud, action: &str, body: &[u8]) -> Result<Value, ServiceError> {
    if action != "GetSecretValue" {
        return Err(ServiceError::new(400, "InvalidAction", format!("rds-local has no {action}.")));
    }
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(id) = request["SecretId"].as_str() else {
        return Err(ServiceError::new(400, "InvalidParameterException", "You must provide a SecretId."));
    };
    let missing = || {
        let message = "Secrets Manager can't find the specified secret.";
        ServiceError::new(400, "ResourceNotFoundException", message)
    };
    let is_it = |cluster: &&LocalCluster| {
        let names = [cluster.secret_name(), cluster.secret_arn()];
        !cluster.password_pending && names.iter().flatten().any(|name| name == id)
    };
    let found = cloud.look(|state| state.clusters.values().find(is_it).cloned()).ok_or_else(missing)?;
    let kept = cloud.secrets(&found).ok().and_then(|secrets| secrets.kept).ok_or_else(missing)?;
    Ok(json!({
        "ARN": found.secret_arn(),
        "Name": found.secret_name(),
        "VersionId": "00000000-0000-0000-0000-000000000001",
        "VersionStages": ["AWSCURRENT"],
        "SecretString": json!({"username": found.master_user, "password": kept.0}).to_string(),
    }))
}

pub(crate) fn error(refusal: &ServiceError) -> Value {
    json!({"__type": refusal.code, "Message": refusal.message})
}
