//! What decides who may do what: of a person it takes a proof of the last minutes, and a key makes nobody an owner.

use bailiwick_domain::{
    role::Role,
    rule::{
        AssignRole, CreateApiKey, CreateRole, DeleteRole, DisableUser, GiveTeamRole, GrantPermission, Invite,
        ReadUsers, ResendInvitation, RevokeApiKey, RevokeSession, Rule, UpdatePolicy, UpdateRole, UpdateTeam,
    },
    time::Span,
};
use bailiwick_ops::{
    Error,
    api_keys::{self, NewApiKey},
    invitations::{self, NewInvitation},
    users,
};
use bailiwick_store::{Credential, Permit, Refusal};
use bailiwick_testkit::{Actor, both_databases};
use bailiwick_vault::api_key::ApiKey as Secret;

use crate::support::{HOME, request, verified};

async fn asks_for_a_proof<R: Rule>(actor: &Actor) {
    let answer = actor.try_permit::<R>().await;
    assert!(matches!(answer, Err(Refusal::Reauthenticate)), "{}", R::NAME);
}

async fn forbidden<R: Rule>(actor: &Actor) {
    let answer = actor.try_permit::<R>().await;
    assert!(matches!(answer, Err(Refusal::Forbidden)), "{}", R::NAME);
}

async fn opens<R: Rule>(actor: &Actor) {
    let answer = actor.try_permit::<R>().await;
    assert!(answer.is_ok(), "{}", R::NAME);
}

macro_rules! each {
    ($check:ident($actor:expr)) => {
        $check::<Invite>($actor).await;
        $check::<ResendInvitation>($actor).await;
        $check::<AssignRole>($actor).await;
        $check::<GrantPermission>($actor).await;
        $check::<GiveTeamRole>($actor).await;
        $check::<UpdateTeam>($actor).await;
        $check::<DisableUser>($actor).await;
        $check::<CreateRole>($actor).await;
        $check::<UpdateRole>($actor).await;
        $check::<DeleteRole>($actor).await;
        $check::<CreateApiKey>($actor).await;
        $check::<UpdatePolicy>($actor).await;
    };
}

fn invitation(email: &str, role: Role) -> NewInvitation {
    NewInvitation { email: email.into(), role: role.name().into(), expires_at: None }
}

both_databases! {
    async fn owner_who_proved_long_ago_proves_again_before_rights_change(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, auditor) = (acme.owner(), acme.user(Role::Auditor).await);
        each!(opens(&owner));
        db.clock.advance(Span::minutes(10));
        each!(asks_for_a_proof(&owner));
        opens::<ReadUsers>(&owner).await;
        // What only takes away, and has to be quick in an incident, waits for nothing.
        opens::<RevokeApiKey>(&owner).await;
        opens::<RevokeSession>(&owner).await;
        // Whoever may not is told so, and not that a proof would help.
        each!(forbidden(&auditor));
        owner.prove_again().await;
        each!(opens(&owner));
        verified(&db).await;
    }

    async fn key_goes_on_by_its_scopes_and_makes_nobody_an_owner(db: Db) {
        let acme = db.tenant("acme").await;
        let catalogue = db.store.catalogue();
        let scopes = catalogue.names(catalogue.role_set(Role::TenantOwner)).into_iter().map(str::to_owned).collect();
        let new = NewApiKey { name: "Sync".into(), scopes, expires_at: None, tag: None, ..NewApiKey::default() };
        let (_, secret) = api_keys::create(&db.store, &acme.owner().permit::<CreateApiKey>().await, new).await.unwrap();
        let hash = Secret::parse(secret.expose()).unwrap().hash();
        let permit = acme.owner().permit::<Invite>().await;
        let waiting = invitations::create(&db.store, &permit, invitation("second@acme.example", Role::TenantOwner)).await.unwrap();
        let member = acme.add(Role::Auditor).await.id;
        db.clock.advance(Span::minutes(11));
        let gate = db.store.gate();
        let invite: Permit<Invite> = gate.admit(Credential::Key(hash), request(&db, HOME)).await.unwrap();
        let refused = invitations::create(&db.store, &invite, invitation("third@acme.example", Role::TenantOwner)).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "inviting: {refused:?}");
        invitations::create(&db.store, &invite, invitation("third@acme.example", Role::Auditor)).await.unwrap();
        let resend: Permit<ResendInvitation> = gate.admit(Credential::Key(hash), request(&db, HOME)).await.unwrap();
        let refused = invitations::resend(&db.store, &resend, waiting.id).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "sending again: {refused:?}");
        let assign: Permit<AssignRole> = gate.admit(Credential::Key(hash), request(&db, HOME)).await.unwrap();
        let refused = users::assign_role(&db.store, &assign, member, "tenant_owner").await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "appointing: {refused:?}");
        users::assign_role(&db.store, &assign, member, "developer").await.unwrap();
        verified(&db).await;
    }
}
