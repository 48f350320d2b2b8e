//! Recovery codes: what they are for, before they are made and right after.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::RecoveryCodes,
    mfa::Held,
    rule::{Me, Rule},
};
use bailiwick_store::{Permit, Scope, Store, accounts, recovery_codes};
use bailiwick_vault::recovery::RecoveryCode;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Problem,
    pages::parts::counted,
    shell::{Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "account/recovery.html")]
pub(super) struct RecoveryPage {
    shell: Shell,
    problems: Vec<Problem>,
    /// Whether the person has a factor that the codes can stand in for.
    may_make: bool,
    /// Those that exist: how many were not used, and when they were made.
    made: Option<(String, When)>,
    /// The codes, in the answer that made them and never again.
    codes: Vec<String>,
}

impl RecoveryPage {
    /// # Errors
    /// [`Error::Forbidden`] for a key, which has no account.
    pub(super) async fn read<R: Rule>(
        store: &Store,
        permit: &Permit<R>,
        visit: &Visit,
        problems: Vec<Problem>,
        codes: &[RecoveryCode],
    ) -> Result<Self> {
        let caller = permit.caller().ok_or(Error::Forbidden("Only a signed-in person has an account."))?;
        let mut view = store.read(permit).await?;
        let factors = accounts::factors(&mut view, caller.user.id).await?;
        let made = recovery_codes::of(&mut view, caller.user.id).await?;
        let now = view.now();
        Ok(Self {
            shell: Shell::new(permit, visit, "Recovery codes").under("Profile and sign-in", "/account"),
            problems,
            may_make: Held::of(&factors) >= Held::Own,
            made: made.map(|made| (unused(&made), When::ago(made.made_at, now))),
            codes: codes.iter().map(|code| code.expose().to_string()).collect(),
        })
    }
}

/// `9 unused codes`.
pub(super) fn unused(codes: &RecoveryCodes) -> String {
    counted(codes.unused, "unused code")
}

pub(super) async fn show(
    Access(permit): Access<Me>,
    State(store): State<Store>,
    visit: Visit,
) -> Result<RecoveryPage> {
    RecoveryPage::read(&store, &permit, &visit, Vec::new(), &[]).await
}
