//! What a person is told of what others do to their account.

use bailiwick_domain::{
    entity::MailKind,
    role::Role,
    rule::{
        AssignRole, ChangeMyProofs, DisableUser, GrantPermission, Invite, RemindFactors, RevokeInvitation,
        RevokeSession,
    },
    sign_in::SignInLimits,
    time::Span,
};
use bailiwick_mail::Mailbox;
use bailiwick_ops::{
    Error,
    bulk::{self, Chosen},
    factors,
    invitations::{self, NewInvitation},
    mail::NEWS_OF_A_KIND,
    passwords::reset::{self, SignInAddress},
    sessions,
    users::{self, NewGrant},
};
use bailiwick_store::{Outbox, mail};
use bailiwick_testkit::{Authenticator, Db, PASSWORD, Tenant, both_databases};

use crate::support::{HOME, room_of, times, try_sign_in, verified};

const WRONG: &str = "quite another password";

/// How many letters of a kind were written to an address.
pub(crate) async fn told(tenant: &Tenant, kind: MailKind, to: &str) -> usize {
    let mut view = tenant.db.store.read(&tenant.job()).await.unwrap();
    let listed = mail::list(&mut view, None, None).await.unwrap().items;
    listed.iter().filter(|letter| letter.mail.kind == kind && letter.mail.to == to).count()
}

/// The texts of the letters that arrive now.
async fn texts(db: &Db) -> Vec<String> {
    let mailbox = Mailbox::default();
    room_of(db, &db.store, std::sync::Arc::new(mailbox.clone())).round().await.unwrap();
    mailbox.messages().iter().map(|kept| kept.message.content.text.to_string()).collect()
}

/// Wrong guesses at an account from so many sources, five from each.
async fn flood(db: &Db, email: &str, sources: u8) {
    for source in 0..sources {
        for _ in 0..5 {
            assert!(try_sign_in(db, &format!("192.0.2.{source}"), email, WRONG).await.is_err());
        }
    }
}

