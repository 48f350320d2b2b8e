//! The access table of the whole product: a change of it is reviewed as a difference of its snapshot.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::{collections::BTreeSet, fmt::Write};

use bailiwick_domain::{
    catalogue::Catalogue,
    entity::{SensitiveAction, SignInMethod},
    rule::Need,
};

#[test]
fn access_table_is_the_reviewed_one() {
    let catalogue = Catalogue::built_in();
    let mut table = String::new();
    for row in bailiwick_web::routes().table() {
        let need = match row.need {
            Need::Nobody => "nobody",
            Need::Anyone => "anyone",
            Need::SignedIn => "signed in",
            Need::Recent => "recent",
            Need::Enrolling => "enrolling",
            Need::Proving => "proving",
            Need::Has(permission) | Need::RecentHas(permission) | Need::Confirmed(permission) => {
                catalogue.name(permission)
            }
        };
        let confirmed = if row.writes && matches!(row.need, Need::Confirmed(_)) { ", confirmed" } else { "" };
        let recent = if matches!(row.need, Need::Enrolling | Need::RecentHas(_)) { ", recent" } else { "" };
        writeln!(
            table,
            "{:<7}{:<44}{:<22}{need}{confirmed}{recent}",
            row.method.as_str(),
            row.path,
            row.rule
        )
        .unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn no_route_is_left_to_the_server_alone() {
    let unreachable = bailiwick_web::routes().table().into_iter().filter(|row| row.need == Need::Nobody);
    assert_eq!(unreachable.map(|row| row.path).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn what_anyone_may_call_is_the_reviewed_list() {
    let open = bailiwick_web::routes().table().into_iter().filter(|row| row.need == Need::Anyone);
    let open: Vec<_> = open.map(|row| format!("{} {}", row.method, row.path)).collect();
    let api: Vec<_> = open.iter().filter(|row| row.contains("/v1/")).collect();
    let ways_in = [
        // No way in: whoever is nobody is refused there by the handler, without a new token for anybody.
        "GET /v1/auth/check",
        "POST /v1/enrolments/look",
        "POST /v1/enrolments/use",
        "POST /v1/invitations/accept",
        "POST /v1/invitations/accept/passkey",
        "POST /v1/invitations/accept/passkey/begin",
        "POST /v1/invitations/decline",
        "POST /v1/invitations/look",
        // No way in either: whoever holds a key that has leaked ends it.
        "POST /v1/keys/surrender",
        "POST /v1/password-resets",
        "POST /v1/password-resets/look",
        "POST /v1/password-resets/use",
        "POST /v1/sign-in",
        "POST /v1/sign-in/code",
        "POST /v1/sign-in/passkey",
        "POST /v1/sign-in/passkey/begin",
        "POST /v1/sign-in/recovery",
        "POST /v1/sign-out",
    ];
    assert_eq!(api, ways_in, "of the API, only the ways in and out are open to anyone");
}

/// OWASP ASVS 5.0, 6.1.3 and 6.3.4.
#[test]
fn every_way_in_is_documented() {
    let page = include_str!("../../../docs/security/authentication.md");
    let open =
        bailiwick_web::routes().table().into_iter().filter(|row| row.need == Need::Anyone && row.writes);
    let open: Vec<_> = open.map(|row| format!("{} {}", row.method, row.path)).collect();
    assert!(open.len() > 10, "{open:?}");
    let methods = SignInMethod::ALL.iter().map(|method| method.name().to_owned());
    let named = open.into_iter().chain(methods);
    let missing: Vec<_> = named.filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/security/authentication.md does not speak of {missing:?}");
}

/// OWASP ASVS 5.0, 8.1.1.
#[test]
fn every_kind_of_need_and_every_sensitive_action_is_documented() {
    let page = include_str!("../../../docs/security/authorization.md");
    let needs = bailiwick_web::routes().table().into_iter().map(|row| {
        let need = format!("{:?}", row.need);
        need.split('(').next().unwrap_or_default().to_owned()
    });
    let actions = SensitiveAction::ALL.iter().map(|action| action.name().to_owned());
    let missing: BTreeSet<_> =
        needs.chain(actions).filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/security/authorization.md does not speak of {missing:?}");
}

/// OWASP ASVS 5.0, 8.1.1: the page names the routes that are open to everybody, all of them and no other.
#[test]
fn routes_open_to_everybody_are_the_documented_ones() {
    let page = include_str!("../../../docs/security/authorization.md");
    let from = page.find("### Open to everybody\n").expect("the section is there");
    let section = page[from..].split("\n## ").next().unwrap();
    // What stands between backticks, where it is a method and a path.
    let documented: BTreeSet<_> =
        section.split('`').skip(1).step_by(2).filter(|code| code.contains(" /")).map(str::to_owned).collect();
    let open = bailiwick_web::routes().table().into_iter().filter(|row| row.need == Need::Anyone);
    let open: BTreeSet<_> = open.map(|row| format!("{} {}", row.method, row.path)).collect();
    let (missing, gone): (Vec<_>, Vec<_>) =
        (open.difference(&documented).collect(), documented.difference(&open).collect());
    assert!(
        missing.is_empty() && gone.is_empty(),
        "docs/security/authorization.md leaves out {missing:?} and speaks of {gone:?}"
    );
}
