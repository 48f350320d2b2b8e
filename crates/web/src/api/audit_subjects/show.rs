//! What is kept of the person of a request: what would go, what stays and why, with the values for whoever may see them.

use axum::extract::State;
use bailiwick_domain::{
    entity::ErasureCertificate,
    ids::SubjectRequestId,
    rule::ReadSubjects,
    subject::{BEYOND, Fate, Kind},
};
use bailiwick_ops::audit::erasure;
use bailiwick_store::{
    Store,
    audit::subject::{Line, Record},
};
use serde::Serialize;

use super::RequestBody;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

#[derive(Serialize)]
pub(in crate::api) struct ReportBody {
    request: RequestBody,
    kinds: Vec<KindBody>,
    /// Nothing for whoever may not see users and the audit log.
    values: Option<ValuesBody>,
    /// Why nothing can be erased at the moment.
    held: Option<String>,
    /// What the certificate of an erasure says; nothing before it.
    certified: Option<ErasureCertificate>,
    beyond: [&'static str; 4],
}

#[derive(Serialize)]
struct KindBody {
    kind: Kind,
    count: i64,
    goes: bool,
    /// Why it stays.
    because: Option<&'static str>,
}

#[derive(Serialize)]
struct ValuesBody {
    kept: Vec<Line>,
    records: Vec<Record>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadSubjects>,
    State(store): State<Store>,
    Id(id): Id<SubjectRequestId>,
) -> Result<Json<ReportBody>> {
    let report = erasure::look(&store, &permit, id).await?;
    let kind = |(kind, count): (Kind, i64)| {
        let because = match kind.fate() {
            Fate::Goes => None,
            Fate::Stays(why) => Some(why),
        };
        KindBody { kind, count, goes: because.is_none(), because }
    };
    Ok(Json(ReportBody {
        request: report.request.into(),
        kinds: report.counts.into_iter().map(kind).collect(),
        values: report.values.map(|values| ValuesBody { kept: values.lines, records: values.records }),
        held: report.refusal,
        certified: report.certified,
        beyond: BEYOND,
    }))
}
