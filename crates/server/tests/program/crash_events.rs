//! Killed while a product sends its events: every batch that was acknowledged is there, once, and sending it again says so.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::SyncSender,
    },
};

use serde_json::{Value, json};

use crate::{
    client::{Answer, Http, Moments, Owner, text},
    crash::{kill_under_load, verify},
    letters::organisation,
    postgres::beside_postgres,
    support::Place,
};

/// How often the server is killed on each database.
const KILLS: usize = 15;
/// Clients that send at the same time, and the events of one batch.
const CLIENTS: usize = 4;
const BATCH: usize = 20;
const EVENTS: &str = "/v1/audit/events";

/// What is known of the batches: ids and hashes of those that were acknowledged, and which were cut off.
#[derive(Default)]
struct Sent {
    number: AtomicUsize,
    acknowledged: Mutex<BTreeMap<usize, Vec<(String, String)>>>,
    open: Mutex<BTreeSet<usize>>,
}

#[test]
fn no_acknowledged_batch_is_lost_or_stored_twice_when_the_server_is_killed_on_sqlite() {
    kill_again_and_again(&mut Place::empty());
}

#[test]
fn no_acknowledged_batch_is_lost_or_stored_twice_when_the_server_is_killed_on_postgresql() {
    let (mut place, _database) = beside_postgres();
    kill_again_and_again(&mut place);
}

/// The events of a batch, under the same keys however often they are sent.
pub(crate) fn batch(number: usize, events: usize) -> Value {
    (0..events)
        .map(|event| {
            json!({
                "key": format!("b{number}-e{event}"), "action": "app.plan.approved",
                "entity": {"type": "app.plan", "id": format!("PL-{number}")}, "after": {"n": event}
            })
        })
        .collect()
}

fn kill_again_and_again(place: &mut Place) {
    let owner = organisation(place);
    let (sent, mut moments) = (Arc::new(Sent::default()), Moments::new());
    for _ in 0..KILLS {
        let (owner, sent) = (owner.clone(), Arc::clone(&sent));
        kill_under_load(place, &mut moments, CLIENTS, move |address, told| {
            send_until_cut_off(&owner, address, &sent, told);
        });
    }
    verify(place);
    let server = place.serve(&[]);
    let mut http = Http::open(server.address);
    let mut acknowledged = sent.acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() >= KILLS, "only {} batches: the load was none", acknowledged.len());
    for (number, stored) in &acknowledged {
        let (again, all) = answered(&owner.send(&mut http, EVENTS, &batch(*number, BATCH)).unwrap());
        assert!(
            all.iter().all(|again| *again),
            "batch {number} was acknowledged, and is not there as a whole"
        );
        assert_eq!(&again, stored, "batch {number}");
    }
    // What was cut off is there as a whole or not at all, and after this once.
    for number in sent.open.lock().unwrap().iter() {
        let (stored, again) = answered(&owner.send(&mut http, EVENTS, &batch(*number, BATCH)).unwrap());
        assert!(again.iter().all(|one| *one == again[0]), "batch {number} was stored in part");
        acknowledged.insert(*number, stored);
    }
    // In its last round the sequencer gives every record its place, where a search finds it.
    assert_eq!(server.stop().0.code(), Some(0));
    verify(place);
    let server = place.serve(&[]);
    let listed = owner.listed(server.address, "/v1/audit/events?", "action=app.plan.approved");
    let ids: BTreeSet<_> = listed.iter().map(|item| text(&item["id"])).collect();
    let expected: BTreeSet<_> = acknowledged.values().flatten().map(|(id, _)| id.clone()).collect();
    assert_eq!(expected.len(), acknowledged.len() * BATCH);
    assert!(listed.len() == ids.len() && ids == expected, "{} of {}", listed.len(), expected.len());
    assert_eq!(server.stop().0.code(), Some(0));
}

/// Sends one batch after the other until the server is gone; what was cut off comes first.
fn send_until_cut_off(owner: &Owner, address: SocketAddr, sent: &Sent, told: &SyncSender<()>) {
    let Ok(stream) = TcpStream::connect(address) else { return };
    let mut http = Http::over(stream);
    loop {
        let cut_off = sent.open.lock().unwrap().pop_first();
        let number = cut_off.unwrap_or_else(|| sent.number.fetch_add(1, Ordering::Relaxed));
        let answer = owner.send(&mut http, EVENTS, &batch(number, BATCH));
        let Some(answer) = answer.filter(|answer| answer.status() != 503) else {
            sent.open.lock().unwrap().insert(number);
            return;
        };
        let (stored, again) = answered(&answer);
        assert!(again.iter().all(|one| *one == again[0]), "batch {number} was stored in part");
        sent.acknowledged.lock().unwrap().insert(number, stored);
        // Full or closed once the server is about to be killed.
        let _ = told.try_send(());
    }
}

/// The id and the hash of each event, and whether it was there already.
fn answered(answer: &Answer) -> (Vec<(String, String)>, Vec<bool>) {
    assert_eq!(answer.status(), 200, "{}{}", answer.head, answer.body);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let items = body["items"].as_array().unwrap();
    assert_eq!(items.len(), BATCH);
    items
        .iter()
        .map(|item| ((text(&item["id"]), text(&item["hash"])), item["again"].as_bool().unwrap()))
        .unzip()
}
