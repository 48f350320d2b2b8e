//! Who is signed in, where and since when: one's own sessions, those of one person, and everybody's.

mod all;
mod end;
mod end_all;
mod end_mine;
mod end_my_others;
mod mine;
mod of_user;
mod page;

use crate::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/account/sessions", mine::mine)
        .get("/account/sessions/end-others", end_my_others::ask)
        .post("/account/sessions/end-others", end_my_others::end_my_others)
        .get("/account/sessions/{session}/end", end_mine::ask)
        .post("/account/sessions/{session}/end", end_mine::end_mine)
        .get("/sessions", all::all)
        .get("/sessions/{session}/end", end::ask)
        .post("/sessions/{session}/end", end::end)
        .get("/users/{user}/sessions", of_user::of_user)
        .get("/users/{user}/sessions/end", end_all::ask)
        .post("/users/{user}/sessions/end", end_all::end_all)
}
