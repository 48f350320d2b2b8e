#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::{ffi::OsString, path::Path};

use proptest::prelude::*;

use super::{keys::ALL, *};

const WHOLE: &str = r#"
[server]
public_url = "https://bailiwick.example.com"
trusted_proxies = ["10.0.0.0/8"]

[database]
url = "postgres://app:hunter2@db.example.com/bailiwick"

[keys]
root_key = "root.key"

[audit]
checkpoints = "/mnt/checkpoints"
origin = "bailiwick.example.com"
"#;

fn text(text: &str) -> Result<Config, Problems> {
    Config::from_text(Path::new("/etc/bailiwick/bailiwick.toml"), text)
}

fn refusal(body: &str) -> String {
    text(body).expect_err(body).to_string()
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

/// The four sources: a file with `body`, `pairs` in the environment, `flags` as of `--set`.
fn sources(body: &str, pairs: &[(&str, &str)], flags: &[&str]) -> (tempfile::TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE_NAME);
    std::fs::write(&file, body).unwrap();
    let flags = flags.iter().map(|flag| Assignment::parse(flag).unwrap()).collect();
    let sources = Sources { file: FileSource::Named(file), variables: variables(pairs), flags };
    (folder, sources)
}

fn load(body: &str, pairs: &[(&str, &str)], flags: &[&str]) -> Result<Config, Problems> {
    let (_folder, sources) = sources(body, pairs, flags);
    Config::load(&sources)
}

#[test]
fn operator_reads_line_key_and_nearest_key_of_a_slip() {
    let message = refusal("[server]\nlisten = \"127.0.0.1:1\"\n\nlisen = 3\n");
    assert_eq!(
        message,
        "/etc/bailiwick/bailiwick.toml:4: there is no key `server.lisen`; the nearest is `server.listen`"
    );
    assert!(refusal("[sever]\n").contains(":1: there is no key `sever`"));
    assert!(refusal("listen = \"127.0.0.1:1\"").contains("nearest is `server.listen`"));
    assert!(
        refusal("[server.tls]\ncertificate = \"a\"").contains(":2: there is no key `server.tls.certificate`")
    );
    assert!(refusal("server = 1").contains("`server` is a section: write [server]"));
    assert!(refusal("[[server]]\nlisten = \"127.0.0.1:1\"").contains("`server` is a section"));
    assert!(refusal("[server.listen]").contains("`server.listen` is a table; expected an address"));
}

#[test]
fn operator_reads_what_a_key_expects() {
    let message = refusal("[server]\nlisten = 8080");
    assert!(
        message.starts_with(
            "/etc/bailiwick/bailiwick.toml:2: `server.listen` is 8080; expected an address and a port"
        ),
        "{message}"
    );
    let message = refusal("[server]\nhttps = \"on\"");
    assert!(message.ends_with("`server.https` is \"on\"; expected one of \"off\", \"enforce\""), "{message}");
    for (body, got) in [
        ("[server]\nmax_concurrent = \"5\"", "is \"5\""),
        ("[server]\nmax_concurrent = 0", "is 0"),
        ("[server]\nmax_concurrent = 99999999999999999999", "is a number out of range"),
        ("[server]\nmax_concurrent = 1.5", "is a number with a fraction"),
        ("[server]\nlisten = true", "is true or false"),
        ("[server]\nlisten = 1979-05-27", "is a date or time"),
        ("[server]\ntrusted_proxies = \"10.0.0.0/8\"", "is \"10.0.0.0/8\""),
        ("[server]\ntrusted_proxies = [1]", "is a list of something else than strings"),
        ("[server]\ntrusted_proxies = [\"10.0.0.1/8\"]", "is a list of strings"),
    ] {
        assert!(refusal(body).contains(got), "{}", refusal(body));
    }
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let message = refusal("[server]\nlisten = 1\nhttps = 2\nfoo = 3");
    assert_eq!(message.lines().count(), 3, "{message}");
}

