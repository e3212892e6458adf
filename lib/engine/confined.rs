//! Whether AppArmor or SELinux lets a server program work in a directory.
//!
//! In: a program, a directory. Out: nothing, or which of the two forbids it and what to configure. Both keep the distribution's
//! server in the distribution's directories, and the server's own message (`Permission denied`, for a directory that it owns)
//! does not say so.
//!
//! AppArmor goes by the path of the program: a profile in force without a line for the directory forbids it, which is an error.
//! SELinux goes by labels and by who starts the program: a program that a person starts is mostly not confined, so there is
//! only advice.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::Error;

const PROFILES: &str = "etc/apparmor.d";

/// Fails if a profile of AppArmor keeps the program out of the directory.
pub(crate) fn refuse_confined(program: &Path, directory: &Path) -> Result<(), Error> {
    refuse_below(Path::new("/"), program, directory)
}

/// Advice for a server that does not start, where SELinux is in force; `None` elsewhere.
pub(crate) fn selinux_advice(directory: &Path) -> Option<String> {
    selinux_below(Path::new("/"), directory)
}

fn refuse_below(root: &Path, program: &Path, directory: &Path) -> Result<(), Error> {
    let Some(file) = profile_in_force(root, program) else { return Ok(()) };
    let own = root.join(PROFILES).join(&file);
    let local = root.join(PROFILES).join("local").join(&file);
    if [&own, &local].iter().any(|rules| allows(&read(rules), directory)) {
        return Ok(());
    }
    let name = |path: PathBuf| format!("/{}", path.strip_prefix(root).unwrap_or(&path).display());
    Err(Error::Confined {
        program: program.to_owned(),
        directory: directory.to_owned(),
        lines: format!("{0}/ r,\n{0}/** rwk,", directory.display()),
        local: name(local),
        profile: name(own),
    })
}

/// The file of the profile that is in force for a program: as the kernel says or, where this user may not ask the kernel, as
/// the configuration says.
fn profile_in_force(root: &Path, program: &Path) -> Option<String> {
    let word = program.display().to_string();
    let file = word.trim_start_matches('/').replace('/', ".");
    match fs::read_to_string(root.join("sys/kernel/security/apparmor/profiles")) {
        // A line is `/usr/sbin/mysqld (enforce)`; a profile that is not named by path has the name of the program's file.
        Ok(loaded) => {
            let short = program.file_name().unwrap_or_default().to_string_lossy();
            let enforced = loaded.lines().filter_map(|line| line.strip_suffix(" (enforce)"));
            enforced.into_iter().any(|name| name == word || name == short).then_some(file)
        }
        Err(_) if read(&root.join("sys/module/apparmor/parameters/enabled")).trim() != "Y" => None,
        Err(_) => {
            let profiles = root.join(PROFILES);
            let switched_off = ["disable", "force-complain"]
                .iter()
                .any(|folder| fs::symlink_metadata(profiles.join(folder).join(&file)).is_ok());
            let text = read(&profiles.join(&file));
            let mut heads = text.lines().map(str::trim).filter(|line| line.ends_with('{'));
            let head = heads.find(|line| line.split_whitespace().any(|part| part == word))?;
            let lenient = head.contains("complain") || head.contains("unconfined");
            (!switched_off && !lenient).then_some(file)
        }
    }
}

/// Whether a rule of a profile allows writing below a directory, such as `/srv/refresh/** rwk,`.
fn allows(rules: &str, directory: &Path) -> bool {
    let rules = rules.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    rules.into_iter().any(|line| {
        let mut words = line.trim_end_matches(',').split_whitespace().filter(|word| *word != "owner");
        let (Some(path), Some(modes)) = (words.next(), words.next()) else { return false };
        let below = path.trim_matches('"').strip_suffix("/**");
        modes.contains('w') && below.is_some_and(|below| directory.starts_with(Path::new(below)))
    })
}

