//! Answering logs: one address that takes checkpoints, and one that gives the witness's key.

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State as Shared},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bailiwick_domain::clock::Clock;
use bailiwick_proof::{
    checkpoint::{CosignerKey, NoteSignature, cosign},
    witness::{AddCheckpoint, MAX_REQUEST_BYTES, Refusal, judge},
};
use tokio::sync::Mutex;

use super::{
    State, Trusted,
    folder::{Folder, write_refused, write_state},
};
use crate::installation::signing::SigningKey;

/// A witness that answers.
struct Witness {
    folder: PathBuf,
    key: SigningKey,
    verifier: CosignerKey,
    trusted: Trusted,
    clock: Arc<dyn Clock>,
    /// Held from the look at what was cosigned last until the new checkpoint is on disk: no other request comes in between.
    state: Mutex<State>,
}

/// Why a checkpoint is not cosigned.
#[derive(Debug)]
enum No {
    /// Not a request.
    Malformed(String),
    /// Of a log that is not trusted.
    UnknownLog,
    /// Judged.
    Refused(Refusal),
    /// What was cosigned could not be kept, so nothing is.
    Broken(String),
}

/// The addresses of a witness: `POST /add-checkpoint` and `GET /key`.
pub(crate) fn router(
    folder: Folder,
    verifier: CosignerKey,
    trusted: Trusted,
    state: State,
    clock: Arc<dyn Clock>,
) -> Router {
    let path = folder.path().to_owned();
    let witness =
        Witness { folder: path, key: folder.key, verifier, trusted, clock, state: Mutex::new(state) };
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/key", get(key))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(Arc::new(witness))
}

async fn key(Shared(witness): Shared<Arc<Witness>>) -> String {
    format!("{}\n", witness.verifier)
}

async fn add_checkpoint(Shared(witness): Shared<Arc<Witness>>, body: Bytes) -> Response {
    // Finished even if the client goes away: what is kept and what is answered must not part.
    let cosigned = tokio::spawn(async move { witness.cosign(&body).await }).await;
    match cosigned {
        Ok(Ok(line)) => {
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{line}\n")).into_response()
        }
        Ok(Err(no)) => no.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Witness {
    async fn cosign(&self, body: &[u8]) -> Result<NoteSignature, No> {
        let request = AddCheckpoint::parse(body).map_err(|error| No::Malformed(error.to_string()))?;
        let origin = request.note.text().lines().next().unwrap_or_default().to_owned();
        let keys = self.trusted.keys(&origin);
        if keys.is_empty() {
            return Err(No::UnknownLog);
        }
        let mut state = self.state.lock().await;
        let seen = state.seen(&origin);
        let checkpoint = judge(&request, &keys, seen).map_err(|refusal| {
            self.refused(&origin, &request, refusal);
            No::Refused(refusal)
        })?;
        if !state.knows(&origin) {
            tracing::warn!(%origin, size = checkpoint.size, "a log is cosigned for the first time");
        }
        let next = state.with(&checkpoint, &request.note);
        let next =
            next.ok_or_else(|| No::Broken("there are too many logs, or its note is too long".into()))?;
        let (folder, kept) = (self.folder.clone(), next.clone());
        let written = tokio::task::spawn_blocking(move || write_state(&folder, &kept)).await;
        written
            .map_err(|error| error.to_string())
            .and_then(|written| written.map_err(|error| error.to_string()))
            .map_err(No::Broken)?;
        *state = next;
        drop(state);
        tracing::info!(%origin, size = checkpoint.size, "cosigned");
        let seconds = self.clock.now().unix_seconds();
        cosign(request.note.text(), seconds, &self.key).map_err(|error| No::Broken(error.to_string()))
    }

    /// A log that signs what does not extend what it signed before has two histories, and here is the proof.
    fn refused(&self, origin: &str, request: &AddCheckpoint, refusal: Refusal) {
        if !matches!(refusal, Refusal::Fork(_) | Refusal::Inconsistent) {
            return;
        }
        tracing::error!(%origin, %refusal, "refused: the log signed another history; the request is kept in `refused`");
        if let Err(error) = write_refused(&self.folder, &request.to_string()) {
            tracing::error!(%error, "the refused request could not be kept");
        }
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        match self {
            Self::Malformed(text) => (StatusCode::BAD_REQUEST, format!("{text}\n")).into_response(),
            Self::UnknownLog => (StatusCode::NOT_FOUND, "this log is not known here\n").into_response(),
            Self::Refused(refusal) => {
                let status =
                    StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                match refusal.size() {
                    Some(size) => (status, [(header::CONTENT_TYPE, "text/x.tlog.size")], format!("{size}\n"))
                        .into_response(),
                    None => (status, format!("{refusal}\n")).into_response(),
                }
            }
            Self::Broken(text) => {
                tracing::error!(error = text, "a checkpoint could not be kept");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests;
