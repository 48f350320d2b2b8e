//! What the posture says of the audit log.

use std::fs;

use bailiwick_domain::{
    ids::TenantId,
    posture::{Control, ControlStatus, DatabaseKind, Posture, Status, TlsEndpoint, TlsMode, Verification},
    rule::ReadPosture,
    time::Span,
};
use bailiwick_ops::posture::{self, Environment};
use bailiwick_store::{
    Error,
    audit::{Missing, SignError, VerifyError, note_verification},
};
use bailiwick_testkit::{Actor, Db, both_databases};

fn environment() -> Environment {
    Environment {
        key_provider: "root key file".into(),
        key_provider_managed: false,
        key_rotation: false,
        https_enforced: false,
        hsts: false,
        tls: TlsEndpoint::None,
        database: DatabaseKind::Sqlite,
        database_tls: TlsMode::Prefer,
        separate_owner: false,
        archive: false,
    }
}

/// What the posture knows of the last verification, and the control it belongs to.
async fn read(actor: &Actor) -> (Option<Verification>, Control) {
    let permit = actor.permit::<ReadPosture>().await;
    let mut view = actor.db.store.read(&permit).await.unwrap();
    let snapshot = posture::snapshot(&mut view, &environment()).await.unwrap();
    let controls = Posture::of(&snapshot).controls;
    let control = controls.into_iter().find(|control| control.id == "audit_logging").unwrap();
    (snapshot.audit.last_verification, control)
}

/// Verifies every log and notes the outcome, as the command does. Gives whether they all held.
async fn verify(db: &Db) -> bool {
    let outcome = db.verify().await;
    note_verification(&db.store, &db.jobs(), &outcome).await.unwrap();
    outcome.is_ok()
}

both_databases! {
    async fn owner_sees_that_a_verification_failed_until_the_log_is_found_in_place_again(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let (owner, other) = (acme.owner(), globex.owner());
        db.sign().await;
        let (never, before) = read(&owner).await;
        assert_eq!(never, None);
        assert!(before.evidence.iter().any(|item| item.status == Status::Unknown && item.text.contains("not been verified yet")));

        assert!(verify(&db).await);
        let first = db.store.now();
        let (held, control) = read(&owner).await;
        assert_eq!(held, Some(Verification { ok: true, at: first }));
        assert_ne!(control.status, ControlStatus::Failed);
        assert!(control.evidence.iter().any(|item| item.at == Some(first) && item.status == Status::Pass));

        // Somebody takes away what vouches for acme's log outside the database.
        db.clock.advance(Span::minutes(1));
        let file = db.outside().folder().join(format!("{}.checkpoint", acme.id()));
        let note = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        assert!(!verify(&db).await);
        let second = db.store.now();
        let (failed, control) = read(&owner).await;
        assert_eq!(failed, Some(Verification { ok: false, at: second }));
        assert_eq!(control.status, ControlStatus::Failed);
        assert_eq!(control.required_action.as_deref(), Some("Find out why the last verification of the audit log failed"));
        assert_eq!(read(&other).await.0, Some(Verification { ok: true, at: first }), "nothing was found out about globex");

        db.clock.advance(Span::minutes(1));
        fs::write(&file, note).unwrap();
        assert!(verify(&db).await);
        let third = db.store.now();
        for actor in [&owner, &other] {
            let (held, control) = read(actor).await;
            assert_eq!(held, Some(Verification { ok: true, at: third }));
            assert_ne!(control.status, ControlStatus::Failed);
        }
    }

    async fn verification_that_blames_no_log_of_ours_leaves_the_posture_as_it_was(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        db.sign().await;
        assert!(verify(&db).await);
        let before = read(&owner).await.0;
        assert!(before.is_some());
        db.clock.advance(Span::minutes(1));
        let vanished: TenantId = db.store.new_id();
        let missing = Missing { kept: 0, signed: 1, kept_at: None, signed_at: None };
        for error in [
            VerifyError::Store(Error::Busy),
            VerifyError::Sign(SignError::Raced(acme.id())),
            VerifyError::Sign(SignError::Rollback { tenant: vanished, signed: 1, stored: 0, missing }),
        ] {
            note_verification(&db.store, &db.jobs(), &Err(error)).await.unwrap();
            assert_eq!(read(&owner).await.0, before);
        }
    }
}
