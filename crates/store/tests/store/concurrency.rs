//! Many writers at once.

use bailiwick_domain::{entity::User, role::Role};
use bailiwick_store::{Error, Event, Result, Store, users};
use bailiwick_testkit::{Tenant, both_databases};
use tokio::task::JoinSet;

use crate::{raw_rows, support::raw::Raw};

async fn rename(store: &Store, tenant: &Tenant, user: &User, name: String) -> Result<()> {
    store
        .change(&tenant.job(), async |tx| {
            let before = users::lock(tx, user.id).await?;
            let after = User { name, ..before.clone() };
            let written = users::replace(tx, before, after).await?;
            let event = Event::new("user.renamed", &written)?;
            Ok::<_, Error>(tx.record(event, ()))
        })
        .await
}

both_databases! {
    async fn writers_on_the_same_and_on_different_users_leave_every_chain_whole(db: Db) {
        let acme = db.tenant("acme").await;
        let globex = db.tenant("globex").await;
        let mut everybody = Vec::new();
        for _ in 0..4 {
            everybody.push((acme.clone(), acme.add(Role::Auditor).await));
        }
        everybody.push((globex.clone(), globex.add(Role::Auditor).await));
        let other = db.another_if_several().await;
        let mut tasks = JoinSet::new();
        for writer in 0..32 {
            let store = if writer % 2 == 0 { db.store.clone() } else { other.clone() };
            let everybody = everybody.clone();
            tasks.spawn(async move {
                for n in 0..8 {
                    let (tenant, user) = &everybody[(writer + n) % everybody.len()];
                    rename(&store, tenant, user, format!("{writer} {n}")).await.unwrap();
                }
            });
        }
        let sequencer = tokio::spawn({
            let db = db.clone();
            async move {
                // Sequencing and signing go on while the writers do.
                for _ in 0..20 {
                    db.sign().await;
                    tokio::task::yield_now().await;
                }
            }
        });
        tasks.join_all().await;
        sequencer.await.unwrap();
        db.sign().await;
        let mut raw = Raw::superuser(&db).await;
        let revisions: Vec<(i64,)> = raw_rows!(raw, "SELECT revision FROM audit_head WHERE entity_type = 'user' ORDER BY revision");
        assert_eq!(revisions.iter().map(|(revision,)| revision).sum::<i64>(), 32 * 8 + 5 + 2, "every change is a revision");
        let reports = db.verify().await.unwrap();
        assert!(reports.iter().all(|report| report.signed == Some(report.verified.size)), "{reports:?}");
    }

    async fn verification_beside_writers_and_signer_raises_no_false_alarm(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let writers = tokio::spawn({
            let (db, acme) = (db.clone(), acme.clone());
            async move {
                for n in 0..60 {
                    rename(&db.store, &acme, &user, format!("{n}")).await.unwrap();
                    if n % 3 == 0 {
                        db.sign().await;
                    }
                    if n % 10 == 0 {
                        // A customer that comes while the verification runs.
                        db.tenant(&format!("customer-{n}")).await;
                    }
                }
            }
        });
        while !writers.is_finished() {
            db.verify().await.unwrap();
        }
        writers.await.unwrap();
    }

    async fn two_first_events_of_one_user_make_one_chain(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let (one, other) = tokio::join!(rename(&db.store, &acme, &user, "One".into()), rename(&db.store, &acme, &user, "Two".into()));
        one.unwrap();
        other.unwrap();
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn two_owners_who_remove_each_other_at_once_leave_one_owner(db: Db) {
        use bailiwick_domain::rule::{AssignRole, DisableUser};
        for round in 0..6 {
            let acme = db.tenant(&format!("acme-{round}")).await;
            let (one, other) = (acme.owner(), acme.user(Role::TenantOwner).await);
            // The permits are made before either acts: both requests passed the gate.
            let (by_one, by_other) = (one.permit::<DisableUser>().await, other.permit::<DisableUser>().await);
            let demote = other.permit::<AssignRole>().await;
            let demotes = round % 2 == 1;
            let (first, second) = tokio::join!(
                async { bailiwick_ops::users::disable(&db.store, &by_one, other.id()).await.map(drop) },
                async {
                    if demotes {
                        bailiwick_ops::users::assign_role(&db.store, &demote, one.id(), "auditor").await.map(drop)
                    } else {
                        bailiwick_ops::users::disable(&db.store, &by_other, one.id()).await.map(drop)
                    }
                }
            );
            assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
            let refusal = first.err().or(second.err()).unwrap();
            // Whoever comes second is the last owner's colleague no more, or finds that they are gone themselves.
            let last = matches!(refusal, bailiwick_ops::Error::Conflict(text) if text.contains("last owner") || text.contains("nothing was done"));
            assert!(last || matches!(refusal, bailiwick_ops::Error::NotFound), "{refusal:?}");
        }
        let mut raw = Raw::superuser(&db).await;
        let owners: Vec<(i64,)> = raw_rows!(raw, "SELECT count(*) FROM users WHERE role = 'tenant_owner' AND status = 'active' GROUP BY tenant");
        assert_eq!(owners, vec![(1,); 6]);
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn two_owners_who_delete_each_other_at_once_leave_one_owner(db: Db) {
        use bailiwick_domain::rule::{DeleteUser, DisableUser};
        use bailiwick_ops::{deletion, step_up::{Answer, Outcome}};
        let asked = async |actor: &bailiwick_testkit::Actor, whom| {
            let permit = actor.permit::<DeleteUser>().await;
            let Ok(Outcome::Asked(asked)) = deletion::delete(&db.store, &permit, whom, None).await else { panic!("no code") };
            (permit, Some(Answer { id: asked.id, code: actor.mailed_code(asked.id).await }))
        };
        let done = |outcome: Result<Outcome<User>, bailiwick_ops::Error>| match outcome {
            Ok(Outcome::Done(_)) => Ok(()),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        };
        for round in 0..6 {
            let acme = db.tenant(&format!("acme-{round}")).await;
            let (one, other) = (acme.owner(), acme.user(Role::TenantOwner).await);
            // Both have their code, and both requests passed the gate.
            let (by_one, right) = asked(&one, other.id()).await;
            let (by_other, left) = asked(&other, one.id()).await;
            let disable = other.permit::<DisableUser>().await;
            let (first, second) = tokio::join!(
                async { done(deletion::delete(&db.store, &by_one, other.id(), right).await) },
                async {
                    if round % 2 == 1 {
                        bailiwick_ops::users::disable(&db.store, &disable, one.id()).await.map(drop)
                    } else {
                        done(deletion::delete(&db.store, &by_other, one.id(), left).await)
                    }
                }
            );
            assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
            let refusal = first.err().or(second.err()).unwrap();
            // Whoever comes second is the last owner's colleague no more, or finds that they are gone themselves.
            let last = matches!(refusal, bailiwick_ops::Error::Conflict(text) if text.contains("last owner") || text.contains("nothing was done"));
            assert!(last || matches!(refusal, bailiwick_ops::Error::NotFound), "{refusal:?}");
        }
        let mut raw = Raw::superuser(&db).await;
        let owners: Vec<(i64,)> = raw_rows!(raw, "SELECT count(*) FROM users WHERE role = 'tenant_owner' AND status = 'active' GROUP BY tenant");
        assert_eq!(owners, vec![(1,); 6]);
        db.sign().await;
        db.verify().await.unwrap();
    }
}
