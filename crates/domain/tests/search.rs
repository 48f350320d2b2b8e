//! The language of the audit log's search: what is written is read again, and what is wrong is named with its place.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use bailiwick_domain::search::{
    Clause, EntityValue, Key, MOST_CHARACTERS, Moment, Outcome, Pattern, Query, Source, Test, clause, parse,
};
use proptest::{collection::vec, prelude::*, sample::select};
use uuid::Uuid;

const ID: &str = "0193a7c2-7b1e-7000-8000-000000000001";

fn read(text: &str) -> Query {
    parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}")).query
}

fn text(words: &str) -> Test {
    Test::Text(vec![words.to_owned()])
}

#[test]
fn responder_writes_on_one_line_what_they_look_for() {
    let query = read("actor:\"Ops Manager\" entity:invitation after:2026-11-01 -outcome:ok expired");
    assert_eq!(
        query.clauses,
        [
            Clause::is(Test::Actor(vec!["Ops Manager".into()])),
            Clause::is(Test::Entity(vec![EntityValue::Named("invitation".into())])),
            Clause::is(Test::After(Moment::parse("2026-11-01").unwrap())),
            Clause::not(Test::Outcome(vec![Outcome::Ok])),
            Clause::is(text("expired")),
        ]
    );
    assert_eq!(
        query.to_string(),
        "actor:\"Ops Manager\" entity:invitation after:2026-11-01 -outcome:ok expired"
    );
}

#[test]
fn each_key_has_its_values() {
    let id = Uuid::parse_str(ID).unwrap();
    for (line, test) in [
        ("outcome:(denied|failed)", Test::Outcome(vec![Outcome::Denied, Outcome::Failed])),
        ("OUTCOME:( denied | failed )", Test::Outcome(vec![Outcome::Denied, Outcome::Failed])),
        ("action:user.invited", Test::Action(vec![Pattern::Exactly("user.invited".into())])),
        ("action:user.*", Test::Action(vec![Pattern::Begins("user.".into())])),
        ("action:user", Test::Action(vec![Pattern::Noun("user".into())])),
        ("entity:user/", Test::Entity(vec![EntityValue::Kind("user".into())])),
        (&format!("entity:user/{ID}"), Test::Entity(vec![EntityValue::Thing("user".into(), id)])),
        (&format!("entity:{ID}"), Test::Entity(vec![EntityValue::Id(id)])),
        ("entity:owner@acme.example", Test::Entity(vec![EntityValue::Named("owner@acme.example".into())])),
        ("entity:app.plan/PL-1", Test::Entity(vec![EntityValue::Named("app.plan/PL-1".into())])),
        // A product may call its things as it likes; what links have is a UUID of version 8.
        (&format!("entity:app.plan/{ID}"), Test::Entity(vec![EntityValue::Named(format!("app.plan/{ID}"))])),
        (
            "entity:app.plan/0193a7c2-7b1e-8000-8000-000000000001",
            Test::Entity(vec![EntityValue::Thing(
                "app.plan".into(),
                Uuid::from_u128(0x0193_a7c2_7b1e_8000_8000_0000_0000_0001),
            )]),
        ),
        ("actor:product:u-17", Test::Actor(vec!["product:u-17".into()])),
        ("source:::ffff:203.0.113.7", Test::Source(vec![Source::Address("203.0.113.7".parse().unwrap())])),
        ("source:00ff00ff00ff00ff", Test::Source(vec![Source::Tag([0, 255, 0, 255, 0, 255, 0, 255])])),
        (&format!("request:{ID}"), Test::Request(vec![id])),
        (&format!("session:{ID}"), Test::Session(vec![id])),
        ("on:today", Test::On(Moment::Today)),
        ("on:last-month", Test::On(Moment::LastMonth)),
        ("on:2026-10", Test::On(Moment::parse("2026-10").unwrap())),
        ("after:2026-10", Test::After(Moment::parse("2026-10").unwrap())),
        ("before:7d", Test::Before(Moment::parse("7d").unwrap())),
        ("text:(one|two)", Test::Text(vec!["one".into(), "two".into()])),
        ("\"two words\"", text("two words")),
        ("\"a \\\"quoted\\\" \\\\ word\"", text("a \"quoted\" \\ word")),
        ("\"actor:me\"", text("actor:me")),
        ("10:30", text("10:30")),
    ] {
        assert_eq!(read(line).clauses, [Clause::is(test)], "{line}");
    }
    assert!(read("  \u{a0} ").is_empty());
}

