//! The database.

use std::{fs::File, io::Read, num::NonZeroUsize, path::Path, sync::Arc};

use bailiwick_store::{
    Error, Jobs, Keys, PoolOptions, Store, TlsMode,
    audit::witness::WitnessPolicy,
    schema::{self, SchemaError},
};
use bailiwick_vault::{
    keyed::KeyedHash,
    keyring::{Keyring, Patience},
};

use super::{Ground, catalogue};
use crate::{
    config::{Database, DatabaseTls, DatabaseUrl, Region, Settings},
    exit::Refusal,
    jobs::supervise::describe,
};

/// Tenants whose keys are kept in memory at most.
const TENANTS_IN_MEMORY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4095);

/// Opens the database of a region. A file that is not there is refused, not made.
pub(crate) async fn open(
    settings: &Settings,
    region: &Region,
    ground: &Ground,
) -> Result<(Store, Jobs), Refusal> {
    let catalogue = catalogue(&settings.packs)?;
    let url = &region.database.url;
    if let Some(file) = url.file() {
        exists(file)?;
    }
    let directory = KeyedHash::derive(&*ground.provider).await;
    let directory = directory.map_err(|error| Refusal::new(error, "restore the root key from its copy"))?;
    let (fresh, serve) = (region.keys.cache, region.keys.cache.max(region.keys.outage));
    let mut keyring =
        Keyring::new(Arc::clone(&ground.provider), Arc::clone(&ground.entropy), TENANTS_IN_MEMORY)
            .with_patience(Patience { clock: Arc::clone(&ground.clock), fresh, serve });
    if let Some(next) = &ground.next {
        keyring = keyring.with_another(Arc::clone(next));
    }
    let options = options(&region.database, url);
    let opened = Store::open(
        &options,
        Keys { keyring, directory },
        catalogue,
        Arc::clone(&ground.clock),
        Arc::clone(&ground.entropy),
    )
    .await;
    let (store, jobs) = opened.map_err(|error| unreachable(url, &error))?;
    store.limit_sign_in(settings.sign_in);
    store.decide_outbox(settings.outbox);
    let witnesses = &settings.audit.witnesses;
    let keys = witnesses.places.iter().map(|place| place.key.clone()).collect();
    store.decide_witnesses(WitnessPolicy { witnesses: keys, quorum: witnesses.quorum });
    Ok((store, jobs))
}

/// Refuses a file that is not there or not ours, before opening it can change anything.
fn exists(file: &Path) -> Result<(), Refusal> {
    let name = file.display();
    let refused = |error| {
        let remedy = "see that `database.url` names the right file and that its disk is there; `bailiwick migrate` makes a new, empty one";
        Refusal::new(format_args!("the database {name} cannot be opened: {error}"), remedy)
    };
    if !file.metadata().map_err(refused)?.is_file() {
        return Err(Refusal::new(
            format_args!("the database {name} is not a file"),
            "let `database.url` name the file itself",
        ));
    }
    let mut head = Vec::new();
    File::open(file).and_then(|file| file.take(20).read_to_end(&mut head)).map_err(refused)?;
    if head.is_empty() {
        return Err(Refusal::new(format_args!("the database {name} is empty"), "run `bailiwick migrate`"));
    }
    // The head of a file of SQLite: its title, the size of its pages, and twice how it is written, where 2 is a
    // write-ahead log (sqlite.org/fileformat.html). Ours always has one; opening another's would give it one.
    if head.starts_with(b"SQLite format 3\0") && head.get(18..) == Some(&[2, 2]) {
        return Ok(());
    }
    Err(Refusal::new(
        format_args!("{name} is not a database of Bailiwick"),
        "see that `database.url` names the right file; if it is a copy that SQLite made (VACUUM INTO), run `bailiwick migrate` once",
    ))
}

/// How to reach the database at `url`.
pub(crate) fn options(database: &Database, url: &DatabaseUrl) -> PoolOptions {
    let tls = match database.tls_mode {
        DatabaseTls::Disable => TlsMode::Disable,
        DatabaseTls::Allow => TlsMode::Allow,
        DatabaseTls::Prefer => TlsMode::Prefer,
        DatabaseTls::Require => TlsMode::Require,
        DatabaseTls::VerifyCa => TlsMode::VerifyCa,
        DatabaseTls::VerifyFull => TlsMode::VerifyFull,
    };
    PoolOptions {
        tls,
        tls_root: database.tls_root.clone(),
        connections: database.connections,
        ..PoolOptions::new(url.expose())
    }
}

/// What to do about a database that cannot be reached.
pub(crate) fn unreachable(url: &DatabaseUrl, error: &Error) -> Refusal {
    let remedy = match url {
        DatabaseUrl::Sqlite(_) => {
            "see that the file is a database of Bailiwick and that this account may read and write it and its folder"
        }
        DatabaseUrl::Postgres(_) => {
            "see that the server runs, that `database.url` names it, and that `database.tls_mode` is one it offers"
        }
    };
    Refusal::new(format_args!("the database {} cannot be reached: {}", url.masked(), describe(error)), remedy)
}

/// Refuses a schema that is not the one of this version.
pub(crate) async fn check_schema(store: &Store) -> Result<(), Refusal> {
    schema::check(store).await.map_err(|error| {
        let remedy = match &error {
            SchemaError::Empty => "run `bailiwick migrate`",
            SchemaError::Mismatch { .. } => {
                "if the database is older, run `bailiwick migrate`; if it is newer, use the version that migrated it; otherwise find out who changed it"
            }
            SchemaError::Privileged(_) => "name a role in `database.url` that is a member of `bailiwick_app` and nothing more; the owner belongs in `database.owner_url`",
            SchemaError::Store(_) => "see that the database is reachable and that its account may read the schema",
        };
        Refusal::new(describe(&error), remedy)
    })
}
