//! The SDK's configuration: region, credentials, endpoint, timeouts, retries.
//!
//! In: the variables and files that configure AWS' own tools, and how often the tool may repeat a call. Out: the SDK's
//! configuration, and a runtime for its calls.

use std::time::{Duration, Instant};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_rds::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_types::service_config::ServiceConfigKey;

use super::call;
use super::credentials::{self, Standing};
use super::error::Error;
use super::fault::{CallFailure, FaultClass};
use super::host::checked_endpoint;
use crate::config::environment;
use crate::house::Cancel;

/// Time limit of one attempt; a describe call answers within a second.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// Time limit of all attempts of one call together.
const OPERATION_TIMEOUT: Duration = Duration::from_mins(1);

/// Time limit for a connection: a host that takes longer is taken for absent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// Attempts of one call. Throttling comes in bursts, in which the first attempts of all callers fail.
const ATTEMPTS: u32 = 8;

/// Attempts of one call of a tool that only logs in: a person may be waiting for it.
const LOGIN_ATTEMPTS: u32 = 5;

/// How long a tool that only logs in waits for a failing provider of credentials.
const PROVIDER_PATIENCE: Duration = Duration::from_secs(30);

/// Pause between two attempts to get credentials from that provider.
const PROVIDER_PAUSE: Duration = Duration::from_millis(500);

/// Pause after the first attempt of a tool that only logs in; it doubles with each attempt.
const LOGIN_BACKOFF: Duration = Duration::from_millis(250);

/// The longest pause between two attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct AwsService {
    id: &'static str,
    variable: &'static str,
}

/// RDS, which makes snapshots and copies.
pub(crate) const RDS: AwsService = AwsService { id: "RDS", variable: "AWS_ENDPOINT_URL_RDS" };

/// Secrets Manager, which keeps passwords and keys.
pub(crate) const SECRETS_MANAGER: AwsService =
    AwsService { id: "Secrets Manager", variable: "AWS_ENDPOINT_URL_SECRETS_MANAGER" };

/// STS, which says whose credentials we have.
pub(crate) const STS: AwsService = AwsService { id: "STS", variable: "AWS_ENDPOINT_URL_STS" };

/// How often a call is repeated, and after which pauses.
#[derive(Debug, Clone, Copy)]
struct Rhythm {
    attempts: u32,
    backoff: Duration,
    /// Factor on the pauses, at most 1.
    pace: f64,
}

/// The SDK's configuration with region and credentials, and the runtime for its calls.
#[derive(Debug)]
pub(crate) struct SdkSetup {
    /// Region, credentials and HTTP client, as the SDK's clients take them.
    pub(crate) shared: SdkConfig,
    /// Whether the region is a configured one, and not the one that the caller of [`load_for_logins`] gave.
    pub(crate) region_is_set: bool,
    /// Runs calls on the calling thread.
    pub(crate) runtime: tokio::runtime::Runtime,
}

/// The SDK's setup for tools that order things at AWS. It asks for no credentials: these tools wait for them on their own.
/// `pace` shortens the pauses in tests.
pub(crate) fn load_for_orders(pace: f64) -> Result<SdkSetup, Error> {
    load(Rhythm { attempts: ATTEMPTS, backoff: Duration::from_secs(1), pace: pace.min(1.0) }, None)
}

/// The configured region: of the environment, the profile or the metadata of the machine.
pub(crate) fn region() -> Option<String> {
    let loaded = load_for_orders(1.0).ok()?;
    loaded.shared.region().map(|region| region.as_ref().to_owned())
}

/// The SDK's setup for tools that only log in; waits for the credentials. `region` is taken where none is configured.
pub(crate) fn load_for_logins(region: Option<&str>, cancel: &Cancel) -> Result<SdkSetup, Error> {
    let loaded = load(Rhythm { attempts: LOGIN_ATTEMPTS, backoff: LOGIN_BACKOFF, pace: 1.0 }, region)?;
    let begun = Instant::now();
    loop {
        match loaded.standing(cancel) {
            Err(fault) if fault.class == FaultClass::Provider && begun.elapsed() < PROVIDER_PATIENCE => {
                std::thread::sleep(PROVIDER_PAUSE);
            }
            outcome => return Ok(outcome.map(|_| loaded)?),
        }
    }
}

