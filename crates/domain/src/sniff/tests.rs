//! What is found, what is not, and how often ordinary configuration is taken for a secret.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "tests; the figures are part of the evidence"
)]

use serde_json::json;

use super::*;

const MIXED: &str = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LETTERS: &str = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &str = "0123456789abcdef";
const DIGITS: &str = "0123456789";

/// A piece of a sample: as it stands, or so many characters of an alphabet.
#[derive(Clone, Copy)]
enum Piece {
    As(&'static str),
    Of(&'static str, usize),
}

use Piece::{As, Of};

/// One sample for each rule, put together here so that no file holds anything of the shape of a token.
#[rustfmt::skip]
const SAMPLES: &[&[Piece]] = &[
    &[As("AKIA"), Of(UPPER, 16)],
    &[As("ABSK"), Of(MIXED, 120)],
    &[As("AIza"), Of(MIXED, 35)],
    &[As("GOCSPX-"), Of(MIXED, 28)],
    &[As("ya29."), Of(MIXED, 60)],
    &[As("1//0"), Of(MIXED, 60)],
    &[As("AccountKey="), Of(MIXED, 86), As("==")],
    &[As("SharedAccessKey="), Of(MIXED, 43), As("=")],
    &[As("?sv=2024&sig="), Of(MIXED, 50)],
    &[As("abc8Q~"), Of(MIXED, 34)],
    &[As("sk_live_"), Of(MIXED, 24)],
    &[As("rk_live_"), Of(MIXED, 24)],
    &[As("whsec_"), Of(MIXED, 32)],
    &[As("ghp_"), Of(MIXED, 36)],
    &[As("github_pat_"), Of(MIXED, 60)],
    &[As("glpat-"), Of(MIXED, 20)],
    &[As("gldt-"), Of(MIXED, 20)],
    &[As("glrt-"), Of(MIXED, 20)],
    &[As("glptt-"), Of(HEX, 40)],
    &[As("gloas-"), Of(MIXED, 64)],
    &[As("xoxb-"), Of(DIGITS, 12), As("-"), Of(MIXED, 24)],
    &[As("xapp-1-A01-"), Of(DIGITS, 12), As("-"), Of(HEX, 64)],
    &[As("https://hooks.slack.com/services/T01234567/B01234567/"), Of(MIXED, 24)],
    &[As("https://discord.com/api/webhooks/"), Of(DIGITS, 18), As("/"), Of(MIXED, 68)],
    &[As("M"), Of(MIXED, 25), As("."), Of(MIXED, 6), As("."), Of(MIXED, 38)],
    &[As("https://x.webhook.office.com/webhookb2/00000000-0000-0000-0000-000000000000@00000000-0000-0000-0000-000000000000/IncomingWebhook/"), Of(HEX, 32), As("/")],
    &[Of(DIGITS, 10), As(":AA"), Of(MIXED, 33)],
    &[As("SK"), Of(HEX, 32)],
    &[As("SG."), Of(MIXED, 22), As("."), Of(MIXED, 43)],
    &[As("key-"), Of(HEX, 32)],
    &[Of(HEX, 32), As("-us12")],
    &[As("xkeysib-"), Of(HEX, 64), As("-"), Of(MIXED, 16)],
    &[As("sq0csp-"), Of(MIXED, 43)],
    &[As("access_token$production$"), Of(LOWER, 16), As("$"), Of(HEX, 32)],
    &[As("FLWSECK-"), Of(MIXED, 32)],
    &[As("access-production-"), Of(HEX, 8), As("-"), Of(HEX, 4), As("-"), Of(HEX, 4), As("-"), Of(HEX, 4), As("-"), Of(HEX, 12)],
    &[As("live_"), Of(MIXED, 40)],
    &[As("shpat_"), Of(HEX, 32)],
    &[As("EZAK"), Of(MIXED, 54)],
    &[As("shippo_live_"), Of(HEX, 40)],
    &[As("duffel_live_"), Of(MIXED, 43)],
    &[As("npm_"), Of(MIXED, 36)],
    &[As("pypi-"), Of(MIXED, 80)],
    &[As("rubygems_"), Of(HEX, 48)],
    &[As("cio"), Of(MIXED, 32)],
    &[As("dckr_pat_"), Of(MIXED, 27)],
    &[As("dop_v1_"), Of(HEX, 64)],
    &[As("HRKU-"), Of(MIXED, 60)],
    &[As("fm2_"), Of(MIXED, 80)],
    &[As("nfp_"), Of(MIXED, 36)],
    &[As("v1.0-"), Of(HEX, 24), As("-"), Of(HEX, 146)],
    &[As("hvs."), Of(MIXED, 90)],
    &[Of(MIXED, 14), As(".atlasv1."), Of(MIXED, 67)],
    &[As("dapi"), Of(HEX, 32)],
    &[As("NRAK-"), Of(UPPER, 27)],
    &[As("sntrys_"), Of(MIXED, 80)],
    &[As("glsa_"), Of(MIXED, 32), As("_"), Of(HEX, 8)],
    &[As("glc_"), Of(MIXED, 60)],
    &[As("dt0c01."), Of(UPPER, 24), As("."), Of(UPPER, 64)],
    &[As("lin_api_"), Of(MIXED, 40)],
    &[As("ntn_"), Of(MIXED, 46)],
    &[As("pat"), Of(MIXED, 14), As("."), Of(HEX, 64)],
    &[As("figd_"), Of(MIXED, 40)],
    &[As("ATATT3"), Of(MIXED, 180)],
    &[As("sl."), Of(MIXED, 130)],
    &[As("pat-na1-"), Of(HEX, 8), As("-"), Of(HEX, 4), As("-"), Of(HEX, 4), As("-"), Of(HEX, 4), As("-"), Of(HEX, 12)],
    &[As("sk-proj-"), Of(MIXED, 120)],
    &[As("hf_"), Of(LETTERS, 34)],
    &[As("r8_"), Of(MIXED, 37)],
    &[As("gsk_"), Of(MIXED, 52)],
    &[As("pplx-"), Of(MIXED, 48)],
    &[As("xai-"), Of(MIXED, 80)],
    &[As("pcsk_"), Of(MIXED, 69)],
    &[As("dp.st."), Of(MIXED, 43)],
    &[As("pscale_tkn_"), Of(MIXED, 43)],
    &[As("sbp_"), Of(HEX, 40)],
    &[As("pul-"), Of(HEX, 40)],
    &[As("PMAK-"), Of(HEX, 24), As("-"), Of(HEX, 34)],
    &[As("tfp_"), Of(MIXED, 44)],
    &[As("CFPAT-"), Of(MIXED, 43)],
    &[As("tskey-auth-"), Of(MIXED, 12), As("-"), Of(MIXED, 32)],
    &[As("ops_eyJ"), Of(MIXED, 200)],
    &[As("bkua_"), Of(HEX, 40)],
    &[As("CCIPAT_"), Of(MIXED, 22), As("_"), Of(HEX, 40)],
    &[As("sk.eyJ"), Of(MIXED, 60), As("."), Of(MIXED, 22)],
    &[As("EAA"), Of(MIXED, 150)],
    &[As("AAAAAAAAAAAAAAAAAAAAA"), Of(LETTERS, 80)],
    &[As("bw_live_abc_"), Of(MIXED, 40)],
    &[As("AGE-SECRET-KEY-1"), Of(UPPER, 58)],
    &[As("eyJ"), Of(MIXED, 20), As(".eyJ"), Of(MIXED, 30), As("."), Of(MIXED, 43)],
    &[As("-----BEGIN RSA PRIVATE KEY-----\n"), Of(MIXED, 64)],
    &[As("PuTTY-User-Key-File-3: ssh-ed25519")],
    &[As("postgres://app:"), Of(MIXED, 12), As("@db.internal/app")],
    &[As("Server=db;User Id=app;Password="), Of(MIXED, 12), As(";")],
    &[As("Bearer "), Of(MIXED, 32)],
];

/// Numbers that only look random (xorshift, 64 bits): the same in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let letters = alphabet.as_bytes();
        (0..length)
            .map(|_| char::from(letters[usize::try_from(self.next() % letters.len() as u64).unwrap()]))
            .collect()
    }

