//! An audited change against the same change as bare SQL.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{User, UserStatus},
    ids::UserId,
    rule::DisableUser,
};
use bailiwick_store::{
    DatabaseKind, Error, Event, Permit, Store,
    bench::{self, Bare, Flip, Rows, Sizes},
    users,
};
use uuid::Uuid;

use crate::{
    Measure, Result,
    clock::Stopwatch,
    compare::Comparison,
    fill,
    load::{Round, drive},
    report::{Line, Met, Section},
    sequencing::Sequencing,
    stage::{Stage, Tenant},
};

/// Writers on PostgreSQL.
const WRITERS: usize = 32;
/// Connections: one for each writer, and some for the sequencer.
const CONNECTIONS: u32 = 36;
/// Changes under way at once on SQLite, and changes in a bare batch.
const CONCURRENT: usize = 128;
/// Users to change; always more than changes under way, so that no two meet at one user.
const USERS: usize = 1024;

/// A tenant whose users are changed.
struct Ours {
    stage: Stage,
    tenant: Tenant,
    permit: Arc<Permit<DisableUser>>,
    users: Arc<Vec<UserId>>,
}

impl Ours {
    async fn new(kind: DatabaseKind) -> Result<Self> {
        let stage = Stage::new(kind, CONNECTIONS).await?;
        let tenant = stage.open.tenant().await?;
        let people = fill::people(&stage.open, &tenant, USERS).await?;
        let users = Arc::new(people.iter().map(|user| user.id).collect());
        let permit = Arc::new(stage.open.permit(&tenant).await?);
        stage.open.settle().await?;
        Ok(Self { stage, tenant, permit, users })
    }

    async fn round(&self, writers: usize, changes: usize) -> Result<Round> {
        let (store, permit, users) =
            (self.stage.open.store.clone(), Arc::clone(&self.permit), Arc::clone(&self.users));
        drive(writers, changes, move |number| {
            let (store, permit, users) = (store.clone(), Arc::clone(&permit), Arc::clone(&users));
            async move {
                let user = users.get(number % users.len()).copied().ok_or("there are no users")?;
                Ok(flip(&store, &permit, user).await?)
            }
        })
        .await
    }

    /// A round with the sequencer at work beside it, as in the running service.
    async fn round_sequenced(&self, writers: usize, changes: usize) -> Result<Round> {
        let sequencing = Sequencing::begin(&self.stage.open.store);
        let round = self.round(writers, changes).await;
        sequencing.end().await?;
        round
    }
}

/// The audited change: one user's status becomes the other one.
async fn flip(store: &Store, permit: &Permit<DisableUser>, id: UserId) -> Result<(), Error> {
    store
        .change(permit, async |tx| {
            let before = users::lock(tx, id).await?;
            let (status, action) = match before.status {
                UserStatus::Active => (UserStatus::Disabled, "user.disabled"),
                UserStatus::Disabled => (UserStatus::Active, "user.enabled"),
            };
            let after = User { status, ..before.clone() };
            let written = users::replace(tx, before, after).await?;
            let event = Event::new(action, &written)?;
            Ok(tx.record(event, ()))
        })
        .await
}

/// A database of the same schema and content, to be changed without the store.
struct Theirs {
    bare: Arc<Bare>,
    tenant: Uuid,
    users: Arc<Vec<UserId>>,
    leaves: i64,
    _stage: Stage,
}

impl Theirs {
    async fn new(kind: DatabaseKind) -> Result<Self> {
        let ours = Ours::new(kind).await?;
        let mut view = ours.stage.open.store.read(&*ours.permit).await?;
        let leaves = bailiwick_store::audit::total(&mut view).await?;
        drop(view);
        ours.stage.open.store.close().await;
        let bare = Arc::new(Bare::open(&ours.stage.options(CONNECTIONS)).await?);
        Ok(Self { bare, tenant: ours.tenant.id.uuid(), users: ours.users, leaves, _stage: ours.stage })
    }