#[test]
fn a_broken_file_is_named_with_its_line_and_nothing_of_its_content() {
    let message = refusal("[database]\nurl = \"postgres://app:hunter2@db/b\n");
    assert!(message.starts_with("/etc/bailiwick/bailiwick.toml:2: not TOML: "), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
    assert!(
        refusal("[server]\nlisten = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"").contains("duplicate"),
        "a key twice"
    );
}

#[test]
fn nobody_finds_a_password_in_an_error_or_in_debug() {
    for body in ["[database]\nurl = \"postgres//app:hunter2@db\"", "[database]\nurl = [\"hunter2\"]"] {
        let message = refusal(body);
        assert!(message.contains("`database.url`") && !message.contains("hunter2"), "{message}");
    }
    let problems = load("", &[("BAILIWICK_DATABASE__URL", "hunter2")], &[]).unwrap_err();
    assert!(!format!("{problems:?} {problems}").contains("hunter2"));
    let config = text(WHOLE).unwrap();
    for shown in [format!("{config:?}"), format!("{:?}", config.settings().unwrap()), show(&config)] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    assert!(Assignment::parse("hunter2").unwrap_err().to_string().contains("expected section.key=value"));
    assert!(!Assignment::parse("hunter2").unwrap_err().to_string().contains("hunter2"));
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let level = |pairs: &[(&str, &str)], flags: &[&str]| {
        let body = format!("{WHOLE}\n[log]\nlevel = \"warn\"\n");
        load(&body, pairs, flags).unwrap().settings().unwrap().log.level
    };
    assert_eq!(text(WHOLE).unwrap().settings().unwrap().log.level, LogLevel::Info);
    assert_eq!(level(&[], &[]), LogLevel::Warn);
    assert_eq!(level(&[("BAILIWICK_LOG__LEVEL", "debug")], &[]), LogLevel::Debug);
    assert_eq!(level(&[("BAILIWICK_LOG__LEVEL", "debug")], &["log.level=trace"]), LogLevel::Trace);
}

#[test]
fn operator_sees_where_each_value_came_from() {
    let body = "[server]\nlisten = \"127.0.0.1:9000\"\n";
    let (folder, sources) = sources(body, &[("BAILIWICK_SERVER__BODY_LIMIT", "64KiB")], &["log.level=debug"]);
    let shown = show(&Config::load(&sources).unwrap());
    let line = |start: &str| {
        shown.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start} in\n{shown}"))
    };
    assert!(
        line("listen = \"127.0.0.1:9000\"")
            .ends_with(&format!("# {}:2", folder.path().join(FILE_NAME).display()))
    );
    assert!(line("body_limit = \"64KiB\"").ends_with("# env BAILIWICK_SERVER__BODY_LIMIT"));
    assert!(line("level = \"debug\"").ends_with("# flag --set log.level"));
    assert!(line("https = \"enforce\"").ends_with("# default"));
    assert!(line("# metrics_listen =").ends_with("# not set"));
    let url = show(&text(WHOLE).unwrap());
    assert!(url.contains("postgres://app:***@db.example.com/bailiwick"), "{url}");
}

#[test]
fn what_config_show_prints_is_a_configuration() {
    let config = text(WHOLE).unwrap();
    let again = text(&show(&config)).expect("shown").settings().expect("settings");
    let settings = config.settings().unwrap();
    assert_eq!(again.server.public_url, settings.server.public_url);
    assert_eq!(again.server.trusted_proxies, settings.server.trusted_proxies);
    assert_eq!(again.audit.checkpoints, settings.audit.checkpoints);
}

#[test]
fn a_variable_that_is_no_setting_is_refused_unless_it_is_somebody_elses() {
    let refused = |name: &str| load("", &[(name, "x")], &[]).expect_err(name).to_string();
    assert_eq!(
        refused("BAILIWICK_SERVER__LISEN"),
        "environment variable BAILIWICK_SERVER__LISEN: there is no key `server.lisen`; the nearest is `BAILIWICK_SERVER__LISTEN`"
    );
    for name in [
        "BAILIWICK_SERVER_LISTEN",
        "BAILIWICK_server__listen",
        "BAILIWICK_LISTEN",
        "BAILIWICK_SEVER_LISTEN",
        "BAILIWICK_A__B",
    ] {
        assert!(refused(name).contains("the nearest is `BAILIWICK_"), "{name}");
    }
    for name in ["BAILIWICK_TEST_POSTGRES", "BAILIWICK_BIN", "BAILIWICK_"] {
        assert!(load("", &[(name, "x")], &[]).is_ok(), "{name}");
    }
}

#[test]
fn the_environment_may_name_the_file() {
    let (_folder, mut sources) = sources("[log]\nlevel = \"trace\"", &[], &[]);
    let file = sources.path().unwrap();
    sources.file = FileSource::In("/nonexistent".into());
    sources.variables = vec![(environment::FILE.into(), file.into())];
    assert!(show(&Config::load(&sources).unwrap()).contains("level = \"trace\""));
    sources.variables = variables(&[(environment::FILE, "/nowhere/b.toml")]);
    assert!(Config::load(&sources).unwrap_err().to_string().starts_with("/nowhere/b.toml: "));
}

#[test]
fn a_region_of_its_own_name_is_the_same_as_none() {
    let body =
        WHOLE.replace("[database]", "[regions.local.database]").replace("[keys]", "[regions.local.keys]");
    let settings = text(&body).unwrap().settings().unwrap();
    assert!(settings.regions["local"].database.url.expose().contains("hunter2"));
    let twice = refusal("[database]\nconnections = 5\n[regions.local.database]\nconnections = 6");
    assert!(
        twice.contains("`database.connections` is given twice:")
            && twice.contains(":2 and ")
            && twice.contains(":4"),
        "{twice}"
    );
    assert!(refusal("[regions.eu.database]\nconnections = 5").contains("there is no region `eu`"));
    assert!(refusal("[regions.local.server]\nlisten = \"127.0.0.1:1\"").contains("there is no key"));
    let env = load(WHOLE, &[("BAILIWICK_REGIONS__LOCAL__DATABASE__CONNECTIONS", "9")], &[]).unwrap();
    assert_eq!(env.settings().unwrap().regions["local"].database.connections, 9);
}

#[test]
fn a_flag_cannot_be_given_twice() {
    let message = load("", &[], &["log.level=info", "log.level=debug"]).unwrap_err().to_string();
    assert!(message.contains("`log.level` is given twice"), "{message}");
    assert!(
        load("", &[], &["log.levle=info"]).unwrap_err().to_string().contains("the nearest is `log.level`")
    );
}

#[test]
fn what_the_server_cannot_run_without_is_named_with_its_variable() {
    let message = text("").unwrap().settings().unwrap_err().to_string();
    for key in ["server.public_url", "database.url", "keys.root_key", "audit.checkpoints", "audit.origin"] {
        assert!(message.contains(&format!("`{key}` is not set")), "{message}");
    }
    assert!(message.contains("BAILIWICK_DATABASE__URL"), "{message}");
}

#[test]
fn limits_of_wrong_guesses_are_those_of_the_program_until_somebody_sets_them() {
    let limits = |flags: &[&str]| load(WHOLE, &[], flags).unwrap().settings().unwrap().sign_in;
    assert_eq!(limits(&[]), bailiwick_domain::sign_in::SignInLimits::default());
    let strict = limits(&["sign_in.guesses=3", "sign_in.first_wait_minutes=30", "sign_in.known_devices=2"]);
    assert_eq!((strict.free_guesses, strict.first_wait.as_seconds(), strict.devices), (3, 1800, 2));
    for flag in ["sign_in.guesses=0", "sign_in.account_passwords=101", "sign_in.known_device_days=401"] {
        assert!(load(WHOLE, &[], &[flag]).is_err(), "{flag}");
    }
    let refused = |flags: &[&str]| load(WHOLE, &[], flags).unwrap().settings().unwrap_err().to_string();
    assert!(
        refused(&["sign_in.first_wait_minutes=300"]).contains("is less than `sign_in.first_wait_minutes`")
    );
    assert!(refused(&["sign_in.remembered_hours=4"]).contains("has to be longer"));
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let with =
        |flags: &[&str]| load(WHOLE, &[], flags).unwrap().settings().expect_err("conflict").to_string();
    assert!(with(&["server.public_url=http://localhost:8080"]).contains("`server.https` is \"enforce\""));
    assert!(with(&["server.tls_key=a.key"]).contains("needs `server.tls_certificate`"));
    assert!(with(&["server.tls_certificate=a.pem"]).contains("needs `server.tls_key`"));
    assert!(with(&["server.metrics_listen=127.0.0.1:8080"]).contains("address of their own"));
    let redirects = "server.redirect_listen=127.0.0.1:8081";
    assert!(with(&[redirects]).contains(
        "flag --set server.redirect_listen: `server.redirect_listen` needs `server.tls_certificate`"
    ));
    let tls = |further: &[&'static str]| {
        with(&[["server.tls_certificate=a.pem", "server.tls_key=a.key"].as_slice(), further].concat())
    };
    assert!(tls(&[redirects, "server.https=off"]).contains("serve in the clear"));
    assert!(tls(&["server.redirect_listen=127.0.0.1:8080"]).contains("an address of its own"));
    assert!(tls(&[redirects, "server.metrics_listen=127.0.0.1:8081"]).contains("an address of its own"));
    assert!(with(&["database.owner_url=sqlite:a.db"]).contains("same PostgreSQL database"));
    assert!(with(&["database.url=sqlite:/mnt/checkpoints/b.db"]).contains("keep them apart"));
    assert!(
        with(&["database.url=sqlite:/srv/b.db", "database.owner_url=postgres://o@h/b"])
            .contains("has no owner")
    );
}

#[test]
fn relative_paths_start_from_the_folder_of_the_file() {
    let settings = text(WHOLE).unwrap().settings().unwrap();
    assert_eq!(settings.regions["local"].keys.present.file, Path::new("/etc/bailiwick/root.key"));
    let flag = load(WHOLE, &[], &["keys.root_key=root.key"]).unwrap().settings().unwrap();
    assert_eq!(flag.regions["local"].keys.present.file, Path::new("root.key"));
}

#[test]
fn the_file_that_init_writes_is_a_configuration() {
    let values = [
        ("server.public_url", "http://localhost:8080".to_owned()),
        ("server.https", "off".into()),
        ("log.level", "debug".into()),
    ];
    let written = template(&values);
    let config = text(&written).unwrap_or_else(|problems| panic!("{problems}\n{written}"));
    assert!(show(&config).contains("level = \"debug\""));
    // Every line that is commented out is right too, once it is not.
    let all: String = written
        .lines()
        .map(|line| if line.contains(" = ") { line.trim_start_matches("# ") } else { line })
        .collect::<Vec<_>>()
        .join("\n");
    let config = text(&all).unwrap_or_else(|problems| panic!("{problems}\n{all}"));
    for key in ALL {
        assert!(config.given(key.path()).is_some(), "{} is not in the file", key.path());
    }
}

#[test]
fn the_reference_is_the_one_in_docs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CONFIGURATION.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == reference(),
        "docs/CONFIGURATION.md is old: bailiwick config reference > docs/CONFIGURATION.md"
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(body in any::<String>()) {
        let _ = text(&body);
    }

    #[test]
    fn nothing_like_a_configuration_makes_the_reader_panic(
        lines in prop::collection::vec(
            prop_oneof![
                "\\[{1,2}(server|database|regions\\.[a-z]{0,5}|keys|[a-z.]{0,9})\\]{1,2}",
                "(listen|url|[a-z_.]{0,9}) ?= ?(\"[^\"]{0,12}\"|[0-9.eE+-]{0,20}|true|\\[[\"a-z0-9, ]{0,9}\\]|\\{[a-z= 0-9.]{0,9}\\})",
                any::<String>(),
            ],
            0..12,
        )
    ) {
        let body = lines.join("\n");
        match text(&body) {
            Ok(config) => {
                let _ = config.settings();
                prop_assert!(text(&show(&config)).is_ok(), "what is shown is read again");
            }
            Err(problems) => prop_assert!(!problems.to_string().is_empty()),
        }
    }

    #[test]
    fn no_variable_or_flag_makes_the_reader_panic(name in "BAILIWICK_[A-Z_]{0,24}", value in any::<String>(), flag in any::<String>()) {
        prop_assume!(name != environment::FILE);
        let flags = Assignment::parse(&flag).into_iter().collect();
        let _ = Config::load(&Sources { file: FileSource::None, variables: variables(&[(&name, &value)]), flags });
    }

    #[test]
    fn any_key_takes_any_text_without_a_panic(index in 0..ALL.len(), value in any::<String>()) {
        let key = ALL[index];
        let _ = load_one(key.path(), &value).map(|config| config.settings().is_ok());
    }

    #[test]
    fn a_secret_never_comes_back_in_words(secret in "[a-z0-9]{12,20}") {
        for shape in ["postgres://app:SECRET@", "postgres//app:SECRET@db/b", "SECRET", "mysql://a:SECRET@db/b", "postgres://a:b/SECRET@db/b?x"] {
            let value = shape.replace("SECRET", &secret);
            if let Err(problems) = load_one("database.url", &value) {
                prop_assert!(!problems.to_string().contains(&secret));
                let debugged = format!("{problems:?}");
                prop_assert!(!debugged.contains(&secret));
            }
        }
    }
}

