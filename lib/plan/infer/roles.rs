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
pub(super) const KIN: &[&str] =
    &["main", "master", "fallback", "related", "inverse", "duplicate", "copy", "source"];

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
];

/// What a person is called where no table is.
pub(super) const SOMEBODY: &[&str] = &["user", "employee", "staff", "person"];

/// Words for who did something to a row, which does not make it theirs.
const AUDITORS: &[&str] = &["creator", "editor", "modifier", "updater", "reviewer", "approver"];

/// What is done to a row, behind the key of who did it.
const DEEDS: &[&str] = &[
    "create", "created", "change", "changed", "update", "updated", "modify", "modified", "edit", "edited",
    "delete", "deleted",
];

/// Words for what is done `to` somebody, behind which a person is meant.
pub(super) const ASSIGNED: &[&str] =
    &["assigned", "delegated", "escalated", "issued", "reports", "report", "belongs", "sent"];

/// What ends like what somebody does, and is a thing.
const THINGS: &[&str] = &[
    "chapter",
    "character",
    "color",
    "container",
    "counter",
    "error",
    "factor",
    "filter",
    "folder",
    "footer",
    "header",
    "identifier",
    "layer",
    "letter",
    "marker",
    "master",
    "monitor",
    "number",
    "order",
    "other",
    "paper",
    "parameter",
    "pointer",
    "printer",
    "register",
    "router",
    "sector",
    "server",
    "slider",
    "tracker",
    "trailer",
    "transfer",
    "trigger",
    "vector",
    "voucher",
    "winter",
];

/// Words beside which the name of a table counts or orders rows.
pub(super) const AMOUNTS: &[&str] = &[
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
        word.strip_suffix("by").or(word.strip_suffix("on")).is_some_and(|stem| glued.contains(&stem))
    };
    last == "by" || done(last) || AUDITORS.contains(&last)
}

/// `uploader`, `organizer`: somebody who does what the word says.
pub(super) fn is_doer(word: &str) -> bool {
    word.len() > 5 && (word.ends_with("er") || word.ends_with("or")) && !THINGS.contains(&word)
}

/// Whether a column called so says who: `checked_by`, `sentby`, `last_receiver`.
pub(crate) fn means_somebody(words: &[String]) -> bool {
    let Some(last) = words.last().map(String::as_str) else { return false };
    let glued = || last.len() > 4 && last.ends_with("by");
    [ROLES, SOMEBODY, AUDITORS, &["customer", "client", "patient", "member", "receiver"]]
        .iter()
        .any(|list| list.contains(&last))
        || is_audit(words)
        || is_assigned(words)
        || glued()
}

/// `assigned_to`, but not `step_to`.
pub(super) fn is_assigned(words: &[String]) -> bool {
    matches!(words, [.., what, to] if to == "to" && ASSIGNED.contains(&what.as_str()))
}
