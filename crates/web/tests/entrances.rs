//! Where sessions begin and end on pages, and what people type there. OWASP ASVS 5.0: 6.2.6, 6.2.7, 7.4.4, 7.6.2.
//!
//! The pages are those of the routes themselves, so a new one is looked at as soon as it exists.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use bailiwick_domain::rule::Need;
use bailiwick_testkit::both_databases;
use support::{Answer, Caller, Service, stock::Stock};

/// The addresses of pages that are read, filled in from `stock`: those that anyone may read, or all the others.
fn addresses(stock: &Stock, open: bool) -> Vec<(&'static str, String)> {
    let table = bailiwick_web::routes().table().into_iter();
    table
        .filter(|row| {
            row.method == Method::GET && !row.path.starts_with("/v1/") && row.path != "/assets/{file}"
        })
        .filter(|row| row.need != Need::Nobody && (row.need == Need::Anyone) == open)
        .map(|row| (row.path, stock.path(row.path)))
        .collect()
}

/// Whether it is a whole page that was asked for.
fn is_page(answer: &Answer) -> bool {
    answer.status == StatusCode::OK && answer.text().starts_with("<!doctype html>")
}

/// The `input` elements of a page, without their brackets.
fn inputs(page: &str) -> impl Iterator<Item = &str> {
    page.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap())
}

both_databases! {
    async fn no_link_opens_a_session_by_being_followed(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, stock) = (Service::over(&db), Stock::of(&acme, "acmemark").await);
        let mut shown = Vec::new();
        for (path, address) in addresses(&stock, true) {
            let answer = service.get(&Caller::Nobody, &address).await;
            let cookies = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
            let sessions: Vec<_> = cookies.filter(|cookie| cookie.starts_with("__Host-bailiwick=")).collect();
            assert!(sessions.is_empty(), "{path} hands out {sessions:?}");
            if is_page(&answer) {
                shown.push(path);
            }
        }
        for link in ["/enrol/{token}", "/join/{token}", "/reset/{token}", "/sign-in"] {
            assert!(shown.contains(&link), "{link} was not shown: {shown:?}");
        }
    }

    async fn every_page_behind_the_sign_in_offers_the_way_out(db: Db) {
        let (acme, platform) = (db.tenant("acme").await, db.platform().await);
        let service = Service::over(&db);
        let mut shown = 0;
        for (tenant, marker) in [(&acme, "acmemark"), (&platform, "platformmark")] {
            let stock = Stock::of(tenant, marker).await;
            for (path, address) in addresses(&stock, false) {
                let answer = service.get(&(&tenant.owner()).into(), &address).await;
                if is_page(&answer) {
                    shown += 1;
                    assert!(answer.text().contains(r#"<form method="post" action="/sign-out">"#), "{path}");
                }
            }
        }
        assert!(shown > 40, "only {shown} pages were looked at");
    }

    async fn every_field_for_a_password_is_masked_and_open_to_password_managers(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, stock) = (Service::over(&db), Stock::of(&acme, "acmemark").await);
        let mut found = BTreeMap::new();
        for (open, caller) in [(true, Caller::Nobody), (false, (&acme.owner()).into())] {
            for (path, address) in addresses(&stock, open) {
                let page = service.get(&caller, &address).await.text();
                let fields: Vec<_> =
                    inputs(&page).filter(|tag| tag.contains("type=\"password\"") || tag.contains("-password\"")).collect();
                for tag in &fields {
                    assert!(tag.contains("type=\"password\""), "{path} shows what is typed: {tag}");
                    assert!(
                        tag.contains("autocomplete=\"current-password\"") || tag.contains("autocomplete=\"new-password\""),
                        "{path} does not say what for: {tag}"
                    );
                    // What a browser cuts off would not be what the person chose.
                    for hindrance in ["maxlength", "minlength", "pattern", "onpaste", "readonly", "value=\""] {
                        assert!(!tag.contains(hindrance), "{path} has {hindrance}: {tag}");
                    }
                }
                if !fields.is_empty() {
                    found.insert(path, fields.len());
                }
            }
        }
        for (path, fields) in [
            ("/sign-in", 1),
            ("/sign-in/again", 1),
            ("/enrol/{token}", 2),
            ("/join/{token}", 2),
            ("/reset/{token}", 2),
            ("/account/password", 3),
        ] {
            assert_eq!(found.get(path), Some(&fields), "{path}: {found:?}");
        }
    }
}
