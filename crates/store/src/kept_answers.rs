//! Answers that are kept for a day, so that a request that is sent again under the same key is not done again
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! A row begins with a lease and belongs to one request at a time. Every change of that request notes in its own transaction that it is
//! in effect, and is undone where the row has become another's meanwhile ([`note_effect`]): so at most one request under a key has an
//! effect, whatever crashes when. What a crash can lose is the answer alone, and whoever asks again is told so.

use bailiwick_domain::{
    ids::{RequestId, TenantId},
    rule::Rule,
    time::{Span, Timestamp},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Permit, Result, Store,
    conn::on,
    lock::{execute, locked},
    mail::find_tenants,
    sealed::{self, Cell},
    store::{Quiet, enter},
    tx::{Scope, Tx},
};

/// How long an answer is kept, from the beginning of its request.
pub const KEPT: Span = Span::hours(24);

/// Tenants, and rows of one tenant, that one round of [`clear`] goes through at most.
const SOME: i64 = 256;

const TAKEN_OVER: Error =
    Error::Conflict("Another request under the same key has taken this one over, so nothing was done.");

/// What a request under a key is known again by.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// SHA-256 of the key that its sender gave it.
    pub key: [u8; 32],
    /// SHA-256 of what it asks for: method, address, body.
    pub request: [u8; 32],
    /// How long nobody else may begin with it.
    pub lease: Span,
}

/// The row that a request works under.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    tenant: TenantId,
    id: Uuid,
    request: RequestId,
}

/// How a request under a key is to go on.
#[derive(Debug)]
pub enum Begun {
    /// Nobody known sends it: there is nothing to know it by.
    Unknown,
    /// It is the first, or the ones before it had no effect. The permit that it began with carries the claim as well.
    Fresh(Claim),
    /// It was answered: the octets that were kept, or nothing where only the fact was.
    Answered(Option<Vec<u8>>),
    /// Another request under the key is being served.
    Running,
    /// The key was given to something else.
    Different,
    /// One that was cut off had an effect, and its answer is lost.
    Lost,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    asked: Vec<u8>,
    #[sqlx(try_from = "i64")]
    lease_until: Timestamp,
    in_effect_at: Option<i64>,
    answered_at: Option<i64>,
    sealed: Option<Vec<u8>>,
    #[sqlx(try_from = "i64")]
    keep_until: Timestamp,
}

/// Begins with a request under a key, or says what became of it.
///
/// # Errors
/// [`Error::Busy`] where the request before it was released at this very moment.
pub async fn begin<R: Rule>(store: &Store, permit: &mut Permit<R>, asked: &Asked) -> Result<Begun> {
    let (Some(tenant), Some(actor)) = (permit.tenant(), permit.actor().id()) else {
        return Ok(Begun::Unknown);
    };
    let request = permit.request().id;
    let mut tx = store.begin_keyless(tenant).await?;
    let begun = match place(&mut tx, store.new_id(), actor, request, asked).await {
        Ok(begun) => begun,
        Err(error) => {
            store.undo(tx).await;
            return Err(error);
        }
    };
    match begun {
        Placed::Claimed(id) => {
            store.commit_quietly(tx, Quiet::AnswerKept).await?;
            let claim = Claim { tenant, id, request };
            permit.claim = Some(claim);
            Ok(Begun::Fresh(claim))
        }
        Placed::Answered(id, sealed) => {
            store.undo(tx).await;
            open(store, tenant, id, sealed).await.map(Begun::Answered)
        }
        Placed::Otherwise(begun) => {
            store.undo(tx).await;
            Ok(begun)
        }
    }
}

enum Placed {
    Claimed(Uuid),
    Answered(Uuid, Option<Vec<u8>>),
    Otherwise(Begun),
}

