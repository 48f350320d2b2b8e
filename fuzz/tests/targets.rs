//! The fuzzer's targets over random octets and over damaged good ones, at every run of the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use bailiwick_vault::{
    api_key::{ApiKey, Brand, Environment, KeyTag},
    entropy::SeededEntropy,
    token::{EnrolmentToken, RandomToken, SessionToken},
    totp::TotpSecret,
};
use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestCaseResult};

const EVENT: &str = r#"{"action":"user.created","actor":{"auth":"none","credential":null,"id":null,"kind":"anonymous"},"changes":[{"after":"a \"word\"","before":null,"op":"add","path":"/name"}],"entity":{"id":"01930000-0000-7000-8000-00000000000e","revision":1,"type":"user"},"id":"01930000-0000-7000-8000-0000000000ff","occurred_at":"2026-01-02T03:04:05.000006Z","outcome":"ok","prev":null,"reason":null,"recorded_at":"2026-01-02T03:04:05.000006Z","request":null,"source":{"agent":"job","ip":null},"tenant":"01930000-0000-7000-8000-000000000000","v":1}"#;
const PRODUCT: &str = r#"[{"key":"k","action":"app.plan.changed","entity":{"type":"app.plan","id":"1"},"actor":{"id":"u"},"subject":{"type":"app.person","id":"2"},"before":{"pin":1,"debug":[1]},"after":{"pin":2,"contacts":[{"name":"n","pin":{"a":1}}],"mail":"a@example.com"}},{"key":"l","action":"app.plan.changed","entity":{"type":"app.plan","id":"1"},"patch":[{"op":"move","from":"/a","path":"/b/pin"}],"old":{"/a":[1,null,true,"x\u00e9"]}}]"#;
const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const CHECKPOINT: &str = "bailiwick.example/log/01930000-0000-7000-8000-000000000000\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

fn credentials() -> Vec<Vec<u8>> {
    let entropy = SeededEntropy::new(7);
    let (brand, tag) = (Brand::default(), KeyTag::parse("k7x").unwrap());
    let texts = [
        SessionToken::generate(&[7; 16], &entropy).expose().to_string(),
        EnrolmentToken::generate(&[7; 16], &entropy).expose().to_string(),
        RandomToken::generate(&entropy).expose().to_string(),
        ApiKey::generate(&brand, Environment::Live, Some(&tag), &entropy).expose().to_owned(),
        TotpSecret::generate(&entropy).base32().to_string(),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}

/// Something good, cut up a little.
fn damaged(good: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let damage = (any::<Index>(), 0_usize..4, vec(any::<u8>(), 0..4), any::<bool>());
    (any::<Index>(), damage).prop_map(move |(which, (at, cut, put, harmed))| {
        let mut octets = which.get(&good).clone();
        if harmed {
            let at = at.index(octets.len() + 1);
            let end = (at + cut).min(octets.len());
            octets.splice(at..end, put);
        }
        octets
    })
}

fn holds(target: fn(&[u8]) -> usize, good: Vec<Vec<u8>>) {
    // A target that knows none of its good inputs would hold whatever it does.
    for octets in &good {
        assert!(target(octets) > 0, "{}", String::from_utf8_lossy(octets));
    }
    let inputs = prop_oneof![3 => damaged(good), 1 => vec(any::<u8>(), 0..200)];
    let check = |octets: Vec<u8>| -> TestCaseResult {
        target(&octets);
        Ok(())
    };
    proptest!(ProptestConfig::with_cases(4_000), |(octets in inputs)| check(octets)?);
}

#[test]
fn event_of_a_stranger_is_canonical_or_refused() {
    holds(bailiwick_fuzz::event, vec![EVENT.into()]);
}

#[test]
fn event_of_a_product_is_judged_or_refused() {
    holds(bailiwick_fuzz::product_event, vec![PRODUCT.into()]);
}

#[test]
fn checkpoint_of_a_stranger_has_one_text() {
    let note = format!(
        "{CHECKPOINT}\n— bailiwick.example AAAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QA==\n"
    );
    holds(bailiwick_fuzz::checkpoint, vec![CHECKPOINT.into(), note.into()]);
}

#[test]
fn receipt_of_a_stranger_has_one_text_and_is_not_believed() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../crates/proof/tests/vectors/receipt-v1.json")).unwrap();
    let text = |name: &str| vectors[name].as_str().unwrap().as_bytes().to_vec();
    let named = ["receipt", "head_receipt", "add_checkpoint", "witness_key", "cosignature"].map(text);
    let epoch = format!(
        "bailiwick-epoch/v1\nbailiwick.example/tenant/01930000-0000-7000-8000-000000000000/epoch/2\nkept 0 {ROOT} -\nsigned 3 {ROOT} 1767323045\n"
    );
    let others = [
        epoch.into_bytes(),
        b"bailiwick.example/tenant/01930000-0000-7000-8000-000000000000/epoch/2".to_vec(),
        b"entries/x001/000.p/7".to_vec(),
        [b"BWH1".as_slice(), &[7; 84]].concat(),
        vectors["completeness"].to_string().into_bytes(),
    ];
    holds(bailiwick_fuzz::receipt, named.into_iter().chain(others).collect());
}

