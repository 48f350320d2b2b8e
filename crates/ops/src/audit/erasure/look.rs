//! What was found, what would go, what stays and why.

use bailiwick_domain::{
    entity::{AuditHold, ErasureCertificate, SubjectRequest, SubjectRequestState},
    ids::SubjectRequestId,
    permission::Permission,
    rule::ReadSubjects,
    subject::Kind,
};
use bailiwick_store::{
    Permit, Store,
    audit::{
        hold::{self, Target},
        subject::{self, Line, Record},
    },
};

use super::called;
use crate::{Result, audit::hold::name};

/// Records of the log with values that a report shows at most of each key.
pub const SHOWN: i64 = 20;

/// What is kept of the person of a request at this moment.
#[derive(Clone, Debug)]
pub struct Report {
    /// The request.
    pub request: SubjectRequest,
    /// What to call the person: their name for whoever may see it, and else the end of their id.
    pub called: String,
    /// How many there are of each kind.
    pub counts: Vec<(Kind, i64)>,
    /// The values, for whoever may see users and the audit log; nothing for everybody else.
    pub values: Option<Values>,
    /// The hold that keeps an erasure from being done.
    pub held: Option<AuditHold>,
    /// The same in words.
    pub refusal: Option<String>,
    /// What the certificate of an erasure says.
    pub certified: Option<ErasureCertificate>,
}

/// What is kept, to be read.
#[derive(Clone, Debug)]
pub struct Values {
    /// Rows of tables.
    pub lines: Vec<Line>,
    /// Records of the log with values about them, up to [`SHOWN`] of each key.
    pub records: Vec<Record>,
}

/// Looks again at what is kept of the person of a request.
///
/// # Errors
/// `NotFound`.
pub async fn look(store: &Store, permit: &Permit<ReadSubjects>, id: SubjectRequestId) -> Result<Report> {
    let mut view = store.read(permit).await?;
    let asked = subject::find(&mut view, id).await?;
    let found = subject::of_request(&mut view, &asked.request, asked.address).await?;
    let counts = subject::counts(&mut view, &found).await?;
    let open = asked.request.state == SubjectRequestState::Open;
    let held = if open { hold::held(&mut view, Target::Person(&found.keys)).await? } else { None };
    let held = held.map(|found| found.hold);
    let refusal = match &held {
        Some(held) => Some(held.refusal(name(&mut view, permit, &held.scope).await?.as_deref())),
        None => None,
    };
    let certified = if open { None } else { subject::certified(&mut view, id).await? };
    let may = permit.may(Permission::USER_READ) && permit.may(Permission::AUDIT_READ);
    let values = if may {
        let lines = subject::lines(&mut view, &found).await?;
        let mut records = Vec::new();
        for key in &found.keys {
            records.extend(subject::records(&mut view, *key, None, SHOWN).await?);
        }
        Some(Values { lines, records })
    } else {
        None
    };
    let unnamed = subject::Subject { user: None, ..found.clone() };
    Ok(Report {
        called: called(if may { &found } else { &unnamed }),
        request: asked.request,
        counts,
        values,
        held,
        refusal,
        certified,
    })
}
