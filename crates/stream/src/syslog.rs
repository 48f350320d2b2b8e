//! Syslog over TLS: RFC 5424 messages, framed by counting octets as RFC 5425 §4.3 says.
//!
//! Syslog has no answer. A parcel counts as taken once the other side has read all of it: after the last message the connection is
//! closed in order, and the other side has to close it in order, too (RFC 5425 §4.4). Whoever breaks off instead, because it fell or
//! because unread octets were left, has not taken the parcel, and gets all of it again. Many servers close without a word of TLS, and
//! one that refuses us, for example for want of a certificate, may close so before the first octet arrives: it answers what comes
//! after that with a reset, which the end of the connection does not show. So that is waited for.

use std::{fmt::Write, time::Duration};

use bailiwick_domain::{
    entity::StreamFault,
    stream::{Contents, Leaf, Parcel},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Delivering, Reach, Sink, place::Server, wire::Door};

/// Facility 13, log audit (RFC 5424 §6.2.1), times eight.
const FACILITY: u8 = 13 * 8;
/// The structured data's name. The number is the one that RFC 5612 keeps for such uses; ours is told by the name before it.
const SD_ID: &str = "bailiwick@32473";
/// Octets that the other side may say before it closes; what it says means nothing.
const TALK: usize = 64 * 1024;
/// How long a reset is waited for: as long as it took to connect, within these bounds.
const AFTERWARDS: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(2)];

/// A syslog server.
pub(crate) struct Syslog {
    door: Door,
    host: String,
}

impl Syslog {
    /// Nothing is connected before the first parcel.
    pub(crate) fn new(
        reach: Reach,
        server: &Server,
        host: &str,
        timeout: Duration,
    ) -> Result<Self, StreamFault> {
        let pem = server.authorities.as_deref();
        let door = Door::of_host(reach, &server.host, server.port, pem, server.identity.as_ref(), timeout)?;
        Ok(Self { door, host: word(host, 255) })
    }

    async fn send(&self, parcel: &Parcel) -> Result<(), StreamFault> {
        let frames = frames(&self.host, parcel);
        let (mut stream, took) = self.door.open_protected().await?;
        let lost = |_| StreamFault::Unreachable;
        stream.write_all(frames.as_bytes()).await.map_err(lost)?;
        stream.flush().await.map_err(lost)?;
        stream.shutdown().await.map_err(lost)?;
        let (mut said, mut room) = (0, [0_u8; 1024]);
        loop {
            match stream.read(&mut room).await {
                Ok(0) => return settle(stream.get_ref().0, took).await,
                Ok(count) => said += count,
                // Closed in order below TLS alone.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return settle(stream.get_ref().0, took).await;
                }
                // Under TLS 1.3 a certificate of ours is refused only now.
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                    return Err(StreamFault::Tls);
                }
                Err(_) => return Err(StreamFault::Unreachable),
            }
            if said > TALK {
                return Err(StreamFault::Unreachable);
            }
        }
    }
}

/// Whether all that was sent had been read when the other side closed. What it had not read was answered with a reset, within one
/// round trip.
async fn settle(stream: &TcpStream, took: Duration) -> Result<(), StreamFault> {
    let [shortest, longest] = AFTERWARDS;
    tokio::time::sleep(took.clamp(shortest, longest)).await;
    match stream.take_error() {
        Ok(None) => Ok(()),
        Ok(Some(_)) | Err(_) => Err(StreamFault::Unreachable),
    }
}

impl Sink for Syslog {
    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Delivering<'a> {
        Box::pin(self.door.in_time(self.send(parcel)))
    }
}

/// Every message of a parcel, each behind the number of its octets and a space.
fn frames(host: &str, parcel: &Parcel) -> String {
    let messages: Vec<String> = match &parcel.contents {
        Contents::Test { number } => vec![format!(
            "<{}>1 {} {host} bailiwick - audit.test [{SD_ID} stream=\"{}\" test=\"{number}\"] test",
            FACILITY + 6,
            parcel.now,
            parcel.stream
        )],
        Contents::Leaves { leaves, .. } => leaves.iter().map(|leaf| message(host, parcel, leaf)).collect(),
    };
    messages.iter().fold(String::new(), |mut frames, message| {
        // Writing to a string cannot fail.
        let _ = write!(frames, "{} {message}", message.len());
        frames
    })
}