impl SdkSetup {
    /// Gets the credentials and says how long they are good for. Missing ones are a clear error here; the first call would report
    /// them as a dispatch failure.
    pub(crate) fn standing(&self, cancel: &Cancel) -> Result<Standing, CallFailure> {
        call::until_cancelled(&self.runtime, cancel, "credentials", credentials::standing(&self.shared))
    }
}

/// The configured endpoint of a service, if AWS' own tools would use one instead of the region's: from the service's variable,
/// that of all services, the service's entry in the profile's `services`, or the profile. `None` where they are to be ignored.
pub(crate) fn endpoint_of(shared: &SdkConfig, service: &'static AwsService) -> Result<Option<String>, Error> {
    let key =
        ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let key = key.build().expect("all of it is set");
    let configured = shared.service_config().and_then(|config| config.load_config(key));
    let refuse = |problem| Error::Endpoint { service: service.id, variable: service.variable, problem };
    configured.map(|url| checked_endpoint(&url).map_err(refuse)).transpose()
}

/// Makes configuration and runtime. Fails without a usable region, or if `$AWS_CA_BUNDLE` cannot be used.
fn load(rhythm: Rhythm, region: Option<&str>) -> Result<SdkSetup, Error> {
    check_bundle()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
    let mut shared = runtime.block_on(configuration(rhythm));
    let region_is_set = shared.region().is_some_and(|region| !region.as_ref().trim().is_empty());
    if let (false, Some(region)) = (region_is_set, region) {
        shared = shared.to_builder().region(Region::new(region.to_owned())).build();
    }
    match shared.region().map(|region| region.as_ref().trim()) {
        None | Some("") => return Err(Error::NoRegion),
        Some(region) if !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') => {
            return Err(Error::Region(region.to_owned()));
        }
        Some(_) => {}
    }
    Ok(SdkSetup { shared, region_is_set, runtime })
}

async fn configuration(rhythm: Rhythm) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(rhythm.attempts)
        .with_initial_backoff(rhythm.backoff.mul_f64(rhythm.pace))
        .with_max_backoff(BACKOFF_MAX.mul_f64(rhythm.pace));
    // Pinned, so that newer defaults are adopted only after somebody has read what they change.
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http(false))
        .timeout_config(timeouts)
        .retry_config(retries)
        .load()
        .await
}

/// The certificate authorities of `$AWS_CA_BUNDLE`, else the system's. AWS' own tools read that variable for a proxy that opens
/// TLS.
fn trust() -> TlsContext {
    let bundle = environment("AWS_CA_BUNDLE").and_then(|path| std::fs::read(path).ok());
    let store = bundle.map(|pem| TrustStore::empty().with_pem_certificate(pem));
    let context = store.map(|store| TlsContext::builder().with_trust_store(store).build());
    // A file without a certificate is refused by `load`.
    context.and_then(Result::ok).unwrap_or_default()
}

/// Fails if `$AWS_CA_BUNDLE` names a file that cannot be read or has no certificate.
fn check_bundle() -> Result<(), Error> {
    let Some(path) = environment("AWS_CA_BUNDLE") else { return Ok(()) };
    let problem = match std::fs::read_to_string(&path) {
        Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => return Ok(()),
        Ok(_) => "it holds no certificate (PEM)".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Error::Bundle { path, problem })
}

/// An HTTP client with TLS by ring. The SDK's own client would read the proxy variables; one that is built here must do so
/// itself, and does not if `local`.
pub(crate) fn http(local: bool) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let proxy = if local { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
        let mut connector =
            Connector::builder().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).proxy_config(proxy);
        connector.set_tls_context(trust());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    })
}
