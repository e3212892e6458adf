//! What begins a comment or a command.

/// What `mariadb-dump` writes first: a client command that looks like a comment.
pub(crate) const SANDBOX: &[u8] = b"/*M!999999\\-";

/// `/*!` and MariaDB's `/*M!`: comments that the server reads as SQL.
pub(crate) fn is_conditional(text: &[u8]) -> bool {
    text.starts_with(b"/*!") || text.starts_with(b"/*M!")
}

pub(crate) fn comment_opens(text: &[u8]) -> bool {
    match text {
        [b'#', ..] | [b'/', b'*', ..] => true,
        [b'-', b'-', rest @ ..] => rest.first().is_none_or(|byte| *byte <= b' '),
        _ => false,
    }
}

pub(crate) fn opens_delimiter(text: &[u8]) -> bool {
    let (word, rest) = text.split_at(text.len().min("delimiter".len()));
    word.eq_ignore_ascii_case(b"delimiter") && rest.first().is_none_or(u8::is_ascii_whitespace)
}
