//! Deleting somebody: their account, everything that says who they are, and the key of what the log holds about them.
//! Sensitive, since nobody can undo it.

use bailiwick_domain::{
    entity::{Severity, User, UserStatus},
    ids::UserId,
    rule::{DeleteUser, Rule},
};
use bailiwick_mail::{AccountDeletedLetter, Letter, Line};
use bailiwick_store::{
    Event, Permit, Recorded, Scope, Store, Tx, accounts, audit::subject::Called, devices, grants, teams,
    tenants, users,
};

use crate::{
    Result,
    api_keys::{hand_over_those_of, revoke_those_of},
    audit::{erasure::erase_mentions, hold::refuse_held},
    factors,
    invitations::withdraw_beyond,
    mail, phones,
    sessions::end_but,
    step_up::{Answer, Change, Outcome, Told},
    users::{keep_an_owner, nobody_above, permissions_of, refuse_self},
};

const WHY: &str = "the user was deleted";

/// Deletes another user for good. A code is asked for first.
///
/// Their sessions end, their keys are revoked, their invitations and letters that wait are taken back, and a last letter tells
/// them. What the log holds about them can be read by nobody afterwards; its proofs hold. Their address can be invited again.
///
/// # Errors
/// `Conflict` for oneself and for the last owner; `Forbidden` for somebody who holds more than the actor; `Held` where a legal hold keeps
/// something about them.
pub async fn delete(
    store: &Store,
    permit: &Permit<DeleteUser>,
    id: UserId,
    answer: Option<Answer>,
) -> Result<Outcome<User>> {
    let change = Change { store, home: permit, inside: permit };
    let outcome = change.confirmed(answer, told, async |tx| remove(store, tx, permit, id).await).await?;
    swept(store, &outcome).await;
    Ok(outcome)
}

/// After something was erased: lets no file of the database keep what it was. A job goes on where this is held up.
pub(crate) async fn swept<T>(store: &Store, outcome: &Outcome<T>) {
    if matches!(outcome, Outcome::Done(_))
        && let Err(error) = store.scrub().await
    {
        tracing::warn!(%error, "the write-ahead log was not emptied after something was erased; a job will");
    }
}

/// What it means, in words.
fn told(user: &User) -> Told {
    let effects = [
        "Name, address and everything else that says who they are is erased for good, in the audit log too.",
        "Every session of theirs ends, and the API keys that they made are revoked.",
        "Their second factors and recovery codes are removed, and their open invitations taken back.",
        "Searches that others keep and that name them are removed, and exports forget that they looked for them.",
    ];
    Told { name: user.name.clone(), effects: effects.map(str::to_owned).into() }
}

async fn remove(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<DeleteUser>,
    id: UserId,
) -> Result<Recorded<User>> {
    let (event, user) = take_away(store, tx, permit, id).await?;
    Ok(tx.record(event, user))
}

/// Deletes another user within a change, with the event to record: the one way in which an account and everything of its person go.
/// A legal hold on any of it refuses.
pub(crate) async fn take_away<R: Rule>(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<R>,
    id: UserId,
) -> Result<(Event, User)> {
    // Before the person, as wherever roles and teams change: who holds what stays as it is until this is over.
    tenants::lock_policy(tx).await?;
    let user = users::lock_for_erasing(tx, id).await?;
    refuse_self(permit, id, "Somebody else has to delete your account.")?;
    nobody_above(permissions_of(store, tx, &user).await?, *permit.permissions())?;
    keep_an_owner(tx, &user).await?;
    refuse_held(tx, permit, id.uuid(), Some(&user.email)).await?;
    let called = Called { person: id.uuid(), name: Some(&user.name), address: Some(&user.email) };
    erase_mentions(tx, permit, called, WHY).await?;
    let ended = end_but(tx, id, None, |written| Ok(Event::new("session.ended", written)?.because(WHY)));
    for event in ended.await? {
        tx.also(event.following());
    }
    devices::forget_all(tx, id, None).await?;
    remove_factors(tx, id).await?;
    phones::erase(tx, id).await?;
    for grant in grants::of_user(tx, id).await? {
        let ended_unsaid = grant.is_over(tx.now()) && grant.ended_at.is_none();
        let written = grants::remove(tx, grant).await?;
        let action = if ended_unsaid { "grant.expired" } else { "permission.reset" };
        let event = Event::new(action, &written)?.because(WHY);
        tx.also(event.following());
    }
    for member in teams::memberships_of(tx, id).await? {
        let event = Event::new("team.member_removed", &teams::take_out(tx, member).await?)?.because(WHY);
        tx.also(event.following());
    }
    revoke_those_of(tx, id, "its maker was deleted").await?;
    hand_over_those_of(tx, id, "its owner was deleted").await?;
    // Whoever is disabled can hand on nothing, nor can whoever is gone.
    let gone = User { status: UserStatus::Disabled, ..user.clone() };
    withdraw_beyond(store, tx, &gone, "the inviter was deleted").await?;
    mail::withdraw_from(tx, &user).await?;
    let written = users::erase(tx, user.clone()).await?;
    tell(store, tx, permit, &user).await?;
    let event = Event::new("user.deleted", &written)?
        .raising(Severity::Warning, format!("User with the role {} deleted", user.role.title()));
    Ok((event, user))
}

/// Removes the person's second factors and recovery codes, each with its record: the log says what they could sign in with until when.
async fn remove_factors(tx: &mut Tx, id: UserId) -> Result<()> {
    for factor in accounts::factors(tx, id).await? {
        let Some(taken) = factors::take(tx, id, factor.id).await? else { continue };
        if let Some(event) = taken.passkey {
            tx.also(event.because(WHY).following());
        }
        let event = Event::new("factor.removed", &taken.factor)?.because(WHY);
        tx.also(event.following());
    }
    if let Some(event) = factors::recovery_codes::withdraw(tx, id).await? {
        tx.also(event.because(WHY).following());
    }
    Ok(())
}

/// Writes the last letter to them. Their address is kept for it alone, and goes when it has left or is given up.
async fn tell<R: Rule>(store: &Store, tx: &mut Tx, permit: &Permit<R>, user: &User) -> Result<()> {
    let by = permit.caller().map_or_else(|| Line::of("The server"), |caller| Line::of(&caller.user.name));
    let organisation = Line::of(&tenants::find(tx).await?.name);
    let now = tx.now();
    let letter = Letter::AccountDeleted(AccountDeletedLetter { organisation, by, at: now });
    mail::write(store, tx, &letter, user.id.uuid(), &user.email, now + mail::TRIED_FOR).await
}
