//! The people of the tenant, their roles and permissions.

mod assign_role;
mod disable;
mod enable;
mod grant;
mod list;
mod overrides;
mod page;
mod permissions;
mod reach;
mod reset_factors;
mod show;
mod unlock;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/users", list::list)
        .get("/users/{user}", show::show)
        .post("/users/{user}/role", assign_role::assign_role)
        .post("/users/{user}/permissions", grant::grant)
        .get("/users/{user}/disable", disable::ask)
        .post("/users/{user}/disable", disable::disable)
        .get("/users/{user}/enable", enable::ask)
        .post("/users/{user}/enable", enable::enable)
        .get("/users/{user}/reset-factors", reset_factors::ask)
        .post_confirmed("/users/{user}/reset-factors", reset_factors::reset)
        .get("/users/{user}/unlock", unlock::ask)
        .post("/users/{user}/unlock", unlock::unlock)
}
