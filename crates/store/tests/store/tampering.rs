//! Whatever is done to the log behind the store's back is found, and the right record is named.

use bailiwick_domain::{
    entity::User,
    rule::{ByJob, DisableUser, ReadAudit},
};
use bailiwick_proof::{canonical, leaf_hash};
use bailiwick_store::{
    DatabaseKind, Error, Event, Permit, Store,
    audit::{self, Revision, SignError, VerifyError},
    users,
};
use bailiwick_testkit::{Db, Tenant, both_databases, postgres_only};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{raw, raw_rows, support::raw::Raw};

const TABLES: [&str; 12] = [
    "audit_event",
    "audit_leaf",
    "audit_tile",
    "audit_tree",
    "audit_head",
    "audit_checkpoint",
    "audit_pending",
    "audit_personal",
    "audit_posting",
    "audit_tail",
    "audit_rollup",
    "tenant",
];

/// Events of the busy tenant: one full tile and a part of the next.
const EVENTS: i64 = 300;

pub(crate) async fn rename(store: &Store, permit: &Permit<ByJob>, user: &User, name: String) {
    store
        .change(permit, async |tx| {
            let before = users::lock(tx, user.id).await?;
            let after = User { name, ..before.clone() };
            let written = users::replace(tx, before, after).await?;
            let event = Event::new("user.renamed", &written)?;
            Ok::<_, Error>(tx.record(event, ()))
        })
        .await
        .unwrap();
}

/// A log that has seen some days, and the hands of an intruder on it.
struct Scene {
    db: Db,
    acme: Tenant,
    id: Uuid,
    raw: Raw,
}

impl Scene {
    async fn set(db: Db) -> Self {
        let acme = db.tenant("acme").await;
        db.tenant("globex").await;
        let people = [acme.add(bailiwick_domain::role::Role::Auditor).await, acme.owner().user];
        for n in 0..EVENTS {
            rename(&db.store, &acme.job(), &people[usize::try_from(n % 2).unwrap()], format!("Olive {n}"))
                .await;
            if n % 100 == 0 {
                db.sign().await;
            }
        }
        db.sign().await;
        db.verify().await.unwrap();
        let mut raw = Raw::tampering(&db).await;
        for table in TABLES {
            raw!(raw, format!("CREATE TABLE backup_{table} AS SELECT * FROM {table}")).unwrap();
        }
        let id = acme.id().uuid();
        Self { db, acme, id, raw }
    }

    /// What verification says now, after which everything is as it was.
    async fn found(&mut self) -> String {
        let found = self.db.verify().await.map(|_| ()).unwrap_err().to_string();
        for table in TABLES {
            raw!(self.raw, format!("DELETE FROM {table}")).unwrap();
            raw!(self.raw, format!("INSERT INTO {table} SELECT * FROM backup_{table}")).unwrap();
        }
        self.db.verify().await.expect("the log is as it was");
        found
    }

    /// The event at a leaf: id, hash, octets.
    async fn at(&mut self, leaf: i64) -> (Uuid, Vec<u8>, Vec<u8>) {
        let rows: Vec<(Uuid, Vec<u8>, Vec<u8>)> = raw_rows!(
            self.raw,
            "SELECT e.id, e.hash, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event WHERE l.tenant = $1 AND l.leaf_index = $2",
            self.id,
            leaf
        );
        let (id, hash, bytes) = rows.into_iter().next().unwrap();
        (id, hash, audit::unpacked(&bytes))
    }

