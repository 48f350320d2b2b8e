//! Letters to a mail server of another make (`smtp-server` of npm, in `e2e/peers`): STARTTLS and TLS from the first byte, with
//! a sign-in. `cargo xtask test` installs it; without it these tests fail and say so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::{
    io::{BufRead, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use bailiwick_domain::{entity::MailFault, ids::MailId, time::Timestamp};
use bailiwick_mail::{
    InvitationLetter, Letter, Line, LinkBase, LinkPath, Message, MessageId, Sender, Smtp, SmtpSettings,
    SmtpTls, Transport,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;
use tempfile::TempDir;

const USER: &str = "bailiwick";
const PASSWORD: &str = "nine brass lanterns adrift";

/// The server; it ends with this value.
struct Peer {
    port: u16,
    tls: SmtpTls,
    /// Who signed its certificate, in PEM.
    authority: String,
    lines: Lines<BufReader<ChildStdout>>,
    process: Child,
    _folder: TempDir,
}

impl Peer {
    fn start(tls: SmtpTls) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e");
        assert!(
            root.join("node_modules/smtp-server").is_dir(),
            "the mail server of these tests is not installed: run `cargo xtask test`, or `npm ci` in e2e/"
        );
        let folder = tempfile::tempdir().unwrap();
        let (authority, key, certificate) = certificate();
        let (key_file, certificate_file) = (folder.path().join("key.pem"), folder.path().join("cert.pem"));
        std::fs::write(&key_file, key).unwrap();
        std::fs::write(&certificate_file, certificate).unwrap();
        let mode = if tls == SmtpTls::Implicit { "implicit" } else { "starttls" };
        let mut process = Command::new("node")
            .arg(root.join("peers/mail_server.mjs"))
            .arg(mode)
            .args([&key_file, &certificate_file])
            .args([USER, PASSWORD])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node.js, which `cargo xtask test` installs");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let port = first["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap();
        Self { port, tls, authority, lines, process, _folder: folder }
    }

    fn smtp(&self, sign_in: Option<&str>, authority: &str) -> Smtp {
        let settings = SmtpSettings {
            host: "localhost".into(),
            port: self.port,
            tls: self.tls,
            authorities: Some(authority.as_bytes().to_vec()),
            sign_in: sign_in.map(|password| (USER.to_owned(), password.to_owned().into())),
            timeout: Duration::from_secs(10),
        };
        Smtp::new(settings).unwrap()
    }

    /// The next letter that it took; it has written it down before it said so.
    fn letter(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// An authority, and a key with its certificate for `localhost`, all in PEM.
fn certificate() -> (String, String, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    (authority_pem, key.serialize_pem(), certificate.pem())
}

fn message(to: &str) -> Message {
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
        to: to.parse().unwrap(),
        at: Timestamp::from_micros(1_767_323_045_000_000),
        content: letter.render(&LinkBase::parse("https://b.example").unwrap()).unwrap(),
    }
}

async fn arrives(tls: SmtpTls) {
    let mut peer = Peer::start(tls);
    let smtp = peer.smtp(Some(PASSWORD), &peer.authority);
    assert_eq!(smtp.check().await, Ok(()));
    assert_eq!(smtp.send(&message("new@acme.example")).await, Ok(()));
    let letter = peer.letter();
    assert_eq!((&letter["secure"], &letter["user"]), (&Value::Bool(true), &Value::from(USER)));
    assert_eq!(
        (&letter["from"], &letter["to"][0]),
        (&Value::from("no-reply@b.example"), &Value::from("new@acme.example"))
    );
    let raw = letter["raw"].as_str().unwrap();
    for part in [
        "Message-ID: <07070707-0707-0707-0707-070707070707@b.example>",
        "multipart/alternative",
        "https://b.example/join/TOKEN",
    ] {
        assert!(raw.contains(part), "{part} in {raw}");
    }
}

#[tokio::test]
async fn a_letter_arrives_at_another_makers_server_after_starttls() {
    arrives(SmtpTls::StartTls).await;
}

#[tokio::test]
async fn a_letter_arrives_at_another_makers_server_under_tls_from_the_first_byte() {
    arrives(SmtpTls::Implicit).await;
}

#[tokio::test]
async fn another_makers_server_takes_nothing_without_the_right_password() {
    for tls in [SmtpTls::StartTls, SmtpTls::Implicit] {
        let peer = Peer::start(tls);
        for password in [Some("not the password"), None] {
            let smtp = peer.smtp(password, &peer.authority);
            assert_eq!(smtp.send(&message("new@acme.example")).await, Err(MailFault::SignIn), "{tls:?}");
        }
    }
}

#[tokio::test]
async fn no_letter_goes_to_a_server_under_a_foreign_certificate() {
    for tls in [SmtpTls::StartTls, SmtpTls::Implicit] {
        let peer = Peer::start(tls);
        let (foreign, _, _) = certificate();
        let outcome = peer.smtp(Some(PASSWORD), &foreign).send(&message("new@acme.example")).await;
        assert!(matches!(outcome, Err(MailFault::Tls | MailFault::Unreachable)), "{tls:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn another_makers_refusals_are_told_from_its_delays() {
    let peer = Peer::start(SmtpTls::StartTls);
    let smtp = peer.smtp(Some(PASSWORD), &peer.authority);
    for (to, fault) in [("a@refused.example", MailFault::Refused), ("a@later.example", MailFault::Postponed)]
    {
        assert_eq!(smtp.send(&message(to)).await, Err(fault), "{to}");
    }
}
