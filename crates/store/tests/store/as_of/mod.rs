//! What a thing was, told by its records: held against what was written for every kind of thing, and against the live rows.

mod live;
mod samples;

use bailiwick_domain::{
    entity::{Entity, Kind, User},
    past::Fault,
    role::Role,
    rule::ByJob,
    time::{Span, Timestamp},
};
use bailiwick_store::{
    Error, Permit, View,
    audit::{self, AsOf, EVERY, Moment, as_of, keep_images},
    load,
};
use bailiwick_testkit::{Db, Tenant, both_databases};
use serde_json::Value;
use uuid::Uuid;

use self::samples::{Dice, of_kind};
use crate::{raw, support::raw::Raw, tampering::rename};

async fn view(db: &Db, tenant: &Tenant) -> View {
    // The server's own: these histories outlast any session.
    let permit: Permit<ByJob> = tenant.job();
    db.store.read(&permit).await.unwrap()
}

/// The image with its personal values in it, as whoever may read the log sees it.
pub(super) async fn revealed(view: &mut View, stood: &AsOf) -> Value {
    let personal = audit::revealed(view, &stood.image.committed()).await.unwrap();
    let mut image = stood.image.value().clone();
    for value in image.as_object_mut().unwrap().values_mut() {
        let commitment = value.get("commit").and_then(Value::as_str).map(str::to_owned);
        if let Some(behind) = commitment.and_then(|commitment| personal.get(&commitment)) {
            *value = behind.clone();
        }
    }
    image
}

/// What the log can tell of an image: secrets are only said to be there, and what changes quietly is left out.
pub(super) fn tellable(kind: Kind, image: Value) -> Value {
    let Value::Object(mut image) = image else { panic!("an image is an object") };
    for field in kind.quiet() {
        image.remove(*field);
    }
    for field in kind.secret() {
        if let Some(value) = image.get_mut(*field).filter(|value| !value.is_null()) {
            *value = serde_json::json!({"redacted": true});
        }
    }
    Value::Object(image)
}

/// Writes a random history of a thing of this kind, and gives what it was at which moment.
async fn history<E: Entity>(db: &Db, tenant: &Tenant, dice: &mut Dice) -> (Uuid, Vec<(Timestamp, Value)>) {
    let (id, user) = (Uuid::from_u128(dice.wide()), Uuid::from_u128(dice.wide()));
    let job = tenant.job();
    let (mut now, mut states): (Option<E>, _) = (None, Vec::new());
    for step in 0..24 {
        db.clock.advance(Span::seconds(1 + i64::try_from(dice.up_to(90)).unwrap()));
        let next: E = serde_json::from_value(of_kind(E::LISTED, dice, id, user)).unwrap();
        let (after, refused) = match (&now, dice.up_to(8)) {
            (Some(_), 0) => (None, false),
            (Some(_), 1) => (Some(next), true),
            _ => (Some(next), false),
        };
        assert!(step > 0 || after.is_some());
        load::record(&db.store, &job, now.clone(), after.clone(), refused).await.unwrap();
        if !refused {
            now = after;
        }
        let image =
            now.as_ref().map_or_else(|| serde_json::json!({}), |now| serde_json::to_value(now).unwrap());
        states.push((db.store.now(), tellable(E::LISTED, image)));
    }
    let id = serde_json::from_value::<E>(of_kind(E::LISTED, dice, id, user)).unwrap().entity_id();
    (id, states)
}

/// Holds what the log tells of a thing against what was written, at each moment and just before it.
async fn holds<E: Entity>(db: &Db, tenant: &Tenant, dice: &mut Dice) {
    let (id, states) = history::<E>(db, tenant, dice).await;
    if dice.up_to(2) == 0 {
        db.settle().await;
    }
    let mut view = view(db, tenant).await;
    let mut before = serde_json::json!({});
    for (at, state) in states {
        for (moment, expected) in [(Timestamp::from_micros(at.micros() - 1), &before), (at, &state)] {
            let stood = as_of(&mut view, E::KIND, id, Moment::At(moment)).await.unwrap();
            assert!(stood.known && stood.faults.is_empty(), "{} at {moment}: {:?}", E::KIND, stood.faults);
            let told = tellable(E::LISTED, revealed(&mut view, &stood).await);
            assert_eq!(&told, expected, "{} at {moment}", E::KIND);
        }
        before = state;
    }
}