both_databases! {
    async fn person_is_told_by_whom_their_role_and_permissions_were_changed(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, person) = (acme.owner(), acme.user(Role::Auditor).await);
        users::assign_role(&db.store, &owner.permit::<AssignRole>().await, person.id(), "developer").await.unwrap();
        let permit = owner.permit::<GrantPermission>().await;
        for effect in ["grant", "deny"] {
            let new = NewGrant { permission: "audit:read".into(), effect: effect.into(), reason: "Cover.".into(), expires_at: None };
            let given = users::grant(&db.store, &permit, person.id(), new).await.unwrap();
            users::remove_grant(&db.store, &permit, person.id(), given.id).await.unwrap();
        }
        assert_eq!(told(&acme, MailKind::RoleChanged, &person.user.email).await, 1);
        assert_eq!(told(&acme, MailKind::PermissionsChanged, &person.user.email).await, 4);
        assert_eq!(told(&acme, MailKind::RoleChanged, &owner.user.email).await, 0);
        let said = texts(&db).await;
        assert!(said.iter().all(|text| text.contains(&owner.user.name)), "{said:?}");
        for part in ["the role Developer", "granted you the permission audit:read", "denied you the permission audit:read"] {
            assert_eq!(said.iter().filter(|text| text.contains(part)).count(), 1, "{part}: {said:?}");
        }
        verified(&db).await;
    }

    async fn person_without_a_second_factor_is_reminded_once_a_day_within_the_limits(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, person, kept) = (acme.owner(), acme.user(Role::Auditor).await, acme.user(Role::Auditor).await);
        kept.add_passkey(&mut Authenticator::new(), "Laptop").await;
        let gone = acme.user(Role::Auditor).await;
        users::disable(&db.store, &owner.permit::<DisableUser>().await, gone.id()).await.unwrap();
        let permit = owner.permit::<RemindFactors>().await;
        let chosen = Chosen::of(vec![person.id(), kept.id(), gone.id(), db.store.new_id()]).unwrap();
        let answered = bulk::remind_of_factors(&db.store, &permit, chosen).await.unwrap();
        let refusals: Vec<_> = answered.iter().map(|one| one.outcome.as_ref().err().map(String::as_str)).collect();
        let expected =
            [None, Some("They have a second factor already."), Some("The account is disabled."), Some("There is nobody here with this id.")];
        assert_eq!(refusals, expected);
        let again = factors::remind(&db.store, &permit, person.id()).await;
        assert!(matches!(again, Err(Error::Conflict("They were reminded within the last day."))), "{again:?}");
        assert_eq!(told(&acme, MailKind::FactorReminder, &person.user.email).await, 1);
        assert_eq!(times(&db, &acme, "mfa.reminded").await, 1, "one record for each letter");
        assert!(texts(&db).await.iter().any(|text| text.contains(&format!("{} asks you to protect", owner.user.name))));

        db.clock.advance(Span::hours(25));
        let later = acme.user(Role::TenantOwner).await;
        let permit = later.permit::<RemindFactors>().await;
        factors::remind(&db.store, &permit, person.id()).await.unwrap();
        assert_eq!(times(&db, &acme, "mfa.reminded").await, 2);
        db.store.decide_outbox(Outbox { per_recipient: 1, ..Outbox::default() });
        let (told_of_a_role, invited) = (acme.user(Role::Auditor).await, acme.user(Role::Auditor).await);
        users::assign_role(&db.store, &later.permit::<AssignRole>().await, told_of_a_role.id(), "developer").await.unwrap();
        let email = invited.user.email.replacen('@', "+more@", 1);
        let new = NewInvitation { email, role: "auditor".into(), expires_at: None };
        invitations::create(&db.store, &later.permit::<Invite>().await, new).await.unwrap();
        let chosen = Chosen::of(vec![told_of_a_role.id(), invited.id()]).unwrap();
        let answered = bulk::remind_of_factors(&db.store, &permit, chosen).await.unwrap();
        let refusals: Vec<_> = answered.iter().map(|one| one.outcome.as_ref().err().map(String::as_str)).collect();
        assert_eq!(refusals, [None, Some(invitations::TOO_MANY_LETTERS)], "news is counted apart, another letter to the mailbox is not");
        verified(&db).await;
    }

    async fn person_is_told_that_their_account_was_disabled_enabled_and_signed_out(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, person) = (acme.owner(), acme.user(Role::Auditor).await);
        sessions::end_all(&db.store, &owner.permit::<RevokeSession>().await, person.id()).await.unwrap();
        let permit = owner.permit::<DisableUser>().await;
        users::disable(&db.store, &permit, person.id()).await.unwrap();
        users::enable(&db.store, &permit, person.id()).await.unwrap();
        for kind in [MailKind::SessionsEnded, MailKind::AccountDisabled, MailKind::AccountEnabled] {
            assert_eq!(told(&acme, kind, &person.user.email).await, 1, "{}", kind.name());
        }
        verified(&db).await;
    }

    async fn person_is_told_that_recovery_codes_were_made(db: Db) {
        let acme = db.tenant("acme").await;
        let (person, _, _) = crate::recovery::prepared(&acme).await;
        factors::make_recovery_codes(&db.store, &person.permit::<ChangeMyProofs>().await).await.unwrap();
        assert_eq!(told(&acme, MailKind::RecoveryCodesMade, &person.user.email).await, 2);
    }

    async fn person_is_warned_once_in_a_window_of_guesses_from_everywhere(db: Db) {
        db.store.limit_sign_in(SignInLimits { account_passwords: 10, ..SignInLimits::default() });
        let acme = db.tenant("acme").await;
        let person = acme.user(Role::Auditor).await;
        let email = &person.user.email;
        flood(&db, email, 1).await;
        assert_eq!(told(&acme, MailKind::AccountAttacked, email).await, 0);
        flood(&db, email, 4).await;
        assert_eq!(told(&acme, MailKind::AccountAttacked, email).await, 1);
        db.clock.advance(Span::hours(25));
        flood(&db, email, 4).await;
        assert_eq!(told(&acme, MailKind::AccountAttacked, email).await, 2, "in another window");
    }

    async fn nobody_drowns_the_warning_of_an_attack_in_other_letters(db: Db) {
        db.store.limit_sign_in(SignInLimits { account_passwords: 10, ..SignInLimits::default() });
        db.store.decide_outbox(Outbox { per_organisation: 1, per_recipient: 1, ..Outbox::default() });
        let acme = db.tenant("acme").await;
        let (owner, person) = (acme.owner(), acme.user(Role::Auditor).await);
        let permit = owner.permit::<DisableUser>().await;
        let rounds = usize::try_from(NEWS_OF_A_KIND).unwrap() + 2;
        for _ in 0..rounds {
            users::disable(&db.store, &permit, person.id()).await.unwrap();
            users::enable(&db.store, &permit, person.id()).await.unwrap();
        }
        for kind in [MailKind::AccountDisabled, MailKind::AccountEnabled] {
            assert_eq!(told(&acme, kind, &person.user.email).await, rounds - 2, "{}", kind.name());
        }
        assert_eq!(times(&db, &acme, "user.disabled").await, rounds, "each is recorded all the same");
        // None of it used up what the organisation has for inviting.
        let new = |email: &str| NewInvitation { email: email.into(), role: "auditor".into(), expires_at: None };
        let invite = owner.permit::<Invite>().await;
        invitations::create(&db.store, &invite, new("new@acme.example")).await.unwrap();
        let beyond = invitations::create(&db.store, &invite, new("newer@acme.example")).await;
        assert!(matches!(beyond, Err(Error::Limited { .. })), "{beyond:?}");
        flood(&db, &person.user.email, 3).await;
        assert_eq!(times(&db, &acme, "sign_in.refused").await, 10);
        assert_eq!(told(&acme, MailKind::AccountAttacked, &person.user.email).await, 1, "once, and though all other room is used up");
        verified(&db).await;
    }

    async fn links_for_forgotten_passwords_and_other_letters_use_up_none_of_each_others_room(db: Db) {
        db.store.decide_outbox(Outbox { per_organisation: 1, ..Outbox::default() });
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let address = SignInAddress::parse(&owner.user.email).unwrap();
        let ask = async || reset::ask(&db.store, &db.nobody(HOME).await, &address).await.unwrap();
        ask().await;
        ask().await;
        assert_eq!(times(&db, &acme, "password_reset.requested").await, 1, "one is all there is room for");
        let new = || NewInvitation { email: "new@acme.example".into(), role: "auditor".into(), expires_at: None };
        let permit = owner.permit::<Invite>().await;
        let made = invitations::create(&db.store, &permit, new()).await.unwrap();
        invitations::revoke(&db.store, &owner.permit::<RevokeInvitation>().await, made.id).await.unwrap();
        let again = invitations::create(&db.store, &permit, new()).await;
        assert!(matches!(again, Err(Error::Limited { .. })), "{again:?}");
        assert!(try_sign_in(&db, HOME, &owner.user.email, PASSWORD).await.is_ok());
    }
}
