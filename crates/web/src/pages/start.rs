//! The start page: it leads to where the person's work is.

use bailiwick_domain::rule::Public;

use crate::{
    access::Access,
    pages::{reach::opens, sign_in::Standing},
    shell::{SeeOther, Visit},
};

/// The first of these that opens.
const PLACES: [&str; 3] = ["/platform/tenants", "/security", "/account"];

pub(crate) async fn start(Access(permit): Access<Public>, visit: Visit) -> SeeOther {
    match Standing::of(&permit) {
        Standing::Nobody => SeeOther::to("/sign-in"),
        Standing::CodeMissing => SeeOther::to("/sign-in/code"),
        Standing::SignedIn => {
            SeeOther::to(PLACES.into_iter().find(|path| opens(&visit, &permit, path)).unwrap_or("/account"))
        }
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn everybody_is_led_to_where_their_work_is(db: Db) {
            assert_eq!(Browser::new(&db).get("/").await.led(), (303, "/sign-in"));
            let acme = db.tenant("acme").await;
            assert_eq!(Browser::of(&acme.owner()).get("/").await.led(), (303, "/security"));
            let planner = acme.user(Role::PlanManager).await;
            assert_eq!(Browser::of(&planner).get("/").await.led(), (303, "/account"));
            let operator = db.platform().await.user(Role::PlatformOperator).await;
            assert_eq!(Browser::of(&operator).get("/").await.led(), (303, "/platform/tenants"));
        }
    }
}
