//! One message to a place that the operator named, and what it answers: for what is no letter.

use std::{fmt, time::Duration};

use bailiwick_domain::entity::MailFault;
use http_body_util::Full;
use hyper::{Request, body::Bytes, header};

use super::{
    BadWebhook, WebhookUrl,
    connect::{self, Tls},
};
use crate::wire::ask_whole;

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status of the answer.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// Posts texts to one address: https, or http on this very machine. No redirection is followed.
pub struct Post {
    url: WebhookUrl,
    tls: Option<Tls>,
    timeout: Duration,
}

impl Post {
    /// Nothing is connected before the first text. `authorities` (PEM) stand in the place of the public ones.
    ///
    /// # Errors
    /// [`BadWebhook`] for settings that could never work.
    pub fn new(url: WebhookUrl, authorities: Option<&[u8]>, timeout: Duration) -> Result<Self, BadWebhook> {
        let tls = if url.is_https() { Some(Tls::new(&url, authorities)?) } else { None };
        Ok(Self { url, tls, timeout })
    }

    /// Posts a text and reads the whole answer, of `most` octets at most.
    ///
    /// # Errors
    /// The class of what went wrong; a status that refuses is an answer.
    pub async fn send(&self, text: String, most: usize) -> Result<Answered, MailFault> {
        let request = Request::post(self.url.target())
            .header(header::HOST, self.url.authority())
            .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
            .header(header::USER_AGENT, "Bailiwick")
            .body(Full::new(Bytes::from(text)))
            .map_err(|_| MailFault::Unwritable)?;
        let exchange = async {
            let stream = connect::open(&self.url, self.tls.as_ref()).await?;
            ask_whole(stream, request, most).await.map_err(|_| MailFault::Unreachable)
        };
        let answered = tokio::time::timeout(self.timeout, exchange).await;
        let (status, body) = answered.unwrap_or(Err(MailFault::Unreachable))?;
        Ok(Answered { status: status.as_u16(), body })
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Somebody who answers one request like this, and tells what was sent.
    async fn answering(answer: &'static str) -> (Post, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/a/add-checkpoint", listener.local_addr().unwrap());
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut octets = vec![0; 4096];
            let mut length = 0;
            while !String::from_utf8_lossy(octets.get(..length).unwrap()).ends_with("the text\n") {
                length += stream.read(octets.get_mut(length..).unwrap()).await.unwrap();
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            if answer.is_empty() {
                std::future::pending::<()>().await;
            }
            String::from_utf8(octets.get(..length).unwrap().to_vec()).unwrap()
        });
        (Post::new(url.parse().unwrap(), None, Duration::from_millis(500)).unwrap(), heard)
    }

    #[tokio::test]
    async fn what_is_answered_is_read_whole_and_a_refusal_is_an_answer() {
        for (answer, status, body) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes", 200, "yes"),
            ("HTTP/1.1 409 Conflict\r\nconnection: close\r\n\r\n42\n", 409, "42\n"),
            (
                "HTTP/1.1 302 There\r\nlocation: http://elsewhere.example/\r\ncontent-length: 0\r\n\r\n",
                302,
                "",
            ),
        ] {
            let (post, heard) = answering(answer).await;
            let answered = post.send("the text\n".into(), 16).await.unwrap();
            assert_eq!(answered, Answered { status, body: body.as_bytes().to_vec() });
            let sent = heard.await.unwrap();
            assert!(
                sent.starts_with("POST /a/add-checkpoint HTTP/1.1\r\n") && sent.contains("host: 127.0.0.1"),
                "{sent}"
            );
        }
    }

    #[tokio::test]
    async fn an_answer_without_an_end_and_no_answer_at_all_are_no_answers() {
        for answer in [
            "HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n0123456789abcdefg",
            "",
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
        ] {
            let (post, _heard) = answering(answer).await;
            assert_eq!(post.send("the text\n".into(), 16).await, Err(MailFault::Unreachable), "{answer}");
        }
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let post =
            Post::new(format!("http://{gone}/").parse().unwrap(), None, Duration::from_secs(1)).unwrap();
        assert_eq!(post.send("the text\n".into(), 16).await, Err(MailFault::Unreachable));
    }
}
