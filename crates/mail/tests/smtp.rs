//! Letters to a mail server over real sockets: what it takes, what it refuses, and what the network can do.
//!
//! The other side is a small server of this file that speaks just enough of RFC 5321, with STARTTLS, implicit TLS and
//! sign-in, and answers as the test says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod server;

use std::time::Duration;

use bailiwick_domain::{entity::MailFault, ids::MailId, time::Timestamp};
use bailiwick_mail::{
    BadSmtp, InvitationLetter, Letter, Line, LinkBase, LinkPath, Message, MessageId, Sender, Smtp,
    SmtpSettings, SmtpTls, Transport,
};
use server::{Script, Server, Wire};

fn message() -> Message {
    let letter = Letter::Invitation(InvitationLetter {
        organisation: Line::parse("Pflege & Söhne").unwrap(),
        role: Line::parse("Auditor").unwrap(),
        inviter: None,
        path: LinkPath::parse("/join/TOKEN").unwrap(),
        expires_at: Timestamp::from_micros(1_767_323_045_000_000),
    });
    let from: Sender = "Bailiwick <no-reply@b.example>".parse().unwrap();
    Message {
        id: MessageId::of(MailId::from_bytes([7; 16]), &from),
        from,
        to: "new@acme.example".parse().unwrap(),
        at: Timestamp::from_micros(1_767_323_045_000_000),
        content: letter.render(&LinkBase::parse("https://b.example").unwrap()).unwrap(),
    }
}

fn settings(server: &Server, tls: SmtpTls) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".into(),
        port: server.port,
        tls,
        authorities: Some(server.authority.clone().into_bytes()),
        sign_in: None,
        timeout: Duration::from_secs(5),
    }
}

async fn sent(settings: SmtpSettings) -> Result<(), MailFault> {
    Smtp::new(settings).unwrap().send(&message()).await
}

