//! A list of sessions, whosever they are.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::{
    entity::{Session, SignInMethod},
    time::Timestamp,
};

use crate::{
    forms::Field,
    pages::parts::{Badge, Pager},
    shell::{Link, Shell},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "sessions/list.html")]
pub(super) struct SessionsPage {
    pub(super) shell: Shell,
    pub(super) title: String,
    pub(super) sentence: &'static str,
    /// What to find people by; nothing where the list is one person's.
    pub(super) query: Option<Field>,
    pub(super) rows: Vec<SessionRow>,
    /// What is said where there are none.
    pub(super) nobody: &'static str,
    /// Where all of them, or all others, are ended.
    pub(super) end_all: Option<Link>,
    pub(super) pager: Option<Pager>,
}

/// One session.
pub(super) struct SessionRow {
    /// Nothing where the list is one person's.
    pub(super) who: Option<Who>,
    pub(super) icon: &'static str,
    pub(super) device: &'static str,
    pub(super) how: &'static str,
    pub(super) from: String,
    /// Where the code is still to come.
    pub(super) unfinished: Option<Badge>,
    pub(super) started: When,
    pub(super) seen: When,
    pub(super) current: bool,
    /// Where it is ended; nothing for whoever may not.
    pub(super) end: Option<String>,
}

/// Whose session it is.
pub(super) struct Who {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) initials: String,
    /// Where their sessions are.
    pub(super) href: String,
}

impl SessionRow {
    pub(super) fn of(session: &Session, now: Timestamp) -> Self {
        let device = session.device();
        Self {
            who: None,
            icon: if device.is_handheld() { "device" } else { "display" },
            device: device.title(),
            how: session.method.title(),
            from: session.whence(),
            unfinished: (session.method == SignInMethod::PasswordOnly)
                .then(|| Badge::new("warn", "Not finished")),
            started: When::moment(session.created_at),
            seen: When::ago(session.last_seen_at, now),
            current: false,
            end: None,
        }
    }
}
