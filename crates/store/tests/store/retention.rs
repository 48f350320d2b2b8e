//! Records whose time is over go once they are archived and unheld, and the log stays whole.

use std::sync::Arc;

use bailiwick_domain::{
    ids::{AuditHoldId, EventId},
    role::Role,
    rule::{ChangeRetention, LiftHold, PlaceHold, RecordEvents},
    time::{Span, Timestamp},
};
use bailiwick_ops::audit::{
    alarms::Watch,
    hold::{self, NewHold},
    ingest::{Ask, record},
    retention::{self as operations, Retention},
};
use bailiwick_proof::{
    Hash,
    checkpoint::Checkpoint,
    leaf_hash,
    tree::{Frontier, verify_inclusion},
};
use bailiwick_store::{
    DatabaseKind, View,
    audit::{
        self, Place, Sought, VerifyError,
        archive::{self, Segment},
        log,
        retention::{self, Look},
    },
};
use bailiwick_testkit::{Db, Tenant, both_databases, cancel_after, postgres_only};
use serde_json::json;
use uuid::Uuid;

use crate::{raw, raw_rows, support::raw::Raw};

/// Events of each of two classes: together more than two blocks of leaves.
const EACH: usize = 600;
const KEPT: i64 = 90;

async fn view(db: &Db, tenant: &Tenant) -> View {
    db.store.read(&tenant.job()).await.unwrap()
}

/// Records of the product, of the classes `app.plan` and `app.claim` in turn, signed.
async fn aged(db: &Db) -> Tenant {
    let acme = db.tenant("acme").await;
    for part in 0..2 {
        let event = |n: usize| {
            let noun = if n.is_multiple_of(2) { "plan" } else { "claim" };
            json!({
                "key": format!("{part}-{n}"), "action": format!("app.{noun}.changed"), "reason": "Wombat.",
                "entity": {"type": format!("app.{noun}"), "id": format!("N-{}", n % 5)}, "after": {"note": format!("note {n}")}
            })
        };
        let body = json!((0..EACH).map(event).collect::<Vec<_>>()).to_string().into_bytes();
        let permit = acme.owner().permit::<RecordEvents>().await;
        record(&db.store, permit, Arc::from(body), Ask { whole: true, included: false }).await.unwrap();
    }
    db.sign().await;
    acme
}

async fn keep(tenant: &Tenant, class: &str) {
    let owner = tenant.owner();
    let permit = owner.permit::<ChangeRetention>().await;
    let store = &tenant.db.store;
    let set = owner.confirmed(async |answer| {
        operations::set(store, &permit, class, Some(KEPT), "Policy 7", answer).await
    });
    set.await.unwrap();
}

async fn hold_claims(tenant: &Tenant) -> AuditHoldId {
    let (owner, id) = (tenant.owner(), tenant.db.store.new_id::<AuditHoldId>());
    let permit = owner.permit::<PlaceHold>().await;
    let new = NewHold {
        id: id.to_string(),
        scope: "range".into(),
        action: "app.claim".into(),
        reason: "Matter 12".into(),
        ..NewHold::default()
    };
    owner
        .confirmed(async |answer| hold::place(&tenant.db.store, &permit, &new, answer).await)
        .await
        .unwrap()
        .id
}

/// Notes one segment up to what is signed, of which no file lies anywhere.
async fn archive(db: &Db, tenant: &Tenant) -> Segment {
    let permit = tenant.job();
    let due = archive::due(&mut db.store.read(&permit).await.unwrap()).await.unwrap().unwrap();
    let mut edge = Frontier::new();
    (0..due.size).for_each(|_| edge.push(Hash([7; 32])));
    let segment = Segment {
        first: due.first,
        size: due.size,
        octets: 1,
        digest: Hash([7; 32]),
        written_at: db.store.now(),
    };
    archive::note_segment(&db.store, &permit, &segment, &edge).await.unwrap();
    segment
}

async fn looked(db: &Db, tenant: &Tenant) -> Look {
    let mut view = view(db, tenant).await;
    let days = retention::days(&mut view).await.unwrap();
    retention::look(&mut view, &days, 0, i64::MAX).await.unwrap()
}

