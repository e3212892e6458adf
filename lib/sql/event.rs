//! Whether an event may fire once it is created.
//!
//! In: what `SHOW CREATE EVENT` answers. Out: what it says, or the same text that says otherwise.

use super::lexer::{Token, tokens};
use super::splice::spliced;

const AWAKE: &str = "ENABLE";
const ASLEEP: &str = "DISABLE";

/// `ON COMPLETION … PRESERVE ENABLE`.
pub(crate) fn is_awake(create: &str) -> bool {
    state(create).is_some_and(|state| state.is_word(create, AWAKE))
}

/// The same event, which does not fire.
pub(crate) fn asleep(create: &str) -> String {
    changed(create, AWAKE, ASLEEP)
}

/// The same event, which fires.
pub(crate) fn awake(create: &str) -> String {
    changed(create, ASLEEP, AWAKE)
}

fn changed(create: &str, from: &str, to: &str) -> String {
    let place = state(create).filter(|state| state.is_word(create, from)).map(|state| (state.place, to));
    spliced(create, place)
}

/// The word behind the first `PRESERVE`, which a server always writes and before the event's body.
fn state(create: &str) -> Option<Token> {
    let mut all = tokens(create).into_iter();
    all.find(|token| token.is_word(create, "PRESERVE"))?;
    all.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_clause_itself_is_read_and_changed() {
        let sql = "CREATE EVENT `a PRESERVE ENABLE` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE DISABLE \
                   COMMENT ' PRESERVE ENABLE' DO SET @a = ' PRESERVE ENABLE'";
        assert!(!is_awake(sql) && is_awake(&awake(sql)));
        assert_eq!(awake(sql), sql.replace("NOT PRESERVE DISABLE", "NOT PRESERVE ENABLE"));
        assert_eq!(asleep(&awake(sql)), sql);
        assert_eq!((asleep(sql), asleep("SELECT 1")), (sql.to_owned(), "SELECT 1".to_owned()));
    }
}