    /// Alters one bit of an event's octets as they lie there.
    async fn damage(&mut self, leaf: i64, bit: usize) -> Uuid {
        let (id, ..) = self.at(leaf).await;
        let rows: Vec<(Vec<u8>,)> = raw_rows!(self.raw, "SELECT bytes FROM audit_event WHERE id = $1", id);
        let mut bytes = rows.into_iter().next().unwrap().0;
        assert_ne!(bytes[0], b'{', "they are packed");
        let bit = bit % (8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        raw!(self.raw, "UPDATE audit_event SET bytes = $1 WHERE id = $2", bytes, id).unwrap();
        id
    }

    async fn size(&mut self) -> i64 {
        let rows: Vec<(i64,)> = raw_rows!(self.raw, "SELECT size FROM audit_tree WHERE tenant = $1", self.id);
        rows[0].0
    }

    async fn sql(&mut self, sql: &str) {
        assert!(raw!(self.raw, sql, self.id).unwrap() > 0, "{sql}");
    }

    /// Rewrites an event and its hash, and what else of it the intruder thought of.
    async fn rewrite(&mut self, leaf: i64, also: &[&str], edit: impl FnOnce(&mut Value)) -> Uuid {
        let (id, _, bytes) = self.at(leaf).await;
        let mut event: Value = serde_json::from_slice(&bytes).unwrap();
        edit(&mut event);
        let bytes = canonical::to_bytes(&event).unwrap();
        let hash = leaf_hash(&bytes).0.to_vec();
        raw!(self.raw, "UPDATE audit_event SET bytes = $1, hash = $2 WHERE id = $3", bytes, hash.clone(), id)
            .unwrap();
        if also.contains(&"leaf") {
            raw!(self.raw, "UPDATE audit_leaf SET hash = $1 WHERE event = $2", hash.clone(), id).unwrap();
        }
        if also.contains(&"head") {
            let entity = Uuid::parse_str(event["entity"]["id"].as_str().unwrap()).unwrap();
            raw!(
                self.raw,
                "UPDATE audit_head SET hash = $1 WHERE entity_type = 'user' AND entity_id = $2",
                hash,
                entity
            )
            .unwrap();
        }
        id
    }
}

#[track_caller]
fn names(found: &str, parts: &[&str]) {
    for part in parts {
        assert!(found.contains(part), "{found:?} does not say {part:?}");
    }
}

both_databases! {
    async fn altered_events_are_named(db: Db) {
        let mut scene = Scene::set(db).await;
        let size = scene.size().await;
        let last = size - 1;
        for leaf in [0, 100, 255, 256, last] {
            let (id, _, mut bytes) = scene.at(leaf).await;
            let place = format!("event {id} at leaf {leaf}");
            let flipped = bytes.iter().rposition(|octet| *octet == b'8' || *octet == b'0').unwrap();
            bytes[flipped] ^= 1;
            raw!(scene.raw, "UPDATE audit_event SET bytes = $1 WHERE id = $2", bytes, id).unwrap();
            names(&scene.found().await, &["tenant acme", "stored bytes", &place]);

            // The format, how much stands beside the text, and what does.
            for bit in [0, 3, 12, 40, 8 * 100] {
                scene.damage(leaf, bit).await;
                names(&scene.found().await, &["tenant acme", &place]);
            }

            // With its own hash made to fit, the leaf's copy of it speaks.
            let id = scene.rewrite(leaf, &[], |event| event["outcome"] = json!("denied")).await;
            names(&scene.found().await, &["search row", &id.to_string(), &format!("leaf {leaf}")]);
        }
    }

    async fn auditor_is_given_altered_octets_beside_the_hash_in_the_tree(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let owner = acme.owner();
        let history = async || {
            let mut view = db.store.read(&owner.permit::<ReadAudit>().await).await.unwrap();
            audit::entity_history(&mut view, "user", owner.id().uuid(), None).await.unwrap()
        };
        let fits = |revision: &Revision| leaf_hash(revision.bytes.as_bytes()) == revision.hash;
        let written = history().await;
        assert!(!written.is_empty() && written.iter().all(fits));
        let mut bytes = written[0].bytes.clone().into_bytes();
        let flipped = bytes.iter().rposition(|octet| *octet == b'8' || *octet == b'0').unwrap();
        bytes[flipped] ^= 1;
        let mut raw = Raw::tampering(&db).await;
        raw!(raw, "UPDATE audit_event SET bytes = $1 WHERE id = $2", bytes, written[0].listed.event.uuid()).unwrap();
        let altered = history().await;
        assert!(!fits(&altered[0]) && altered[1..].iter().all(fits));
        assert_eq!(altered[0].hash, written[0].hash);
        // Nor is the record's own page lost when nothing of it can be read.
        let event = written[0].listed.event;
        raw!(raw, "UPDATE audit_event SET bytes = $1 WHERE id = $2", vec![0xff_u8, 0x00, 0xfe], event.uuid()).unwrap();
        let mut view = db.store.read(&owner.permit::<ReadAudit>().await).await.unwrap();
        let page = audit::event_page(&mut view, event).await.unwrap();
        assert_ne!(leaf_hash(page.bytes.as_bytes()), page.hash);
        assert_eq!(page.hash, written[0].hash);
    }

    async fn rewritten_history_breaks_a_chain_a_tile_or_a_signature(db: Db) {
        let mut scene = Scene::set(db).await;
        let last = scene.size().await - 1;
        // The newest event of its user: the head remembers it.
        let id = scene.rewrite(last, &["leaf"], |event| event["reason"] = json!("a better story")).await;
        names(&scene.found().await, &["the root that was signed"]);
        // The same before anything was signed over it: the head remembers.
        let permit = scene.acme.job();
        let user = scene.acme.owner().user;
        rename(&scene.db.store, &permit, &user, "Olive, unsigned".into()).await;
        scene.db.settle().await;
        for table in TABLES {
            raw!(scene.raw, format!("DROP TABLE backup_{table}")).unwrap();
            raw!(scene.raw, format!("CREATE TABLE backup_{table} AS SELECT * FROM {table}")).unwrap();
        }
        let newest = scene.rewrite(last + 1, &["leaf"], |event| event["reason"] = json!("a better story")).await;
        assert_ne!(newest, id);
        names(&scene.found().await, &["recorded head of user", "is not its last event", &newest.to_string()]);
        // With the head rewritten too, the stored edge of the tree remembers.
        scene.rewrite(last + 1, &["leaf", "head"], |event| event["reason"] = json!("a better story")).await;
        names(&scene.found().await, &["the stored tree", "is not the one"]);
        // Within a full tile the tile names the event, whatever else was rewritten.
        let id = scene.rewrite(40, &["leaf"], |event| event["reason"] = json!("a better story")).await;
        names(&scene.found().await, &["tenant acme", &format!("event {id} at leaf 40")]);
    }

    async fn missing_events_are_named(db: Db) {
        let mut scene = Scene::set(db).await;
        let last = scene.size().await - 1;
        for leaf in [0, 150, last] {
            let (id, ..) = scene.at(leaf).await;
            raw!(scene.raw, "DELETE FROM audit_event WHERE id = $1", id).unwrap();
            names(&scene.found().await, &["tenant acme", &format!("event {id} at leaf {leaf} is missing")]);
        }
        let (id, ..) = scene.at(150).await;
        let (next, ..) = scene.at(151).await;
        raw!(scene.raw, "DELETE FROM audit_event WHERE id = $1", id).unwrap();
        raw!(scene.raw, "DELETE FROM audit_leaf WHERE event = $1", id).unwrap();
        names(&scene.found().await, &["Leaf 150 is missing", &format!("event {next} at leaf 151")]);

        let (id, ..) = scene.at(last).await;
        raw!(scene.raw, "DELETE FROM audit_event WHERE id = $1", id).unwrap();
        raw!(scene.raw, "DELETE FROM audit_leaf WHERE event = $1", id).unwrap();
        names(&scene.found().await, &[&format!("signed at {} events", last + 1), &format!("holds only {last}"), &format!("leaf {last}")]);

        // The leaf alone: the event is there, and nothing accounts for it.
        raw!(scene.raw, "DELETE FROM audit_leaf WHERE event = $1", id).unwrap();
        names(&scene.found().await, &[&id.to_string()]);

        // Cut out and closed up again.
        let (id, ..) = scene.at(150).await;
        raw!(scene.raw, "DELETE FROM audit_event WHERE id = $1", id).unwrap();
        raw!(scene.raw, "DELETE FROM audit_leaf WHERE event = $1", id).unwrap();
        raw!(scene.raw, "UPDATE audit_leaf SET leaf_index = -leaf_index WHERE tenant = $1 AND leaf_index > 150", scene.id).unwrap();
        raw!(scene.raw, "UPDATE audit_leaf SET leaf_index = -leaf_index - 1 WHERE tenant = $1 AND leaf_index < 0", scene.id).unwrap();
        names(&scene.found().await, &["tenant acme", &format!("event {next} at leaf 150")]);
    }

    async fn swapped_and_planted_events_are_named(db: Db) {
        let mut scene = Scene::set(db).await;
        let (one, one_hash, one_bytes) = scene.at(50).await;
        let (other, other_hash, other_bytes) = scene.at(52).await;
        raw!(scene.raw, "UPDATE audit_event SET bytes = $1, hash = $2 WHERE id = $3", other_bytes, other_hash.clone(), one).unwrap();
        raw!(scene.raw, "UPDATE audit_event SET bytes = $1, hash = $2 WHERE id = $3", one_bytes, one_hash.clone(), other).unwrap();
        raw!(scene.raw, "UPDATE audit_leaf SET hash = $1 WHERE event = $2", other_hash.clone(), one).unwrap();
        raw!(scene.raw, "UPDATE audit_leaf SET hash = $1 WHERE event = $2", one_hash.clone(), other).unwrap();
        names(&scene.found().await, &[&format!("The row of event {one} at leaf 50 holds the bytes of event {other}")]);

        // The order of two events.
        raw!(scene.raw, "UPDATE audit_leaf SET leaf_index = -1 WHERE event = $1", one).unwrap();
        raw!(scene.raw, "UPDATE audit_leaf SET leaf_index = 50 WHERE event = $1", other).unwrap();
        raw!(scene.raw, "UPDATE audit_leaf SET leaf_index = 52 WHERE event = $1", one).unwrap();
        names(&scene.found().await, &["tenant acme", &format!("event {other} at leaf 50")]);

        // An event that nobody recorded, beside the log.
        let planted = Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0001);
        raw!(scene.raw, "INSERT INTO audit_event (tenant, id, hash, bytes) VALUES ($1, $2, $3, $4)", scene.id, planted, one_hash.clone(), b"{}".to_vec()).unwrap();
        names(&scene.found().await, &[&planted.to_string(), "do not belong together"]);

        // An event of another tenant in this one's log.
        let rows: Vec<(Uuid, Vec<u8>, Vec<u8>)> = raw_rows!(scene.raw, "SELECT id, hash, bytes FROM audit_event WHERE tenant <> $1 ORDER BY id LIMIT 1", scene.id);
        let (_, hash, bytes) = rows.into_iter().next().unwrap();
        raw!(scene.raw, "UPDATE audit_event SET bytes = $1, hash = $2 WHERE id = $3", bytes, hash, one).unwrap();
        names(&scene.found().await, &[&one.to_string(), "at leaf 50"]);
    }

