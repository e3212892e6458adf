//! `SHOW CREATE` of routines, views, triggers and events, made fit for another database and another account.
//!
//! In: the statement as the server or its author wrote it. Out: the same without the object's own database and with
//! the DEFINER clause that the policy leaves, and who the definer was. Bodies are not touched.

use std::ops::Range;

use crate::archive::ObjectKind;
use crate::config::Definer;
use crate::sql::{Kind, Token, tokens, unqualified};

/// A statement and whose it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewritten {
    pub(crate) create: String,
    pub(crate) definer: Option<String>,
}

/// Rewrites the statement that creates an object of `kind` in `database`. Nothing if it has another form.
pub(crate) fn rewrite(kind: ObjectKind, create: &str, database: &str, policy: Definer) -> Option<Rewritten> {
    let all = tokens(create);
    let keyword =
        all.iter().position(|token| keywords(kind).iter().any(|word| token.is_word(create, word)))?;
    let definer = definer_clause(create, &all[..keyword]);
    let mut gone: Vec<(Range<usize>, &str)> = Vec::new();
    if let Some((clause, _)) = definer.as_ref().filter(|_| policy != Definer::Keep) {
        gone.push((clause.clone(), ""));
    }
    if policy == Definer::Invoker {
        gone.extend(security(create, &all[..keyword]).map(|place| (place, "INVOKER")));
    }
    let name = name_after(create, &all, keyword);
    gone.extend(qualifier(&all, name).map(|place| (place, "")));
    if kind == ObjectKind::Trigger {
        let on = name + all[name..].iter().position(|token| token.is_word(create, "ON"))? + 1;
        gone.extend(qualifier(&all, on).map(|place| (place, "")));
    }
    let definer = definer.map(|(_, who)| who);
    let create = replaced(create, &gone);
    let create = if kind == ObjectKind::View { unqualified(&create, database) } else { create };
    Some(Rewritten { create, definer })
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

/// `DEFINER = user [@ host]`, with the blank behind it.
fn definer_clause(sql: &str, head: &[Token]) -> Option<(Range<usize>, String)> {
    let at = head.windows(2).position(|two| two[0].is_word(sql, "DEFINER") && two[1].is(b'='))?;
    let user = head.get(at + 2)?;
    let mut last = user;
    // `user@host` or `CURRENT_USER()`.
    if head.get(at + 3).is_some_and(|token| token.is(b'@') || token.is(b'(')) {
        last = head.get(at + 4)?;
    }
    let who = sql[user.place.start..last.place.end].to_owned();
    let mut end = last.place.end;
    end += sql[end..].len() - sql[end..].trim_start().len();
    Some((head[at].place.start..end, who))
}

/// The word behind `SQL SECURITY`, if it stands before the name (views).
fn security(sql: &str, head: &[Token]) -> Option<Range<usize>> {
    let at = head.windows(2).position(|two| two[0].is_word(sql, "SQL") && two[1].is_word(sql, "SECURITY"))?;
    head.get(at + 2).map(|token| token.place.clone())
}

/// Where the name begins: behind the keyword and `BODY`, `IF NOT EXISTS`.
fn name_after(sql: &str, all: &[Token], keyword: usize) -> usize {
    let filler = |token: &Token| ["BODY", "IF", "NOT", "EXISTS"].iter().any(|word| token.is_word(sql, word));
    keyword + 1 + all[keyword + 1..].iter().take_while(|token| filler(token)).count()
}

/// `database.` before a name.
fn qualifier(all: &[Token], name: usize) -> Option<Range<usize>> {
    let [first, point, second] = all.get(name..name + 3)? else { return None };
    let nameable = |token: &Token| matches!(token.kind, Kind::Word | Kind::Quoted(_));
    (nameable(first) && point.is(b'.') && nameable(second)).then_some(first.place.start..second.place.start)
}

fn replaced(sql: &str, gone: &[(Range<usize>, &str)]) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut from = 0;
    for (place, instead) in gone {
        text.push_str(&sql[from..place.start]);
        text.push_str(instead);
        from = place.end;
    }
    text + &sql[from..]
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
        let sql = "CREATE DEFINER=`role` PROCEDURE IF NOT EXISTS `db`.`p`() SELECT 1";
        assert_eq!(
            rewritten(ObjectKind::Procedure, sql, Definer::Drop),
            "CREATE PROCEDURE IF NOT EXISTS `p`() SELECT 1"
        );
    }
}
