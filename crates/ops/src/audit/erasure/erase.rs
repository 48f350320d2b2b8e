//! Erasing everything that is kept of a person. Sensitive, since nobody can undo it.

use std::collections::BTreeMap;

use bailiwick_domain::{
    entity::{
        ErasureCertificate, Invitation, InvitationState, Severity, SubjectRequest, SubjectRequestState,
    },
    ids::SubjectRequestId,
    permission::Permission,
    rule::EraseSubject,
    subject::{Fate, Kind},
};
use bailiwick_store::{
    Event, Permit, Recorded, Store, Tx,
    audit::subject::{self, Called, Subject},
    invitations, tenants, users,
};

use super::{called, erase_mentions, going};
use crate::{
    Error, Result,
    audit::hold::refuse_held,
    deletion::{swept, take_away},
    mail,
    step_up::{Answer, Change, Outcome, Told},
};

const WHY: &str = "what was kept of the person is erased";

/// A request that was answered, and what to call its person while that is still known.
struct Erased {
    request: SubjectRequest,
    called: String,
}

/// Erases what is kept of the person of a request. A code is asked for first, bound to the list of what would go.
///
/// Somebody with an account is deleted as [`deletion`](crate::deletion) does it; there is one way. The certificate is a record of its own.
/// A request that was answered is answered again with the same certificate, and takes no code.
///
/// # Errors
/// `NotFound`; `Held` where a legal hold keeps something about the person; of somebody with an account the errors of a deletion, and
/// `Forbidden` for whoever may not delete users.
pub async fn erase(
    store: &Store,
    permit: &Permit<EraseSubject>,
    id: SubjectRequestId,
    answer: Option<Answer>,
) -> Result<Outcome<SubjectRequest>> {
    let mut view = store.read(permit).await?;
    let asked = subject::find(&mut view, id).await?;
    drop(view);
    if asked.request.state == SubjectRequestState::Done {
        return Ok(Outcome::Done(asked.request));
    }
    let change = Change { store, home: permit, inside: permit };
    let outcome = change.confirmed(answer, told, async |tx| take(store, tx, permit, id).await).await?;
    swept(store, &outcome).await;
    Ok(outcome.map(|erased| erased.request))
}

/// What it means, in words.
fn told(erased: &Erased) -> Told {
    let effects = [
        "Everything listed as going is erased for good, with keys, salts and ciphertext. Nobody can undo it.",
        "Somebody with an account is deleted: sessions end, keys are revoked, a last letter tells them.",
        "Searches that others keep and that name them are removed, and exports forget that they looked for them.",
        "Records and proofs of the log stay, and say nothing of the person any more.",
    ];
    Told { name: erased.called.clone(), effects: effects.map(str::to_owned).into() }
}

async fn take(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<EraseSubject>,
    id: SubjectRequestId,
) -> Result<Recorded<Erased>> {
    // Whoever places a hold waits for this, or this for them.
    tenants::lock_policy(tx).await?;
    let asked = subject::lock(tx, id).await?;
    if asked.request.state == SubjectRequestState::Done {
        return Err(Error::Conflict("This request was answered already."));
    }
    let person = subject::of_request(tx, &asked.request, asked.address).await?;
    let counts = subject::counts(tx, &person).await?;
    match &person.user {
        Some(user) => {
            if !permit.may(Permission::USER_DELETE) {
                return Err(Error::Forbidden(
                    "Erasing somebody with an account takes the permission to delete users.",
                ));
            }
            let (event, _) = take_away(store, tx, permit, user.id).await?;
            tx.also(event.because(WHY));
        }
        None => leave_nothing(tx, permit, &person).await?,
    }
    let before = asked.request;
    let after = SubjectRequest {
        state: SubjectRequestState::Done,
        // Of what others change meanwhile the certificate tells, which no code is bound to.
        erased: named(going(&counts).filter(|(kind, _)| !kind.moves())),
        ..before.clone()
    };
    let written = subject::replace(tx, before, after.clone()).await?;
    let event = Event::new("subject_request.erased", &written)?
        .raising(Severity::Warning, "Everything that was kept of a person was erased");
    let certificate = ErasureCertificate {
        request: id,
        erased: named(going(&counts)),
        kept: named(counts.iter().copied().filter(|(kind, _)| kind.fate() != Fate::Goes)),
    };
    let issued = Event::new("erasure_certificate.issued", &subject::certify(certificate))?;
    tx.also(issued.following());
    Ok(tx.record(event, Erased { called: called(&person), request: after }))
}

/// Erases what is kept of somebody without an account: an address that was invited, somebody of the product, somebody long gone.
async fn leave_nothing(tx: &mut Tx, permit: &Permit<EraseSubject>, person: &Subject) -> Result<()> {
    let address = person.address.as_deref();
    refuse_held(tx, permit, person.person, address).await?;
    erase_mentions(tx, permit, Called::of(person), WHY).await?;
    if let Some(address) = address {
        if let Some(before) = invitations::pending_for(tx, address).await? {
            let before = invitations::lock(tx, before.id).await?;
            let after = Invitation { state: InvitationState::Revoked, ..before.clone() };
            let told = format!("{} invitation revoked", after.role.title());
            let written = invitations::replace(tx, before, after).await?;
            let event = Event::new("invitation.revoked", &written)?;
            tx.also(event.because(WHY).following().raising(Severity::Info, told));
        }
        mail::withdraw_to(tx, address).await?;
    }
    Ok(users::erase_traces(tx, person.person, address).await?)
}

fn named(counts: impl Iterator<Item = (Kind, i64)>) -> BTreeMap<String, i64> {
    counts.map(|(kind, number)| (kind.name().to_owned(), number)).collect()
}
