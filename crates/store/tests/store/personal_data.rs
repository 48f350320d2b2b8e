//! Personal data and secrets stay out of the log; what may be seen comes back on the event's page.

use bailiwick_domain::{
    ids::EventId,
    role::Role,
    rule::{ByJob, CreateApiKey, Invite, ReadAudit},
};
use bailiwick_ops::{api_keys::NewApiKey, invitations::NewInvitation};
use bailiwick_store::{Permit, audit};
use bailiwick_testkit::{Db, PASSWORD, Place, Tenant, both_databases};
use bailiwick_vault::token::SessionToken;

use crate::{raw, raw_rows, support::raw::Raw};

/// Every octet of every table of the log.
async fn log_bytes(db: &Db) -> Vec<u8> {
    let mut raw = Raw::superuser(db).await;
    let mut all = Vec::new();
    for (table, columns) in [
        ("audit_event", ["hash", "bytes"]),
        ("audit_personal", ["sealed", "sealed"]),
        ("audit_tree", ["frontier", "frontier"]),
        ("audit_head", ["hash", "hash"]),
        ("audit_posting", ["term", "hits"]),
        ("audit_tail", ["terms", "terms"]),
    ] {
        let rows: Vec<(Vec<u8>, Vec<u8>)> =
            raw_rows!(raw, format!("SELECT {}, {} FROM {table}", columns[0], columns[1]));
        // Nothing may hide behind the form in which events are kept.
        let octets = |b: Vec<u8>| if table == "audit_event" { [audit::unpacked(&b), b].concat() } else { b };
        all.extend(rows.into_iter().flat_map(|(a, b)| [a, octets(b)].concat()));
    }
    let rows: Vec<(String, String, String)> =
        raw_rows!(raw, "SELECT actor_kind, action, entity_type FROM audit_leaf");
    all.extend(rows.into_iter().flat_map(|(a, b, c)| format!("{a} {b} {c}").into_bytes()));
    let rows: Vec<(String,)> = raw_rows!(raw, "SELECT note FROM audit_checkpoint");
    all.extend(rows.into_iter().flat_map(|(note,)| note.into_bytes()));
    let rows: Vec<(String,)> = raw_rows!(raw, "SELECT detail FROM security_event");
    all.extend(rows.into_iter().flat_map(|(detail,)| detail.into_bytes()));
    all
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

async fn busy(db: &Db, acme: &Tenant) -> (String, String) {
    let auditor = acme.user(Role::Auditor).await;
    let invite = NewInvitation {
        email: "prudence.private@acme.example".into(),
        role: "auditor".into(),
        expires_at: None,
    };
    bailiwick_ops::invitations::create(&db.store, &acme.owner().permit::<Invite>().await, invite)
        .await
        .unwrap();
    let key = NewApiKey {
        name: "Sync".into(),
        scopes: vec!["user:read".into()],
        expires_at: None,
        tag: None,
        ..NewApiKey::default()
    };
    let (_, key) =
        bailiwick_ops::api_keys::create(&db.store, &acme.owner().permit::<CreateApiKey>().await, key)
            .await
            .unwrap();
    bailiwick_ops::factors::totp_begin_for(&db.store, &acme.job(), auditor.id()).await.unwrap();
    db.sign().await;
    (auditor.token, key.expose().to_owned())
}

both_databases! {
    async fn neither_secrets_nor_personal_data_reach_the_log(db: Db) {
        let acme = db.tenant("acme").await;
        let (token, key) = busy(&db, &acme).await;
        let log = log_bytes(&db).await;
        assert!(holds(&log, b"user.invited"), "the search itself works");
        let mut raw = Raw::superuser(&db).await;
        let hashes: Vec<(String,)> = raw_rows!(raw, "SELECT hash FROM password");
        let people: Vec<(String, String)> = raw_rows!(raw, "SELECT email, name FROM users");
        let tokens: Vec<(Vec<u8>,)> = raw_rows!(raw, "SELECT token_hash FROM session");
        let keys: Vec<(Vec<u8>,)> = raw_rows!(raw, "SELECT hash FROM api_key");
        assert!(hashes.len() == 2 && people.len() == 2 && tokens.len() == 2 && keys.len() == 1);
        let mut secrets = vec![
            ("the password", PASSWORD.as_bytes().to_vec()),
            ("a session's token", token.as_bytes().to_vec()),
            ("an API key", key.clone().into_bytes()),
            ("an invited address", b"prudence.private@acme.example".to_vec()),
            ("a part of an address", b"prudence".to_vec()),
            ("a source address", b"203.0.113.7".to_vec()),
        ];
        secrets.extend(hashes.into_iter().map(|(hash,)| ("a password's hash", hash.into_bytes())));
        secrets.extend(people.into_iter().flat_map(|(email, name)| [("an address", email.into_bytes()), ("a name", name.into_bytes())]));
        secrets.extend(tokens.into_iter().chain(keys).flat_map(|(hash,)| [("a token's hash", hash.clone()), ("a token's hash in hexadecimal", hex::encode(hash).into_bytes())]));
        for (what, secret) in secrets {
            assert!(!holds(&log, &secret), "{what} stands in the log");
        }
        assert!(holds(&log, b"{\"redacted\":true}"), "that a password was set is recorded");
    }

    async fn file_on_disk_holds_no_secret_anywhere(db: Db) {
        let Place::Sqlite(path) = db.place() else { return };
        let path = path.clone();
        let acme = db.tenant("acme").await;
        let (token, key) = busy(&db, &acme).await;
        let log = log_bytes(&db).await;
        db.store.close().await;
        let mut disk = std::fs::read(&path).unwrap();
        disk.extend(log);
        for file in ["bailiwick.db-wal", "bailiwick.db-shm"] {
            disk.extend(std::fs::read(path.with_file_name(file)).unwrap_or_default());
        }
        assert!(holds(&disk, b"Olive acme"), "the search itself works");
        let session = SessionToken::parse(&token).unwrap();
        for (what, secret) in [
            ("the password", PASSWORD.as_bytes()),
            ("a session's token", token.as_bytes()),
            ("a CSRF token", session.csrf().as_str().as_bytes()),
            ("an API key", key.as_bytes()),
            ("a source address", b"203.0.113.7"),
        ] {
            assert!(!holds(&disk, secret), "{what} stands in the file");
        }
    }

    async fn auditor_reads_the_values_behind_the_commitments(db: Db) {
        let acme = db.tenant("acme").await;
        busy(&db, &acme).await;
        let mut view = db.store.read(&acme.owner().permit::<ReadAudit>().await).await.unwrap();
        let invited = audit::Sought::default().action("user.invited");
        let event = audit::search(&mut view, &invited, audit::Place::Newest).await.unwrap().items.remove(0).event;
        let page = audit::event_page(&mut view, event).await.unwrap();
        let mut values: Vec<_> = page.personal.values().filter_map(|value| value.as_str()).collect();
        values.sort_unstable();
        assert_eq!(values, ["203.0.113.7", "prudence.private@acme.example"]);
        for commitment in page.personal.keys() {
            assert!(page.bytes.contains(&format!("{{\"commit\":\"{commitment}\"}}")), "every value belongs to the octets");
        }
        let proof = page.proof.unwrap();
        assert_eq!(bailiwick_proof::leaf_hash(page.bytes.as_bytes()), page.hash);
        bailiwick_proof::tree::verify_inclusion(&page.hash, proof.leaf_index.unsigned_abs(), proof.size.unsigned_abs(), &proof.path, &proof.root).unwrap();
        assert!(proof.checkpoint.is_some());
        assert_eq!(audit::revealed(&mut view, &[event]).await.unwrap(), page.personal);
    }

    async fn other_process_reads_what_this_one_sealed(db: Db) {
        let acme = db.tenant("acme").await;
        busy(&db, &acme).await;
        let other = db.another().await;
        let permit: Permit<ByJob> = acme.job();
        let mut view = other.read(&permit).await.unwrap();
        let page = audit::search(&mut view, &audit::Sought::default().action("user.created"), audit::Place::Newest).await.unwrap();
        let events: Vec<EventId> = page.items.iter().map(|row| row.event).collect();
        let values = audit::revealed(&mut view, &events).await.unwrap();
        assert!(values.values().any(|value| value == "owner@acme.example"), "{values:?}");
    }

    async fn erasing_a_subjects_key_hides_the_values_and_breaks_no_proof(db: Db) {
        let acme = db.tenant("acme").await;
        busy(&db, &acme).await;
        let mut raw = Raw::tampering(&db).await;
        raw!(raw, "DELETE FROM subject_key").unwrap();
        let store = db.another().await;
        let permit: Permit<ByJob> = acme.job();
        let mut view = store.read(&permit).await.unwrap();
        let found = audit::search(&mut view, &audit::Sought::default(), audit::Place::Newest).await.unwrap();
        for row in found.items {
            assert!(audit::event_page(&mut view, row.event).await.unwrap().personal.is_empty());
        }
        db.verify().await.unwrap();
    }

    async fn sealed_value_moved_to_another_event_is_not_revealed(db: Db) {
        let acme = db.tenant("acme").await;
        busy(&db, &acme).await;
        let mut raw = Raw::tampering(&db).await;
        let rows: Vec<(uuid::Uuid, uuid::Uuid, Vec<u8>)> = raw_rows!(raw, "SELECT event, subject, sealed FROM audit_personal ORDER BY subject, event");
        let pair = rows.windows(2).find(|pair| pair[0].1 == pair[1].1).expect("two events of one subject");
        raw!(raw, "UPDATE audit_personal SET sealed = $1 WHERE event = $2 AND subject = $3", pair[0].2.clone(), pair[1].0, pair[1].1).unwrap();
        let mut view = db.store.read(&acme.owner().permit::<ReadAudit>().await).await.unwrap();
        assert!(audit::event_page(&mut view, EventId::from(pair[1].0)).await.is_err());
    }
}
