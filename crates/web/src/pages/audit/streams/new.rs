//! The form with which a stream is made, for each kind.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::{
    entity::{StreamFilter, StreamKind},
    rule::UpdateStreams,
};
use bailiwick_store::Permit;
use serde::Deserialize;

use super::{
    LIST,
    typed::{FilterFields, PlaceFields},
};
use crate::{
    access::Access,
    error::Result,
    forms::{Choice, Problem, Query, Select, Typed, in_order},
    pages::parts::Tab,
    shell::{Shell, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kind {
    kind: Option<StreamKind>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/stream_new.html")]
pub(super) struct NewStreamPage {
    shell: Shell,
    problems: Vec<Problem>,
    tabs: Vec<Tab>,
    place: PlaceFields,
    narrow: FilterFields,
    begins: Select,
}

pub(super) async fn new(
    Access(permit): Access<UpdateStreams>,
    visit: Visit,
    Query(asked): Query<Kind>,
) -> Result<NewStreamPage> {
    Ok(page(&permit, &visit, asked.kind.unwrap_or(StreamKind::Webhook)))
}

/// The empty form.
pub(super) fn page(permit: &Permit<UpdateStreams>, visit: &Visit, kind: StreamKind) -> NewStreamPage {
    let tab = |of: &StreamKind| Tab {
        label: of.title(),
        href: format!("{LIST}/new?kind={}", of.name()),
        current: *of == kind,
        count: String::new(),
    };
    let from = [("now", "With what is recorded from now on"), ("start", "With the first record of the log")];
    NewStreamPage {
        shell: Shell::new(permit, visit, "New stream").under("Audit log", "/audit").under("Streams", LIST),
        problems: Vec::new(),
        tabs: StreamKind::ALL.iter().map(tab).collect(),
        place: PlaceFields::of(kind),
        narrow: FilterFields::of("", &StreamFilter::default()),
        begins: Select::new("from", "Begins", from.map(|(value, label)| Choice::new(value, label)), "now"),
    }
}

impl NewStreamPage {
    /// The form as it was filled in, with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let mut fields = self.narrow.named();
        drop(fields.splice(1..1, self.place.named()));
        fields.push(self.begins.named());
        Self {
            place: self.place.again(typed, &problems),
            narrow: self.narrow.again(typed, &problems),
            begins: self.begins.again(typed, &problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}