/// Takes what is due; says how many records went.
async fn take(db: &Db, tenant: &Tenant) -> i64 {
    let retention = Retention::new(db.store.clone(), db.jobs());
    let (segments, next) = retention.due(tenant.id(), 0).await.unwrap();
    assert_eq!(next, None);
    let mut taken = 0;
    for segment in segments {
        taken += retention.take(tenant.id(), segment).await.unwrap();
    }
    db.sign().await;
    taken
}

async fn number(raw: &mut Raw, table: &str, tenant: &Tenant) -> i64 {
    let found: Vec<(i64,)> =
        raw_rows!(*raw, format!("SELECT count(*) FROM {table} WHERE tenant = $1"), tenant.id().uuid());
    found[0].0
}

async fn counted(db: &Db, tenant: &Tenant, sought: Sought) -> i64 {
    audit::tally(&mut view(db, tenant).await, &sought).await.unwrap().count
}

fn action(name: &str) -> Sought {
    Sought::default().action(name)
}

both_databases! {
    async fn only_what_is_archived_and_unheld_goes_and_the_log_still_verifies(db: Db) {
        let acme = aged(&db).await;
        keep(&acme, "app").await;
        let held = hold_claims(&acme).await;
        db.sign().await;
        let mut raw = Raw::superuser(&db).await;
        let before = number(&mut raw, "audit_event", &acme).await;
        assert!(looked(&db, &acme).await.classes.is_empty(), "nothing is old enough");
        db.clock.advance(Span::days(KEPT));
        let look = looked(&db, &acme).await;
        let all = i64::try_from(2 * EACH).unwrap();
        assert_eq!((look.classes["app"].due, look.classes["app"].not_archived), (0, all / 2), "{look:?}");
        assert_eq!(take(&db, &acme).await, 0, "nothing is archived");

        let segment = archive(&db, &acme).await;
        let look = looked(&db, &acme).await;
        let class = &look.classes["app"];
        // What lies in the open block stays until it is full.
        assert!(class.due > 400 && class.held == all / 2 && class.due + class.held + class.open_block == all, "{look:?}");
        assert!(class.open_block > 0 && class.not_archived == 0, "the archive holds it: {look:?}");
        assert_eq!((look.segments.len(), look.segments[0].size, look.segments[0].due), (1, segment.size, class.due));
        assert_eq!(look.holds.get(&held), Some(&(all / 2)));
        assert_eq!(number(&mut raw, "audit_event", &acme).await, before, "nothing goes by looking");

        let plans = counted(&db, &acme, action("app.plan.changed")).await;
        let (due, everything) = (class.due, counted(&db, &acme, Sought::default()).await);
        assert_eq!(take(&db, &acme).await, due);
        assert_eq!(take(&db, &acme).await, 0, "what went is gone");
        assert_eq!(number(&mut raw, "audit_retired", &acme).await, due);
        assert_eq!(counted(&db, &acme, action("app.plan.changed")).await, plans - due);
        assert_eq!(counted(&db, &acme, action("app.claim.changed")).await, all / 2, "what is held stays");
        // Its own record came, and nothing else.
        let now = counted(&db, &acme, Sought::default()).await;
        assert_eq!(now, everything - due + 1);
        let page = audit::search(&mut view(&db, &acme).await, &Sought::default(), Place::Before(segment.size)).await.unwrap();
        assert!(page.items.len() == 50 && page.items.iter().all(|one| one.action != "app.plan.changed" || one.leaf_index.unwrap() >= segment.size / 512 * 512));
        let reports = db.verify().await.unwrap();
        assert_eq!(i64::try_from(reports[0].verified.retired).unwrap(), due);
        let (there, left) = (number(&mut raw, "audit_leaf", &acme).await, number(&mut raw, "audit_retired", &acme).await);
        assert_eq!(u64::try_from(there + left).unwrap(), reports[0].verified.size);
        // No alarm takes what went for what is missing.
        db.platform().await;
        db.sign().await;
        assert_eq!(Watch::new(db.store.clone(), db.jobs(), false).round().await.unwrap(), 0);

        // The hold is lifted: the rest may go.
        let owner = acme.user(Role::TenantOwner).await;
        let permit = owner.permit::<LiftHold>().await;
        owner.confirmed(async |answer| hold::lift(&db.store, &permit, held, "Settled.", answer).await).await.unwrap();
        let rest = take(&db, &acme).await;
        assert!(rest > 400, "{rest}");
        assert_eq!(counted(&db, &acme, action("app.claim.changed")).await, all / 2 - rest);
        assert_eq!(i64::try_from(db.verify().await.unwrap()[0].verified.retired).unwrap(), due + rest);
    }

    async fn receipt_that_was_handed_out_before_still_proves_its_record(db: Db) {
        let acme = aged(&db).await;
        keep(&acme, "app").await;
        let found = audit::search(&mut view(&db, &acme).await, &action("app.plan.changed"), Place::Before(400)).await.unwrap();
        let one = found.items[0].clone();
        let receipt = log::receipt(&mut view(&db, &acme).await, one.event).await.unwrap().unwrap();
        let octets = receipt.extra.clone().unwrap();
        db.clock.advance(Span::days(KEPT));
        db.sign().await;
        archive(&db, &acme).await;
        assert!(take(&db, &acme).await > 400);
        let log_name = db.signer().notary().log_name(acme.id());
        let key = db.signer().verifier().clone();
        let signed = Checkpoint::open(receipt.note.to_string().as_bytes(), &log_name, &[key]).unwrap();
        verify_inclusion(&leaf_hash(&octets), receipt.index, signed.size, &receipt.path, &signed.root).unwrap();
        // The server still proves where it lay, in every tree that there was, and says what is left of it.
        let mut view = view(&db, &acme).await;
        let leaf = log::leaf_of_event(&mut view, one.event).await.unwrap().unwrap();
        assert_eq!((leaf.index.unsigned_abs(), leaf.hash), (receipt.index, leaf_hash(&octets)));
        for size in [leaf.index + 1, leaf.index + 100, i64::try_from(signed.size).unwrap()] {
            let proof = log::inclusion(&mut view, leaf, size).await.unwrap();
            verify_inclusion(&leaf.hash, receipt.index, size.unsigned_abs(), &proof.path, &proof.root).unwrap();
        }
        let stub = retention::stub(&mut view, one.event).await.unwrap().unwrap();
        assert_eq!((stub.leaf_index, stub.hash, stub.entity_type.as_str()), (leaf.index, leaf.hash, "app.plan"));
        assert_eq!(retention::stub(&mut view, EventId::from(Uuid::nil())).await.unwrap(), None);
    }

    async fn forged_stub_is_noticed(db: Db) {
        let acme = aged(&db).await;
        keep(&acme, "app.plan").await;
        db.clock.advance(Span::days(KEPT));
        db.sign().await;
        archive(&db, &acme).await;
        assert!(take(&db, &acme).await > 400);
        db.verify().await.unwrap();
        let mut raw = Raw::tampering(&db).await;
        let stubs: Vec<(i64, Vec<u8>, Option<Vec<u8>>)> =
            raw_rows!(raw, "SELECT leaf_index, hash, prev FROM audit_retired WHERE tenant = $1 AND prev IS NOT NULL ORDER BY leaf_index LIMIT 1", acme.id().uuid());
        let (leaf, hash, prev) = stubs[0].clone();
        let tenant = acme.id().uuid();
        let wrong = async || db.verify().await.map(|_| ()).unwrap_err();

        raw!(raw, "UPDATE audit_retired SET hash = $3 WHERE tenant = $1 AND leaf_index = $2", tenant, leaf, vec![1_u8; 32]).unwrap();
        assert!(matches!(wrong().await, VerifyError::Finding { .. }), "{}", wrong().await);
        raw!(raw, "UPDATE audit_retired SET hash = $3, prev = $4 WHERE tenant = $1 AND leaf_index = $2", tenant, leaf, hash, vec![1_u8; 32]).unwrap();
        assert!(matches!(wrong().await, VerifyError::Retired { .. }), "{}", wrong().await);
        raw!(raw, "UPDATE audit_retired SET prev = $3 WHERE tenant = $1 AND leaf_index = $2", tenant, leaf, prev).unwrap();
        db.verify().await.unwrap();

        // A record that somebody takes away by hand, and lets look as if the retention had.
        let claims: Vec<(i64, Uuid, Vec<u8>, Uuid, i64)> = raw_rows!(
            raw,
            "SELECT leaf_index, event, hash, entity_id, revision FROM audit_leaf WHERE tenant = $1 AND action = 'app.claim.changed' AND revision = 1 ORDER BY leaf_index LIMIT 1",
            tenant
        );
        let (leaf, event, hash, entity, revision) = claims[0].clone();
        let taking: Vec<(i64, Uuid)> = raw_rows!(raw, "SELECT segment, id FROM audit_retirement WHERE tenant = $1 LIMIT 1", tenant);
        raw!(
            raw,
            "INSERT INTO audit_retired (tenant, leaf_index, event, hash, entity_type, entity_id, revision, prev, segment, retirement)
             VALUES ($1, $2, $3, $4, 'app.claim', $5, $6, NULL, $7, $8)",
            tenant, leaf, event, hash, entity, revision, taking[0].0, taking[0].1
        )
        .unwrap();
        assert!(matches!(wrong().await, VerifyError::Retired { .. }), "beside the record: {}", wrong().await);
        raw!(raw, "DELETE FROM audit_event WHERE tenant = $1 AND id = $2", tenant, event).unwrap();
        raw!(raw, "DELETE FROM audit_leaf WHERE tenant = $1 AND event = $2", tenant, event).unwrap();
        let VerifyError::Retired { why, .. } = wrong().await else { panic!("{}", wrong().await) };
        assert!(why.contains("something else"), "{why}");
    }

    async fn server_that_is_gone_in_the_middle_leaves_a_log_that_is_whole(db: Db) {
        let acme = aged(&db).await;
        keep(&acme, "app").await;
        db.clock.advance(Span::days(KEPT));
        db.sign().await;
        archive(&db, &acme).await;
        let retention = Retention::new(db.store.clone(), db.jobs());
        let mut ended = false;
        for polls in (1..240).step_by(4) {
            let (segments, _) = retention.due(acme.id(), 0).await.unwrap();
            let Some(segment) = segments.first().copied() else {
                ended = true;
                break;
            };
            drop(cancel_after(polls, retention.take(acme.id(), segment)).await);
            db.sign().await;
            let mut raw = Raw::superuser(&db).await;
            // Of every record either all is there, or what is left of it.
            let torn: Vec<(i64,)> = raw_rows!(
                raw,
                "SELECT (SELECT count(*) FROM audit_retired r JOIN audit_leaf l ON l.tenant = r.tenant AND l.leaf_index = r.leaf_index)
                      + (SELECT count(*) FROM audit_leaf l WHERE NOT EXISTS (SELECT 1 FROM audit_event e WHERE e.tenant = l.tenant AND e.id = l.event))"
            );
            assert_eq!(torn[0].0, 0, "after {polls} steps");
        }
        db.verify().await.unwrap();
        assert!(ended || take(&db, &acme).await > 0);
        db.verify().await.unwrap();
    }

    async fn database_lets_nothing_go_by_itself(db: Db) {
        let acme = aged(&db).await;
        let held = hold_claims(&acme).await;
        keep(&acme, "app").await;
        db.clock.advance(Span::days(KEPT));
        db.sign().await;
        let tenant = acme.id().uuid();
        let mut raw = Raw::superuser(&db).await;
        let stub = "INSERT INTO audit_retired (tenant, leaf_index, event, hash, entity_type, entity_id, revision, segment, retirement)
                    SELECT l.tenant, l.leaf_index, l.event, l.hash, l.entity_type, l.entity_id, l.revision, $2, $3
                    FROM audit_leaf l WHERE l.tenant = $1 AND l.action = $4";
        // Not before it is archived, nor in a segment that there is not.
        let error = raw!(raw, stub, tenant, 600_i64, Uuid::nil(), "app.plan.changed").unwrap_err().to_string();
        assert!(error.contains("only what is archived"), "{error}");
        let segment = archive(&db, &acme).await;
        assert!(take(&db, &acme).await > 400);
        let taking: Vec<(Uuid,)> = raw_rows!(raw, "SELECT id FROM audit_retirement WHERE tenant = $1 LIMIT 1", tenant);
        let error = raw!(raw, stub, tenant, segment.size, taking[0].0, "app.claim.changed").unwrap_err().to_string();
        assert!(error.contains("kept by no hold"), "{held}: {error}");
        for statement in [
            "DELETE FROM audit_event", "DELETE FROM audit_leaf", "DELETE FROM audit_retired", "DELETE FROM audit_retirement",
            "UPDATE audit_retired SET hash = hash", "UPDATE audit_retirement SET records = 0",
        ] {
            let error = raw!(raw, statement).unwrap_err().to_string();
            assert!(error.contains("is append-only"), "{statement}: {error}");
        }
        if raw.kind() == DatabaseKind::Postgres {
            assert!(raw!(raw, "TRUNCATE audit_retired CASCADE").is_err());
        }
        db.verify().await.unwrap();
    }
}

