//! Which table a column may refer to, by names alone.
//!
//! In: the catalog, one column. Out: candidates, the most telling first: `app_id` is the key of `applications`,
//! `producer_id` names `producers`, `manager_user_id` ends like `users`, `parent_id` means the same table,
//! `created_by` means people.

use super::by_table::{
    Candidate, Found, NameMatch, by_last_resort, by_table, by_whole, is_borrowed, singular_stem,
};
use super::lexicon::{KeySort, Lexicon, ReferableKey};
use super::readings::{readings, without_role};
use super::roles::{EVERYBODYS, MORE, ROLES, SELF, SOMEBODY, SUPERIORS, is_assigned, is_audit};
use crate::catalog::{Column, Family, Table, singular, singulars, words};

/// The candidates for a column, the most telling first.
pub(crate) fn of(lexicon: &Lexicon<'_>, child: usize, column: &Column) -> Vec<Candidate> {
    // The server numbers it: it is the beginning of references, and none itself. Nor is a flag one.
    let is_flag = column.column_type.contains("int(1)") && !column.name.to_lowercase().ends_with("id");
    if column.auto_increment || is_flag {
        return Vec::new();
    }
    let table = &lexicon.catalog.tables[child];
    let key = table.key();
    let is_key = key.len() == 1 && key[0].name == column.name;
    let mut found = Found { lexicon, child, is_key, most: u8::MAX, list: Vec::new() };
    let readings = readings(lexicon, table, &lexicon.words(&column.name));
    for words in &readings {
        read(&mut found, table, column, words);
    }
    // What says nothing as a whole may say something without its role; its own table's key is what it is.
    if !is_key && found.list.iter().all(|(score, _)| *score <= 2) {
        found.most = 1;
        for words in readings.iter().flat_map(|words| without_role(lexicon, words)) {
            read(&mut found, table, column, &words);
        }
    }
    if found.list.iter().all(|(score, _)| *score == 0) && !is_key {
        by_last_resort(&mut found, column, &readings);
    }
    ordered(lexicon, child, found.list)
}

/// The candidates of one way to read the name.
fn read(found: &mut Found<'_>, table: &Table, column: &Column, words: &[String]) {
    let (lexicon, is_key, key) = (found.lexicon, found.is_key, table.key());
    let indexed = table.indexed(std::slice::from_ref(&column.name));
    let stem = singular_stem(words);
    by_key(found, column, words, &stem);
    by_unique(found, column, words, &stem);
    if stem.is_empty() && !is_key {
        by_whole(found, column, words, indexed);
    }
    by_table(found, column, words, &stem);
    says_more(found, column, words, key.first().is_some_and(|first| first.name == column.name));
    // `post_parent` and `post_author` are whole without an ending.
    let role = if stem.is_empty() && column.family() == Family::Exact { words } else { &stem };
    if key.len() == 1 {
        by_role(found, column, words, role);
    }
    let called = |names: &[&str]| role.last().is_some_and(|last| names.contains(&last.as_str()));
    // Of several tables of people none is meant in particular.
    let somebody = called(ROLES) || (called(SOMEBODY) && lexicon.people().len() == 1);
    if somebody || is_audit(words) || is_assigned(words) {
        for &at in lexicon.people() {
            // `operator` may be one of `=` and `<` as well.
            let number = column.family() == Family::Exact && column.integer() && !called(&["operator"]);
            let vague = stem.is_empty() && words.len() == 1 && !indexed && !called(SOMEBODY) && !number;
            found.add(u8::from(!vague), at, format!("`{}` means people", column.name));
        }
    }
    if let ([short], true) = (stem.as_slice(), found.list.is_empty())
        && (3..=5).contains(&short.len())
    {
        for at in lexicon.short_of(short, column.family() == Family::Text) {
            found.add(1, at, format!("`{short}` is short for {}", found.name(at)));
        }
    }
}

