//! What the pages about unused permissions share: a permission with its last use, and the form that takes permissions away.

use axum::response::{IntoResponse, Response};
use bailiwick_domain::{catalogue::Catalogue, permission::PermissionSet, time::Timestamp, zone::Zone};
use bailiwick_ops::unused::{Judgement, UNUSED_AFTER, UseLine};
use serde::Deserialize;

use crate::{
    forms::{Field, Problem, Typed},
    pages::{
        confirm::ConfirmPage,
        parts::{Badge, Tab},
        refused::Refused,
    },
    shell::{Shell, Visit},
    when::When,
};

/// What the form sends. `confirmed` once the question was asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Narrowing {
    #[serde(default)]
    pub(super) permission: Vec<String>,
    #[serde(default)]
    pub(super) label: String,
    pub(super) confirmed: Option<String>,
    #[serde(default)]
    pub(super) reason: String,
}

impl Narrowing {
    /// What was chosen: one permission at least.
    pub(super) fn read(values: Result<Self, Vec<Problem>>) -> Result<Self, Refused> {
        let wanted = values.map_err(|problems| Refused::unread(problems, &[]))?;
        if wanted.permission.is_empty() {
            let nothing = Problem::new("", "Choose at least one of the permissions.");
            return Err(Refused::unread(vec![nothing], &[]));
        }
        Ok(wanted)
    }

    /// The fields that the question carries along.
    pub(super) fn hidden(&self) -> Vec<(String, String)> {
        let permissions = self.permission.iter().map(|name| ("permission".to_owned(), name.clone()));
        let label = (!self.label.is_empty()).then(|| ("label".to_owned(), self.label.clone()));
        permissions.chain(label).chain([("confirmed".to_owned(), "yes".to_owned())]).collect()
    }
}

/// What every question has that asks before permissions are taken away; the rest is for the caller to say.
pub(super) fn question(
    shell: Shell,
    (label, to, act): (&str, &str, &str),
    wanted: &Narrowing,
    typed: &Typed,
    problems: &[Problem],
) -> ConfirmPage {
    let reason = Field::new("reason", "Reason").hint("In 3 to 500 characters. Kept in the audit record.");
    ConfirmPage {
        shell: shell.under("Unused permissions", "/access/unused").under(label.to_owned(), to.to_owned()),
        question: format!("Take what is not used from {label}?"),
        sentence: String::new(),
        effects: Vec::new(),
        danger: false,
        action: format!("{to}/{act}"),
        hidden: wanted.hidden(),
        reason: Some(reason.again(typed, problems)),
        button: "Take away",
        cancel: to.to_owned(),
    }
}

/// What follows on a refusal: the question again, where its reason is all that is wrong, and the page before it otherwise.
pub(super) fn refused(
    refused: Refused,
    question: impl FnOnce(&[Problem]) -> ConfirmPage,
    page: impl FnOnce(Refused) -> Response,
) -> Response {
    if refused.problems.iter().all(|problem| problem.field == "reason") {
        (refused.status, question(&refused.problems)).into_response()
    } else {
        page(refused)
    }
}

/// One permission.
pub(crate) struct LineRow {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) badge: Badge,
    /// The day, which is one of UTC whoever reads it.
    pub(crate) last: Option<String>,
    /// What is said where no use is recorded.
    pub(crate) never: String,
    pub(crate) unused: bool,
    /// Ticked when the page first comes up: what is unused and the viewer may take away.
    pub(crate) ticked: bool,
}

/// The permissions that some route of the running server asks for.
pub(crate) fn measured(visit: &Visit) -> PermissionSet {
    visit.access_table().iter().filter_map(|row| row.need.permission()).collect()
}

/// A permission as the page shows it.
pub(crate) fn row(catalogue: &Catalogue, line: &UseLine, held: PermissionSet) -> LineRow {
    let unused = line.judgement == Judgement::Unused;
    let never = match (line.judgement, line.from) {
        (Judgement::NotMeasured, _) => "Not measured here".to_owned(),
        (_, Some(from)) => format!("Never since {}", day(from)),
        (_, None) => "Not recorded yet".to_owned(),
    };
    LineRow {
        name: catalogue.name(line.permission).to_owned(),
        description: catalogue
            .definition(line.permission)
            .map(|definition| definition.description.to_string())
            .unwrap_or_default(),
        badge: match line.judgement {
            Judgement::Used => Badge::new("ok", "Used"),
            Judgement::Unused => Badge::new("warn", "Unused"),
            Judgement::TooEarly => Badge::new("mute", "Too early to say"),
            Judgement::NotMeasured => Badge::new("mute", "Not measured"),
        },
        last: line.last.map(day),
        never,
        unused,
        ticked: unused && held.contains(line.permission),
    }
}

/// Uses are noted by days of UTC, and shown as those.
fn day(at: Timestamp) -> String {
    When::day(at).text(&Zone::UTC)
}

/// Since when uses are recorded, and what that means.
pub(crate) fn recorded(recording: Option<Timestamp>, now: Timestamp) -> String {
    match recording {
        None => {
            "No use is recorded yet. Ninety days from the first one on, this page can tell what is not used."
                .to_owned()
        }
        Some(since) if since + UNUSED_AFTER > now => format!(
            "Uses are recorded since {} (UTC): less than ninety days, so nothing can be called unused before {}.",
            day(since),
            day(since + UNUSED_AFTER)
        ),
        Some(since) => format!("Uses are recorded since {}, by days of UTC.", day(since)),
    }
}

/// Roles and people.
pub(super) fn tabs(people: bool, may_see_people: bool) -> Vec<Tab> {
    let tab =
        |label, href: &str, current| Tab { label, href: href.to_owned(), current, count: String::new() };
    let roles = tab("Roles", "/access/unused", !people);
    let people = tab("People", "/access/unused/users", people);
    if may_see_people { vec![roles, people] } else { vec![roles] }
}

/// What will happen to each of these permissions.
pub(super) fn effects(catalogue: &Catalogue, names: &[String], what: &str) -> Vec<String> {
    let sentence = |name: &String| {
        let meaning = catalogue.find(name).and_then(|permission| catalogue.definition(permission));
        let meaning = meaning.map(|definition| definition.description.as_ref()).unwrap_or_default();
        format!("{name} {what}. {meaning}")
    };
    names.iter().map(sentence).collect()
}
