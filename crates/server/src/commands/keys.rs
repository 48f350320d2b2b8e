//! `bailiwick keys`

use std::sync::Arc;

use bailiwick_domain::{clock::Entropy, entity::RootMoveState};
use bailiwick_ops::{
    Error,
    keys::{NewMove, begin_root_move},
};
use bailiwick_store::keys::{leading_root, newest_move, roots, roots_in_use};
use bailiwick_vault::entropy::SystemEntropy;

use crate::{
    cli,
    clock::SystemClock,
    config::{Config, Settings},
    exit::{Failure, Refusal},
    installation::{self, Installation, keys},
    jobs::supervise::describe,
    ui,
};

/// Makes the root key that is to take the place of the present one, or takes it up where it is held.
pub(crate) fn prepare(args: &cli::Configured) -> Result<(), Failure> {
    let settings = Config::load(&args.sources(Vec::new())?)?.settings()?;
    super::runtime()?.block_on(prepared(&settings))
}

async fn prepared(settings: &Settings) -> Result<(), Failure> {
    let keys = &installation::region(settings)?.keys;
    let next = keys.next.as_ref().ok_or_else(no_next)?;
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let present = keys::open(keys, &entropy).await?;
    let made = keys::succeed(next, keys.timeout, &*present, &entropy).await?;
    ui::say(format_args!("Root key {} is ready to succeed {}.", made.key_id(), present.key_id()));
    ui::say(format_args!(
        "Keep a copy of {} apart from the backups of the database, and give it to every server.",
        next.file.display()
    ));
    ui::say("Then start every server again with this configuration, and run `bailiwick keys move-root`.");
    Ok(())
}

/// Begins a move to it.
pub(crate) fn move_root(args: &cli::MoveRoot) -> Result<(), Failure> {
    let settings = Config::load(&args.configured.sources(Vec::new())?)?.settings()?;
    super::runtime()?.block_on(begun(&settings, args))
}

async fn begun(settings: &Settings, args: &cli::MoveRoot) -> Result<(), Failure> {
    let installation = Installation::open(settings, Arc::new(SystemClock)).await?;
    let begun = begin(&installation, args).await;
    installation.store.close().await;
    begun
}

async fn begin(installation: &Installation, args: &cli::MoveRoot) -> Result<(), Failure> {
    let store = &installation.store;
    let next = installation.next.as_ref().ok_or_else(no_next)?;
    let present = leading_root(store);
    let present =
        installation.roots().into_iter().find(|root| Some(root.key_id().as_str()) == present.as_deref());
    let new = NewMove {
        to: next.key_id().as_str().to_owned(),
        weaker: present.is_some_and(|present| present.kind().is_managed()) && !next.kind().is_managed(),
        allowed: args.allow_weaker,
        reason: args.reason.clone(),
    };
    let weaker = new.weaker;
    let begun =
        begin_root_move(store, &installation.jobs, new).await.map_err(|error| refused(&error, weaker))?;
    ui::say(format_args!("Every key moves from root key {} to {}.", begun.from, begun.to));
    ui::say(
        "The running servers that have both do it; `bailiwick keys status` and the page \"Encryption keys\" say how far they are.",
    );
    Ok(())
}

fn refused(error: &Error, weaker: bool) -> Failure {
    let remedy = match error {
        Error::Conflict(_) if weaker => {
            "leave the root key where it is, or say that you mean it: `--allow-weaker`, which stands in the record"
        }
        Error::Conflict(_) => "`bailiwick keys status` says how it stands",
        Error::Invalid(_) => "give a reason of 3 to 500 characters",
        error => return Failure::failed(describe(error)),
    };
    Failure::Asked(Refusal::new(describe(error), remedy))
}

fn no_next() -> Refusal {
    Refusal::new(
        "no next root key is configured",
        "name it in `[keys_next]`: `keys_next.provider` and `keys_next.root_key`",
    )
}

/// Says which root key wraps how much, and how far a move has come.
pub(crate) fn status(args: &cli::Configured) -> Result<(), Failure> {
    let settings = Config::load(&args.sources(Vec::new())?)?.settings()?;
    super::runtime()?.block_on(told(&settings))
}

async fn told(settings: &Settings) -> Result<(), Failure> {
    let installation = Installation::open(settings, Arc::new(SystemClock)).await?;
    let said = say(&installation).await;
    installation.store.close().await;
    said.map_err(|error| Failure::failed(describe(&error)))
}

async fn say(installation: &Installation) -> Result<(), bailiwick_store::Error> {
    let store = &installation.store;
    let (leading, in_use) = (leading_root(store), roots_in_use(store).await?);
    for root in roots(store) {
        let wraps = in_use.iter().find(|(name, _)| *name == root).map_or(0, |(_, keys)| *keys);
        let role = if leading.as_ref() == Some(&root) { "wraps new ones" } else { "unwraps only" };
        ui::say(format_args!("root key {root}: {wraps} keys, {role}"));
    }
    let Some(found) = newest_move(store).await? else {
        ui::say("No move of the root key was ever begun.");
        return Ok(());
    };
    let it = &found.root_move;
    match it.state {
        RootMoveState::Moving => {
            ui::say(format_args!(
                "Moving from {} to {}: {} keys are done, {} are left, {} in a minute.",
                it.from, it.to, found.moved, found.waiting, found.per_minute
            ));
            if let Some(trouble) = &it.trouble {
                ui::say(format_args!("It does not go on: {trouble}."));
            }
        }
        RootMoveState::Finished | RootMoveState::Replaced => {
            let others: i64 = in_use.iter().filter(|(root, _)| *root != it.to).map(|(_, keys)| keys).sum();
            if others == 0 {
                ui::say(format_args!(
                    "Every key is wrapped by {}. Let `[keys]` name it, and take `[keys_next]` and {} out.",
                    it.to, it.from
                ));
            } else {
                ui::say(format_args!(
                    "{others} keys were made by a server that had not heard of the move; they follow."
                ));
            }
        }
    }
    Ok(())
}