    async fn altered_search_rows_are_named(db: Db) {
        let initech = db.tenant("initech").await;
        let auditor = initech.add(bailiwick_domain::role::Role::Auditor).await;
        let permit = initech.owner().permit::<DisableUser>().await;
        bailiwick_ops::users::disable(&db.store, &permit, auditor.id).await.unwrap();
        let initech = initech.id().uuid();
        let mut scene = Scene::set(db).await;
        let (id, ..) = scene.at(77).await;
        for edit in [
            "action = 'user.praised'",
            "outcome = 'failed'",
            "actor_kind = 'user'",
            "actor_id = tenant",
            "recorded_at = recorded_at + 1",
            "entity_type = 'policy'",
            "entity_id = tenant",
            "revision = revision + 1000",
        ] {
            scene.sql(&format!("UPDATE audit_leaf SET {edit} WHERE tenant = $1 AND leaf_index = 77")).await;
            names(&scene.found().await, &["search row", &format!("event {id} at leaf 77")]);
        }
        // The id itself: the row then leads to no event at all.
        scene.sql("UPDATE audit_leaf SET event = tenant WHERE tenant = $1 AND leaf_index = 77").await;
        let nobody = scene.id;
        names(&scene.found().await, &[&format!("event {nobody} at leaf 77 is missing")]);
        // And the other way round: a person who was there, taken away or replaced.
        let people: Vec<(i64, Uuid)> = raw_rows!(scene.raw, "SELECT leaf_index, event FROM audit_leaf WHERE tenant = $1 AND actor_id IS NOT NULL ORDER BY leaf_index LIMIT 1", initech);
        let (leaf, id) = people[0];
        for edit in ["actor_id = NULL", "actor_id = event", "actor_kind = 'system'", "outcome = 'OK'"] {
            raw!(scene.raw, format!("UPDATE audit_leaf SET {edit} WHERE tenant = $1 AND leaf_index = {leaf}"), initech).unwrap();
            names(&scene.found().await, &["tenant initech", "search row", &format!("event {id} at leaf {leaf}")]);
        }
    }

