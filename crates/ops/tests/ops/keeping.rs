//! How long records are kept, segments that are asked back, and alarms about the keeping of the logs.

use bailiwick_domain::{
    entity::{AlarmKind, RestoreState},
    retention::FLOOR_DAYS,
    role::Role,
    rule::{ChangeRetention, RestoreSegment},
    time::Span,
};
use bailiwick_ops::{
    Error,
    audit::{
        alarms::{ARCHIVE_LATE, Watch},
        restore::{self, MOST_DAYS, Restores},
        retention,
    },
};
use bailiwick_proof::{Hash, tree::Frontier};
use bailiwick_store::{
    audit::{
        alarms,
        archive::{self, Segment},
        restore as stored,
    },
    security_events,
};
use bailiwick_testkit::{Db, Tenant, both_databases};

use crate::raised::raised;

/// Notes one segment up to what is signed, of which no file lies anywhere.
async fn archived(db: &Db, tenant: &Tenant) -> i64 {
    let permit = tenant.job();
    let due = archive::due(&mut db.store.read(&permit).await.unwrap()).await.unwrap().unwrap();
    let mut edge = Frontier::new();
    (0..due.size).for_each(|_| edge.push(Hash([7; 32])));
    let digest = Hash([7; 32]);
    let segment = Segment { first: due.first, size: due.size, octets: 1, digest, written_at: db.store.now() };
    archive::note_segment(&db.store, &permit, &segment, &edge).await.unwrap();
    due.size
}

async fn ask(
    tenant: &Tenant,
    segment: i64,
    days: i64,
) -> Result<bailiwick_domain::entity::AuditRestore, Error> {
    let permit = tenant.owner().permit::<RestoreSegment>().await;
    restore::ask(&tenant.db.store, &permit, segment, days, "It is looked into.").await
}

