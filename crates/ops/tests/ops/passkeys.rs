//! Adding, naming and removing passkeys.

use bailiwick_domain::{
    entity::{FactorKind, FactorState, MailKind, Passkey},
    role::Role,
    rule::{ChangeMyProofs, Me, ReadUsers, UpdatePolicy},
    time::Span,
};
use bailiwick_ops::{
    Error, factors,
    passkeys::{self, NewPasskey},
    policy::{self, NewPolicy},
    sign_in::Step,
};
use bailiwick_store::{Refusal, accounts, mail, passkeys as stored, users};
use bailiwick_testkit::{Actor, Authenticator, PASSWORD, Tenant, both_databases};

use crate::support::{ELSEWHERE, HOME, ask_nothing, log, opens, times, try_sign_in, verified};

async fn finish(actor: &Actor, (ceremony, credential): &(String, String)) -> Result<Passkey, Error> {
    let new = NewPasskey {
        ceremony: ceremony.parse().unwrap(),
        name: "Laptop".into(),
        credential: credential.clone(),
    };
    let permit = actor.permit::<ChangeMyProofs>().await;
    passkeys::finish(&actor.db.store, &actor.db.party(), &permit, new).await
}

async fn remove(actor: &Actor, passkey: &Passkey) -> Result<(), Error> {
    passkeys::remove(&actor.db.store, &actor.permit::<ChangeMyProofs>().await, passkey.id).await
}

async fn of(actor: &Actor) -> Vec<Passkey> {
    let mut view = actor.db.store.read(&actor.permit::<Me>().await).await.unwrap();
    stored::of_user(&mut view, actor.id()).await.unwrap()
}

/// The letters in the outbox of a tenant, by kind.
async fn letters(tenant: &Tenant) -> Vec<MailKind> {
    let mut view = tenant.db.store.read(&tenant.job()).await.unwrap();
    let listed = mail::list(&mut view, None, None).await.unwrap();
    listed.items.into_iter().map(|letter| letter.mail.kind).collect()
}

#[track_caller]
fn not_taken<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(
        matches!(outcome, Err(Error::Conflict(text)) if text.contains("was not accepted")),
        "{outcome:?}"
    );
}

