//! A mail server that answers as it is told.

use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// How its connections are protected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Plain,
    StartTls,
    Implicit,
}

/// What it answers.
#[derive(Clone, Copy)]
pub(crate) struct Script {
    pub(crate) greeting: &'static str,
    pub(crate) recipient: &'static str,
    pub(crate) letter: &'static str,
    /// The password without which nothing is taken.
    pub(crate) password: Option<&'static str>,
    /// Whether it takes connections and says nothing.
    pub(crate) silent: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            greeting: "220 ready",
            recipient: "250 ok",
            letter: "250 taken",
            password: None,
            silent: false,
        }
    }
}

/// A letter that it took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) data: String,
    pub(crate) protected: bool,
}

/// The server; it ends with this value.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// Who signed its certificate, in PEM.
    pub(crate) authority: String,
    letters: Arc<Mutex<Vec<Taken>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(wire: Wire, script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (authority, acceptor) = certificate();
        let letters: Arc<Mutex<Vec<Taken>>> = Arc::default();
        let taken = Arc::clone(&letters);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(connection(stream, wire, script, acceptor.clone(), Arc::clone(&taken)));
            }
        });
        Self { port, authority, letters, task }
    }

    pub(crate) fn letters(&self) -> Vec<Taken> {
        self.letters.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn certificate() -> (String, TlsAcceptor) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    (authority_pem, TlsAcceptor::from(Arc::new(config)))
}

async fn connection(
    stream: TcpStream,
    wire: Wire,
    script: Script,
    tls: TlsAcceptor,
    letters: Arc<Mutex<Vec<Taken>>>,
) {
    if script.silent {
        std::future::pending::<()>().await;
    }
    match wire {
        Wire::Implicit => {
            if let Ok(stream) = tls.accept(stream).await {
                talk(BufReader::new(stream), script, true, false, true, &letters).await;
            }
        }
        Wire::Plain => {
            talk(BufReader::new(stream), script, true, false, false, &letters).await;
        }
        Wire::StartTls => {
            if let Some(stream) = talk(BufReader::new(stream), script, true, true, false, &letters).await
                && let Ok(stream) = tls.accept(stream.into_inner()).await
            {
                talk(BufReader::new(stream), script, false, false, true, &letters).await;
            }
        }
    }
}

/// Speaks until the end, or until the client asks for TLS, when the stream comes back.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    script: Script,
    greet: bool,
    offer_tls: bool,
    protected: bool,
    letters: &Mutex<Vec<Taken>>,
) -> Option<BufReader<S>> {
    if greet {
        say(&mut stream, script.greeting).await?;
    }
    let (mut taken, mut signed_in) = (Taken { protected, ..Taken::default() }, script.password.is_none());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        let upper = line.to_ascii_uppercase();
        let answer = if upper.starts_with("EHLO") {
            let tls = if offer_tls { "250-STARTTLS\r\n" } else { "" };
            let auth = if script.password.is_some() && !offer_tls { "250-AUTH PLAIN LOGIN\r\n" } else { "" };
            format!("250-here\r\n{tls}{auth}250 8BITMIME")
        } else if upper == "STARTTLS" && offer_tls {
            say(&mut stream, "220 go on").await?;
            return Some(stream);
        } else if let Some(secret) = line.strip_prefix("AUTH PLAIN ") {
            // base64 of NUL user NUL password.
            signed_in =
                script.password.is_some_and(|password| secret == base64(&format!("\0bailiwick\0{password}")));
            if signed_in { "235 welcome".into() } else { "535 5.7.8 not you".into() }
        } else if upper.starts_with("MAIL FROM:") {
            if signed_in {
                taken.from = within(line);
                "250 ok".into()
            } else {
                "530 5.7.0 sign in first".into()
            }
        } else if upper.starts_with("RCPT TO:") {
            taken.to.push(within(line));
            script.recipient.to_owned()
        } else if upper == "DATA" {
            say(&mut stream, "354 go on").await?;
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await.ok()? == 0 {
                    return None;
                }
                if line == ".\r\n" {
                    break;
                }
                taken.data.push_str(&line);
            }
            if script.letter.starts_with('2') {
                letters.lock().unwrap().push(std::mem::take(&mut taken));
            }
            script.letter.to_owned()
        } else if upper == "QUIT" {
            say(&mut stream, "221 bye").await;
            return None;
        } else {
            "250 ok".to_owned()
        };
        say(&mut stream, &answer).await?;
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, text: &str) -> Option<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

/// What stands in angle brackets.
fn within(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map(|(inner, _)| inner.to_owned())
        .unwrap_or_default()
}

fn base64(text: &str) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine};
    BASE64_STANDARD.encode(text)
}
