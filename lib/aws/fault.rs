//! A call of AWS that did not work, and what to do about it.
//!
//! In: the code on the wire, or the HTTP status where there is none. Out: a [`FaultClass`]. Nothing here names the SDK.

/// What to do about a call that did not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultClass {
    /// There is no such thing.
    NotFound,
    /// The name is taken.
    AlreadyExists,
    /// Not in the state for this now: try again in a while.
    Busy,
    /// A quota of the account is used up.
    Quota,
    /// The service has no machine of this class.
    Capacity,
    /// Too many calls: try again in a while.
    Throttled,
    /// The service did not answer, or answered with 5xx: it may have done what was asked.
    Unreachable,
    /// The credentials have expired; the next call may get new ones.
    Expired,
    /// There are no credentials.
    NoCredentials,
    /// The credentials may not do this.
    Denied,
    /// The service understood and said no.
    Rejected,
    /// A signal arrived during the call: it may have done what was asked.
    Interrupted,
}

impl FaultClass {
    /// Whether the same call may work in a while, whatever it was.
    pub fn passes(self) -> bool {
        matches!(self, Self::Throttled | Self::Unreachable | Self::Expired)
    }
}

/// A call that did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {}{message}", code.as_deref().map_or_else(String::new, |code| format!("{code}: ")))]
pub struct Fault {
    /// The call, as the service names it: `CreateDBClusterSnapshot`.
    pub call: &'static str,
    /// What to do about it.
    pub class: FaultClass,
    /// The code on the wire: `DBClusterNotFoundFault`.
    pub code: Option<String>,
    /// What the service or the network said.
    pub message: String,
}

/// `(code on the wire, what to do about it)`. Some lack the `Fault` of their shapes' names, some have no shape.
const CODES: &[(&str, FaultClass)] = &[
    ("DBClusterNotFoundFault", FaultClass::NotFound),
    ("DBClusterSnapshotNotFoundFault", FaultClass::NotFound),
    ("DBInstanceNotFound", FaultClass::NotFound),
    ("DBInstanceNotFoundFault", FaultClass::NotFound),
    ("DBSnapshotNotFound", FaultClass::NotFound),
    ("DBSnapshotNotFoundFault", FaultClass::NotFound),
    ("DBClusterSnapshotAlreadyExistsFault", FaultClass::AlreadyExists),
    ("DBClusterAlreadyExistsFault", FaultClass::AlreadyExists),
    ("DBInstanceAlreadyExists", FaultClass::AlreadyExists),
    ("DBInstanceAlreadyExistsFault", FaultClass::AlreadyExists),
    ("DBSnapshotAlreadyExists", FaultClass::AlreadyExists),
    ("DBSnapshotAlreadyExistsFault", FaultClass::AlreadyExists),
    ("InvalidDBClusterStateFault", FaultClass::Busy),
    ("InvalidDBClusterSnapshotStateFault", FaultClass::Busy),
    ("InvalidDBInstanceState", FaultClass::Busy),
    ("InvalidDBInstanceStateFault", FaultClass::Busy),
    ("InvalidDBSnapshotState", FaultClass::Busy),
    ("InvalidDBSnapshotStateFault", FaultClass::Busy),
    ("SnapshotQuotaExceeded", FaultClass::Quota),
    ("SnapshotQuotaExceededFault", FaultClass::Quota),
    ("InstanceQuotaExceeded", FaultClass::Quota),
    ("InstanceQuotaExceededFault", FaultClass::Quota),
    ("DBClusterQuotaExceededFault", FaultClass::Quota),
    ("StorageQuotaExceeded", FaultClass::Quota),
    ("InsufficientDBInstanceCapacity", FaultClass::Capacity),
    ("InsufficientDBInstanceCapacityFault", FaultClass::Capacity),
    ("InsufficientDBClusterCapacityFault", FaultClass::Capacity),
    ("InsufficientStorageClusterCapacity", FaultClass::Capacity),
    ("Throttling", FaultClass::Throttled),
    ("ThrottlingException", FaultClass::Throttled),
    ("RequestLimitExceeded", FaultClass::Throttled),
    ("RequestThrottled", FaultClass::Throttled),
    ("TooManyRequestsException", FaultClass::Throttled),
    ("SlowDown", FaultClass::Throttled),
    ("ExpiredToken", FaultClass::Expired),
    ("ExpiredTokenException", FaultClass::Expired),
    ("RequestExpired", FaultClass::Expired),
    // Secrets Manager.
    ("ResourceNotFoundException", FaultClass::NotFound),
    ("AccessDenied", FaultClass::Denied),
    ("AccessDeniedException", FaultClass::Denied),
    ("UnauthorizedOperation", FaultClass::Denied),
    ("InvalidClientTokenId", FaultClass::NoCredentials),
    ("SignatureDoesNotMatch", FaultClass::NoCredentials),
    ("MissingAuthenticationToken", FaultClass::NoCredentials),
    ("UnrecognizedClientException", FaultClass::NoCredentials),
    ("RequestTimeout", FaultClass::Unreachable),
    ("ServiceUnavailable", FaultClass::Unreachable),
    ("InternalFailure", FaultClass::Unreachable),
    ("InternalError", FaultClass::Unreachable),
    ("InternalServiceError", FaultClass::Unreachable),
];

/// What a code on the wire means.
pub(crate) fn class_of(code: &str, status: u16) -> FaultClass {
    let known = CODES.iter().find(|(name, _)| *name == code).map(|(_, class)| *class);
    known.unwrap_or(if status >= 500 { FaultClass::Unreachable } else { FaultClass::Rejected })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_wire_and_others_go_by_their_status() {
        assert_eq!(class_of("DBInstanceNotFound", 404), FaultClass::NotFound);
        assert_eq!(class_of("Throttling", 400), FaultClass::Throttled);
        assert_eq!(class_of("InvalidDBClusterStateFault", 400), FaultClass::Busy);
        assert_eq!(class_of("SomethingNew", 503), FaultClass::Unreachable);
        assert_eq!(class_of("InvalidParameterCombination", 400), FaultClass::Rejected);
    }
}