both_databases! {
    async fn person_adds_a_passkey_which_counts_as_a_verified_factor(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let state = async || {
            let mut view = db.store.read(&user.permit::<ReadUsers>().await).await.unwrap();
            users::find_listed(&mut view, user.id()).await.unwrap().mfa.name()
        };
        assert_eq!(state().await, "missing");
        let added = user.add_passkey(&mut Authenticator::new(), "Laptop").await;
        assert_eq!(state().await, "required");
        assert_eq!((added.sign_count, added.backup_eligible, added.backed_up), (1, false, false));
        assert_eq!(added.transports, ["internal"], "what is not known is dropped");
        let synced = user.add_passkey(&mut Authenticator::new().synced(), "Phone").await;
        assert_eq!((synced.sign_count, synced.backup_eligible, synced.backed_up), (0, true, true));
        assert_eq!(of(&user).await, [added, synced]);
        let mut view = db.store.read(&user.permit::<Me>().await).await.unwrap();
        let factors = accounts::factors(&mut view, user.id()).await.unwrap();
        drop(view);
        assert!(factors.len() == 2 && factors.iter().all(|factor| (factor.kind, factor.state) == (FactorKind::Passkey, FactorState::Verified)));
        assert_eq!(letters(&acme).await, [MailKind::PasskeyAdded, MailKind::PasskeyAdded]);
        for action in ["passkey_ceremony.begun", "passkey_ceremony.answered", "passkey.created", "mfa.enabled", "mail.written"] {
            assert_eq!(times(&db, &acme, action).await, 2, "{action}");
        }
        verified(&db).await;
    }

    async fn passkey_asserted_besides_single_sign_on_counts_as_the_persons_own(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        factors::sso_asserted(&db.store, &acme.job(), user.id()).await.unwrap();
        user.add_passkey(&mut Authenticator::new(), "Laptop").await;
        let mut view = db.store.read(&user.permit::<ReadUsers>().await).await.unwrap();
        assert_eq!(users::find_listed(&mut view, user.id()).await.unwrap().mfa.name(), "required");
        let counts = bailiwick_store::posture::counts(&mut view).await.unwrap();
        assert_eq!((counts.verified, counts.sso), (1, 0));
    }

    async fn person_who_adds_or_removes_a_passkey_stays_and_everybody_else_leaves(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let elsewhere = async || match try_sign_in(&db, ELSEWHERE, &user.user.email, PASSWORD).await.unwrap() {
            Step::Done(token) | Step::SecondFactor(token) => token,
        };
        let before = elsewhere().await;
        let passkey = user.add_passkey(&mut Authenticator::new(), "Laptop").await;
        assert!(matches!(opens(&db, &before).await, Err(Refusal::SignIn)));
        let between = elsewhere().await;
        assert!(matches!(opens(&db, &between).await, Err(Refusal::SecondFactor)), "the password alone is not enough any more");
        let kept = remove(&user, &passkey).await;
        assert!(matches!(kept, Err(Error::Conflict(text)) if text.contains("asks for a second factor")), "{kept:?}");
        ask_nothing(&acme).await;
        remove(&user, &passkey).await.unwrap();
        assert!(matches!(opens(&db, &between).await, Err(Refusal::SignIn)));
        assert!(user.try_permit::<Me>().await.is_ok());
        assert!(letters(&acme).await.contains(&MailKind::PasskeyRemoved));
        for action in ["passkey.removed", "mfa.disabled"] {
            assert_eq!(times(&db, &acme, action).await, 1, "{action}");
        }
        assert!(matches!(try_sign_in(&db, HOME, &user.user.email, PASSWORD).await, Ok(Step::Done(_))));
        verified(&db).await;
    }

    async fn floor_of_passkeys_keeps_the_last_passkey_beside_an_authenticator(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let (laptop, phone) = (owner.add_passkey(&mut Authenticator::new(), "Laptop").await, owner.add_passkey(&mut Authenticator::new(), "Phone").await);
        let permit = owner.permit::<ChangeMyProofs>().await;
        let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
        let code = secret.code_at(db.store.now().unix_seconds());
        factors::totp_verify(&db.store, &permit, factor.id, &code).await.unwrap();
        factors::make_recovery_codes(&db.store, &permit).await.unwrap();
        let policy = NewPolicy {
            mfa_floor: "passkey".into(),
            mfa_grace_days: 14,
            role_floors: std::collections::BTreeMap::new(),
            session_idle_minutes: 30,
            session_absolute_hours: 12,
            reauth_minutes: 10,
            invitation_days: 14, api_key_days: None,
        };
        policy::update(&db.store, &owner.permit::<UpdatePolicy>().await, policy).await.unwrap();
        remove(&owner, &phone).await.unwrap();
        assert!(matches!(remove(&owner, &laptop).await, Err(Error::Conflict(_))), "a code would not be enough");
        let app = factors::remove(&db.store, &owner.permit::<ChangeMyProofs>().await, factor.id).await;
        assert!(app.is_ok(), "the passkey is enough: {app:?}");
        assert_eq!(times(&db, &acme, "recovery_codes.removed").await, 0, "they stand in for the passkey");
        ask_nothing(&acme).await;
        remove(&owner, &laptop).await.unwrap();
        assert_eq!(times(&db, &acme, "recovery_codes.removed").await, 1);
        verified(&db).await;
    }

    async fn answer_is_taken_once_even_at_once(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let answer = user.answered_registration(&mut Authenticator::new()).await;
        let (one, two) = tokio::join!(finish(&user, &answer), finish(&user, &answer));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        assert_eq!(of(&user).await.len(), 1);
        not_taken(finish(&user, &answer).await);
        verified(&db).await;
    }

    async fn answer_is_good_in_its_own_session_and_for_five_minutes(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, other) = (acme.user(Role::Auditor).await, acme.user(Role::Auditor).await);
        let answer = user.answered_registration(&mut Authenticator::new()).await;
        not_taken(finish(&other, &answer).await);
        let Step::Done(token) = try_sign_in(&db, ELSEWHERE, &user.user.email, PASSWORD).await.unwrap() else { panic!() };
        let elsewhere = Actor { token: token.expose().to_string(), ..user.clone() };
        not_taken(finish(&elsewhere, &answer).await);
        db.clock.advance(Span::minutes(5));
        not_taken(finish(&user, &answer).await);
        assert!(of(&user).await.is_empty());
        let first = user.answered_registration(&mut Authenticator::new()).await;
        let second = user.answered_registration(&mut Authenticator::new()).await;
        not_taken(finish(&user, &first).await);
        finish(&user, &second).await.unwrap();
        verified(&db).await;
    }

    async fn answer_that_proves_nothing_uses_its_challenge_up(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        for (mut device, what) in [
            (Authenticator::new().on("https://bailiwick.test.evil.example"), "another site"),
            (Authenticator::new().on("http://bailiwick.test"), "the same host in the clear"),
            (Authenticator::new().on("https://bailiwick.test:8443"), "another port"),
            (Authenticator::new().without_looking(), "a user who was not verified"),
        ] {
            not_taken(finish(&user, &user.answered_registration(&mut device).await).await);
            assert!(of(&user).await.is_empty(), "{what}");
        }
        let (ceremony, _) = user.answered_registration(&mut Authenticator::new()).await;
        let (later, credential) = user.answered_registration(&mut Authenticator::new()).await;
        not_taken(finish(&user, &(ceremony, credential.clone())).await);
        not_taken(finish(&user, &(later.clone(), "{}".into())).await);
        not_taken(finish(&user, &(later, credential)).await);
        assert_eq!(times(&db, &acme, "passkey_ceremony.refused").await, 5);
        assert!(log(&db, &acme).await.contains(&("passkey_ceremony.refused".into(), "denied".into())));
        verified(&db).await;
    }

    async fn ten_passkeys_are_enough(db: Db) {
        let user = db.tenant("acme").await.user(Role::Auditor).await;
        for number in 1..=9 {
            user.add_passkey(&mut Authenticator::new(), &format!("Key {number}")).await;
        }
        let tenth = user.answered_registration(&mut Authenticator::new()).await;
        finish(&user, &tenth).await.unwrap();
        let permit = user.permit::<ChangeMyProofs>().await;
        let more = passkeys::begin(&db.store, &db.party(), &permit).await;
        assert!(matches!(more, Err(Error::Conflict(text)) if text.contains("Ten passkeys")), "{more:?}");
    }

    async fn authenticator_is_told_which_passkeys_it_may_hold_already(db: Db) {
        let user = db.tenant("acme").await.user(Role::Auditor).await;
        user.add_passkey(&mut Authenticator::new(), "Laptop").await;
        let permit = user.permit::<ChangeMyProofs>().await;
        let begun = passkeys::begin(&db.store, &db.party(), &permit).await.unwrap();
        let known = begun.options.pointer("/excludeCredentials").unwrap().as_array().unwrap();
        assert_eq!(known.len(), 1);
    }

    async fn person_names_a_passkey_and_nobody_elses(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, other) = (acme.user(Role::Auditor).await, acme.user(Role::Auditor).await);
        let passkey = user.add_passkey(&mut Authenticator::new(), "Laptop").await;
        let rename = async |who: &Actor, name: &str| {
            passkeys::rename(&db.store, &who.permit::<ChangeMyProofs>().await, passkey.id, name).await
        };
        assert_eq!(rename(&user, " Desk ").await.unwrap().name, "Desk");
        assert!(matches!(rename(&user, "Desk").await, Err(Error::Conflict(_))));
        assert!(matches!(rename(&user, "").await, Err(Error::Invalid(_))));
        assert!(matches!(rename(&other, "Mine").await, Err(Error::NotFound)));
        assert!(matches!(remove(&other, &passkey).await, Err(Error::NotFound)));
        assert_eq!(of(&user).await[0].name, "Desk");
        verified(&db).await;
    }
}