    fn sample(&mut self, pieces: &[Piece]) -> String {
        let piece = |piece: &Piece| match piece {
            As(text) => (*text).to_owned(),
            Of(alphabet, length) => self.text(alphabet, *length),
        };
        pieces.iter().map(piece).collect()
    }
}

#[test]
fn every_rule_finds_its_own_token_among_other_words() {
    assert!(RULES.len() >= 60 && RULES.len() == SAMPLES.len(), "{} rules", RULES.len());
    let mut dice = Dice(7);
    for (rule, pieces) in RULES.iter().zip(SAMPLES) {
        let alone = regex::Regex::new(rule.pattern).unwrap();
        for _ in 0..20 {
            let sample = dice.sample(pieces);
            for text in [sample.clone(), format!("  {sample} "), format!("see: {sample}\n# end")] {
                let found = shapes::of(&text);
                assert!(found.is_some(), "{}: {text}", rule.name);
            }
            assert!(alone.is_match(&sample), "{}: {sample}", rule.name);
        }
    }
}

#[test]
fn no_rule_stands_twice() {
    let mut names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
}

#[test]
fn raw_secrets_of_a_document_are_told_by_path_and_reason() {
    let token = Dice(3).sample(&[As("sk_live_"), Of(MIXED, 24)]);
    let key = Dice(5).text(MIXED, 40);
    let document = json!({
        "name": "Stripe", "api_key": "hunter2", "reference": {"api_key": "secret://gateway/stripe/api_key"},
        "notes": [{"a/b": token}], "blob": key, "retries": 3, "password": true, "token_url": "https://id.example.com/token",
        "smtp": {"password": "${SMTP_PASSWORD}", "passwords": ["env://SMTP_PASSWORD"]},
    });
    let found = sniff_json(&document);
    let told: Vec<_> = found.iter().map(|one| (one.pointer.as_str(), one.why)).collect();
    let mut expected = vec![
        ("/api_key", Why::Field),
        ("/notes/0/a~1b", Why::Shape("a secret key of Stripe")),
        ("/blob", Why::Random),
    ];
    expected.sort_unstable_by_key(|(pointer, _)| *pointer);
    let mut told_sorted = told.clone();
    told_sorted.sort_unstable_by_key(|(pointer, _)| *pointer);
    assert_eq!(told_sorted, expected);
    let words = format!("{found:?}{}", found.iter().map(|one| one.why.sentence()).collect::<String>());
    assert!(!words.contains("hunter2") && !words.contains(&token) && !words.contains(&key), "{words}");
}

