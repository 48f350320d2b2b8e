use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{
    ids::{EventId, StreamId},
    time::Timestamp,
};

named! {
    /// How the log reaches the other side.
    StreamKind {
        /// Signed requests to an address of the web.
        Webhook = "webhook",
        /// Syslog over TLS (RFC 5424, RFC 5425).
        Syslog = "syslog",
        /// Objects in a bucket that speaks the protocol of S3.
        S3 = "s3",
    }
}

named! {
    /// Whether records leave by a stream.
    StreamState {
        /// Nobody has confirmed its place with a code: nothing leaves.
        Proposed = "proposed",
        /// Records leave as they come.
        Active = "active",
        /// Somebody has stopped it for now; it goes on where it was.
        Paused = "paused",
        /// The server has given it up; somebody has to look, and it goes on where it was.
        Disabled = "disabled",
    }
}

named! {
    /// Why a delivery failed, by class: what the other side said is not kept, nobody bounds it.
    StreamFault {
        /// Nobody answered in time.
        Unreachable = "unreachable",
        /// The name leads to an address that streams may not reach.
        Forbidden = "forbidden",
        /// The connection could not be protected.
        Tls = "tls",
        /// The other side did not accept who we are.
        SignIn = "sign_in",
        /// The other side asked to try again later.
        Postponed = "postponed",
        /// The other side says that it is somewhere else.
        Moved = "moved",
        /// The other side says that it is there no more.
        Gone = "gone",
        /// The other side does not take these records.
        Refused = "refused",
        /// The settings of the stream cannot be used by this server.
        Unusable = "unusable",
    }
}

impl StreamKind {
    /// The kind as people read it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Webhook => "Webhook",
            Self::Syslog => "Syslog over TLS",
            Self::S3 => "S3 bucket",
        }
    }
}

impl StreamFault {
    /// The class as a sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unreachable => "The other side could not be reached, or fell silent.",
            Self::Forbidden => {
                "The address is not one that streams of this server may reach: whoever runs it names networks of their own in stream.allowed_networks."
            }
            Self::Tls => "The connection could not be protected.",
            Self::SignIn => "The other side did not accept the signature, certificate or credentials.",
            Self::Postponed => "The other side asked to try again later.",
            Self::Moved => "The other side answered with a redirection, which is not followed.",
            Self::Gone => "The other side says that nobody is there any more.",
            Self::Refused => "The other side does not take these records.",
            Self::Unusable => "The settings of the stream cannot be used by this server.",
        }
    }

    /// Whether other records might be taken: what is wrong is what was sent, not the way to the other side.
    pub const fn is_of_the_records(self) -> bool {
        matches!(self, Self::Refused)
    }
}

/// Which records leave by a stream; every part narrows.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StreamFilter {
    /// Actions that begin with this; every action, if not given.
    pub action: Option<String>,
    /// This kind of thing alone.
    pub entity_type: Option<String>,
    /// This outcome alone: `ok`, `denied` or `failed`.
    pub outcome: Option<String>,
}

/// A stream of audit records to another system. Its address and credentials lie sealed, outside this image; so does how far it came.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stream {
    /// The stream's id.
    pub id: StreamId,
    /// The name as people read it, unique in the tenant.
    pub name: String,
    /// How records leave.
    pub kind: StreamKind,
    /// Scheme, host and port of the other side, and the bucket: what of the address is no secret.
    pub origin: String,
    /// A keyed tag of the whole address with its credentials, 64 lower-case hexadecimal digits: another place has another one.
    pub place: String,
    /// Which records leave.
    pub filter: StreamFilter,
    /// Whether they do.
    pub state: StreamState,
    /// The number of the newest signing secret, from 1; 0 where nothing is signed.
    pub secret: i64,
    /// Where somebody last asked to begin again.
    pub replayed_from: Option<i64>,
    /// How often somebody asked for a test.
    pub tests: i64,
    /// Whether it has failed for so long that somebody was told.
    pub failing: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Entity for Stream {
    const KIND: &'static str = "audit_stream";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

/// A record that a stream has left behind, because the other side does not take it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The stream.
    pub stream: StreamId,
    /// The record's place in the tree.
    pub leaf_index: i64,
    /// The record.
    pub event: EventId,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong last.
    pub fault: StreamFault,
    /// When it was left behind.
    pub at: Timestamp,
}

impl Entity for DeadLetter {
    const KIND: &'static str = "audit_stream_dead";
    /// One that arrives after all is taken away without a record, and may be left behind once more.
    const QUIET: &'static [&'static str] = &["stream", "leaf_index", "event", "attempts", "fault", "at"];
    /// Of the stream and the record: two streams may leave the same record behind.
    fn entity_id(&self) -> Uuid {
        Uuid::from_u128(self.stream.uuid().as_u128() ^ self.event.uuid().as_u128().rotate_left(64))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn only_a_refusal_is_about_the_records() {
        let of_records = |fault: &&StreamFault| fault.is_of_the_records();
        assert_eq!(StreamFault::ALL.iter().filter(of_records).count(), 1);
        assert!(StreamFault::ALL.iter().all(|fault| fault.sentence().ends_with('.')));
    }

    #[test]
    fn two_streams_that_leave_the_same_record_behind_are_told_apart() {
        let id = |n: u128| Uuid::from_u128(n);
        let letter = |stream: u128| DeadLetter {
            stream: id(stream).into(),
            leaf_index: 7,
            event: id(99).into(),
            attempts: 5,
            fault: StreamFault::Refused,
            at: Timestamp::from_micros(0),
        };
        assert_ne!(letter(1).entity_id(), letter(2).entity_id());
        assert_eq!(letter(1).entity_id(), letter(1).entity_id());
    }
}
