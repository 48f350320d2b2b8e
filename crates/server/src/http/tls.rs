//! TLS from certificate files, read again when they change.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum_server::tls_rustls::RustlsConfig;
use rustls::{
    ServerConfig,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};
use tokio::signal::unix::Signal;

use crate::stop::Stop;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Why the files cannot be used. No text holds anything of the key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is no PEM.
    #[error("{} is not a PEM file: {source}", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The certificate file holds none.
    #[error("{} holds no certificate (no BEGIN CERTIFICATE)", .0.display())]
    NoCertificate(PathBuf),
    /// The key file holds none.
    #[error("{} holds no private key (PKCS#8, PKCS#1 or SEC1); an encrypted key has to be decrypted first", .0.display())]
    NoKey(PathBuf),
    /// The two do not go together, or cannot be used.
    #[error("the key in {} cannot be used with the certificate in {}: {source}", key.display(), certificate.display())]
    Unusable {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
        /// What the TLS library said.
        source: rustls::Error,
    },
}

/// A certificate and key in files.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// The chain, PEM.
    pub(crate) certificate: PathBuf,
    /// The private key, PEM.
    pub(crate) key: PathBuf,
}

impl Files {
    /// Reads both: TLS 1.2 or 1.3, HTTP/2 or 1.1, no client certificates.
    pub(crate) fn load(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let chain = self.chain()?;
        let key = self.private_key()?;
        let mut config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).map_err(|source| {
                TlsError::Unusable { certificate: self.certificate.clone(), key: self.key.clone(), source }
            })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let path = &self.certificate;
        let chain = CertificateDer::pem_slice_iter(&read(path)?).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|source| TlsError::NotPem { path: path.clone(), source })?;
        if chain.is_empty() { Err(TlsError::NoCertificate(path.clone())) } else { Ok(chain) }
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let path = &self.key;
        match PrivateKeyDer::from_pem_slice(&read(path)?) {
            Ok(key) => Ok(key),
            Err(pem::Error::NoItemsFound) => Err(TlsError::NoKey(path.clone())),
            Err(source) => Err(TlsError::NotPem { path: path.clone(), source }),
        }
    }

    fn state(&self) -> State {
        [&self.certificate, &self.key].map(|path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    crate::read::octets(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
}

/// What changes whenever one of the files does.
type State = [Option<(SystemTime, u64)>; 2];

/// A certificate in use, which follows its files.
pub(crate) struct Certificate {
    files: Files,
    /// The files when they were read last.
    seen: State,
    config: RustlsConfig,
}

impl Certificate {
    /// Reads the files for the first time.
    pub(crate) fn open(files: Files) -> Result<Self, TlsError> {
        // Looked at before they are read, so that a change in between is seen later.
        let seen = files.state();
        let config = RustlsConfig::from_config(files.load()?);
        Ok(Self { files, seen, config })
    }

    /// What the listener uses; it follows every renewal.
    pub(crate) fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Waits until one of the files is another than the one read last.
    pub(crate) async fn changed(&self) {
        while self.files.state() == self.seen {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Reads the files again. If they cannot be used, the earlier certificate stays in use until their next change.
    pub(crate) fn renew(&mut self) {
        self.seen = self.files.state();
        let certificate = self.files.certificate.display();
        match self.files.load() {
            Ok(fresh) => {
                self.config.reload_from_config(fresh);
                tracing::info!(%certificate, "the certificate was read again");
            }
            Err(error) => {
                tracing::error!(%error, "the certificate was not renewed; the earlier one stays in use")
            }
        }
    }
}

/// Renews the certificate on SIGHUP and whenever its files change, until told to stop. Without one, SIGHUP does nothing.
pub(crate) async fn follow(mut certificate: Option<Certificate>, mut hangup: Signal, mut stop: Stop) {
    loop {
        let changed = async {
            match &certificate {
                Some(certificate) => certificate.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.told() => return,
            _ = hangup.recv() => tracing::info!("SIGHUP"),
            () = changed => {}
        }
        if let Some(certificate) = &mut certificate {
            certificate.renew();
        }
    }
}
