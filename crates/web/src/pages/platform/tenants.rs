//! Every organisation of the installation.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{Tenant, TenantKind, TenantStatus},
    permission::Permission,
    posture::{Posture, REVIEW_FROM, STRONG_FROM},
    role::Role,
    rule::ReadTenants,
};
use bailiwick_ops::posture;
use bailiwick_store::{Permit, regions::LOCAL, tenants, users};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Choice, Field, Query, Select},
    pages::{
        cursor,
        parts::{Badge, Chip, Pager, address, counted, grouped},
    },
    shell::{Shell, Visit},
    state::AppState,
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    q: Option<String>,
    region: Option<String>,
    status: Option<TenantStatus>,
    after: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "platform/tenants.html")]
pub(super) struct TenantsPage {
    shell: Shell,
    may_create: bool,
    query: Field,
    region: Select,
    status: Select,
    chips: Vec<Chip>,
    clear: &'static str,
    rows: Vec<TenantRow>,
    pager: Pager,
}

struct TenantRow {
    name: String,
    slug: String,
    region: String,
    users: String,
    posture: Score,
    status: Badge,
    created: When,
    enrol: Option<String>,
    suspend: Option<String>,
    resume: Option<String>,
}

struct Score {
    score: u8,
    kind: &'static str,
}

pub(super) async fn tenants(
    Access(permit): Access<ReadTenants>,
    visit: Visit,
    State(state): State<AppState>,
    Query(asked): Query<Asked>,
) -> Result<TenantsPage> {
    let after = cursor(asked.after.as_deref())?;
    let filter =
        tenants::Filter { text: asked.q.clone(), region: asked.region.clone(), status: asked.status };
    let page = tenants::search(&state.store, &permit, &filter, after).await?;
    let may_suspend = permit.may(Permission::TENANT_SUSPEND);
    let mut rows = Vec::with_capacity(page.items.len());
    for tenant in page.items {
        rows.push(row(&state, &permit, tenant, may_suspend).await?);
    }
    let here = |without: &str, after: Option<&str>| {
        let keep = |name, value| (name, if name == without { None } else { value });
        let status = asked.status.map(TenantStatus::name);
        address(
            "/platform/tenants",
            &[
                keep("q", asked.q.as_deref()),
                keep("region", asked.region.as_deref()),
                keep("status", status),
                ("after", after),
            ],
        )
    };
    let chip = |label: &str, name: &str, value: Option<&str>| {
        value.map(|value| Chip { label: label.to_owned(), value: value.to_owned(), href: here(name, None) })
    };
    let chips = [
        chip("Find", "q", asked.q.as_deref()),
        chip("Region", "region", asked.region.as_deref()),
        chip("Status", "status", asked.status.map(title)),
    ];
    let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let whole = after.is_none() && page.next.is_none();
    Ok(TenantsPage {
        shell: Shell::new(&permit, &visit, "Tenants"),
        may_create: permit.may(Permission::TENANT_CREATE),
        query: Field::new("q", "Find")
            .value(asked.q.as_deref().unwrap_or_default())
            .hint("Name or short name"),
        region: Select::new(
            "region",
            "Region",
            [Choice::new("", "Any region"), Choice::new(LOCAL, LOCAL)],
            asked.region.as_deref().unwrap_or_default(),
        ),
        status: Select::new("status", "Status", statuses(), asked.status.map_or("", TenantStatus::name)),
        chips: chips.into_iter().flatten().collect(),
        clear: "/platform/tenants",
        rows,
        pager: Pager {
            shown: if whole {
                counted(shown, "tenant")
            } else {
                format!("{} on this page", counted(shown, "tenant"))
            },
            first: after.map(|_| here("", None)),
            prev: None,
            next: page.next.map(|next| here("", Some(&next.to_string()))),
        },
    })
}

/// A tenant with its size and posture, read inside it: row-level security shows nobody more than one tenant at a time.
async fn row(
    state: &AppState,
    permit: &Permit<ReadTenants>,
    tenant: Tenant,
    may_suspend: bool,
) -> Result<TenantRow> {
    let mut view = state.store.read(&permit.step_into(tenant.id)).await?;
    let snapshot = posture::snapshot(&mut view, &state.environment).await?;
    let unenrolled = users::first_without_password(&mut view, Role::TenantOwner).await?.is_some();
    drop(view);
    let posture = Posture::of(&snapshot);
    let kind = match posture.score {
        STRONG_FROM.. => "ok",
        REVIEW_FROM.. => "warn",
        _ => "bad",
    };
    let link = |verb: &str, may: bool| {
        Some(format!("/platform/tenants/{}/{verb}", tenant.id))
            .filter(|_| may && tenant.kind == TenantKind::Customer)
    };
    Ok(TenantRow {
        users: grouped(i64::try_from(snapshot.active_users).unwrap_or(i64::MAX)),
        posture: Score { score: posture.score, kind },
        status: Badge::new(
            if tenant.status == TenantStatus::Active { "ok" } else { "bad" },
            title(tenant.status),
        ),
        created: When::day(tenant.created_at),
        enrol: link("owner-link", unenrolled && permit.may(Permission::TENANT_CREATE)),
        suspend: link("suspend", may_suspend && tenant.status == TenantStatus::Active),
        resume: link("reactivate", may_suspend && tenant.status == TenantStatus::Suspended),
        name: tenant.name,
        slug: tenant.slug,
        region: tenant.region,
    })
}

fn statuses() -> impl Iterator<Item = Choice> {
    let each = TenantStatus::ALL.iter().map(|status| Choice::new(status.name(), title(*status)));
    [Choice::new("", "Any status")].into_iter().chain(each)
}

const fn title(status: TenantStatus) -> &'static str {
    match status {
        TenantStatus::Active => "Active",
        TenantStatus::Suspended => "Suspended",
    }
}
