//! What was used is written down, and nothing that is used is taken away.

use bailiwick_domain::{
    entity::{Effect, MfaFloor},
    mfa::Floor,
    permission::{Permission, PermissionSet},
    role::{Role, RoleName},
    rule::{CreateApiKey, CreateRole, GrantPermission, ReadAudit, ReadRoles, ReadUsers, UpdateTeam},
    time::Span,
};
use bailiwick_ops::{
    Error,
    api_keys::{self, NewApiKey},
    grants::{self, NewGrant},
    teams::{self, NewTeam},
    unused::{self, Judgement, NewCopy},
};
use bailiwick_store::{
    AgentClass, CarriedDevices, Credential, Event, RequestContext, Scope, Tx, access, grants as stored,
    permission_use, tenants, users,
};
use bailiwick_testkit::{Actor, DEVICE, Db, Tenant, both_databases};
use bailiwick_vault::api_key::ApiKey;

use crate::support::{times, verified};

/// What the routes of these tests ask for.
const MEASURED: PermissionSet = PermissionSet::of(&[
    Permission::USER_READ,
    Permission::SESSION_READ,
    Permission::AUDIT_READ,
    Permission::POLICY_READ,
]);

fn grant(permission: &str) -> NewGrant {
    NewGrant {
        permission: permission.into(),
        effect: "grant".into(),
        reason: "holiday cover".into(),
        expires_at: None,
    }
}

/// An owner who can act ninety-one days later, when everybody's session has ended.
async fn later(db: &Db, acme: &Tenant) -> Actor {
    db.clock.advance(Span::days(91));
    acme.user(Role::TenantOwner).await
}

/// The policy asks auditors for a passkey.
async fn asks_of_auditors(acme: &Tenant) {
    let asked = async |tx: &mut Tx| {
        let before = tenants::lock_policy(tx).await?;
        let mut after = before.clone();
        after.role_floors.insert(Role::Auditor.into(), Floor::NONE.at(MfaFloor::Passkey, tx.now()));
        let event = Event::new("policy.updated", &tenants::replace_policy(tx, before, after).await?)?;
        Ok::<_, bailiwick_store::Error>(tx.record(event, ()))
    };
    acme.db.store.change(&acme.job(), asked).await.unwrap();
}

/// How something was judged of somebody.
async fn judged(db: &Db, reader: &Actor, of: &Actor, permission: Permission) -> Judgement {
    let permit = reader.permit::<ReadAudit>().await;
    let uses = unused::of_person(&db.store, &permit, of.id(), MEASURED).await.unwrap();
    uses.lines.iter().find(|line| line.permission == permission).unwrap().judgement
}