    async fn round(&self, rows: Rows, sizes: Sizes, changes: usize) -> Result<Round> {
        let (bare, users, tenant) = (Arc::clone(&self.bare), Arc::clone(&self.users), self.tenant);
        drive(WRITERS, changes, move |number| {
            let (bare, users) = (Arc::clone(&bare), Arc::clone(&users));
            async move { Ok(bare.change(rows, flip_of(tenant, &users, number)?, sizes).await?) }
        })
        .await
    }

    async fn batches(&mut self, rows: Rows, sizes: Sizes, changes: usize) -> Result<Round> {
        let bare = Arc::get_mut(&mut self.bare).ok_or("somebody else writes bare batches")?;
        let watch = Stopwatch::start();
        for begin in (0..changes).step_by(CONCURRENT) {
            let numbers = begin..(begin + CONCURRENT).min(changes);
            let flips = numbers
                .map(|number| flip_of(self.tenant, &self.users, number))
                .collect::<Result<Vec<_>>>()?;
            bare.batch(rows, &flips, self.leaves, sizes).await?;
            if rows != Rows::Change {
                self.leaves += i64::try_from(flips.len())?;
            }
        }
        Ok(Round::of(changes, watch))
    }

    async fn close(self) -> Result<()> {
        if let Ok(bare) = Arc::try_unwrap(self.bare).map_err(drop) {
            bare.close().await?;
        }
        Ok(())
    }
}

fn flip_of(tenant: Uuid, users: &[UserId], number: usize) -> Result<Flip> {
    let user = users.get(number % users.len()).ok_or("there are no users")?.uuid();
    let at = bailiwick_domain::clock::Clock::now(&crate::clock::SystemClock);
    let event = bailiwick_domain::ids::uuid_v7(at, &bailiwick_vault::entropy::SystemEntropy);
    Ok(Flip { tenant, user, event, at: at.micros() })
}

/// Audited changes and nothing else.
pub(crate) async fn load(database: Measure, changes: usize) -> Result<()> {
    let (kind, writers) = match database {
        Measure::Postgres => (DatabaseKind::Postgres, WRITERS),
        Measure::Sqlite => (DatabaseKind::Sqlite, CONCURRENT),
        _ => return Err("changes are made on `postgres` or `sqlite`".into()),
    };
    let ours = Ours::new(kind).await?;
    let round = ours.round(writers, changes).await?;
    println!("{:.0} changes/s, {:.0} µs of processor time each", round.rate, round.cost);
    ours.stage.open.store.close().await;
    Ok(())
}

