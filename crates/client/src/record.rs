//! Events of the product, for the audit log.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Client, Error};

/// Something that happened in the product. `docs/guides/send-events.md` says what each field may hold.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// By which the same event is known when it is sent again.
    pub key: String,
    /// What happened: `app.` and at least two words.
    pub action: String,
    /// To what.
    pub entity: Thing,
    /// By whom, by the product's own id; by itself, where nobody is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The thing as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The thing as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// A thing of the product.
#[derive(Clone, Debug, Serialize)]
pub struct Thing {
    /// `app.` and a word.
    pub r#type: String,
    /// The product's own id of it.
    pub id: String,
}

/// Somebody of the product.
#[derive(Clone, Debug, Serialize)]
pub struct Actor {
    /// The product's own id of them.
    pub id: String,
}

impl Event {
    /// An event that says only what happened to what.
    pub fn new(key: impl Into<String>, action: impl Into<String>, entity: Thing) -> Self {
        let (key, action) = (key.into(), action.into());
        Self { key, action, entity, actor: None, reason: None, before: None, after: None }
    }
}

/// An event that is on disk.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Stored {
    /// The id of its record.
    pub id: Uuid,
    /// Its leaf in the tree, as hex: kept beside the product's own data, it shows at any time whether the log still has it.
    pub hash: String,
    /// Whether it was stored before, under the same key.
    pub again: bool,
}

impl Client {
    /// Records an event. It is durable once this returns; sent again under the same key, it is stored once.
    ///
    /// # Errors
    /// [`Error`]: where nobody answered, it may or may not be stored, and the same event may be sent again.
    pub async fn record(&self, event: &Event) -> Result<Stored, Error> {
        self.post("/v1/audit/events", event).await
    }
}
