//! How the witnesses of the settings are reached.

use std::sync::Arc;

use bailiwick_mail::Post;

use crate::{config::Witnesses, exit::Refusal, jobs::witnesses::Reached};

/// The witnesses of the settings; nothing is connected yet.
pub(crate) fn reached(witnesses: &Witnesses) -> Result<Vec<Arc<Reached>>, Refusal> {
    let authorities = match &witnesses.tls_root {
        None => None,
        Some(path) => Some(crate::read::octets(path).map_err(|error| {
            let remedy = "see that `audit.witness_tls_root` names a file that this account may read";
            Refusal::new(format_args!("{}: {error}", path.display()), remedy)
        })?),
    };
    let reached = witnesses.places.iter().map(|place| {
        let post = Post::new(place.url.clone(), authorities.as_deref(), witnesses.timeout);
        let post = post
            .map_err(|error| Refusal::new(error, "correct `audit.witness` and `audit.witness_tls_root`"))?;
        Ok(Arc::new(Reached { post, key: place.key.clone() }))
    });
    reached.collect()
}