#[test]
fn bundle_of_a_stranger_is_read_or_refused_and_not_believed() {
    let file = include_bytes!("../../crates/proof/tests/vectors/bundle-v1.html").to_vec();
    let list = format!(
        "bailiwick-bundle/v1\nlog bailiwick.example/heads\ntree 3 {ROOT}\nmade 2026-01-02T03:04:05.000006Z\nof search outcome:ok\nas UTC outcome:ok\npage {ROOT}\nrecords 1\n2 {ROOT}\n"
    );
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../crates/proof/tests/vectors/receipt-v1.json")).unwrap();
    let values = format!("bailiwick-disclosed/v1\n{} {} Im4i\n\n", "0a".repeat(32), "0b".repeat(16));
    let receipt = [values.as_str(), vectors["receipt"].as_str().unwrap()].concat();
    holds(bailiwick_fuzz::bundle, vec![file, list.into_bytes(), receipt.into_bytes()]);
}

#[test]
fn credential_of_a_stranger_has_one_text() {
    holds(bailiwick_fuzz::credential, credentials());
}

#[test]
fn sealed_value_of_a_stranger_is_kept_as_it_is_or_refused() {
    let of = |format: u8| [&[format, 0, 0, 0, 1], &[7_u8; 160][..]].concat();
    holds(bailiwick_fuzz::sealed, (1..3).map(of).collect());
}

#[test]
fn answer_of_a_stranger_proves_nothing() {
    // {"fmt": "none", "attStmt": {}, "authData": 37 octets}, and {"type": "webauthn.create", …}
    let made = r#"{"id":"AQ","rawId":"AQ","type":"public-key","response":{"attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVglAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAFAAAAAA","clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiQVEiLCJvcmlnaW4iOiJodHRwczovL2JhaWxpd2ljay5leGFtcGxlIn0","transports":["usb"]}}"#;
    let signed = r#"{"id":"AQ","rawId":"AQ","type":"public-key","response":{"authenticatorData":"AQ","clientDataJSON":"e30","signature":"AQ","userHandle":"AQEBAQEBAQEBAQEBAQEBAQICAgICAgICAgICAgICAgI"}}"#;
    holds(bailiwick_fuzz::passkey, vec![made.into(), signed.into()]);
}

#[test]
fn value_of_a_stranger_is_read_as_it_is_written() {
    let good = ["2026-01-02T03:04:05.000006Z", "01930000-0000-7000-8000-00000000000e", "auditor"];
    holds(bailiwick_fuzz::value, good.iter().map(|text| text.as_bytes().to_vec()).collect());
}

#[test]
fn difference_leads_from_each_image_to_the_other() {
    let good = "{\"a\":{\"b\":1,\"c/d\":[1]},\"e~f\":null}\n{\"a\":{\"b\":2},\"g\":{\"h\":\"i\"}}";
    holds(bailiwick_fuzz::difference, vec![good.into()]);
}

#[test]
fn query_of_a_stranger_is_understood_or_refused_with_its_place() {
    let good = [
        "actor:\"Ops Manager\" entity:invitation after:2026-11-01 -outcome:ok expired",
        "outcome:(denied|failed) action:user.* source:203.0.113.7 on:today \"two \\\"words\\\"\"",
    ];
    holds(bailiwick_fuzz::search_query, good.map(|text| text.as_bytes().to_vec()).to_vec());
}
