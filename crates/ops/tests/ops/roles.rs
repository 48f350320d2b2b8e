//! Roles that a tenant makes.

use bailiwick_domain::{
    entity::{CustomRole, Severity},
    role::{CustomName, Role, RoleName},
    rule::{
        AssignRole, CreateRole, DeleteRole, GiveTeamRole, GrantPermission, Invite, Me, ReadAudit, ReadUsers,
        SignIn, UpdateRole, UpdateTeam,
    },
    time::Span,
};
use bailiwick_mail::Mailbox;
use bailiwick_ops::{
    Error,
    invitations::{self, Joining, NewInvitation},
    roles::{self, Change, NewRole},
    teams::{self, NewTeam},
    users::{self, NewGrant},
};
use bailiwick_store::{Credential, Refusal, security_events};
use bailiwick_testkit::{Actor, PASSWORD, Tenant, both_databases};
use bailiwick_vault::token::{InvitationToken, SessionToken};

use crate::{
    raised::links,
    support::{HOME, log, records, request, room_of, times, verified},
};

fn new(label: &str, permissions: &[&str]) -> NewRole {
    NewRole { label: label.into(), permissions: names(permissions), ..NewRole::default() }
}

fn to(label: &str, permissions: &[&str]) -> Change {
    Change { label: label.into(), description: String::new(), permissions: names(permissions) }
}

fn names(permissions: &[&str]) -> Vec<String> {
    permissions.iter().map(|&name| name.to_owned()).collect()
}

async fn made(tenant: &Tenant, label: &str, permissions: &[&str]) -> CustomRole {
    let permit = tenant.owner().permit::<CreateRole>().await;
    roles::create(&tenant.db.store, &permit, new(label, permissions)).await.unwrap()
}

async fn give(tenant: &Tenant, actor: &Actor, role: CustomName) {
    let permit = tenant.owner().permit::<AssignRole>().await;
    users::assign_role(&tenant.db.store, &permit, actor.id(), role.name()).await.unwrap();
}

/// An operations manager to whom the owner granted these besides.
async fn manager_with(tenant: &Tenant, permissions: &[&str]) -> Actor {
    let manager = tenant.user(Role::OperationsManager).await;
    let permit = tenant.owner().permit::<GrantPermission>().await;
    for permission in permissions {
        let grant = NewGrant {
            permission: (*permission).to_owned(),
            effect: "grant".into(),
            reason: "holiday cover".into(),
            expires_at: None,
        };
        users::grant(&tenant.db.store, &permit, manager.id(), grant).await.unwrap();
    }
    manager
}

#[track_caller]
fn forbidden<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
}

#[track_caller]
fn conflict<T: std::fmt::Debug>(outcome: Result<T, Error>, word: &str) {
    assert!(matches!(&outcome, Err(Error::Conflict(text)) if text.contains(word)), "{outcome:?}");
}

#[track_caller]
fn invalid<T: std::fmt::Debug>(outcome: Result<T, Error>, field: &str) {
    assert!(
        matches!(&outcome, Err(Error::Invalid(all)) if all.iter().any(|one| one.field == field)),
        "{outcome:?}"
    );
}

