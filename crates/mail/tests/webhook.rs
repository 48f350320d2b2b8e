//! Messages to a gateway over real sockets: what it is sent, what its answers amount to, and what the network can do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "the tests of letters use the rest of it")]
mod server;

use std::time::Duration;

use bailiwick_domain::{entity::MailFault, ids::MailId, time::Timestamp};
use bailiwick_mail::{
    BadWebhook, Channel, Dispatch, FactorResetLetter, Letter, Line, LinkBase, OneTimeCode, StepUpLetter,
    Webhook, WebhookSettings,
};
use bailiwick_testkit::{Gateway, Reply};
use server::{Script, Server, Wire};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn letter() -> Letter {
    Letter::StepUpCode(StepUpLetter {
        action: Line::of("Suspend the organisation Example Care"),
        difference: vec![Line::of("Organisation: status from “active” to “suspended”")],
        digest: Line::of("9f2c 61ab 07de"),
        code: OneTimeCode::parse("12345678").unwrap(),
        expires_at: Timestamp::from_micros(1_767_323_645_000_000),
    })
}

fn settings(url: &str, authorities: Option<&str>) -> WebhookSettings {
    WebhookSettings {
        url: url.parse().unwrap(),
        secret: SECRET.parse().unwrap(),
        authorities: authorities.map(|pem| pem.as_bytes().to_vec()),
        timeout: Duration::from_secs(5),
    }
}

async fn sent(webhook: &Webhook, to: &str, letter: &Letter) -> Result<(), MailFault> {
    let base = LinkBase::parse("https://b.example").unwrap();
    let dispatch = Dispatch {
        id: MailId::from_bytes([7; 16]),
        to,
        written_at: Timestamp::from_micros(1_767_323_045_000_000),
        now: Timestamp::from_micros(1_767_323_046_000_000),
        letter,
        base: &base,
    };
    webhook.deliver(dispatch).await
}

async fn answered(reply: Reply) -> Result<(), MailFault> {
    let gateway = Gateway::start(&[reply]).await;
    sent(&Webhook::new(settings(&gateway.url(), None)).unwrap(), "+61491570156", &letter()).await
}

#[tokio::test]
async fn gateway_gets_recipient_and_text_under_a_signature_that_it_can_check() {
    let gateway = Gateway::start(&[Reply::Status(202)]).await;
    let webhook = Webhook::new(settings(&gateway.url(), None)).unwrap();
    assert_eq!(sent(&webhook, "+61491570156", &letter()).await, Ok(()));
    let delivery = gateway.deliveries().remove(0);
    assert!(delivery.genuine, "{delivery:?}");
    assert_eq!(delivery.line, "POST /messages?team=7 HTTP/1.1");
    assert_eq!((delivery.id.as_str(), delivery.at), ("07070707-0707-0707-0707-070707070707", 1_767_323_046));
    assert_eq!((delivery.to(), delivery.code().as_str()), ("+61491570156", "12345678"));
    assert!(delivery.text().contains("Suspend the organisation Example Care"), "{}", delivery.text());
    assert!(delivery.text().contains("9f2c 61ab 07de"));
    assert_eq!(delivery.body["type"], "message.send");
    let shown = format!("{webhook:?}");
    assert!(!shown.contains("team") && !shown.contains("whsec"), "{shown}");
}

#[tokio::test]
async fn each_answer_leads_to_its_own_class() {
    for (reply, fault) in [
        (Reply::Status(400), MailFault::Refused),
        (Reply::Status(401), MailFault::SignIn),
        (Reply::Status(429), MailFault::Postponed),
        (Reply::Status(500), MailFault::Postponed),
        (Reply::Endless, MailFault::Unreachable),
        (Reply::Gone, MailFault::Unreachable),
    ] {
        assert_eq!(answered(reply.clone()).await, Err(fault), "{reply:?}");
    }
    assert_eq!(answered(Reply::Status(204)).await, Ok(()));
}

#[tokio::test]
async fn a_redirection_carries_no_code_to_another_host() {
    let other = Gateway::start(&[Reply::Status(200)]).await;
    assert_eq!(answered(Reply::Redirect(other.url())).await, Err(MailFault::Unreachable));
    assert!(other.deliveries().is_empty());
}

#[tokio::test]
async fn a_gateway_that_falls_silent_is_not_waited_for() {
    let gateway = Gateway::start(&[Reply::Silence]).await;
    let settings = WebhookSettings { timeout: Duration::from_millis(200), ..settings(&gateway.url(), None) };
    let webhook = Webhook::new(settings).unwrap();
    assert_eq!(sent(&webhook, "+61491570156", &letter()).await, Err(MailFault::Unreachable));
    assert_eq!(gateway.deliveries().len(), 1);
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let gone = self::settings(&format!("http://127.0.0.1:{port}/"), None);
    assert_eq!(Webhook::new(gone).unwrap().check().await, Err(MailFault::Unreachable));
}

#[tokio::test]
async fn what_has_no_short_form_or_no_number_never_leaves() {
    let gateway = Gateway::start(&[Reply::Status(200)]).await;
    let webhook = Webhook::new(settings(&gateway.url(), None)).unwrap();
    let link = Letter::FactorReset(FactorResetLetter {
        organisation: Line::of("Example"),
        by: Line::of("Imran"),
        at: Timestamp::from_micros(1_767_323_045_000_000),
        has_password: true,
    });
    assert_eq!(sent(&webhook, "+61491570156", &link).await, Err(MailFault::Unwritable));
    assert_eq!(sent(&webhook, "someone@acme.example", &letter()).await, Err(MailFault::Unwritable));
    assert!(gateway.deliveries().is_empty());
}

#[tokio::test]
async fn a_gateway_elsewhere_has_to_show_a_certificate_of_the_right_authority() {
    // The peer is a mail server, but TLS comes before whatever is spoken.
    let server = Server::start(Wire::Implicit, Script::default()).await;
    let url = format!("https://localhost:{}/messages", server.port);
    let known = Webhook::new(settings(&url, Some(&server.authority))).unwrap();
    assert_eq!(known.check().await, Ok(()));
    let public = Webhook::new(settings(&url, None)).unwrap();
    assert_eq!(public.check().await, Err(MailFault::Tls));
    let by_address = format!("https://127.0.0.1:{}/messages", server.port);
    let named = Webhook::new(settings(&by_address, Some(&server.authority))).unwrap();
    assert_eq!(named.check().await, Err(MailFault::Tls), "the certificate is for localhost");
    for wrong in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let refused = Webhook::new(settings(&url, Some(wrong))).err();
        assert_eq!(refused, Some(BadWebhook::Authorities), "{wrong:?}");
    }
}
