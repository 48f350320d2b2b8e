//! The folder of a witness.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use bailiwick_domain::clock::Entropy;
use bailiwick_proof::checkpoint::{CosignerKey, NoteSigner};
use bailiwick_vault::{provider::FileProvider, signer::Signer};

use super::{State, Trusted};
use crate::{
    exit::Refusal,
    installation::{
        Undo, keys,
        signing::{self, SigningKey},
    },
};

const KEY: &str = "witness.key";
const ROOT: &str = "root.key";
const LOGS: &str = "logs";
const STATE: &str = "state";

/// Octets of the state at most.
const LARGEST: u64 = 64 << 20;

/// The folder of a witness, its key ready to sign.
pub(crate) struct Folder {
    path: PathBuf,
    /// Its key.
    pub(crate) key: SigningKey,
}

impl Folder {
    /// Makes a witness of this name. Nothing that is there is touched.
    pub(crate) async fn create(
        path: &Path,
        name: &str,
        logs: &[String],
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Refusal> {
        let text: String = logs.iter().map(|line| format!("{line}\n")).collect();
        Trusted::parse(&text).map_err(|line| wrong_line("--log", line))?;
        let mut undo = Undo::default();
        undo.make_folder(Some(path))?;
        for file in [ROOT, KEY, LOGS, STATE] {
            undo.fresh(&path.join(file))?;
        }
        let provider = FileProvider::create(&path.join(ROOT), Arc::clone(&entropy));
        let provider = provider.map_err(|error| keys::refusal(&error))?;
        let (signer, wrapped) = Signer::generate(name, &provider, &*entropy).await.map_err(|error| {
            Refusal::new(error, "choose a name such as \"witness.example.com\": no white space, no plus sign")
        })?;
        let io = |error: io::Error| unusable(path, &error);
        signing::write(&path.join(KEY), &wrapped).map_err(io)?;
        fs::write(path.join(LOGS), text).map_err(io)?;
        write(path, STATE, State::default().to_string().as_bytes()).map_err(io)?;
        undo.keep();
        Ok(Self { path: path.to_owned(), key: SigningKey::of(signer) })
    }

    /// Opens the key of a witness.
    pub(crate) async fn open(path: &Path, entropy: Arc<dyn Entropy>) -> Result<Self, Refusal> {
        let provider =
            FileProvider::open(&path.join(ROOT), entropy).map_err(|error| keys::refusal(&error))?;
        let text = crate::read::text(&path.join(KEY)).map_err(|error| unusable(path, &error))?;
        let damaged = || Refusal::new("the witness's key is damaged", "restore the folder from its backup");
        let wrapped = signing::parse(&text).ok_or_else(damaged)?;
        let signer = Signer::restore(&wrapped, &provider).await.map_err(|_| damaged())?;
        Ok(Self { path: path.to_owned(), key: SigningKey::of(signer) })
    }

    /// The logs that it trusts.
    pub(crate) fn trusted(&self) -> Result<Trusted, Refusal> {
        let text = crate::read::text(&self.path.join(LOGS)).map_err(|error| unusable(&self.path, &error))?;
        Trusted::parse(&text).map_err(|line| wrong_line(LOGS, line))
    }

    /// What it cosigned last. A witness that has forgotten that is refused: it would cosign a second history.
    pub(crate) fn state(&self) -> Result<State, Refusal> {
        let lost = |what: &dyn std::fmt::Display| {
            Refusal::new(
                format_args!("the state of the witness in {}: {what}", self.path.display()),
                "restore the newest copy of the folder. If there is none, this witness must not go on: make another with \
                 `bailiwick witness init`, and give its key to whoever asks it",
            )
        };
        let text = read_state(&self.path.join(STATE)).map_err(|error| lost(&error))?;
        State::parse(&text).ok_or_else(|| lost(&"it is damaged"))
    }

    /// Keeps others from running the same witness. Held until the file is dropped.
    pub(crate) fn lock(&self) -> Result<File, Refusal> {
        let io = |error: io::Error| unusable(&self.path, &error);
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(self.path.join(".lock"));
        let lock = lock.map_err(io)?;
        lock.try_lock().map_err(|_| {
            Refusal::new(
                format_args!("another process runs the witness in {}", self.path.display()),
                "end that one first: two of them would cosign two histories",
            )
        })?;
        Ok(lock)
    }

    /// Where the folder is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The public key of its cosignatures, under its name.
    pub(crate) fn verifier(&self) -> Result<CosignerKey, Refusal> {
        CosignerKey::new(self.key.name(), &self.key.public_key())
            .map_err(|error| Refusal::new(error, "restore the folder from its backup"))
    }
}

/// The notes of some thousand logs are longer than the files that operators write.
fn read_state(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut text = String::new();
    let read = File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if read as u64 > LARGEST { Err(io::Error::other("it is too large")) } else { Ok(text) }
}

/// Writes the state: after a crash it is the old one or the new one.
pub(super) fn write_state(folder: &Path, state: &State) -> io::Result<()> {
    write(folder, STATE, state.to_string().as_bytes())
}

/// Keeps the last request that was refused although the log had signed it.
pub(super) fn write_refused(folder: &Path, request: &str) -> io::Result<()> {
    write(folder, "refused", request.as_bytes())
}

fn write(folder: &Path, name: &str, octets: &[u8]) -> io::Result<()> {
    let fresh = folder.join(format!("{name}.new"));
    let mut file = File::create(&fresh)?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&fresh, folder.join(name))?;
    // The rename itself is on disk once the folder is.
    File::open(folder)?.sync_all()
}

fn unusable(path: &Path, error: &io::Error) -> Refusal {
    let remedy = "see that the folder is there and that this account may read and write it; `bailiwick witness init` makes one";
    Refusal::new(format_args!("{}: {error}", path.display()), remedy)
}

fn wrong_line(place: &str, line: usize) -> Refusal {
    Refusal::new(
        format_args!("line {line} of {place} is not a log"),
        "write the log's name, a space, and its verifier key, as the page \"Verify the log\" shows them",
    )
}
