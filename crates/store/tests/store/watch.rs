//! What is learnt of people goes with them, and each record is looked at once.

use bailiwick_domain::{
    habit::{Habit, Thresholds},
    role::Role,
    rule::DeleteUser,
};
use bailiwick_ops::{audit::anomalies::Watch, deletion};
use bailiwick_store::{
    DatabaseKind,
    audit::{self, Watched},
};
use bailiwick_testkit::{Db, both_databases};
use uuid::Uuid;

use crate::{raw, raw_rows, support::raw::Raw};

async fn look(db: &Db) -> usize {
    db.settle().await;
    Watch::new(db.store.clone(), db.jobs(), Thresholds::default(), None).round().await.unwrap()
}

both_databases! {
    async fn what_was_learnt_of_somebody_goes_with_them(db: Db) {
        let acme = db.tenant("acme").await;
        assert_eq!(look(&db).await, 0);
        let member = acme.user(Role::Auditor).await;
        assert_eq!(look(&db).await, 0, "the first day of somebody raises nothing");
        let mut raw = Raw::superuser(&db).await;
        raw!(raw, "INSERT INTO audit_habit (tenant, actor, user_id, habit) VALUES ($1, $2, $3, '{}')", acme.id().uuid(), Uuid::from_u128(7), member.id().uuid()).unwrap();
        raw!(
            raw,
            "INSERT INTO audit_anomaly (tenant, id, kind, actor, user_id, what, leaf, query, at) VALUES ($1, $2, 'place', $3, $3, 'AU', 1, '/audit', 1)",
            acme.id().uuid(),
            Uuid::from_u128(8),
            member.id().uuid()
        )
        .unwrap();
        let permit = acme.owner().permit::<DeleteUser>().await;
        let id = member.id();
        acme.owner().confirmed(async |answer| deletion::delete(&db.store, &permit, id, answer).await).await.unwrap();
        for table in ["audit_habit", "audit_anomaly"] {
            let left: Vec<(Uuid,)> = raw_rows!(raw, format!("SELECT user_id FROM {table} WHERE user_id = $1"), id.uuid());
            assert!(left.is_empty(), "{table}");
        }
        // Their records are still there; nothing of them is learnt again.
        look(&db).await;
        let left: Vec<(Uuid,)> = raw_rows!(raw, "SELECT user_id FROM audit_habit WHERE user_id = $1", id.uuid());
        assert!(left.is_empty());
    }

    async fn of_the_products_actors_those_not_seen_for_longest_give_way(db: Db) {
        let acme = db.tenant("acme").await;
        let (tenant, owner) = (acme.id().uuid(), acme.owner().id());
        let mut raw = Raw::superuser(&db).await;
        let fill = match db.kind() {
            DatabaseKind::Sqlite => {
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
                 INSERT INTO audit_habit (tenant, actor, user_id, habit)
                 SELECT $1, unhex('00000000000080008000' || printf('%012x', n)), $2, '{\"window\":{\"from\":\"' || printf('%05d', n) || '\"}}' FROM n"
            }
            DatabaseKind::Postgres => {
                "INSERT INTO audit_habit (tenant, actor, user_id, habit)
                 SELECT $1, ('00000000-0000-8000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $2, '{\"window\":{\"from\":\"' || lpad(n::text, 5, '0') || '\"}}'
                 FROM generate_series(1, 10000) AS n"
            }
        };
        raw!(raw, fill, tenant, owner.uuid()).unwrap();
        let batch = audit::watched(&mut db.store.read(&acme.job()).await.unwrap(), false).await.unwrap();
        let at = db.store.now();
        let learnt = [audit::id_of("product", "u-17").unwrap(), owner.uuid()]
            .map(|actor| Watched { actor, user: owner, habit: Habit::new(at) });
        audit::pass(&db.store, &acme.job(), &batch, &learnt).await.unwrap();
        let left: Vec<(Uuid,)> = raw_rows!(raw, "SELECT actor FROM audit_habit WHERE tenant = $1", tenant);
        assert_eq!(left.len(), 10_000 - 1_000 + 2);
        assert!(!left.contains(&(Uuid::from_u128(0x8000_8000_0000_0000_03e8),)) && left.contains(&(Uuid::from_u128(0x8000_8000_0000_0000_03e9),)));
        assert!(learnt.iter().all(|new| left.contains(&(new.actor,))));
    }

    async fn two_servers_that_look_at_the_same_records_take_them_in_once(db: Db) {
        let acme = db.tenant("acme").await;
        look(&db).await;
        acme.user(Role::Auditor).await;
        db.settle().await;
        let (permit, other) = (acme.job(), acme.job());
        let batch = audit::watched(&mut db.store.read(&permit).await.unwrap(), false).await.unwrap();
        assert!(batch.from.is_some_and(|from| from < batch.next));
        audit::pass(&db.store, &permit, &batch, &[]).await.unwrap();
        audit::pass(&db.store, &other, &batch, &[]).await.unwrap();
        let next = batch.next;
        let after = audit::watched(&mut db.store.read(&permit).await.unwrap(), false).await.unwrap();
        assert_eq!(after.from, Some(next));
        // From where it is not any more, the cursor moves nowhere.
        let older = audit::Batch { next: 0, ..batch };
        audit::pass(&db.store, &permit, &older, &[]).await.unwrap();
        let after = audit::watched(&mut db.store.read(&permit).await.unwrap(), false).await.unwrap();
        assert_eq!(after.from, Some(next));
    }
}
