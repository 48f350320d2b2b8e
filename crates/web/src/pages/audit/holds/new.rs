//! The form with which a hold is placed.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{ids::AuditHoldId, rule::PlaceHold};
use bailiwick_store::{Permit, Store};

use crate::{
    access::Access,
    forms::{Choice, Field, Problem, Select, Typed, in_order},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/hold_new.html")]
pub(super) struct NewHoldPage {
    shell: Shell,
    problems: Vec<Problem>,
    /// The id of the hold to be: the same with the question and the answer.
    id: String,
    scope: Select,
    person: Field,
    entity_type: Field,
    entity_id: Field,
    from: Field,
    until: Field,
    action: Field,
    reason: Field,
}

pub(super) async fn new(
    Access(permit): Access<PlaceHold>,
    visit: Visit,
    State(store): State<Store>,
) -> NewHoldPage {
    let id: AuditHoldId = store.new_id();
    page(&permit, &visit, id.to_string())
}

/// The empty form.
pub(super) fn page(permit: &Permit<PlaceHold>, visit: &Visit, id: String) -> NewHoldPage {
    let scopes = [
        Choice::new("tenant", "The whole organisation"),
        Choice::new("person", "One person").hint("Everything that is kept about them."),
        Choice::new("entity", "One thing").hint("Its history in the log."),
        Choice::new("range", "Records of a time").hint("And where you say so, of a class of actions."),
    ];
    NewHoldPage {
        shell: Shell::new(permit, visit, "New legal hold").under("Legal holds", "/audit/holds"),
        problems: Vec::new(),
        id,
        scope: Select::new("scope", "What it keeps", scopes, ""),
        person: Field::new("person", "Person").hint(
            "Of one person: their name, address or id; of the product product:u-17 or app.customer/CU-77.",
        ),
        entity_type: Field::new("entity_type", "Kind")
            .hint("Of one thing: its kind, such as invitation or app.customer."),
        entity_id: Field::new("entity_id", "Id")
            .hint("Of one thing: its id; for one of the product's the product's own."),
        from: Field::new("from", "From").hint("Of a time, in UTC."),
        until: Field::new("until", "Until"),
        action: Field::new("action", "Action").hint("Such as invitation, or invitation.created."),
        reason: Field::new("reason", "Reason").hint("The matter. It stands in the log: name nobody."),
    }
}

impl NewHoldPage {
    /// The form as it was filled in, with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [
            self.scope.named(),
            self.person.named(),
            self.entity_type.named(),
            self.entity_id.named(),
            self.from.named(),
            self.until.named(),
            self.action.named(),
            self.reason.named(),
        ];
        Self {
            scope: self.scope.again(typed, &problems),
            person: self.person.again(typed, &problems),
            entity_type: self.entity_type.again(typed, &problems),
            entity_id: self.entity_id.again(typed, &problems),
            from: self.from.again(typed, &problems),
            until: self.until.again(typed, &problems),
            action: self.action.again(typed, &problems),
            reason: self.reason.again(typed, &problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}
