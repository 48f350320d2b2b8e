//! One stream: how far it came, what went wrong, and what may be done with it.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    entity::{StreamFault, StreamState},
    ids::StreamId,
    permission::Permission,
    rule::{ReadAudit, Rule},
};
use bailiwick_store::{
    Permit, Store,
    audit::stream::{self, Dead, Listed},
};
use serde::Deserialize;

use super::{LIST, list::state, typed::FilterFields};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Id, LocalPath, Problem, Query, Typed, in_order},
    pages::{
        audit::history,
        parts::{Badge, Pager, address, counted, grouped},
        refused::Refused,
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    before: Option<i64>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/stream.html")]
pub(super) struct StreamPage {
    shell: Shell,
    problems: Vec<Problem>,
    name: String,
    path: String,
    history: String,
    kind: &'static str,
    origin: String,
    state: Badge,
    may_change: bool,
    /// Nobody has confirmed where it leads.
    proposed: bool,
    active: bool,
    signs: bool,
    lag: String,
    next_record: String,
    tree_size: String,
    delivered: String,
    last: Option<When>,
    fault: Option<&'static str>,
    attempts: i64,
    since: Option<When>,
    next_try: Option<When>,
    tested: Option<Tested>,
    test_waits: bool,
    narrow: FilterFields,
    index: Field,
    dead: Vec<DeadRow>,
    pager: Pager,
}

/// How the last test went.
struct Tested {
    at: When,
    outcome: Badge,
    fault: Option<&'static str>,
}

/// A record that was left behind.
struct DeadRow {
    index: i64,
    href: String,
    fault: &'static str,
    attempts: i64,
    at: When,
}

pub(super) async fn show(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    Query(place): Query<Place>,
) -> Result<StreamPage> {
    StreamPage::read(&store, &permit, &visit, id, &place).await
}

/// The stream as it stands, with what was refused and what was typed.
pub(super) async fn refused_at<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    visit: &Visit,
    id: StreamId,
    refused: Refused,
    typed: &Typed,
) -> Result<Response> {
    let page = StreamPage::read(store, permit, visit, id, &Place::default()).await?;
    Ok((refused.status, page.again(typed, refused.problems)).into_response())
}

impl StreamPage {
    async fn read<R: Rule>(
        store: &Store,
        permit: &Permit<R>,
        visit: &Visit,
        id: StreamId,
        place: &Place,
    ) -> Result<Self> {
        let mut view = store.read(permit).await?;
        let listed = stream::find(&mut view, id).await?;
        let (dead, older) = stream::dead_letters(&mut view, id, place.before).await?;
        let state = state(&listed);
        let Listed { stream, progress } = listed;
        let path = format!("{LIST}/{id}");
        let older = older.map(|older| address(&path, &[("before", Some(older.to_string().as_str()))]));
        let active = stream.state == StreamState::Active;
        let mut shell = Shell::new(permit, visit, stream.name.clone())
            .under("Audit log", "/audit")
            .under("Streams", LIST);
        // The page also comes as the answer to a form, whose own address nobody can open.
        if shell.prove_at.is_some() {
            shell.prove_at = LocalPath::parse(&path).map(|here| here.after("/sign-in/again"));
        }
        Ok(Self {
            shell,
            problems: Vec::new(),
            history: history("audit_stream", id),
            kind: stream.kind.title(),
            state,
            may_change: permit.may(Permission::AUDIT_STREAM),
            proposed: stream.state == StreamState::Proposed,
            active,
            signs: stream.secret > 0,
            lag: counted(progress.lag(), "record"),
            next_record: grouped(progress.next_leaf),
            tree_size: grouped(progress.tree_size),
            delivered: counted(progress.delivered, "record"),
            last: progress.delivered_at.map(When::moment),
            fault: progress.fault.map(StreamFault::sentence),
            attempts: progress.attempts,
            since: progress.failing_since.map(When::moment),
            next_try: (active && progress.attempts > 0).then(|| When::moment(progress.next_attempt_at)),
            tested: progress.tested_at.map(|at| Tested {
                at: When::moment(at),
                outcome: match progress.test_fault {
                    None => Badge::new("ok", "Arrived"),
                    Some(_) => Badge::new("bad", "Did not arrive"),
                },
                fault: progress.test_fault.map(StreamFault::sentence),
            }),
            test_waits: progress.test_waits,
            narrow: FilterFields::of(&stream.name, &stream.filter),
            index: Field::new("index", "First record")
                .hint("Its index in the log. Records that the other side has already are sent once more."),
            pager: Pager::forward(
                counted(progress.dead, "record"),
                place.before.map(|_| path.clone()),
                older,
            ),
            dead: dead.into_iter().map(row).collect(),
            name: stream.name,
            origin: stream.origin,
            path,
        })
    }

    fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let replayed = problems.iter().any(|problem| problem.field == "index");
        let mut fields = self.narrow.named();
        fields.push(self.index.named());
        Self {
            index: if replayed { self.index.again(typed, &problems) } else { self.index },
            narrow: if replayed { self.narrow } else { self.narrow.again(typed, &problems) },
            problems: in_order(problems, &fields),
            ..self
        }
    }
}

fn row(dead: Dead) -> DeadRow {
    DeadRow {
        index: dead.leaf_index,
        href: format!("/audit/events/{}", dead.event),
        fault: dead.fault.map_or("", StreamFault::sentence),
        attempts: dead.attempts,
        at: When::moment(dead.at),
    }
}
