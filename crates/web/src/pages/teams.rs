//! Teams: people who hold roles together.

mod change;
mod create;
mod dissolve;
mod list;
mod members;
mod new;
mod roles;
mod show;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/teams", list::list)
        .get("/teams/new", new::new)
        .post("/teams", create::create)
        .get("/teams/{team}", show::show)
        .post("/teams/{team}", change::change)
        .get("/teams/{team}/dissolve", dissolve::ask)
        .post("/teams/{team}/dissolve", dissolve::dissolve)
        .post("/teams/{team}/members", members::add)
        .post("/teams/{team}/members/{user}/remove", members::remove)
        .post("/teams/{team}/roles", roles::give)
        .post("/teams/{team}/roles/{role}/remove", roles::take)
}
