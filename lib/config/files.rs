//! Finds `refresh.toml` and the state directory: flag, environment, the usual places.
//!
//! In: the path from `--config`, or the environment. Out: a path. The file decides which commands run, which servers are read and
//! what is deleted. So `./refresh.toml`, which nobody named, is used only if no other user can have written it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::Error;

/// The file in the working directory, used if nobody names one.
const HERE: &str = "./refresh.toml";

/// Returns the configuration file to use: the flag's, `$REFRESH_CONFIG`, `./refresh.toml`, `/etc/refreshkit/refresh.toml`; `None`
/// if there is none. Only `./refresh.toml` is checked for its owner and mode.
pub fn find(flag: Option<&Path>) -> Result<Option<PathBuf>, Error> {
    let named = flag.map(Path::to_owned).or_else(|| environment("REFRESH_CONFIG").map(PathBuf::from));
    if named.is_some() {
        return Ok(named);
    }
    let here = Path::new(HERE);
    if here.is_file() {
        return match distrust(here, &trusted()) {
            None => Ok(Some(PathBuf::from("refresh.toml"))),
            Some(problem) => Err(Error::Untrusted { problem }),
        };
    }
    let usual = PathBuf::from("/etc/refreshkit/refresh.toml");
    Ok(Some(usual).filter(|path| path.is_file()))
}

/// The users whose files are trusted: the current user, root, and under sudo the user who called it.
fn trusted() -> Vec<u32> {
    let us = rustix::process::geteuid().as_raw();
    let before_sudo = environment("SUDO_UID").and_then(|uid| uid.parse().ok()).filter(|_| us == 0);
    [Some(us), Some(0), before_sudo].into_iter().flatten().collect()
}

/// Why another user may have written a file: owner or mode of the file, of a link to it, of the working directory or of the
/// directory that the real file is in. `None` if no other user can.
fn distrust(path: &Path, trusted: &[u32]) -> Option<String> {
    let check = |path: &Path, known: std::io::Result<Metadata>| match known {
        Ok(known) => unsafe_owner(&known, trusted).map(|problem| format!("{} {problem}", path.display())),
        Err(source) => Some(format!("{} cannot be looked at ({source})", path.display())),
    };
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let directory = |path: &Path| path.parent().unwrap_or(Path::new("/")).to_owned();
    check(path, std::fs::metadata(path))
        .or_else(|| check(path, std::fs::symlink_metadata(path)))
        .or_else(|| check(Path::new("."), std::fs::metadata(".")))
        .or_else(|| check(&directory(&real), std::fs::metadata(directory(&real))))
}

/// What is wrong with owner or mode; `None` if nothing is. A sticky directory is fine: only a file's owner can replace it there.
/// The mode of a link means nothing.
fn unsafe_owner(known: &Metadata, trusted: &[u32]) -> Option<String> {
    let (mode, sticky) = (known.mode(), known.is_dir() && known.mode() & 0o1000 != 0);
    if !trusted.contains(&known.uid()) && !sticky {
        return Some(format!("belongs to {}", whose(known.uid())));
    }
    if known.is_symlink() || sticky {
        return None;
    }
    let by_group = mode & 0o020 != 0 && !is_private(known.uid(), known.gid());
    (mode & 0o002 != 0 || by_group).then(|| format!("may be written by others (mode {:o})", mode & 0o7777))
}

/// The user's name, or its number if /etc/passwd does not have it.
fn whose(uid: u32) -> String {
    account(uid).map_or_else(|| format!("the user {uid}"), |(name, _)| name)
}

/// The user's name and primary group in /etc/passwd.
fn account(uid: u32) -> Option<(String, u32)> {
    let known = std::fs::read_to_string("/etc/passwd").ok()?;
    known.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let &[name, _, id, group, ..] = fields.as_slice() else { return None };
        (id.parse() == Ok(uid)).then_some((name.to_owned(), group.parse().ok()?))
    })
}

/// True if a group is a user's primary group, has the user's name and no other member. Most systems make such a group for each
/// user; with the umask 002 files are then group-writable.
fn is_private(uid: u32, gid: u32) -> bool {
    let Some((user, group)) = account(uid) else { return false };
    let known = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let found = known
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.get(2).and_then(|id| id.parse().ok()) == Some(gid));
    let Some(&[name, _, _, members]) = found.as_deref() else { return false };
    group == gid && name == user && members.split(',').all(|member| member.is_empty() || member == user)
}

/// The value of an environment variable; `None` if it is not set, empty or not UTF-8.
pub fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
}

/// The directory of journals and the copy's option files: `$REFRESH_STATE_DIR`, for root `/var/lib/refreshkit`, else
/// `$XDG_STATE_HOME/refreshkit` (XDG Base Directory Specification: an absolute path, `~/.local/state` if not set).
pub fn state_dir() -> Result<PathBuf, Error> {
    if let Some(named) = environment("REFRESH_STATE_DIR") {
        return Ok(PathBuf::from(named));
    }
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/refreshkit"));
    }
    let given = environment("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || environment("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    match given.or_else(home) {
        Some(base) => Ok(base.join("refreshkit")),
        // /tmp is no alternative: everybody may write there, and the directory holds the copy's password.
        None => Err(Error::Environment {
            name: "REFRESH_STATE_DIR",
            problem: "is not set, and HOME neither".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_that_somebody_else_may_have_written_is_told_from_one_of_ours() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("refresh.toml");
        std::fs::write(&file, "").unwrap();
        let us = std::fs::metadata(&file).unwrap().uid();
        let with = |mode: u32, trusted: &[u32]| {
            std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
            unsafe_owner(&std::fs::metadata(&file).unwrap(), trusted)
        };
        assert_eq!(with(0o644, &[us]), None);
        assert!(with(0o646, &[us]).unwrap().contains("mode 646"));
        assert!(with(0o644, &[us + 1]).unwrap().starts_with("belongs to "));
    }

    #[test]
    fn a_group_is_private_only_if_it_is_of_one_user() {
        assert!(is_private(0, 0));
        assert!(!is_private(0, 4_294_967_000));
        assert!(!is_private(4_294_967_000, 0));
    }
}
