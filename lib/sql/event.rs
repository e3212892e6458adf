//! Whether an event may fire once it is created.
//!
//! In: the answer to `SHOW CREATE EVENT`. Out: whether the event may fire; the statement with the other state; or the
//! statement without NOT PRESERVE, which MySQL itself cannot read again under HIGH_NOT_PRECEDENCE, as NOT is another
//! token there.

use super::lexer::{Token, tokens};
use super::splice::spliced;

const AWAKE: &str = "ENABLE";
const ASLEEP: &str = "DISABLE";

/// Whether the statement creates the event with ENABLE, so that it may fire.
pub(crate) fn is_awake(create: &str) -> bool {
    state(create).is_some_and(|state| state.is_word(create, AWAKE))
}

/// The statement with DISABLE for ENABLE: the event does not fire.
pub(crate) fn asleep(create: &str) -> String {
    changed(create, AWAKE, ASLEEP)
}

/// The statement with ENABLE for DISABLE: the event fires.
pub(crate) fn awake(create: &str) -> String {
    changed(create, ASLEEP, AWAKE)
}

fn changed(create: &str, from: &str, to: &str) -> String {
    let place = state(create).filter(|state| state.is_word(create, from)).map(|state| (state.place, to));
    spliced(create, place)
}

/// The statement without `ON COMPLETION NOT PRESERVE`, which is the default of events.
pub(crate) fn without_completion(create: &str) -> String {
    let head = head(create);
    let is = |at: usize, word: &str| head[at].is_word(create, word);
    let words = ["ON", "COMPLETION", "NOT", "PRESERVE"];
    let clause = (0..head.len().saturating_sub(4)).find(|at| (0..4).all(|word| is(at + word, words[word])));
    let place = clause.map(|at| (head[at].place.start..head[at + 4].place.start, ""));
    spliced(create, place)
}

/// The tokens in front of the body, which begins with DO.
fn head(create: &str) -> Vec<Token> {
    tokens(create).into_iter().take_while(|token| !token.is_word(create, "DO")).collect()
}

/// The state of the event: the word behind `PRESERVE`, else the first ENABLE or DISABLE.
fn state(create: &str) -> Option<Token> {
    let head = head(create);
    let preserve = head.iter().position(|token| token.is_word(create, "PRESERVE"));
    let is_state = |token: &&Token| [AWAKE, ASLEEP].iter().any(|word| token.is_word(create, word));
    match preserve {
        Some(at) => head.get(at + 1).cloned(),
        None => head.iter().find(is_state).cloned(),
    }
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

    #[test]
    fn what_an_event_is_without_it_need_not_be_said_and_its_state_is_found_all_the_same() {
        let sql = "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE ENABLE COMMENT 'ON COMPLETION NOT PRESERVE DISABLE' \
                   DO SET @a = 'ON COMPLETION NOT PRESERVE DISABLE'";
        let short = sql.replacen("ON COMPLETION NOT PRESERVE ", "", 1);
        assert_eq!(without_completion(sql), short);
        assert_eq!(without_completion(&short), short);
        assert!(is_awake(&short) && !is_awake(&asleep(&short)));
        assert_eq!(awake(&asleep(&short)), short);
        let kept = "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE DO SET @a = 1";
        assert_eq!((without_completion(kept), is_awake(kept)), (kept.to_owned(), false));
    }
}
