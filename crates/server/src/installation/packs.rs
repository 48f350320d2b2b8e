//! Permissions of packs.

use std::{path::Path, sync::Arc};

use bailiwick_domain::catalogue::{Catalogue, PackPermissions};

use crate::{
    config::{BuiltInPack, Packs},
    exit::Refusal,
};

const NDIS: &str = include_str!("../../../../packs/ndis/permissions.json");

/// The permissions of this installation.
pub(crate) fn catalogue(packs: &Packs) -> Result<Arc<Catalogue>, Refusal> {
    let mut read = Vec::new();
    for pack in &packs.built_in {
        let text = match pack {
            BuiltInPack::Ndis => NDIS,
        };
        read.push(parse(pack.word(), text)?);
    }
    for path in &packs.files {
        read.push(file(path)?);
    }
    let catalogue = Catalogue::new(&read)
        .map_err(|error| Refusal::new(error, "correct the pack, or take it out of `packs.files`"))?;
    Ok(Arc::new(catalogue))
}

fn file(path: &Path) -> Result<PackPermissions, Refusal> {
    let name = path.display();
    let remedy = "see that `packs.files` names files of permissions that this account may read";
    let text = crate::read::text(path)
        .map_err(|error| Refusal::new(format_args!("pack {name}: {error}"), remedy))?;
    parse(&name.to_string(), &text)
}

fn parse(name: &str, text: &str) -> Result<PackPermissions, Refusal> {
    let refused = |error| {
        Refusal::new(
            format_args!("pack {name}: {error}"),
            "correct the file; packs/ndis/permissions.json shows the form",
        )
    };
    serde_json::from_str(text).map_err(refused)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::fs;

    use super::*;

    #[test]
    fn the_packs_of_the_program_make_a_catalogue() {
        let packs = Packs { built_in: vec![BuiltInPack::Ndis], files: Vec::new() };
        assert!(catalogue(&packs).unwrap().find("participant:read").is_some());
        let none = Packs { built_in: Vec::new(), files: Vec::new() };
        assert!(catalogue(&none).unwrap().find("participant:read").is_none());
    }

    #[test]
    fn operator_reads_which_pack_is_wrong_and_where() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acme.json");
        let packs = Packs { built_in: Vec::new(), files: vec![path.clone()] };
        let missing = catalogue(&packs).unwrap_err().to_string();
        assert!(missing.contains("acme.json: No such file"), "{missing}");
        fs::write(&path, "{\"pack\": \"acme\", \"permissions\": [],\n \"permisions\": []}").unwrap();
        let unknown = catalogue(&packs).unwrap_err().to_string();
        assert!(
            unknown.contains("acme.json: unknown field `permisions`") && unknown.contains("line 2"),
            "{unknown}"
        );
        fs::write(&path, "{\"pack\": \"acme\", \"permissions\": [{\"name\": \"a:*\", \"group\": \"A\", \"description\": \"Everything.\"}]}").unwrap();
        assert!(catalogue(&packs).unwrap_err().to_string().contains("wildcard"));
    }
}
