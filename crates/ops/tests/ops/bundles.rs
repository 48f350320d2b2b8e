//! Evidence bundles: who makes one of what, and what the log says of it.

use bailiwick_domain::{
    disclosure::Disclosure,
    entity::Severity,
    role::Role,
    rule::{DeleteUser, MakeBundle},
};
use bailiwick_ops::{
    Error,
    audit::bundles::{self, Made, Of, Wanted},
    deletion,
};
use bailiwick_proof::{
    bundle::{Finding, list_hash, read},
    checkpoint::Trust,
};
use bailiwick_store::{audit, security_events};
use bailiwick_testkit::{Actor, Db, both_databases};

use crate::support::{records, times, verified};

fn search(line: &str) -> Of {
    Of::Search(line.to_owned())
}

async fn make(db: &Db, actor: &Actor, of: Of, disclose: Disclosure) -> Result<Made, Error> {
    let permit = actor.permit::<MakeBundle>().await;
    bundles::make(&db.store, &permit, Wanted { of, disclose }).await
}

fn trust(db: &Db) -> Trust {
    Trust { logs: vec![db.signer().verifier().clone()], ..Trust::default() }
}

both_databases! {
    async fn auditor_takes_records_along_and_the_log_says_so(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        db.sign().await;
        let made = make(&db, &auditor, search("outcome:( ok |denied )"), Disclosure::Nothing).await.unwrap();
        let bundle = read(made.file.as_bytes()).unwrap();
        let proven = bundle.verify(&trust(&db)).unwrap();
        assert_eq!(proven.manifest.of.to_string(), "search outcome:(ok|denied)", "in its one text");
        assert_eq!(made.bundle.records, i64::try_from(bundle.records.len()).unwrap());
        assert_eq!((made.bundle.values, made.bundle.disclosed.as_str()), (0, ""));
        assert_eq!(made.bundle.list, list_hash(&bundle.manifest).to_string(), "by it a bundle is known again");
        let rows = records(&db, acme.id()).await;
        let row = rows.iter().rfind(|row| row.action == "evidence_bundle.made").unwrap();
        assert_eq!((row.entity_id, row.actor_id), (made.bundle.id.uuid(), Some(auditor.id().uuid())));
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let page = audit::event_page(&mut view, row.event).await.unwrap();
        assert!(page.bytes.contains(&made.bundle.list) && !page.bytes.contains("outcome:("), "a line may name people: {}", page.bytes);
        assert!(page.personal.values().any(|value| value == "search outcome:(ok|denied)"), "{:?}", page.personal);
        assert!(security_events::list(&mut view, None, 50).await.unwrap().items.iter().all(|event| event.kind != "evidence_bundle.made"));
        drop(view);
        // The next bundle holds what the log says of the first.
        db.sign().await;
        let next = make(&db, &auditor, search("action:evidence_bundle.made"), Disclosure::Nothing).await.unwrap();
        assert_eq!(next.bundle.records, 1);
        verified(&db).await;
    }

    async fn list_says_what_a_search_meant_on_the_day(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, id) = (acme.owner(), acme.owner().id());
        db.sign().await;
        let list = async |of: Of| {
            let made = make(&db, &owner, of, Disclosure::Nothing).await.unwrap();
            read(made.file.as_bytes()).unwrap().verify(&trust(&db)).unwrap().manifest.meant
        };
        // Names, days and what is theirs are others tomorrow; ids and instants are not.
        let meant = list(search(&format!("entity:{} after:7d", owner.user.email))).await.unwrap();
        let (things, after) = meant.split_once(" after:").unwrap();
        assert!(things.starts_with("UTC entity:(") && things.contains(&format!("user/{id}")) && !meant.contains('@'), "{meant}");
        assert!(after.contains('T') && after.ends_with('Z'), "an instant: {meant}");
        let day = list(search("on:today -outcome:denied")).await.unwrap();
        assert!(day.starts_with("UTC after:") && day.contains(" before:") && day.ends_with(" -outcome:denied"), "{day}");
        let others = list(search(&format!("-actor:(anonymous|{})", owner.user.email))).await.unwrap();
        assert_eq!(others, format!("UTC -actor:(anonymous|{id})"));
        assert_eq!(list(search("created outcome:ok")).await.unwrap(), "UTC created outcome:ok");
        assert_eq!(list(Of::Entity { kind: "user".into(), id: id.uuid() }).await, None);
    }

    async fn personal_values_that_leave_raise_an_event(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        db.sign().await;
        let of = Of::Entity { kind: "user".into(), id: owner.id().uuid() };
        let made = make(&db, &owner, of, "/email".parse().unwrap()).await.unwrap();
        assert!(made.bundle.values > 0 && made.file.contains(&owner.user.email));
        assert_eq!(made.bundle.disclosed, "/email");
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let events = security_events::list(&mut view, None, 50).await.unwrap().items;
        let raised: Vec<_> = events.iter().filter(|event| event.kind == "evidence_bundle.made").collect();
        assert_eq!(raised.len(), 1);
        assert!(raised[0].severity == Severity::Info && !raised[0].detail.contains('@'), "{raised:?}");
    }

    async fn values_of_somebody_who_was_deleted_stay_hidden(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, gone) = (acme.owner(), acme.user(Role::Auditor).await);
        let address = gone.user.email.clone();
        db.sign().await;
        let of = || Of::Entity { kind: "user".into(), id: gone.id().uuid() };
        let before = make(&db, &owner, of(), Disclosure::Everything).await.unwrap();
        assert!(before.file.contains(&address));
        let permit = owner.permit::<DeleteUser>().await;
        owner.confirmed(async |answer| deletion::delete(&db.store, &permit, gone.id(), answer).await).await.unwrap();
        db.sign().await;
        let after = make(&db, &acme.owner(), of(), Disclosure::Everything).await.unwrap();
        assert!(!after.file.contains(&address) && after.bundle.records > before.bundle.records);
        let proven = read(after.file.as_bytes()).unwrap().verify(&trust(&db)).unwrap();
        assert!(proven.hidden > 0, "the commitments stay, and so does the proof");
        // What left before is what was recorded, whatever became of the rest.
        assert!(read(before.file.as_bytes()).unwrap().verify(&trust(&db)).is_ok());
    }

    async fn nobody_makes_one_of_nothing_of_too_much_or_of_somebody_else(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        let owner = acme.owner();
        assert!(matches!(make(&db, &owner, search(""), Disclosure::Nothing).await, Err(Error::Conflict(_))), "nothing is signed yet");
        db.sign().await;
        let Err(Error::Conflict(none)) = make(&db, &owner, search("action:no.such"), Disclosure::Nothing).await else { panic!("it is made") };
        assert!(none.starts_with("No record of the signed log matches"), "{none}");
        let Err(Error::Invalid(wrong)) = make(&db, &owner, search("outcome:good"), Disclosure::Nothing).await else { panic!("it is made") };
        assert!(wrong[0].field == "query" && wrong[0].text.starts_with("Column 9: "), "{wrong:?}");
        let theirs = Of::Entity { kind: "user".into(), id: other.owner().id().uuid() };
        assert!(matches!(make(&db, &owner, theirs, Disclosure::Nothing).await, Err(Error::NotFound)));
        assert_eq!(times(&db, &acme, "evidence_bundle.made").await, 0);
        // Whoever may not export has no permit to ask with.
        let coordinator = acme.user(Role::SupportCoordinator).await;
        assert!(coordinator.try_permit::<MakeBundle>().await.is_err());
    }

    async fn bundle_of_one_tenant_says_nothing_of_another(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        db.sign().await;
        let ours = make(&db, &acme.owner(), search(""), Disclosure::Everything).await.unwrap();
        assert!(!ours.file.contains(&other.owner().user.email) && !ours.file.contains(&other.id().to_string()));
        let theirs = make(&db, &other.owner(), search(""), Disclosure::Nothing).await.unwrap();
        // The list of the one around the records of the other.
        let (ours, mut mixed) = (read(ours.file.as_bytes()).unwrap(), read(theirs.file.as_bytes()).unwrap());
        mixed.records = ours.records;
        let findings = mixed.verify(&trust(&db)).unwrap_err().named;
        assert!(findings.iter().all(|finding| matches!(finding, Finding::Changed { .. } | Finding::Inserted { .. } | Finding::Removed { .. })), "{findings:?}");
    }
}