    async fn altered_heads_are_named(db: Db) {
        let mut scene = Scene::set(db).await;
        let user = scene.acme.owner().id();
        let rows: Vec<(Uuid,)> = raw_rows!(scene.raw, "SELECT event FROM audit_leaf WHERE entity_type = 'user' AND entity_id = $1 ORDER BY revision DESC LIMIT 1", user.uuid());
        let newest = rows[0].0.to_string();
        let entity = format!("user {user}");
        for (statement, said) in [
            ("UPDATE audit_head SET revision = revision + 1 WHERE entity_type = 'user' AND entity_id = $1", "is missing"),
            ("UPDATE audit_head SET revision = revision - 1 WHERE entity_type = 'user' AND entity_id = $1", newest.as_str()),
            ("DELETE FROM audit_head WHERE entity_type = 'user' AND entity_id = $1", newest.as_str()),
        ] {
            assert_eq!(raw!(scene.raw, statement, user.uuid()).unwrap(), 1);
            names(&scene.found().await, &[&entity, said]);
        }
        let other: Vec<(Vec<u8>,)> = raw_rows!(scene.raw, "SELECT hash FROM audit_head WHERE entity_type = 'policy' LIMIT 1");
        raw!(scene.raw, "UPDATE audit_head SET hash = $1 WHERE entity_type = 'user' AND entity_id = $2", other[0].0.clone(), user.uuid()).unwrap();
        names(&scene.found().await, &[&entity, &newest]);
        raw!(scene.raw, "INSERT INTO audit_head (tenant, entity_type, entity_id, revision, hash) SELECT tenant, 'user', tenant, 1, hash FROM audit_head WHERE entity_type = 'user' AND entity_id = $1", user.uuid()).unwrap();
        names(&scene.found().await, &["revision 1 of user", "is missing"]);
    }

