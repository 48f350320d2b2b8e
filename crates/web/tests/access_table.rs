//! The access table of the whole product: a change of it is reviewed as a difference of its snapshot.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fmt::Write;

use bailiwick_domain::{catalogue::Catalogue, rule::Need};

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
            Need::Enrolling => "signed in or enrolling",
            Need::Has(permission) | Need::Confirmed(permission) => catalogue.name(permission),
        };
        let confirmed = if row.writes && matches!(row.need, Need::Confirmed(_)) { ", confirmed" } else { "" };
        writeln!(table, "{:<7}{:<44}{:<22}{need}{confirmed}", row.method.as_str(), row.path, row.rule)
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
    assert!(
        open.iter().all(|row| !row.contains("/v1/")),
        "the API has nothing that is open to anyone: {open:?}"
    );
}
