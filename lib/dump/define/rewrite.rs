//! Rewrites `SHOW CREATE` of routines, views, triggers and events for another database and another account.
//!
//! In: the statement as the server or its author wrote it. Out: the statement without the object's own database, with the
//! DEFINER clause that the policy leaves; and the definer. The bodies of routines, triggers and events are not touched.

use std::ops::Range;

use crate::archive::ObjectKind;
use crate::config::Definer;
use crate::sql::{Token, definer, spliced, tokens, unqualified};

/// A rewritten statement, and the definer that the original names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewritten {
    pub(crate) create: String,
    pub(crate) definer: Option<String>,
}

/// Rewrites the statement that creates an object of `kind` in `database`. `None` if the statement has not the expected form.
pub(crate) fn rewrite(kind: ObjectKind, create: &str, database: &str, policy: Definer) -> Option<Rewritten> {
    let all = tokens(create);
    let clause = definer(create);
    // The definer may have a keyword as its name, so the search begins after the DEFINER clause.
    let head = clause.as_ref().map_or(0, |clause| clause.place.end);
    let is_keyword = |token: &Token| {
        token.place.start >= head && keywords(kind).iter().any(|word| token.is_word(create, word))
    };
    let keyword = all.iter().position(is_keyword)?;
    let mut gone: Vec<(Range<usize>, &str)> = Vec::new();
    if let Some(clause) = clause.as_ref().filter(|_| policy != Definer::Keep) {
        gone.push((clause.place.clone(), ""));
    }
    if policy == Definer::Invoker {
        gone.extend(security(create, &all[..keyword]).map(|place| (place, "INVOKER")));
    }
    let name = name_after(create, &all, keyword);
    gone.extend(qualifier(create, &all, name).map(|place| (place, "")));
    if kind == ObjectKind::Trigger {
        let on = name + all[name..].iter().position(|token| token.is_word(create, "ON"))? + 1;
        gone.extend(qualifier(create, &all, on).map(|place| (place, "")));
    }
    let create = spliced(create, gone);
    let create = if kind == ObjectKind::View { unqualified(&create, database) } else { create };
    Some(Rewritten { create, definer: clause.map(|clause| clause.who) })
}

fn keywords(kind: ObjectKind) -> &'static [&'static str] {
    match kind {
        ObjectKind::Function => &["FUNCTION"],
        ObjectKind::Procedure => &["PROCEDURE"],
        ObjectKind::Package | ObjectKind::PackageBody => &["PACKAGE"],
        ObjectKind::View => &["VIEW"],
        ObjectKind::Trigger => &["TRIGGER"],
        ObjectKind::Event => &["EVENT"],
    }
}

/// Returns the place of the word after `SQL SECURITY`, if that comes before the object's name, as in a view.
fn security(sql: &str, head: &[Token]) -> Option<Range<usize>> {
    let at = head.windows(2).position(|two| two[0].is_word(sql, "SQL") && two[1].is_word(sql, "SECURITY"))?;
    head.get(at + 2).map(|token| token.place.clone())
}

/// Returns the position of the object's name: after the keyword and `BODY` or `IF NOT EXISTS`.
fn name_after(sql: &str, all: &[Token], keyword: usize) -> usize {
    let filler = |token: &Token| ["BODY", "IF", "NOT", "EXISTS"].iter().any(|word| token.is_word(sql, word));
    keyword + 1 + all[keyword + 1..].iter().take_while(|token| filler(token)).count()
}

/// Returns the place of `database.` before a name. Only a name can be here, so double quotes are the quotes of a name.
fn qualifier(sql: &str, all: &[Token], name: usize) -> Option<Range<usize>> {
    let [first, point, second] = all.get(name..name + 3)? else { return None };
    let is_name = |token: &Token| token.possible_name(sql).is_some();
    (is_name(first) && point.is(b'.') && is_name(second)).then_some(first.place.start..second.place.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(kind: ObjectKind, sql: &str, policy: Definer) -> String {
        rewrite(kind, sql, "db", policy).unwrap().create
    }

    #[test]
    fn the_definer_goes_and_is_remembered() {
        let sql = "CREATE ALGORITHM=UNDEFINED DEFINER=`a b`@`%` SQL SECURITY DEFINER VIEW `v` AS select 1 AS `DEFINER`";
        let after = rewrite(ObjectKind::View, sql, "db", Definer::Drop).unwrap();
        assert_eq!(
            after.create,
            "CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `v` AS select 1 AS `DEFINER`"
        );
        assert_eq!(after.definer.as_deref(), Some("`a b`@`%`"));
        assert!(rewritten(ObjectKind::View, sql, Definer::Invoker).contains("SQL SECURITY INVOKER VIEW"));
        assert_eq!(rewritten(ObjectKind::View, sql, Definer::Keep), sql);
    }

    #[test]
    fn qualified_names_lose_their_database() {
        let sql = "CREATE DEFINER=\"r\"@\"h\" TRIGGER db . tr BEFORE INSERT ON `db`.`p` FOR EACH ROW SET NEW.b = db.f()";
        assert_eq!(
            rewritten(ObjectKind::Trigger, sql, Definer::Drop),
            "CREATE TRIGGER tr BEFORE INSERT ON `p` FOR EACH ROW SET NEW.b = db.f()"
        );
        let sql = "CREATE DEFINER=trigger@db.firm.example TRIGGER \"db\" . \"t r\" AFTER INSERT ON \"db\".p FOR EACH ROW SET @a = 1";
        assert_eq!(
            rewritten(ObjectKind::Trigger, sql, Definer::Drop),
            "CREATE TRIGGER \"t r\" AFTER INSERT ON p FOR EACH ROW SET @a = 1"
        );
        let sql = "CREATE DEFINER=`role` PROCEDURE IF NOT EXISTS `db`.`p`() SELECT 1";
        assert_eq!(
            rewritten(ObjectKind::Procedure, sql, Definer::Drop),
            "CREATE PROCEDURE IF NOT EXISTS `p`() SELECT 1"
        );
    }
}
