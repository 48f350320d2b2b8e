//! A floor of passkeys: whoever has one uses it at each sign-in, and nobody is kept out for want of one.

use bailiwick_domain::{
    role::Role,
    rule::{ChangeMyProofs, EnrolFactor, Me, ProveAgain, ReadAudit, SignIn, UpdatePolicy},
    time::Span,
};
use bailiwick_ops::{
    Error, factors,
    passkeys::NewPasskey,
    policy::{self, NewPolicy},
    sign_in::{self, Proofs, Step},
};
use bailiwick_store::{Credential, Permit, Refusal};
use bailiwick_testkit::{Actor, Authenticator, Db, PASSWORD, Tenant, both_databases};
use bailiwick_vault::{token::SessionToken, totp::TotpSecret};

use crate::support::{HOME, opens, request, try_sign_in, verified, with_cookie};

async fn ask_for_passkeys(owner: &Actor, mfa_grace_days: i64) {
    let new = NewPolicy {
        mfa_floor: "passkey".into(),
        mfa_grace_days,
        role_floors: std::collections::BTreeMap::new(),
        session_idle_minutes: 1440,
        session_absolute_hours: 720,
        reauth_minutes: 60,
        invitation_days: 14,
        api_key_days: None,
    };
    policy::update(&owner.db.store, &owner.permit::<UpdatePolicy>().await, new).await.unwrap();
}

/// Somebody with an authenticator, a passkey beside it, and recovery codes.
async fn prepared(acme: &Tenant, device: &mut Authenticator) -> (Actor, TotpSecret, String) {
    let (db, user) = (&acme.db, acme.user(Role::Auditor).await);
    let permit = user.permit::<ChangeMyProofs>().await;
    let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
    let code = secret.code_at(db.store.now().unix_seconds());
    factors::totp_verify(&db.store, &permit, factor.id, &code).await.unwrap();
    user.add_passkey(device, "Laptop").await;
    let permit = user.permit::<ChangeMyProofs>().await;
    let codes = factors::make_recovery_codes(&db.store, &permit).await.unwrap();
    db.clock.advance(Span::minutes(1));
    (user, secret, codes[0].expose().to_string())
}

async fn waiting(db: &Db, user: &Actor) -> SessionToken {
    match try_sign_in(db, HOME, &user.user.email, PASSWORD).await.unwrap() {
        Step::SecondFactor(token) => token,
        Step::Done(_) => panic!("signed in with the password alone"),
    }
}

/// The same person, signed in with password and code.
async fn by_code(db: &Db, user: &Actor, secret: &TotpSecret) -> Actor {
    let waiting = waiting(db, user).await;
    let code = secret.code_at(db.store.now().unix_seconds());
    let token = sign_in::code(&db.store, &with_cookie(db, &waiting).await, &code).await.unwrap();
    Actor { token: token.expose().to_string(), ..user.clone() }
}

async fn enrolling(db: &Db, token: &SessionToken) -> Permit<EnrolFactor> {
    let credential = Credential::Session(SessionToken::parse(&token.expose()).unwrap());
    db.store.gate().admit(credential, request(db, HOME)).await.unwrap()
}