    async fn altered_tree_and_checkpoints_are_named(db: Db) {
        let mut scene = Scene::set(db).await;
        let size = scene.size().await;
        scene.sql("DELETE FROM audit_tile WHERE tenant = $1").await;
        names(&scene.found().await, &["hash tile at level 0 number 0", "is missing"]);

        let (id, ..) = scene.at(9).await;
        let tiles: Vec<(Vec<u8>,)> = raw_rows!(scene.raw, "SELECT hashes FROM audit_tile WHERE tenant = $1", scene.id);
        let mut hashes = tiles[0].0.clone();
        hashes[9 * 32] ^= 1;
        raw!(scene.raw, "UPDATE audit_tile SET hashes = $1 WHERE tenant = $2", hashes, scene.id).unwrap();
        names(&scene.found().await, &["hash tile at level 0 number 0", &format!("event {id} at leaf 9")]);

        scene.sql("DELETE FROM audit_tree WHERE tenant = $1").await;
        names(&scene.found().await, &["tenant acme", "tree of the log is missing"]);
        scene.sql("UPDATE audit_tree SET size = size - 1 WHERE tenant = $1").await;
        // No server starts over it either.
        let refused = scene.db.signer().check().await.unwrap_err();
        assert!(matches!(refused, SignError::Altered { tenant, .. } if tenant == scene.acme.id()), "{refused}");
        names(&scene.found().await, &["the stored tree of", "is not the one"]);
        let edges: Vec<(Vec<u8>,)> = raw_rows!(scene.raw, "SELECT frontier FROM audit_tree WHERE tenant = $1", scene.id);
        let mut edge = edges[0].0.clone();
        *edge.last_mut().unwrap() ^= 1;
        raw!(scene.raw, "UPDATE audit_tree SET frontier = $1 WHERE tenant = $2", edge, scene.id).unwrap();
        names(&scene.found().await, &[&format!("the stored tree of {size} events"), "is not the one"]);

        scene.sql(&format!("UPDATE audit_checkpoint SET note = replace(note, 'bailiwick.test', 'bailiwick.evil') WHERE tenant = $1 AND size = {size}")).await;
        names(&scene.found().await, &[&format!("published at {size} events is refused")]);
        scene.sql(&format!("DELETE FROM audit_checkpoint WHERE tenant = $1 AND size = {size}")).await;
        // The one outside still vouches for everything.
        scene.db.verify().await.unwrap();
    }

