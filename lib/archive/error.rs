//! How a dump file, or the directory of dumps, can be of no use.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::manifest::FORMAT;
use crate::config;
use crate::document::{AnyFailure, Ending, Exit, Failure, Interrupted};

/// Why a dump file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation failed.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was being done when it failed.
        action: FileAction,
        /// Path of the file or directory.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// The file is not a dump of ours, or is damaged.
    #[error("{} is not a whole dump: {problem}", path.display())]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// What is wrong with the file.
        problem: String,
    },
    /// A pipe, a device, a directory, or a link out of its directory.
    #[error("{} is no file", path.display())]
    NoFile {
        /// Path that is no regular file.
        path: PathBuf,
    },
    /// A statement or a member too long for the memory that a dump gets which nobody trusted has signed.
    #[error("{} has statements of {needed} bytes, {limit} are read of a dump that nobody trusted has signed", path.display())]
    LongRows {
        /// Path of the dump.
        path: PathBuf,
        /// Bytes of the longest statement, or of the longest member if only that is too long.
        needed: u64,
        /// Bytes of the longest statement that is read.
        limit: u64,
    },
    /// A file that everybody may write into.
    #[error("everybody may write into {}: nobody knows who wrote it", path.display())]
    OpenFile {
        /// Path of the file that everybody may write into.
        path: PathBuf,
    },
    /// A directory that everybody may write into.
    #[error("everybody may write into the directory {}: any dump there may be anybody's", directory.display())]
    OpenDirectory {
        /// The directory that everybody may write into.
        directory: PathBuf,
    },
    /// A directory of somebody else.
    #[error("the directory {} belongs to the user {owner}, who can replace every dump in it", directory.display())]
    OthersDirectory {
        /// The directory of somebody else.
        directory: PathBuf,
        /// Number (uid) of the user whose directory it is.
        owner: u32,
    },
    /// A dump that no key of `[dump] trust` has signed.
    #[error("{} is not trusted: {why}", path.display())]
    Untrusted {
        /// Path of the dump.
        path: PathBuf,
        /// What speaks against believing it.
        why: String,
    },
    /// Dumps of several names, and nobody said which are meant.
    #[error("there are dumps of {} in {}, and [dump] name says none of them", names.join(", "), directory.display())]
    SeveralNames {
        /// The directory that has dumps of several names.
        directory: PathBuf,
        /// What the names of its dumps begin with.
        names: Vec<String>,
    },
    /// The secret that signs cannot be had.
    #[error("the key of [dump] sign cannot be fetched: {0}")]
    Keys(AnyFailure),
    /// The system has no randomness.
    #[error("no key can be made: the system gives no random bytes")]
    NoRandomness,
    /// A dump of another version of the format.
    #[error("{} has the format {format}, this version reads {FORMAT}", path.display())]
    OtherFormat {
        /// Path of the dump.
        path: PathBuf,
        /// The format that the dump's manifest names.
        format: String,
    },
    /// The manifest lists no member of the number that was asked for.
    #[error("{} has no member {position}", path.display())]
    NoMember {
        /// Path of the dump.
        path: PathBuf,
        /// The member's number that was asked for, counted from 0.
        position: usize,
    },
    /// No file of the directory is a whole dump of the name that is asked for.
    #[error("there is no whole dump in {}", .0.display())]
    NoDump(PathBuf),
    /// Another run is writing a dump of that name here.
    #[error("another run is writing {name} in {}: {holder}", directory.display())]
    Locked {
        /// What the names of its dumps begin with.
        name: String,
        /// The directory that is locked.
        directory: PathBuf,
        /// Who: `pid 812 on build-3 since …`.
        holder: String,
    },
    /// The directory has too little room.
    #[error("{} has {free} bytes free, the dump needs about {needed}", directory.display())]
    NoSpace {
        /// The directory that has too little room.
        directory: PathBuf,
        /// Bytes that are free on its file system.
        free: u64,
        /// Bytes that the dump will need, by estimate.
        needed: u64,
    },
    /// The directory of the dumps is not there.
    #[error("there is no directory {}", directory.display())]
    NoDirectory {
        /// Path at which the directory should be.
        directory: PathBuf,
        /// What it was wanted for.
        purpose: Purpose,
    },
    /// No directory is configured.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// A signal (SIGINT, SIGTERM) ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// What was being done to a file or a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileAction {
    /// Opening a dump for reading.
    Open,
    /// Reading a dump, or what the directory has besides dumps.
    Read,
    /// Looking for dumps in the directory.
    List,
    /// Making the lock file, or another.
    Create,
    /// Taking the lock of a name.
    Lock,
    /// Writing a dump or the lock's holder.
    Write,
    /// `fsync` of the directory: a rename is safe after it.
    Sync,
    /// Giving a finished dump its name.
    Publish,
    /// Removing an old dump, or what a dead run left.
    Remove,
}

/// What the directory of the dumps is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To choose or list a dump.
    Reading,
    /// To write a dump, or to remove old ones.
    Writing,
}

impl fmt::Display for FileAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::List => "read the dumps in",
            Self::Create => "create",
            Self::Lock => "lock",
            Self::Write => "write",
            Self::Sync => "sync",
            Self::Publish => "rename the finished dump to",
            Self::Remove => "remove",
        })
    }
}

