//! Data-subject requests: finding everything that is kept of one person, handing it out, erasing it with a certificate.

mod certificate;
mod disclose;
mod erase;
mod look;
mod mentions;
mod open;

use bailiwick_domain::subject::{Fate, Kind};
use bailiwick_store::audit::subject;

pub use certificate::certificate;
pub use disclose::{Disclosure, RECORDS, disclose};
pub use erase::erase;
pub use look::{Report, SHOWN, Values, look};
pub(crate) use mentions::erase_mentions;
pub use open::{LookFor, open};

/// What the finder's counts say an erasure would take.
fn going(counts: &[(Kind, i64)]) -> impl Iterator<Item = (Kind, i64)> {
    counts.iter().copied().filter(|(kind, _)| kind.fate() == Fate::Goes)
}

/// Whether nothing is left that an erasure could take.
fn is_empty(counts: &[(Kind, i64)]) -> bool {
    going(counts).next().is_none()
}

/// What people call the person of a request: by name only where there is an account.
fn called(subject: &subject::Subject) -> String {
    match &subject.user {
        Some(user) => user.name.clone(),
        None => {
            let digits = subject.person.simple().to_string();
            format!("the person …{}", digits.get(24..).unwrap_or_default())
        }
    }
}
