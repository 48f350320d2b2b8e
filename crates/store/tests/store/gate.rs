//! What the gate asks of the database, and that its one statement says what the explorer says with several.

use bailiwick_domain::{
    permission::{Permission, PermissionSet},
    role::{CustomName, Role},
    rule::{
        AssignRole, CreateApiKey, CreateRole, DisableUser, GiveTeamRole, GrantPermission, Me, Public,
        ReadUsers, Rule, UpdateTeam,
    },
    time::Span,
};
use bailiwick_ops::{
    api_keys::{self, NewApiKey},
    roles::{self, NewRole},
    teams::{self, NewTeam},
    users::{self, NewGrant},
};
use bailiwick_store::{
    Credential, DatabaseKind, Error, Refusal, Store, access, snapshots, statements, users as stored,
};
use bailiwick_testkit::{Actor, Db, Tenant, both_databases, cancel_after};
use bailiwick_vault::token::TokenHash;

use crate::{raw, support::raw::Raw};

/// What it costs to be admitted: statements, and transactions for reading.
async fn cost<T>(admitted: impl Future<Output = T>) -> (u64, u64, T) {
    let before = (statements(), snapshots());
    let answer = admitted.await;
    (statements() - before.0, snapshots() - before.1, answer)
}

async fn role(tenant: &Tenant, slug: &str, permissions: &[&str]) -> CustomName {
    let permissions = permissions.iter().copied().map(Into::into).collect();
    let new = NewRole { label: slug.into(), slug: slug.into(), permissions, ..NewRole::default() };
    let permit = tenant.owner().permit::<CreateRole>().await;
    roles::create(&tenant.db.store, &permit, new).await.unwrap().name
}

async fn join(tenant: &Tenant, who: &Actor, roles: &[&str]) {
    let (store, owner) = (&tenant.db.store, tenant.owner());
    let permit = owner.permit::<UpdateTeam>().await;
    let new = NewTeam { name: "Night shift".into(), ..NewTeam::default() };
    let team = teams::create(store, &permit, new).await.unwrap();
    teams::add_member(store, &permit, team.id, who.id()).await.unwrap();
    for role in roles {
        let permit = owner.permit::<GiveTeamRole>().await;
        teams::give_role(store, &permit, team.id, role).await.unwrap();
    }
}

async fn grant(tenant: &Tenant, who: &Actor, permission: &str, effect: &str, lasts: Option<Span>) {
    let permit = tenant.owner().permit::<GrantPermission>().await;
    let new = NewGrant {
        permission: permission.into(),
        effect: effect.into(),
        reason: "holiday cover".into(),
        expires_at: lasts.map(|span| tenant.db.store.now() + span),
    };
    users::grant(&tenant.db.store, &permit, who.id(), new).await.unwrap();
}

async fn key(tenant: &Tenant, maker: &Actor, scopes: &[&str]) -> TokenHash {
    let scopes = scopes.iter().copied().map(Into::into).collect();
    let new = NewApiKey { name: "Sync".into(), scopes, expires_at: None, tag: None, ..NewApiKey::default() };
    let permit = maker.permit::<CreateApiKey>().await;
    api_keys::create(&tenant.db.store, &permit, new).await.unwrap().1.hash()
}

async fn by_key<R: Rule>(store: &Store, hash: &TokenHash, who: &Actor) -> Result<PermissionSet, Refusal> {
    let permit = store.gate().admit::<R>(Credential::Key(*hash), who.request()).await?;
    Ok(*permit.permissions())
}

/// What the explorer says of somebody.
async fn explained(db: &Db, tenant: &Tenant, who: &Actor) -> PermissionSet {
    let mut view = db.store.read(&tenant.job()).await.unwrap();
    let user = stored::find(&mut view, who.id()).await.unwrap();
    access::held(&mut view, &user).await.unwrap().permissions()
}