#[test]
fn reference_is_no_secret_and_no_secret_is_a_reference() {
    for right in ["secret://gateway/stripe/api_key", "env://SMTP_PASSWORD", "awssm://prod/db#password"] {
        assert!(is_reference(right) && sniff("password", right).is_none(), "{right}");
    }
    for wrong in ["secret://", "secret:/x", "https://x", "env://a b", "Secret://x", "hunter2"] {
        assert!(!is_reference(wrong) && sniff("password", wrong).is_some(), "{wrong}");
    }
}

/// Keys as generators draw them, in fields whose names say nothing: what entropy alone finds.
#[test]
fn random_keys_are_found_without_a_name_or_a_shape() {
    let mut dice = Dice(11);
    let (mut found, mut all) = (0, 0);
    for (alphabet, lengths) in [(MIXED, [24, 32, 40, 64]), (HEX, [32, 40, 64, 128])] {
        for length in lengths {
            for _ in 0..250 {
                let key = dice.text(alphabet, length);
                all += 1;
                found += usize::from(sniff("value", &key).is_some());
            }
        }
    }
    println!("entropy alone: {found} of {all} random keys of 24 and more characters were found");
    assert!(found * 100 >= all * 98, "{found} of {all}");
}

/// The corpus is ordinary configuration, `field = value` a line, and holds no secret.
#[test]
fn ordinary_configuration_is_hardly_ever_taken_for_a_secret() {
    let corpus = include_str!("../../tests/corpus/ordinary.conf");
    let (mut all, mut wrong) = (0_usize, Vec::new());
    for line in corpus.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some((field, value)) = line.split_once(" = ") else { panic!("{line} is no line of the corpus") };
        all += 1;
        if let Some(why) = sniff(field, value) {
            wrong.push(format!("{line}: {why:?}"));
        }
    }
    let share = wrong.len() as f64 * 100.0 / all as f64;
    println!(
        "{} of {all} ordinary values were taken for a secret ({share:.2} %)\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(all >= 300, "{all}");
    assert!(wrong.len() * 100 <= all, "more than one in a hundred: {}", wrong.join("\n"));
}

proptest::proptest! {
    #[test]
    fn whatever_is_sent_is_judged(field in ".{0,40}", value in ".{0,400}") {
        let _ = sniff(&field, &value);
    }
}
