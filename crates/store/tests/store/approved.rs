//! A sensitive change writes what was approved, and nothing else.

use bailiwick_domain::{
    entity::User,
    ids::StepUpId,
    role::Role,
    rule::{ResetFactors, SeekApproval},
};
use bailiwick_store::{
    Approved, Error, Event, Permit, Recorded, Result, Tx,
    step_up::{self, Planned, Verdict},
    users,
};
use bailiwick_testkit::{Actor, Db, Tenant, both_databases};
use bailiwick_vault::step_up::Code;

async fn renamed(tx: &mut Tx, user: &User, name: &str) -> Result<(Event, User)> {
    let before = users::lock(tx, user.id).await?;
    let after = User { name: name.to_owned(), ..before.clone() };
    let written = users::replace(tx, before, after.clone()).await?;
    Ok((Event::new("user.renamed", &written)?, after))
}

async fn rename(tx: &mut Tx, user: &User, name: &str) -> Result<Recorded<()>> {
    let (event, _) = renamed(tx, user, name).await?;
    Ok(tx.record(event, ()))
}

async fn name_of(db: &Db, tenant: &Tenant, user: &User) -> String {
    let mut view = db.store.read(&tenant.job()).await.unwrap();
    users::find(&mut view, user.id).await.unwrap().name
}

/// The approval for a change that was rehearsed, given back in the request of `permit`.
async fn approval(
    actor: &Actor,
    permit: &Permit<ResetFactors>,
    planned: &Planned<ResetFactors>,
) -> Approved<ResetFactors> {
    let store = &actor.db.store;
    let seeking: Permit<SeekApproval> = permit.seeking().unwrap();
    let code = Code::generate(store.entropy());
    let id: StepUpId = store.new_id();
    let asked: Result<()> = store
        .change(&seeking, async |tx| {
            let written = step_up::insert(tx, &seeking, id, planned, &code).await?;
            let event = Event::new("step_up.asked", &written)?;
            Ok(tx.record(event, ()))
        })
        .await;
    asked.unwrap();
    match step_up::answer(store, permit, id, Some(&code)).await.unwrap() {
        Verdict::Right(approved) => approved,
        Verdict::Wrong => panic!("it is the very code"),
    }
}

both_databases! {
    async fn rehearsal_leaves_nothing_behind(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let permit = acme.owner().permit::<ResetFactors>().await;
        let (planned, ()) = db.store.rehearse(&permit, async |tx| rename(tx, &user, "Renamed").await).await.unwrap();
        assert_eq!(planned.events().len(), 1);
        assert_eq!((planned.events()[0].action, planned.events()[0].changes[0].after.as_str()), ("user.renamed", Some("Renamed")));
        assert_eq!(name_of(&db, &acme, &user).await, user.name);
        let (again, ()) = db.store.rehearse(&permit, async |tx| rename(tx, &user, "Renamed").await).await.unwrap();
        assert_eq!(planned.digest(), again.digest(), "the same change has the same digest");
        let (other, ()) = db.store.rehearse(&permit, async |tx| rename(tx, &user, "Changed").await).await.unwrap();
        assert_ne!(planned.digest(), other.digest());
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn change_that_does_more_than_was_approved_is_undone_whole(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, other) = (acme.add(Role::Auditor).await, acme.add(Role::Auditor).await);
        let owner = acme.owner();
        let permit = owner.permit::<ResetFactors>().await;
        let (planned, ()) = db.store.rehearse(&permit, async |tx| rename(tx, &user, "Renamed").await).await.unwrap();
        let approved = approval(&owner, &permit, &planned).await;
        let outcome: Result<()> = db
            .store
            .change_approved(&permit, approved, async |tx| {
                let (event, _) = renamed(tx, &other, "Hidden").await?;
                tx.also(event);
                rename(tx, &user, "Renamed").await
            })
            .await;
        assert!(matches!(outcome, Err(Error::Unapproved)), "{outcome:?}");
        assert_eq!((name_of(&db, &acme, &user).await, name_of(&db, &acme, &other).await), (user.name.clone(), other.name.clone()));
        // The very change is done.
        let approved = approval(&owner, &permit, &planned).await;
        db.store.change_approved(&permit, approved, async |tx| rename(tx, &user, "Renamed").await).await.unwrap();
        assert_eq!(name_of(&db, &acme, &user).await, "Renamed");
        // And not a second time: its revision has moved.
        let approved = approval(&owner, &permit, &planned).await;
        let outcome = db.store.change_approved(&permit, approved, async |tx| rename(tx, &user, "Renamed").await).await;
        assert!(matches!(outcome, Err(Error::Unapproved)), "{outcome:?}");
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn change_for_another_reason_or_of_another_person_is_undone(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let (owner, second) = (acme.owner(), acme.user(Role::TenantOwner).await);
        let permit = owner.permit::<ResetFactors>().await;
        let (planned, ()) = db.store.rehearse(&permit, async |tx| rename(tx, &user, "Renamed").await).await.unwrap();
        let approved = approval(&owner, &permit, &planned).await;
        let outcome: Result<()> = db
            .store
            .change_approved(&permit, approved, async |tx| {
                let (event, _) = renamed(tx, &user, "Renamed").await?;
                Ok(tx.record(event.because("for fun"), ()))
            })
            .await;
        assert!(matches!(outcome, Err(Error::Unapproved)), "{outcome:?}");
        let approved = approval(&owner, &permit, &planned).await;
        let theirs = second.permit::<ResetFactors>().await;
        let outcome = db.store.change_approved(&theirs, approved, async |tx| rename(tx, &user, "Renamed").await).await;
        assert!(matches!(outcome, Err(Error::Unapproved)), "{outcome:?}");
        assert_eq!(name_of(&db, &acme, &user).await, user.name);
    }

    async fn change_of_consequences_alone_is_none(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let permit = acme.owner().permit::<ResetFactors>().await;
        let outcome: Result<(Planned<ResetFactors>, ())> = db
            .store
            .rehearse(&permit, async |tx| {
                let (event, _) = renamed(tx, &user, "Renamed").await?;
                Ok(tx.record(event.following(), ()))
            })
            .await;
        assert!(matches!(outcome, Err(Error::Unrecorded)), "{outcome:?}");
        assert_eq!(name_of(&db, &acme, &user).await, user.name);
    }
}
