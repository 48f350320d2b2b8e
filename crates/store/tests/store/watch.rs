//! What is learnt of people goes with them, and each record is looked at once.

use bailiwick_domain::{habit::Thresholds, role::Role, rule::DeleteUser};
use bailiwick_ops::{audit::anomalies::Watch, deletion};
use bailiwick_store::audit;
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
