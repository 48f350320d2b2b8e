//! Nobody hands on more than they have.

use bailiwick_domain::{
    entity::UserStatus,
    role::Role,
    rule::{AssignRole, CreateApiKey, DisableUser, GrantPermission, Invite, ReadUsers},
};
use bailiwick_ops::{
    Error,
    api_keys::{self, NewApiKey},
    invitations::{self, NewInvitation},
    users::{self, NewGrant},
};
use bailiwick_store::Refusal;
use bailiwick_testkit::{Actor, Db, Tenant, both_databases};

use crate::support::{log, verified};

fn grant(permission: &str, effect: &str) -> NewGrant {
    NewGrant {
        permission: permission.into(),
        effect: effect.into(),
        reason: "holiday cover".into(),
        expires_at: None,
    }
}

fn invite(role: &str) -> NewInvitation {
    NewInvitation { email: "new@acme.example".into(), role: role.into(), expires_at: None }
}

/// An operations manager to whom the owner gave single permissions beside the role.
async fn manager_with(db: &Db, acme: &Tenant, permissions: &[&str]) -> Actor {
    let manager = acme.user(Role::OperationsManager).await;
    for permission in permissions {
        users::grant(
            &db.store,
            &acme.owner().permit::<GrantPermission>().await,
            manager.id(),
            grant(permission, "grant"),
        )
        .await
        .unwrap();
    }
    manager
}

#[track_caller]
fn forbidden<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
}

