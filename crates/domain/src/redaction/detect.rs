//! Finding in a text what should not be stored.
//!
//! Each detector looks for shapes that are hardly ever anything else. None of them can know what a text means: what a product
//! knows to be a secret belongs into a rule.

use std::ops::Range;

use super::{
    Detector,
    card::card,
    fold::{Folded, GAP},
};

/// What was found, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// By which detector.
    pub detector: Detector,
    /// The octets of the text.
    pub range: Range<usize>,
}

/// The first thing in a text that one of the detectors looks for; of two at the same place the one that goes further.
///
/// Other forms of a letter or digit, such as full-width ones, count as the plain one, and characters that nobody sees hide nothing.
pub fn find(text: &str, detectors: &[Detector]) -> Option<Found> {
    let folded = Folded::of(text);
    let plain = folded.text();
    let found = detectors.iter().filter_map(|detector| {
        let range = match detector {
            Detector::Card => card(plain.as_bytes()),
            Detector::Token => token(plain.as_bytes()),
            Detector::PrivateKey => private_key(plain),
            Detector::Email => email(plain.as_bytes()),
        };
        let range = folded.place(range?)?;
        Some(Found { detector: *detector, range })
    });
    found.min_by_key(|found| (found.range.start, usize::MAX - found.range.end))
}

/// What tokens of well-known makers begin with, and how many characters of a token follow at least.
const PREFIXES: &[(&str, usize)] = &[
    ("github_pat_", 20),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghu_", 30),
    ("ghs_", 30),
    ("ghr_", 30),
    ("glpat-", 16),
    ("npm_", 30),
    ("pypi-", 32),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xoxa-", 20),
    ("xoxs-", 20),
    ("whsec_", 20),
    ("sk-", 32),
    ("SG.", 40),
    ("ya29.", 30),
    ("AIza", 35),
    ("AKIA", 16),
    ("ASIA", 16),
    ("dop_v1_", 40),
    ("hvs.", 24),
    ("age-secret-key-1", 50),
    ("AGE-SECRET-KEY-1", 50),
];

/// A word with the shape of a token.
fn token(text: &[u8]) -> Option<Range<usize>> {
    let is_part = |octet: &u8| {
        octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'.' | b'~' | b'+' | b'/' | b'=')
    };
    let mut at = 0;
    while at < text.len() {
        let start = at + text.get(at..)?.iter().position(is_part)?;
        let word = text.get(start..)?;
        let word = word.get(..word.iter().take_while(|octet| is_part(octet)).count())?;
        at = start + word.len();
        // What stands before a token without white space, as in `key=…` or `https://…/`, belongs to another word.
        for inner in starts(word) {
            let rest = word.get(inner..).unwrap_or_default();
            if is_token(rest) {
                return Some(start + inner..at);
            }
        }
    }
    None
}

/// Where a token may begin within a word.
fn starts(word: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let after =
        |(place, octet): (usize, &u8)| matches!(octet, b'=' | b'/' | b'+' | b'~').then_some(place + 1);
    std::iter::once(0).chain(word.iter().enumerate().filter_map(after))
}

fn is_token(word: &[u8]) -> bool {
    let rest_of = |prefix: &str| word.strip_prefix(prefix.as_bytes());
    let long = |rest: &[u8], least: usize| {
        rest.iter()
            .take_while(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'.'))
            .count()
            >= least
    };
    PREFIXES.iter().any(|(prefix, least)| rest_of(prefix).is_some_and(|rest| long(rest, *least)))
        || is_live_key(word)
        || is_web_token(word)
        || is_bearer(word)
}

/// Characters between `_live_` and the rest of a key that has a tag.
const TAG: usize = 3;

/// `<word>_live_<16 or more>` and `<word>_test_…`, as many makers of keys write them; and with a tag in between, `<word>_live_<tag>_…`, as
/// this one does.
fn is_live_key(word: &[u8]) -> bool {
    let brand = word.iter().take_while(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit()).count();
    let rest = word.get(brand..).unwrap_or_default();
    (1..=16).contains(&brand)
        && [&b"_live_"[..], b"_test_"].iter().any(|middle| {
            rest.strip_prefix(*middle).is_some_and(|rest| {
                let mut parts = rest.split(|octet| !octet.is_ascii_alphanumeric());
                let (first, tagged) = (parts.next().unwrap_or_default(), rest.get(TAG) == Some(&b'_'));
                let second = parts.next().filter(|_| tagged && first.len() == TAG).unwrap_or_default();
                first.len() >= 16 || second.len() >= 16
            })
        })
}

