//! Streams over real sockets: what arrives, what is never connected to, and when a parcel counts as taken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod peers;
mod server;

use std::time::Duration;

use aws_lc_rs::hmac;
use bailiwick_domain::{
    entity::StreamFault,
    stream::{Contents, Leaf, Parcel},
    time::Timestamp,
};
use bailiwick_mail::WebhookSecret;
use bailiwick_stream::{Bucket, Network, Place, Reach, Sink, Sinks, Web};
use base64::{Engine, engine::general_purpose::STANDARD};
use server::{Http, Tls, identity};

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn parcel(count: i64) -> Parcel {
    let id = "0193a7c2-7b1e-7000-8000-000000000001";
    let leaves = (7..7 + count).map(|index| Leaf {
        index,
        event: "0193a7c2-7b1e-7000-8000-000000000007".parse().unwrap(),
        hash: "ab".repeat(32),
        previous: None,
        recorded_at: Timestamp::from_micros(1_767_323_045_000_006),
        action: "user.renamed".into(),
        outcome: "ok".into(),
        entity_type: "user".into(),
        octets: Some(format!(r#"{{"n":{index}}}"#)),
    });
    Parcel {
        tenant: id.parse().unwrap(),
        stream: id.parse().unwrap(),
        tree_size: 99,
        now: Timestamp::from_micros(1_767_323_045_000_000),
        contents: Contents::Leaves { first: 7, upto: 7 + count, leaves: leaves.collect() },
    }
}

fn network(named: &[&str]) -> Network {
    let named = named.iter().map(|network| network.parse().unwrap()).collect();
    Network::new(Reach::new(named), Duration::from_secs(5), "bailiwick.example.com")
}

fn secrets(texts: &[&str]) -> Vec<WebhookSecret> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn webhook(named: &[&str], url: String, keys: &[&str]) -> Box<dyn Sink> {
    network(named).open(&Place::Webhook(Web { url, authorities: None }), secrets(keys)).unwrap()
}

fn verifies(secret: &str, signature: &str, signed: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let tag = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes(), &tag).is_ok()
}

#[tokio::test]
async fn receiver_with_either_of_two_secrets_knows_the_sender() {
    let http = Http::start("200 OK", "").await;
    let sink = webhook(&["127.0.0.0/8"], http.url("/hook?team=7"), &[NEW, OLD]);
    let parcel = parcel(3);
    sink.deliver(&parcel).await.unwrap();
    sink.deliver(&parcel).await.unwrap();
    let taken = http.taken();
    assert_eq!(taken.len(), 2);
    assert!(taken[0].head.starts_with("POST /hook?team=7 HTTP/1.1\r\n"), "{}", taken[0].head);
    let (id, at) = (taken[0].field("webhook-id"), taken[0].field("webhook-timestamp"));
    assert_eq!((id.as_str(), at.as_str()), ("0193a7c2-7b1e-7000-8000-000000000001_7_10", "1767323045"));
    assert_eq!(taken[1].field("webhook-id"), id, "another attempt is the same message");
    let signatures = taken[0].field("webhook-signature");
    let (first, second) = signatures.split_once(' ').unwrap();
    let signed = format!("{id}.{at}.{}", taken[0].body);
    assert!(
        verifies(NEW, first, &signed) && verifies(OLD, second, &signed) && !verifies(OLD, first, &signed)
    );
    for index in 7..10 {
        assert!(taken[0].body.contains(&format!(r#"{{"event":{{"n":{index}}},"#)), "{}", taken[0].body);
    }
    assert!(taken[0].body.contains(r#""tree_size":99"#));
}

#[tokio::test]
async fn attacker_reaches_nothing_inside_and_no_connection_is_made() {
    let http = Http::start("200 OK", "").await;
    for url in [
        http.url("/"),
        http.url("/").replace("127.0.0.1", "localhost"),
        http.url("/").replace("127.0.0.1", "[::ffff:127.0.0.1]"),
    ] {
        for named in [&[][..], &["10.0.0.0/8"][..]] {
            let refused = webhook(named, url.clone(), &[NEW]).deliver(&parcel(1)).await;
            assert_eq!(refused, Err(StreamFault::Forbidden), "{url}");
        }
    }
    assert_eq!(http.connections(), 0);
}

#[tokio::test]
async fn redirection_is_not_followed() {
    let inside = Http::start("200 OK", "").await;
    let http = Http::start("307 There", &format!("location: {}\r\n", inside.url("/"))).await;
    let sink = webhook(&["127.0.0.0/8"], http.url("/"), &[NEW]);
    assert_eq!(sink.deliver(&parcel(1)).await, Err(StreamFault::Moved));
    assert_eq!((http.connections(), inside.connections()), (1, 0));
}

#[tokio::test]
async fn status_says_whether_the_records_or_the_way_is_wrong() {
    for (status, fault) in [
        ("422 No", StreamFault::Refused),
        ("503 Later", StreamFault::Postponed),
        ("410 Gone", StreamFault::Gone),
        ("401 Who", StreamFault::SignIn),
    ] {
        let http = Http::start(status, "").await;
        assert_eq!(
            webhook(&["127.0.0.0/8"], http.url("/"), &[NEW]).deliver(&parcel(1)).await,
            Err(fault),
            "{status}"
        );
    }
    let closed = Http::start("200 OK", "").await.url("/");
    assert_eq!(
        webhook(&["127.0.0.0/8"], closed, &[NEW]).deliver(&parcel(1)).await,
        Err(StreamFault::Unreachable)
    );
}

#[tokio::test]
async fn syslog_server_that_read_everything_has_taken_it() {
    let tls = Tls::start(true, None).await;
    let sink = network(&["127.0.0.0/8"]).open(&tls.place(None), Vec::new()).unwrap();
    sink.deliver(&parcel(2)).await.unwrap();
    let read = tls.read().await;
    let text = String::from_utf8(read).unwrap();
    let (count, rest) = text.split_once(' ').unwrap();
    let count: usize = count.parse().unwrap();
    assert!(rest[..count].starts_with("<110>1 ") && rest[..count].ends_with(r#"{"n":7}"#), "{text}");
    assert!(rest[count..].ends_with(r#"{"n":8}"#), "{text}");
}

#[tokio::test]
async fn syslog_server_that_breaks_off_gets_all_of_it_again() {
    let tls = Tls::start(false, None).await;
    let sink = network(&["127.0.0.0/8"]).open(&tls.place(None), Vec::new()).unwrap();
    assert_eq!(sink.deliver(&parcel(500)).await, Err(StreamFault::Unreachable));
}

#[tokio::test]
async fn syslog_server_that_asks_who_we_are_is_told_by_a_certificate() {
    let ours = identity();
    let tls = Tls::start(true, Some(&ours.authority)).await;
    let open = |identity| network(&["127.0.0.0/8"]).open(&tls.place(identity), Vec::new()).unwrap();
    assert_eq!(open(Some(ours.pair())).deliver(&parcel(1)).await, Ok(()));
    for nobody in [None, Some(identity().pair())] {
        assert!(open(nobody).deliver(&parcel(1)).await.is_err());
    }
}

#[tokio::test]
async fn syslog_server_with_a_certificate_of_somebody_else_gets_nothing() {
    let (tls, other) = (Tls::start(true, None).await, identity());
    let whole = tls.place(None);
    let Place::Syslog(place) = &whole else { panic!("a syslog server") };
    let mut place = place.clone();
    place.authorities = Some(other.authority);
    let sink = network(&["127.0.0.0/8"]).open(&Place::Syslog(place), Vec::new()).unwrap();
    assert_eq!(sink.deliver(&parcel(1)).await, Err(StreamFault::Tls));
}

#[tokio::test]
async fn bucket_gets_one_signed_object_of_lines() {
    let http = Http::start("200 OK", "").await;
    let bucket = Bucket {
        endpoint: http.url(""),
        authorities: None,
        region: "us-east-1".into(),
        bucket: "audit".into(),
        prefix: "log/".into(),
        access_key: "AKIDEXAMPLE".into(),
        secret_key: "secret".into(),
    };
    let sink = network(&["127.0.0.0/8"]).open(&Place::S3(bucket), Vec::new()).unwrap();
    sink.deliver(&parcel(3)).await.unwrap();
    let taken = http.taken().remove(0);
    let id = "0193a7c2-7b1e-7000-8000-000000000001";
    assert!(
        taken.head.starts_with(&format!("PUT /audit/log/{id}/{id}/0000000000000007-0000000000000010.jsonl ")),
        "{}",
        taken.head
    );
    assert!(
        taken
            .field("authorization")
            .starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/s3/")
    );
    assert_eq!(taken.field("x-amz-content-sha256").len(), 64);
    assert_eq!(taken.body.lines().count(), 3);
    assert!(taken.body.lines().all(|line| line.starts_with(r#"{"event":{"n":"#)));
}