both_databases! {
    async fn young_record_goes_for_nobody_whatever_is_said_of_it(db: Db) {
        let mut raw = Raw::superuser(&db).await;
        let now = raw.number(match db.kind() {
            DatabaseKind::Sqlite => "SELECT unixepoch()",
            DatabaseKind::Postgres => "SELECT extract(epoch FROM now())::bigint",
        });
        // By the clock of the database what is recorded here is recorded today.
        db.clock.set(Timestamp::from_micros(now.await * 1_000_000));
        let acme = aged(&db).await;
        db.clock.advance(Span::hours(2));
        archive(&db, &acme).await;
        let tenant = acme.id().uuid();
        let segments: Vec<(i64,)> = raw_rows!(raw, "SELECT size FROM audit_segment WHERE tenant = $1", tenant);
        raw!(
            raw,
            "INSERT INTO audit_retirement (tenant, id, segment, first_leaf, last_leaf, records, classes, digest, retired_at) VALUES ($1, $1, $2, 0, 1, 1, '{}', '', 0)",
            tenant, segments[0].0
        )
        .unwrap();
        let error = raw!(
            raw,
            "INSERT INTO audit_retired (tenant, leaf_index, event, hash, entity_type, entity_id, revision, segment, retirement)
             SELECT l.tenant, l.leaf_index, l.event, l.hash, l.entity_type, l.entity_id, l.revision, $2, l.tenant
             FROM audit_leaf l WHERE l.tenant = $1 AND l.action = 'app.plan.changed'",
            tenant, segments[0].0
        )
        .unwrap_err()
        .to_string();
        assert!(error.contains("ninety days old"), "{error}");
        db.verify().await.unwrap();
    }
}

