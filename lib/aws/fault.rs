//! The failure of a call to AWS, and what to do about it.
//!
//! In: the code on the wire, or the HTTP status where there is none. Out: a [`FaultClass`]. Nothing here names the SDK.

/// Why a call failed, as far as it decides what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultClass {
    /// The service has no such resource.
    NotFound,
    /// A resource of this name exists already.
    AlreadyExists,
    /// The resource is in a state that does not allow this now: try again in a while.
    Busy,
    /// A quota of the account is used up.
    Quota,
    /// The service has no machine of this class.
    Capacity,
    /// The role may not use a key of KMS.
    Key,
    /// Too many calls: try again in a while.
    Throttled,
    /// The service did not answer, or answered with 5xx: the call may have had its effect.
    Unreachable,
    /// The credentials have expired; the next call may get new ones.
    Expired,
    /// Session credentials that nothing renews have expired: the next call would fail, too.
    Spent,
    /// There are no credentials, or the service does not know them.
    NoCredentials,
    /// The provider of the credentials (a metadata service, a process, SSO, STS) fails now: it may work in a while.
    Provider,
    /// The clock of this host is wrong: the service takes no signature with another time.
    Clock,
    /// The role of the credentials may not do this.
    Denied,
    /// The service understood the call and refused it for another reason.
    Rejected,
    /// A signal arrived during the call, which may have had its effect.
    Interrupted,
}

impl FaultClass {
    /// Whether the same call may work in a while, whatever call it is. False for `Busy`: only the caller knows whether that state
    /// passes.
    pub fn passes(self) -> bool {
        matches!(self, Self::Throttled | Self::Unreachable | Self::Expired | Self::Provider)
    }
}

/// A call that failed, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {}{message}", code.as_deref().map_or_else(String::new, |code| format!("{code}: ")))]
pub struct CallFailure {
    /// The call, as the service names it (`CreateDBClusterSnapshot`), or a word for it (`credentials`).
    pub call: &'static str,
    /// The class of the failure, which decides what to do about it.
    pub class: FaultClass,
    /// The code on the wire: `DBClusterNotFoundFault`.
    pub code: Option<String>,
    /// What the service or the network said.
    pub message: String,
}

/// `(code on the wire, class)`. Some codes lack the `Fault` at the end that the SDK's names have: both forms are listed.
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
    ("KMSKeyNotAccessibleFault", FaultClass::Key),
    ("DBSubnetGroupNotFoundFault", FaultClass::NotFound),
    ("DBParameterGroupNotFound", FaultClass::NotFound),
    ("DBParameterGroupNotFoundFault", FaultClass::NotFound),
    ("DBClusterParameterGroupNotFound", FaultClass::NotFound),
    ("DBClusterParameterGroupNotFoundFault", FaultClass::NotFound),
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
    ("RequestExpired", FaultClass::Clock),
    ("RequestTimeTooSkewed", FaultClass::Clock),
    ("RequestInTheFuture", FaultClass::Clock),
    // The code of Secrets Manager.
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

/// Words of the service's message when only the time of a signature is wrong. The code is then that of any wrong signature.
const OTHER_TIME: &[&str] = &["signature expired", "signature not yet current"];

/// The class for a code on the wire, its message and the HTTP status.
pub(crate) fn class_of(code: &str, said: &str, status: u16) -> FaultClass {
    let said = said.to_ascii_lowercase();
    if OTHER_TIME.iter().any(|words| said.contains(words)) {
        return FaultClass::Clock;
    }
    let known = CODES.iter().find(|(name, _)| *name == code).map(|(_, class)| *class);
    known.unwrap_or(if status >= 500 { FaultClass::Unreachable } else { FaultClass::Rejected })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_wire_and_others_go_by_their_status() {
        assert_eq!(class_of("DBInstanceNotFound", "", 404), FaultClass::NotFound);
        assert_eq!(class_of("Throttling", "Rate exceeded", 400), FaultClass::Throttled);
        assert_eq!(class_of("InvalidDBClusterStateFault", "", 400), FaultClass::Busy);
        assert_eq!(class_of("KMSKeyNotAccessibleFault", "", 400), FaultClass::Key);
        assert!(FaultClass::Key.ending().hint.is_some_and(|hint| hint.contains("kms:CreateGrant")));
        assert_eq!(class_of("SomethingNew", "", 503), FaultClass::Unreachable);
        assert_eq!(class_of("InvalidParameterCombination", "", 400), FaultClass::Rejected);
    }

    #[test]
    fn a_signature_of_another_time_is_a_matter_of_the_clock_and_not_of_the_login() {
        let wrong = "The request signature we calculated does not match the signature you provided.";
        assert_eq!(class_of("SignatureDoesNotMatch", wrong, 403), FaultClass::NoCredentials);
        for said in [
            "Signature expired: 20261129T010000Z is now earlier than 20261129T014500Z (20261129T020000Z - 15 min.)",
            "Signature not yet current: 20261129T030000Z is still later than 20261129T021500Z",
        ] {
            for code in ["SignatureDoesNotMatch", "InvalidSignatureException"] {
                assert_eq!(class_of(code, said, 403), FaultClass::Clock, "{code}");
            }
        }
    }
}