/// 32 writers in one tenant on PostgreSQL, every commit flushed.
pub(crate) async fn postgres(quick: bool) -> Result<Section> {
    let (passes, changes) = if quick { (2, 640) } else { (10, 6400) };
    // Every contestant has a database of its own, so that each grows by what it writes itself.
    let (ours, beside) = (Ours::new(DatabaseKind::Postgres).await?, Ours::new(DatabaseKind::Postgres).await?);
    let mut theirs = Vec::new();
    for rows in [Rows::Plain, Rows::Fewest, Rows::Change] {
        theirs.push((rows, Theirs::new(DatabaseKind::Postgres).await?));
    }
    let mut comparison = Comparison::new(&[
        "audited change",
        "bare SQL, the same rows, a statement each",
        "bare SQL, the same rows, in the fewest statements",
        "bare SQL, the changed row alone",
        "audited change, sequencer at work beside it",
    ]);
    ours.round(WRITERS, USERS).await?;
    ours.stage.open.settle().await?;
    let sizes = bench::sizes(&ours.stage.open.store, &*ours.permit).await?;
    for pass in 0..=passes {
        for contestant in comparison.order(pass) {
            let round = match contestant {
                0 => ours.round(WRITERS, changes).await?,
                4 => beside.round_sequenced(WRITERS, changes).await?,
                bare => {
                    let (rows, theirs) = theirs.get(bare - 1).ok_or("an unknown contestant")?;
                    theirs.round(*rows, sizes, changes).await?
                }
            };
            // The first pass warms up: connections, prepared statements, caches.
            if pass > 0 {
                comparison.note(contestant, round);
            }
            // A round leaves nothing for the next one to do.
            ours.stage.open.settle().await?;
            beside.stage.open.settle().await?;
            for (_, theirs) in &theirs {
                theirs.bare.take_pending(theirs.tenant).await?;
            }
        }
        println!("        pass {pass} of {passes}: {:.2}", comparison.ratio(1));
    }
    let verified = ours.stage.open.verify().await?;
    for (_, theirs) in theirs {
        theirs.close().await?;
    }
    ours.stage.open.store.close().await;
    beside.stage.open.store.close().await;
    let ratio = comparison.ratio(1);
    Ok(Section {
        title: "An audited change on PostgreSQL".into(),
        lines: vec![Line {
            what: "audited change by the same change as bare SQL, PostgreSQL, 32 writers, one tenant".into(),
            bar: "≥ 0.85".into(),
            figure: format!(
                "{ratio:.2} ({:.2} of the fewest statements, {:.2} of the changed row alone)",
                comparison.ratio(2),
                comparison.ratio(3)
            ),
            met: Met::of(ratio >= 0.85),
            close: "fewer round trips in a change: the tenant set together with BEGIN, the entity's head read together with its row",
        }],
        body: format!(
            "{}\n{passes} passes of {changes} changes for each contestant, {WRITERS} writers, event of {} octets and {} octets of sealed personal values; the audited log was verified afterwards ({verified} events).\n",
            comparison.table("changes", "audited change"),
            sizes.event,
            sizes.personal
        ),
    })
}

/// 128 changes at once on SQLite.
pub(crate) async fn sqlite(quick: bool) -> Result<Section> {
    let (passes, changes) = if quick { (2, 1280) } else { (10, 7680) };
    let ours = Ours::new(DatabaseKind::Sqlite).await?;
    let mut theirs = Vec::new();
    for rows in [Rows::Plain, Rows::Fewest, Rows::Change] {
        theirs.push((rows, Theirs::new(DatabaseKind::Sqlite).await?));
    }
    let mut comparison = Comparison::new(&[
        "audited change",
        "bare batches, the same rows, a statement each",
        "bare batches, the same rows, in the fewest statements",
        "bare batches, the changed row alone",
    ]);
    ours.round(CONCURRENT, USERS).await?;
    let sizes = bench::sizes(&ours.stage.open.store, &*ours.permit).await?;
    for pass in 0..=passes {
        for contestant in comparison.order(pass) {
            let round = match contestant {
                0 => ours.round(CONCURRENT, changes).await?,
                bare => {
                    let (rows, theirs) = theirs.get_mut(bare - 1).ok_or("an unknown contestant")?;
                    theirs.batches(*rows, sizes, changes).await?
                }
            };
            // The first pass warms up: prepared statements, caches.
            if pass > 0 {
                comparison.note(contestant, round);
            }
        }
        println!("        pass {pass} of {passes}: {:.2}", comparison.ratio(1));
    }
    let verified = ours.stage.open.verify().await?;
    for (_, theirs) in theirs {
        theirs.close().await?;
    }
    ours.stage.open.store.close().await;
    let ratio = comparison.ratio(1);
    Ok(Section {
        title: "An audited change on SQLite".into(),
        lines: vec![Line {
            what: "the same on SQLite at 128 concurrent changes, by bare batches of the same size".into(),
            bar: "≥ 0.8".into(),
            figure: format!(
                "{ratio:.2} ({:.2} of the fewest statements, {:.2} of the changed row alone)",
                comparison.ratio(2),
                comparison.ratio(3)
            ),
            met: Met::of(ratio >= 0.8),
            close: "the one writer without a hop to another thread for every statement",
        }],
        body: format!(
            "{}\n{passes} passes of {changes} changes for each contestant, event of {} octets and {} octets of sealed personal values; the audited log was verified afterwards ({verified} events).\n",
            comparison.table("changes", "audited change"),
            sizes.event,
            sizes.personal
        ),
    })
}