async fn place(tx: &mut Tx, fresh: Uuid, actor: Uuid, request: RequestId, asked: &Asked) -> Result<Placed> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let (lease, keep) = (now + asked.lease, now + KEPT);
    let tag = |digest| tx.shared.keys.directory.sent_tag(&tenant.bytes(), digest);
    let (key, sent) = (tag(&asked.key), tag(&asked.request));
    let first = execute!(
        tx,
        "INSERT INTO kept_answer (tenant, id, actor, key_digest, asked, request, lease_until, keep_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant, actor, key_digest) DO NOTHING",
        tenant.uuid(),
        fresh,
        actor,
        &key[..],
        &sent[..],
        request.uuid(),
        lease.micros(),
        keep.micros()
    )?;
    if first == 1 {
        return Ok(Placed::Claimed(fresh));
    }
    let found: Result<Row, sqlx::Error> = locked!(
        tx,
        "SELECT id, asked, lease_until, in_effect_at, answered_at, sealed, keep_until FROM kept_answer
         WHERE tenant = $1 AND actor = $2 AND key_digest = $3",
        tenant.uuid(),
        actor,
        &key[..]
    );
    let row = match found {
        Ok(row) => row,
        // Whoever had it has just given it up.
        Err(sqlx::Error::RowNotFound) => return Err(Error::Busy),
        Err(error) => return Err(error.into()),
    };
    if row.keep_until > now {
        if row.asked != sent {
            return Ok(Placed::Otherwise(Begun::Different));
        }
        if row.answered_at.is_some() {
            return Ok(Placed::Answered(row.id, row.sealed));
        }
        if row.lease_until > now {
            return Ok(Placed::Otherwise(Begun::Running));
        }
        if row.in_effect_at.is_some() {
            return Ok(Placed::Otherwise(Begun::Lost));
        }
    }
    // Its day is over, or it was cut off before it had an effect, and can have none any more.
    execute!(
        tx,
        "UPDATE kept_answer SET asked = $3, request = $4, lease_until = $5, keep_until = $6, in_effect_at = NULL, answered_at = NULL, sealed = NULL
         WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        row.id,
        &sent[..],
        request.uuid(),
        lease.micros(),
        keep.micros()
    )?;
    Ok(Placed::Claimed(row.id))
}

async fn open(store: &Store, tenant: TenantId, id: Uuid, sealed: Option<Vec<u8>>) -> Result<Option<Vec<u8>>> {
    let Some(octets) = sealed else { return Ok(None) };
    let mut view = store.view(tenant).await?;
    match sealed::open(&mut view, cell(id.as_bytes()), octets).await {
        Ok(plain) => Ok(Some(plain.as_bytes().to_vec())),
        // What was answered is gone with the key; that it was is not.
        Err(Error::KeysGone) => Ok(None),
        Err(error) => Err(error),
    }
}

const fn cell(row: &[u8]) -> Cell<'_> {
    Cell { table: "kept_answer", row, column: "sealed" }
}

/// Notes, within a change of a request under a key, that it is in effect.
///
/// # Errors
/// `Conflict` where the row is another request's by now: the change is to be undone.
pub(crate) async fn note_effect(tx: &mut Tx, claim: &Claim) -> Result<()> {
    let (inside, now) = (tx.tenant(), tx.now());
    // Somebody of the platform acts in a customer; what they sent is known where they are at home.
    if claim.tenant != inside {
        enter(&mut tx.conn, claim.tenant).await?;
    }
    let noted = execute!(
        tx,
        "UPDATE kept_answer SET in_effect_at = $4 WHERE tenant = $1 AND id = $2 AND request = $3 AND answered_at IS NULL",
        claim.tenant.uuid(),
        claim.id,
        claim.request.uuid(),
        now.micros()
    )?;
    if claim.tenant != inside {
        enter(&mut tx.conn, inside).await?;
    }
    if noted == 1 { Ok(()) } else { Err(TAKEN_OVER) }
}

