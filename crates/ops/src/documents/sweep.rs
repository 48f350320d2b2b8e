//! What a crash in the middle of removing leaves behind: files that no row of the database knows of any more.
//!
//! Nothing of them can be read, since their keys are gone. A database that is older than what was signed is refused at the start, so a
//! file without a row is never one whose row is merely in a newer backup; and files of organisations that this database does not know
//! are left alone, whoever shares the place.

use std::{
    fs::{self, ReadDir},
    io,
    path::Path,
};

use bailiwick_domain::{
    ids::{DocumentVersionId, TenantId},
    rule::ByJob,
    time::Timestamp,
};
use bailiwick_store::{Job, Permit, documents};
use tokio::sync::mpsc::channel;

use super::{Documents, Found, STALE, cabinet::in_peace, place::name, upload::disk};
use crate::Result;

/// Files that are looked at in one view of the database.
const SOME: usize = 1_000;

impl Documents {
    /// Removes files of which nothing is known, and gives up what was begun to be put into the object store and never completed; both only
    /// once they are a day old. Returns how many.
    ///
    /// # Errors
    /// The store's, and those of the place.
    pub async fn sweep(&self) -> Result<usize> {
        let before = self.store.now() - STALE;
        let objects = self.cabinet.stores_objects();
        let mut done = match &objects {
            Some(objects) => objects.abandon(before).await.map_err(disk)?,
            None => 0,
        };
        for tenant in documents::every_tenant(&self.store).await? {
            let permit = self.jobs.permit(Job::Documents, tenant);
            done += self.sweep_folder(&permit, tenant, before).await?;
            if objects.is_some() {
                done += self.sweep_objects(&permit, tenant, before).await?;
            }
        }
        Ok(done)
    }

    async fn sweep_objects(
        &self,
        permit: &Permit<ByJob>,
        tenant: TenantId,
        before: Timestamp,
    ) -> Result<usize> {
        let Some(objects) = self.cabinet.stores_objects() else { return Ok(0) };
        let (folder, (send, receive)) = (format!("{tenant}/"), channel::<Found>(SOME));
        let (folder, objects) = (&folder, &objects);
        let looking = async move {
            // Dropped at whichever end: nobody waits for room that never comes.
            let mut receive = receive;
            let (mut page, mut done) = (Vec::new(), 0);
            while receive.recv_many(&mut page, SOME).await > 0 {
                let mut view = self.store.read(permit).await?;
                let mut gone = Vec::new();
                for found in page.drain(..).filter(|found| found.written < before) {
                    let id = found
                        .name
                        .strip_prefix(folder.as_str())
                        .and_then(|name| name.strip_suffix(".sealed"));
                    if let Some(id) = id.and_then(|id| id.parse::<DocumentVersionId>().ok())
                        && !documents::is_known(&mut view, id).await?
                    {
                        gone.push(id);
                    }
                }
                drop(view);
                for id in gone {
                    tracing::warn!(%tenant, version = %id, "an object that no document knows of is removed");
                    objects.remove(&name(tenant, id)).await.map_err(disk)?;
                    done += 1;
                }
            }
            Ok(done)
        };
        let (listed, done) = tokio::join!(objects.list(folder, send), looking);
        listed.map_err(disk)?;
        done
    }

    async fn sweep_folder(
        &self,
        permit: &Permit<ByJob>,
        tenant: TenantId,
        before: Timestamp,
    ) -> Result<usize> {
        let folder = self.cabinet.of_tenant(tenant);
        let opened = in_peace(move || read_dir(&folder)).await.map_err(disk)?.map_err(disk)?;
        let (mut next, mut done) = (opened, 0);
        while let Some(entries) = next {
            let (rest, files) = in_peace(move || some(entries, before)).await.map_err(disk)?.map_err(disk)?;
            next = rest;
            let mut view = self.store.read(permit).await?;
            let mut gone = Vec::new();
            for file in files {
                let known = match file.unfinished {
                    true => documents::is_open(&mut view, file.id).await?,
                    false => documents::is_known(&mut view, file.id).await?,
                };
                if !known {
                    gone.push(file);
                }
            }
            drop(view);
            for File { id, unfinished } in gone {
                tracing::warn!(%tenant, version = %id, "a file that no document knows of is removed");
                let cabinet = &self.cabinet;
                let path = if unfinished { cabinet.unfinished(tenant, id) } else { cabinet.path(tenant, id) };
                in_peace(move || fs::remove_file(path)).await.map_err(disk)?.map_err(disk)?;
                done += 1;
            }
        }
        Ok(done)
    }
}

/// A file of the folder: a version, or what is there of an upload.
struct File {
    id: DocumentVersionId,
    unfinished: bool,
}

fn read_dir(folder: &Path) -> io::Result<Option<ReadDir>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The next files that were written before that moment, and where to go on.
fn some(mut entries: ReadDir, before: Timestamp) -> io::Result<(Option<ReadDir>, Vec<File>)> {
    let mut files = Vec::new();
    for _ in 0..SOME {
        let Some(entry) = entries.next() else { return Ok((None, files)) };
        let entry = entry?;
        let file = entry.file_name();
        let Some((id, kind)) = file.to_str().and_then(|name| name.rsplit_once('.')) else { continue };
        let (Ok(id), true) = (id.parse(), matches!(kind, "sealed" | "part")) else { continue };
        let written = match entry.metadata() {
            Ok(about) => about.modified()?,
            // Removed in the meantime.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let since = written.duration_since(std::time::UNIX_EPOCH).map_err(io::Error::other)?;
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        if Timestamp::from_micros(micros) < before {
            files.push(File { id, unfinished: kind == "part" });
        }
    }
    Ok((Some(entries), files))
}