both_databases! {
    async fn admitted_person_costs_one_statement_and_on_sqlite_no_transaction(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        join(&acme, &user, &["plan_manager"]).await;
        user.permit::<ReadUsers>().await;
        let transactions = u64::from(db.kind() == DatabaseKind::Postgres);
        let (sent, opened, permit) = cost(user.try_permit::<ReadUsers>()).await;
        assert!(permit.unwrap().may(Permission::USER_READ));
        assert_eq!((sent, opened), (1, transactions));
        // Whoever is refused, or shows a token that nobody has, learns nothing from the effort.
        db.clock.advance(Span::days(40));
        let (sent, opened, refused) = cost(user.try_permit::<ReadUsers>()).await;
        assert!(matches!(refused, Err(Refusal::SignIn)), "their session is over");
        assert_eq!((sent, opened), (1, transactions));
    }

    async fn admitted_key_costs_two_statements_and_on_sqlite_no_transaction(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let hash = key(&acme, &owner, &["user:read"]).await;
        let transactions = if db.kind() == DatabaseKind::Postgres { 2 } else { 0 };
        let (sent, opened, permissions) = cost(by_key::<ReadUsers>(&db.store, &hash, &owner)).await;
        assert!(permissions.unwrap().contains(Permission::USER_READ));
        assert!(sent <= 2, "{sent} statements");
        assert!(opened <= transactions, "{opened} transactions");
    }

    async fn gate_gives_what_the_explorer_explains_whatever_it_comes_from(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::SupportCoordinator).await;
        let same = async |step: &str| {
            let gate = *user.permit::<Me>().await.permissions();
            assert_eq!(gate, explained(&db, &acme, &user).await, "{step}");
            gate
        };
        same("a built-in role").await;
        let readers = role(&acme, "readers", &["user:read", "role:read"]).await;
        let guests = role(&acme, "guests", &["invitation:read", "invitation:create"]).await;
        let empty = role(&acme, "empty", &["audit:read"]).await;
        let permit = acme.owner().permit::<AssignRole>().await;
        users::assign_role(&db.store, &permit, user.id(), readers.name()).await.unwrap();
        let gate = same("a role of their own making").await;
        assert!(gate.contains(Permission::USER_READ) && !gate.contains(Permission::AUDIT_READ));
        join(&acme, &user, &["auditor", guests.name(), empty.name()]).await;
        let gate = same("the roles of a team").await;
        assert!(gate.contains(Permission::AUDIT_READ) && gate.contains(Permission::INVITATION_CREATE));
        grant(&acme, &user, "policy:update", "grant", Some(Span::minutes(5))).await;
        grant(&acme, &user, "mail:read", "grant", None).await;
        grant(&acme, &user, "audit:read", "deny", None).await;
        let gate = same("grants and a denial").await;
        assert!(gate.contains(Permission::POLICY_UPDATE) && !gate.contains(Permission::AUDIT_READ));
        // What somebody wrote past the store makes nobody of a customer a person of the platform.
        let mut raw = Raw::superuser(&db).await;
        raw!(raw, "UPDATE user_grant SET permission = 'tenant:read' WHERE permission = 'mail:read'").unwrap();
        assert!(!same("a grant of the platform's").await.contains(Permission::TENANT_READ));
        grant(&acme, &user, "api_key:create", "grant", None).await;
        let hash = key(&acme, &user, &["policy:update", "user:read"]).await;
        let by_them = by_key::<Public>(&db.store, &hash, &user).await.unwrap();
        assert!(by_them.contains(Permission::POLICY_UPDATE) && by_them.contains(Permission::USER_READ));
        db.clock.advance(Span::minutes(5));
        let gate = same("a grant that is over").await;
        assert!(!gate.contains(Permission::POLICY_UPDATE) && gate.contains(Permission::USER_READ));
        let by_them = by_key::<Public>(&db.store, &hash, &user).await.unwrap();
        assert!(!by_them.contains(Permission::POLICY_UPDATE) && by_them.contains(Permission::USER_READ));
    }

    async fn requests_that_are_given_up_and_crowds_leave_the_gate_as_it_was(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        for polls in 0..40 {
            drop(cancel_after(polls % 4, user.try_permit::<ReadUsers>()).await);
        }
        // More of them at once than there are connections.
        let crowd: Vec<_> = (0..64)
            .map(|_| {
                let user = user.clone();
                tokio::spawn(async move { user.try_permit::<ReadUsers>().await.is_ok() })
            })
            .collect();
        for one in crowd {
            assert!(one.await.unwrap());
        }
        if db.kind() == DatabaseKind::Sqlite {
            let usage = db.store.connections();
            assert!(usage.in_use + usage.idle <= 8, "{usage:?}");
        }
        let permit = acme.owner().permit::<DisableUser>().await;
        users::disable(&db.store, &permit, user.id()).await.unwrap();
        assert!(matches!(user.try_permit::<ReadUsers>().await, Err(Refusal::SignIn)));
    }

    async fn account_that_cannot_be_read_is_an_error_and_holds_up_nobody_else(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let mut raw = Raw::superuser(&db).await;
        raw!(raw, "UPDATE users SET role = 'nobody' WHERE role = 'auditor'").unwrap();
        for _ in 0..12 {
            let refused = user.try_permit::<ReadUsers>().await;
            assert!(matches!(&refused, Err(Refusal::Store(Error::Corrupt(place))) if place == "users.role"), "{refused:?}");
            assert!(acme.owner().try_permit::<ReadUsers>().await.is_ok());
        }
        raw!(raw, "UPDATE users SET role = 'auditor' WHERE role = 'nobody'").unwrap();
        assert!(user.try_permit::<ReadUsers>().await.is_ok());
    }

    async fn closed_store_admits_nobody(db: Db) {
        let acme = db.tenant("acme").await;
        let far = db.another().await;
        assert!(acme.owner().try_permit_from::<ReadUsers>(&far).await.is_ok());
        far.close().await;
        assert!(matches!(acme.owner().try_permit_from::<ReadUsers>(&far).await, Err(Refusal::Store(Error::Sql(_)))));
        assert!(acme.owner().try_permit::<ReadUsers>().await.is_ok());
    }
}
