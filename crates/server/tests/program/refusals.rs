//! What the server does not start with. Each refusal says which and what to do, and has changed nothing.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt};

use crate::support::{Place, free_port, replaced};

#[test]
fn operator_reads_where_an_unknown_key_is_and_which_one_was_meant() {
    let place = Place::installed();
    let config = place.read("bailiwick.toml").replace("public_url =", "public_ulr =");
    place.write("bailiwick.toml", &config);
    let line = config.lines().position(|line| line.starts_with("public_ulr")).unwrap() + 1;
    place.refuses(
        ["serve"],
        2,
        &[&format!(
            "bailiwick.toml:{line}: there is no key `server.public_ulr`; the nearest is `server.public_url`"
        )],
    );
    let mut place = Place::installed();
    place.set("BAILIWICK_SERVER__LISEN", "127.0.0.1:0");
    place.refuses(["serve"], 2, &["BAILIWICK_SERVER__LISEN", "the nearest is `BAILIWICK_SERVER__LISTEN`"]);
    place.refuses(
        ["serve", "--set", "log.levle=info"],
        2,
        &["--set log.levle", "the nearest is `log.level`"],
    );
}

#[test]
fn operator_reads_what_a_value_should_have_been() {
    let place = Place::installed();
    place.refuses(
        ["serve", "--listen", "8080"],
        2,
        &["flag --listen: `server.listen` is \"8080\"; expected an address and a port"],
    );
    place.write("bailiwick.toml", place.read("bailiwick.toml").replace("[log]", "[log]\nlevel = 3"));
    place.refuses(["serve"], 2, &["`log.level` is 3; expected one of \"error\", \"warn\""]);
    place.write("bailiwick.toml", "[database]\nurl = \"postgres//app:hunter2@db\"");
    place.refuses(["serve"], 2, &["bailiwick.toml:2: `database.url`"]);
    place.refuses(["serve", "--config", "nowhere.toml"], 2, &["nowhere.toml: No such file"]);
}

