//! What the words of a column say that somebody, or a row, is to a row.
//!
//! In: the words of a name. Out: whether they mean people, the same table, or who did something to a row.

/// Tables of people, in which `created_by` looks for its author.
pub(crate) const PEOPLE: &[&str] = &["user", "account", "employee", "staff", "person", "member", "admin"];

/// Words behind the name of a table, in tables that say more of its rows: `film_i18n.id` is a film.
pub(super) const MORE: &[&str] = &[
    "i18n",
    "l10n",
    "translation",
    "lang",
    "language",
    "locale",
    "localization",
    "text",
    "description",
    "detail",
    "extra",
    "ext",
    "extension",
    "info",
    "meta",
    "metadata",
    "data",
    "version",
    "revision",
];

/// Words that mean a row of the same table.
pub(super) const SELF: &[&str] =
    &["parent", "previous", "next", "original", "root", "replaces", "predecessor", "successor"];

/// Words that may mean a row of the same table, where no table is called so.
pub(super) const KIN: &[&str] = &["main", "master", "fallback", "inverse", "duplicate"];

/// Words that mean somebody of the same table, where no table is called so.
pub(super) const SUPERIORS: &[&str] =
    &["manager", "supervisor", "boss", "mentor", "leader", "referrer", "sponsor"];

/// Words for what somebody is to a row.
pub(super) const ROLES: &[&str] = &[
    "author",
    "owner",
    "creator",
    "editor",
    "rep",
    "agent",
    "assignee",
    "approver",
    "reviewer",
    "sender",
    "recipient",
    "seller",
    "buyer",
    "clerk",
    "operator",
    "manager",
    "supervisor",
    "lead",
    "delegate",
    "technician",
    "tech",
    "librarian",
    "responsible",
];

/// What a person is called where no table is.
pub(super) const SOMEBODY: &[&str] = &["user", "employee", "staff", "person"];

/// Words for who did something to a row, which does not make it theirs.
const AUDITORS: &[&str] = &["creator", "editor", "modifier", "updater", "reviewer", "approver"];

/// What tables begin with in which rows are laid aside.
pub(super) const COPIES: &[&str] = &["deleted", "old", "archive", "backup", "bak", "tmp", "temp", "copy"];

/// What is done to a row, behind the key of who did it.
const DEEDS: &[&str] = &[
    "create", "created", "change", "changed", "update", "updated", "modify", "modified", "edit", "edited",
    "delete", "deleted",
];

/// Words for what is done `to` somebody, behind which a person is meant.
pub(super) const ASSIGNED: &[&str] =
    &["assigned", "delegated", "escalated", "issued", "reports", "report", "belongs", "sent"];

/// Words for somebody who does something; far more words that end like them are things.
const DOERS: &[&str] = &[
    "administrator",
    "attendee",
    "auditor",
    "caller",
    "commenter",
    "contributor",
    "coordinator",
    "downloader",
    "follower",
    "holder",
    "inspector",
    "instructor",
    "inviter",
    "keeper",
    "maintainer",
    "moderator",
    "organiser",
    "organizer",
    "performer",
    "publisher",
    "reporter",
    "requester",
    "requestor",
    "subscriber",
    "submitter",
    "teacher",
    "trainer",
    "translator",
    "tutor",
    "uploader",
    "voter",
    "writer",
];

/// Last words of what is measured, whatever tables are called so.
const MEASURES: &[&str] = &[
    "age", "amount", "day", "discount", "hour", "level", "minute", "month", "number", "order", "point",
    "position", "price", "rank", "rate", "rating", "score", "size", "stock", "version", "weight", "year",
];

/// What stands behind the name of a thing where a table holds the things themselves.
pub(super) const TAILS: &[&str] =
    &["base", "def", "definition", "entity", "head", "header", "main", "master", "mean", "method", "record"];

/// Words beside which the name of a table counts or orders rows.
const AMOUNTS: &[&str] = &[
    "display", "menu", "position", "print", "rank", "sort", "sorting", "average", "avg", "count", "limit",
    "max", "maximum", "min", "minimum", "minutes", "nb", "nr", "num", "number", "per", "qty", "quantity",
    "sum", "total",
];

/// Texts that are unique in many tables and refer to none of them.
pub(super) const EVERYBODYS: &[&str] = &[
    "code",
    "description",
    "email",
    "guid",
    "hash",
    "id",
    "identifier",
    "key",
    "label",
    "mail",
    "name",
    "number",
    "path",
    "phone",
    "reference",
    "slug",
    "title",
    "token",
    "type",
    "url",
    "version",
    "year",
    "uuid",
    "value",
];

/// Words that many tables end with.
pub(super) const GENERIC: &[&str] =
    &["type", "kind", "status", "state", "class", "group", "level", "category", "mode"];

/// `created_by`: who did something to a row does not own it.
pub(crate) fn is_audit(words: &[String]) -> bool {
    // `created_by_id`, `createdby_id`.
    let named = match words {
        [before @ .., last] if !before.is_empty() && last == "id" => before,
        all => all,
    };
    let last = named.last().map_or("", String::as_str);
    // `usr_id_create`.
    if let [before @ .., id, deed] = words
        && id == "id"
        && !before.is_empty()
        && DEEDS.contains(&deed.as_str())
    {
        return true;
    }
    let glued = ["created", "updated", "modified", "changed", "deleted", "approved"];
    let done = |word: &str| {
        word.strip_suffix("edby").is_some_and(|deed| deed.len() > 2)
            || word.strip_suffix("by").or(word.strip_suffix("on")).is_some_and(|stem| glued.contains(&stem))
    };
    last == "by" || done(last) || AUDITORS.contains(&last)
}

/// `uploader`, `organizer`: somebody who does what the word says.
pub(super) fn is_doer(word: &str) -> bool {
    DOERS.contains(&word)
}

/// Whether a name counts, orders or measures: `total_items`, `home_score`.
pub(super) fn is_amount(words: &[String]) -> bool {
    let last = words.last().is_some_and(|last| MEASURES.contains(&last.as_str()));
    last || words.iter().any(|word| AMOUNTS.contains(&word.as_str()))
}

/// Whether a column called so says who: `checked_by`, `sentby`, `last_receiver`.
pub(crate) fn means_somebody(words: &[String]) -> bool {
    let Some(last) = words.last().map(String::as_str) else { return false };
    // `sentby`, but not `hobby`.
    let glued = || {
        let deed = last.strip_suffix("by");
        deed.is_some_and(|deed| {
            deed.ends_with("ed")
                || ["sent", "made", "done", "given", "taken", "written", "seen"].contains(&deed)
        })
    };
    // `=` and `<` are operators, and a browser is an agent.
    let told = !["operator", "agent", "lead", "rep", "tech"].contains(&last);
    [ROLES, SOMEBODY, AUDITORS, &["customer", "client", "patient", "member", "receiver", "relationship"]]
        .iter()
        .any(|list| told && list.contains(&last))
        || is_audit(words)
        || is_assigned(words)
        || glued()
}

/// `assigned_to`, but not `step_to`.
pub(super) fn is_assigned(words: &[String]) -> bool {
    matches!(words, [.., what, to] if to == "to" && ASSIGNED.contains(&what.as_str()))
}
