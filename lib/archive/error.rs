//! Why a dump file, or the directory of dumps, cannot be read, trusted or written.

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
    /// The file is no dump of refreshkit, or it is damaged.
    #[error("{} is not a whole dump: {problem}", path.display())]
    Damaged {
        /// Path of the file.
        path: PathBuf,
        /// What is wrong with the file.
        problem: String,
    },
    /// The path is a pipe, a device, a directory, or a link to anything but a file in its own directory.
    #[error("{} is no file", path.display())]
    NoFile {
        /// Path that is no regular file.
        path: PathBuf,
    },
    /// A dump without a trusted signature has a statement or a member over the limit for such dumps.
    #[error("{} has statements of {needed} bytes, {limit} are read of a dump that nobody trusted has signed", path.display())]
    LongRows {
        /// Path of the dump.
        path: PathBuf,
        /// Bytes of the longest statement, or of the longest member if no statement is too long.
        needed: u64,
        /// Most bytes of a statement in such a dump.
        limit: u64,
    },
    /// The permissions of the dump file let everybody write into it.
    #[error("everybody may write into {}: nobody knows who wrote it", path.display())]
    OpenFile {
        /// Path of the file that everybody may write into.
        path: PathBuf,
    },
    /// The permissions of the directory let everybody write into it.
    #[error("everybody may write into the directory {}: any dump there may be anybody's", directory.display())]
    OpenDirectory {
        /// The directory that everybody may write into.
        directory: PathBuf,
    },
    /// The directory belongs to neither our user, nor root, nor `[dump] owner`.
    #[error("the directory {} belongs to the user {owner}, who can replace every dump in it", directory.display())]
    OthersDirectory {
        /// The directory that belongs to another user.
        directory: PathBuf,
        /// User id (uid) of the directory's owner.
        owner: u32,
    },
    /// No key of `[dump] trust` has signed the file under its file name.
    #[error("{} is not trusted: {why}", path.display())]
    Untrusted {
        /// Path of the dump.
        path: PathBuf,
        /// Why the file is not trusted, such as another signer.
        why: String,
    },
    /// The directory has dumps of several names, and `[dump] name` is not set.
    #[error("there are dumps of {} in {}, and [dump] name says none of them", names.join(", "), directory.display())]
    SeveralNames {
        /// The directory that has dumps of several names.
        directory: PathBuf,
        /// What the file names of the dumps begin with.
        names: Vec<String>,
    },
    /// The private key of `[dump] sign` cannot be fetched from Secrets Manager.
    #[error("the key of [dump] sign cannot be fetched: {0}")]
    Keys(AnyFailure),
    /// The operating system gives no random bytes, so no key can be made.
    #[error("no key can be made: the system gives no random bytes")]
    NoRandomness,
    /// The dump's format is not [`FORMAT`], the one that this version reads.
    #[error("{} has the format {format}, this version reads {FORMAT}", path.display())]
    OtherFormat {
        /// Path of the dump.
        path: PathBuf,
        /// The format that the dump's manifest names.
        format: String,
    },
    /// The manifest has no member at the wanted position.
    #[error("{} has no member {position}", path.display())]
    NoMember {
        /// Path of the dump.
        path: PathBuf,
        /// The wanted position, counted from 0.
        position: usize,
    },
    /// No file of the directory is a whole dump of the wanted name.
    #[error("there is no whole dump in {}", .0.display())]
    NoDump(PathBuf),
    /// Another process holds the lock for dumps of this name in the directory.
    #[error("another run is writing {name} in {}: {holder}", directory.display())]
    Locked {
        /// What the file names of the dumps begin with: `[dump] name`.
        name: String,
        /// The directory that is locked.
        directory: PathBuf,
        /// The process that holds the lock: `pid 812 on build-3 since …`.
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
    /// The directory of the dumps does not exist.
    #[error("there is no directory {}", directory.display())]
    NoDirectory {
        /// Path at which the directory should be.
        directory: PathBuf,
        /// What the directory was wanted for, which decides the exit code.
        purpose: Purpose,
    },
    /// `[dump] dir` is not set, or `[dump] sign` refers to no private key.
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
    /// Reading a file's content or metadata; for a writer also the directory's.
    Read,
    /// Looking for dumps in the directory.
    List,
    /// Creating a file, or opening the lock file.
    Create,
    /// Taking the lock for dumps of one name.
    Lock,
    /// Writing a dump, a private key, or the holder into a lock file.
    Write,
    /// `fsync` of the directory, after which a rename survives a crash of the host.
    Sync,
    /// Renaming a finished dump from its temporary name to its own.
    Publish,
    /// Removing an old dump, or a temporary file that a dead run left.
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
    /// Makes the error of a failed file operation.
    pub(crate) fn file(action: FileAction, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    /// Makes the error of a file that is no whole dump.
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

/// `Open` and `Read` end with `BadInput`, `List` with `Io`, `Create` with `CannotWrite`. The other actions end with `CannotWrite`
/// if rights or disk space are missing, otherwise with `Io`.
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