/// One arm for each kind: a new one does not compile before it stands here.
async fn of_each_kind(db: &Db, tenant: &Tenant, kind: Kind, dice: &mut Dice) {
    use bailiwick_domain::entity;
    macro_rules! each {
        ($($name:ident)+) => {
            match kind { $(Kind::$name => holds::<entity::$name>(db, tenant, dice).await),+ }
        };
    }
    each!(Anomaly ApiKey Attempt AuditAlarm AuditExport AuditHold AuditRestore AuditRetention AuditRetirement CustomRole DeadLetter
          Document DocumentVersion Drill Enrolment ErasureCertificate EventRules EventSchema EvidenceBundle Factor Grant Integration IntegrationHealth Invitation KeyDestruction KeySchedule LogEpoch LogRefusal Mail
          Passkey PasskeyCeremony Password PasswordReset Phone PhoneCheck Policy RecoveryCodes RootMove SavedSearch SealedFault Secret SecretUse SecurityEvent Session
          StepUp Stream SubjectRequest
          Team TeamMember Tenant TenantKey User);
}

/// A user of many names, and their id.
async fn renamed(db: &Db, tenant: &Tenant, times: i64) -> User {
    let user = tenant.add(Role::Auditor).await;
    for n in 0..times {
        db.clock.advance(Span::seconds(1));
        rename(&db.store, &tenant.job(), &user, format!("Una {n}")).await;
    }
    db.settle().await;
    user
}

async fn name_at(view: &mut View, user: &User, moment: Moment) -> (AsOf, Value) {
    let stood = as_of(view, User::KIND, user.id.uuid(), moment).await.unwrap();
    let image = revealed(view, &stood).await;
    let name = image.get("name").cloned().unwrap_or_default();
    (stood, name)
}

