//! The people of the tenant, their roles and permissions.

mod assign_role;
mod beside;
mod bulk;
mod delete;
mod disable;
mod enable;
mod grant;
mod list;
mod overrides;
mod page;
mod permissions;
mod reach;
mod rename;
mod reset_factors;
mod show;
mod unlock;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/users", list::list)
        .get("/users/bulk/disable", bulk::disable::ask)
        .post("/users/bulk/disable", bulk::disable::disable)
        .get("/users/bulk/enable", bulk::enable::ask)
        .post("/users/bulk/enable", bulk::enable::enable)
        .get("/users/bulk/end-sessions", bulk::end_sessions::ask)
        .post("/users/bulk/end-sessions", bulk::end_sessions::end)
        .get("/users/bulk/remind", bulk::remind::ask)
        .post("/users/bulk/remind", bulk::remind::remind)
        .get("/users/bulk/role", bulk::assign_role::ask)
        .post("/users/bulk/role", bulk::assign_role::assign)
        .get("/users/{user}", show::show)
        .get("/users/{user}/name", rename::ask)
        .post("/users/{user}/name", rename::rename)
        .get("/users/{user}/delete", delete::ask)
        .post_confirmed("/users/{user}/delete", delete::delete)
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
