//! What one person can pile up, and what one change has to take back, has an end.

use bailiwick_domain::{
    entity::{Invitation, InvitationState, UserStatus},
    role::Role,
    rule::{ChangeMe, DisableUser, Invite, UpdateTeam, UpdateUser},
    time::Span,
};
use bailiwick_ops::{
    Error,
    invitations::{self, NewInvitation, PENDING_OF_ONE},
    profile::{self, Profile},
    renames::PER_DAY,
    sign_in::Step,
    teams::{self, NewTeam},
    users,
};
use bailiwick_store::{Event, Outbox, Scope, invitations as stored, sessions};
use bailiwick_testkit::{PASSWORD, Tenant, both_databases};
use bailiwick_vault::token::InvitationToken;

use crate::{
    recovery::prepared,
    support::{HOME, opens, records, times, try_sign_in, verified},
};

/// Invitations that somebody made and nobody answered.
async fn invited(acme: &Tenant, by: bailiwick_domain::ids::UserId, count: i64) {
    let (store, job) = (&acme.db.store, acme.job());
    let done: Result<(), Error> = store
        .change(&job, async |tx| {
            let mut last = None;
            for n in 0..count {
                let now = tx.now();
                let invitation = Invitation {
                    id: store.new_id(),
                    email: format!("p{n}@crowd.example"),
                    role: Role::Auditor.into(),
                    invited_by: Some(by),
                    state: InvitationState::Open,
                    sends: 1,
                    sent_at: now,
                    reminded_at: None,
                    created_at: now,
                    expires_at: now + Span::days(14),
                };
                let token = InvitationToken::generate(&tx.tenant().bytes(), store.entropy());
                let written = stored::insert(tx, invitation, &token.hash()).await?;
                if let Some(before) = last.replace(Event::new("user.invited", &written)?) {
                    tx.also(before);
                }
            }
            Ok(tx.record(last.ok_or(Error::NotFound)?, ()))
        })
        .await;
    done.unwrap();
}

both_databases! {
    async fn oldest_session_ends_where_somebody_signs_in_too_often(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let most = usize::try_from(sessions::OF_PERSON).unwrap();
        let mut tokens = Vec::new();
        // One is open already.
        for _ in 0..most {
            db.clock.advance(Span::seconds(1));
            let Step::Done(token) = try_sign_in(&db, HOME, &user.user.email, PASSWORD).await.unwrap() else { panic!() };
            tokens.push(token);
        }
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(sessions::live_of(&mut view, user.id()).await.unwrap().len(), most);
        drop(view);
        assert!(user.try_permit::<ChangeMe>().await.is_err(), "the oldest has ended");
        assert!(opens(&db, &tokens[0]).await.is_ok() && opens(&db, &tokens[most - 1]).await.is_ok());
        assert_eq!(times(&db, &acme, "session.ended").await, 1);
        verified(&db).await;
    }

    async fn whoever_has_only_the_password_ends_no_session_that_is_whole(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, ..) = prepared(&acme).await;
        let most = usize::try_from(sessions::OF_PERSON).unwrap();
        for n in 0..most + 3 {
            let step = try_sign_in(&db, &format!("192.0.2.{n}"), &user.user.email, PASSWORD).await.unwrap();
            assert!(matches!(step, Step::SecondFactor(_)));
            db.clock.advance(Span::seconds(1));
        }
        assert!(user.try_permit::<ChangeMe>().await.is_ok());
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let live = sessions::live_of(&mut view, user.id()).await.unwrap();
        assert_eq!(live.len(), most + 1, "those that wait for a code, and the one that is whole");
    }

    async fn one_person_answers_for_so_many_invitations_that_all_can_be_taken_back_at_once(db: Db) {
        db.store.decide_outbox(Outbox { per_organisation: 10, ..Outbox::default() });
        let acme = db.tenant("acme").await;
        let inviter = acme.user(Role::TenantOwner).await;
        invited(&acme, inviter.id(), PENDING_OF_ONE).await;
        let new = || NewInvitation { email: "one.more@acme.example".into(), role: "auditor".into(), expires_at: None };
        let beyond = invitations::create(&db.store, &inviter.permit::<Invite>().await, new()).await;
        assert!(matches!(beyond, Err(Error::Conflict(text)) if text.starts_with("A thousand")), "{beyond:?}");
        assert!(invitations::create(&db.store, &acme.owner().permit::<Invite>().await, new()).await.is_ok(), "others go on");
        let gone = users::disable(&db.store, &acme.owner().permit::<DisableUser>().await, inviter.id()).await.unwrap();
        assert_eq!(gone.status, UserStatus::Disabled);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(stored::pending_of(&mut view, inviter.id(), 1).await.unwrap(), 0);
        drop(view);
        let revoked = records(&db, acme.id()).await.iter().filter(|row| row.action == "invitation.revoked").count();
        assert_eq!(i64::try_from(revoked).unwrap(), PENDING_OF_ONE);
        verified(&db).await;
    }

    async fn nobody_and_no_team_is_renamed_without_end(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let (user, other) = (acme.user(Role::Auditor).await, acme.user(Role::Auditor).await);
        let named = |name: String| NewTeam { name, ..NewTeam::default() };
        let team = teams::create(&db.store, &owner.permit::<UpdateTeam>().await, named("Night".into())).await.unwrap().id;
        let (mine, theirs) = (user.permit::<ChangeMe>().await, owner.permit::<UpdateUser>().await);
        let teams_permit = owner.permit::<UpdateTeam>().await;
        let profile = |n: i64| Profile { name: format!("Una {n}"), time_zone: String::new() };
        for n in 0..PER_DAY {
            profile::change_mine(&db.store, &mine, profile(n)).await.unwrap();
            profile::rename(&db.store, &theirs, other.id(), &format!("Ina {n}")).await.unwrap();
            teams::change(&db.store, &teams_permit, team, named(format!("Night {n}"))).await.unwrap();
        }
        let limited = |error: &Error| matches!(error, Error::Limited { .. });
        assert!(limited(&profile::change_mine(&db.store, &mine, profile(-1)).await.unwrap_err()));
        assert!(limited(&profile::rename(&db.store, &theirs, other.id(), "Ida").await.unwrap_err()));
        assert!(limited(&teams::change(&db.store, &teams_permit, team, named("Day".into())).await.unwrap_err()));
        assert!(profile::rename(&db.store, &theirs, user.id(), "Ida").await.is_ok(), "each has a count of its own");
        verified(&db).await;
    }
}
