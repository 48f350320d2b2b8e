//! Teams: who gives what to whom by them.

use bailiwick_domain::{
    entity::{Severity, Team},
    ids::TeamId,
    permission::{Permission, Source},
    role::{Role, RoleName},
    rule::{AssignRole, DeleteUser, GiveTeamRole, GrantPermission, Invite, ReadAudit, ReadUsers, UpdateTeam},
};
use bailiwick_ops::{
    Error, deletion,
    invitations::{self, NewInvitation},
    teams::{self, NewTeam},
    users::{self, NewGrant},
};
use bailiwick_store::{Refusal, access, security_events};
use bailiwick_testkit::{Actor, Tenant, both_databases};

use crate::support::{times, verified};

async fn team(tenant: &Tenant, name: &str, roles: &[&str]) -> Team {
    let owner = tenant.owner();
    let new = NewTeam { name: name.into(), ..NewTeam::default() };
    let mut team = teams::create(&tenant.db.store, &owner.permit::<UpdateTeam>().await, new).await.unwrap();
    for role in roles {
        let permit = owner.permit::<GiveTeamRole>().await;
        team = teams::give_role(&tenant.db.store, &permit, team.id, role).await.unwrap();
    }
    team
}

async fn join(tenant: &Tenant, team: TeamId, actor: &Actor) {
    let permit = tenant.owner().permit::<UpdateTeam>().await;
    teams::add_member(&tenant.db.store, &permit, team, actor.id()).await.unwrap();
}

fn grant(permission: &str, effect: &str) -> NewGrant {
    NewGrant {
        permission: permission.into(),
        effect: effect.into(),
        reason: "holiday cover".into(),
        expires_at: None,
    }
}

#[track_caller]
fn forbidden<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
}

#[track_caller]
fn conflict<T: std::fmt::Debug>(outcome: Result<T, Error>, word: &str) {
    assert!(matches!(&outcome, Err(Error::Conflict(text)) if text.contains(word)), "{outcome:?}");
}

