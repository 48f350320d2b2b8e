//! What holds of every key.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_key_stands_in_a_section_and_only_once() {
    let paths: BTreeSet<_> = ALL.iter().map(|key| key.path()).collect();
    assert_eq!(paths.len(), ALL.len());
    for key in ALL {
        assert!(SECTIONS.iter().any(|section| section.name == key.section()), "{}", key.path());
        assert!(find(key.path()).is_some());
    }
}

#[test]
fn owner_is_sent_only_to_settings_that_there_are() {
    let named: Vec<_> = bailiwick_web::named_settings().collect();
    assert!(named.contains(&"server.https"), "{named:?}");
    for path in named {
        assert!(find(path).is_some(), "the security page names `{path}`, which is no key");
    }
}

#[test]
fn every_default_and_example_is_what_its_key_expects() {
    for key in ALL {
        if let Some(default) = key.default() {
            assert!(key.shown_text(default).is_some(), "{}", key.path());
            assert!(!key.required(), "{} has a default, so it is not required", key.path());
        } else {
            assert!(key.shown_text(key.example()).is_some(), "{}", key.path());
        }
    }
}

#[test]
fn every_key_has_a_variable_of_its_own() {
    assert_eq!(SERVER_BODY_LIMIT.variable(), "BAILIWICK_SERVER__BODY_LIMIT");
    let names: BTreeSet<_> = ALL.iter().map(|key| key.variable()).collect();
    assert_eq!(names.len(), ALL.len());
}
