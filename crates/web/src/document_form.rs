//! A document in a form: `name` or `document`, and then `file`, which is sealed piece by piece as it arrives.

use axum::{
    extract::{FromRequest, Request},
    http::StatusCode,
};
use bailiwick_domain::{
    entity::{Document, DocumentVersion},
    ids::DocumentId,
    rule::WriteDocuments,
};
use bailiwick_ops::documents::{self, NewVersion, Pieces};
use bailiwick_store::Permit;
use serde_json::json;

use crate::{
    bootstrap::{Arriving, FormFields, Waiting},
    csrf,
    description::{Described, Says},
    error::{Error, Result},
    forms::Problem,
    state::AppState,
};

/// A document that arrives.
pub(crate) struct DocumentForm {
    new: NewVersion,
    file: Option<Arriving>,
}

impl Described for DocumentForm {
    fn describe(takes: &mut Says<'_>) {
        takes.form(json!({
            "type": "object",
            "required": ["file"],
            "properties": {
                "name": {"type": "string", "description": "What a new document is called; without one, as the file is."},
                "document": {"type": "string", "description": "Or the document that gets another version."},
                "file": {"type": "string", "format": "binary", "description": "It comes last."},
            },
            "additionalProperties": false,
        }));
    }
}

impl FromRequest<AppState> for DocumentForm {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self> {
        let unsupported = || Error::Protocol(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let waiting = request.extensions().get::<Waiting>().ok_or_else(unsupported)?;
        let fields = request.extensions().get::<FormFields>().ok_or_else(unsupported)?;
        let file = waiting.take();
        let octets = state.settings.limits.upload as u64;
        let mut new = NewVersion { octets, ..NewVersion::default() };
        for (field, value) in fields.iter() {
            // A page sends a field also where nobody filled it in.
            match field.as_str() {
                csrf::FIELD => {}
                "name" if new.name.is_none() => {
                    new.name = Some(value.clone()).filter(|name| !name.trim().is_empty());
                }
                "document" if new.document.is_none() => {
                    if !value.is_empty() {
                        let wrong = |_| wrong("document", "This is no id of a document.");
                        new.document = Some(value.parse().map_err(wrong)?);
                    }
                }
                "name" | "document" => return Err(wrong(field, "This field is there twice.")),
                _ => return Err(wrong(field, "This field is not known.")),
            }
        }
        if new.name.is_none() && new.document.is_none() {
            new.name = file.as_ref().and_then(Arriving::name);
        }
        Ok(Self { new, file })
    }
}

fn wrong(field: &str, text: &str) -> Error {
    Error::Invalid(vec![Problem::new(field, text)])
}

impl DocumentForm {
    /// The document that gets another version.
    pub(crate) const fn document(&self) -> Option<DocumentId> {
        self.new.document
    }

    /// Adds what arrives, as a document or as a version of one.
    ///
    /// # Errors
    /// As the operation says; 400, 408 or 413 for what does not arrive as it has to. Nothing is left behind then.
    pub(crate) async fn add(
        self,
        state: &AppState,
        permit: &Permit<WriteDocuments>,
    ) -> Result<(Document, DocumentVersion)> {
        let Some(file) = self.file else { return Err(wrong("file", "Choose a file.")) };
        let mut coming = Coming(file);
        documents::whole(&state.store, permit, &state.cabinet, self.new, &mut coming).await
    }
}

struct Coming(Arriving);

impl Pieces for Coming {
    type Error = Error;

    async fn next(&mut self, into: &mut Vec<u8>) -> Result<bool> {
        Ok(match self.0.next().await? {
            Some(piece) => {
                into.extend_from_slice(&piece);
                true
            }
            None => false,
        })
    }
}
