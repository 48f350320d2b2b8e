//! A new installation. Where something fails, what was made so far is taken away again.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bailiwick_domain::clock::{Clock, Entropy};
use bailiwick_store::audit::CheckpointStore;
use bailiwick_vault::entropy::SystemEntropy;

use super::{Ground, Installation, checkpoints, database, keys, region, signer, signing};
use crate::{commands::migrate, config::Settings, exit::Refusal};

/// Takes files and folders away again unless told that they are to stay.
#[derive(Debug, Default)]
pub(crate) struct Undo(Vec<Made>);

#[derive(Debug)]
enum Made {
    File(PathBuf),
    Folder(PathBuf),
}

impl Undo {
    /// Notes a file that is about to be made, and refuses if it is there already.
    pub(crate) fn fresh(&mut self, file: &Path) -> Result<(), Refusal> {
        // A dangling link counts as there: writing through it would make a file elsewhere.
        if file.symlink_metadata().is_ok() {
            let what = format_args!("{} exists already; nothing was touched", file.display());
            return Err(Refusal::new(what, "choose another folder, or move away what is there"));
        }
        self.0.push(Made::File(file.to_owned()));
        Ok(())
    }

    /// Makes a folder, and those above it, unless they are there.
    pub(crate) fn make_folder(&mut self, folder: Option<&Path>) -> Result<(), Refusal> {
        let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
        let missing: Vec<_> =
            folder.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists()).collect();
        self.0.extend(missing.into_iter().rev().map(|folder| Made::Folder(folder.to_owned())));
        let refused = |error| {
            Refusal::new(
                format_args!("{}: {error}", folder.display()),
                "see that this account may write there",
            )
        };
        fs::create_dir_all(folder).map_err(refused)
    }

    /// Everything made so far stays.
    pub(crate) fn keep(&mut self) {
        self.0.clear();
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        for made in self.0.iter().rev() {
            // What was not made in the end is not there to be taken away, and a folder that is not empty stays.
            drop(match made {
                Made::File(file) => fs::remove_file(file),
                Made::Folder(folder) => fs::remove_dir(folder),
            });
        }
    }
}

/// Makes root key, checkpoints, signing key and, if it is embedded, the database, and opens the installation.
pub(crate) async fn create(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    undo: &mut Undo,
) -> Result<Installation, Refusal> {
    let region = region(settings)?;
    let folder = &settings.audit.checkpoints;
    let root_key = &region.keys.present.file;
    for folder in
        [root_key.parent(), Some(folder.as_path()), region.database.url.file().and_then(Path::parent)]
    {
        undo.make_folder(folder)?;
    }
    undo.fresh(root_key)?;
    undo.fresh(&signing::path(settings))?;
    if let Some(file) = region.database.url.file() {
        undo.fresh(file)?;
        for suffix in ["-wal", "-shm"] {
            undo.fresh(Path::new(&format!("{}{suffix}", file.display())))?;
        }
    }
    undo.fresh(&folder.join(".lock"))?;
    let outside = CheckpointStore::open(folder).map_err(|error| checkpoints(&error))?;
    if !outside.tenants().map_err(|error| checkpoints(&error))?.is_empty() {
        let what = format_args!("{} holds the checkpoints of another installation", folder.display());
        return Err(Refusal::new(what, "let `audit.checkpoints` name an empty folder"));
    }
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let ground = Ground { provider: keys::create(&region.keys, &entropy).await?, next: None, clock, entropy };
    let key = signing::create(settings, &*ground.provider, &*ground.entropy).await?;
    if region.database.url.file().is_some() || region.database.owner_url.is_some() {
        migrate::migrate(settings).await?;
    }
    let (store, jobs) = database::open(settings, region, &ground).await?;
    let checked = match database::check_schema(&store).await {
        Ok(()) => signer(settings, &store, key),
        Err(refusal) => Err(refusal),
    };
    match checked {
        Ok(signer) => Ok(Installation::of(store, jobs, signer, ground)),
        Err(refusal) => {
            store.close().await;
            Err(refusal)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_was_made_is_taken_away_unless_it_is_to_stay_and_what_was_there_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        fs::write(&old, "precious").unwrap();
        let mut undo = Undo::default();
        undo.make_folder(Some(&folder.path().join("a/b"))).unwrap();
        undo.make_folder(Some(&folder.path().join("c/d"))).unwrap();
        fs::write(folder.path().join("c/d/somebody's"), "").unwrap();
        undo.fresh(&new).unwrap();
        fs::write(&new, "").unwrap();
        assert!(undo.fresh(&old).unwrap_err().to_string().contains("exists already"));
        drop(undo);
        assert!(old.exists() && !new.exists());
        assert!(!folder.path().join("a").exists() && folder.path().join("c/d/somebody's").exists());

        let mut undo = Undo::default();
        undo.fresh(&new).unwrap();
        fs::write(&new, "").unwrap();
        undo.keep();
        assert!(new.exists());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).unwrap();
        assert!(Undo::default().fresh(&link).is_err());
    }
}