fn selinux_below(root: &Path, directory: &Path) -> Option<String> {
    let directory = directory.display();
    (read(&root.join("sys/fs/selinux/enforce")).trim() == "1").then(|| {
        format!(
            "SELinux is in force here; if it keeps the server out (ausearch -m avc -c mysqld): \
             semanage fcontext -a -t mysqld_db_t '{directory}(/.*)?' && restorecon -R {directory}, \
             and for a port: semanage port -a -t mysqld_port_t -p tcp PORT"
        )
    })
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A temporary root directory with these files.
    fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn refused(files: &[(&str, &str)]) -> Option<String> {
        let (program, directory) = (Path::new("/usr/sbin/mysqld"), Path::new("/srv/refresh"));
        refuse_below(host(files).path(), program, directory).err().map(|error| {
            use crate::document::Failure;
            format!("{error}: {}", error.hint().unwrap())
        })
    }

    const LOADED: &str = "sys/kernel/security/apparmor/profiles";
    const PROFILE: &str = "etc/apparmor.d/usr.sbin.mysqld";
    const LOCAL: &str = "etc/apparmor.d/local/usr.sbin.mysqld";

    #[test]
    fn a_profile_in_force_refuses_with_the_lines_to_add() {
        let said = refused(&[(LOADED, "/usr/bin/man (enforce)\n/usr/sbin/mysqld (enforce)\n")]).unwrap();
        for part in [
            "AppArmor keeps /usr/sbin/mysqld out of /srv/refresh",
            "/srv/refresh/ r,\n/srv/refresh/** rwk,",
            "/etc/apparmor.d/local/usr.sbin.mysqld",
            "apparmor_parser -r /etc/apparmor.d/usr.sbin.mysqld",
        ] {
            assert!(said.contains(part), "{said}");
        }
        // A profile that is not named by path, as in newer packages.
        assert!(refused(&[(LOADED, "mysqld (enforce)\n")]).is_some());
    }

    #[test]
    fn what_is_loaded_and_not_enforced_or_of_another_program_is_in_nobodys_way() {
        for loaded in [
            "",
            "/usr/sbin/mysqld (complain)\n",
            "/usr/sbin/mysqld-debug (enforce)\n",
            "mysqld (unconfined)\n",
        ] {
            // The kernel is asked first: a profile that is configured and not loaded does not count.
            assert_eq!(
                refused(&[(LOADED, loaded), (PROFILE, "/usr/sbin/mysqld {\n}\n")]),
                None,
                "{loaded:?}"
            );
        }
        assert_eq!(refused(&[]), None);
    }

    #[test]
    fn lines_that_let_it_in_are_found_and_others_are_not() {
        let loaded = (LOADED, "/usr/sbin/mysqld (enforce)\n");
        for good in
            ["/srv/refresh/ r,\n/srv/refresh/** rwk,\n", "  owner /srv/** rwk,", "\"/srv/refresh/**\" rw,"]
        {
            assert_eq!(refused(&[loaded, (LOCAL, good)]), None, "{good:?}");
            assert_eq!(refused(&[loaded, (PROFILE, good)]), None, "{good:?}");
        }
        for bad in
            ["# /srv/refresh/** rwk,", "/srv/refresh/** r,", "/srv/refresh2/** rwk,", "/srv/refresh/* rwk,"]
        {
            assert!(refused(&[loaded, (LOCAL, bad)]).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn who_may_not_ask_the_kernel_goes_by_what_is_configured() {
        let on = ("sys/module/apparmor/parameters/enabled", "Y\n");
        let strict =
            (PROFILE, "#include <tunables/global>\n/usr/sbin/mysqld {\n  /var/lib/mysql/** rwk,\n}\n");
        assert!(refused(&[on, strict]).is_some());
        assert!(
            refused(&[on, (PROFILE, "profile mysqld /usr/sbin/mysqld flags=(attach_disconnected) {\n}\n")])
                .is_some()
        );
        assert_eq!(refused(&[strict]), None, "AppArmor is not on");
        assert_eq!(refused(&[on, strict, ("etc/apparmor.d/disable/usr.sbin.mysqld", "")]), None);
        assert_eq!(refused(&[on, (PROFILE, "/usr/sbin/mysqld flags=(complain) {\n}\n")]), None);
        assert_eq!(refused(&[on, (PROFILE, "# empty\n")]), None);
    }

    #[test]
    fn selinux_is_told_where_it_is_in_force() {
        let at = |text: &str| {
            selinux_below(host(&[("sys/fs/selinux/enforce", text)]).path(), Path::new("/srv/refresh"))
        };
        assert!(at("1").unwrap().contains("semanage fcontext -a -t mysqld_db_t '/srv/refresh(/.*)?'"));
        assert_eq!((at("0"), at("")), (None, None));
    }
}