/// `hostid`, the key of `hosts`, in one word.
fn glued(found: &Found<'_>, table: usize, key: &[String]) -> bool {
    let [key] = key else { return false };
    let stem =
        ["number", "num", "id", "no", "nr", "code", "key"].iter().find_map(|ending| key.strip_suffix(ending));
    stem.is_some_and(|stem| !stem.is_empty() && found.lexicon.table(table).concat() == singular(stem))
}

/// `app_id` is the key of `applications`; `id` is everybody's.
fn by_key(found: &mut Found<'_>, column: &Column, words: &[String], stem: &[String]) {
    // The key of `films` that says so is nobody else's, whoever shares it; `cache_key` of `cache` is its own, in a key of several, too.
    let lexicon = found.lexicon;
    if lexicon.table(found.child) == stem {
        return;
    }
    let last = words.last().map_or("", String::as_str);
    let integer = column.family() == Family::Exact && column.integer();
    let name = words.join("_");
    let ends_so = |key: &&ReferableKey| key.sort == KeySort::Whole && words.ends_with(&key.words);
    for key in lexicon.keys_ending(last).filter(ends_so) {
        let (at, own) = (key.table, &key.words);
        // `user_id`, the key of `user_settings`, is a reference of its own where there are users.
        let borrowed = is_borrowed(lexicon, at, own);
        // `fdid` is the key of one table alone.
        let alone = |word: &String| {
            word.len() > if integer { 2 } else { 3 }
                && !EVERYBODYS.contains(&word.as_str())
                && lexicon.sharing(own) == 1
        };
        let named_after = own.len() > 1 || glued(found, at, own);
        // What is unique here is what others refer to; rows that were laid aside keep their own keys.
        let own_too = lexicon.catalog.tables[found.child].unique(std::slice::from_ref(&column.name));
        if (own_too && !named_after) || (found.is_key && lexicon.is_copy(found.child)) {
            continue;
        }
        let told = named_after || ((integer || column.family() == Family::Text) && own.iter().all(alone));
        // One word alone may be a year or a version.
        let most = if named_after { u8::MAX } else { 2 };
        if told && words == *own && at != found.child {
            // `document_id` is the key of `documents` first, and of `document_files` only after that.
            let named = !stem.is_empty() && lexicon.table(at).ends_with(stem);
            // `sale_id` of `sales_suspended_items` is first the key of `sales_suspended`.
            let own_table =
                lexicon.table(at).len() > 1 && lexicon.table(found.child).starts_with(lexicon.table(at));
            let score = match (found.is_key, named) {
                // What more than two tables call their own key is nobody's in particular, such as `meta_id`.
                (true, false) if lexicon.sharing(own) > 2 => continue,
                // The status of a user and that of an order are two lists, though each calls its key `status_id`.
                (true, _)
                    if lexicon.table(at).last() == lexicon.table(found.child).last()
                        && lexicon.table(at) != stem =>
                {
                    continue;
                }
                (true, false) => 2,
                (false, _) if own_table => 6,
                (_, true) => 5,
                (false, false) if borrowed => 0,
                (false, false) => 4,
            };
            found.add(score.min(most), at, format!("`{name}` is the key of {}", found.name(at)));
        } else if told && words.len() > own.len() {
            let score = if borrowed { 0 } else { 3 };
            found.add(score.min(most), at, format!("`{name}` ends like the key of {}", found.name(at)));
        }
    }
}

