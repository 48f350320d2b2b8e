//! Grants and denials that end by themselves, and the owner who stays whole.

use bailiwick_domain::{
    entity::Severity,
    role::Role,
    rule::{AssignRole, DisableUser, GrantPermission, Invite, ReadAudit, ReadUsers},
    time::Span,
};
use bailiwick_ops::{
    Error,
    grants::Ends,
    invitations::{self, NewInvitation},
    users::{self, NewGrant},
};
use bailiwick_store::{Refusal, security_events};
use bailiwick_testkit::{Actor, Db, both_databases};

use crate::support::{times, verified};

fn lasting(db: &Db, permission: &str, effect: &str, span: Span) -> NewGrant {
    let expires_at = Some(db.store.now() + span);
    NewGrant {
        permission: permission.into(),
        effect: effect.into(),
        reason: "holiday cover".into(),
        expires_at,
    }
}

fn for_good(permission: &str, effect: &str) -> NewGrant {
    NewGrant {
        permission: permission.into(),
        effect: effect.into(),
        reason: "holiday cover".into(),
        expires_at: None,
    }
}

fn ends(db: &Db) -> Ends {
    Ends::new(db.store.clone(), db.jobs())
}

both_databases! {
    async fn grant_and_denial_end_at_their_very_moment(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        let auditor = acme.user(Role::Auditor).await;
        let permit = acme.owner().permit::<GrantPermission>().await;
        users::grant(&db.store, &permit, planner.id(), lasting(&db, "user:read", "grant", Span::minutes(10))).await.unwrap();
        users::grant(&db.store, &permit, auditor.id(), lasting(&db, "user:read", "deny", Span::minutes(10))).await.unwrap();
        db.clock.advance(Span::seconds(599));
        let renewed = planner.permit::<ReadUsers>().await.renewed().unwrap().expose().to_string();
        let planner = Actor { token: renewed, ..planner };
        assert!(matches!(auditor.try_permit::<ReadUsers>().await, Err(Refusal::Forbidden)));
        db.clock.advance(Span::seconds(1));
        // No job has run: the clock alone decides.
        assert!(matches!(planner.try_permit::<ReadUsers>().await, Err(Refusal::Forbidden)));
        assert!(auditor.try_permit::<ReadUsers>().await.is_ok());
        assert_eq!(times(&db, &acme, "grant.expired").await, 0);
        verified(&db).await;
    }

    async fn end_is_recorded_once_whoever_notes_it(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        let permit = acme.owner().permit::<GrantPermission>().await;
        let invite = lasting(&db, "invitation:create", "grant", Span::days(1));
        users::grant(&db.store, &permit, planner.id(), invite).await.unwrap();
        let longer = lasting(&db, "register:read", "deny", Span::days(2));
        users::grant(&db.store, &permit, planner.id(), longer).await.unwrap();
        assert_eq!(ends(&db).round().await.unwrap(), 0, "nothing has ended yet");
        db.clock.advance(Span::days(1));
        let other = Ends::new(db.another_if_several().await, db.jobs());
        let here = ends(&db);
        let (one, two) = tokio::join!(here.round(), other.round());
        assert_eq!(one.unwrap() + two.unwrap(), 1, "two servers record it once");
        assert_eq!(ends(&db).round().await.unwrap(), 0);
        assert_eq!(times(&db, &acme, "grant.expired").await, 1);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let grants = bailiwick_store::grants::of_user(&mut view, planner.id()).await.unwrap();
        let over: Vec<_> = grants.iter().filter(|grant| grant.is_over(db.store.now())).collect();
        assert_eq!((over.len(), over[0].ended_at), (1, Some(db.store.now())));
        let events = security_events::list(&mut view, None, 10).await.unwrap().items;
        let raised = events.iter().find(|event| event.kind == "grant.expired").unwrap();
        assert_eq!((raised.severity, raised.detail.as_str()), (Severity::Info, "Grant of invitation:create to a user with the role Plan Manager has ended"));
        drop(view);
        verified(&db).await;
    }

    async fn what_is_over_makes_way_and_is_recorded_as_over_once(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        let permit = acme.owner().permit::<GrantPermission>().await;
        users::grant(&db.store, &permit, planner.id(), lasting(&db, "user:read", "grant", Span::days(1))).await.unwrap();
        let twice = users::grant(&db.store, &permit, planner.id(), for_good("user:read", "grant")).await;
        assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
        db.clock.advance(Span::days(1));
        // The first owner's session has ended in the meantime.
        let permit = acme.user(Role::TenantOwner).await.permit::<GrantPermission>().await;
        let new = users::grant(&db.store, &permit, planner.id(), for_good("user:read", "grant")).await.unwrap();
        assert_eq!(times(&db, &acme, "grant.expired").await, 1);
        assert_eq!(ends(&db).round().await.unwrap(), 0);
        users::remove_grant(&db.store, &permit, planner.id(), new.id).await.unwrap();
        let short = users::grant(&db.store, &permit, planner.id(), lasting(&db, "audit:read", "grant", Span::days(1))).await.unwrap();
        db.clock.advance(Span::days(1));
        ends(&db).round().await.unwrap();
        let permit = acme.user(Role::TenantOwner).await.permit::<GrantPermission>().await;
        users::remove_grant(&db.store, &permit, planner.id(), short.id).await.unwrap();
        assert_eq!((times(&db, &acme, "grant.expired").await, times(&db, &acme, "permission.reset").await), (2, 2));
        verified(&db).await;
    }

    async fn end_lies_ahead_and_within_two_years(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.add(Role::PlanManager).await;
        let permit = acme.owner().permit::<GrantPermission>().await;
        for span in [Span::seconds(0), Span::seconds(-1), Span::days(732)] {
            let outcome = users::grant(&db.store, &permit, planner.id, lasting(&db, "user:read", "grant", span)).await;
            assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields[0].field == "expires_at"), "{outcome:?}");
        }
    }

    async fn invitations_end_with_the_grant_that_they_rest_on(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        let permit = acme.owner().permit::<GrantPermission>().await;
        for permission in ["invitation:create", "user:read"] {
            users::grant(&db.store, &permit, planner.id(), lasting(&db, permission, "grant", Span::days(1))).await.unwrap();
        }
        let create = acme.owner().permit::<bailiwick_domain::rule::CreateRole>().await;
        let new = bailiwick_ops::roles::NewRole { label: "Reader".into(), permissions: vec!["user:read".into()], ..Default::default() };
        let role = bailiwick_ops::roles::create(&db.store, &create, new).await.unwrap();
        let new = NewInvitation { email: "new@acme.example".into(), role: role.name.to_string(), expires_at: None };
        invitations::create(&db.store, &planner.permit::<Invite>().await, new).await.unwrap();
        db.clock.advance(Span::days(1));
        assert_eq!(ends(&db).round().await.unwrap(), 2);
        assert_eq!(times(&db, &acme, "invitation.revoked").await, 1);
        verified(&db).await;
    }

    async fn last_owner_to_whom_nothing_is_denied_stays_so(db: Db) {
        let acme = db.tenant("acme").await;
        let other = acme.user(Role::TenantOwner).await;
        let (by_other, by_owner) = (other.permit::<GrantPermission>().await, acme.owner().permit::<GrantPermission>().await);
        users::grant(&db.store, &by_owner, other.id(), for_good("audit:hold", "deny")).await.unwrap();
        // Both passed the gate before: whoever comes second would leave no owner who can do everything, and is looked at again.
        let outcome = users::grant(&db.store, &by_other, acme.owner().id(), for_good("user:assign_role", "deny")).await;
        assert!(matches!(outcome, Err(Error::Conflict(text)) if text.contains("nothing was done")), "{outcome:?}");
        let outcome = users::disable(&db.store, &acme.owner().permit::<DisableUser>().await, other.id()).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        assert!(acme.owner().try_permit::<ReadAudit>().await.is_ok());
    }

    async fn two_owners_who_remove_each_other_at_once_leave_one(db: Db) {
        // Whatever each of them does to the other: of each pair exactly one wins.
        for (number, deeds) in [("demote", "demote"), ("disable", "disable"), ("demote", "disable"), ("deny", "demote"), ("deny", "disable"), ("deny", "deny")].into_iter().enumerate() {
            let tenant = db.tenant(&format!("acme{number}")).await;
            let (one, two) = (tenant.owner(), tenant.user(Role::TenantOwner).await);
            let second = db.another_if_several().await;
            let (first, other) = (deed(&db.store, deeds.0, &one, &two).await, deed(&second, deeds.1, &two, &one).await);
            let (first, other) = tokio::join!(first, other);
            assert!(first != other, "{deeds:?}: {first} {other}");
            verified(&db).await;
        }
    }
}

