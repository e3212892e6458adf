//! How a refresh that did not happen ends: exit code and a word for scripts.
//!
//! In: an [`Error`]. Out: what the porch and the document say of it; the hint is in `hint.rs`.

use super::error::Error;
use crate::document::{Exit, Failure};

impl Failure for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Config(inner) => inner.exit(),
            Self::Mysql(inner) => inner.exit(),
            Self::Dump(inner) => inner.exit(),
            Self::Migrate(inner) => inner.exit(),
            Self::Interrupted(inner) => inner.exit(),
            Self::UnknownTarget { .. }
            | Self::LooksLikeSource { .. }
            | Self::NotOurs { .. }
            | Self::NotFast { .. }
            | Self::Production { .. }
            | Self::TagsUnknown { .. }
            | Self::ReferredFromOutside { .. } => Exit::Refused,
            Self::Held { .. } | Self::LockLost { .. } | Self::Busy { .. } | Self::NotPreserved { .. } => {
                Exit::Temporary
            }
            Self::NoSuchDump { .. }
            | Self::SeveralDatabases { .. }
            | Self::NothingToUndo { .. }
            | Self::Plain { .. } => Exit::BadInput,
            Self::DumpDirectory { .. } | Self::Differs { .. } => Exit::Io,
            Self::Packet { .. } | Self::After { .. } | Self::Hidden { .. } | Self::Unfinished { .. } => {
                Exit::Unavailable
            }
            Self::Glob { .. } | Self::Set { .. } => Exit::BadConfig,
            Self::Disk { .. } | Self::Junit { .. } => Exit::CannotWrite,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Config(inner) => inner.code(),
            Self::Mysql(inner) => inner.code(),
            Self::Dump(inner) => inner.code(),
            Self::Migrate(inner) => inner.code(),
            Self::Interrupted(inner) => inner.code(),
            Self::UnknownTarget { .. } => "unknown-target",
            Self::LooksLikeSource { .. } => "target-is-source",
            Self::NotOurs { .. } => "not-ours",
            Self::NotFast { .. } => "not-fast",
            Self::Production { .. } => "target-is-production",
            Self::TagsUnknown { .. } => "tags-unknown",
            Self::ReferredFromOutside { .. } => "referred-from-outside",
            Self::Held { .. } => "target-held",
            Self::LockLost { .. } => "lock-lost",
            Self::Busy { .. } => "target-busy",
            Self::DumpDirectory { .. } => "dump-directory",
            Self::NoSuchDump { .. } => "no-such-dump",
            Self::SeveralDatabases { .. } => "several-databases",
            Self::Packet { .. } => "packet-too-small",
            Self::Disk { .. } => "disk-too-small",
            Self::Differs { .. } => "differs-from-dump",
            Self::After { .. } => "after-failed",
            Self::NothingToUndo { .. } => "nothing-to-undo",
            Self::Glob { .. } | Self::Set { .. } => "bad-config",
            Self::Plain { .. } => "plain-dump",
            Self::NotPreserved { .. } => "not-preserved",
            Self::Junit { .. } => "cannot-write",
            Self::Hidden { .. } => "definition-hidden",
            Self::Unfinished { .. } => "swap-unfinished",
        }
    }

    fn hint(&self) -> Option<String> {
        super::hint::hint(self)
    }
}
