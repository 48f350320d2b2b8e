//! A message gateway on this machine: speaks HTTP/1.1 over a real socket, checks signatures by itself, answers as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What messages are signed with: the key of the specification's own example.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What the gateway answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// This status, with a body that nobody should read.
    Status(u16),
    /// Somewhere else.
    Redirect(String),
    /// Nothing, for ever.
    Silence,
    /// A head without an end.
    Endless,
    /// The connection is closed.
    Gone,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, in seconds.
    pub at: u64,
    /// Whether `webhook-signature` is that of these octets.
    pub genuine: bool,
    /// Its first line.
    pub line: String,
    /// Its body.
    pub body: Value,
}

impl Delivery {
    /// Whom the message is for.
    #[must_use]
    pub fn to(&self) -> &str {
        self.body.pointer("/data/to").and_then(Value::as_str).unwrap_or_default()
    }

    /// What it says.
    #[must_use]
    pub fn text(&self) -> &str {
        self.body.pointer("/data/text").and_then(Value::as_str).unwrap_or_default()
    }

    /// The eight digits in it.
    #[must_use]
    pub fn code(&self) -> String {
        let (_, rest) = self.text().split_once("code ").expect("a code");
        rest.chars().filter(char::is_ascii_digit).take(8).collect()
    }
}

/// The gateway; it ends with this value.
pub struct Gateway {
    port: u16,
    taken: Arc<Mutex<Vec<Delivery>>>,
    task: JoinHandle<()>,
}

impl Gateway {
    /// Answers in this order, the last answer for ever.
    pub async fn start(replies: &[Reply]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let taken: Arc<Mutex<Vec<Delivery>>> = Arc::default();
        let (kept, mut replies) = (Arc::clone(&taken), VecDeque::from(replies.to_vec()));
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let next = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
                let Some(reply) = next else { return };
                open.spawn(answer(stream, reply, Arc::clone(&kept)));
            }
        });
        Self { port, taken, task }
    }

    /// Where messages are posted.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/messages?team=7", self.port)
    }

    /// What they have to be signed with.
    #[must_use]
    pub const fn secret(&self) -> &'static str {
        SECRET
    }

    /// What has arrived, in order.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.taken.lock().expect("nobody panics here").clone()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, reply: Reply, taken: Arc<Mutex<Vec<Delivery>>>) {
    let Some(delivery) = read(&mut stream).await else { return };
    taken.lock().expect("nobody panics here").push(delivery);
    let text = match reply {
        Reply::Status(status) => {
            format!("HTTP/1.1 {status} So\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        }
        Reply::Redirect(to) => {
            format!("HTTP/1.1 307 There\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
        }
        Reply::Silence => return std::future::pending().await,
        Reply::Endless => {
            let line = format!("x-more: {}\r\n", "y".repeat(1000));
            if stream.write_all(b"HTTP/1.1 200 So\r\n").await.is_err() {
                return;
            }
            while stream.write_all(line.as_bytes()).await.is_ok() {}
            return;
        }
        Reply::Gone => return,
    };
    // Whoever has gone meanwhile does not want it.
    drop(stream.write_all(text.as_bytes()).await);
    drop(stream.shutdown().await);
}

async fn read(stream: &mut TcpStream) -> Option<Delivery> {
    let (mut octets, mut part) = (Vec::new(), [0; 1024]);
    let (head, mut body) = loop {
        let count = stream.read(&mut part).await.ok().filter(|count| *count > 0)?;
        octets.extend_from_slice(part.get(..count)?);
        if let Some(end) = octets.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = octets.split_off(end + 4);
            break (String::from_utf8(octets).ok()?, body);
        }
    };
    let field = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let length: usize = field("content-length").parse().ok()?;
    while body.len() < length {
        let count = stream.read(&mut part).await.ok().filter(|count| *count > 0)?;
        body.extend_from_slice(part.get(..count)?);
    }
    let (id, at) = (field("webhook-id"), field("webhook-timestamp"));
    let signed = [id.as_bytes(), b".", at.as_bytes(), b".", &body].concat();
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_")?).ok()?;
    let tag = STANDARD.decode(field("webhook-signature").strip_prefix("v1,")?).ok()?;
    Some(Delivery {
        genuine: hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed, &tag).is_ok(),
        id,
        at: at.parse().ok()?,
        line: head.lines().next()?.to_owned(),
        body: serde_json::from_slice(&body).ok()?,
    })
}