/// Keeps what was answered, sealed, or where there is nothing that may be kept, the fact.
pub async fn keep(store: &Store, claim: Claim, answer: Option<&[u8]>) -> Result<()> {
    let mut tx = store.begin(claim.tenant).await?;
    let kept = match answer {
        Some(plain) => sealed::seal(&mut tx, cell(claim.id.as_bytes()), plain).await.map(Some),
        None => Ok(None),
    };
    let done = match kept {
        Ok(octets) => {
            let now = tx.now();
            execute!(
                tx,
                "UPDATE kept_answer SET answered_at = $4, sealed = $5 WHERE tenant = $1 AND id = $2 AND request = $3",
                claim.tenant.uuid(),
                claim.id,
                claim.request.uuid(),
                now.micros(),
                octets
            )
            .map_err(Error::from)
        }
        Err(error) => Err(error),
    };
    settle(store, tx, done).await
}

/// Gives a request up: nothing is known of it any more, and whoever sends it again is served. One that had an effect stays, as lost, and
/// this says so by `false`.
pub async fn release(store: &Store, claim: Claim) -> Result<bool> {
    let mut tx = store.begin_keyless(claim.tenant).await?;
    match give_up(&mut tx, &claim).await {
        Ok(gone) => {
            store.commit_quietly(tx, Quiet::AnswerKept).await?;
            Ok(gone)
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}

async fn give_up(tx: &mut Tx, claim: &Claim) -> Result<bool> {
    let now = tx.now();
    let gone = execute!(
        tx,
        "DELETE FROM kept_answer WHERE tenant = $1 AND id = $2 AND request = $3 AND in_effect_at IS NULL",
        claim.tenant.uuid(),
        claim.id,
        claim.request.uuid()
    )?;
    if gone == 1 {
        return Ok(true);
    }
    execute!(
        tx,
        "UPDATE kept_answer SET lease_until = $4 WHERE tenant = $1 AND id = $2 AND request = $3 AND answered_at IS NULL",
        claim.tenant.uuid(),
        claim.id,
        claim.request.uuid(),
        now.micros()
    )?;
    Ok(false)
}

async fn settle(store: &Store, tx: Tx, done: Result<u64>) -> Result<()> {
    match done {
        Ok(_) => store.commit_quietly(tx, Quiet::AnswerKept).await,
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}

/// Removes rows whose day is over, and says how many those were.
pub async fn clear(store: &Store) -> Result<usize> {
    let now = store.now();
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let tenants: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT t.id FROM tenant t WHERE EXISTS (SELECT 1 FROM kept_answer k WHERE k.tenant = t.id AND k.keep_until <= $1) LIMIT $2",
        )
        .bind(now.micros())
        .bind(SOME)
        .fetch_all(c)
        .await
    })?;
    drop(conn);
    let mut cleared = 0;
    for (tenant,) in tenants {
        let mut tx = store.begin_keyless(tenant.into()).await?;
        let gone = over(&mut tx, now).await;
        cleared += gone.as_ref().map_or(0, |gone| usize::try_from(*gone).unwrap_or_default());
        settle(store, tx, gone).await?;
    }
    Ok(cleared)
}

async fn over(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let tenant = tx.tenant();
    Ok(execute!(
        tx,
        "DELETE FROM kept_answer WHERE tenant = $1 AND id IN (
            SELECT id FROM kept_answer WHERE tenant = $1 AND keep_until <= $2 ORDER BY keep_until, id LIMIT $3)",
        tenant.uuid(),
        now.micros(),
        SOME
    )?)
}

/// Wipes every answer that is kept for a tenant, within a deletion: any of them may tell of whoever goes. That they were given stays.
pub(crate) async fn wipe(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "UPDATE kept_answer SET sealed = NULL WHERE tenant = $1 AND sealed IS NOT NULL",
        tenant.uuid()
    )?;
    Ok(())
}

/// Removes what one of the tenant's people sent, within their deletion.
pub(crate) async fn forget(tx: &mut Tx, actor: Uuid) -> Result<()> {
    let tenant = tx.tenant();
    execute!(tx, "DELETE FROM kept_answer WHERE tenant = $1 AND actor = $2", tenant.uuid(), actor)?;
    Ok(())
}
