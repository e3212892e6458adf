//! Runs one call of the SDK, which is async: blocks until the call has ended or a signal arrives.

use std::future::Future;
use std::time::Duration;

use aws_sdk_rds::config::http::HttpResponse;
use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};

use super::credentials;
use super::fault::{CallFailure, FaultClass, class_of};
use crate::document::chain;
use crate::house::Cancel;

/// Interval at which a running call is checked for a signal.
const CANCEL_POLL: Duration = Duration::from_millis(50);

/// Runs one call to its end, unless a signal arrives; its error becomes a [`CallFailure`].
pub(crate) fn run<T, E>(
    runtime: &tokio::runtime::Runtime,
    cancel: &Cancel,
    call: &'static str,
    future: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Result<T, CallFailure>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    until_cancelled(runtime, cancel, call, async { future.await.map_err(|error| fault(call, &error)) })
}

/// Runs a future to its end, unless a signal arrives. `call` names it in the failure.
pub(crate) fn until_cancelled<T>(
    runtime: &tokio::runtime::Runtime,
    cancel: &Cancel,
    call: &'static str,
    future: impl Future<Output = Result<T, CallFailure>>,
) -> Result<T, CallFailure> {
    let cancelled = async {
        while cancel.requested().is_none() {
            tokio::time::sleep(CANCEL_POLL).await;
        }
    };
    runtime.block_on(async {
        tokio::select! {
            biased;
            outcome = future => outcome,
            () = cancelled => Err(CallFailure { call, class: FaultClass::Interrupted, code: None, message: "stopped by a signal".to_owned() }),
        }
    })
}

/// Classifies the error of a call. It goes by the code on the wire, not by the SDK's error type: their names differ, and some
/// codes have no type.
fn fault<E>(call: &'static str, error: &SdkError<E, HttpResponse>) -> CallFailure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let code = error.code().map(str::to_owned);
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    let class = match &code {
        _ if !matches!(error, SdkError::ServiceError(_)) && status < 500 => unsent(error),
        Some(code) => class_of(code, error.message().unwrap_or_default(), status),
        None if status >= 500 => FaultClass::Unreachable,
        None if status == 403 => FaultClass::Denied,
        None => FaultClass::Rejected,
    };
    let said = error.message().map(str::to_owned);
    let message =
        said.unwrap_or_else(|| if status >= 500 { format!("HTTP status {status}") } else { chain(error) });
    CallFailure { call, class, code, message }
}

/// The class of a call that got no usable answer from the service.
fn unsent<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> FaultClass {
    if let Some(class) = credentials::class_in(error) {
        return class;
    }
    let text = chain(error).to_ascii_lowercase();
    if text.contains("credentials") || text.contains("identity") {
        FaultClass::Provider
    } else if matches!(error, SdkError::ConstructionFailure(_)) {
        FaultClass::Rejected
    } else {
        FaultClass::Unreachable
    }
}