/// Passes the gate, and gives back what is left to do: whether it was done.
async fn deed<'a>(
    store: &'a bailiwick_store::Store,
    what: &str,
    by: &Actor,
    whom: &Actor,
) -> std::pin::Pin<Box<dyn Future<Output = bool> + 'a>> {
    let id = whom.id();
    match what {
        "demote" => {
            let permit = by.permit::<AssignRole>().await;
            Box::pin(async move { done(users::assign_role(store, &permit, id, "auditor").await) })
        }
        "disable" => {
            let permit = by.permit::<DisableUser>().await;
            Box::pin(async move { done(users::disable(store, &permit, id).await) })
        }
        _ => {
            let permit = by.permit::<GrantPermission>().await;
            Box::pin(
                async move { done(users::grant(store, &permit, id, for_good("audit:hold", "deny")).await) },
            )
        }
    }
}

/// Whether it was done; the only other answers are that this is the last owner, or that whoever asks lost the right to.
#[track_caller]
fn done<T: std::fmt::Debug>(outcome: Result<T, Error>) -> bool {
    match outcome {
        Ok(_) => true,
        Err(Error::Conflict(text)) if text.contains("last owner") || text.contains("nothing was done") => {
            false
        }
        Err(error) => panic!("{error}"),
    }
}
