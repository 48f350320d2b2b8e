//! Joining with a passkey alone.

use std::sync::Arc;

use bailiwick_domain::{
    entity::SignInMethod,
    rule::{ChangeMyProofs, Invite, ReadUsers, ResetFactors, SignIn},
    time::Span,
};
use bailiwick_mail::{Mailbox, Message};
use bailiwick_ops::{
    Error, factor_reset,
    invitations::{self, Joining, JoiningByPasskey, NewInvitation},
    passkeys,
    passwords::{
        self,
        reset::{self, SignInAddress},
    },
    sign_in::{Asked, Step},
};
use bailiwick_store::{Actor as Who, Credential, Permit, Refusal, accounts, passkeys as stored, users};
use bailiwick_testkit::{Authenticator, Db, PASSWORD, Tenant, both_databases};
use bailiwick_vault::token::{InvitationToken, PasswordResetToken, SessionToken};

use crate::support::{HOME, opens, records, request, room_of, try_sign_in, verified};

const VISITOR: &str = "what only this browser can show";
const NEW: &str = "new@acme.example";

/// The link that arrives when the owner invites somebody.
async fn link(acme: &Tenant, email: &str) -> InvitationToken {
    let (db, mailbox) = (&acme.db, Mailbox::default());
    let new = NewInvitation { email: email.into(), role: "auditor".into(), expires_at: None };
    invitations::create(&db.store, &acme.owner().permit::<Invite>().await, new).await.unwrap();
    room_of(db, &db.store, Arc::new(mailbox.clone())).round().await.unwrap();
    let link = mailbox.messages()[0].message.content.link.to_string();
    InvitationToken::parse(link.rsplit('/').next().unwrap()).unwrap()
}

async fn asked(db: &Db, token: &InvitationToken) -> Asked {
    let permit = db.nobody::<SignIn>(HOME).await;
    invitations::passkey_begin(&db.store, &db.party(), &permit, token, VISITOR).await.unwrap()
}

async fn join(
    db: &Db,
    token: &InvitationToken,
    asked: &Asked,
    credential: &str,
) -> Result<SessionToken, Error> {
    join_as(db, &db.nobody::<SignIn>(HOME).await, VISITOR, token, asked, credential).await
}

async fn join_as(
    db: &Db,
    permit: &Permit<SignIn>,
    visitor: &str,
    token: &InvitationToken,
    asked: &Asked,
    credential: &str,
) -> Result<SessionToken, Error> {
    let joining = JoiningByPasskey {
        name: "Nina New".into(),
        ceremony: asked.ceremony.clone(),
        credential: credential.to_owned(),
    };
    invitations::accept_with_passkey(&db.store, &db.party(), permit, token, visitor, joining).await
}

/// The permit to change what proves the person with this session.
async fn recent(db: &Db, token: &SessionToken) -> Result<Permit<ChangeMyProofs>, Refusal> {
    let credential = Credential::Session(SessionToken::parse(&token.expose()).unwrap());
    db.store.gate().admit(credential, request(db, HOME)).await
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
}

