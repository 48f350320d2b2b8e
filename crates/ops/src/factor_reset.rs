//! Removing the second factors of somebody who lost theirs: sensitive, since the account is then worth its password alone.

use bailiwick_domain::{
    entity::{Factor, FactorKind, Severity, User},
    ids::UserId,
    rule::ResetFactors,
    time::Span,
};
use bailiwick_mail::{FactorResetLetter, Letter, Line};
use bailiwick_store::{Event, Permit, Recorded, Scope, Store, Tx, accounts, devices, tenants, users};

use crate::{
    Error, Result, factors, mail, passwords,
    sessions::{Because, end_because},
    step_up::{Answer, Change, Outcome, Told},
    users::{nobody_above, permissions_of, refuse_self},
};

/// Removes another user's factors, proven and pending, and their recovery codes for good. Their sessions end, and a letter tells
/// them; whoever has no password is mailed a link to choose one, so that nobody is left without a way in.
///
/// What an identity provider asserts is not ours to remove, and stays. A code is asked for first.
///
/// # Errors
/// `Conflict` where there is nothing to remove, and for oneself; `Forbidden` for somebody who holds more than the actor.
pub async fn reset(
    store: &Store,
    permit: &Permit<ResetFactors>,
    id: UserId,
    answer: Option<Answer>,
) -> Result<Outcome<User>> {
    let change = Change { store, home: permit, inside: permit };
    let outcome = change.confirmed(answer, told, async |tx| remove(store, tx, permit, id).await).await?;
    Ok(outcome.map(|(user, _)| user))
}

/// What it means, in words: each factor by its name.
fn told((user, factors): &(User, Vec<Factor>)) -> Told {
    let kind =
        |factor: &Factor| if factor.kind == FactorKind::Passkey { "passkey" } else { "authenticator app" };
    let mut effects: Vec<String> =
        factors.iter().map(|factor| format!("The {} “{}” is removed.", kind(factor), factor.name)).collect();
    effects.push(
        "Recovery codes go with it. They are signed out everywhere, and a letter tells them.".to_owned(),
    );
    Told { name: user.name.clone(), effects }
}

async fn remove(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<ResetFactors>,
    id: UserId,
) -> Result<Recorded<(User, Vec<Factor>)>> {
    let user = users::lock(tx, id).await?;
    refuse_self(permit, id, "Somebody else has to remove your second factors.")?;
    nobody_above(permissions_of(store, tx, &user).await?, *permit.permissions())?;
    let (mut removed, mut gone) = (Vec::new(), Vec::new());
    for factor in accounts::factors(tx, id).await? {
        if factor.kind == FactorKind::Sso {
            continue;
        }
        let Some(taken) = factors::take(tx, id, factor.id).await? else { continue };
        gone.push(factor);
        if let Some(event) = taken.passkey {
            tx.also(event);
        }
        removed.push(taken.factor);
    }
    let Some(last) = removed.pop() else {
        return Err(Error::Conflict("This person has no second factor that could be removed."));
    };
    for written in removed {
        let event = Event::new("factor.removed", &written)?;
        tx.also(event);
    }
    if let Some(codes) = factors::recovery_codes::withdraw(tx, id).await? {
        tx.also(codes.following());
    }
    end_because(tx, id, None, Because::FactorsReset).await?;
    // What was lost may have been a known device as well.
    devices::forget_all(tx, id, None).await?;
    let by = permit.caller().map_or_else(|| Line::of("The server"), |caller| Line::of(&caller.user.name));
    let organisation = Line::of(&tenants::find(tx).await?.name);
    let now = tx.now();
    let has_password = accounts::password(tx, id).await?.is_some();
    // Without a passkey there would be no way in left.
    if !has_password {
        passwords::reset::first(store, tx, &user).await?;
    }
    let letter = Letter::FactorReset(FactorResetLetter { organisation, by, at: now, has_password });
    mail::write(store, tx, &letter, id.uuid(), &user.email, now + Span::days(5)).await?;
    let event = Event::new("mfa.reset", &last)?.raising(
        Severity::High,
        format!("The second factors of a user with the role {} were removed", user.role.title()),
    );
    Ok(tx.record(event, (user, gone)))
}
