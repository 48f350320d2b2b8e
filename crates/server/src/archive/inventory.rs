//! What lies in the folder of an archive: tenants, their segments whole and in part, and what is neither.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bailiwick_domain::ids::TenantId;

use super::place::{EVENTS, MANIFEST, Name, TILES};
use crate::exit::Refusal;

/// What lies in the folder of an archive.
#[derive(Debug, Default)]
pub(super) struct Root {
    /// Folders of tenants, in the order of their names.
    pub(super) tenants: Vec<String>,
    /// What is no tenant's.
    pub(super) strange: Vec<String>,
}

/// What lies in a tenant's folder.
#[derive(Debug, Default)]
pub(super) struct Holding {
    /// Segments with a manifest, in their order.
    pub(super) complete: Vec<Name>,
    /// Folders of segments without one.
    pub(super) partial: Vec<Name>,
    /// What is of no segment, as paths below the tenant's folder.
    pub(super) strange: Vec<String>,
}

impl Root {
    /// Reads the folder.
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        let mut found = Self::default();
        for (name, path) in entries(folder)? {
            // A folder with segments in it is looked at under any name: what was renamed is not passed over.
            if path.is_dir() && (is_tenant(&name) || holds_segments(&path)) {
                found.tenants.push(name);
            } else {
                found.strange.push(name);
            }
        }
        Ok(found)
    }

    /// Where the folder is a part of an archive only: what it is, and which one to give.
    pub(super) fn misplaced(&self, folder: &Path) -> Option<Refusal> {
        if !self.tenants.is_empty() {
            return None;
        }
        let holds = |wanted: &dyn Fn(&str) -> bool| self.strange.iter().any(|name| wanted(name));
        let (what, above) = if holds(&|name| name == MANIFEST || name == EVENTS) {
            ("of one segment", 2)
        } else if holds(&|name| Name::parse(name).is_some()) {
            ("of one tenant", 1)
        } else {
            return None;
        };
        let whole = fs::canonicalize(folder).ok()?;
        let around = whole.ancestors().nth(above)?.display().to_string();
        let what = format!("{} is the folder {what}, not of an archive", folder.display());
        Some(Refusal::new(what, format_args!("give the folder of the archive: --archive {around}")))
    }
}

impl Holding {
    /// Reads a tenant's folder.
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        let mut found = Self::default();
        for (name, path) in entries(folder)? {
            let Some(segment) = Name::parse(&name).filter(|_| path.is_dir()) else {
                found.strange.push(name);
                continue;
            };
            let mut whole = false;
            for (file, _) in entries(&path)? {
                match file.as_str() {
                    MANIFEST => whole = true,
                    EVENTS | TILES => {}
                    _ => found.strange.push(format!("{name}/{file}")),
                }
            }
            let list = if whole { &mut found.complete } else { &mut found.partial };
            list.push(segment);
        }
        found.complete.sort_unstable();
        found.partial.sort_unstable();
        Ok(found)
    }

    /// Whether every leaf of this segment lies in complete ones, as after a server that was stopped while it wrote.
    pub(super) fn covers(&self, segment: Name) -> bool {
        let mut next = segment.first;
        for complete in &self.complete {
            if complete.first <= next {
                next = next.max(complete.size);
            }
        }
        next >= segment.size
    }
}

/// The names in a folder, in their order, with their paths.
fn entries(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    found.sort_unstable();
    Ok(found)
}

fn is_tenant(name: &str) -> bool {
    name.parse::<TenantId>().is_ok_and(|id| id.to_string() == name)
}

/// Whether it does; what cannot be read is of no archive that could be.
fn holds_segments(folder: &Path) -> bool {
    let segment = |(name, path): &(String, PathBuf)| Name::parse(name).is_some() && path.is_dir();
    entries(folder).is_ok_and(|found| found.iter().any(segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_segment_counts_as_there_only_where_others_hold_all_of_it() {
        let name = |first, size| Name { first, size };
        let holding = Holding { complete: vec![name(0, 6), name(6, 54), name(60, 70)], ..Holding::default() };
        for (first, size, covered) in
            [(0, 6, true), (3, 54, true), (6, 55, false), (54, 60, false), (54, 65, false), (70, 71, false)]
        {
            assert_eq!(holding.covers(name(first, size)), covered, "{first} to {size}");
        }
        assert!(!Holding::default().covers(name(0, 1)));
    }

    #[test]
    fn folder_of_a_tenant_and_that_of_a_segment_are_no_archive() {
        const TENANT: &str = "0193a7c2-7b1e-7000-8000-000000000001";
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join(TENANT);
        let segment = own.join(Name { first: 0, size: 3 }.folder());
        fs::create_dir_all(&segment).unwrap();
        fs::write(segment.join(EVENTS), b"x").unwrap();
        fs::write(folder.path().join("README"), b"x").unwrap();
        let root = Root::of(folder.path()).unwrap();
        assert!(root.tenants == [TENANT] && root.strange == ["README"], "{root:?}");
        assert!(root.misplaced(folder.path()).is_none());
        let around = fs::canonicalize(folder.path()).unwrap().display().to_string();
        for (inner, what) in [(&own, "of one tenant"), (&segment, "of one segment")] {
            let refusal = Root::of(inner).unwrap().misplaced(inner).unwrap();
            assert!(refusal.what.contains(what) && refusal.remedy.ends_with(&around), "{refusal}");
        }
    }
}
