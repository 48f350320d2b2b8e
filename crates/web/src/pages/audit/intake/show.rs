//! The page of rules and schemas, with a place to try them.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    permission::Permission,
    redaction::{Class, Detector, Note, Redaction},
    rule::{ReadIntake, Rule},
};
use bailiwick_ops::audit::intake::Tried;
use bailiwick_store::{Permit, Store, intake};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Field, Problem, Typed, in_order},
    pages::audit::{
        difference::{self, Change},
        history,
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/intake.html")]
pub(in crate::pages::audit) struct IntakePage {
    shell: Shell,
    problems: Vec<Problem>,
    may_set: bool,
    history: String,
    rules: Field,
    lines: Vec<String>,
    detectors: Vec<Tick>,
    schemas: Vec<SchemaRow>,
    action: Field,
    schema: Field,
    event: Field,
    tried: Option<TriedPart>,
}

/// A detector to be ticked.
struct Tick {
    name: &'static str,
    title: &'static str,
    becomes: &'static str,
    checked: bool,
}

struct SchemaRow {
    action: String,
    href: String,
    made: When,
}

/// What would become of the event that was tried.
struct TriedPart {
    faults: Vec<(String, String)>,
    changes: Vec<Change>,
    notes: Vec<(String, &'static str, &'static str)>,
    reason: Option<String>,
}

pub(in crate::pages::audit) async fn show(
    Access(permit): Access<ReadIntake>,
    visit: Visit,
    State(store): State<Store>,
) -> Result<IntakePage> {
    IntakePage::read(&store, &permit, &visit).await
}

impl IntakePage {
    /// Everything as it stands.
    pub(super) async fn read<R: Rule>(store: &Store, permit: &Permit<R>, visit: &Visit) -> Result<Self> {
        let settings = intake::find(&mut store.read(permit).await?).await?;
        let row = |schema: bailiwick_domain::entity::EventSchema| SchemaRow {
            href: format!("/audit/intake/schemas/{}", schema.id),
            made: When::day(schema.created_at),
            action: schema.action,
        };
        Ok(Self {
            shell: Shell::new(permit, visit, "Product events").under("Audit log", "/audit"),
            problems: Vec::new(),
            may_set: permit.may(Permission::AUDIT_REDACTION),
            history: history("event_rules", permit.tenant().ok_or(Error::NotFound)?),
            lines: settings.redaction.text().lines().map(str::to_owned).collect(),
            rules: Field::new("rules", "Rules")
                .hint("One a line: secret, personal or drop, then a path such as /card/number. * stands for one name, ** for any number of them.")
                .value(settings.redaction.text()),
            detectors: ticks(&settings.redaction),
            schemas: settings.schemas.into_iter().map(row).collect(),
            action: Field::new("action", "Action").hint("Such as app.plan.approved."),
            schema: schema_field(),
            event: Field::new("event", "Event").hint("As the product would send it. It is stored nowhere."),
            tried: None,
        })
    }

    /// The forms as they were filled in, with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let of = |field: &'static str| problems.iter().any(|problem| problem.field == field);
        let registering = of("action") || of("schema");
        let fields = [self.rules.named(), self.action.named(), self.schema.named(), self.event.named()];
        let mut detectors = self.detectors;
        if of("rules") || of("detectors") {
            for tick in &mut detectors {
                tick.checked = typed.has("detector", tick.name);
            }
        }
        Self {
            detectors,
            rules: if of("rules") { self.rules.again(typed, &problems) } else { self.rules },
            action: if registering { self.action.again(typed, &problems) } else { self.action },
            schema: if registering { self.schema.again(typed, &problems) } else { self.schema },
            event: if of("event") { self.event.again(typed, &problems) } else { self.event },
            problems: in_order(problems, &fields),
            ..self
        }
    }

    /// With what would become of an event.
    pub(super) fn tried(self, typed: &Typed, tried: Tried) -> Self {
        let note =
            |note: Note| (note.pointer, class(note.class), note.found.map_or("a rule", Detector::title));
        let fault = |fault: bailiwick_domain::json::Fault| {
            let place = if fault.pointer.is_empty() { "/".to_owned() } else { fault.pointer };
            (place, fault.text.into_owned())
        };
        let part = TriedPart {
            faults: tried.faults.into_iter().map(fault).collect(),
            changes: difference::changes(tried.changes, &std::collections::HashMap::new()),
            notes: tried.notes.into_iter().map(note).collect(),
            reason: tried.reason,
        };
        Self { event: self.event.again(typed, &[]), tried: Some(part), ..self }
    }
}

/// The field of a schema.
pub(super) fn schema_field() -> Field {
    Field::new("schema", "JSON Schema")
        .hint("2020-12, of the event as it is sent. References go to #/$defs/… alone.")
}

fn ticks(redaction: &Redaction) -> Vec<Tick> {
    let tick = |detector: &Detector| Tick {
        name: detector.name(),
        title: detector.title(),
        becomes: match detector {
            Detector::Email => "Sealed under the person that the event names; left out where it names none.",
            _ => "Left out of the record.",
        },
        checked: redaction.detectors.contains(detector),
    };
    Detector::ALL.iter().map(tick).collect()
}

const fn class(class: Class) -> &'static str {
    match class {
        Class::Secret => "hidden",
        Class::Personal => "sealed apart",
        Class::Drop => "left out",
    }
}
