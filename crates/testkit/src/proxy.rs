//! A wire to PostgreSQL that can be cut at the worst moment.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What happens to the next commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The connection is lost before the server hears of it.
    CommitLost,
    /// The server commits, and the connection is lost before it can say so.
    AnswerLost,
}

/// Forwards connections to a server until a fault is due. Works on connections without TLS.
pub struct Proxy {
    address: String,
    fault: Arc<AtomicU8>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port and forwards to `server` (host and port).
    pub async fn to(server: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let fault = Arc::new(AtomicU8::new(Fault::None as u8));
        let (server, due) = (server.to_owned(), Arc::clone(&fault));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.expect("the test server");
                tokio::spawn(forward(client, server, Arc::clone(&due)));
            }
        });
        Self { address, fault, task }
    }

    /// The host and port it listens on.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Arms `fault` for the next commit of any connection; it strikes once.
    pub fn arm(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(mut client: TcpStream, mut server: TcpStream, fault: Arc<AtomicU8>) {
    let (mut up, mut down) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Some(sent) = read.ok().filter(|n| *n > 0).and_then(|n| up.get(..n)) else { return };
                let strikes = if sent.windows(6).any(|word| word == b"COMMIT") { fault.swap(Fault::None as u8, Ordering::SeqCst) } else { Fault::None as u8 };
                if strikes == Fault::CommitLost as u8 || server.write_all(sent).await.is_err() {
                    return;
                }
                if strikes == Fault::AnswerLost as u8 {
                    // The answer arrives here, so the commit is done; nobody else hears it.
                    let _ = server.read(&mut down).await;
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Some(answer) = read.ok().filter(|n| *n > 0).and_then(|n| down.get(..n)) else { return };
                if client.write_all(answer).await.is_err() {
                    return;
                }
            }
        }
    }
}
