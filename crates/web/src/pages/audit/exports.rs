//! Records as files: asking, progress, downloading, removing.

mod ask;
mod list;
mod new;
mod remove;
mod show;
mod state;

pub(super) use new::path as new_path;

use crate::{export_file, routes::Routes};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/audit/exports", list::list)
        .post("/audit/exports", ask::ask)
        .get("/audit/exports/new", new::new)
        .get("/audit/exports/{export}", show::show)
        .get("/audit/exports/{export}/file", export_file::handle)
        .get("/audit/exports/{export}/remove", remove::ask)
        .post("/audit/exports/{export}/remove", remove::remove)
}
