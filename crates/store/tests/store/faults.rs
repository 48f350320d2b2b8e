//! A commit that is lost, and one whose answer is lost.

use bailiwick_domain::{entity::User, role::Role, rule::ReadUsers};
use bailiwick_store::{Error, Event, PoolOptions, Result, Store, users};
use bailiwick_testkit::{Db, Fault, Place, Proxy, Tenant, postgres_only};

async fn rename(store: &Store, tenant: &Tenant, user: &User, name: &str) -> Result<()> {
    store
        .change(&tenant.job(), async |tx| {
            let before = users::lock(tx, user.id).await?;
            let after = User { name: name.to_owned(), ..before.clone() };
            let written = users::replace(tx, before, after).await?;
            let event = Event::new("user.renamed", &written)?;
            Ok::<_, Error>(tx.record(event, ()))
        })
        .await
}

async fn revision(db: &Db, tenant: &Tenant, user: &User) -> (String, i64) {
    db.sign().await;
    let permit = tenant.owner().permit::<ReadUsers>().await;
    let mut view = db.store.read(&permit).await.unwrap();
    let history =
        bailiwick_store::audit::entity_history(&mut view, "user", user.id.uuid(), None).await.unwrap();
    (users::find(&mut view, user.id).await.unwrap().name, history[0].listed.revision)
}

// A commit travels over a network there. What SQLite does when a commit fails is in `batch`.
postgres_only! {
    async fn commit_that_is_lost_and_one_whose_answer_is_lost_are_both_errors(db: Db) {
        let Place::Postgres(database) = db.place() else { unreachable!() };
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let proxy = Proxy::to(database.host()).await;
        let far = db.another_with(&PoolOptions { url: database.app_url_behind(proxy.address()), ..db.options() }).await;
        rename(&far, &acme, &user, "Before").await.unwrap();

        proxy.arm(Fault::CommitLost);
        assert!(matches!(rename(&far, &acme, &user, "Lost").await, Err(Error::Sql(_))));
        assert_eq!(revision(&db, &acme, &user).await, ("Before".into(), 2));

        // The caller is told of an error and the change is there, with its record: never the one without the other.
        proxy.arm(Fault::AnswerLost);
        assert!(matches!(rename(&far, &acme, &user, "Unheard").await, Err(Error::Sql(_))));
        assert_eq!(revision(&db, &acme, &user).await, ("Unheard".into(), 3));

        rename(&far, &acme, &user, "After").await.unwrap();
        assert_eq!(revision(&db, &acme, &user).await, ("After".into(), 4));
        db.verify().await.unwrap();
    }

    async fn signer_whose_publication_is_not_heard_of_signs_on(db: Db) {
        let Place::Postgres(database) = db.place() else { unreachable!() };
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let proxy = Proxy::to(database.host()).await;
        let far = db.another_with(&PoolOptions { url: database.app_url_behind(proxy.address()), ..db.options() }).await;
        for fault in [Fault::CommitLost, Fault::AnswerLost] {
            rename(&db.store, &acme, &user, "Next").await.unwrap();
            db.settle().await;
            proxy.arm(fault);
            assert!(db.signer_of(&far).run().await.is_err());
            db.signer().check().await.unwrap();
            db.verify().await.unwrap();
            db.signer_of(&far).run().await.unwrap();
            let reports = db.verify().await.unwrap();
            assert!(reports.iter().all(|report| report.signed == Some(report.verified.size)));
        }
    }

    async fn round_of_the_sequencer_whose_commit_is_lost_is_repeated(db: Db) {
        let Place::Postgres(database) = db.place() else { unreachable!() };
        let acme = db.tenant("acme").await;
        let proxy = Proxy::to(database.host()).await;
        let far = db.another_with(&PoolOptions { url: database.app_url_behind(proxy.address()), ..db.options() }).await;
        let mut sequencer = bailiwick_store::audit::Sequencer::new(far);
        for fault in [Fault::CommitLost, Fault::AnswerLost] {
            rename(&db.store, &acme, &acme.owner().user, "Next").await.unwrap();
            proxy.arm(fault);
            assert!(sequencer.run().await.is_err());
            sequencer.drain().await.unwrap();
        }
        sequencer.release().await;
        db.sign().await;
        let reports = db.verify().await.unwrap();
        assert_eq!(reports[0].verified.waiting, 0);
    }
}
