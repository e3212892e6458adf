//! Definitions of one server that the other takes as well.
//!
//! In: what `SHOW CREATE …` answers. Out: the same, with what only one of them knows put where the other does not read.

use super::lexer::{Kind, tokens};

/// `sql` with the collations that only MySQL 8 knows put into version comments: MariaDB skips those and takes the
/// character set's default.
pub(crate) fn portable(sql: &str) -> String {
    let found = tokens(sql);
    let mut text = String::with_capacity(sql.len());
    let mut from = 0;
    for (i, token) in found.iter().enumerate().filter(|(_, token)| token.is_word(sql, "COLLATE")) {
        let value = found[i + 1..].iter().find(|next| !next.is(b'='));
        if let Some(value) =
            value.filter(|value| value.kind == Kind::Word && value.text(sql).contains("_0900_"))
        {
            text += &sql[from..token.place.start];
            text += "/*!80000 ";
            text += &sql[token.place.start..value.place.end];
            text += " */";
            from = value.place.end;
        }
    }
    text + &sql[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collations_of_mysql_alone_are_for_mysql_alone() {
        assert_eq!(
            portable("`a` text COLLATE utf8mb4_0900_bin, 'COLLATE utf8mb4_0900_bin') COLLATE=utf8mb4_bin"),
            "`a` text /*!80000 COLLATE utf8mb4_0900_bin */, 'COLLATE utf8mb4_0900_bin') COLLATE=utf8mb4_bin"
        );
    }
}