/// `user_uuid` is the unique `uuid` of `users`; `customer_number` is unique in `customers`; `document_id` may be one of several versions.
fn by_unique(found: &mut Found<'_>, column: &Column, words: &[String], stem: &[String]) {
    let (lexicon, child) = (found.lexicon, found.child);
    if found.is_key || lexicon.catalog.tables[found.child].unique(std::slice::from_ref(&column.name)) {
        return;
    }
    let last = words.last().map_or("", String::as_str);
    for key in lexicon.keys_ending(last).filter(|key| key.sort == KeySort::Unique && key.table != child) {
        let name = found.name(key.table).to_owned();
        let behind = words.strip_suffix(key.words.as_slice()).filter(|before| !before.is_empty());
        let named = behind.is_some_and(|before| singulars(before) == lexicon.table(key.table));
        // `film_id`, unique in `film_texts`, is the key of a film there, too.
        let of_another = is_borrowed(lexicon, key.table, &key.words);
        let told = match &key.words[..] {
            [one] => column.family() == Family::Text && !EVERYBODYS.contains(&one.as_str()),
            _ => true,
        };
        let same = told && words == key.words && !of_another;
        if named {
            let evidence = format!("`{}` is the unique `{}` of {name}", column.name, key.column);
            found.add_column(5, key.table, key.column.clone(), evidence);
        } else if same {
            let evidence = format!("`{}` is unique in {name}", column.name);
            found.add_column(2, key.table, key.column.clone(), evidence);
        }
    }
    if stem.is_empty() {
        return;
    }
    for key in lexicon.keys_ending(last).filter(|key| key.sort == KeySort::First && key.table != child) {
        // The table itself may be called so and have one key; then that is meant.
        let (own, name) = (lexicon.table(key.table), found.name(key.table).to_owned());
        if own == stem && (key.words == words || key.words.len() == 1) {
            let evidence = format!("`{}` begins the key of {name}", column.name);
            found.add_column(1, key.table, key.column.clone(), evidence);
        }
    }
}

/// `film_i18n.id` is the key of `films`.
fn says_more(found: &mut Found<'_>, column: &Column, words: &[String], first_of_key: bool) {
    let lexicon = found.lexicon;
    let [own @ .., last] = lexicon.table(found.child) else { return };
    let plain = matches!(words, [one] if one == "id" || one == "code" || one == "key");
    if own.is_empty() || !plain || !first_of_key || !MORE.contains(&last.as_str()) {
        return;
    }
    let Some(ending) = own.last() else { return };
    for &at in lexicon.tables_ending(ending) {
        if lexicon.table(at) == own && at != found.child {
            let evidence = format!("{} says more of {}", found.name(found.child), found.name(at));
            if let [key] = lexicon.catalog.tables[at].key()[..]
                && key.family() == column.family()
            {
                // It is the child's own key, too.
                let candidate = Candidate {
                    parent: at,
                    column: key.name.clone(),
                    evidence,
                    strong: true,
                    vague: false,
                    named: NameMatch::Part,
                };
                found.list.push((4, candidate));
            }
        }
    }
}

/// `parent_id`, `renewal_of`, `manager_id`: a row of the same table.
fn by_role(found: &mut Found<'_>, column: &Column, words: &[String], stem: &[String]) {
    let of = words.len() > 1 && words.last().is_some_and(|last| last == "of");
    let (child, evidence) = (found.child, format!("`{}` means the same table", column.name));
    let whole = stem == words;
    match stem {
        // `next` may count; `next_id` is a row.
        [one] if whole && SELF[1..].contains(&one.as_str()) => {}
        [one] if SELF.contains(&one.as_str()) => found.add(3, child, evidence),
        // `comment_parent` of `comments`.
        [.., last] if last == "parent" => found.add(1, child, evidence),
        [one] if SUPERIORS.contains(&one.as_str()) => found.add(1, child, evidence),
        _ if of => found.add(1, child, evidence),
        // `pid`, `topic_pid`; where there are pages, it is one of those.
        _ if words.last().is_some_and(|last| last == "pid")
            && found.lexicon.tables_ending("page").is_empty() =>
        {
            found.add(1, child, evidence);
        }
        _ => {}
    }
}

