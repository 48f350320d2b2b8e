//! Which pages a person can open: links are shown only to those.

use bailiwick_domain::rule::{Need, Rule};
use bailiwick_store::Permit;

use crate::shell::Visit;

/// Whether whoever holds `permit` can open the page at `path`, spelled as in the access table.
pub(crate) fn opens<R: Rule>(visit: &Visit, permit: &Permit<R>, path: &str) -> bool {
    visit.access_table().iter().any(|row| {
        !row.writes
            && row.path == path
            && match row.need {
                Need::Nobody => false,
                Need::Anyone => true,
                Need::SignedIn | Need::Recent | Need::Enrolling | Need::Proving => permit.tenant().is_some(),
                Need::Has(permission) | Need::RecentHas(permission) | Need::Confirmed(permission) => {
                    permit.may(permission)
                }
            }
    })
}

/// `href`, if `path` opens.
pub(crate) fn link<R: Rule>(
    visit: &Visit,
    permit: &Permit<R>,
    path: &str,
    href: impl FnOnce() -> String,
) -> Option<String> {
    opens(visit, permit, path).then(href)
}
