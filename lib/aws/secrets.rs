//! Secrets and tokens from AWS, for logins to MySQL.
//!
//! In: the ARN or the name of a secret; the address and the user that a token is for. Out: the secret's content, or a token. The
//! region is that in the ARN or the host name, if one is there: a copy may be in another region than the tool.

use std::sync::{Arc, Mutex};

use aws_config::Region;
use aws_sdk_rds::auth_token::{AuthTokenGenerator, Config};
use serde_json::Value;

use super::call;
use super::client::{self, SdkSetup};
use super::error::Error;
use super::host::{is_local, region_of_host};
use crate::document::AnyFailure;
use crate::house::{Cancel, SecretStore, ServerSecret};

/// The store of secrets and tokens at AWS. `cancel` ends running calls.
pub(crate) fn keys(cancel: Cancel) -> Arc<dyn SecretStore> {
    Arc::new(Vault { cancel, loaded: Mutex::default() })
}

/// AWS as a [`SecretStore`]; its configuration is loaded at the first question.
#[derive(Debug)]
struct Vault {
    cancel: Cancel,
    loaded: Mutex<Option<SdkSetup>>,
}

impl Vault {
    /// Runs `work` with the SDK's configuration, for `region`, else for the configured one.
    fn with<T>(
        &self,
        region: Option<String>,
        work: impl FnOnce(&SdkSetup, aws_config::SdkConfig) -> Result<T, Error>,
    ) -> Result<T, AnyFailure> {
        let mut slot = self.loaded.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let loaded = match slot.take() {
            Some(loaded) => slot.insert(loaded),
            None => slot.insert(client::load_for_logins(region.as_deref(), &self.cancel)?),
        };
        if region.is_none() && !loaded.region_is_set {
            return Err(Error::NoRegion.into());
        }
        let mut shared = loaded.shared.to_builder();
        if let Some(region) = region {
            shared = shared.region(Region::new(region));
        }
        Ok(work(loaded, shared.build())?)
    }
}

impl SecretStore for Vault {
    fn content(&self, id: &str) -> Result<Vec<u8>, AnyFailure> {
        self.with(region_of_arn(id), |loaded, shared| {
            let mut config = aws_sdk_secretsmanager::config::Builder::from(&shared);
            let endpoint = client::endpoint_of(&shared, &client::SECRETS_MANAGER)?;
            if endpoint.as_deref().is_some_and(is_local) {
                config.set_http_client(Some(client::http(true)));
            }
            config.set_endpoint_url(endpoint);
            let client = aws_sdk_secretsmanager::Client::from_conf(config.build());
            let ask = client.get_secret_value().secret_id(id).send();
            let answer = call::run(&loaded.runtime, &self.cancel, "GetSecretValue", ask)
                .map_err(|source| Error::Secret { id: id.to_owned(), source })?;
            let bytes = answer.secret_binary().map(|bytes| bytes.as_ref().to_vec());
            Ok(bytes
                .or_else(|| answer.secret_string().map(|text| text.as_bytes().to_vec()))
                .unwrap_or_default())
        })
    }

    fn secret(&self, id: &str) -> Result<ServerSecret, AnyFailure> {
        Ok(parse(id, &self.content(id)?)?)
    }

    fn token(&self, host: &str, port: u16, user: &str) -> Result<String, AnyFailure> {
        self.with(region_of_host(host), |loaded, shared| {
            let config = Config::builder()
                .hostname(host)
                .port(u64::from(port))
                // Encoded here, since the signer does not encode the user in its URL.
                .username(form_urlencoded::byte_serialize(user.as_bytes()).collect::<String>())
                .build()
                .map_err(|error| Error::Token(error.to_string()))?;
            // Signing sends nothing, so only missing credentials can make it fail: they are reported as such here.
            loaded.standing(&self.cancel)?;
            let made = loaded.runtime.block_on(AuthTokenGenerator::new(config).auth_token(&shared));
            made.map(|token| token.to_string()).map_err(|error| Error::Token(error.to_string()))
        })
    }
}

/// The region in the ARN of a secret: `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME`.
fn region_of_arn(id: &str) -> Option<String> {
    let mut parts = id.split(':');
    let named = parts.next() == Some("arn") && parts.nth(1) == Some("secretsmanager");
    parts.next().filter(|region| named && !region.is_empty()).map(str::to_owned)
}

/// Reads the fields of a database secret; RDS itself writes `username` and `password` only.
fn parse(id: &str, content: &[u8]) -> Result<ServerSecret, Error> {
    let value: Value = serde_json::from_slice(content).map_err(|_| Error::NoPassword(id.to_owned()))?;
    let word = |name: &str| value[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    // Rotation functions write the port as a number, people as a string.
    let port = || value["port"].as_u64().or_else(|| value["port"].as_str()?.parse().ok());
    Ok(ServerSecret {
        user: word("username"),
        password: word("password").ok_or_else(|| Error::NoPassword(id.to_owned()))?,
        host: word("host"),
        port: port().and_then(|port| u16::try_from(port).ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_where_the_secret_is() {
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!cluster-1-AbCdEf";
        assert_eq!(region_of_arn(arn).as_deref(), Some("eu-west-1"));
        assert_eq!(region_of_arn("app/production"), None);
        assert_eq!(region_of_arn("arn:aws:rds:eu-west-1:1:cluster:x"), None);
    }

    #[test]
    fn reads_what_rds_and_people_write() {
        let ours = parse("s", br#"{"username":"admin","password":"p"}"#).unwrap();
        assert_eq!((ours.user.as_deref(), ours.password.as_str(), ours.port), (Some("admin"), "p", None));
        let theirs = parse("s", br#"{"password":"p","host":"h","port":"3307","dbname":"app"}"#).unwrap();
        assert_eq!((theirs.host.as_deref(), theirs.port), (Some("h"), Some(3307)));
        for wrong in ["p", "", "{}", r#"{"password":""}"#, "[1]"] {
            let said = parse("s", wrong.as_bytes()).unwrap_err().to_string();
            assert_eq!(said, "the secret s is no JSON object with a \"password\"");
        }
    }
}