fn load_one(key: &str, value: &str) -> Result<Config, Problems> {
    let flags = vec![Assignment::new("--set", key, value.into())];
    Config::load(&Sources::of_flags(flags))
}

#[test]
fn operator_cannot_make_hashes_of_passwords_cheap() {
    let line = WHOLE.lines().count() + 2;
    let settled = |keys: &str| {
        let config = text(&format!("{WHOLE}[password]\n{keys}\n"));
        config.and_then(|config| config.settings()).map_err(|problems| problems.to_string())
    };
    for (keys, at, says) in [
        (
            "memory_kib = 7167",
            line,
            "`password.memory_kib` is 7167; expected a whole number from 7168 to 1048576",
        ),
        ("memory_kib = \"19456\"", line, "`password.memory_kib` is \"19456\""),
        ("iterations = 0", line, "`password.iterations` is 0; expected a whole number from 1 to 64"),
        ("parallelism = 17", line, "`password.parallelism` is 17; expected a whole number from 1 to 16"),
        ("hashes_at_once = 0", line, "`password.hashes_at_once` is 0"),
        ("compromised = 7", line, "`password.compromised` is 7; expected a path"),
        (
            "words = \"heron\"",
            line,
            "`password.words` is \"heron\"; expected a list, each of it one line of text",
        ),
        ("iteration = 3", line, "there is no key `password.iteration`; the nearest is `password.iterations`"),
        ("iterations = 1", line, "less than 35840"),
        ("iterations = 4\nmemory_kib = 7168", line + 1, "less than 35840"),
    ] {
        let refusal = settled(keys).expect_err(keys);
        assert!(
            refusal.contains(says) && refusal.contains(&format!("bailiwick.toml:{at}: ")),
            "{keys}: {refusal}"
        );
    }
    let default = settled("").unwrap().password;
    assert_eq!((default.cost, default.hashes_at_once, default.compromised), (Default::default(), None, None));
    let strong = "memory_kib = 65536\niterations = 3\nparallelism = 4\nhashes_at_once = 2\ncompromised = \"leaked.txt\"\nwords = [\"Blue Harbour\", \"Heron\"]";
    let strong = settled(strong).unwrap().password;
    assert_eq!(strong.cost, bailiwick_vault::password::PasswordCost::new(65_536, 3, 4).unwrap());
    assert_eq!(strong.hashes_at_once.map(std::num::NonZeroUsize::get), Some(2));
    assert_eq!(strong.compromised.as_deref(), Some(Path::new("/etc/bailiwick/leaked.txt")));
    assert_eq!((default.words, strong.words), (vec![], vec!["Blue Harbour".to_owned(), "Heron".to_owned()]));
}