both_databases! {
    async fn operations_manager_who_may_assign_roles_makes_no_owner(db: Db) {
        let acme = db.tenant("acme").await;
        let manager = manager_with(&db, &acme, &["user:assign_role"]).await;
        let colleague = acme.add(Role::SupportCoordinator).await;
        let permit = manager.permit::<AssignRole>().await;
        forbidden(users::assign_role(&db.store, &permit, colleague.id, "tenant_owner").await);
        // An auditor reads what a manager does not.
        forbidden(users::assign_role(&db.store, &permit, colleague.id, "auditor").await);
        // Nor is somebody brought down who has more.
        forbidden(users::assign_role(&db.store, &permit, acme.owner().id(), "plan_manager").await);
        assert!(matches!(users::assign_role(&db.store, &permit, manager.id(), "tenant_owner").await, Err(Error::Conflict(_))));
        let promoted = users::assign_role(&db.store, &permit, colleague.id, "operations_manager").await.unwrap();
        assert_eq!(promoted.role, Role::OperationsManager);
        assert!(log(&db, &acme).await.iter().filter(|(_, outcome)| outcome == "failed").count() == 4);
        verified(&db).await;
    }

    async fn platform_role_is_none_of_a_customers(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let permit = acme.owner().permit::<AssignRole>().await;
        for role in ["platform_owner", "platform_operator", "root", "", "TENANT_OWNER"] {
            let outcome = users::assign_role(&db.store, &permit, user.id, role).await;
            assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields[0].field == "role"), "{role}: {outcome:?}");
        }
    }

    async fn operations_manager_invites_nobody_above_themselves(db: Db) {
        let acme = db.tenant("acme").await;
        let manager = acme.user(Role::OperationsManager).await;
        let permit = manager.permit::<Invite>().await;
        forbidden(invitations::create(&db.store, &permit, invite("tenant_owner")).await);
        forbidden(invitations::create(&db.store, &permit, invite("auditor")).await);
        let platform = invitations::create(&db.store, &permit, invite("platform_owner")).await;
        assert!(platform.is_err(), "{platform:?}");
        invitations::create(&db.store, &permit, invite("support_coordinator")).await.unwrap();
        assert_eq!(
            invitations::invitable(&db.store, *permit.permissions(), false),
            [Role::OperationsManager, Role::PlanManager, Role::SupportCoordinator]
        );
    }

    async fn nobody_grants_what_they_lack(db: Db) {
        let acme = db.tenant("acme").await;
        let manager = manager_with(&db, &acme, &["user:grant"]).await;
        let colleague = acme.add(Role::SupportCoordinator).await;
        let permit = manager.permit::<GrantPermission>().await;
        forbidden(users::grant(&db.store, &permit, colleague.id, grant("audit:read", "grant")).await);
        forbidden(users::grant(&db.store, &permit, colleague.id, grant("tenant:create", "grant")).await);
        // Nor take it from somebody who has more.
        forbidden(users::grant(&db.store, &permit, acme.owner().id(), grant("user:read", "deny")).await);
        assert!(matches!(users::grant(&db.store, &permit, manager.id(), grant("user:read", "grant")).await, Err(Error::Conflict(_))));
        users::grant(&db.store, &permit, colleague.id, grant("user:read", "grant")).await.unwrap();
        let twice = users::grant(&db.store, &permit, colleague.id, grant("user:read", "deny")).await;
        assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
        for (permission, effect, field) in [("*", "grant", "permission"), ("user:*", "grant", "permission"), ("user:read", "allow", "effect")] {
            let outcome = users::grant(&db.store, &permit, colleague.id, grant(permission, effect)).await;
            assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields[0].field == field), "{permission}: {outcome:?}");
        }
    }

    async fn removing_a_denial_gives_back_no_more_than_one_has(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let auditor = acme.add(Role::Auditor).await;
        let denial = users::grant(&db.store, &owner.permit::<GrantPermission>().await, auditor.id, grant("audit:read", "deny")).await.unwrap();
        // A manager who may grant, and has all that an auditor has but the log.
        let extra = ["user:grant", "sign_on:read", "secret:read", "key:read", "audit:export", "audit:verify", "detection:read", "compliance:read", "system:read"];
        let manager = manager_with(&db, &acme, &extra).await;
        let permit = manager.permit::<GrantPermission>().await;
        forbidden(users::remove_grant(&db.store, &permit, auditor.id, denial.id).await);
        users::remove_grant(&db.store, &owner.permit::<GrantPermission>().await, auditor.id, denial.id).await.unwrap();
        let again = users::remove_grant(&db.store, &owner.permit::<GrantPermission>().await, auditor.id, denial.id).await;
        assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
        verified(&db).await;
    }

    async fn operations_manager_disables_a_colleague_and_no_owner(db: Db) {
        let acme = db.tenant("acme").await;
        let manager = acme.user(Role::OperationsManager).await;
        let colleague = acme.add(Role::SupportCoordinator).await;
        let permit = manager.permit::<DisableUser>().await;
        forbidden(users::disable(&db.store, &permit, acme.owner().id()).await);
        assert!(matches!(users::disable(&db.store, &permit, manager.id()).await, Err(Error::Conflict(_))));
        assert_eq!(users::disable(&db.store, &permit, colleague.id).await.unwrap().status, UserStatus::Disabled);
        assert!(matches!(users::disable(&db.store, &permit, colleague.id).await, Err(Error::Conflict(_))));
        assert_eq!(users::enable(&db.store, &permit, colleague.id).await.unwrap().status, UserStatus::Active);
        assert!(matches!(users::enable(&db.store, &permit, colleague.id).await, Err(Error::Conflict(_))));
    }

    async fn last_owner_stays_an_owner(db: Db) {
        let acme = db.tenant("acme").await;
        let other = acme.user(Role::TenantOwner).await;
        let (by_other, demote) = (other.permit::<DisableUser>().await, other.permit::<AssignRole>().await);
        users::disable(&db.store, &acme.owner().permit::<DisableUser>().await, other.id()).await.unwrap();
        // The other owner's request passed the gate before they were disabled; theirs is the last owner now.
        let outcome = users::disable(&db.store, &by_other, acme.owner().id()).await;
        assert!(matches!(outcome, Err(Error::Conflict(text)) if text.contains("nothing was done")), "{outcome:?}");
        let outcome = users::assign_role(&db.store, &demote, acme.owner().id(), "auditor").await;
        assert!(matches!(outcome, Err(Error::Conflict(text)) if text.contains("nothing was done")), "{outcome:?}");
        assert!(acme.owner().try_permit::<DisableUser>().await.is_ok());
    }

    async fn key_carries_no_more_than_its_maker(db: Db) {
        let acme = db.tenant("acme").await;
        let developer = acme.user(Role::Developer).await;
        let permit = developer.permit::<CreateApiKey>().await;
        let key = |scopes: &[&str]| NewApiKey { name: "Sync".into(), scopes: scopes.iter().map(|&s| s.to_owned()).collect(), expires_at: None, tag: None, ..NewApiKey::default() };
        forbidden(api_keys::create(&db.store, &permit, key(&["user:read"])).await);
        forbidden(api_keys::create(&db.store, &permit, key(&["integration:read", "audit:read"])).await);
        let (made, _) = api_keys::create(&db.store, &permit, key(&["integration:read", "api_key:read"])).await.unwrap();
        assert_eq!(made.scopes, ["api_key:read", "integration:read"]);
        assert_eq!(made.created_by, Some(developer.id()));
        for (scopes, said) in [(&[][..], "at least one"), (&["no:such"][..], "no:such"), (&["*"][..], "such as user:read"), (&["tenant:create"][..], "platform")] {
            let outcome = api_keys::create(&db.store, &permit, key(scopes)).await;
            assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields[0].field == "scopes" && fields[0].text.contains(said)), "{scopes:?}: {outcome:?}");
        }
    }

    async fn customer_holds_no_platform_permission_whatever_was_granted(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        assert!(matches!(owner.try_permit::<bailiwick_domain::rule::CreateTenant>().await, Err(Refusal::Forbidden)));
        assert!(matches!(owner.try_permit::<bailiwick_domain::rule::SuspendTenant>().await, Err(Refusal::Forbidden)));
        assert!(matches!(owner.try_permit::<bailiwick_domain::rule::ByJob>().await, Err(Refusal::Forbidden)));
        let permit = owner.permit::<ReadUsers>().await;
        assert!(permit.permissions().intersection(db.store.catalogue().platform_permissions()).is_empty());
    }
}
