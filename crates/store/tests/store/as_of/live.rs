//! What the log tells of this moment, held against the rows that are there.

use std::collections::BTreeSet;

use bailiwick_domain::{
    entity::{AuditRetention, EventRules, Kind},
    ids::UserId,
    role::Role,
    rule::{CreateApiKey, Invite},
};
use bailiwick_ops::{api_keys::NewApiKey, invitations::NewInvitation};
use bailiwick_store::{
    View, accounts, api_keys,
    audit::{
        Moment, alarms, anomalies, as_of, epoch, export, find_drill, hold, restore, retention, stream,
        subject, witness,
    },
    documents, grants, intake, integrations, invitations, keys, mail, passkeys, phones, roles,
    saved_searches, secrets, security_events, sessions, teams, tenants, users,
};
use bailiwick_testkit::{Db, Tenant, both_databases};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{revealed, tellable, view};
use crate::{raw, raw_rows, support::raw::Raw, tampering::rename};

/// A thing's row as the store reads it; nothing where it is not there, or where no query gives it out by its id. One arm for each
/// kind.
async fn live(view: &mut View, kind: Kind, id: Uuid, user: Option<UserId>) -> Option<Value> {
    let written = id.to_string();
    let among = |found: Vec<Value>| found.into_iter().find(|one| one["id"] == written);
    match kind {
        Kind::Anomaly => among(anomalies(view, None).await.unwrap().items.into_iter().map(image).collect()),
        Kind::ApiKey => api_keys::find(view, id.into()).await.ok().map(image),
        Kind::AuditExport => export::find(view, id.into()).await.ok().map(|found| image(found.export)),
        Kind::AuditAlarm => among(alarms::newest(view).await.unwrap().into_iter().map(image).collect()),
        Kind::AuditRestore => restore::find(view, id.into()).await.ok().map(image),
        Kind::AuditRetention => {
            let days = retention::days(view).await.unwrap();
            Some(image(AuditRetention { id: id.into(), days }))
        }
        Kind::AuditRetirement => {
            among(retention::retirements(view, 50).await.unwrap().into_iter().map(image).collect())
        }
        Kind::AuditHold => hold::find(view, id.into()).await.ok().map(|found| image(found.hold)),
        Kind::CustomRole => among(roles::list(view).await.unwrap().into_iter().map(image).collect()),
        Kind::Document => documents::find(view, id.into()).await.ok().map(image),
        Kind::DocumentVersion => {
            documents::version(view, id.into()).await.ok().map(|found| image(found.version))
        }
        Kind::Drill => find_drill(view, id.into()).await.ok().map(image),
        Kind::EventRules => {
            let redaction = intake::find(view).await.unwrap().redaction;
            Some(image(EventRules { id: id.into(), redaction }))
        }
        Kind::EventSchema => intake::schema(view, id.into()).await.ok().map(image),
        Kind::Factor => among(accounts::factors(view, user?).await.unwrap().into_iter().map(image).collect()),
        Kind::Grant => among(grants::of_user(view, user?).await.unwrap().into_iter().map(image).collect()),
        Kind::Integration => {
            integrations::find(view, id.into()).await.ok().map(|found| image(found.integration))
        }
        Kind::IntegrationHealth => {
            integrations::find(view, id.into()).await.ok().and_then(|found| found.health).map(image)
        }
        Kind::Invitation => invitations::find(view, id.into()).await.ok().map(image),
        Kind::KeyDestruction => {
            keys::find_destruction(view, id.into()).await.ok().map(|found| image(found.destruction))
        }
        Kind::RootMove => keys::find_move(view, id.into()).await.ok().map(|found| image(found.root_move)),
        Kind::KeySchedule => Some(image(keys::schedule(view).await.unwrap())),
        Kind::TenantKey => {
            among(keys::versions(view).await.unwrap().into_iter().map(|found| image(found.key)).collect())
        }
        Kind::LogEpoch => among(epoch::list(view).await.unwrap().into_iter().map(image).collect()),
        Kind::LogRefusal => among(witness::refusals(view).await.unwrap().into_iter().map(image).collect()),
        Kind::Mail => mail::find(view, id.into()).await.ok().map(|listed| image(listed.mail)),
        Kind::Passkey => {
            among(passkeys::of_user(view, user?).await.unwrap().into_iter().map(image).collect())
        }
        Kind::Password => accounts::password(view, id.into()).await.unwrap().map(image),
        Kind::Phone => phones::of_user(view, id.into()).await.unwrap().map(image),
        Kind::PhoneCheck => phones::check_of(view, user?).await.unwrap().map(image),
        Kind::Policy => tenants::policy(view).await.ok().map(image),
        Kind::SavedSearch => saved_searches::find(view, id.into()).await.ok().map(image),
        Kind::Secret => secrets::find(view, id.into()).await.ok().map(|found| image(found.secret)),
        Kind::SecretUse => secrets::find(view, id.into()).await.ok().and_then(|found| found.used).map(image),
        Kind::SecurityEvent => security_events::find(view, id.into()).await.ok().map(image),
        Kind::Session => sessions::find(view, id.into()).await.ok().map(image),
        Kind::Stream => stream::find(view, id.into()).await.ok().map(|found| image(found.stream)),
        Kind::SubjectRequest => subject::find(view, id.into()).await.ok().map(|asked| image(asked.request)),
        Kind::Team => teams::find(view, id.into()).await.ok().map(image),
        Kind::TeamMember => {
            among(teams::memberships_of(view, user?).await.unwrap().into_iter().map(image).collect())
        }
        Kind::Tenant => tenants::find(view).await.ok().map(image),
        Kind::User => users::find(view, id.into()).await.ok().map(image),
        // They are found by a secret, or only counted, or stand in the log alone.
        Kind::Attempt
        | Kind::DeadLetter
        | Kind::Enrolment
        | Kind::ErasureCertificate
        | Kind::EvidenceBundle
        | Kind::PasskeyCeremony
        | Kind::PasswordReset
        | Kind::RecoveryCodes
        | Kind::SealedFault
        | Kind::StepUp => None,
    }
}

