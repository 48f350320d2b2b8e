//! How this installation hashes passwords, and which it refuses.

use std::{path::Path, sync::Arc};

use bailiwick_domain::clock::Entropy;
use bailiwick_vault::password::{CompromisedList, PasswordHasher};

use crate::{config::Passwords, exit::Refusal};

/// The hasher of the settings; as many hashes at once as leave a core to others unless they say otherwise.
pub(crate) fn hasher(settings: &Passwords, entropy: &Arc<dyn Entropy>) -> Result<PasswordHasher, Refusal> {
    let at_once = settings.hashes_at_once.unwrap_or_else(PasswordHasher::usual_permits);
    let hasher = PasswordHasher::new(settings.cost, at_once, Arc::clone(entropy)).knowing(&settings.words);
    match &settings.compromised {
        Some(path) => Ok(hasher.refusing(list(path)?)),
        None => Ok(hasher),
    }
}

/// The list of compromised passwords, if it is one.
pub(crate) fn list(path: &Path) -> Result<CompromisedList, Refusal> {
    CompromisedList::open(path).map_err(|error| {
        let what = format_args!("{}: {error}", path.display());
        let remedy = "let `password.compromised` name a file of lines `SHA1HEX` or `SHA1HEX:COUNT`, sorted by hash (`LC_ALL=C sort`), that this account may read";
        Refusal::new(what, remedy)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::fs;

    use super::*;

    #[test]
    fn operator_reads_which_list_is_wrong_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("leaked.txt");
        let refused = |text: &str| {
            fs::write(&path, text).unwrap();
            list(&path).unwrap_err().to_string()
        };
        for (text, says) in [
            ("", "leaked.txt: it is empty"),
            ("password\n", "leaked.txt: at octet 0 there is no line"),
            (&format!("{}\n{}\n", "B".repeat(40), "A".repeat(40)), "leaked.txt: it is not sorted by hash"),
        ] {
            let refusal = refused(text);
            assert!(refusal.contains(says) && refusal.contains("`password.compromised`"), "{refusal}");
        }
        fs::write(&path, format!("{}:3\n", "A".repeat(40))).unwrap();
        assert!(list(&path).is_ok());
        assert!(
            list(&folder.path().join("nowhere"))
                .unwrap_err()
                .to_string()
                .contains("nowhere: it cannot be read")
        );
    }
}
