//! User names and passwords in URLs: `https://user:password@host/`.
//!
//! In: a URL of the configuration; or any text for people. Out: which part of the URL is secret; or the text without users and
//! passwords of URLs.

use std::borrow::Cow;

/// Text in place of a user and a password.
const INSTEAD: &str = "***";

/// Schemes in which a user name alone is no secret, since a key proves who logs in. In other schemes it is often a token.
const NAMED_BY_KEY: &[&str] = &["ssh", "git+ssh", "ssh+git"];

/// The secret part of a URL, or of git's `user@host:path`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlSecret {
    /// The password, in `user:password@`.
    Password,
    /// `name@` where a name may be a token.
    Name,
    /// A parameter, as in `?private_token=…`.
    Query,
}

/// Returns the text with `***` in place of the user and password of each URL. A bare user name of ssh stays.
pub fn without_userinfo(text: &str) -> Cow<'_, str> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("://") {
        let (before, behind) = rest.split_at(at + "://".len());
        out.push_str(before);
        let end = userinfo(behind);
        if end > 0 && !is_bare_name(scheme(&before[..at]), &behind[..end]) {
            out.push_str(INSTEAD);
        } else {
            out.push_str(&behind[..end]);
        }
        rest = &behind[end..];
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Returns what is secret in a URL; `None` if nothing is. Other users of the host can read the arguments of a program.
pub fn secret_in_url(url: &str) -> Option<UrlSecret> {
    let Some(at) = url.find("://") else {
        // For git, the text before the first colon is the host, so a password after it would be part of the path.
        let (user, rest) = url.split_once(':').filter(|(user, _)| !user.contains(['/', '@']))?;
        let (word, host) = rest.split_once('@')?;
        let looks_so = !user.is_empty() && !word.contains('/') && !host.is_empty();
        return looks_so.then_some(UrlSecret::Password);
    };
    let behind = &url[at + "://".len()..];
    match userinfo(behind) {
        0 => {}
        end if has_password(&behind[..end]) => return Some(UrlSecret::Password),
        end if !is_bare_name(scheme(&url[..at]), &behind[..end]) => return Some(UrlSecret::Name),
        _ => {}
    }
    // `https::https://…`, and whatever else hides one URL in another.
    secret_in_url(behind).or_else(|| behind.contains('?').then_some(UrlSecret::Query))
}

/// Returns how many bytes of `behind`, the text after `://`, are user and password, without the `@`.
fn userinfo(behind: &str) -> usize {
    let end = behind.find(|c: char| c.is_whitespace() || "\"<>".contains(c)).unwrap_or(behind.len());
    let url = &behind[..end];
    let host = &url[..url.find(['/', '?', '#']).unwrap_or(end)];
    if let Some(at) = host.rfind('@') {
        return at;
    }
    // A password with a slash in it: the text after the colon is no port.
    let no_port = |port: &str| !port.is_empty() && !port.bytes().all(|byte| byte.is_ascii_digit());
    match host.split_once(':') {
        Some((_, port)) if !host.starts_with('[') && no_port(port) => url.find('@').unwrap_or_default(),
        _ => 0,
    }
}

fn scheme(before: &str) -> &str {
    let letter = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    before.rfind(|c: char| !letter(c)).map_or(before, |at| before[at..].trim_start_matches(|c| !letter(c)))
}

fn has_password(userinfo: &str) -> bool {
    userinfo.contains(':') || userinfo.to_ascii_lowercase().contains("%3a")
}

fn is_bare_name(scheme: &str, userinfo: &str) -> bool {
    !has_password(userinfo) && NAMED_BY_KEY.iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_password_stays_wherever_the_url_stands() {
        for (text, shown) in [
            (
                "fatal: unable to access 'https://u:p@h/x/': no",
                "fatal: unable to access 'https://***@h/x/': no",
            ),
            ("https://ghp_token@github.com/a/b.git", "https://***@github.com/a/b.git"),
            ("a https://u:p@w@h:8443/x and HTTP://u:p@h", "a https://***@h:8443/x and HTTP://***@h"),
            ("https://u:pa/ss@h/x", "https://***@h/x"),
            ("ssh://git:pw@h/x", "ssh://***@h/x"),
            ("ssh://git%3Apw@h/x", "ssh://***@h/x"),
            ("https::https://u:p'w@h", "https::https://***@h"),
            ("mysql://u:ü@h", "mysql://***@h"),
        ] {
            assert_eq!(without_userinfo(text), shown);
        }
        for plain in [
            "ssh://git@h/x",
            "https://h:8443/a@b/c",
            "git@h:x.git",
            "https://[::1]:80/@x",
            "see <https://h> or a@b",
            "://",
            "x://@h",
            "",
        ] {
            assert_eq!(without_userinfo(plain), plain);
        }
    }

    #[test]
    fn a_repository_that_holds_a_secret_is_known() {
        for (url, secret) in [
            ("https://u:p@h/x", Some(UrlSecret::Password)),
            ("https://u:@h/x", Some(UrlSecret::Password)),
            ("file://u:p@h/x", Some(UrlSecret::Password)),
            ("ssh://git:p@h/x", Some(UrlSecret::Password)),
            ("ssh://git%3ap@h/x", Some(UrlSecret::Password)),
            ("https::https://u:p@h/x", Some(UrlSecret::Password)),
            ("https://u:p/q@h/x", Some(UrlSecret::Password)),
            ("user:password@host:group/app.git", Some(UrlSecret::Password)),
            ("https://ghp_token@github.com/x", Some(UrlSecret::Name)),
            ("https://h/x?private_token=t", Some(UrlSecret::Query)),
            ("https://h/x", None),
            ("ssh://git@h:22/x", None),
            ("git@h:group/app.git", None),
            ("h:group/app@2.git", None),
            ("/srv/app.git", None),
            ("file:///srv/a@b.git", None),
            ("../app.git", None),
            ("", None),
        ] {
            assert_eq!(secret_in_url(url), secret, "{url}");
        }
    }
}