both_databases! {
    async fn a_use_is_written_down_for_the_person_and_for_their_roles(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        let new = NewTeam { name: "Nights".into(), description: String::new() };
        let team = teams::create(&db.store, &acme.owner().permit::<UpdateTeam>().await, new).await.unwrap();
        let permit = acme.owner().permit::<bailiwick_domain::rule::GiveTeamRole>().await;
        teams::give_role(&db.store, &permit, team.id, "support_coordinator").await.unwrap();
        let permit = acme.owner().permit::<UpdateTeam>().await;
        teams::add_member(&db.store, &permit, team.id, auditor.id()).await.unwrap();
        let today = db.store.now().start_of_day();
        auditor.permit::<ReadUsers>().await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(permission_use::of_user(&mut view, auditor.id()).await.unwrap().is_empty(), "no request writes");
        drop(view);
        assert!(permission_use::flush(&db.store).await.unwrap() > 0);
        assert_eq!(permission_use::flush(&db.store).await.unwrap(), 0, "nothing waits any more");
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(permission_use::of_user(&mut view, auditor.id()).await.unwrap().get("user:read"), Some(&today));
        for role in ["auditor", "support_coordinator"] {
            assert_eq!(permission_use::of_role(&mut view, role).await.unwrap().get("user:read"), Some(&today), "{role}");
        }
        assert_eq!(permission_use::since(&mut view).await.unwrap(), Some(db.store.now()));
        drop(view);
        // A tenant beside it has none of it.
        let zenith = db.tenant("zenith").await;
        let mut view = db.store.read(&zenith.job()).await.unwrap();
        assert!(permission_use::of_role(&mut view, "auditor").await.unwrap().is_empty());
        assert!(permission_use::of_user(&mut view, auditor.id()).await.unwrap().is_empty());
    }

    async fn what_a_key_uses_its_maker_uses(db: Db) {
        let acme = db.tenant("acme").await;
        let new = NewApiKey { name: "Sync".into(), scopes: vec!["policy:read".into()], expires_at: None, tag: None, ..NewApiKey::default() };
        let (_, text) = api_keys::create(&db.store, &acme.owner().permit::<CreateApiKey>().await, new).await.unwrap();
        let key = ApiKey::parse(text.expose()).unwrap();
        let request = RequestContext {
            id: db.store.new_id(),
            ip: None,
            agent: AgentClass::Api,
            device: DEVICE,
            known: CarriedDevices::default(),
        };
        db.store.gate().admit::<bailiwick_domain::rule::ReadPolicy>(Credential::Key(key.hash()), request).await.unwrap();
        permission_use::flush(&db.store).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(permission_use::of_user(&mut view, acme.owner().id()).await.unwrap().contains_key("policy:read"));
    }

    async fn a_grant_ends_and_what_a_role_gives_is_denied(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        let coordinator = acme.user(Role::SupportCoordinator).await;
        let permit = acme.owner().permit::<GrantPermission>().await;
        grants::grant(&db.store, &permit, coordinator.id(), grant("policy:read")).await.unwrap();
        auditor.permit::<ReadUsers>().await;
        permission_use::flush(&db.store).await.unwrap();
        let owner = later(&db, &acme).await;
        assert_eq!(judged(&db, &owner, &auditor, Permission::SESSION_READ).await, Judgement::Unused);
        assert_eq!(judged(&db, &owner, &auditor, Permission::KEY_READ).await, Judgement::NotMeasured);
        for (person, permission) in [(&auditor, "session:read"), (&coordinator, "policy:read")] {
            let names = [permission.to_owned()];
            let permit = owner.permit::<GrantPermission>().await;
            unused::narrow_person(&db.store, &permit, person.id(), &names, "Not used.", MEASURED).await.unwrap();
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let user = users::find(&mut view, person.id()).await.unwrap();
            let held = access::held(&mut view, &user).await.unwrap().permissions();
            assert!(!held.contains(db.store.catalogue().find(permission).unwrap()), "{permission}");
            let left = stored::of_user(&mut view, person.id()).await.unwrap();
            let denied = left.iter().any(|grant| grant.effect == Effect::Deny && grant.permission == permission);
            assert_eq!(denied, permission == "session:read", "{left:?}");
        }
        assert_eq!(times(&db, &acme, "permission.denied").await, 1);
        assert_eq!(times(&db, &acme, "permission.reset").await, 1);
        verified(&db).await;
    }

    async fn nothing_is_taken_that_is_used_or_too_new_or_anothers(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        let early = acme.owner().permit::<GrantPermission>().await;
        let names = ["session:read".to_owned()];
        let outcome = unused::narrow_person(&db.store, &early, auditor.id(), &names, "Not used.", MEASURED).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "nothing is recorded yet: {outcome:?}");
        auditor.permit::<ReadUsers>().await;
        permission_use::flush(&db.store).await.unwrap();
        let owner = later(&db, &acme).await;
        let newcomer = acme.user(Role::Auditor).await;
        let permit = owner.permit::<GrantPermission>().await;
        for (person, names, reason) in [
            (&newcomer, vec!["session:read"], "Not used."),
            (&auditor, vec!["key:read"], "Not measured."),
            (&auditor, vec!["policy:update"], "Not theirs."),
        ] {
            let names: Vec<_> = names.into_iter().map(str::to_owned).collect();
            let outcome = unused::narrow_person(&db.store, &permit, person.id(), &names, reason, MEASURED).await;
            assert!(matches!(outcome, Err(Error::Conflict(_))), "{reason} {outcome:?}");
        }
        let zenith = db.tenant("zenith").await;
        let stranger = zenith.owner().permit::<GrantPermission>().await;
        let names = ["session:read".to_owned()];
        let outcome = unused::narrow_person(&db.store, &stranger, auditor.id(), &names, "Not mine.", MEASURED).await;
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
        let own = unused::narrow_person(&db.store, &permit, owner.id(), &names, "My own.", MEASURED).await;
        assert!(matches!(own, Err(Error::Conflict(_))), "{own:?}");
    }

    async fn a_built_in_role_is_copied_and_its_people_and_teams_move(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        let new = NewTeam { name: "Nights".into(), description: String::new() };
        let team = teams::create(&db.store, &acme.owner().permit::<UpdateTeam>().await, new).await.unwrap();
        let permit = acme.owner().permit::<bailiwick_domain::rule::GiveTeamRole>().await;
        teams::give_role(&db.store, &permit, team.id, "auditor").await.unwrap();
        auditor.permit::<ReadUsers>().await;
        asks_of_auditors(&acme).await;
        permission_use::flush(&db.store).await.unwrap();
        let owner = later(&db, &acme).await;
        let copy = |label: &str, permission: &str| NewCopy {
            label: label.to_owned(),
            permissions: vec![permission.to_owned()],
            reason: "Not used.".to_owned(),
        };
        let permit = owner.permit::<CreateRole>().await;
        let store = &db.store;
        let own = unused::copy_without(store, &permit, Role::TenantOwner, copy("Less", "session:read"), MEASURED).await;
        assert!(matches!(own, Err(Error::Conflict(_))), "{own:?}");
        let copied = unused::copy_without(store, &permit, Role::Auditor, copy("Quiet auditor", "session:read"), MEASURED).await.unwrap();
        assert_eq!((copied.moved, copied.teams, copied.kept), (1, 1, false));
        assert!(!copied.role.permissions.contains(&"session:read".to_owned()));
        let narrower = RoleName::from(copied.role.name);
        let mut view = store.read(&acme.job()).await.unwrap();
        assert_eq!(users::find(&mut view, auditor.id()).await.unwrap().role, narrower);
        assert_eq!(bailiwick_store::teams::find(&mut view, team.id).await.unwrap().roles, [narrower]);
        let floors = tenants::policy(&mut view).await.unwrap().role_floors;
        assert_eq!(floors[&narrower], floors[&RoleName::from(Role::Auditor)], "nobody gets round what they have to sign in with");
        drop(view);
        // Whoever may make roles and give none cannot move people by it.
        let manager = acme.user(Role::OperationsManager).await;
        let give = owner.permit::<GrantPermission>().await;
        grants::grant(store, &give, manager.id(), grant("role:create")).await.unwrap();
        let permit = manager.permit::<CreateRole>().await;
        let refused = unused::copy_without(store, &permit, Role::PlanManager, copy("Less", "team:read"), MEASURED).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        let (roles, since) = unused::roles(store, &owner.permit::<ReadRoles>().await, MEASURED).await.unwrap();
        assert!(since.is_some() && roles.iter().any(|role| role.role == narrower && role.holders.users == 1));
        verified(&db).await;
    }
}
