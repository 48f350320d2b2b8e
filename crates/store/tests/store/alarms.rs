//! Alarms about the keeping of the logs, where only SQL past the store brings their causes about.

use bailiwick_domain::{
    entity::{AlarmKind, Severity},
    role::Role,
    time::Span,
};
use bailiwick_ops::audit::alarms::{UNSEQUENCED, Watch};
use bailiwick_store::{audit::alarms, security_events};
use bailiwick_testkit::{Db, Tenant, both_databases, postgres_only};

use crate::{raw, support::raw::Raw};

async fn standing(db: &Db, platform: &Tenant) -> Vec<AlarmKind> {
    let mut view = db.store.read(&platform.job()).await.unwrap();
    alarms::standing(&mut view).await.unwrap().into_iter().map(|alarm| alarm.kind).collect()
}

both_databases! {
    async fn leaf_that_is_missing_raises_an_alarm_that_names_its_organisation(db: Db) {
        let (platform, acme) = (db.platform().await, db.tenant("acme").await);
        db.sign().await;
        let mut watch = Watch::new(db.store.clone(), db.jobs(), false);
        assert_eq!(watch.round().await.unwrap(), 0);
        let mut raw = Raw::tampering(&db).await;
        raw!(raw, "DELETE FROM audit_leaf WHERE tenant = $1 AND leaf_index = 2", acme.id().uuid()).unwrap();
        assert_eq!((watch.round().await.unwrap(), watch.round().await.unwrap()), (1, 0), "it is raised once");
        assert_eq!(standing(&db, &platform).await, [AlarmKind::Gap]);
        let mut view = db.store.read(&platform.job()).await.unwrap();
        let raised = security_events::list(&mut view, None, 50).await.unwrap().items;
        let alarm = raised.iter().find(|event| event.kind == "audit_alarm.raised").unwrap();
        assert!(alarm.severity == Severity::High && alarm.detail.contains(&acme.id().to_string()), "{}", alarm.detail);
    }
}

// On SQLite a record has its place when it is written.
postgres_only! {
    async fn record_that_waits_for_more_than_a_minute_raises_an_alarm_until_it_has_its_place(db: Db) {
        let (platform, acme) = (db.platform().await, db.tenant("acme").await);
        db.sign().await;
        let mut watch = Watch::new(db.store.clone(), db.jobs(), false);
        acme.add(Role::Auditor).await;
        db.clock.advance(UNSEQUENCED);
        assert_eq!(watch.round().await.unwrap(), 0, "a minute is not too long");
        db.clock.advance(Span::seconds(1));
        assert_eq!(watch.round().await.unwrap(), 1);
        assert_eq!(standing(&db, &platform).await, [AlarmKind::Unsequenced]);
        db.clock.advance(UNSEQUENCED);
        assert_eq!(watch.round().await.unwrap(), 0, "it is said already");
        db.sign().await;
        assert_eq!(watch.round().await.unwrap(), 1);
        assert!(standing(&db, &platform).await.is_empty());
    }
}
