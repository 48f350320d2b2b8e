//! The other sides: one that speaks HTTP, one that speaks TLS and reads, or breaks off.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use bailiwick_stream::{Identity, Place, Server};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
    },
};

/// A request that arrived.
#[derive(Clone)]
pub(crate) struct Taken {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Taken {
    pub(crate) fn field(&self, name: &str) -> String {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    }
}

/// Answers every request alike; it ends with this value.
pub(crate) struct Http {
    port: u16,
    taken: Arc<Mutex<Vec<Taken>>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Http {
    pub(crate) async fn start(status: &str, fields: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = format!("HTTP/1.1 {status}\r\n{fields}content-length: 0\r\nconnection: close\r\n\r\n");
        let (taken, connections) = (Arc::<Mutex<Vec<Taken>>>::default(), Arc::<AtomicUsize>::default());
        let (kept, counted) = (Arc::clone(&taken), Arc::clone(&connections));
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let Some(one) = request(&mut stream).await else { continue };
                kept.lock().unwrap().push(one);
                drop(stream.write_all(answer.as_bytes()).await);
            }
        });
        Self { port, taken, connections, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn request(stream: &mut TcpStream) -> Option<Taken> {
    let (mut octets, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut part).await.ok().filter(|count| *count > 0)?;
        octets.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&octets);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let taken = Taken { head: format!("{head}\r\n"), body: body.to_owned() };
        if taken.body.len() >= taken.field("content-length").parse().ok()? {
            return Some(taken);
        }
    }
}

/// A certificate with its key and who signed it, all in PEM.
pub(crate) struct Signed {
    pub(crate) authority: String,
    certificate: String,
    key: String,
}

impl Signed {
    pub(crate) fn pair(&self) -> Identity {
        Identity { certificate: self.certificate.clone(), key: self.key.clone() }
    }
}

/// A certificate for this machine, by an authority of its own.
pub(crate) fn identity() -> Signed {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    Signed { authority: pem, certificate: certificate.pem(), key: key.serialize_pem() }
}

/// A syslog server; it ends with this value.
pub(crate) struct Tls {
    port: u16,
    authority: String,
    read: tokio::sync::Mutex<mpsc::Receiver<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Tls {
    /// One that reads to the end and closes, or breaks off at once; with `clients`, one that asks for certificates of this authority.
    pub(crate) async fn start(reads: bool, clients: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let signed = identity();
        let acceptor = acceptor(&signed, clients);
        let (sender, receiver) = mpsc::channel(8);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                if !reads {
                    // One octet is taken, so that others lie unread when the connection goes.
                    drop(stream.read_u8().await);
                    continue;
                }
                let mut octets = Vec::new();
                if stream.read_to_end(&mut octets).await.is_ok() {
                    drop(stream.shutdown().await);
                    drop(sender.try_send(octets));
                }
            }
        });
        Self { port, authority: signed.authority, read: tokio::sync::Mutex::new(receiver), task }
    }

    pub(crate) fn place(&self, identity: Option<Identity>) -> Place {
        let authorities = Some(self.authority.clone());
        Place::Syslog(Server { host: "127.0.0.1".into(), port: self.port, authorities, identity })
    }

    /// What one connection brought.
    pub(crate) async fn read(&self) -> Vec<u8> {
        self.read.lock().await.recv().await.unwrap()
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn acceptor(signed: &Signed, clients: Option<&str>) -> TlsAcceptor {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
            config.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap(),
            )
        }
    };
    let certificate = CertificateDer::from_pem_slice(signed.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(signed.key.as_bytes()).unwrap();
    TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate], key).unwrap()))
}