/// The most telling first; of equals the one whose table begins like the child.
fn ordered(lexicon: &Lexicon<'_>, child: usize, mut found: Vec<(u8, Candidate)>) -> Vec<Candidate> {
    let own = lexicon.table(child);
    let alike = |parent: usize| own.iter().zip(lexicon.table(parent)).take_while(|(a, b)| a == b).count();
    found.sort_by_key(|(score, candidate)| std::cmp::Reverse((*score, alike(candidate.parent))));
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The tables that a value such as `application` or `App\Models\User` names.
pub(crate) fn named(lexicon: &Lexicon<'_>, value: &str) -> Vec<usize> {
    let last = value.rsplit(['\\', '/', '.', ':']).next().unwrap_or(value);
    let wanted = singulars(&words(last));
    let fits = |at: &usize| !wanted.is_empty() && lexicon.table(*at) == wanted;
    (0..lexicon.catalog.tables.len()).filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::super::roles::PEOPLE;
    use super::*;
    use crate::catalog::{Catalog, Index, IndexPart, Table};

    fn table(name: &str, columns: &[&str]) -> Table {
        let column = |name: &&str| Column { name: (*name).to_owned(), ..Column::default() };
        let part = IndexPart { column: Some(columns[0].to_owned()), prefix: None, expression: None };
        Table {
            name: name.to_owned(),
            columns: columns.iter().map(column).collect(),
            indexes: vec![Index { name: "PRIMARY".to_owned(), unique: true, parts: vec![part] }],
            ..Table::default()
        }
    }

    fn first(tables: &[(&str, &[&str])], child: usize, column: &str) -> Option<String> {
        let catalog = Catalog { tables: tables.iter().map(|(name, columns)| table(name, columns)).collect() };
        let column = catalog.tables[child].column(column).unwrap().clone();
        let lexicon = Lexicon::of(&catalog, PEOPLE);
        of(&lexicon, child, &column).first().map(|c| catalog.tables[c.parent].name.clone())
    }

    #[test]
    fn of_tables_that_end_alike_the_one_that_begins_like_the_child_is_meant() {
        let tables: &[(&str, &[&str])] = &[
            ("concept_attribute_type", &["concept_attribute_type_id"]),
            ("hs_hr_config", &["k"]),
            ("ohrm_data_group_screen", &["id"]),
            ("ohrm_screen", &["id"]),
            ("ohrm_user_role_screen", &["id", "screen_id"]),
            ("provider_attribute", &["provider_attribute_id", "attribute_type_id"]),
            ("provider_attribute_type", &["provider_attribute_type_id"]),
        ];
        assert_eq!(first(tables, 5, "attribute_type_id").as_deref(), Some("provider_attribute_type"));
        assert_eq!(first(tables, 4, "screen_id").as_deref(), Some("ohrm_screen"));
    }

    #[test]
    fn a_key_that_is_called_after_another_table_is_no_parent_and_two_of_a_name_are_doubted() {
        let tables: &[(&str, &[&str])] = &[
            ("ab_default_templates", &["user_id"]),
            ("cf_users", &["model_id"]),
            ("em_folders", &["id"]),
            ("fs_folders", &["id"]),
            ("fs_files", &["id", "folder_id"]),
            ("go_users", &["id"]),
            ("notes", &["id", "user_id", "folder_id", "model_id", "model_type_id", "employee_id", "notes"]),
            ("people", &["person_id"]),
            ("employees", &["person_id"]),
            ("wf_models", &["id"]),
        ];
        assert_eq!(first(tables, 6, "user_id").as_deref(), Some("go_users"));
        assert_eq!(first(tables, 4, "folder_id").as_deref(), Some("fs_folders"));
        assert_eq!(first(tables, 6, "employee_id").as_deref(), Some("employees"));
        let catalog = Catalog { tables: tables.iter().map(|(name, columns)| table(name, columns)).collect() };
        let lexicon = Lexicon::of(&catalog, PEOPLE);
        let vague = |column: &str| {
            let column = catalog.tables[6].column(column).unwrap();
            of(&lexicon, 6, column).iter().all(|candidate| candidate.vague)
        };
        assert!(vague("folder_id") && vague("model_id") && !vague("user_id"));
    }

    #[test]
    fn a_column_called_like_a_table_refers_to_it_if_it_is_one_of_its_rows() {
        let tables: &[(&str, &[&str])] = &[
            ("contracts", &["id"]),
            ("entries", &["id", "contract", "employee", "contracts", "type"]),
            ("types", &["id"]),
            ("users", &["id"]),
        ];
        let mut catalog =
            Catalog { tables: tables.iter().map(|(name, columns)| table(name, columns)).collect() };
        for column in &mut catalog.tables[1].columns {
            "int".clone_into(&mut column.data_type);
        }
        let lexicon = Lexicon::of(&catalog, PEOPLE);
        let found = |column: &str| {
            let column = catalog.tables[1].column(column).unwrap();
            let all = of(&lexicon, 1, column);
            all.first().map(|one| (catalog.tables[one.parent].name.clone(), one.vague))
        };
        assert_eq!(found("contract"), Some(("contracts".to_owned(), false)));
        assert_eq!(found("employee"), Some(("users".to_owned(), false)));
        assert_eq!(found("contracts"), None);
        assert_eq!(found("type"), Some(("types".to_owned(), true)));
    }

    #[test]
    fn names_are_read_without_what_is_glued_to_them_and_short_ones_as_what_they_are_short_for() {
        let shop: &[(&str, &[&str])] = &[
            ("oxuser", &["OXID", "OXCOUNTRYID", "OXLNAME"]),
            ("oxcountry", &["OXID", "OXTITLE"]),
            ("oxorder", &["OXID", "OXUSERID", "OXBILLCOUNTRYID", "OXPAID"]),
            ("oxgroups", &["OXID", "OXTITLE"]),
            ("oxobject2group", &["OXID", "OXGROUPSID"]),
        ];
        assert_eq!(first(shop, 2, "OXUSERID").as_deref(), Some("oxuser"));
        assert_eq!(first(shop, 2, "OXBILLCOUNTRYID").as_deref(), Some("oxcountry"));
        assert_eq!(first(shop, 4, "OXGROUPSID").as_deref(), Some("oxgroups"));
        assert_eq!(first(shop, 2, "OXPAID"), None);
        let desk: &[(&str, &[&str])] = &[
            ("bills", &["BLL_ID", "BLL_ID_PAT", "BLL_DIS_ID_2", "BLL_DEPT_ID", "BLL_TOTAL"]),
            ("departments", &["DEP_ID"]),
            ("diseases", &["DIS_ID"]),
            ("patients", &["PAT_ID"]),
            ("topics", &["topic_id", "topic_pid", "next", "topic_number"]),
        ];
        assert_eq!(first(desk, 0, "BLL_ID_PAT").as_deref(), Some("patients"));
        assert_eq!(first(desk, 0, "BLL_DIS_ID_2").as_deref(), Some("diseases"));
        assert_eq!(first(desk, 0, "BLL_DEPT_ID").as_deref(), Some("departments"));
        assert_eq!(first(desk, 4, "topic_pid").as_deref(), Some("topics"));
        assert_eq!(first(desk, 4, "topic_number"), None);
        let store: &[(&str, &[&str])] = &[
            ("cache", &["user_id", "cache_key"]),
            ("cache_shared", &["cache_key"]),
            ("users", &["user_id"]),
        ];
        assert_eq!(first(store, 0, "cache_key"), None);
        assert_eq!(first(desk, 4, "next"), None);
    }

    #[test]
    fn keys_in_one_word_are_keys_and_numbered_ones_refer_to_nothing() {
        let tables: &[(&str, &[&str])] = &[
            ("alerts", &["alertid", "userid", "hostid", "esc_step_to"]),
            ("hosts", &["hostid"]),
            ("users", &["userid"]),
        ];
        assert_eq!(first(tables, 0, "userid").as_deref(), Some("users"));
        assert_eq!(first(tables, 0, "hostid").as_deref(), Some("hosts"));
        assert_eq!(first(tables, 0, "esc_step_to"), None);
        let mut catalog = Catalog { tables: vec![table("a", &["thing_id"]), table("b", &["thing_id"])] };
        catalog.tables[1].columns[0].auto_increment = true;
        let numbered = catalog.tables[1].columns[0].clone();
        assert_eq!(of(&Lexicon::of(&catalog, PEOPLE), 1, &numbered), Vec::new());
    }

    /// Whether what is said first is right, and whether it is more than a guess that values decide on.
    fn firsts(tables: &[(&str, &[&str])], expected: &[(usize, &str, Option<&str>)]) {
        let mut catalog =
            Catalog { tables: tables.iter().map(|(name, columns)| table(name, columns)).collect() };
        for column in catalog.tables.iter_mut().flat_map(|table| &mut table.columns) {
            "int".clone_into(&mut column.data_type);
        }
        let lexicon = Lexicon::of(&catalog, PEOPLE);
        for (child, column, parent) in expected {
            let found = of(&lexicon, *child, catalog.tables[*child].column(column).unwrap());
            let first = found.first().filter(|first| !first.vague);
            assert_eq!(
                first.map(|one| tables[one.parent].0),
                *parent,
                "{}.{column}: {found:?}",
                tables[*child].0
            );
        }
    }

    #[test]
    fn a_role_may_stand_before_and_behind_and_the_id_in_the_middle() {
        let club: &[(&str, &[&str])] = &[
            ("adm_announcements", &["ann_id", "ann_usr_id_create", "ann_cat_id", "ann_text", "ann_usr_id2"]),
            ("adm_categories", &["cat_id"]),
            ("adm_users", &["usr_id", "usr_name"]),
            ("adm_shares", &["shr_id"]),
        ];
        firsts(
            club,
            &[
                (0, "ann_usr_id_create", Some("adm_users")),
                (0, "ann_usr_id2", Some("adm_users")),
                (0, "ann_cat_id", Some("adm_categories")),
                (0, "ann_text", None),
            ],
        );
        assert!(is_audit(&words("ann_usr_id_create")));
        let shop: &[(&str, &[&str])] = &[
            ("address", &["id_address"]),
            ("orders", &["id_order", "id_address_delivery", "gift_product", "sort_order", "id_product_type"]),
            ("product", &["id_product", "position"]),
            ("order_detail_tax", &["n", "id_order_detail"]),
            ("order_detail", &["id_a", "id_b"]),
            ("sub", &["caa_id"]),
            ("collective", &["id_caa"]),
        ];
        firsts(
            shop,
            &[
                (1, "id_address_delivery", Some("address")),
                (1, "gift_product", Some("product")),
                (1, "sort_order", None),
                (1, "id_product_type", None),
                (5, "caa_id", Some("collective")),
            ],
        );
    }

    #[test]
    fn many_tables_that_begin_alike_are_called_by_what_comes_behind() {
        let shop: &[(&str, &[&str])] = &[
            ("s_core_countries", &["id"]),
            ("s_core_countries_attributes", &["id", "countryID"]),
            ("s_core_customergroups", &["id"]),
            ("s_core_shops", &["id", "main_id"]),
            ("s_core_taxes", &["id"]),
            ("s_order", &["id", "countryID", "customer_group_id", "subshopID", "status_id"]),
            ("s_order_states", &["id"]),
            ("s_user", &["id", "orderID"]),
        ];
        firsts(
            shop,
            &[
                (5, "countryID", Some("s_core_countries")),
                (5, "customer_group_id", Some("s_core_customergroups")),
                (5, "subshopID", Some("s_core_shops")),
                (3, "main_id", Some("s_core_shops")),
                (7, "orderID", Some("s_order")),
            ],
        );
    }

    #[test]
    fn a_list_of_one_thing_is_not_that_of_another_and_who_does_something_is_somebody() {
        let desk: &[(&str, &[&str])] = &[
            ("user_statuses", &["status_id"]),
            ("reservation_statuses", &["status_id"]),
            ("reservation_series", &["series_id", "status_id"]),
            ("users", &["user_id", "status_id"]),
            ("files", &["fdid", "uploader_id", "uid", "order_nr"]),
            ("paymentmeans", &["id"]),
            ("fahrzeughersteller", &["id"]),
            ("fahrzeugtyp", &["id", "hersteller_id", "payment_id"]),
            ("copies", &["id", "fdid"]),
        ];
        firsts(
            desk,
            &[
                (2, "status_id", Some("reservation_statuses")),
                (3, "status_id", Some("user_statuses")),
                (0, "status_id", None),
                (4, "uploader_id", Some("users")),
                (4, "uid", Some("users")),
                (7, "hersteller_id", Some("fahrzeughersteller")),
                (7, "payment_id", Some("paymentmeans")),
                (8, "fdid", Some("files")),
            ],
        );
    }

    #[test]
    fn what_only_sounds_like_a_reference_is_left_to_a_person() {
        let shop: &[(&str, &[&str])] = &[
            ("groups", &["id"]),
            ("users", &["id"]),
            ("user_groups", &["id", "user_id", "group_id"]),
            ("user_invitations", &["id", "user_id", "group_id"]),
            ("orders", &["id"]),
            ("products", &["id"]),
            ("order_items", &["id", "order_product_id"]),
            ("schema_migrations", &["version", "dirty"]),
            ("documents", &["id", "version", "app_version", "user_id_type"]),
            ("transactions", &["id", "source_type", "source_id", "main_type", "main_id"]),
            ("scores", &["id"]),
            ("matches", &["id", "home_score"]),
            ("forms", &["form_id"]),
            ("devices", &["id", "platform_id", "gender_id", "cluster_id"]),
            ("movies", &["id"]),
            ("reviews", &["id", "movie_id"]),
        ];
        firsts(
            shop,
            &[
                (3, "group_id", Some("groups")),
                (6, "order_product_id", Some("products")),
                (8, "version", None),
                (8, "app_version", None),
                (8, "user_id_type", None),
                (9, "source_id", None),
                (9, "main_id", None),
                (11, "home_score", None),
                (13, "platform_id", None),
                (13, "gender_id", None),
                (13, "cluster_id", None),
                (15, "movie_id", Some("movies")),
            ],
        );
        let keys: &[(&str, &[&str])] = &[
            ("items", &["uid"]),
            ("users", &["uid"]),
            ("cart_lines", &["uid", "item_uid"]),
            ("shop_products", &["id"]),
            ("shop_orders", &["id"]),
            ("shop_customers", &["id"]),
            ("shop_tags", &["id"]),
            ("blog_tags", &["id"]),
            ("news", &["id", "tag_id"]),
        ];
        firsts(keys, &[(2, "item_uid", None), (8, "tag_id", None)]);
    }

    #[test]
    fn tables_are_called_by_what_stands_before_a_short_form_of_it_and_behind_a_letter() {
        let church: &[(&str, &[&str])] = &[
            ("person_per", &["per_ID", "per_EditedBy"]),
            ("event_attend", &["attend_id", "person_id", "per_ID"]),
            ("fundraiser_fr", &["fr_ID", "fr_EnteredBy"]),
            ("person_custom", &["x"]),
            ("person_notes", &["x"]),
            ("person_roles", &["x"]),
            ("user_usr", &["usr_per_ID"]),
        ];
        firsts(
            church,
            &[
                (1, "person_id", Some("person_per")),
                (1, "per_ID", Some("person_per")),
                (2, "fr_EnteredBy", Some("person_per")),
                (0, "per_EditedBy", Some("person_per")),
            ],
        );
        let desk: &[(&str, &[&str])] = &[
            ("tusers", &["id"]),
            ("tincidents", &["id", "user", "technician", "category", "state", "group2"]),
            ("tcategory", &["id"]),
            ("tgroups", &["id"]),
            ("tincidents_state", &["id"]),
            ("tplaces", &["id", "title", "incident", "user"]),
        ];
        firsts(
            desk,
            &[
                (1, "user", Some("tusers")),
                (1, "technician", Some("tusers")),
                (1, "category", Some("tcategory")),
                (1, "state", Some("tincidents_state")),
                (1, "group2", Some("tgroups")),
                (5, "title", None),
            ],
        );
        let library: &[(&str, &[&str])] = &[
            ("biblio", &["biblionumber"]),
            ("deletedbiblio", &["biblionumber"]),
            ("items", &["itemnumber", "biblionumber"]),
            ("borrowers", &["borrowernumber", "surname", "password", "cardnumber"]),
            ("suggestions", &["id", "suggestedby", "itemnumber"]),
        ];
        firsts(
            library,
            &[
                (2, "biblionumber", Some("biblio")),
                (1, "biblionumber", None),
                (4, "itemnumber", Some("items")),
                (4, "suggestedby", Some("borrowers")),
            ],
        );
    }

    #[test]
    fn a_customer_that_is_told_by_two_columns_is_no_user() {
        let mut catalog = Catalog {
            tables: vec![
                table("customers", &["tenant_id", "customer_id"]),
                table("orders", &["id", "tenant_id", "customer_id"]),
                table("tenants", &["id"]),
                table("users", &["id"]),
            ],
        };
        let second = IndexPart { column: Some("customer_id".to_owned()), ..IndexPart::default() };
        catalog.tables[0].indexes[0].parts.push(second);
        let lexicon = Lexicon::of(&catalog, PEOPLE);
        for at in [0, 1] {
            let found = of(&lexicon, at, catalog.tables[at].column("customer_id").unwrap());
            assert!(found.iter().all(|one| one.vague), "{found:?}");
        }
    }

    #[test]
    fn reads_the_ways_in_which_people_name_references() {
        let tables: &[(&str, &[&str])] = &[
            ("categories", &["id", "parent_id"]),
            ("languages", &["language_id", "name"]),
            (
                "orders",
                &["id", "category_id", "originalLanguageId", "created_by", "manager_user_id", "total"],
            ),
            ("users", &["id", "manager_id", "copy_of"]),
        ];
        for (child, column, parent) in [
            (2, "category_id", "categories"),
            (2, "originalLanguageId", "languages"),
            (2, "created_by", "users"),
            (2, "manager_user_id", "users"),
            (0, "parent_id", "categories"),
            (3, "manager_id", "users"),
            (3, "copy_of", "users"),
        ] {
            assert_eq!(first(tables, child, column).as_deref(), Some(parent), "{column}");
        }
        assert_eq!(first(tables, 2, "total"), None);
        assert_eq!(first(tables, 2, "id"), None);
    }

    #[test]
    fn unique_columns_first_columns_of_keys_and_tables_that_say_more_are_known() {
        let part = |name: &str| IndexPart { column: Some(name.to_owned()), ..IndexPart::default() };
        let unique = |name: &str| Index { name: name.to_owned(), unique: true, parts: vec![part(name)] };
        let mut catalog = Catalog {
            tables: vec![
                table("documents", &["document_id", "version"]),
                table("film_i18n", &["id", "lang"]),
                table("films", &["id"]),
                table("logins", &["n", "user_uuid", "customer_number", "document_id", "createdby_id"]),
                table("users", &["id", "uuid", "customer_number"]),
            ],
        };
        catalog.tables[0].indexes[0].parts.push(part("version"));
        catalog.tables[1].indexes[0].parts.push(part("lang"));
        let users = &mut catalog.tables[4].indexes;
        users.extend([unique("uuid"), unique("customer_number")]);
        let lexicon = Lexicon::of(&catalog, PEOPLE);
        let first = |child: usize, column: &str| {
            let column = catalog.tables[child].column(column).unwrap();
            let found = of(&lexicon, child, column);
            found.first().map(|c| format!("{}.{}", catalog.tables[c.parent].name, c.column))
        };
        assert_eq!(first(3, "user_uuid").as_deref(), Some("users.uuid"));
        assert_eq!(first(3, "customer_number").as_deref(), Some("users.customer_number"));
        assert_eq!(first(3, "document_id").as_deref(), Some("documents.document_id"));
        assert_eq!(first(3, "createdby_id").as_deref(), Some("users.id"));
        assert_eq!(first(1, "id").as_deref(), Some("films.id"));
        assert_eq!(first(1, "lang"), None);
        assert!(is_audit(&words("created_by_id")) && !is_audit(&words("user_id")));
    }
}