#[test]
fn a_root_key_that_is_missing_damaged_open_or_another_is_refused() {
    let place = Place::installed();
    let key = place.read("root.key");
    fs::remove_file(place.path("root.key")).unwrap();
    let missing =
        place.refuses(["serve"], 3, &["root.key does not exist", "what to do: see that `keys.root_key`"]);
    assert!(!missing.err.contains("bailiwick init"), "a new key would not open the data: {}", missing.err);

    place.write("root.key", key.replace("check ", "check 0"));
    fs::set_permissions(place.path("root.key"), fs::Permissions::from_mode(0o600)).unwrap();
    place.refuses(["serve"], 3, &["root.key is damaged", "what to do: restore the file from its copy"]);

    place.write("root.key", &key);
    fs::set_permissions(place.path("root.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let open = place.refuses(["serve"], 3, &["root.key is open to other users (mode 0644)", "chmod 600"]);
    assert_eq!(open.err.matches("chmod 600").count(), 1, "{}", open.err);

    let other = Place::installed();
    fs::copy(other.path("root.key"), place.path("root.key")).unwrap();
    fs::set_permissions(place.path("root.key"), fs::Permissions::from_mode(0o600)).unwrap();
    place.refuses(
        ["serve"],
        3,
        &["the root key is not the one of this installation", "what to do: let `keys.root_key`"],
    );
}

#[test]
fn a_database_that_is_missing_foreign_or_not_migrated_is_refused() {
    let place = Place::installed();
    place.refuses(
        ["serve", "--set", "database.url=sqlite:nowhere.db"],
        3,
        &["the database nowhere.db cannot be opened", "`bailiwick migrate` makes a new, empty one"],
    );
    place.write("not.db", "This is a letter, and no database at all. ".repeat(100));
    place.refuses(
        ["serve", "--set", "database.url=sqlite:not.db"],
        3,
        &["not.db is not a database of Bailiwick", "what to do: see that `database.url`"],
    );
    // A database that another program made: SQLite's own way of writing is without a write-ahead log.
    let mut foreign = fs::read(place.path("data/bailiwick.db")).unwrap();
    foreign[18..20].copy_from_slice(&[1, 1]);
    place.write("foreign.db", foreign);
    place.refuses(
        ["serve", "--set", "database.url=sqlite:foreign.db"],
        3,
        &["foreign.db is not a database of Bailiwick"],
    );
    place.write("empty.db", "");
    place.refuses(
        ["serve", "--set", "database.url=sqlite:empty.db"],
        3,
        &["the database empty.db is empty", "what to do: run `bailiwick migrate`"],
    );
    let port = free_port().to_string();
    let url = format!("database.url=postgres://app:hunter2@127.0.0.1:{port}/b");
    place.refuses(
        ["serve", "--set", &url],
        3,
        &[
            &format!("postgres://app:***@127.0.0.1:{port}/b cannot be reached"),
            "Connection refused",
            "what to do: see that the server runs",
        ],
    );
}

#[test]
fn a_schema_that_somebody_changed_is_refused_and_the_change_is_named() {
    let place = Place::installed();
    let database = fs::read(place.path("data/bailiwick.db")).unwrap();
    place.write(
        "data/bailiwick.db",
        replaced(&database, b"BEFORE DELETE ON audit_event", b"BEFORE INSERT ON audit_event"),
    );
    place.refuses(
        ["serve"],
        3,
        &[
            "the database schema is not the one of this version",
            "trigger audit_event_no_delete: CREATE TRIGGER audit_event_no_delete BEFORE INSERT",
            "what to do: ",
        ],
    );
}

#[test]
fn a_database_of_another_program_is_not_migrated() {
    let place = Place::empty();
    place.write("letter.db", "This is a letter, and no database at all. ".repeat(100));
    let args = ["migrate", "--set", "database.url=sqlite:letter.db", "--set", "keys.root_key=root.key"];
    let further = ["--set", "server.public_url=http://localhost:8080", "--set", "server.https=off"];
    let audit = ["--set", "audit.checkpoints=checkpoints", "--set", "audit.origin=localhost"];
    let all: Vec<_> = args.into_iter().chain(further).chain(audit).collect();
    let all: [&str; 13] = all.try_into().unwrap();
    let words =
        ["letter.db is not empty and was not made by Bailiwick", "what to do: name an empty database"];
    place.refuses(all, 3, &words);
}

#[test]
fn a_tenant_of_another_region_is_refused_by_name() {
    let place = Place::installed();
    let database = fs::read(place.path("data/bailiwick.db")).unwrap();
    place.write("data/bailiwick.db", replaced(&database, b"platformlocalactive", b"platformlunaractive"));
    place.refuses(
        ["serve"],
        3,
        &["tenant platform", "belongs to region `lunar`", "what to do: let `database.url`"],
    );
    let checked = place.run(["check"]);
    assert!(checked.code == 1 && checked.out.contains("regions        failed"), "{checked:?}");
}

#[test]
fn auditor_is_told_that_a_checkpoint_is_missing_or_was_set_back() {
    let place = Place::installed();
    let server = place.serve(&[]);
    server.stop();
    let mut files = fs::read_dir(place.path("checkpoints")).unwrap().map(|entry| entry.unwrap().path());
    let checkpoint = files.find(|path| path.extension().is_some_and(|end| end == "checkpoint")).unwrap();
    let tenant = checkpoint.file_stem().unwrap().to_str().unwrap().to_owned();
    let note = fs::read(&checkpoint).unwrap();
    fs::remove_file(&checkpoint).unwrap();
    let words = [
        "the audit log does not verify",
        &format!("the checkpoint of tenant {tenant} is missing or too old: 4 events were signed"),
        "what to do: restore the folder of checkpoints from its own backup",
    ];
    let id = hex::decode(tenant.replace('-', "")).unwrap();
    // As SQLite lays out a row: the tenant, the time in eight octets, no count, the outcome.
    let noted = || {
        ["", "-wal"].iter().any(|suffix| {
            let file = fs::read(place.path(&format!("data/bailiwick.db{suffix}"))).unwrap_or_default();
            file.windows(30).any(|row| row.starts_with(&id) && row.ends_with(b"failed"))
        })
    };
    assert!(!noted());
    let verified = place.run(["audit", "verify"]);
    assert!(verified.code == 1 && words.iter().all(|word| verified.err.contains(word)), "{verified:?}");
    assert!(noted(), "the outcome is there for the posture");
    let words = [words[1], words[2]];
    place.refuses(["serve"], 3, &words);
    fs::write(&checkpoint, note).unwrap();
    assert_eq!(place.run(["audit", "verify"]).code, 0);
}

#[test]
fn a_database_older_than_its_checkpoints_is_refused() {
    let place = Place::installed();
    let fresh = ["migrate", "--set", "database.url=sqlite:fresh.db"];
    assert_eq!(place.run(fresh).code, 0);
    for suffix in ["", "-wal", "-shm"] {
        drop(fs::remove_file(place.path(&format!("data/bailiwick.db{suffix}"))));
    }
    fs::rename(place.path("fresh.db"), place.path("data/bailiwick.db")).unwrap();
    let words = ["was rolled back: 4 events were signed, the database holds 0", "restore its newest backup"];
    place.refuses(["serve"], 3, &words);
    let verified = place.run(["audit", "verify"]);
    assert!(verified.code == 1 && verified.err.contains(words[0]), "{verified:?}");
    let checked = place.run(["check"]);
    assert!(
        checked.code == 1 && checked.out.contains(words[0]) && checked.out.contains("schema         ok"),
        "{checked:?}"
    );
}

#[test]
fn checkpoints_that_are_gone_or_of_another_name_are_refused() {
    let place = Place::installed();
    place.refuses(
        ["serve", "--set", "audit.origin=other.example.com"],
        3,
        &["`audit.origin` is \"other.example.com\", but this installation signs as \"localhost\""],
    );
    place.refuses(
        ["serve", "--set", "audit.checkpoints=nowhere"],
        3,
        &["nowhere/signing.key: No such file", "what to do: see that `audit.checkpoints`"],
    );
    let mut files = fs::read_dir(place.path("checkpoints")).unwrap().map(|entry| entry.unwrap().path());
    let checkpoint = files.find(|path| path.extension().is_some_and(|end| end == "checkpoint")).unwrap();
    let note = fs::read_to_string(&checkpoint).unwrap();
    fs::write(&checkpoint, note.replacen("\n4\n", "\n5\n", 1)).unwrap();
    place.refuses(["serve"], 3, &["the checkpoint of tenant", "is refused"]);
}

#[test]
fn a_port_in_use_is_refused_before_anything_else_is_touched() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::installed();
    // Not even the database is looked at: it is not there.
    fs::remove_dir_all(place.path("data")).unwrap();
    place.refuses(
        ["serve", "--listen", &address],
        3,
        &[&format!("cannot listen on {address}: Address already in use"), "or set another `server.listen`"],
    );
    place.refuses(
        ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", &address],
        3,
        &["set another `server.metrics_listen`"],
    );
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    place.write("one.pem", pair.cert.pem());
    place.write("one.key", pair.signing_key.serialize_pem());
    let tls = ["server.https=enforce", "server.tls_certificate=one.pem", "server.tls_key=one.key"];
    let mut redirecting =
        vec!["serve", "--public-url", "https://localhost", "--redirect-listen", address.as_str()];
    redirecting.extend(tls.iter().flat_map(|setting| ["--set", *setting]));
    let redirecting: [&str; 11] = redirecting.try_into().unwrap();
    place.refuses(redirecting, 3, &["set another `server.redirect_listen`"]);
    place.refuses(["demo", "--listen", &address], 3, &["set another `--listen`"]);
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused() {
    let place = Place::installed();
    let with = |certificate: &str, key: &str| {
        [format!("server.tls_certificate={certificate}"), format!("server.tls_key={key}")]
    };
    let pair = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (one, two) = (pair(), pair());
    place.write("one.pem", one.cert.pem());
    place.write("one.key", one.signing_key.serialize_pem());
    place.write("two.key", two.signing_key.serialize_pem());
    place.write("broken.pem", "-----BEGIN CERTIFICATE-----\nhunter2!\n-----END CERTIFICATE-----\n");
    let refused = |certificate: &str, key: &str, words: &[&str]| {
        let [certificate, key] = with(certificate, key);
        place.refuses(["serve", "--set", &certificate, "--set", &key], 3, words);
    };
    refused(
        "nowhere.pem",
        "one.key",
        &["TLS: nowhere.pem: No such file", "what to do: correct `server.tls_certificate`"],
    );
    refused("one.key", "one.key", &["one.key holds no certificate"]);
    refused("one.pem", "one.pem", &["one.pem holds no private key"]);
    refused("broken.pem", "one.key", &["broken.pem is not a PEM file"]);
    refused("one.pem", "two.key", &["the key in two.key cannot be used with the certificate in one.pem"]);
}

#[test]
fn init_touches_nothing_that_is_there() {
    let place = Place::installed();
    let init = ["init", "--email", "root@example.com", "--name", "Root"];
    place.refuses(init, 3, &["bailiwick.toml exists already; nothing was touched"]);
    fs::remove_file(place.path("bailiwick.toml")).unwrap();
    place.refuses(init, 3, &["root.key exists already"]);
    fs::remove_file(place.path("root.key")).unwrap();
    place.refuses(init, 3, &["signing.key exists already"]);
    fs::remove_file(place.path("checkpoints/signing.key")).unwrap();
    place.refuses(init, 3, &["bailiwick.db exists already"]);
    fs::remove_dir_all(place.path("data")).unwrap();
    fs::remove_file(place.path("checkpoints/.lock")).unwrap();
    place.refuses(init, 3, &["holds the checkpoints of another installation"]);
}

#[test]
fn an_init_that_fails_leaves_nothing() {
    let place = Place::empty();
    place.refuses(
        ["init", "--email", "nobody", "--name", "Root"],
        2,
        &["email: ", "what to do: correct --email"],
    );
    place.refuses(
        ["init", "--email", "root@example.com"],
        2,
        &["the first platform owner has no name", "give it with --name"],
    );
    place.refuses(["init", "--dir", "deep/er", "--email", "nobody", "--name", "Root"], 2, &["email: "]);
    place.refuses(
        ["init", "--email", "root@example.com", "--name", "Root", "--set", "log.level=loud"],
        2,
        &["`log.level` is \"loud\""],
    );
}

#[test]
fn a_list_of_compromised_passwords_that_is_none_is_refused_by_name() {
    let mut place = Place::installed();
    place.set("BAILIWICK_PASSWORD__COMPROMISED", "leaked.txt");
    let what = "what to do: let `password.compromised`";
    place.refuses(["serve"], 3, &["leaked.txt: it cannot be read", what]);
    for (text, says) in [
        (String::new(), "leaked.txt: it is empty"),
        ("password\n".to_owned(), "leaked.txt: at octet 0 there is no line of 40 hexadecimal digits"),
        (format!("{}\n{}\n", "F".repeat(40), "0".repeat(40)), "leaked.txt: it is not sorted by hash"),
    ] {
        place.write("leaked.txt", &text);
        place.refuses(["serve"], 3, &[says, what]);
        let check = place.run(["check"]);
        assert!(
            check.code == 1 && check.out.contains("passwords      failed") && check.out.contains(says),
            "{check:?}"
        );
    }
    place.write("leaked.txt", format!("{}:3\n", "F".repeat(40)));
    let check = place.run(["check"]);
    assert!(check.code == 0 && check.out.contains("passwords      ok"), "{check:?}");
}
