//! Triage, and the policy whose weakening is a security event.

use bailiwick_domain::{
    entity::{Severity, Triage},
    rule::{ReadSecurityEvents, TriageSecurityEvents, UpdatePolicy},
};
use bailiwick_ops::{
    Error,
    policy::{self, NewPolicy},
    security_events,
};
use bailiwick_store::posture;
use bailiwick_testkit::both_databases;

use crate::support::verified;

fn weaker() -> NewPolicy {
    NewPolicy {
        mfa_floor: "any".into(),
        mfa_grace_days: 14,
        role_floors: std::collections::BTreeMap::new(),
        session_idle_minutes: 30,
        session_absolute_hours: 12,
        reauth_minutes: 10,
        invitation_days: 14,
        api_key_days: None,
    }
}

both_databases! {
    async fn owner_works_off_the_event_that_a_weaker_policy_raised(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        policy::update(&db.store, &owner.permit::<UpdatePolicy>().await, weaker()).await.unwrap();
        let newest = async || {
            let mut view = db.store.read(&owner.permit::<ReadSecurityEvents>().await).await.unwrap();
            let open = posture::counts(&mut view).await.unwrap().open_high_events;
            let event = bailiwick_store::security_events::list(&mut view, None, 5).await.unwrap().items.remove(0);
            let recorded = bailiwick_store::audit::event_page(&mut view, bailiwick_domain::ids::EventId::from(event.audit_event)).await.unwrap();
            assert!(recorded.bytes.contains("\"action\":\"policy.updated\""), "it leads to the record that raised it");
            (event, open)
        };
        let (event, open) = newest().await;
        assert_eq!((event.severity, event.triage, open), (Severity::High, Triage::Open, 1));
        let permit = owner.permit::<TriageSecurityEvents>().await;
        security_events::acknowledge(&db.store, &permit, event.id).await.unwrap();
        assert_eq!(newest().await.1, 1, "acknowledged is not done");
        assert!(matches!(security_events::acknowledge(&db.store, &permit, event.id).await, Err(Error::Conflict(_))));
        assert!(matches!(security_events::resolve(&db.store, &permit, event.id, "").await, Err(Error::Invalid(_))));
        security_events::resolve(&db.store, &permit, event.id, "tightened again").await.unwrap();
        assert_eq!((newest().await.0.triage, newest().await.1), (Triage::Resolved, 0));
        assert!(matches!(security_events::acknowledge(&db.store, &permit, event.id).await, Err(Error::Conflict(_))), "done is done");
        verified(&db).await;
    }

    async fn policy_holds_what_it_may_and_nothing_else(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<UpdatePolicy>().await;
        policy::update(&db.store, &permit, weaker()).await.unwrap();
        assert!(matches!(policy::update(&db.store, &permit, weaker()).await, Err(Error::Conflict(_))));
        let wrong = NewPolicy { mfa_floor: "none".into(), mfa_grace_days: 91, role_floors: [("auditor".into(), "king".into())].into(), session_idle_minutes: 4, session_absolute_hours: 721, reauth_minutes: 0, invitation_days: 0, api_key_days: None };
        let outcome = policy::update(&db.store, &permit, wrong).await;
        let Err(Error::Invalid(fields)) = outcome else { panic!("{outcome:?}") };
        let mut named: Vec<_> = fields.iter().map(|field| field.field).collect();
        named.sort_unstable();
        assert_eq!(named, ["invitation_days", "mfa_floor", "mfa_grace_days", "reauth_minutes", "role_floors", "session_absolute_hours", "session_idle_minutes"], "all at once");
    }
}