impl Error {
    /// A file operation that failed.
    pub(crate) fn file(action: FileAction, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    /// A file that is not what it should be.
    pub(crate) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), problem: problem.into() }
    }
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::File { action, source, .. } => of_file(*action, source.kind()),
            Self::Damaged { .. } => Ending::new(Exit::BadInput, "damaged-dump")
                .hint("mydump-rotate list shows the dumps that are whole"),
            Self::OpenFile { path } => Ending::new(Exit::Refused, "open-to-everybody")
                .hint(format!("chmod o-w {}; or ask for signatures: [dump] trust", path.display())),
            Self::OpenDirectory { directory } => Ending::new(Exit::Refused, "open-to-everybody").hint(format!(
                "chmod o-w {} (a shared group may write); or, where dumps are only read, ask for signatures: [dump] trust",
                directory.display()
            )),
            Self::OthersDirectory { owner, .. } => Ending::new(Exit::Refused, "somebody-elses").hint(format!(
                "if that is who writes the dumps: owner = {owner} in [dump]; or, where they are only read, ask for signatures: [dump] trust"
            )),
            Self::Untrusted { .. } => Ending::new(Exit::Refused, "untrusted-dump").hint(
                "dumps are signed with [dump] sign (mydump-rotate keygen); one that is older, or of another tool, \
                 is loaded by its path and with --unsigned",
            ),
            Self::SeveralNames { names, .. } => Ending::new(Exit::BadInput, "several-names").hint(format!(
                "name = {:?} in [dump], or name the file",
                names.first().map_or("", String::as_str)
            )),
            Self::Keys(inner) => inner.ending(),
            Self::NoRandomness => Ending::new(Exit::Unavailable, "no-randomness"),
            Self::OtherFormat { .. } => Ending::new(Exit::BadInput, "other-format"),
            Self::NoFile { .. } => Ending::new(Exit::BadInput, "no-file")
                .hint("name the file itself; a link is followed to a file in its own directory only"),
            Self::LongRows { .. } => Ending::new(Exit::BadInput, "long-rows")
                .hint("sign dumps with such rows ([dump] sign) and trust the key where they are read ([dump] trust)"),
            Self::NoMember { .. } | Self::NoDump(_) => Ending::new(Exit::BadInput, "not-there"),
            Self::Locked { .. } => Ending::new(Exit::Temporary, "locked"),
            Self::NoSpace { .. } => Ending::new(Exit::CannotWrite, "disk-full")
                .hint("free space, lower keep_days, or name another [dump] dir"),
            Self::NoDirectory { directory, purpose } => {
                let exit = match purpose {
                    Purpose::Reading => Exit::Io,
                    Purpose::Writing => Exit::CannotWrite,
                };
                Ending::new(exit, "no-directory").hint(format!(
                    "is its file system (EFS, NFS) mounted? If it is a new directory: mkdir -p {}",
                    directory.display()
                ))
            }
            Self::Config(inner) => inner.ending(),
            Self::Interrupted(inner) => inner.ending(),
        }
    }
}

/// Opening and reading fail as bad input, listing as I/O, creating as output. The rest is output without rights or room, else I/O.
fn of_file(action: FileAction, why: ErrorKind) -> Ending {
    let code = match (action, why) {
        (_, ErrorKind::StorageFull) => "disk-full",
        (FileAction::List, _) => "dump-directory",
        _ => "file",
    };
    let exit = match action {
        FileAction::Open | FileAction::Read => Exit::BadInput,
        FileAction::List => Exit::Io,
        FileAction::Create => Exit::CannotWrite,
        FileAction::Lock
        | FileAction::Write
        | FileAction::Sync
        | FileAction::Publish
        | FileAction::Remove => match why {
            ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded => Exit::CannotWrite,
            _ => Exit::Io,
        },
    };
    Ending::new(exit, code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_file_operation_ends_follows_from_what_was_done_and_not_from_its_words() {
        let denied = |action| Error::file(action, Path::new("/d/f"))(ErrorKind::PermissionDenied.into());
        let broken = |action| Error::file(action, Path::new("/d/f"))(ErrorKind::BrokenPipe.into());
        for (action, words, exits) in [
            (FileAction::Open, "cannot open /d/f", (Exit::BadInput, Exit::BadInput)),
            (FileAction::Read, "cannot read /d/f", (Exit::BadInput, Exit::BadInput)),
            (FileAction::List, "cannot read the dumps in /d/f", (Exit::Io, Exit::Io)),
            (FileAction::Create, "cannot create /d/f", (Exit::CannotWrite, Exit::CannotWrite)),
            (FileAction::Lock, "cannot lock /d/f", (Exit::CannotWrite, Exit::Io)),
            (FileAction::Write, "cannot write /d/f", (Exit::CannotWrite, Exit::Io)),
            (FileAction::Sync, "cannot sync /d/f", (Exit::CannotWrite, Exit::Io)),
            (FileAction::Publish, "cannot rename the finished dump to /d/f", (Exit::CannotWrite, Exit::Io)),
            (FileAction::Remove, "cannot remove /d/f", (Exit::CannotWrite, Exit::Io)),
        ] {
            assert_eq!(denied(action).to_string(), words);
            assert_eq!((denied(action).exit(), broken(action).exit()), exits, "{words}");
        }
        let full = Error::file(FileAction::Write, Path::new("/d/f"))(ErrorKind::StorageFull.into());
        assert_eq!((full.code(), full.exit()), ("disk-full", Exit::CannotWrite));
        assert_eq!(broken(FileAction::Write).code(), "file");
    }
}