both_databases! {
    async fn days_of_a_class_take_a_code_and_are_bounded(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let permit = owner.permit::<ChangeRetention>().await;
        let set = async |class: &str, days: Option<i64>| {
            owner.confirmed(async |answer| retention::set(&db.store, &permit, class, days, "Policy 7", answer).await).await
        };
        for (class, days) in [("session", Some(FLOOR_DAYS - 1)), ("session", Some(i64::MAX)), ("audit_log", Some(400)), ("", Some(400)), ("nonsense", Some(400)), ("session.nonsense", Some(400))] {
            assert!(matches!(set(class, days).await, Err(Error::Invalid(_))), "{class} {days:?}");
        }
        assert!(matches!(set("session", None).await, Err(Error::Conflict(_))), "it is kept for good already");
        let kept = set("session", Some(FLOOR_DAYS)).await.unwrap();
        assert_eq!(kept.days.get("session"), Some(&FLOOR_DAYS));
        assert!(set("session", None).await.unwrap().days.is_empty());
        assert_eq!(raised(&acme, "audit_retention.changed").await, 2);
        let auditor = acme.user(Role::Auditor).await;
        assert!(auditor.try_permit::<ChangeRetention>().await.is_err() && auditor.try_permit::<RestoreSegment>().await.is_err());
    }

    async fn segment_that_cannot_be_brought_back_is_said_so(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        db.sign().await;
        let size = archived(&db, &acme).await;
        for days in [0, MOST_DAYS + 1] {
            assert!(matches!(ask(&acme, size, days).await, Err(Error::Invalid(_))), "{days}");
        }
        // Nobody asks for the segment of another tenant, nor for a part of one.
        assert!(matches!(ask(&other, size, 7).await, Err(Error::NotFound)));
        assert!(matches!(ask(&acme, size - 1, 7).await, Err(Error::NotFound)));
        let asked = ask(&acme, size, 7).await.unwrap();
        assert!(matches!(ask(&acme, size, 7).await, Err(Error::Conflict(_))), "it is under way");
        assert_eq!(raised(&acme, "audit_restore.requested").await, 1);
        let restores = Restores::new(db.store.clone(), db.jobs());
        assert_eq!(restores.tenants().await.unwrap(), [acme.id()]);
        assert_eq!(restores.work(acme.id()).await.unwrap().waiting, [asked.id]);
        restores.fail(acme.id(), asked.id, "The archive does not hold this segment any more.").await.unwrap();
        assert_eq!(raised(&acme, "audit_restore.failed").await, 1);
        // What failed is over, and can be asked for again; what was ended stays so.
        restores.finish(acme.id(), asked.id, 7).await.unwrap();
        let find = async |id| stored::find(&mut db.store.read(&acme.job()).await.unwrap(), id).await.unwrap();
        assert_eq!(find(asked.id).await.state, RestoreState::Failed);
        let again = ask(&acme, size, 7).await.unwrap();
        let permit = acme.owner().permit::<RestoreSegment>().await;
        restore::end(&db.store, &permit, again.id).await.unwrap();
        assert!(matches!(restore::end(&db.store, &permit, again.id).await, Err(Error::Conflict(_))));
        restores.finish(acme.id(), again.id, 7).await.unwrap();
        assert_eq!(find(again.id).await.state, RestoreState::Ended);
        // One whose time is over goes by itself.
        let third = ask(&acme, size, 1).await.unwrap();
        db.clock.advance(Span::days(1));
        assert_eq!(restores.work(acme.id()).await.unwrap().over, [third.id]);
        restores.expire(acme.id(), third.id).await.unwrap();
        assert_eq!(find(third.id).await.state, RestoreState::Ended);
        let theirs = stored::list(&mut db.store.read(&other.job()).await.unwrap(), None).await.unwrap();
        assert!(theirs.items.is_empty());
    }

    async fn each_alarm_is_raised_once_and_ends_when_its_cause_is_gone(db: Db) {
        // The alarms are those of the platform, whosever log it is.
        let acme = db.platform().await;
        let customer = db.tenant("customer").await;
        db.sign().await;
        let mut watch = Watch::new(db.store.clone(), db.jobs(), true);
        let mut other = Watch::new(db.store.clone(), db.jobs(), true);
        assert_eq!(watch.round().await.unwrap(), 0, "nothing is wrong");
        assert_eq!(other.round().await.unwrap(), 0, "nothing is wrong");
        db.clock.advance(Span::hours(3));
        db.sign().await;
        assert_eq!(watch.round().await.unwrap(), 1);
        assert_eq!(watch.round().await.unwrap() + other.round().await.unwrap(), 0, "it is said already");
        assert_eq!(raised(&acme, "audit_alarm.raised").await, 1);
        let standing = async || alarms::standing(&mut db.store.read(&acme.job()).await.unwrap()).await.unwrap();
        let stands = standing().await;
        assert_eq!(stands.iter().map(|alarm| alarm.kind).collect::<Vec<_>>(), [AlarmKind::ArchiveLag]);
        db.sign().await;
        archived(&db, &customer).await;
        archived(&db, &acme).await;
        assert_eq!(other.round().await.unwrap(), 1, "it is over");
        assert!(standing().await.is_empty());
        let theirs = security_events::list(&mut db.store.read(&customer.job()).await.unwrap(), None, 200).await.unwrap();
        assert!(theirs.items.iter().all(|event| event.kind != "audit_alarm.raised"));
        // Without an archive nothing is behind; one that was set up for an old log has its time to catch up.
        db.clock.advance(Span::hours(3));
        db.sign().await;
        assert_eq!(Watch::new(db.store.clone(), db.jobs(), false).round().await.unwrap(), 0);
        let mut new = Watch::new(db.store.clone(), db.jobs(), true);
        assert_eq!(new.round().await.unwrap(), 0, "it is behind, and not late");
        db.clock.advance(ARCHIVE_LATE);
        db.sign().await;
        assert_eq!(new.round().await.unwrap(), 1, "it had its time");
        let mut restarted = Watch::new(db.store.clone(), db.jobs(), true);
        assert_eq!(restarted.round().await.unwrap(), 0, "what stands is not ended by a new start");
        assert_eq!(standing().await.len(), 1);
    }
}