#[test]
fn operator_says_how_codes_reach_people_and_is_told_what_is_missing() {
    let secret = "webhook_secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"";
    let url = "webhook_url = \"https://sms.example.com/messages\"";
    let settings = |lines: &str| text(&format!("{WHOLE}\n[step_up]\n{lines}\n")).unwrap().settings();
    assert!(settings("").unwrap().gateway.is_none());
    assert!(
        settings(&format!("{url}\n{secret}")).unwrap().gateway.is_none(),
        "by mail until it is said otherwise"
    );
    let whole = settings(&format!("channel = \"webhook\"\n{url}\n{secret}")).unwrap();
    assert_eq!(whole.outbox.codes, bailiwick_domain::entity::MailChannel::Webhook);
    assert!(!format!("{whole:?}").contains("MfKQ"), "nobody reads the secret in debug");
    for (lines, missing) in [
        ("channel = \"webhook\"".to_owned(), "step_up.webhook_url"),
        (format!("channel = \"webhook\"\n{url}"), "step_up.webhook_secret"),
        (format!("channel = \"webhook\"\n{url}\n{secret}\nwebhook_secret_file = \"s\""), "given twice"),
        (format!("channel = \"webhook\"\n{url}\nwebhook_secret = \"hunter2\""), "whsec_"),
    ] {
        let refused = settings(&lines).unwrap_err().to_string();
        assert!(refused.contains(missing) && !refused.contains("hunter2"), "{refused}");
    }
    for wrong in ["webhook_url = \"http://sms.example.com\"", "webhook_secret = \"\"", "channel = \"sms\""] {
        assert!(refusal(&format!("[step_up]\n{wrong}")).contains("expected"), "{wrong}");
    }
}