both_databases! {
    async fn every_kind_of_thing_is_told_as_it_was_written(db: Db) {
        let acme = db.tenant("acme").await;
        let mut dice = Dice::new(7);
        for kind in Kind::ALL {
            of_each_kind(&db, &acme, *kind, &mut dice).await;
        }
    }

    async fn a_long_history_is_told_from_its_images_as_from_its_records(db: Db) {
        let acme = db.tenant("acme").await;
        let user = renamed(&db, &acme, 3 * EVERY).await;
        let mut before = Vec::new();
        let mut reading = view(&db, &acme).await;
        let revisions = [1, 2, EVERY - 1, EVERY, EVERY + 1, 2 * EVERY, 3 * EVERY, 3 * EVERY + 1];
        for revision in revisions {
            before.push(name_at(&mut reading, &user, Moment::Revision(revision)).await);
        }
        drop(reading);
        let mut made = 0;
        loop {
            match keep_images(&db.store).await.unwrap() {
                0 => break,
                some => made += some,
            }
        }
        assert_eq!(made, 3);
        let mut reading = view(&db, &acme).await;
        for (revision, (stood, name)) in revisions.into_iter().zip(before) {
            let (again, same) = name_at(&mut reading, &user, Moment::Revision(revision)).await;
            assert!(again.known && !again.passed_over, "{revision}: {:?}", again.faults);
            assert_eq!((again.image, again.last, same), (stood.image, stood.last, name.clone()), "{revision}");
            assert_eq!(name, if revision == 1 { Value::from(user.name.clone()) } else { Value::from(format!("Una {}", revision - 2)) });
        }
    }

    async fn an_image_that_was_altered_is_passed_over(db: Db) {
        let acme = db.tenant("acme").await;
        let user = renamed(&db, &acme, EVERY + 4).await;
        keep_images(&db.store).await.unwrap();
        let mut raw = Raw::tampering(&db).await;
        assert_eq!(raw!(raw, "UPDATE audit_image SET image = $1", b"{\"image\":{\"value\":{},\"origins\":{},\"partial\":false},\"faults\":[]}".to_vec()).unwrap(), 1);
        let mut reading = view(&db, &acme).await;
        let (stood, name) = name_at(&mut reading, &user, Moment::At(db.store.now())).await;
        assert!(stood.known && stood.passed_over);
        assert_eq!(name, Value::from(format!("Una {}", EVERY + 3)));
    }

    async fn a_false_place_for_an_image_hides_no_record(db: Db) {
        let acme = db.tenant("acme").await;
        let user = renamed(&db, &acme, 9).await;
        let now = Moment::At(db.store.now());
        let mut raw = Raw::tampering(&db).await;
        let planted = "INSERT INTO audit_image (tenant, entity_type, entity_id, revision, leaf_index, recorded_at, hash)
                       SELECT tenant, entity_type, entity_id, revision, leaf_index, recorded_at + 86400000000, hash FROM audit_leaf
                       WHERE entity_type = 'user' AND entity_id = $1 AND revision = 5";
        assert_eq!(raw!(raw, planted, user.id.uuid()).unwrap(), 1);
        let mut reading = view(&db, &acme).await;
        let (stood, name) = name_at(&mut reading, &user, now).await;
        assert_eq!((stood.known, name), (true, Value::from("Una 8")), "{:?}", stood.faults);
    }

    async fn a_record_that_is_missing_or_altered_is_named_and_nothing_after_it_is_told(db: Db) {
        let acme = db.tenant("acme").await;
        let user = renamed(&db, &acme, 9).await;
        let now = Moment::At(db.store.now());
        let mut raw = Raw::tampering(&db).await;
        let id = user.id.uuid();
        let of = "(SELECT event FROM audit_leaf WHERE entity_type = 'user' AND entity_id = $1 AND revision = $2)";
        let with = "UPDATE audit_event SET bytes = $3 WHERE id =";
        assert_eq!(raw!(raw, format!("{with} {of}"), id, 6_i64, b"{}".to_vec()).unwrap(), 1);
        let mut reading = view(&db, &acme).await;
        let (stood, name) = name_at(&mut reading, &user, now).await;
        assert!(!stood.known && stood.last.is_some_and(|last| last.revision == 5), "{:?}", stood.last);
        assert_eq!((stood.faults, name), (vec![Fault::Altered { revision: 6 }], Value::from("Una 3")));
        drop(reading);
        assert_eq!(raw!(raw, format!("DELETE FROM audit_event WHERE id = {of}"), id, 6_i64).unwrap(), 1);
        let mut reading = view(&db, &acme).await;
        assert_eq!(name_at(&mut reading, &user, now).await.0.faults, [Fault::Missing { revision: 6 }]);
        drop(reading);
        assert_eq!(raw!(raw, "DELETE FROM audit_leaf WHERE entity_type = 'user' AND entity_id = $1 AND revision = $2", id, 6_i64).unwrap(), 1);
        let mut reading = view(&db, &acme).await;
        assert_eq!(name_at(&mut reading, &user, now).await.0.faults, [Fault::Missing { revision: 6 }]);
        drop(reading);
        assert_eq!(raw!(raw, "DELETE FROM audit_leaf WHERE entity_type = 'user' AND entity_id = $1 AND revision >= $2", id, 6_i64).unwrap(), 4);
        let mut reading = view(&db, &acme).await;
        assert_eq!(name_at(&mut reading, &user, now).await.0.faults, [Fault::Missing { revision: 6 }], "the newest were cut off");
    }

    async fn another_tenants_thing_was_never_there(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let owner = acme.owner().id().uuid();
        let mut theirs = view(&db, &globex).await;
        let found = as_of(&mut theirs, "user", owner, Moment::At(db.store.now())).await;
        assert!(matches!(found, Err(Error::NotFound)), "{found:?}");
        let mut ours = view(&db, &acme).await;
        assert!(as_of(&mut ours, "user", owner, Moment::At(db.store.now())).await.unwrap().image.is_there());
        let early = as_of(&mut ours, "user", owner, Moment::At(Timestamp::from_micros(1))).await.unwrap();
        assert!(early.known && !early.image.is_there() && early.last.is_none());
    }
}
