//! The SDK's client, made once: region, credentials, endpoint, timeouts, retries.
//!
//! In: the checked endpoint. Out: an [`Aws`] whose calls block, and end early when a signal arrives.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_rds::config::{ProvideCredentials, RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};

use super::Error;
use super::api::{Fault, FaultClass};
use super::aws::Aws;
use super::options::{self, ServiceOptions};
use crate::config::environment;
use crate::document::chain;
use crate::house::Cancel;

/// One try; a describe answers within a second.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// All tries of one call together.
const OPERATION_TIMEOUT: Duration = Duration::from_mins(1);

/// A host that does not accept a connection by then is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// Throttling comes in bursts: the first tries of everybody fail.
const ATTEMPTS: u32 = 8;

/// Somebody may be sitting in front of a tool that only logs in.
const LOGIN_ATTEMPTS: u32 = 5;

/// The pause after the first of them; it doubles.
const LOGIN_BACKOFF: Duration = Duration::from_millis(250);

/// The longest pause between two tries.
const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// How a call is repeated.
#[derive(Debug, Clone, Copy)]
struct Rhythm {
    attempts: u32,
    backoff: Duration,
    /// Factor on the pauses.
    pace: f64,
}

/// The SDK's configuration with region and credentials in it, and what runs its calls.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Region, credentials, HTTP.
    pub(super) shared: SdkConfig,
    /// Runs calls on the calling thread.
    pub(super) runtime: tokio::runtime::Runtime,
}

/// Connects to the service: finds region and credentials, sends nothing yet.
pub(super) fn open(options: &ServiceOptions, cancel: Cancel) -> Result<Aws, Error> {
    let rhythm = Rhythm { attempts: ATTEMPTS, backoff: Duration::from_secs(1), pace: options.pace.min(1.0) };
    let Loaded { shared, runtime } = load(options.is_local(), rhythm, None)?;
    let mut config = aws_sdk_rds::config::Builder::from(&shared);
    config.set_endpoint_url(
        options.endpoint().map(str::to_owned).or_else(|| shared.endpoint_url().map(str::to_owned)),
    );
    Ok(Aws::new(aws_sdk_rds::Client::from_conf(config.build()), runtime, cancel))
}

/// The same for tools that only log in: `region` stands in for one that nobody set.
pub(super) fn load_for_logins(region: Option<&str>) -> Result<Loaded, Error> {
    let service = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"];
    let local = service.iter().find_map(|name| environment(name)).is_some_and(|url| options::is_local(&url));
    load(local, Rhythm { attempts: LOGIN_ATTEMPTS, backoff: LOGIN_BACKOFF, pace: 1.0 }, region)
}

/// The same for a tool that asks whose `host` is: in the region that its name tells.
pub(super) fn open_for_host(host: &str, cancel: Cancel) -> Result<Aws, Error> {
    let endpoint = super::vault::endpoint_of("AWS_ENDPOINT_URL_RDS")?;
    let local = endpoint.as_deref().is_some_and(options::is_local);
    let region = super::vault::region_of_host(host);
    let rhythm = Rhythm { attempts: LOGIN_ATTEMPTS, backoff: LOGIN_BACKOFF, pace: 1.0 };
    let Loaded { shared, runtime } = load(local, rhythm, region.as_deref())?;
    let mut config = aws_sdk_rds::config::Builder::from(&shared);
    if let Some(region) = region {
        config.set_region(Some(Region::new(region)));
    }
    config.set_endpoint_url(endpoint.or_else(|| shared.endpoint_url().map(str::to_owned)));
    Ok(Aws::new(aws_sdk_rds::Client::from_conf(config.build()), runtime, cancel))
}

/// Finds region and credentials.
fn load(local: bool, rhythm: Rhythm, region: Option<&str>) -> Result<Loaded, Error> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
    let mut shared = runtime.block_on(configuration(local, rhythm));
    if let (None | Some(""), Some(region)) = (shared.region().map(|region| region.as_ref().trim()), region) {
        shared = shared.to_builder().region(Region::new(region.to_owned())).build();
    }
    match shared.region().map(|region| region.as_ref().trim()) {
        None | Some("") => return Err(Error::NoRegion),
        Some(region) if !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') => {
            return Err(Error::Region(region.to_owned()));
        }
        Some(_) => {}
    }
    runtime.block_on(credentials(&shared))?;
    Ok(Loaded { shared, runtime })
}

async fn configuration(local: bool, rhythm: Rhythm) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(rhythm.attempts)
        .with_initial_backoff(rhythm.backoff.mul_f64(rhythm.pace))
        .with_max_backoff(BACKOFF_MAX.mul_f64(rhythm.pace));
    // Pinned: what a newer default changes is read before it is taken.
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http(local))
        .timeout_config(timeouts)
        .retry_config(retries)
        .load()
        .await
}

/// A client on ring; a client that is made by hand asks for the proxy itself.
fn http(local: bool) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let proxy = if local { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
        let mut connector =
            Connector::builder().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).proxy_config(proxy);
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    })
}

/// Missing credentials would come up as a dispatch failure of the first call: asked for here, they are one sentence.
async fn credentials(shared: &SdkConfig) -> Result<(), Error> {
    let fault = |message: String| Fault {
        call: "credentials",
        class: FaultClass::NoCredentials,
        code: None,
        message,
    };
    let Some(provider) = shared.credentials_provider() else {
        return Err(fault("no AWS credentials are configured".to_owned()).into());
    };
    match provider.provide_credentials().await {
        Ok(_) => Ok(()),
        Err(error) => {
            let why = chain(&error).split_whitespace().collect::<Vec<_>>().join(" ");
            Err(fault(format!("no AWS credentials were found ({why})")).into())
        }
    }
}