#[test]
fn limits_of_letters_are_what_they_were_until_the_operator_says_otherwise() {
    assert_eq!(text(WHOLE).unwrap().settings().unwrap().outbox, bailiwick_store::Outbox::default());
    let body = format!(
        "{WHOLE}\n[mail]\nper_organisation = 70\nper_recipient = 2\n[step_up]\nmessages_per_number = 3\n"
    );
    let outbox = text(&body).unwrap().settings().unwrap().outbox;
    assert_eq!((outbox.per_organisation, outbox.per_recipient, outbox.per_number), (70, 2, 3));
}

#[test]
fn operator_names_witnesses_as_tables_or_as_texts() {
    // Public keys of RFC 8032 §7.1, tests 1 and 2.
    let key = |name: &str, octets: &str| {
        let octets: [u8; 32] = hex::decode(octets).unwrap().try_into().unwrap();
        bailiwick_proof::checkpoint::CosignerKey::new(name, &octets).unwrap().to_string()
    };
    let one = key("w1.example", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let two = key("w2.example", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let table = |key: &str, more: &str| {
        format!("\n[[audit.witness]]\nurl = \"https://w.example\"\nkey = \"{key}\"\n{more}")
    };
    let witnesses = |body: &str| text(body).unwrap().settings().unwrap().audit.witnesses;
    let tables =
        format!("{WHOLE}witness_quorum = 2\n{}{}", table(&one, "name = \"w1.example\"\n"), table(&two, ""));
    let found = witnesses(&tables);
    let names: Vec<_> = found.places.iter().map(|place| place.key.name().to_owned()).collect();
    assert_eq!(
        (names.as_slice(), found.quorum),
        (["w1.example".to_owned(), "w2.example".to_owned()].as_slice(), 2)
    );
    assert!(found.places[0].url.as_str() == "https://w.example/add-checkpoint");
    let list = format!("{WHOLE}witness = [\"https://w.example {one}\"]\n");
    assert_eq!(witnesses(&list).places, found.places[..1]);
    assert!(witnesses(WHOLE).places.is_empty());
    let (_folder, given) = sources(
        WHOLE,
        &[("BAILIWICK_AUDIT__WITNESS", &format!("https://w.example {one},https://w.example {two}"))],
        &[],
    );
    assert_eq!(Config::load(&given).unwrap().settings().unwrap().audit.witnesses.places, found.places);

    for (body, said) in [
        (format!("{WHOLE}{}", table(&one, "name = \"w2.example\"\n")), "audit.witness"),
        (format!("{WHOLE}{}", table(&one, "color = \"red\"\n")), "audit.witness"),
        (format!("{WHOLE}{}", table("nobody", "")), "audit.witness"),
    ] {
        assert!(refusal(&body).contains(said), "{}", refusal(&body));
    }
    let wrong = |body: String| text(&body).unwrap().settings().map(drop).unwrap_err().to_string();
    assert!(wrong(format!("{WHOLE}witness_quorum = 1\n")).contains("more witnesses than there are"));
    assert!(
        wrong(format!("{WHOLE}{}{}", table(&one, ""), table(&one, "")))
            .contains("the same name or the same key")
    );
}