fn image(entity: impl Serialize) -> Value {
    serde_json::to_value(entity).unwrap()
}

async fn busy(db: &Db, acme: &Tenant) {
    let auditor = acme.user(Role::Auditor).await;
    let owner = acme.owner();
    for address in ["ann@acme.example", "bob@acme.example"] {
        let invite = NewInvitation { email: address.into(), role: "auditor".into(), expires_at: None };
        bailiwick_ops::invitations::create(&db.store, &owner.permit::<Invite>().await, invite).await.unwrap();
    }
    let key = NewApiKey {
        name: "Sync".into(),
        scopes: vec!["user:read".into()],
        expires_at: None,
        tag: None,
        ..NewApiKey::default()
    };
    bailiwick_ops::api_keys::create(&db.store, &owner.permit::<CreateApiKey>().await, key).await.unwrap();
    bailiwick_ops::factors::totp_begin_for(&db.store, &acme.job(), auditor.id()).await.unwrap();
    rename(&db.store, &acme.job(), &auditor.user, "Una of the night".into()).await;
}

both_databases! {
    async fn what_the_log_tells_of_now_is_what_is_there(db: Db) {
        let acme = db.tenant("acme").await;
        busy(&db, &acme).await;
        let mut raw = Raw::superuser(&db).await;
        let things: Vec<(String, Uuid)> =
            raw_rows!(raw, "SELECT entity_type, entity_id FROM audit_head WHERE tenant = $1 ORDER BY entity_type, entity_id", acme.id().uuid());
        // Once with records that have no place yet, and once more when they have.
        for _ in 0..2 {
            let (mut held, mut view) = (BTreeSet::new(), view(&db, &acme).await);
            for (name, id) in &things {
                let Some(kind) = Kind::find(name) else { continue };
                let stood = as_of(&mut view, name, *id, Moment::At(db.store.now())).await.unwrap();
                assert!(stood.known && stood.faults.is_empty(), "{name} {id}: {:?}", stood.faults);
                let told = revealed(&mut view, &stood).await;
                let user = told.get("user").and_then(Value::as_str).map(|user| user.parse().unwrap());
                let Some(there) = live(&mut view, kind, *id, user).await else { continue };
                let (told, there) = (tellable(kind, told), tellable(kind, there));
                if stood.image.is_partial() {
                    for (field, value) in told.as_object().unwrap() {
                        assert_eq!(Some(value), there.get(field), "{name} {id} {field}");
                    }
                } else {
                    assert_eq!(told, there, "{name} {id}");
                }
                held.insert(kind.name());
            }
            for kind in ["api_key", "factor", "invitation", "password", "policy", "session", "tenant", "user"] {
                assert!(held.contains(kind), "{kind} of {held:?}");
            }
            drop(view);
            db.settle().await;
        }
        let planted = Uuid::from_u128(1);
        assert_eq!(raw!(raw, "UPDATE users SET role = 'developer' WHERE tenant = $1 AND id <> $2", acme.id().uuid(), planted).unwrap(), 2);
        let mut view = view(&db, &acme).await;
        let owner = acme.owner().id();
        let stood = as_of(&mut view, "user", owner.uuid(), Moment::At(db.store.now())).await.unwrap();
        let there = live(&mut view, Kind::User, owner.uuid(), None).await.unwrap();
        assert_ne!(stood.image.value()["role"], there["role"], "what nobody recorded shows");
    }
}
