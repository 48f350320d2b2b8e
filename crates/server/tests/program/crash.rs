//! Killed at any moment, under load: whatever was acknowledged is there with its record, and the audit log verifies.

use std::{
    collections::BTreeSet,
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    client::{Http, Moments, Owner, text},
    postgres::{beside_postgres, init},
    support::Place,
};

/// How often the server is killed on each database.
const KILLS: usize = 50;
/// Clients that write at the same time.
const CLIENTS: usize = 8;

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed_on_sqlite() {
    let place = Place::empty();
    kill_again_and_again(&place);
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed_on_postgresql() {
    let (place, _database) = beside_postgres();
    kill_again_and_again(&place);
}

fn kill_again_and_again(place: &Place) {
    let link = init(place);
    let owner = {
        let server = place.serve(&[]);
        let owner = Owner::enrol(server.address, &link);
        assert_eq!(server.stop().0.code(), Some(0));
        owner
    };
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let number = Arc::new(AtomicUsize::new(0));
    let mut moments = Moments::new();
    for kill in 0..KILLS {
        let (owner, acknowledged, number) = (owner.clone(), Arc::clone(&acknowledged), Arc::clone(&number));
        kill_under_load(place, &mut moments, CLIENTS, move |address, told| {
            invite_until_cut_off(&owner, address, &acknowledged, &number, told);
        });
        if kill % 10 == 9 {
            verify(place);
        }
    }
    let acknowledged = acknowledged.lock().unwrap();
    assert!(
        acknowledged.len() >= KILLS,
        "only {} changes were acknowledged: the load was none",
        acknowledged.len()
    );
    let server = place.serve(&[]);
    let stored = invited(&owner, server.address);
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(
        lost.is_empty(),
        "{} of {} acknowledged changes are lost: {lost:?}",
        lost.len(),
        acknowledged.len()
    );
    // In its last round the sequencer gives every record its place, where a search finds it.
    assert_eq!(server.stop().0.code(), Some(0));
    verify(place);
    let server = place.serve(&[]);
    let recorded = recorded(&owner, server.address);
    let once: BTreeSet<_> = recorded.iter().map(String::as_str).collect();
    assert_eq!(once.len(), recorded.len(), "one change has one record");
    let silent: Vec<_> = acknowledged.iter().filter(|(_, id)| !once.contains(id.as_str())).collect();
    assert!(
        silent.is_empty(),
        "{} of {} acknowledged changes have no record: {silent:?}",
        silent.len(),
        acknowledged.len()
    );
    assert_eq!(server.stop().0.code(), Some(0));
}

/// Kills a server at which so many clients are busy, each of which tells of every answer: after any number of these, none among
/// them, and then anywhere between request and commit.
#[allow(clippy::disallowed_methods, reason = "a moment of this very thread, which serves nobody")]
pub(crate) fn kill_under_load(
    place: &Place,
    moments: &mut Moments,
    clients: usize,
    client: impl Fn(SocketAddr, &SyncSender<()>) + Clone + Send + 'static,
) {
    let server = place.serve(&[]);
    let address = server.address;
    let (told, heard) = sync_channel(clients);
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let (client, told) = (client.clone(), told.clone());
            thread::spawn(move || client(address, &told))
        })
        .collect();
    drop(told);
    let (answers, pause) = moments.next();
    heard.iter().take(answers).for_each(drop);
    thread::sleep(pause);
    server.signal(Signal::KILL);
    server.end();
    clients.into_iter().for_each(|client| client.join().unwrap());
}

pub(crate) fn verify(place: &Place) {
    let verified = place.run(["audit", "verify"]);
    assert!(verified.code == 0 && verified.out.contains("Every record fits"), "{verified:?}");
}

/// Invites one address after the other until the server is gone, and notes what was acknowledged.
fn invite_until_cut_off(
    owner: &Owner,
    address: SocketAddr,
    acknowledged: &Mutex<BTreeSet<(String, String)>>,
    number: &AtomicUsize,
    told: &SyncSender<()>,
) {
    let Ok(stream) = TcpStream::connect(address) else { return };
    let mut http = Http::over(stream);
    loop {
        let email = format!("person{}@example.com", number.fetch_add(1, Ordering::Relaxed));
        let body = json!({"email": email, "role": "platform_support"});
        let Some(answer) = owner.send(&mut http, "/v1/invitations", &body) else { return };
        assert!(answer.status() == 201 || answer.status() == 503, "{}{}", answer.head, answer.body);
        if answer.status() == 201 {
            let made: Value = serde_json::from_str(&answer.body).unwrap();
            acknowledged.lock().unwrap().insert((email, text(&made["id"])));
            // Full or closed once the server is about to be killed.
            let _ = told.try_send(());
        }
    }
}

/// Every address that has an invitation, with the invitation's id.
fn invited(owner: &Owner, address: SocketAddr) -> BTreeSet<(String, String)> {
    let items = owner.listed(address, "/v1/invitations?", "");
    items.iter().map(|item| (text(&item["email"]), text(&item["id"]))).collect()
}

/// The invitation of every record that somebody was invited.
fn recorded(owner: &Owner, address: SocketAddr) -> Vec<String> {
    let items = owner.listed(address, "/v1/audit/events?", "action=user.invited&outcome=ok");
    items.iter().map(|item| text(&item["entity"]["id"])).collect()
}