#[tokio::test]
async fn a_letter_arrives_whole_under_each_kind_of_connection() {
    for (wire, tls) in [
        (Wire::Plain, SmtpTls::None),
        (Wire::StartTls, SmtpTls::StartTls),
        (Wire::Implicit, SmtpTls::Implicit),
    ] {
        let server = Server::start(wire, Script::default()).await;
        assert_eq!(sent(settings(&server, tls)).await, Ok(()), "{tls:?}");
        let letter = server.letters().remove(0);
        assert_eq!(
            (letter.from.as_str(), letter.to.as_slice()),
            ("no-reply@b.example", &["new@acme.example".to_owned()][..])
        );
        assert_eq!(letter.protected, tls != SmtpTls::None);
        assert!(
            letter.data.contains("Message-ID: <07070707-0707-0707-0707-070707070707@b.example>"),
            "{}",
            letter.data
        );
        assert!(
            letter.data.contains("multipart/alternative")
                && letter.data.contains("https://b.example/join/TOKEN")
        );
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_letter() {
    let server = Server::start(Wire::Plain, Script::default()).await;
    assert!(sent(settings(&server, SmtpTls::StartTls)).await.is_err());
    assert!(server.letters().is_empty());
}

#[tokio::test]
async fn a_server_with_a_certificate_of_somebody_else_gets_no_letter() {
    let (server, other) = (
        Server::start(Wire::StartTls, Script::default()).await,
        Server::start(Wire::Plain, Script::default()).await,
    );
    for tls in [SmtpTls::StartTls, SmtpTls::Implicit] {
        let server = if tls == SmtpTls::StartTls {
            &server
        } else {
            &Server::start(Wire::Implicit, Script::default()).await
        };
        let settings =
            SmtpSettings { authorities: Some(other.authority.clone().into_bytes()), ..settings(server, tls) };
        assert!(matches!(sent(settings).await, Err(MailFault::Tls | MailFault::Unreachable)), "{tls:?}");
        assert!(server.letters().is_empty());
    }
}

#[tokio::test]
async fn pinned_address_is_connected_to_and_the_certificate_is_for_the_name_all_the_same() {
    let script = Script { password: Some("hunter2"), ..Script::default() };
    let server = Server::start(Wire::StartTls, script).await;
    let pinned = async |host: &str, password: &str| {
        let settings = SmtpSettings {
            host: host.into(),
            sign_in: Some(("bailiwick".into(), password.to_owned().into())),
            ..settings(&server, SmtpTls::StartTls)
        };
        Smtp::pinned(settings, "127.0.0.1".parse().unwrap()).unwrap().check().await
    };
    assert_eq!(pinned("localhost", "hunter2").await, Ok(()));
    assert_eq!(pinned("localhost", "wrong").await, Err(MailFault::SignIn));
    let elsewhere = pinned("mail.example.com", "hunter2").await;
    assert!(
        matches!(elsewhere, Err(MailFault::Tls | MailFault::Unreachable)),
        "the name of somebody else: {elsewhere:?}"
    );
}

#[tokio::test]
async fn the_sign_in_is_used_and_a_wrong_one_is_told_from_a_refused_letter() {
    let script = Script { password: Some("hunter2"), ..Script::default() };
    let server = Server::start(Wire::StartTls, script).await;
    let with = |password: &str| SmtpSettings {
        sign_in: Some(("bailiwick".into(), password.to_owned().into())),
        ..settings(&server, SmtpTls::StartTls)
    };
    assert_eq!(sent(with("hunter2")).await, Ok(()));
    assert_eq!(sent(with("wrong")).await, Err(MailFault::SignIn));
    assert_eq!(sent(settings(&server, SmtpTls::StartTls)).await, Err(MailFault::SignIn));
    assert_eq!(Smtp::new(with("hunter2")).unwrap().check().await, Ok(()));
    assert_eq!(Smtp::new(with("wrong")).unwrap().check().await, Err(MailFault::SignIn));
    assert_eq!(server.letters().len(), 1);
}

#[tokio::test]
async fn what_the_server_answers_becomes_a_class_and_nothing_of_its_words() {
    for (script, fault) in [
        (Script { recipient: "550 5.1.1 no such user TOKEN", ..Script::default() }, MailFault::Refused),
        (Script { recipient: "450 4.2.1 come back later", ..Script::default() }, MailFault::Postponed),
        (Script { letter: "554 5.7.1 spam", ..Script::default() }, MailFault::Refused),
        (Script { letter: "452 4.3.1 full", ..Script::default() }, MailFault::Postponed),
        (Script { greeting: "421 4.3.2 closing", ..Script::default() }, MailFault::Postponed),
    ] {
        let server = Server::start(Wire::Plain, script).await;
        assert_eq!(sent(settings(&server, SmtpTls::None)).await, Err(fault), "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_falls_silent_is_unreachable() {
    let gone = {
        let server = Server::start(Wire::Plain, Script::default()).await;
        settings(&server, SmtpTls::None)
    };
    assert_eq!(sent(gone).await, Err(MailFault::Unreachable));
    let silent = Server::start(Wire::Plain, Script { silent: true, ..Script::default() }).await;
    let settings = SmtpSettings { timeout: Duration::from_millis(200), ..settings(&silent, SmtpTls::None) };
    assert_eq!(sent(settings).await, Err(MailFault::Unreachable));
}

#[test]
fn letters_never_cross_a_network_in_the_clear() {
    for host in ["smtp.example.com", "10.0.0.1", "localhost.example.com", "::2"] {
        let settings = SmtpSettings {
            host: host.into(),
            port: 25,
            tls: SmtpTls::None,
            authorities: None,
            sign_in: None,
            timeout: Duration::from_secs(1),
        };
        assert!(matches!(Smtp::new(settings.clone()), Err(BadSmtp::InTheClear(_))), "{host}");
        let shown = format!(
            "{:?}",
            SmtpSettings { sign_in: Some(("u".into(), "hunter2".to_owned().into())), ..settings }
        );
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