both_databases! {
    async fn member_has_role_teams_and_grants_less_denials(db: Db) {
        let acme = db.tenant("acme").await;
        let member = acme.user(Role::PlanManager).await;
        let night = team(&acme, "Night", &["auditor"]).await;
        assert!(matches!(member.try_permit::<ReadAudit>().await, Err(Refusal::Forbidden)));
        join(&acme, night.id, &member).await;
        assert!(member.permit::<ReadAudit>().await.renewed().is_some(), "from the next request on, with another token");
        let permit = acme.owner().permit::<GrantPermission>().await;
        let denial = users::grant(&db.store, &permit, member.id(), grant("audit:read", "deny")).await.unwrap();
        assert!(matches!(member.try_permit::<ReadAudit>().await, Err(Refusal::Forbidden)), "a denial wins over a team");
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let held = access::held(&mut view, &member.user).await.unwrap();
        let by_team = Source::Team { team: night.id, role: Role::Auditor.into() };
        assert_eq!(held.sources_of(Permission::AUDIT_READ).collect::<Vec<_>>(), [by_team]);
        assert_eq!(held.denied_by(Permission::AUDIT_READ), Some(denial.id));
        let both: Vec<_> = held.sources_of(Permission::TEAM_READ).collect();
        assert_eq!(both, [Source::Role(RoleName::from(Role::PlanManager)), by_team]);
        drop(view);
        users::remove_grant(&db.store, &permit, member.id(), denial.id).await.unwrap();
        let permit = acme.owner().permit::<UpdateTeam>().await;
        teams::remove_member(&db.store, &permit, night.id, member.id()).await.unwrap();
        assert!(matches!(member.try_permit::<ReadAudit>().await, Err(Refusal::Forbidden)));
        verified(&db).await;
    }

    async fn nobody_gives_by_a_team_what_they_lack(db: Db) {
        let acme = db.tenant("acme").await;
        let manager = acme.user(Role::OperationsManager).await;
        let permit = acme.owner().permit::<GrantPermission>().await;
        users::grant(&db.store, &permit, manager.id(), grant("user:assign_role", "grant")).await.unwrap();
        let colleague = acme.add(Role::SupportCoordinator).await;
        let (auditors, plain) = (team(&acme, "Auditors", &["auditor"]).await, team(&acme, "Plain", &[]).await);
        let (update, give) = (manager.permit::<UpdateTeam>().await, manager.permit::<GiveTeamRole>().await);
        forbidden(teams::add_member(&db.store, &update, auditors.id, colleague.id).await);
        forbidden(teams::give_role(&db.store, &give, plain.id, "auditor").await);
        forbidden(teams::give_role(&db.store, &give, auditors.id, "plan_manager").await);
        forbidden(teams::take_role(&db.store, &give, auditors.id, "auditor").await);
        forbidden(teams::dissolve(&db.store, &update, auditors.id).await);
        teams::give_role(&db.store, &give, plain.id, "plan_manager").await.unwrap();
        teams::add_member(&db.store, &update, plain.id, colleague.id).await.unwrap();
        // Nor is somebody taken into a team with roles, or out of it, who may do more.
        forbidden(teams::add_member(&db.store, &update, plain.id, acme.owner().id()).await);
        conflict(teams::add_member(&db.store, &update, plain.id, manager.id()).await, "Somebody else");
        assert_eq!(times(&db, &acme, "team.member_added").await, 1);
        verified(&db).await;
    }

    async fn nobody_gives_a_role_to_a_team_of_their_own(db: Db) {
        let acme = db.tenant("acme").await;
        let second = acme.user(Role::TenantOwner).await;
        let plain = team(&acme, "Plain", &[]).await;
        join(&acme, plain.id, &second).await;
        let permit = second.permit::<GiveTeamRole>().await;
        conflict(teams::give_role(&db.store, &permit, plain.id, "auditor").await, "You are in this team");
    }

    async fn team_makes_no_owner_and_saves_no_last_one(db: Db) {
        let acme = db.tenant("acme").await;
        let plain = team(&acme, "Plain", &[]).await;
        let permit = acme.owner().permit::<GiveTeamRole>().await;
        for role in ["tenant_owner", "platform_owner", "platform_support", "root", "custom-none"] {
            let outcome = teams::give_role(&db.store, &permit, plain.id, role).await;
            assert!(matches!(outcome, Err(Error::Invalid(_))), "{role}: {outcome:?}");
        }
        // Two owners demote each other at once: a team saves neither, and one of them stays.
        let other = acme.user(Role::TenantOwner).await;
        join(&acme, plain.id, &other).await;
        let (mine, theirs) = (acme.owner().permit::<AssignRole>().await, other.permit::<AssignRole>().await);
        let (one, two) = tokio::join!(
            users::assign_role(&db.store, &mine, other.id(), "auditor"),
            users::assign_role(&db.store, &theirs, acme.owner().id(), "auditor")
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} and {two:?}");
    }

    async fn narrowed_team_takes_invitations_back_and_a_role_is_there_once(db: Db) {
        let acme = db.tenant("acme").await;
        let night = team(&acme, "Night", &["operations_manager"]).await;
        let member = acme.user(Role::PlanManager).await;
        join(&acme, night.id, &member).await;
        let new = NewInvitation { email: "new@acme.example".into(), role: "operations_manager".into(), expires_at: None };
        invitations::create(&db.store, &member.permit::<Invite>().await, new).await.unwrap();
        let permit = acme.owner().permit::<GiveTeamRole>().await;
        conflict(teams::give_role(&db.store, &permit, night.id, "operations_manager").await, "already");
        teams::take_role(&db.store, &permit, night.id, "operations_manager").await.unwrap();
        assert!(matches!(member.try_permit::<ReadUsers>().await, Err(Refusal::Forbidden)));
        assert_eq!(times(&db, &acme, "invitation.revoked").await, 1);
        let again = teams::take_role(&db.store, &permit, night.id, "operations_manager").await;
        assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
        verified(&db).await;
    }

    async fn dissolved_team_gives_nothing_and_each_end_is_recorded(db: Db) {
        let acme = db.tenant("acme").await;
        let night = team(&acme, "Night", &["auditor"]).await;
        let (one, two) = (acme.user(Role::PlanManager).await, acme.user(Role::PlanManager).await);
        join(&acme, night.id, &one).await;
        join(&acme, night.id, &two).await;
        let permit = acme.owner().permit::<UpdateTeam>().await;
        conflict(teams::add_member(&db.store, &permit, night.id, one.id()).await, "already");
        teams::dissolve(&db.store, &permit, night.id).await.unwrap();
        for member in [&one, &two] {
            assert!(matches!(member.try_permit::<ReadAudit>().await, Err(Refusal::Forbidden)));
        }
        assert_eq!((times(&db, &acme, "team.member_removed").await, times(&db, &acme, "team.dissolved").await), (2, 1));
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let events = security_events::list(&mut view, None, 50).await.unwrap().items;
        let given = events.iter().find(|event| event.kind == "team.roles_changed").unwrap();
        assert_eq!(given.severity, Severity::Warning, "a privilege was widened");
        assert!(events.iter().all(|event| !event.detail.contains("Night")), "what somebody called it stays out");
        drop(view);
        verified(&db).await;
    }

    async fn deleted_person_leaves_their_teams_and_each_end_is_recorded(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, member) = (acme.owner(), acme.user(Role::PlanManager).await);
        let night = team(&acme, "Night", &["auditor"]).await;
        join(&acme, night.id, &member).await;
        let permit = owner.permit::<DeleteUser>().await;
        owner.confirmed(async |answer| deletion::delete(&db.store, &permit, member.id(), answer).await).await.unwrap();
        assert_eq!(times(&db, &acme, "team.member_removed").await, 1);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(bailiwick_store::teams::size(&mut view, night.id).await.unwrap(), 0);
        drop(view);
        teams::dissolve(&db.store, &owner.permit::<UpdateTeam>().await, night.id).await.unwrap();
        assert_eq!(times(&db, &acme, "team.member_removed").await, 1, "nobody is left to be taken out");
        verified(&db).await;
    }

    async fn teams_are_bounded(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<UpdateTeam>().await;
        let user = acme.add(Role::PlanManager).await;
        let mut all = Vec::new();
        for number in 0..teams::MOST {
            let new = NewTeam { name: format!("Team {number}"), ..NewTeam::default() };
            all.push(teams::create(&db.store, &permit, new).await.unwrap().id);
        }
        let new = NewTeam { name: "One more".into(), ..NewTeam::default() };
        conflict(teams::create(&db.store, &permit, new).await, "hundred");
        for id in &all[..teams::MOST_OF_ONE] {
            teams::add_member(&db.store, &permit, *id, user.id).await.unwrap();
        }
        conflict(teams::add_member(&db.store, &permit, all[teams::MOST_OF_ONE], user.id).await, "twenty");
    }

    async fn two_who_take_the_same_person_in_at_once_take_them_in_once(db: Db) {
        let acme = db.tenant("acme").await;
        let night = team(&acme, "Night", &["auditor"]).await;
        let user = acme.add(Role::PlanManager).await;
        let other = acme.user(Role::TenantOwner).await;
        let (one, two) = (acme.owner().permit::<UpdateTeam>().await, other.permit::<UpdateTeam>().await);
        let second = db.another_if_several().await;
        let (one, two) = tokio::join!(
            teams::add_member(&db.store, &one, night.id, user.id),
            teams::add_member(&second, &two, night.id, user.id)
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        assert_eq!(times(&db, &acme, "team.member_added").await, 1);
        verified(&db).await;
    }
}
