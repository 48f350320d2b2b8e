//! Exporting a search.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::ExportAudit;
use bailiwick_ops::exports;
use serde::Deserialize;

use super::new::page;
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Query},
    pages::{audit::filter::Asked, refused::Refused},
    shell::{Message, SeeOther, Visit},
    state::AppState,
    when::zone_of,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportForm {
    format: String,
    /// The search, as the address of the log has it.
    #[serde(default)]
    search: String,
}

pub(super) async fn ask(
    Access(permit): Access<ExportAudit>,
    visit: Visit,
    State(state): State<AppState>,
    form: Form<ExportForm>,
) -> Result<Response> {
    let values = match form.values {
        Ok(values) => values,
        Err(problems) => {
            let refused = Refused::unread(problems, &[]);
            let page = page(&permit, &visit, &state.spool, &Asked::default());
            return Ok((refused.status, page.again(&form.typed, refused.problems)).into_response());
        }
    };
    let asked: Asked = Query::parse(&values.search)?;
    let understood = asked.understand(&mut state.store.read(&permit).await?, &zone_of(&permit)).await?;
    let refused = if understood.problems.is_empty() {
        match exports::ask(&state.store, &permit, &state.spool, &values.format, &understood.sought).await {
            Ok(export) => {
                let to = format!("/audit/exports/{}", export.id);
                return Ok(SeeOther::to(&to).tell(Message::ExportAsked).into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        }
    } else {
        Refused::unread(understood.problems, &[])
    };
    let page = page(&permit, &visit, &state.spool, &asked).again(&form.typed, refused.problems);
    Ok((refused.status, page).into_response())
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_ops::exports::{Exports, Spool};
    use bailiwick_testkit::{Db, both_databases};

    use crate::pages::browser::Browser;

    fn job(db: &Db) -> Exports {
        Exports::new(db.store.clone(), db.jobs(), Spool::new(db.folder().join("exports"), None))
    }

    both_databases! {
        async fn owner_exports_a_search_and_downloads_it(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let search = owner.get("/audit?action=user.created").await;
            assert!(search.shows("/audit/exports/new?action=user.created"), "{}", search.body);
            let form = owner.get("/audit/exports/new?action=user.created").await;
            assert!(form.status == 200 && form.shows("user.created") && !form.shows("Parquet"), "{}", form.body);
            let asked = owner.post("/audit/exports", &[("format", "csv"), ("search", "action=user.created")]).await;
            let (status, path) = asked.led();
            let path = path.to_owned();
            assert!(status == 303 && path.starts_with("/audit/exports/"), "{}", asked.body);
            let file = format!("{path}/file");
            assert!(owner.get(&path).await.shows("Waiting"));
            assert_eq!(owner.get(&file).await.status, 409);
            db.sign().await;
            assert_eq!(job(&db).round().await.unwrap(), 1);
            let page = owner.get(&path).await;
            assert!(page.shows("Ready") && page.shows(&file) && page.shows("1 record"), "{}", page.body);
            let got = owner.get(&file).await;
            assert_eq!(got.status, 200);
            assert!(got.body.starts_with("\"leaf_index\",\"id\"") && got.body.contains("\"user.created\""), "{}", got.body);
            assert_eq!(got.body.matches("\r\n").count(), 2, "a head and one record");
            assert_eq!(got.headers[header::ACCEPT_RANGES], "bytes");
            assert!(owner.get(&path).await.shows("1 download"));
            assert!(owner.get("/audit/exports").await.shows("Ready"));
            assert!(owner.get("/security/events").await.shows("An export of the audit log was asked for"));
            db.clock.advance(Span::days(7));
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            assert_eq!(auditor.get(&file).await.status, 409, "before the job has been there");
            assert_eq!(job(&db).round().await.unwrap(), 1);
            assert_eq!(std::fs::read_dir(db.folder().join("exports")).unwrap().count(), 0);
            db.sign().await;
            db.verify().await.unwrap();
        }

        async fn owner_removes_a_file_before_its_time(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let asked = owner.post("/audit/exports", &[("format", "jsonl"), ("search", "")]).await;
            let path = asked.led().1.to_owned();
            assert!(owner.get(&format!("{path}/remove")).await.shows("Remove the file?"));
            assert_eq!(owner.post(&format!("{path}/remove"), &[]).await.led(), (303, "/audit/exports"));
            assert_eq!(owner.post(&format!("{path}/remove"), &[]).await.status, 409);
            db.sign().await;
            assert_eq!(job(&db).round().await.unwrap(), 0, "nothing is left to write");
        }

        async fn what_is_no_form_or_no_search_is_said_so(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            for format in ["", "xlsx", "parquet"] {
                let refused = owner.post("/audit/exports", &[("format", format), ("search", "")]).await;
                assert!(refused.status == 422 && refused.shows("Choose one of the forms"), "{format}: {}", refused.body);
            }
            assert_eq!(owner.post("/audit/exports", &[("format", "csv"), ("search", "who=1")]).await.status, 400);
            let vague = owner.post("/audit/exports", &[("format", "csv"), ("search", "actor=nobody-at-all")]).await;
            assert!(vague.status == 422 && vague.shows("Nobody here has this name"), "{}", vague.body);
        }

        async fn nobody_exports_without_the_permission_or_what_is_of_others(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let asked = owner.post("/audit/exports", &[("format", "csv"), ("search", "")]).await;
            let path = asked.led().1.to_owned();
            let mut planner = Browser::of(&acme.user(Role::PlanManager).await);
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(planner.get("/audit/exports").await.status, 403);
            assert_eq!(planner.post("/audit/exports", &[("format", "csv"), ("search", "")]).await.status, 403);
            for (path, status) in [(path.clone(), 404), (format!("{path}/file"), 404), (format!("{path}/remove"), 404)] {
                assert_eq!(planner.get(&path).await.status, 403, "{path}");
                assert_eq!(stranger.get(&path).await.status, status, "{path}");
            }
        }
    }
}
