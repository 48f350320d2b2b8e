//! One schema, and changing what it says.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    ids::EventSchemaId,
    permission::Permission,
    rule::{ReadIntake, Rule, SetIntake},
};
use bailiwick_ops::audit::intake;
use bailiwick_store::{Permit, Store, intake as stored};
use serde::Deserialize;

use super::show::schema_field;
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Form, Id, Problem, in_order},
    pages::{audit::history, refused::Refused},
    shell::{Message, SeeOther, Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/intake_schema.html")]
pub(in crate::pages::audit) struct SchemaPage {
    shell: Shell,
    problems: Vec<Problem>,
    title: String,
    path: String,
    made: When,
    history: String,
    may_set: bool,
    schema: Field,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::pages::audit) struct ChangeForm {
    schema: String,
}

pub(in crate::pages::audit) async fn show(
    Access(permit): Access<ReadIntake>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<EventSchemaId>,
) -> Result<SchemaPage> {
    page(&store, &permit, &visit, id).await
}

async fn page<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    visit: &Visit,
    id: EventSchemaId,
) -> Result<SchemaPage> {
    let schema = stored::schema(&mut store.read(permit).await?, id).await?;
    Ok(SchemaPage {
        shell: Shell::new(permit, visit, schema.action.clone())
            .under("Audit log", "/audit")
            .under("Product events", "/audit/intake"),
        problems: Vec::new(),
        path: format!("/audit/intake/schemas/{id}"),
        made: When::day(schema.created_at),
        history: history("event_schema", id),
        may_set: permit.may(Permission::AUDIT_REDACTION),
        title: schema.action,
        schema: schema_field().value(schema.schema),
    })
}

pub(in crate::pages::audit) async fn change(
    Access(permit): Access<SetIntake>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<EventSchemaId>,
    form: Form<ChangeForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match intake::change_schema(&store, &permit, id, values.schema).await {
            Ok(_) => {
                let to = format!("/audit/intake/schemas/{id}");
                return Ok(SeeOther::to(&to).tell(Message::EventSchemaChanged).into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let page = page(&store, &permit, &visit, id).await?;
    let named = [page.schema.named()];
    let page = SchemaPage {
        schema: page.schema.again(&form.typed, &refused.problems),
        problems: in_order(refused.problems, &named),
        ..page
    };
    Ok((refused.status, page).into_response())
}