both_databases! {
    async fn invited_person_joins_with_a_passkey_and_never_has_a_password(db: Db) {
        let acme = db.tenant("acme").await;
        let token = link(&acme, NEW).await;
        let (asked, mut device) = (asked(&db, &token).await, Authenticator::new());
        let credential = device.create(&asked.options);
        let session = join(&db, &token, &asked, &credential).await.unwrap();
        let permit = opens(&db, &session).await.unwrap();
        let user = permit.caller().unwrap().user.clone();
        assert_eq!((user.email.as_str(), user.name.as_str()), (NEW, "Nina New"));
        assert!(matches!(permit.actor(), Who::User { method: SignInMethod::Passkey, .. }));
        let mut view = db.store.read(&acme.owner().permit::<ReadUsers>().await).await.unwrap();
        assert!(accounts::password(&mut view, user.id).await.unwrap().is_none());
        assert_eq!(users::find_listed(&mut view, user.id).await.unwrap().mfa.name(), "required");
        let passkey = stored::of_user(&mut view, user.id).await.unwrap().remove(0);
        drop(view);
        assert!(try_sign_in(&db, HOME, NEW, PASSWORD).await.is_err());
        let recorded: Vec<_> = records(&db, acme.id()).await.into_iter().map(|row| row.action).collect();
        for action in ["invitation.accepted", "user.created", "passkey.created", "mfa.enabled", "session.created"] {
            assert!(recorded.iter().any(|found| found == action), "{action} in {recorded:?}");
        }
        assert_eq!(recorded.iter().filter(|found| *found == "password.set").count(), 1, "the owner's, and no other");
        // The way in is the way back in.
        let question = bailiwick_ops::sign_in::passkey_begin(&db.store, &db.party(), &db.nobody::<SignIn>(HOME).await, VISITOR).unwrap();
        let answer = device.get(&question.options);
        let again = bailiwick_ops::sign_in::passkey(&db.store, &db.party(), &db.nobody::<SignIn>(HOME).await, VISITOR, &question.ceremony, &answer).await;
        let again = db.store.gate().admit::<ChangeMyProofs>(
            Credential::Session(again.unwrap()), request(&db, HOME)).await.unwrap();
        let only = passkeys::remove(&db.store, &again, passkey.id).await;
        assert!(matches!(only, Err(Error::Conflict(text)) if text.contains("only way to sign in")), "{only:?}");
        verified(&db).await;
    }

    async fn person_without_a_password_whose_passkeys_are_removed_is_mailed_a_way_in(db: Db) {
        let acme = db.tenant("acme").await;
        let token = link(&acme, NEW).await;
        let (asked, mut device) = (asked(&db, &token).await, Authenticator::new());
        join(&db, &token, &asked, &device.create(&asked.options)).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let user = users::by_email(&mut view, NEW).await.unwrap().unwrap();
        drop(view);
        let letters = async || {
            let mailbox = Mailbox::default();
            room_of(&db, &db.store, Arc::new(mailbox.clone())).round().await.unwrap();
            mailbox.messages().into_iter().map(|kept| kept.message).collect::<Vec<_>>()
        };
        let ask = async || {
            let address = SignInAddress::parse(NEW).unwrap();
            reset::ask(&db.store, &db.nobody::<SignIn>(HOME).await, &address).await.unwrap();
        };
        letters().await;
        ask().await;
        assert!(letters().await.is_empty(), "whoever has a passkey and no password has none to forget");
        let owner = acme.owner();
        let permit = owner.permit::<ResetFactors>().await;
        owner.confirmed(async |answer| factor_reset::reset(&db.store, &permit, user.id, answer).await).await.unwrap();
        let arrived = letters().await;
        let to = |letters: &[Arc<Message>], subject: &str| {
            letters.iter().find(|letter| letter.content.subject.as_str().starts_with(subject)).cloned()
        };
        assert!(to(&arrived, "Your second factors").unwrap().content.text.contains("another message"));
        let first = to(&arrived, "Choose a password").unwrap();
        assert_eq!(first.to.as_str(), NEW);
        let token_of = |letter: &Message| PasswordResetToken::parse(letter.content.link.rsplit('/').next().unwrap()).unwrap();
        // Another one can be asked for, and ends the one before.
        ask().await;
        let second = to(&letters().await, "Choose a password").unwrap();
        let choose = async |token: &PasswordResetToken| {
            let permit = db.nobody::<SignIn>(HOME).await;
            reset::complete(&db.store, &db.hasher, &permit, token, PASSWORD.to_owned()).await
        };
        assert!(matches!(choose(&token_of(&first)).await, Err(Error::Conflict(_))));
        let Ok(Step::Done(session)) = choose(&token_of(&second)).await else { panic!("no way in") };
        assert!(opens(&db, &session).await.is_ok());
        assert!(matches!(choose(&token_of(&second)).await, Err(Error::Conflict(_))), "it works once");
        assert!(matches!(try_sign_in(&db, HOME, NEW, PASSWORD).await, Ok(Step::Done(_))));
        verified(&db).await;
    }

    async fn of_the_last_two_passkeys_removed_at_once_one_stays(db: Db) {
        let acme = db.tenant("acme").await;
        let token = link(&acme, NEW).await;
        let (asked, mut device) = (asked(&db, &token).await, Authenticator::new());
        let session = join(&db, &token, &asked, &device.create(&asked.options)).await.unwrap();
        let permit = async || {
            let credential = Credential::Session(SessionToken::parse(&session.expose()).unwrap());
            db.store.gate().admit::<ChangeMyProofs>(credential, request(&db, HOME)).await.unwrap()
        };
        let begun = passkeys::begin(&db.store, &db.party(), &permit().await).await.unwrap();
        let new = passkeys::NewPasskey { ceremony: begun.ceremony, name: "Second".into(), credential: Authenticator::new().create(&begun.options) };
        passkeys::finish(&db.store, &db.party(), &permit().await, new).await.unwrap();
        let me = permit().await.caller().unwrap().user.id;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let both = stored::of_user(&mut view, me).await.unwrap();
        drop(view);
        let (one, two) = (permit().await, permit().await);
        let (one, two) = tokio::join!(passkeys::remove(&db.store, &one, both[0].id), passkeys::remove(&db.store, &two, both[1].id));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        verified(&db).await;
    }

    async fn invitation_answered_by_several_at_once_lets_one_in(db: Db) {
        let acme = db.tenant("acme").await;
        let token = link(&acme, NEW).await;
        let (first, second) = (asked(&db, &token).await, asked(&db, &token).await);
        let (mut mine, mut theirs) = (Authenticator::new(), Authenticator::new());
        let (one, two) = (mine.create(&first.options), theirs.create(&second.options));
        let nobody = db.nobody::<SignIn>(HOME).await;
        let joining = Joining { name: "Eve".into(), password: "a password of my own".into() };
        let (one, two, three) = tokio::join!(
            join(&db, &token, &first, &one),
            join(&db, &token, &second, &two),
            invitations::accept(&db.store, &db.hasher, &nobody, &token, joining),
        );
        let in_by: Vec<_> = [&one, &two, &three].into_iter().filter(|outcome| outcome.is_ok()).collect();
        assert_eq!(in_by.len(), 1, "{one:?} {two:?} {three:?}");
        refused(join(&db, &token, &first, "{}").await);
        verified(&db).await;
    }

    async fn answer_is_good_for_its_link_its_browser_and_five_minutes(db: Db) {
        let acme = db.tenant("acme").await;
        let (token, other) = (link(&acme, NEW).await, link(&acme, "other@acme.example").await);
        let (asked, mut device) = (asked(&db, &token).await, Authenticator::new());
        let credential = device.create(&asked.options);
        let nobody = db.nobody::<SignIn>(HOME).await;
        refused(join_as(&db, &nobody, "another browser", &token, &asked, &credential).await);
        refused(join(&db, &other, &asked, &credential).await);
        let elsewhere = device.on("https://bailiwick.test.evil.example").create(&asked.options);
        refused(join(&db, &token, &asked, &elsewhere).await);
        db.clock.advance(Span::minutes(5));
        refused(join(&db, &token, &asked, &credential).await);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(users::by_email(&mut view, NEW).await.unwrap().is_none(), "nothing is left of any of them");
    }

    async fn person_without_a_password_sets_a_first_one_once_and_everybody_else_is_out(db: Db) {
        let acme = db.tenant("acme").await;
        let token = link(&acme, NEW).await;
        let (asked, mut device) = (asked(&db, &token).await, Authenticator::new());
        let credential = device.create(&asked.options);
        let session = join(&db, &token, &asked, &credential).await.unwrap();
        let permit = recent(&db, &session).await.unwrap();
        let weak = passwords::set_first(&db.store, &db.hasher, &permit, "password1234".into()).await;
        assert!(matches!(&weak, Err(Error::Invalid(fields)) if fields[0].field == "new"), "{weak:?}");
        assert!(try_sign_in(&db, HOME, NEW, PASSWORD).await.is_err());
        // Two browsers at once: one of them finds out.
        let set = || passwords::set_first(&db.store, &db.hasher, &permit, PASSWORD.into());
        let (one, other) = tokio::join!(set(), set());
        let renewed = match (one, other) {
            (Ok(renewed), Err(Error::Conflict(_))) | (Err(Error::Conflict(_)), Ok(renewed)) => renewed,
            both => panic!("{both:?}"),
        };
        assert!(opens(&db, &session).await.is_err(), "the token before is worth nothing");
        let permit = recent(&db, &renewed).await.unwrap();
        refused(passwords::set_first(&db.store, &db.hasher, &permit, PASSWORD.into()).await);
        // It is right, and the passkey has to follow: a password alone does not get round the factor that is there.
        assert!(matches!(try_sign_in(&db, HOME, NEW, PASSWORD).await, Ok(Step::SecondFactor(_))));
        let mailbox = Mailbox::default();
        room_of(&db, &db.store, Arc::new(mailbox.clone())).round().await.unwrap();
        let told = mailbox.messages().iter().filter(|kept| kept.message.content.subject.as_str().starts_with("A password was set")).count();
        assert_eq!(told, 1);
        verified(&db).await;
    }

    async fn first_password_takes_a_recent_proof(db: Db) {
        let acme = db.tenant("acme").await;
        let token = link(&acme, NEW).await;
        let (asked, mut device) = (asked(&db, &token).await, Authenticator::new());
        let credential = device.create(&asked.options);
        let session = join(&db, &token, &asked, &credential).await.unwrap();
        db.clock.advance(Span::minutes(11));
        assert!(matches!(recent(&db, &session).await, Err(Refusal::Reauthenticate)));
    }
}
