//! Erasing what others keep that names a person.

use bailiwick_domain::{
    entity::{AuditExport, AuditHold, Entity as _, SavedSearch},
    rule::Rule,
};
use bailiwick_store::{
    Event, Permit, Tx,
    audit::{
        export,
        subject::{self, Called},
    },
    saved_searches,
};

use crate::{Error, Result, audit::hold};

/// Removes the searches that others keep and that name the person, and takes from exports what they looked for: with a record each,
/// which repeats nothing of it, and from the values beside their earlier records, too. The caller has locked the policy.
///
/// A search for somebody who is gone finds nobody by that name any more: it would only keep the name.
///
/// # Errors
/// `Held` where a legal hold keeps such a search or export, its records, or whatever is kept of whomever it belongs to.
pub(crate) async fn erase_mentions<R: Rule>(
    tx: &mut Tx,
    permit: &Permit<R>,
    called: Called<'_>,
    why: &'static str,
) -> Result<()> {
    for found in subject::searches(tx, called).await? {
        let search = match saved_searches::lock(tx, found.id).await {
            Ok(search) => search,
            // Its owner was quicker.
            Err(bailiwick_store::Error::NotFound) => continue,
            Err(error) => return Err(error.into()),
        };
        let this = (SavedSearch::KIND, search.id.uuid(), Some(search.user.uuid()));
        let held = subject::unsay(tx, this, SavedSearch::PERSONAL).await?;
        refuse(tx, permit, held).await?;
        let bare = SavedSearch { name: String::new(), query: String::new(), ..search };
        let written = saved_searches::remove(tx, bare).await?;
        tx.also(Event::new("saved_search.removed", &written)?.because(why).following());
    }
    for found in subject::exports(tx, called).await? {
        let export = export::lock(tx, found.id).await?;
        let this = (AuditExport::KIND, export.id.uuid(), export.asked_by);
        let held = subject::unsay(tx, this, AuditExport::PERSONAL).await?;
        refuse(tx, permit, held).await?;
        let bare = AuditExport { selection: String::new(), ..export };
        let after = AuditExport { selection: export::ERASED.to_owned(), ..bare.clone() };
        let written = export::replace(tx, bare, after).await?;
        tx.also(Event::new("audit_export.search_erased", &written)?.because(why).following());
    }
    Ok(())
}

async fn refuse<R: Rule>(tx: &mut Tx, permit: &Permit<R>, held: Option<AuditHold>) -> Result<()> {
    let Some(held) = held else { return Ok(()) };
    let name = hold::name(tx, permit, &held.scope).await?;
    Err(Error::Held(held.refusal(name.as_deref())))
}
