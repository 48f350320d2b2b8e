//! Tenants: creating, suspending, reactivating.

use bailiwick_domain::{
    entity::{Policy, Severity, Tenant, TenantKind, TenantStatus},
    ids::TenantId,
    role::Role,
    rule::{CreateTenant, Platform, SuspendTenant, Writes},
};
use bailiwick_store::{Event, Permit, Store, tenants};
use bailiwick_vault::api_key::Brand;

use crate::{
    Error, Result, users,
    valid::{self, Fields},
};

/// A tenant to be.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// The short name in addresses.
    pub slug: String,
    /// The organisation's name.
    pub name: String,
    /// The region that holds its data.
    pub region: String,
    /// What its API keys begin with; the catalogue's brand or `bw` if not given.
    pub key_brand: Option<String>,
    /// The first owner.
    pub owner: NewOwner,
}

/// The first owner of a new tenant.
#[derive(Debug, Clone)]
pub struct NewOwner {
    /// The sign-in address.
    pub email: String,
    /// The name.
    pub name: String,
}

/// Creates a customer's tenant with its policy, its first key and its first owner, who still has to be enrolled.
pub async fn create(
    store: &Store,
    permit: &Permit<CreateTenant>,
    new: NewTenant,
) -> Result<(Tenant, bailiwick_domain::entity::User)> {
    create_as(store, permit, TenantKind::Customer, new).await
}

/// As [`create`], for the server's own jobs, which also make the tenant of the platform.
pub async fn create_as<R: Writes + Platform>(
    store: &Store,
    permit: &Permit<R>,
    kind: TenantKind,
    new: NewTenant,
) -> Result<(Tenant, bailiwick_domain::entity::User)> {
    let mut fields = Fields::default();
    let slug = fields.take("slug", valid::slug(&new.slug));
    let name = fields.take("name", valid::name(&new.name));
    let owner_email = fields.take("owner_email", valid::email(&new.owner.email));
    let owner_name = fields.take("owner_name", valid::name(&new.owner.name));
    let chosen = new.key_brand.as_deref().map(str::trim).filter(|brand| !brand.is_empty());
    let brand =
        chosen.or_else(|| store.catalogue().key_brand()).map_or_else(|| Some(Brand::default()), Brand::parse);
    if brand.is_none() {
        fields.refuse("key_brand", "Use 2 to 12 lower-case letters and digits.");
    }
    if new.region != bailiwick_store::regions::LOCAL {
        fields.refuse("region", "Choose one of the regions.");
    }
    fields.done()?;
    let (Some(slug), Some(name), Some(brand)) = (slug, name, brand) else { return Err(Error::NotFound) };
    let (Some(owner_email), Some(owner_name)) = (owner_email, owner_name) else {
        return Err(Error::NotFound);
    };
    let role = if kind == TenantKind::Platform { Role::PlatformOwner } else { Role::TenantOwner };
    let inside = permit.step_into(store.new_id::<TenantId>());
    let id = inside.tenant().ok_or(Error::NotFound)?;
    // One transaction: a tenant without an owner could be entered by nobody.
    store
        .change(&inside, async |tx| {
            let tenant = Tenant {
                id,
                slug,
                name,
                kind,
                region: new.region.clone(),
                status: TenantStatus::Active,
                key_brand: brand.as_str().to_owned(),
                created_at: store.now(),
            };
            let written = tenants::insert(tx, tenant.clone()).await.map_err(|error| match error {
                bailiwick_store::Error::Conflict(_) => Error::field("slug", "This short name is taken."),
                error => error.into(),
            })?;
            let created = Event::new("tenant.created", &written)?;
            let written = tenants::insert_policy(tx, Policy::new(id)).await?;
            let policy = Event::new("policy.created", &written)?;
            tx.also(created);
            tx.also(policy);
            let owner = users::insert(store, tx, owner_email, owner_name, role).await?;
            Ok(owner.map(|owner| (tenant, owner)))
        })
        .await
}

/// Suspends a customer: every session and key of the tenant is refused from now on, on every path.
pub async fn suspend(
    store: &Store,
    permit: &Permit<SuspendTenant>,
    id: TenantId,
    reason: &str,
) -> Result<Tenant> {
    set_status(store, permit, id, TenantStatus::Suspended, reason).await
}

/// Serves a suspended customer again.
pub async fn reactivate(
    store: &Store,
    permit: &Permit<SuspendTenant>,
    id: TenantId,
    reason: &str,
) -> Result<Tenant> {
    set_status(store, permit, id, TenantStatus::Active, reason).await
}

async fn set_status(
    store: &Store,
    permit: &Permit<SuspendTenant>,
    id: TenantId,
    status: TenantStatus,
    reason: &str,
) -> Result<Tenant> {
    let reason = valid::reason(reason).map_err(|text| Error::field("reason", text))?;
    store
        .change(&permit.step_into(id), async |tx| {
            let before = tenants::lock(tx).await?;
            if before.kind == TenantKind::Platform {
                return Err(Error::Conflict("The platform's own tenant cannot be suspended."));
            }
            if before.status == status {
                return Err(Error::Conflict("The tenant has this status already."));
            }
            let after = Tenant { status, ..before.clone() };
            let written = tenants::replace(tx, before, after.clone()).await?;
            let (action, detail) = match status {
                TenantStatus::Suspended => ("tenant.suspended", "The platform suspended this organisation"),
                TenantStatus::Active => ("tenant.reactivated", "The platform reactivated this organisation"),
            };
            let event =
                Event::new(action, &written)?.because(reason.clone()).raising(Severity::Warning, detail);
            Ok(tx.record(event, after))
        })
        .await
}