both_databases! {
    async fn changed_role_holds_at_the_next_request_and_renews_the_token(db: Db) {
        let acme = db.tenant("acme").await;
        let role = made(&acme, "Night auditor", &["audit:read", "user:read"]).await;
        assert_eq!((role.name.name(), role.permissions.as_slice()), ("custom-night-auditor", &names(&["user:read", "audit:read"])[..]));
        let planner = acme.user(Role::PlanManager).await;
        give(&acme, &planner, role.name).await;
        let permit = planner.permit::<ReadAudit>().await;
        assert!(permit.renewed().is_some(), "another role, another token");
        assert_eq!(permit.caller().unwrap().role, "Night auditor");
        let renewed = Actor { token: permit.renewed().unwrap().expose().to_string(), ..planner.clone() };
        assert!(renewed.permit::<ReadUsers>().await.renewed().is_none());
        let permit = acme.owner().permit::<UpdateRole>().await;
        roles::change(&db.store, &permit, role.name, to("Night auditor", &["audit:read"])).await.unwrap();
        assert!(matches!(renewed.try_permit::<ReadUsers>().await, Err(Refusal::Forbidden)));
        assert!(renewed.permit::<ReadAudit>().await.renewed().is_some(), "whoever holds a changed role gets another token");
        db.clock.advance(Span::seconds(6));
        let old = Credential::Session(SessionToken::parse(&renewed.token).unwrap());
        let refused = db.store.gate().admit::<Me>(old, request(&db, HOME)).await;
        assert!(matches!(refused, Err(Refusal::SignIn)), "the one before is worth nothing");
        verified(&db).await;
    }

    async fn label_alone_renews_no_token(db: Db) {
        let acme = db.tenant("acme").await;
        let role = made(&acme, "Reader", &["audit:read"]).await;
        let reader = acme.user(Role::PlanManager).await;
        give(&acme, &reader, role.name).await;
        let token = reader.permit::<Me>().await.renewed().unwrap().expose().to_string();
        let reader = Actor { token, ..reader };
        let permit = acme.owner().permit::<UpdateRole>().await;
        let after = roles::change(&db.store, &permit, role.name, to("Log reader", &["audit:read"])).await.unwrap();
        assert_eq!((after.name, after.label.as_str()), (role.name, "Log reader"));
        assert!(reader.permit::<Me>().await.renewed().is_none());
        conflict(roles::change(&db.store, &permit, role.name, to("Log reader", &["audit:read"])).await, "so already");
    }

    async fn nobody_makes_widens_narrows_gives_or_removes_a_role_beyond_themselves(db: Db) {
        let acme = db.tenant("acme").await;
        let wide = made(&acme, "Wide", &["audit:read", "user:read"]).await;
        let narrow = made(&acme, "Narrow", &["user:read"]).await;
        let manager = manager_with(&acme, &["role:create", "role:update", "role:delete", "user:assign_role"]).await;
        let colleague = acme.add(Role::SupportCoordinator).await;
        let create = manager.permit::<CreateRole>().await;
        forbidden(roles::create(&db.store, &create, new("Sly", &["user:read", "audit:read"])).await);
        let update = manager.permit::<UpdateRole>().await;
        forbidden(roles::change(&db.store, &update, narrow.name, to("Narrow", &["user:read", "audit:read"])).await);
        forbidden(roles::change(&db.store, &update, wide.name, to("Wide", &["user:read"])).await);
        forbidden(roles::delete(&db.store, &manager.permit::<DeleteRole>().await, wide.name, None).await);
        let assign = manager.permit::<AssignRole>().await;
        forbidden(users::assign_role(&db.store, &assign, colleague.id, wide.name.name()).await);
        let invite = NewInvitation { email: "new@acme.example".into(), role: wide.name.to_string(), expires_at: None };
        forbidden(invitations::create(&db.store, &manager.permit::<Invite>().await, invite).await);
        users::assign_role(&db.store, &assign, colleague.id, narrow.name.name()).await.unwrap();
        roles::create(&db.store, &create, new("Fair", &["user:read"])).await.unwrap();
        let refused = log(&db, &acme).await.into_iter().filter(|(_, outcome)| outcome == "failed").count();
        assert_eq!(refused, 6, "each refusal stands in the log");
        verified(&db).await;
    }

    async fn nobody_widens_a_role_that_they_hold_themselves(db: Db) {
        let acme = db.tenant("acme").await;
        let role = made(&acme, "Keeper", &["role:update", "role:read", "user:read"]).await;
        let keeper = acme.user(Role::PlanManager).await;
        give(&acme, &keeper, role.name).await;
        let grant = NewGrant {
            permission: "audit:read".into(),
            effect: "grant".into(),
            reason: "for a day".into(),
            expires_at: Some(db.store.now() + Span::days(1)),
        };
        users::grant(&db.store, &acme.owner().permit::<GrantPermission>().await, keeper.id(), grant).await.unwrap();
        let permit = keeper.permit::<UpdateRole>().await;
        let wider = to("Keeper", &["role:update", "role:read", "user:read", "audit:read"]);
        // What they have for a day would be theirs for good.
        conflict(roles::change(&db.store, &permit, role.name, wider).await, "yourself");
        roles::change(&db.store, &permit, role.name, to("Keeper", &["role:update", "role:read"])).await.unwrap();
        assert!(matches!(keeper.try_permit::<ReadUsers>().await, Err(Refusal::Forbidden)), "narrowing is free");
    }

    async fn held_role_goes_only_with_another_one_in_its_place(db: Db) {
        let acme = db.tenant("acme").await;
        let role = made(&acme, "Reader", &["audit:read", "user:read"]).await;
        let (reader, member) = (acme.user(Role::PlanManager).await, acme.user(Role::PlanManager).await);
        give(&acme, &reader, role.name).await;
        let owner = acme.owner();
        let update = owner.permit::<UpdateTeam>().await;
        let team = teams::create(&db.store, &update, NewTeam { name: "Night".into(), ..NewTeam::default() }).await.unwrap();
        teams::add_member(&db.store, &update, team.id, member.id()).await.unwrap();
        teams::give_role(&db.store, &owner.permit::<GiveTeamRole>().await, team.id, role.name.name()).await.unwrap();
        let invite = NewInvitation { email: "new@acme.example".into(), role: role.name.to_string(), expires_at: None };
        let invitation = invitations::create(&db.store, &owner.permit::<Invite>().await, invite).await.unwrap();
        let permit = owner.permit::<DeleteRole>().await;
        conflict(roles::delete(&db.store, &permit, role.name, None).await, "Choose the role");
        for wrong in ["custom-reader", "tenant_owner", "platform_owner", "custom-none", "root"] {
            let outcome = roles::delete(&db.store, &permit, role.name, Some(wrong)).await;
            assert!(matches!(outcome, Err(Error::Invalid(_))), "{wrong}: {outcome:?}");
        }
        roles::delete(&db.store, &permit, role.name, Some("auditor")).await.unwrap();
        assert!(reader.try_permit::<ReadAudit>().await.is_ok());
        assert!(member.try_permit::<ReadAudit>().await.is_ok());
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let auditor = RoleName::from(Role::Auditor);
        assert_eq!(bailiwick_store::users::find(&mut view, reader.id()).await.unwrap().role, auditor);
        assert_eq!(bailiwick_store::teams::find(&mut view, team.id).await.unwrap().roles, [auditor]);
        assert_eq!(bailiwick_store::invitations::find(&mut view, invitation.id).await.unwrap().role, auditor);
        drop(view);
        assert_eq!(times(&db, &acme, "role.deleted").await, 1);
        assert_eq!(times(&db, &acme, "invitation.role_changed").await, 1);
        assert_eq!(times(&db, &acme, "user.role_changed").await, 2);
        assert!(matches!(roles::delete(&db.store, &permit, role.name, None).await, Err(Error::NotFound)));
        verified(&db).await;
    }

    async fn invited_person_reads_of_the_other_role_and_joins_by_the_new_link_alone(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let role = made(&acme, "Reader", &["audit:read", "user:read"]).await;
        let mut before = Vec::new();
        for email in ["sent@acme.example", "waits@acme.example"] {
            let new = NewInvitation { email: email.into(), role: role.name.to_string(), expires_at: None };
            invitations::create(&db.store, &owner.permit::<Invite>().await, new).await.unwrap();
            if before.is_empty() {
                before = links(&db, "/join/").await;
            }
        }
        let permit = owner.permit::<DeleteRole>().await;
        roles::delete(&db.store, &permit, role.name, Some("auditor")).await.unwrap();
        let mailbox = Mailbox::default();
        room_of(&db, &db.store, std::sync::Arc::new(mailbox.clone())).round().await.unwrap();
        let arrived = mailbox.messages();
        assert_eq!(arrived.len(), 2, "one for each; what had not left named the role before");
        for kept in &arrived {
            let content = &kept.message.content;
            assert!(content.subject.as_str().ends_with("is for another role") && content.text.contains("Your role will be: Auditor"), "{}", content.text.as_str());
        }
        let token = |link: &str| InvitationToken::parse(link.rsplit('/').next().unwrap()).unwrap();
        let nobody = db.nobody::<SignIn>(HOME).await;
        assert!(invitations::look(&db.store, &nobody, &token(&before[0])).await.unwrap().is_none(), "the link before");
        let sent = arrived.iter().find(|kept| kept.message.to.as_str() == "sent@acme.example").unwrap();
        let joining = Joining { name: "Sent Person".into(), password: PASSWORD.into() };
        invitations::accept(&db.store, &db.hasher, &nobody, &token(&sent.message.content.link), joining).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let joined = bailiwick_store::users::by_email(&mut view, "sent@acme.example").await.unwrap().unwrap();
        assert_eq!(joined.role, RoleName::from(Role::Auditor));
        drop(view);
        verified(&db).await;
    }

    async fn nobody_replaces_a_role_that_they_hold_themselves(db: Db) {
        let acme = db.tenant("acme").await;
        let role = made(&acme, "Keeper", &["role:delete", "role:read", "user:assign_role"]).await;
        let keeper = acme.user(Role::PlanManager).await;
        give(&acme, &keeper, role.name).await;
        made(&acme, "Wider", &["role:delete"]).await;
        let outcome = roles::delete(&db.store, &keeper.permit::<DeleteRole>().await, role.name, Some("custom-wider")).await;
        conflict(outcome, "yourself");
    }

    async fn whoever_may_only_remove_roles_gives_none_by_replacing_one(db: Db) {
        let acme = db.tenant("acme").await;
        let role = made(&acme, "Keeper", &["role:delete", "role:read", "team:read"]).await;
        let keeper = acme.user(Role::PlanManager).await;
        give(&acme, &keeper, role.name).await;
        let narrow = made(&acme, "Narrow", &["role:read"]).await;
        give(&acme, &acme.user(Role::PlanManager).await, narrow.name).await;
        made(&acme, "Wider", &["role:read", "team:read"]).await;
        let outcome = roles::delete(&db.store, &keeper.permit::<DeleteRole>().await, narrow.name, Some("custom-wider")).await;
        assert!(matches!(outcome, Err(Error::Forbidden(text)) if text.contains("give roles")), "{outcome:?}");
    }

    async fn invitations_beyond_a_narrowed_role_are_taken_back(db: Db) {
        let acme = db.tenant("acme").await;
        let role = made(&acme, "Recruiter", &["invitation:create", "team:read", "register:read", "audit:read"]).await;
        let narrow = made(&acme, "Guest", &["team:read"]).await;
        let recruiter = acme.user(Role::PlanManager).await;
        give(&acme, &recruiter, role.name).await;
        let reader = made(&acme, "Log reader", &["audit:read"]).await;
        let invite = recruiter.permit::<Invite>().await;
        for (address, to) in [("one@acme.example", reader.name), ("two@acme.example", narrow.name)] {
            let new = NewInvitation { email: address.into(), role: to.to_string(), expires_at: None };
            invitations::create(&db.store, &invite, new).await.unwrap();
        }
        let permit = acme.owner().permit::<UpdateRole>().await;
        let narrower = to("Recruiter", &["invitation:create", "team:read", "register:read"]);
        roles::change(&db.store, &permit, role.name, narrower).await.unwrap();
        assert_eq!(times(&db, &acme, "invitation.revoked").await, 1, "of the two, the one that they could not give any more");
        // And one to a role that grows beyond whoever invited to it.
        roles::change(&db.store, &permit, narrow.name, to("Guest", &["team:read", "user:read"])).await.unwrap();
        assert_eq!(times(&db, &acme, "invitation.revoked").await, 2);
        verified(&db).await;
    }

    async fn names_and_number_of_roles_are_bounded(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<CreateRole>().await;
        roles::create(&db.store, &permit, new("Reader", &["audit:read"])).await.unwrap();
        for label in ["reader", "READER", "Tenant owner"] {
            let twice = NewRole { slug: "another".into(), ..new(label, &["audit:read"]) };
            invalid(roles::create(&db.store, &permit, twice).await, "label");
        }
        invalid(roles::create(&db.store, &permit, NewRole { slug: "reader".into(), ..new("Other", &["audit:read"]) }).await, "slug");
        for slug in ["-", "A", "a_b", "custom reader"] {
            invalid(roles::create(&db.store, &permit, NewRole { slug: slug.into(), ..new("Other", &["audit:read"]) }).await, "slug");
        }
        for permissions in [&[][..], &["*"], &["audit:*"], &["tenant:create"], &["no:such"]] {
            invalid(roles::create(&db.store, &permit, new("Other", permissions)).await, "permissions");
        }
        for number in 1..roles::MOST {
            roles::create(&db.store, &permit, new(&format!("Role {number}"), &["audit:read"])).await.unwrap();
        }
        conflict(roles::create(&db.store, &permit, new("One more", &["audit:read"])).await, "fifty");
    }

    async fn change_of_a_role_stands_in_the_log_with_its_difference(db: Db) {
        let acme = db.tenant("acme").await;
        let role = made(&acme, "Reader", &["audit:read"]).await;
        let permit = acme.owner().permit::<UpdateRole>().await;
        roles::change(&db.store, &permit, role.name, to("Reader", &["audit:read", "user:read"])).await.unwrap();
        let changed = records(&db, acme.id()).await.into_iter().find(|row| row.action == "role.changed").unwrap();
        assert_eq!((changed.entity_type.as_str(), changed.entity_id, changed.revision), ("role", role.id.uuid(), 2));
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let events = security_events::list(&mut view, None, 10).await.unwrap().items;
        let raised = |kind: &str| events.iter().find(|event| event.kind == kind).unwrap();
        assert_eq!(raised("role.created").severity, Severity::Info);
        assert_eq!(raised("role.changed").severity, Severity::Warning, "a privilege was widened");
        assert_eq!(raised("role.changed").detail, "Role Reader changed: permissions gained 1, lost 0");
    }

    async fn role_of_another_tenant_is_not_there(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        let role = made(&acme, "Reader", &["audit:read"]).await;
        let user = other.add(Role::Auditor).await;
        let permit = other.owner().permit::<AssignRole>().await;
        invalid(users::assign_role(&db.store, &permit, user.id, role.name.name()).await, "role");
        let outcome = roles::change(&db.store, &other.owner().permit::<UpdateRole>().await, role.name, to("Mine", &["audit:read"])).await;
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
        // The same short name may be there too, and means another role.
        let own = made(&other, "Reader", &["user:read"]).await;
        assert_eq!((own.name, own.id == role.id), (role.name, false));
    }

    async fn two_who_make_the_same_role_at_once_make_one(db: Db) {
        let acme = db.tenant("acme").await;
        let (one, two) = (acme.user(Role::TenantOwner).await, acme.user(Role::TenantOwner).await);
        let (one, two) = (one.permit::<CreateRole>().await, two.permit::<CreateRole>().await);
        let second = db.another_if_several().await;
        let (one, two) = tokio::join!(
            roles::create(&db.store, &one, new("Reader", &["audit:read"])),
            roles::create(&second, &two, new("Reader", &["audit:read"]))
        );
        assert_eq!([one.is_ok(), two.is_ok()].into_iter().filter(|ok| *ok).count(), 1);
        assert_eq!(times(&db, &acme, "role.created").await, 1);
        verified(&db).await;
    }

    async fn role_given_while_it_is_removed_is_either_given_or_gone(db: Db) {
        let acme = db.tenant("acme").await;
        let role = made(&acme, "Reader", &["audit:read"]).await;
        let user = acme.add(Role::PlanManager).await;
        let (remover, giver) = (acme.user(Role::TenantOwner).await, acme.owner());
        let (remove, assign) = (remover.permit::<DeleteRole>().await, giver.permit::<AssignRole>().await);
        let second = db.another_if_several().await;
        let (removed, given) = tokio::join!(
            roles::delete(&db.store, &remove, role.name, None),
            users::assign_role(&second, &assign, user.id, role.name.name())
        );
        assert!(removed.is_ok() != given.is_ok(), "{removed:?} {given:?}");
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let holds = bailiwick_store::users::find(&mut view, user.id).await.unwrap().role;
        assert_eq!(holds == RoleName::from(role.name), given.is_ok());
        verified(&db).await;
    }

    async fn people_are_invited_to_a_role_of_the_tenants_own(db: Db) {
        let acme = db.tenant("acme").await;
        let role = made(&acme, "Log reader", &["audit:read"]).await;
        let new = NewInvitation { email: "new@acme.example".into(), role: role.name.to_string(), expires_at: None };
        let made = invitations::create(&db.store, &acme.owner().permit::<Invite>().await, new).await.unwrap();
        assert_eq!(made.role, RoleName::from(role.name));
        let rows = invitations::rows("a@acme.example, custom-log-reader").unwrap();
        let many = invitations::create_many(&db.store, &acme.owner().permit::<Invite>().await, rows, "auditor", None).await.unwrap();
        assert_eq!(many[0].outcome.as_ref().map(|made| made.role), Ok(RoleName::from(role.name)));
    }
}