#[test]
fn writer_is_told_what_is_wrong_and_where() {
    for (line, column, part) in [
        ("actr:me", 1, "Did you mean \"actor:\"?"),
        ("outcome:ok -acton:x", 13, "Did you mean \"action:\"?"),
        ("weather:rain", 1, "There are actor, entity"),
        ("actor:", 7, "Give a value after \"actor:\""),
        ("actor: me", 7, "Give a value after \"actor:\""),
        ("actor:\" \"", 7, "Give a value after \"actor:\""),
        ("actor:\"me", 7, "quotation mark is not closed"),
        ("actor:\"m\\e\"", 9, "backslash"),
        ("actor:\"a\"b", 10, "A space belongs"),
        ("outcome:(ok|denied", 9, "not closed"),
        ("outcome:(ok denied)", 13, "A | belongs"),
        ("outcome:(ok|)", 13, "quotes"),
        ("outcome:oky", 9, "Did you mean ok?"),
        ("outcome:(ok|good)", 13, "ok, denied or failed"),
        ("action:*", 8, "user.invited, user.* or user"),
        ("action:user*x", 8, "user.invited, user.* or user"),
        ("after:tomorrow", 7, "Use a day"),
        ("on:7d", 4, "Use a day"),
        ("on:2026-13", 4, "a month (2026-01, last-month)"),
        ("before:2026-1", 8, "a month (2026-01)"),
        ("-after:7d", 2, "no minus"),
        ("after:(7d|8d)", 8, "one value"),
        ("source:here", 8, "IP address"),
        ("request:7", 9, "id of a request"),
        ("session:7", 9, "id of a session"),
        ("...", 1, "a letter or a digit"),
        ("-\"two words\"", 2, "one word at a time"),
        ("text:(one|\"two words\")", 11, "one word at a time"),
        ("- x", 2, "Nothing follows"),
        ("(a|b)", 1, "alternatives of a key"),
        ("a)", 2, "A space belongs"),
        (")", 1, "quotes"),
    ] {
        let wrong = parse(line).expect_err(line);
        assert!(wrong.column == column && wrong.text.contains(part), "{line}: {wrong}");
    }
    assert_eq!(parse(&"x".repeat(MOST_CHARACTERS + 1)).unwrap_err().column, MOST_CHARACTERS + 1);
    assert_eq!(parse(&"a ".repeat(33)).unwrap_err().column, 65);
}

#[test]
fn faults_repeat_nothing_of_what_was_typed() {
    for line in ["zebra:x", "outcome:zebra", "after:zebra", "request:zebra", "source:zebra", "action:zebra!"]
    {
        assert!(!parse(line).unwrap_err().text.contains("zebra"), "{line}");
    }
}

#[test]
fn clauses_know_their_columns() {
    assert_eq!(parse("  é  -outcome:ok   actor:x").unwrap().columns, [3, 6, 20]);
}

fn any_clause() -> impl Strategy<Value = Option<Clause>> {
    let word = prop_oneof![
        "[a-z_.]{1,12}",
        "[a-z]{1,8}\\*?",
        "[a-z]{1,8}/",
        Just(ID.to_owned()),
        Just(format!("user/{ID}")),
        Just("denied".to_owned()),
        Just("ok".to_owned()),
        "[0-9]{1,3}[mhdw]",
        Just("2026-11-01".to_owned()),
        "20[0-9]{2}-[01][0-9]",
        Just("last-month".to_owned()),
        Just("2026-11-01T09:30:00.5Z".to_owned()),
        Just("203.0.113.7".to_owned()),
        "[0-9a-f]{16}",
        "\\PC{1,20}",
        "[ \"\\\\()|:a-]{1,10}",
    ];
    (any::<bool>(), select(Key::ALL.to_vec()), vec(word, 1..4))
        .prop_map(|(not, key, values)| clause(not, key, &values).ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_written_is_read_again(clauses in vec(any_clause(), 0..6)) {
        let query = Query { clauses: clauses.into_iter().flatten().collect() };
        let text = query.to_string();
        prop_assume!(text.chars().count() <= MOST_CHARACTERS);
        let again = parse(&text).map_err(|wrong| TestCaseError::fail(format!("{text}: {wrong}")))?;
        prop_assert_eq!(&again.query, &query, "{}", text);
        prop_assert_eq!(again.columns.len(), query.clauses.len());
    }

    #[test]
    fn any_text_is_a_query_or_has_a_fault_within(text in "\\PC{0,80}") {
        match parse(&text) {
            Ok(parsed) => prop_assert_eq!(parse(&parsed.query.to_string()).unwrap().query, parsed.query),
            Err(wrong) => prop_assert!((1..=text.chars().count() + 1).contains(&wrong.column)),
        }
    }
}