    async fn checkpoint_outside_that_was_altered_is_refused(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let path = db.outside().folder().join(format!("{}.checkpoint", acme.id()));
        let note = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = note.lines().collect();
        let smaller = note.replacen(lines[1], "1", 1);
        for altered in [smaller.as_str(), "", "not a checkpoint\n"] {
            std::fs::write(&path, altered).unwrap();
            let said = db.verify().await.map(|_| ()).unwrap_err().to_string();
            names(&said, &[&acme.id().to_string(), "is refused"]);
            let said = db.signer().check().await.unwrap_err().to_string();
            names(&said, &[&acme.id().to_string(), "is refused"]);
        }
        std::fs::write(&path, note).unwrap();
        db.verify().await.unwrap();
    }

    async fn checkpoint_that_was_taken_away_or_set_back_is_missed(db: Db) {
        let acme = db.tenant("acme").await;
        db.settle().await;
        let fresh = db.verify().await.unwrap();
        assert_eq!(fresh[0].signed, None, "a log that was never signed has nothing to lose");
        db.sign().await;
        let path = db.outside().folder().join(format!("{}.checkpoint", acme.id()));
        let older = std::fs::read(&path).unwrap();
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        db.sign().await;
        let newest = std::fs::read(&path).unwrap();
        let signed = db.verify().await.unwrap()[0].signed.unwrap();
        let lost = async |outside: u64| {
            let error = db.verify().await.map(|_| ()).unwrap_err();
            let VerifyError::Sign(SignError::Lost { tenant, signed: known, outside: found }) = &error else { panic!("{error}") };
            assert_eq!((*tenant, *known, *found), (acme.id(), signed, outside));
            names(&error.to_string(), &[&acme.id().to_string(), "missing or too old"]);
        };
        std::fs::write(&path, &older).unwrap();
        lost(signed - 1).await;
        std::fs::remove_file(&path).unwrap();
        lost(0).await;
        // What the database remembers in one place it cannot be made to forget in the other.
        let mut raw = Raw::tampering(&db).await;
        raw!(raw, "UPDATE audit_tree SET signed = 0 WHERE tenant = $1", acme.id().uuid()).unwrap();
        lost(0).await;
        // A server that runs on puts no new checkpoint in the place of the lost one.
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive, later".into()).await;
        db.settle().await;
        let error = db.signer().run().await.unwrap_err();
        assert!(matches!(error, SignError::Lost { tenant, .. } if tenant == acme.id()), "{error}");
        assert!(!path.exists());
        std::fs::write(&path, &newest).unwrap();
        assert_eq!(db.signer().run().await.unwrap(), 1);
        db.verify().await.unwrap();
    }