both_databases! {
    async fn person_who_signed_in_with_a_code_shows_their_passkey_before_anything_opens(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        owner.add_passkey(&mut Authenticator::new(), "Owner's key").await;
        let mut device = Authenticator::new();
        let (user, secret, _) = prepared(&acme, &mut device).await;
        ask_for_passkeys(&owner, 14).await;
        let user = by_code(&db, &user, &secret).await;
        assert!(user.try_permit::<ReadAudit>().await.is_ok(), "the grace is not over");
        ask_for_passkeys(&owner, 0).await;
        assert!(matches!(user.try_permit::<ReadAudit>().await, Err(Refusal::UsePasskey)), "also in a session that is open");
        assert!(matches!(user.try_permit::<Me>().await, Err(Refusal::UsePasskey)));
        assert!(matches!(user.try_permit::<ChangeMyProofs>().await, Err(Refusal::UsePasskey)));
        assert!(matches!(user.try_permit::<EnrolFactor>().await, Err(Refusal::UsePasskey)), "nor another passkey in its place");
        assert!(user.permit::<SignIn>().await.permissions().is_empty(), "public pages show nothing more");

        let permit = user.permit::<ProveAgain>().await;
        let proofs = sign_in::proofs(&db.store, &permit).await.unwrap();
        assert!(!proofs.password && proofs.passkey, "{proofs:?}");
        db.clock.advance(Span::minutes(1));
        let code = secret.code_at(db.store.now().unix_seconds()).to_string();
        let less = sign_in::again(&db.store, &db.hasher, &permit, PASSWORD.into(), &code).await;
        assert!(matches!(less, Err(Error::Forbidden(_))), "{less:?}");
        let begun = sign_in::again_passkey_begin(&db.store, &db.party(), &permit).unwrap();
        let answer = device.get(&begun.options);
        let token = sign_in::again_passkey(&db.store, &db.party(), &permit, &begun.ceremony, &answer).await.unwrap();
        assert!(opens(&db, &token).await.is_ok());
        assert!(matches!(user.try_permit::<ProveAgain>().await, Err(Refusal::SignIn)), "what was held back is over");
        verified(&db).await;
    }

    async fn person_without_a_passkey_is_led_to_set_one_up_and_not_kept_out(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        owner.add_passkey(&mut Authenticator::new(), "Owner's key").await;
        ask_for_passkeys(&owner, 0).await;
        let user = acme.user(Role::Auditor).await;
        assert!(matches!(user.try_permit::<Me>().await, Err(Refusal::Enrol)));
        let permit = user.permit::<EnrolFactor>().await;
        let begun = factors::enrol_passkey_begin(&db.store, &db.party(), &permit).await.unwrap();
        let credential = Authenticator::new().create(&begun.options);
        let new = NewPasskey { ceremony: begun.ceremony, name: "Phone".into(), credential };
        let token = factors::enrol_passkey(&db.store, &db.party(), &permit, new).await.unwrap();
        assert!(opens(&db, &token).await.is_ok(), "it was used in setting it up");
        verified(&db).await;
    }

    async fn whoever_lost_their_passkey_gets_to_another_one_with_a_recovery_code(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        owner.add_passkey(&mut Authenticator::new(), "Owner's key").await;
        let (user, _, recovery) = prepared(&acme, &mut Authenticator::new()).await;
        ask_for_passkeys(&owner, 0).await;
        let waiting = waiting(&db, &user).await;
        let token = sign_in::recovery(&db.store, &with_cookie(&db, &waiting).await, &recovery).await.unwrap();
        assert!(matches!(opens(&db, &token).await, Err(Refusal::Enrol)));
        let permit = enrolling(&db, &token).await;
        let app = factors::enrol_begin(&db.store, &permit).await;
        assert!(matches!(app, Err(Error::Conflict(_))), "an authenticator app would not be enough: {app:?}");
        let begun = factors::enrol_passkey_begin(&db.store, &db.party(), &permit).await.unwrap();
        let credential = Authenticator::new().create(&begun.options);
        let new = NewPasskey { ceremony: begun.ceremony, name: "Another".into(), credential };
        let token = factors::enrol_passkey(&db.store, &db.party(), &permit, new).await.unwrap();
        assert!(opens(&db, &token).await.is_ok());
        verified(&db).await;
    }

    async fn floor_below_passkeys_leaves_the_choice(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, secret, _) = prepared(&acme, &mut Authenticator::new()).await;
        policy::set_grace(&db.store, &acme.job(), 0).await.unwrap();
        let user = by_code(&db, &user, &secret).await;
        assert!(user.try_permit::<ReadAudit>().await.is_ok());
        let proofs = sign_in::proofs(&db.store, &user.permit::<ProveAgain>().await).await.unwrap();
        assert_eq!(proofs, Proofs { password: true, code: true, passkey: true });
    }
}