// A file has no roles.
postgres_only! {
    async fn service_cannot_delete_an_event_directly(db: Db) {
        let acme = aged(&db).await;
        let mut service = Raw::service(&db).await;
        let tenant = acme.id();
        raw!(service, format!("SELECT set_config('bailiwick.tenant', '{tenant}', false)")).unwrap();
        for statement in [
            "DELETE FROM audit_event", "DELETE FROM audit_leaf", "DELETE FROM audit_posting", "DELETE FROM audit_retired",
            "UPDATE audit_retired SET hash = hash", "TRUNCATE audit_retired", "UPDATE audit_retirement SET records = 0",
            "ALTER TABLE audit_retired DISABLE TRIGGER ALL",
            "CREATE OR REPLACE FUNCTION bailiwick_take(leaves bigint[]) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
            "CREATE OR REPLACE VIEW audit_held AS SELECT 1 AS one",
        ] {
            let error = raw!(service, statement).unwrap_err();
            let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
            assert_eq!(code, "42501", "{statement}: {error}");
        }
        // What runs as the owner takes nothing of which no stub stands, and no set of leaves in which nothing was taken.
        raw!(service, "SELECT bailiwick_take(ARRAY[0, 1, 2]::bigint[])").unwrap();
        let sets: Vec<(Vec<u8>, i64)> = raw_rows!(service, "SELECT term, block FROM audit_posting LIMIT 1");
        let error = raw!(service, "SELECT bailiwick_unlist(ARRAY[$1], ARRAY[$2])", sets[0].0.clone(), sets[0].1).unwrap_err();
        assert!(error.to_string().contains("audit_posting is append-only"), "{error}");
        db.verify().await.unwrap();
    }
}
