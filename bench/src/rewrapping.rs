//! Wrapping tenant keys anew after a new root key took the place of the old one.

use std::{num::NonZeroUsize, path::Path, sync::Arc};

use bailiwick_domain::ids::TenantId;
use bailiwick_store::{DatabaseKind, Store, bench};
use bailiwick_vault::{
    entropy::{Entropy, SystemEntropy},
    keyring::{Keyring, WrappedKey},
    provider::{FileProvider, KeyProvider},
};

use crate::{
    Result,
    clock::Stopwatch,
    latency::median,
    report::{Line, Met, Section},
    stage::Stage,
};

const BAR: f64 = 5_000.0;
/// Keys that are put into the database in one transaction.
const CHUNK: usize = 500;
/// Keys that are wrapped anew in one transaction.
const STEP: i64 = 256;

/// Both databases.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (tenants, passes) = if quick { (1_000, 2) } else { (50_000, 5) };
    let mut body = String::from("| database | keys/s, median | lowest – highest |\n|---|---|---|\n");
    let (mut figures, mut met) = (Vec::new(), true);
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        let rates = moved(kind, tenants, passes).await?;
        let rate = median(&rates);
        let (low, high) =
            rates.iter().fold((f64::MAX, 0.0_f64), |(low, high), rate| (low.min(*rate), high.max(*rate)));
        body.push_str(&format!("| {kind:?} | {rate:.0} | {low:.0} – {high:.0} |\n"));
        figures.push(format!("{kind:?} {rate:.0}"));
        met &= rate >= BAR;
    }
    body.push_str(&format!(
        "\n{tenants} tenants with a key each, {passes} moves to another root key in a file, {STEP} keys in one transaction; each move lasts until the last key is on disk.\n"
    ));
    Ok(Section {
        title: "Wrapping keys anew".into(),
        lines: vec![Line {
            what: "tenant keys wrapped anew by another root key in a file, and stored, keys/s".into(),
            bar: "≥ 5,000".into(),
            figure: figures.join("; "),
            met: Met::of(met),
            close: "the keys of many tenants in one statement, and wrapping on more than one core",
        }],
        body,
    })
}

/// Moves all keys to a new root key, so many times; keys a second of each move.
async fn moved(kind: DatabaseKind, tenants: usize, passes: usize) -> Result<Vec<f64>> {
    let stage = Stage::new(kind, 4).await?;
    let (_, folder) = stage.place();
    let mut root = root(folder, 0)?;
    fill(&stage.open.store, &root, tenants).await?;
    let mut rates = Vec::with_capacity(passes);
    for pass in 1..=passes {
        let next = self::root(folder, pass)?;
        let watch = Stopwatch::start();
        let done = all(&stage.open.store, &root, &next).await?;
        rates.push(done as f64 / watch.elapsed().wall);
        if done != tenants {
            return Err(format!("{done} of {tenants} keys were wrapped anew").into());
        }
        root = next;
    }
    stage.open.store.close().await;
    Ok(rates)
}

/// Wraps every key that is under `old` by `new`; how many those were.
async fn all(store: &Store, old: &Arc<FileProvider>, new: &Arc<FileProvider>) -> Result<usize> {
    let keyring = keyring(new).with_another(Arc::clone(old) as _);
    let (mut after, mut done) = (TenantId::from_bytes([0; 16]), 0);
    loop {
        let some = bench::keys::wrapped_by(store, old.key_id(), after, STEP).await?;
        let Some(last) = some.last() else { return Ok(done) };
        after = TenantId::from_bytes(last.tenant);
        let mut anew = Vec::with_capacity(some.len());
        for key in &some {
            anew.push(keyring.rewrap(key, new.key_id()).await?);
        }
        bench::keys::replace(store, &anew).await?;
        done += anew.len();
    }
}

async fn fill(store: &Store, root: &Arc<FileProvider>, tenants: usize) -> Result<()> {
    let keyring = keyring(root);
    for begin in (0..tenants).step_by(CHUNK) {
        let mut keys: Vec<WrappedKey> = Vec::with_capacity(CHUNK);
        for _ in begin..(begin + CHUNK).min(tenants) {
            let tenant: TenantId = store.new_id();
            keys.push(keyring.create(tenant.bytes()).await?);
        }
        bench::keys::tenants(store, &keys).await?;
    }
    Ok(())
}

fn keyring(root: &Arc<FileProvider>) -> Keyring {
    Keyring::new(Arc::clone(root) as _, entropy(), NonZeroUsize::MIN)
}

fn root(folder: &Path, number: usize) -> Result<Arc<FileProvider>> {
    Ok(Arc::new(FileProvider::create(&folder.join(format!("root-{number}.key")), entropy())?))
}

fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy)
}
