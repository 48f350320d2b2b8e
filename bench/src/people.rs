//! The list of users of a tenant that has very many: its first page, a search, a filter and a page far behind.

use std::{num::NonZeroUsize, ops::Range};

use bailiwick_domain::{
    entity::{User, UserStatus},
    role::Role,
    rule::ByJob,
    time::Timestamp,
};
use bailiwick_store::{Cursor, DatabaseKind, Error, Event, Permit, Scope, Store, users};

use crate::{
    Result,
    report::{Line, Met, Section},
    service::{app, ask},
    stage::{Open, Stage, Tenant},
};

const BAR: f64 = 50.0;
/// Rows in one transaction.
const CHUNK: usize = 500;

const FIRST: [&str; 12] =
    ["Ann", "Bao", "Chloe", "Dev", "Élise", "Farid", "Grace", "Hana", "Ivan", "José", "Kirra", "Liam"];
const LAST: [&str; 10] =
    ["Nguyen", "O'Brien", "Smith", "Kaur", "Papadopoulos", "Wilson", "Zhang", "Abadi", "Müller", "Jones"];

/// Both databases.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (people, requests) = if quick { (2_000, 30) } else { (100_000, 300) };
    let mut body =
        String::from("| database | page | p50 ms | p99 ms | slowest ms |\n|---|---|---|---|---|\n");
    let (mut figures, mut met) = (Vec::new(), true);
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        let stage = Stage::new(kind, 8).await?;
        let tenant = stage.open.tenant().await?;
        let middle = crowd(&stage.open, &tenant, people).await?;
        let app = app(&stage.open, kind, NonZeroUsize::MIN).await?;
        let mut worst: f64 = 0.0;
        for (name, path) in [
            ("first", "/users".to_owned()),
            ("search", "/users?q=zhang".to_owned()),
            ("search of two words", "/users?q=elise+nguyen".to_owned()),
            ("search of one person", format!("/users?q=person{}%40bench", people / 3)),
            ("filtered", "/users?status=disabled".to_owned()),
            ("filtered twice", "/users?role=auditor&mfa=missing".to_owned()),
            ("deep", format!("/users?after={middle}")),
        ] {
            ask(&app, &tenant, &path, requests / 10).await?;
            let latencies = ask(&app, &tenant, &path, requests).await?;
            let (p50, p99, slowest) =
                (latencies.quantile(0.5), latencies.quantile(0.99), latencies.quantile(1.0));
            body.push_str(&format!("| {kind:?} | {name} | {p50:.2} | {p99:.2} | {slowest:.2} |\n"));
            worst = worst.max(p99);
        }
        figures.push(format!("{kind:?} {worst:.1} ms"));
        met &= worst <= BAR;
        stage.open.store.close().await;
    }
    body.push_str(&format!(
        "\n{people} users, one in a hundred disabled, one in ten an auditor; {requests} requests one after the other for each page; the figure above is the slowest page's.\n"
    ));
    Ok(Section {
        title: "The list of users".into(),
        lines: vec![Line {
            what: "list of users, tenant with 100,000: server time p99 of the first page, searches, filters and a page far behind".into(),
            bar: "≤ 50 ms".into(),
            figure: figures.join("; "),
            met: Met::of(met),
            close: "counts beside the list kept by the changes that move them, in place of counting an index for each page",
        }],
        body,
    })
}

/// Makes `count` people and gives the place of the one in the middle.
async fn crowd(open: &Open, tenant: &Tenant, count: usize) -> Result<Cursor> {
    let (store, job) = (&open.store, open.job(tenant));
    let mut middle = None;
    for begin in (0..count).step_by(CHUNK) {
        let last = some(store, &job, begin..(begin + CHUNK).min(count)).await?;
        if begin <= count / 2 {
            middle = Some(Cursor { at: last.created_at, id: last.id.uuid() });
        }
        if begin % 20_000 == 0 {
            println!("        {begin} people");
        }
    }
    open.settle().await?;
    Ok(middle.ok_or(Error::Unrecorded)?)
}

async fn some(store: &Store, job: &Permit<ByJob>, numbers: Range<usize>) -> Result<User> {
    let made = store
        .change(job, async |tx| {
            let mut last = None;
            for number in numbers {
                let user = person(store, number, tx.now());
                let created = Event::new("user.created", &users::insert(tx, user.clone()).await?)?;
                if let Some((before, _)) = last.replace((created, user)) {
                    tx.also(before);
                }
            }
            let (event, user) = last.ok_or(Error::Unrecorded)?;
            Ok::<_, Error>(tx.record(event, user))
        })
        .await?;
    Ok(made)
}

fn person(store: &Store, number: usize, now: Timestamp) -> User {
    let name =
        |names: &[&str], place: usize| names.get(place % names.len()).copied().unwrap_or_default().to_owned();
    User {
        id: store.new_id(),
        email: format!("person{number}@bench.example"),
        name: format!("{} {}", name(&FIRST, number), name(&LAST, number / FIRST.len())),
        role: if number.is_multiple_of(10) { Role::Auditor } else { Role::SupportCoordinator }.into(),
        status: if number.is_multiple_of(100) { UserStatus::Disabled } else { UserStatus::Active },
        created_at: now,
        time_zone: None,
    }
}
