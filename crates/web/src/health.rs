//! Whether the server lives and whether it can serve, for whoever runs it.

use axum::extract::State;
use bailiwick_domain::rule::Public;
use bailiwick_store::{Store, keys};

use crate::{
    access::Access,
    error::{Error, Result},
    routes::Routes,
};

/// `/healthz` and `/readyz`.
pub fn routes() -> Routes {
    Routes::new().get("/healthz", live).get("/readyz", ready)
}

/// The process lives and answers.
async fn live(_: Access<Public>) -> &'static str {
    "ok\n"
}

/// The database answers too; otherwise 503, and a load balancer should look elsewhere.
async fn ready(_: Access<Public>, State(store): State<Store>) -> Result<String> {
    store.ping().await.map_err(|cause| {
        tracing::warn!(%cause, "the database does not answer");
        Error::Unavailable { retry_after_seconds: 2 }
    })?;
    // Keys in memory serve for a time, so nobody has to look elsewhere yet; whoever runs the server has to know.
    Ok(match keys::away_since(&store) {
        Some(since) => format!("ok\nthe holder of the root key does not answer since {since}\n"),
        None => "ok\n".to_owned(),
    })
}
