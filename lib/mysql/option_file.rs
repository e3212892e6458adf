//! MySQL option files: the part of them that a client needs.
//!
//! In: a path. Out: the settings of `[client]`, and of `[refreshkit]` for those that not every client knows. The syntax
//! is that of "Using Option Files" in the MySQL manual: `#` and `;` begin comments, values may be quoted, `\b \t \n \r \\
//! \s \" \'` are escapes. `!include` is not followed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::error::Error;
use crate::document::read_text;

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 256 << 10;

/// The settings of an option file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionFile {
    /// `user`: the account's name.
    pub user: Option<String>,
    /// `password`: the account's password.
    pub password: Option<String>,
    /// `host`: host name or address.
    pub host: Option<String>,
    /// `port`: TCP port of the server.
    pub port: Option<u16>,
    /// `socket`: path of a Unix socket.
    pub socket: Option<String>,
    /// `ssl-ca`: path of the authorities that the server is verified with.
    pub tls_ca: Option<String>,
    /// `server-public-key-path`: path of the RSA key that a password is encrypted with.
    pub server_public_key: Option<String>,
}

impl OptionFile {
    /// Reads a file. Fails when it holds a password and its mode gives group or others any right.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let fail = |source| Error::OptionFile { path: path.to_owned(), source };
        let text = read_text(path, FILE_BYTES_MAX).map_err(fail)?;
        let options = Self::parse(&text);
        let mode = fs::metadata(path).map_err(fail)?.permissions().mode() & 0o777;
        if options.password.is_some() && mode & 0o077 != 0 {
            return Err(Error::OptionFileOpen { path: path.to_owned(), mode });
        }
        Ok(options)
    }

    /// Reads `~/.my.cnf`, if there is one.
    pub fn of_home() -> Result<Self, Error> {
        match crate::config::environment("HOME").map(|home| Path::new(&home).join(".my.cnf")) {
            Some(path) if path.is_file() => Self::read(&path),
            _ => Ok(Self::default()),
        }
    }

    fn parse(text: &str) -> Self {
        let mut options = Self::default();
        let mut group = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                name.trim().clone_into(&mut group);
            } else if matches!(group.as_str(), "client" | "refreshkit") && !line.starts_with(['#', ';', '!'])
            {
                let (key, value) = line.split_once('=').unwrap_or((line, ""));
                let key = key.trim().replace('_', "-");
                // With `loose-` in front, clients that do not know an option ignore it.
                options.set(key.strip_prefix("loose-").unwrap_or(&key), unescape(value.trim()));
            }
        }
        options
    }

    fn set(&mut self, key: &str, value: String) {
        match key {
            "user" => self.user = Some(value),
            "password" => self.password = Some(value),
            "host" => self.host = Some(value),
            "port" => self.port = value.parse().ok(),
            "socket" => self.socket = Some(value),
            "ssl-ca" => self.tls_ca = Some(value),
            "server-public-key-path" => self.server_public_key = Some(value),
            _ => {}
        }
    }
}

/// The value without a comment behind it: a `#` outside quotes begins one, as in the server's own parser.
fn without_comment(value: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in value.char_indices() {
        match (quote, c) {
            _ if escaped => {}
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') => return value[..at].trim_end(),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    value
}

fn unescape(value: &str) -> String {
    let value = without_comment(value);
    let quoted = |quote| value.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    let inner = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
    let mut text = String::new();
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        match (c, (c == '\\').then(|| characters.next()).flatten()) {
            ('\\', Some('b')) => text.push('\u{8}'),
            ('\\', Some('t')) => text.push('\t'),
            ('\\', Some('n')) => text.push('\n'),
            ('\\', Some('r')) => text.push('\r'),
            ('\\', Some('s')) => text.push(' '),
            ('\\', Some(quoted @ ('\\' | '"' | '\''))) => text.push(quoted),
            ('\\', Some(other)) => text.extend(['\\', other]),
            (plain, _) => text.push(plain),
        }
    }
    text
}

/// Writes an option file that only this user can read: its mode is 0600 from the first moment.
pub fn write(path: &Path, user: &str, password: &str) -> Result<(), Error> {
    write_with_key(path, (user, password), None)
}

/// Like [`write()`], with the path of the server's public key, if it is known. MariaDB's clients do not know this option,
/// so it is in a group of ours.
pub(crate) fn write_with_key(
    path: &Path,
    (user, password): (&str, &str),
    server_public_key: Option<&str>,
) -> Result<(), Error> {
    let fail = |source: io::Error| Error::OptionFile { path: path.to_owned(), source };
    let escape = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"");
    let key =
        server_public_key.map(|key| format!("[refreshkit]\nserver-public-key-path=\"{}\"\n", escape(key)));
    // `[client]` comes last, since others may add lines to it.
    let text = format!(
        "{}[client]\nuser=\"{}\"\npassword=\"{}\"\n",
        key.unwrap_or_default(),
        escape(user),
        escape(password)
    );
    // A file that an earlier try left behind may have any mode, so it is removed.
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(fail(e)),
        _ => {}
    }
    let mut file: File = File::options().create_new(true).write(true).mode(0o600).open(path).map_err(fail)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_mysql_reads() {
        let text = "[mysqld]\nuser=mysql\n[client]\n# note\nuser = dev # me\npassword=\"a#b\\\\c\"\nport=3307\nssl_ca=/x\n";
        let read = OptionFile::parse(text);
        assert_eq!(read.user.as_deref(), Some("dev"));
        assert_eq!(read.password.as_deref(), Some("a#b\\c"));
        assert_eq!((read.port, read.tls_ca.as_deref()), (Some(3307), Some("/x")));
        let keyed = OptionFile::parse("[client]\nloose_server-public-key-path = /k.pem\n");
        assert_eq!(keyed.server_public_key.as_deref(), Some("/k.pem"));
        let commented = OptionFile::parse("[client]\npassword=\"a # b\" # main\nuser=dev\t# me\nhost=h#x\n");
        assert_eq!(commented.password.as_deref(), Some("a # b"));
        assert_eq!((commented.user.as_deref(), commented.host.as_deref()), (Some("dev"), Some("h")));
    }

    #[test]
    fn writes_0600_and_refuses_to_read_wider() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("my.cnf");
        write(&path, "dev", "s\"e\\cret").unwrap();
        assert_eq!(OptionFile::read(&path).unwrap().password.as_deref(), Some("s\"e\\cret"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(OptionFile::read(&path), Err(Error::OptionFileOpen { mode: 0o644, .. })));
    }
}