/// One message. Its text is the record's octets as they were hashed, without a byte order mark (MSG-ANY).
fn message(host: &str, parcel: &Parcel, leaf: &Leaf) -> String {
    let severity = match leaf.outcome.as_str() {
        // Informational, warning, notice.
        "ok" => 6,
        "denied" => 4,
        _ => 5,
    };
    let previous = leaf.previous.as_deref().map(|hash| format!(" previous=\"{hash}\"")).unwrap_or_default();
    let unreadable = if leaf.octets.is_none() { " altered=\"yes\"" } else { "" };
    format!(
        "<{}>1 {} {host} bailiwick - {} [{SD_ID} stream=\"{}\" index=\"{}\" event=\"{}\" hash=\"{}\"{previous} tree_size=\"{}\"{unreadable}] {}",
        FACILITY + severity,
        leaf.recorded_at,
        word(&leaf.action, 32),
        parcel.stream,
        leaf.index,
        leaf.event,
        leaf.hash,
        parcel.tree_size,
        leaf.octets.as_deref().unwrap_or_default()
    )
}

/// A field of a header: printable ASCII without spaces, of this length at most; `-` for nothing (RFC 5424 §6).
fn word(text: &str, longest: usize) -> String {
    let word: String = text.chars().filter(char::is_ascii_graphic).take(longest).collect();
    if word.is_empty() { "-".to_owned() } else { word }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::line::tests::{leaf, parcel};

    #[test]
    fn message_is_that_of_rfc_5424_with_the_fields_of_the_chain() {
        let of = "0193a7c2-7b1e-7000-8000-000000000001";
        let text = message("bailiwick.example.com", &parcel(vec![leaf()]), &leaf());
        let expected = format!(
            "<110>1 2026-01-02T03:04:05.000006Z bailiwick.example.com bailiwick - user.role_changed [bailiwick@32473 stream=\"{of}\" \
             index=\"7\" event=\"0193a7c2-7b1e-7000-8000-000000000007\" hash=\"{}\" previous=\"{}\" tree_size=\"12\"] \
             {{\"action\":\"user.role_changed\",\"v\":1}}",
            "ab".repeat(32),
            "cd".repeat(32)
        );
        assert_eq!(text, expected);
        let denied = Leaf { outcome: "denied".into(), octets: None, previous: None, ..leaf() };
        let text = message("-", &parcel(vec![denied.clone()]), &denied);
        assert!(
            text.starts_with("<108>1 ") && text.contains(" altered=\"yes\"] ") && !text.contains("previous="),
            "{text}"
        );
    }

    /// The messages behind their counts, as a receiver reads them.
    fn unframed(mut octets: &[u8]) -> Vec<Vec<u8>> {
        let mut messages = Vec::new();
        while !octets.is_empty() {
            let space = octets.iter().position(|octet| *octet == b' ').unwrap();
            let count: usize = std::str::from_utf8(octets.get(..space).unwrap()).unwrap().parse().unwrap();
            let rest = octets.get(space + 1..).unwrap();
            messages.push(rest.get(..count).unwrap().to_vec());
            octets = rest.get(count..).unwrap();
        }
        messages
    }

    proptest! {
        #[test]
        fn receiver_reads_every_message_whatever_is_in_it(texts in proptest::collection::vec(".{0,40}", 1..5)) {
            let leaves: Vec<_> = texts.iter().map(|text| Leaf { octets: Some(text.clone()), ..leaf() }).collect();
            let parcel = parcel(leaves);
            let read = unframed(frames("h", &parcel).as_bytes());
            prop_assert_eq!(read.len(), texts.len());
            for (message, text) in read.iter().zip(&texts) {
                prop_assert!(message.ends_with(text.as_bytes()));
            }
        }

        #[test]
        fn no_action_breaks_out_of_its_field(action in ".{0,60}") {
            let odd = word(&action, 32);
            prop_assert!((1..=32).contains(&odd.len()) && odd.chars().all(|c| c.is_ascii_graphic()));
        }
    }
}