/// 48 random octets in base64url, as sessions and links of this product are. A digest in hexadecimal is as long and none.
fn is_bearer(word: &[u8]) -> bool {
    let long =
        word.iter().take_while(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-')).count();
    let has = |kind: fn(&u8) -> bool| word.iter().take(long).any(kind);
    long == 64 && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}

/// A JSON Web Token (RFC 7519): three parts in base64url, the first of which encodes an object.
fn is_web_token(word: &[u8]) -> bool {
    if !word.starts_with(b"eyJ") {
        return false;
    }
    let parts: Vec<_> = word.split(|octet| *octet == b'.').collect();
    let is_part = |part: &&[u8]| {
        part.len() >= 8
            && part.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-'))
    };
    parts.len() == 3 && parts.iter().all(is_part)
}

/// From the beginning of its armour to the end of it, or of the text.
fn private_key(text: &str) -> Option<Range<usize>> {
    const BEGIN: &str = "-----BEGIN ";
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find(BEGIN) {
        let start = from + found;
        let label = text.get(start + BEGIN.len()..)?;
        let end_of_label = label.find("-----").unwrap_or(label.len());
        if label.get(..end_of_label)?.ends_with("PRIVATE KEY")
            || label.get(..end_of_label)?.ends_with("PRIVATE KEY BLOCK")
        {
            let body = label.get(end_of_label..)?;
            let end = body.find("-----END ").and_then(|at| {
                let after = at + "-----END ".len();
                body.get(after..)?.find("-----").map(|close| after + close + 5)
            });
            let stop = end.map_or(text.len(), |end| start + BEGIN.len() + end_of_label + end);
            return Some(start..stop);
        }
        from = start + BEGIN.len();
    }
    let putty = text.find("PuTTY-User-Key-File-")?;
    Some(putty..text.len())
}

/// A local part, an at sign and a domain with a dot in it.
fn email(text: &[u8]) -> Option<Range<usize>> {
    let is_local = |octet: &u8| {
        octet.is_ascii_alphanumeric()
            || matches!(*octet, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'' | GAP)
            || *octet >= 0x80
    };
    let is_domain =
        |octet: &u8| octet.is_ascii_alphanumeric() || matches!(*octet, b'.' | b'-' | GAP) || *octet >= 0x80;
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.iter().position(|octet| *octet == b'@')?;
        from = at + 1;
        let local = text.get(..at)?.iter().rev().take_while(|octet| is_local(octet)).count();
        let domain = text.get(at + 1..)?;
        let mut length = domain.iter().take_while(|octet| is_domain(octet)).count();
        // A full stop behind it belongs to the sentence.
        while domain.get(..length).is_some_and(|domain| domain.ends_with(b".") || domain.ends_with(b"-")) {
            length -= 1;
        }
        let labels: Vec<_> = domain.get(..length)?.split(|octet| *octet == b'.').collect();
        let top = labels.last().map_or(0, |top| top.iter().filter(|octet| !octet.is_ascii_digit()).count());
        if local > 0 && labels.len() > 1 && labels.iter().all(|label| !label.is_empty()) && top >= 2 {
            return Some(at - local..at + 1 + length);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn found(detector: Detector, text: &str) -> Option<&str> {
        find(text, &[detector]).map(|found| text.get(found.range).unwrap())
    }

    #[test]
    fn numbers_of_cards_are_found_and_others_are_not() {
        for card in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "5500005555555559",
            "2223000048400011",
            "378282246310005",
            "6011111111111117",
            "3530111333300000",
            "30569309025904",
            "4111  1111  1111  1111",
            "4111 - 1111 - 1111 - 1111",
            "4111.1111.1111.1111",
            "3782.822463.10005",
            "4111\u{200b}1111\u{200b}1111\u{200b}1111",
            "4111 \u{200b}1111\u{200d} 1111 1111",
            "41\u{ad}11 1111 1111 1111",
            "4111\u{a0}1111\u{2009}1111\u{3000}1111",
            "4111‑1111–1111−1111",
            "４１１１１１１１１１１１１１１１",
            "４１１１　１１１１　１１１１　１１１１",
            "٤١١١١١١١١١١١١١١١",
        ] {
            assert_eq!(found(Detector::Card, card), Some(card));
            assert_eq!(found(Detector::Card, &format!("paid by {card}, thanks")), Some(card));
            assert_eq!(
                found(Detector::Card, &format!("1 {card} 1")),
                Some(card),
                "other numbers beside it hide nothing"
            );
        }
        for other in [
            "4111111111111112",
            "1767323045000006",
            "411111111111",
            "0193a7c2-7b1e-7000-8000-000000000001",
            "x4111111111111111",
            "4111111111111111y",
            "41111111111111111111111",
            "9999999999999995",
            "4111 1111. 1111 1111",
            "4111.1111 1111.1111",
            "41.11.11.11.11.11.11.11",
            "4111    1111    1111    1111",
            "",
        ] {
            assert_eq!(found(Detector::Card, other), None, "{other}");
        }
    }

    #[test]
    fn tokens_are_found_by_their_shape() {
        let long = "a1B2".repeat(12);
        for token in [
            format!("ghp_{long}"),
            format!("bw_live_{long}"),
            format!("cndis_live_cb9_{long}"),
            format!("bw_test_k3f_{long}"),
            format!("sk_test_{long}"),
            "AKIAIOSFODNN7EXAMPLE".to_owned(),
            format!("xoxb-{long}"),
            format!("eyJhbGciOiJI.{long}.{long}"),
            format!("glpat-{long}"),
            "AZsCg5yMcfqC_nmXI2_XCQk3Qz7v0hYpLr2sVbN1xTgWdEoUaJmKiHfRyPt4cS8u".to_owned(),
        ] {
            assert_eq!(found(Detector::Token, &token), Some(token.as_str()));
            assert_eq!(found(Detector::Token, &format!("key={token} was used")), Some(token.as_str()));
            assert_eq!(found(Detector::Token, &format!("https://x.example/{token}")), Some(token.as_str()));
        }
        for other in [
            "ghp_",
            "a sentence of words",
            "delivered_live_stream",
            "eyJ.a.b",
            "0193a7c2-7b1e-7000-8000-000000000001",
            "AKIA",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ] {
            assert_eq!(found(Detector::Token, other), None, "{other}");
        }
    }

    #[test]
    fn private_keys_are_found_with_all_that_is_in_them() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
        assert_eq!(found(Detector::PrivateKey, &format!("see {key} there")), Some(key));
        let cut = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl";
        assert_eq!(found(Detector::PrivateKey, cut), Some(cut));
        assert_eq!(
            found(Detector::PrivateKey, "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----"),
            None
        );
        assert!(found(Detector::PrivateKey, "PuTTY-User-Key-File-3: ssh-ed25519").is_some());
    }

    #[test]
    fn addresses_are_found_without_the_sentence_around_them() {
        for (text, address) in [
            ("ann@example.com", "ann@example.com"),
            ("Write to o'brien+x@mail.example.co.uk.", "o'brien+x@mail.example.co.uk"),
            ("<zoë@exämple.com>", "zoë@exämple.com"),
            ("ann＠example．com", "ann＠example．com"),
            ("an\u{200b}n@exam\u{200d}ple.com", "an\u{200b}n@exam\u{200d}ple.com"),
            ("ａｎｎ@example.com", "ａｎｎ@example.com"),
        ] {
            assert_eq!(found(Detector::Email, text), Some(address));
        }
        for other in ["@", "a@b", "user@", "@example.com", "10@3.5", "a @ b.com"] {
            assert_eq!(found(Detector::Email, other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_looked_at_what_is_found_lies_in_it(text in ".{0,60}", inside in prop::sample::select(vec!["", "4111111111111111", "ann@example.com", "-----BEGIN PRIVATE KEY-----"])) {
            let text = format!("{text} {inside} {text}");
            for detector in Detector::ALL {
                if let Some(found) = find(&text, &[*detector]) {
                    prop_assert!(!found.range.is_empty() && text.get(found.range).is_some());
                }
            }
            prop_assert!(inside.is_empty() || find(&text, Detector::ALL).is_some());
        }

        #[test]
        fn every_number_with_a_right_check_digit_of_an_issuer_is_found(middle in prop::collection::vec(0_u8..10, 14)) {
            let digits: Vec<u8> = std::iter::once(4).chain(middle).collect();
            let card = (0..10).map(|check| digits.iter().chain([&check]).map(|digit| char::from(b'0' + digit)).collect::<String>());
            prop_assert_eq!(card.filter(|card| found(Detector::Card, card).is_some()).count(), 1);
        }
    }
}
