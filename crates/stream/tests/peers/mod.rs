//! The other sides of streams as other makers build them: rsyslog, SeaweedFS, and the library of Standard Webhooks. `cargo xtask test`
//! installs them; without one, its tests fail and say so.

use std::time::Duration;

use bailiwick_domain::{entity::StreamFault, stream::Contents};
use bailiwick_peers::{Key, Receiver, Rsyslog, SeaweedFs, WRITER, now};
use bailiwick_stream::{Bucket, Bucketful, Identity, Place, Probe, Reach, Server, Sink, Sinks};
use serde_json::Value;

use super::{NEW, OLD, Parcel, network, parcel, server::identity, webhook};

const LOOPBACK: [&str; 1] = ["127.0.0.0/8"];

/// Records at the present time, with a long one and one in several scripts among them.
fn present() -> Parcel {
    let mut parcel = Parcel { now: now(), ..parcel(3) };
    let Contents::Leaves { leaves, .. } = &mut parcel.contents else { panic!("records") };
    leaves[1].octets = Some(r#"{"reason":"Grüße, \"大家\" [x] \\ \n"}"#.to_owned());
    leaves[2].octets = Some(format!(r#"{{"reason":"{}"}}"#, "long ".repeat(60_000)));
    leaves[2].outcome = "denied".to_owned();
    parcel
}

fn octets(parcel: &Parcel) -> Vec<&str> {
    parcel.leaves().iter().map(|leaf| leaf.octets.as_deref().unwrap()).collect()
}

fn syslog(peer: &Rsyslog, authority: &str, identity: Option<Identity>) -> Box<dyn Sink> {
    let server = Server {
        host: "127.0.0.1".into(),
        port: peer.port(),
        authorities: Some(authority.to_owned()),
        identity,
    };
    network(&LOOPBACK).open(&Place::Syslog(server), Vec::new()).unwrap()
}

fn bucket(peer: &SeaweedFs, key: Key) -> Box<dyn Sink> {
    let bucket = Bucket {
        endpoint: peer.endpoint(),
        authorities: None,
        region: "us-east-1".into(),
        bucket: "audit".into(),
        prefix: "log/".into(),
        access_key: key.id.into(),
        secret_key: key.secret.into(),
    };
    network(&LOOPBACK).open(&Place::S3(bucket), Vec::new()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rsyslog_understands_every_record_with_its_place_and_its_octets() {
    let ours = identity();
    let pair = ours.pair();
    let peer = Rsyslog::start(&pair.certificate, &pair.key, None);
    let parcel = present();
    syslog(&peer, &ours.authority, None).deliver(&parcel).await.unwrap();
    let taken = peer.messages(3);
    assert_eq!(taken.len(), 3);
    for ((message, octets), (index, pri)) in
        taken.iter().zip(octets(&parcel)).zip([(7, "110"), (8, "110"), (9, "108")])
    {
        let text = |name: &str| message[name].as_str().unwrap().to_owned();
        assert_eq!(text("msg"), octets);
        assert_eq!((text("pri").as_str(), text("msgid").as_str()), (pri, "user.renamed"));
        assert_eq!(
            (text("app-name").as_str(), text("hostname").as_str()),
            ("bailiwick", "bailiwick.example.com")
        );
        assert_eq!(text("timereported"), "2026-01-02T03:04:05.000006Z");
        let chain = text("structured-data");
        let (place, hash) = (format!("index=\"{index}\""), format!("hash=\"{}\"", "ab".repeat(32)));
        assert!(chain.starts_with("[bailiwick@32473 ") && chain.contains(&place), "{chain}");
        assert!(chain.contains(&hash) && chain.contains("tree_size=\"99\""), "{chain}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_counts_as_taken_that_rsyslog_refuses_for_want_of_a_certificate_that_it_knows() {
    let (ours, foreign) = (identity(), identity());
    let pair = ours.pair();
    let peer = Rsyslog::start(&pair.certificate, &pair.key, Some(&ours.authority));
    // Small and large ones: a small parcel may be under way as a whole before the refusal comes.
    for parcel in [parcel(1), parcel(300), present()] {
        for unknown in [None, Some(foreign.pair())] {
            let refused = syslog(&peer, &ours.authority, unknown).deliver(&parcel).await;
            assert!(matches!(refused, Err(StreamFault::Unreachable | StreamFault::Tls)), "{refused:?}");
        }
    }
    let parcel = parcel(2);
    syslog(&peer, &ours.authority, Some(ours.pair())).deliver(&parcel).await.unwrap();
    let taken: Vec<Value> = peer.messages(2);
    let texts: Vec<_> = taken.iter().map(|message| message["msg"].as_str().unwrap()).collect();
    assert_eq!(texts, octets(&parcel), "and nothing before");
}

#[tokio::test(flavor = "multi_thread")]
async fn seaweedfs_keeps_each_parcel_as_one_object_under_its_lock() {
    let peer = SeaweedFs::start();
    peer.make("audit", true);
    peer.lock_by_default("audit", 7);
    let (sink, parcel) = (bucket(&peer, WRITER), present());
    sink.deliver(&parcel).await.unwrap();
    // Another attempt, as after an answer that was lost.
    sink.deliver(&Parcel { now: now(), ..parcel.clone() }).await.unwrap();
    let id = "0193a7c2-7b1e-7000-8000-000000000001";
    let name = format!("log/{id}/{id}/0000000000000007-0000000000000010.jsonl");
    assert_eq!(peer.names("audit", "log/"), std::slice::from_ref(&name));
    let place = format!("audit/{name}");
    let versions = peer.versions(&place);
    assert_eq!(versions.len(), 2);
    for version in &versions {
        assert_eq!(peer.lock(&place, version).0, "COMPLIANCE");
        let text = String::from_utf8(peer.read(&place, Some(version)).unwrap()).unwrap();
        assert_eq!(text.lines().count(), 3);
        for (line, octets) in text.lines().zip(octets(&parcel)) {
            assert!(line.starts_with(&format!(r#"{{"event":{octets},"#)), "the octets as they were hashed");
            assert_eq!(serde_json::from_str::<Value>(line).unwrap()["tree_size"], 99);
        }
    }
    let stranger = Key { secret: "not the secret", ..WRITER };
    assert_eq!(bucket(&peer, stranger).deliver(&parcel).await, Err(StreamFault::SignIn));
    assert_eq!(peer.versions(&place).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn probe_tells_a_bucket_of_seaweedfs_that_is_open_from_one_that_is_not() {
    let peer = SeaweedFs::start();
    peer.make("files", false);
    let look = async |bucket: &str, secret: &str| {
        let networks = LOOPBACK.iter().map(|network| network.parse().unwrap()).collect();
        let bucket = Bucketful {
            endpoint: peer.endpoint(),
            region: "us-east-1".into(),
            bucket: bucket.into(),
            access_key: WRITER.id.to_owned().into(),
            secret_key: secret.to_owned().into(),
            now: now().unix_seconds(),
        };
        Probe::new(Reach::new(networks), Duration::from_secs(5)).bucket(bucket).await
    };
    assert_eq!(look("files", WRITER.secret).await, Ok(()));
    assert_eq!(look("files", "not the secret").await, Err(StreamFault::SignIn));
    assert_eq!(look("none", WRITER.secret).await, Err(StreamFault::Postponed));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_of_standard_webhooks_verifies_what_either_secret_signed_and_refuses_the_rest() {
    let mut peer = Receiver::start(OLD);
    let parcel = present();
    let send = async |keys: &[&str], parcel: &Parcel| {
        webhook(&LOOPBACK, peer.url("/hook?team=7"), keys).deliver(parcel).await
    };
    let signed = [send(&[OLD], &parcel).await, send(&[NEW, OLD], &parcel).await];
    let foreign = send(&[NEW], &parcel).await;
    let hour = bailiwick_domain::time::Span::hours(1);
    let stale = send(&[OLD], &Parcel { now: now() - hour, ..parcel.clone() }).await;
    assert_eq!(
        (signed, foreign, stale),
        ([Ok(()), Ok(())], Err(StreamFault::SignIn), Err(StreamFault::SignIn))
    );
    for _ in 0..2 {
        let heard = peer.heard();
        assert_eq!(
            heard["id"], "0193a7c2-7b1e-7000-8000-000000000001_7_10",
            "another attempt is the same message"
        );
        let events = heard["payload"]["data"]["events"].as_array().unwrap();
        let octets = octets(&parcel).into_iter().map(|octets| serde_json::from_str::<Value>(octets).unwrap());
        assert!(events.iter().map(|event| event["event"].clone()).eq(octets), "{}", heard["id"]);
        assert_eq!(heard["payload"]["data"]["tree_size"], 99);
    }
    for _ in 0..2 {
        assert!(peer.heard()["refused"].is_string());
    }
}