    async fn chain_that_is_longer_than_what_is_read_at_once_is_followed_to_its_end(db: Db) {
        const REVISIONS: i64 = 2100;
        let acme = db.tenant("acme").await;
        let user = acme.owner().user;
        db.store
            .change(&acme.job(), async |tx| {
                for n in 0..REVISIONS {
                    let before = users::lock(tx, user.id).await?;
                    let after = User { name: format!("Olive {n}"), ..before.clone() };
                    let written = users::replace(tx, before, after).await?;
                    tx.also(Event::new("user.renamed", &written)?);
                }
                let before = users::lock(tx, user.id).await?;
                let after = User { name: "Olive".into(), ..before.clone() };
                let written = users::replace(tx, before, after).await?;
                let event = Event::new("user.renamed", &written)?;
                Ok::<_, Error>(tx.record(event, ()))
            })
            .await
            .unwrap();
        // On PostgreSQL all of them wait for their places.
        let verified = db.verify().await.unwrap()[0].verified;
        assert!(verified.events > REVISIONS.unsigned_abs(), "{verified:?}");
        assert_eq!(verified.waiting > 2048, db.kind() == DatabaseKind::Postgres);
        let mut raw = Raw::tampering(&db).await;
        for settled in [false, true] {
            if settled {
                db.settle().await;
                db.verify().await.unwrap();
            }
            raw!(raw, "UPDATE audit_head SET revision = revision + 1 WHERE entity_type = 'user' AND entity_id = $1", user.id.uuid()).unwrap();
            let found = db.verify().await.map(|_| ()).unwrap_err().to_string();
            names(&found, &[&format!("revision {} of user {}", REVISIONS + 3, user.id), "is missing"]);
            raw!(raw, "UPDATE audit_head SET revision = revision - 1 WHERE entity_type = 'user' AND entity_id = $1", user.id.uuid()).unwrap();
        }
    }

    async fn tenant_that_vanished_with_its_log_is_named(db: Db) {
        let mut scene = Scene::set(db).await;
        let id = scene.id;
        for table in TABLES {
            let column = if table == "tenant" { "id" } else { "tenant" };
            raw!(scene.raw, format!("DELETE FROM {table} WHERE {column} = $1"), id).unwrap();
        }
        let size = scene.raw.number("SELECT count(*) FROM backup_audit_leaf").await;
        assert!(size > EVENTS);
        let said = scene.db.signer().check().await.unwrap_err().to_string();
        names(&said, &[&id.to_string(), "rolled back", "holds 0"]);
        names(&scene.found().await, &[&id.to_string(), "rolled back", "holds 0"]);
    }
}

// On SQLite nothing waits.
postgres_only! {
    async fn event_that_waits_for_its_place_is_watched_too(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive, waiting".into()).await;
        let verified = db.verify().await.unwrap();
        assert_eq!(verified.iter().map(|report| report.verified.waiting).sum::<u64>(), 1);
        let mut raw = Raw::tampering(&db).await;
        let rows: Vec<(Uuid,)> = raw_rows!(raw, "SELECT event FROM audit_pending");
        let id = rows[0].0;
        raw!(raw, "DELETE FROM audit_pending").unwrap();
        names(&db.verify().await.map(|_| ()).unwrap_err().to_string(), &[&id.to_string()]);
        raw!(raw, "INSERT INTO audit_pending (tenant, event, recorded_at) SELECT tenant, id, 0 FROM audit_event WHERE id = $1", id).unwrap();
        names(&db.verify().await.map(|_| ()).unwrap_err().to_string(), &[&id.to_string(), "do not belong together"]);
        raw!(raw, "UPDATE audit_pending SET recorded_at = $1 WHERE event = $2", db.store.now().micros(), id).unwrap();
        db.verify().await.unwrap();
        raw!(raw, "UPDATE audit_head SET revision = revision + 1 WHERE entity_type = 'user' AND entity_id = $1", acme.owner().id().uuid()).unwrap();
        names(&db.verify().await.map(|_| ()).unwrap_err().to_string(), &[&format!("user {}", acme.owner().id()), "is missing"]);
        raw!(raw, "UPDATE audit_head SET revision = revision - 1 WHERE entity_type = 'user' AND entity_id = $1", acme.owner().id().uuid()).unwrap();
        raw!(raw, "UPDATE audit_event SET bytes = bytes || '\\x20' WHERE id = $1", id).unwrap();
        names(&db.verify().await.map(|_| ()).unwrap_err().to_string(), &[&format!("event {id} (without a leaf yet)")]);
    }
}
