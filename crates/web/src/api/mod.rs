//! The JSON API under `/v1`: the same operations as the pages, for programs.
//!
//! - Lists answer `{"items": […], "next": "…" | null}`, at most fifty items; `next` goes back as `?cursor=` for the
//!   page after.
//! - Creating answers 201 with `Location` and what was created. Every other change answers 204: whoever may change a
//!   thing need not be allowed to read it.
//! - Bodies are JSON objects. A field that is unknown, missing, there twice or of another type is named by a JSON
//!   pointer in the problem (RFC 9457, RFC 6901); values are never repeated.
//! - Making an evidence bundle, or a receipt with personal values, answers 200 with the file.
//! - Recording events takes one object or an array of up to a thousand, with an answer for each.
//! - Ids are hyphenated UUIDs, times are RFC 3339 in UTC with six digits of fraction, hashes are lower-case hex.
//! - A sensitive operation is answered 403 `step-up-required` first, and a letter goes to the person who asks; the same request
//!   with `Step-Up: <id> <code>` does it. A program with an API key has nobody who reads letters, and is refused.
//! - A browser shows its session and `X-CSRF-Token`, a program an API key as `Authorization: Bearer`.
//! - So does a program in which a person has signed in, with the token that the answer of that gave it: `session.…`, or `pending.…`
//!   while the second factor is still to come. It needs no CSRF token. Where an answer carries `Session-Token`, that one takes its
//!   place. What came as `device` goes back as `Known-Device` with the next sign-in. See `opened`.

mod access_table;
mod api_keys;
mod audit_anomalies;
mod audit_archive;
mod audit_bundles;
mod audit_complete;
mod audit_drills;
mod audit_entities;
mod audit_events;
mod audit_exports;
mod audit_holds;
mod audit_ingest;
mod audit_intake;
mod audit_log;
mod audit_restores;
mod audit_retention;
mod audit_searches;
mod audit_streams;
mod audit_subjects;
mod audit_verification;
mod created;
mod cursor;
mod enrolments;
mod explorer;
mod grants;
mod invitations;
mod jobs;
mod list;
mod mail;
mod me;
mod no_body;
mod opened;
mod passkeys;
mod password_resets;
mod permissions;
mod phone;
mod policy;
mod posture;
mod question;
mod roles;
mod security_events;
mod sessions;
mod sign_in;
mod step_up;
mod teams;
mod tenants;
mod unused;
mod users;

use created::Created;
use cursor::After;
use list::List;
use no_body::NoBody;

use crate::{export_file, forms::Pair, routes::Routes};

/// Every route of the API.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .post("/v1/sign-in", sign_in::password::handle)
        .post("/v1/sign-in/code", sign_in::code::code)
        .post("/v1/sign-in/recovery", sign_in::code::recovery)
        .post("/v1/sign-in/passkey", sign_in::passkey::answer)
        .post("/v1/sign-in/passkey/begin", sign_in::passkey::begin)
        .post("/v1/sign-out", sign_in::out::handle)
        .post("/v1/password-resets", password_resets::ask::handle)
        .post("/v1/password-resets/look", password_resets::look::handle)
        .post("/v1/password-resets/use", password_resets::complete::handle)
        .post("/v1/enrolments/look", enrolments::look::handle)
        .post("/v1/enrolments/use", enrolments::complete::handle)
        .get("/v1/me", me::show::handle)
        .get("/v1/me/enrolment", me::enrolment::show::handle)
        .post("/v1/me/enrolment/totp", me::enrolment::totp::begin)
        .post("/v1/me/enrolment/totp/verify", me::enrolment::totp::verify)
        .post("/v1/me/enrolment/passkey", me::enrolment::passkey::add)
        .post("/v1/me/enrolment/passkey/begin", me::enrolment::passkey::begin)
        .get("/v1/me/factors", me::factors::list::handle)
        .post("/v1/me/factors", me::factors::begin::handle)
        .post("/v1/me/factors/{factor}/verify", me::factors::verify::handle)
        .delete("/v1/me/factors/{factor}", me::factors::remove::handle)
        .post("/v1/me/recovery-codes", me::recovery_codes::make::handle)
        .get("/v1/me/passkeys", passkeys::list::handle)
        .post("/v1/me/passkeys", passkeys::create::handle)
        .post("/v1/me/passkeys/begin", passkeys::begin::handle)
        .get("/v1/me/passkeys/{id}", passkeys::show::handle)
        .put("/v1/me/passkeys/{id}/name", passkeys::rename::handle)
        .delete("/v1/me/passkeys/{id}", passkeys::remove::handle)
        .put("/v1/me/profile", me::profile::handle)
        .post("/v1/me/password", me::password::set_first)
        .put("/v1/me/password", me::password::handle)
        .get("/v1/me/proof", me::proof::show)
        .post("/v1/me/proof", me::proof::prove)
        .post("/v1/me/proof/passkey", me::proof::answer)
        .post("/v1/me/proof/passkey/begin", me::proof::begin)
        .get("/v1/me/phone", phone::show::handle)
        .put("/v1/me/phone", phone::begin::handle)
        .post("/v1/me/phone/verify", phone::verify::handle)
        .delete("/v1/me/phone", phone::remove::handle)
        .get("/v1/me/sessions", sessions::list_mine::handle)
        .delete("/v1/me/sessions", sessions::end_my_others::handle)
        .delete("/v1/me/sessions/{id}", sessions::end_mine::handle)
        .get("/v1/sessions", sessions::list::handle)
        .delete("/v1/sessions/{id}", sessions::end::handle)
        .get("/v1/posture", posture::show::handle)
        .get("/v1/users", users::list::handle)
        .post("/v1/users/bulk/disable", users::bulk::disable)
        .post("/v1/users/bulk/enable", users::bulk::enable)
        .post("/v1/users/bulk/end-sessions", users::bulk::end_sessions)
        .post("/v1/users/bulk/remind", users::bulk::remind)
        .post("/v1/users/bulk/role", users::bulk::assign_role)
        .get("/v1/users/{id}", users::show::handle)
        .put("/v1/users/{id}/name", users::rename::handle)
        .post_confirmed("/v1/users/{id}/delete", users::delete::handle)
        .put("/v1/users/{id}/role", users::assign_role::handle)
        .post("/v1/users/{id}/disable", users::disable::handle)
        .post("/v1/users/{id}/enable", users::enable::handle)
        .post_confirmed("/v1/users/{id}/reset-factors", users::reset_factors::handle)
        .post("/v1/users/{id}/unlock", users::unlock::handle)
        .get("/v1/users/{id}/sessions", sessions::list_of_user::handle)
        .delete("/v1/users/{id}/sessions", sessions::end_all::handle)
        .post("/v1/users/{id}/grants", grants::create::handle)
        .get("/v1/users/{id}/grants/{grant}", grants::show::handle)
        .delete("/v1/users/{id}/grants/{grant}", grants::remove::handle)
        .get("/v1/invitations", invitations::list::handle)
        .post("/v1/invitations", invitations::create::handle)
        .post("/v1/invitations/many", invitations::create_many::handle)
        .post("/v1/invitations/accept", invitations::accept::handle)
        .post("/v1/invitations/accept/passkey", invitations::passkey::accept)
        .post("/v1/invitations/accept/passkey/begin", invitations::passkey::begin)
        .post("/v1/invitations/decline", invitations::decline::handle)
        .post("/v1/invitations/look", invitations::look::handle)
        .get("/v1/invitations/{id}", invitations::show::handle)
        .post("/v1/invitations/{id}/resend", invitations::resend::handle)
        .post("/v1/invitations/{id}/revoke", invitations::revoke::handle)
        .get("/v1/jobs", jobs::list::handle)
        .get("/v1/jobs/alarms", jobs::alarms::handle)
        .get("/v1/mail", mail::list::handle)
        .get("/v1/mail/{id}", mail::show::handle)
        .get("/v1/api-keys", api_keys::list::handle)
        .post("/v1/api-keys", api_keys::create::handle)
        .get("/v1/api-keys/{id}", api_keys::show::handle)
        .post("/v1/api-keys/{id}/revoke", api_keys::revoke::handle)
        .get("/v1/roles", roles::list::handle)
        .post("/v1/roles", roles::create::handle)
        .get("/v1/roles/{role}", roles::show::handle)
        .put("/v1/roles/{role}", roles::change::handle)
        .delete("/v1/roles/{role}", roles::remove::handle)
        .get("/v1/teams", teams::list::handle)
        .post("/v1/teams", teams::create::handle)
        .get("/v1/teams/{team}", teams::show::handle)
        .put("/v1/teams/{team}", teams::change::handle)
        .post("/v1/teams/{team}/dissolve", teams::dissolve::handle)
        .get("/v1/teams/{team}/members", teams::members::handle)
        .put("/v1/teams/{team}/members/{user}", teams::add_member::handle)
        .delete("/v1/teams/{team}/members/{user}", teams::remove_member::handle)
        .put("/v1/teams/{team}/roles/{role}", teams::give_role::handle)
        .delete("/v1/teams/{team}/roles/{role}", teams::take_role::handle)
        .get("/v1/permissions", permissions::list::handle)
        .get("/v1/access", access_table::list::handle)
        .get("/v1/access/holders", explorer::holders::handle)
        .get("/v1/users/{id}/access", explorer::person::handle)
        .get("/v1/access/unused/roles", unused::roles::handle)
        .get("/v1/access/unused/roles/{role}", unused::role::handle)
        .post("/v1/access/unused/roles/{role}/narrow", unused::narrow_role::handle)
        .post("/v1/access/unused/roles/{role}/copy", unused::copy_role::handle)
        .get("/v1/access/unused/users", unused::people::handle)
        .get("/v1/access/unused/users/{id}", unused::person::handle)
        .post("/v1/access/unused/users/{id}/narrow", unused::narrow_person::handle)
        .get("/v1/audit/archive", audit_archive::show::handle)
        .get("/v1/audit/exports", audit_exports::list::handle)
        .post("/v1/audit/exports", audit_exports::create::handle)
        .get("/v1/audit/exports/{id}", audit_exports::show::handle)
        .get("/v1/audit/exports/{id}/file", export_file::handle)
        .post("/v1/audit/exports/{id}/remove", audit_exports::remove::handle)
        .get("/v1/audit/events", audit_events::list::handle)
        .post("/v1/audit/events", audit_ingest::create::handle)
        .get("/v1/audit/intake", audit_intake::show::handle)
        .put("/v1/audit/intake", audit_intake::set::handle)
        .post("/v1/audit/intake/try", audit_intake::attempt::handle)
        .get("/v1/audit/schemas", audit_intake::schemas::list)
        .post("/v1/audit/schemas", audit_intake::schemas::create)
        .get("/v1/audit/schemas/{schema}", audit_intake::schemas::show)
        .put("/v1/audit/schemas/{schema}", audit_intake::schemas::change)
        .delete("/v1/audit/schemas/{schema}", audit_intake::schemas::remove)
        .post("/v1/audit/bundles", audit_bundles::create::handle)
        .get("/v1/audit/complete", audit_complete::show::handle)
        .get("/v1/audit/searches", audit_searches::list::handle)
        .post("/v1/audit/searches", audit_searches::create::handle)
        .get("/v1/audit/searches/{id}", audit_searches::show::handle)
        .put("/v1/audit/searches/{id}", audit_searches::change::handle)
        .delete("/v1/audit/searches/{id}", audit_searches::remove::handle)
        .get("/v1/audit/events/{id}", audit_events::show::handle)
        .get("/v1/audit/events/{id}/receipt", audit_events::receipt::handle)
        .post("/v1/audit/events/{id}/receipt", audit_events::receipt::disclose)
        .get("/v1/audit/entities/{type}/{id}", audit_entities::show::handle)
        .get("/v1/audit/entities/{type}/{id}/completeness", audit_entities::completeness::handle)
        .get("/v1/audit/log/checkpoint", audit_log::checkpoint::handle)
        .get("/v1/audit/log/checkpoints", audit_log::checkpoints::handle)
        .get("/v1/audit/log/consistency", audit_log::consistency::handle)
        .get("/v1/audit/log/epochs", audit_log::epochs::handle)
        .get("/v1/audit/log/inclusion", audit_log::inclusion::handle)
        .get("/v1/audit/log/region", audit_log::region::handle)
        // A tile's number takes one part of the path for three digits, and a partial tile one more for its width.
        .get("/v1/audit/log/tile/{level}/{tile}", audit_log::tile::handle)
        .get("/v1/audit/log/tile/{level}/{thousands}/{tile}", audit_log::tile::handle)
        .get("/v1/audit/log/tile/{level}/{millions}/{thousands}/{tile}", audit_log::tile::handle)
        .get("/v1/audit/log/tile/{level}/{millions}/{thousands}/{tile}/{width}", audit_log::tile::handle)
        .get("/v1/audit/log/witnesses", audit_log::witnesses::handle)
        .get("/v1/audit/entities/{type}/{id}/difference", audit_entities::difference::handle)
        .get("/v1/audit/verification", audit_verification::show::handle)
        .get("/v1/audit/retention", audit_retention::show::handle)
        .post_confirmed("/v1/audit/retention", audit_retention::set::handle)
        .get("/v1/audit/retention/look", audit_retention::look::handle)
        .get("/v1/audit/restores", audit_restores::list::handle)
        .post("/v1/audit/restores", audit_restores::create::handle)
        .get("/v1/audit/restores/{restore}", audit_restores::show::handle)
        .post("/v1/audit/restores/{restore}/end", audit_restores::end::handle)
        .get("/v1/audit/holds", audit_holds::list::handle)
        .post_confirmed("/v1/audit/holds", audit_holds::place::handle)
        .get("/v1/audit/holds/{hold}", audit_holds::show::handle)
        .post_confirmed("/v1/audit/holds/{hold}/lift", audit_holds::lift::handle)
        .get("/v1/audit/subjects", audit_subjects::list::handle)
        .post("/v1/audit/subjects", audit_subjects::open::handle)
        .get("/v1/audit/subjects/{request}", audit_subjects::show::handle)
        .get("/v1/audit/subjects/{request}/certificate", audit_subjects::certificate::handle)
        .post("/v1/audit/subjects/{request}/data", audit_subjects::disclose::handle)
        .post_confirmed("/v1/audit/subjects/{request}/erase", audit_subjects::erase::handle)
        .get("/v1/audit/drills", audit_drills::list::handle)
        .post("/v1/audit/drills", audit_drills::run::handle)
        .get("/v1/audit/drills/{id}", audit_drills::show::handle)
        .get("/v1/audit/anomalies", audit_anomalies::list::handle)
        .get("/v1/audit/streams", audit_streams::list::handle)
        .post("/v1/audit/streams", audit_streams::create::handle)
        .get("/v1/audit/streams/{id}", audit_streams::show::handle)
        .put("/v1/audit/streams/{id}", audit_streams::update::handle)
        .delete("/v1/audit/streams/{id}", audit_streams::remove::handle)
        .get("/v1/audit/streams/{id}/dead-letters", audit_streams::dead_letters::handle)
        .post("/v1/audit/streams/{id}/pause", audit_streams::act::pause)
        .post_confirmed("/v1/audit/streams/{id}/place", audit_streams::place::handle)
        .post("/v1/audit/streams/{id}/replay", audit_streams::replay::handle)
        .post("/v1/audit/streams/{id}/resume", audit_streams::act::resume)
        .post_confirmed("/v1/audit/streams/{id}/secret", audit_streams::secret::handle)
        .post_confirmed("/v1/audit/streams/{id}/start", audit_streams::start::handle)
        .post("/v1/audit/streams/{id}/test", audit_streams::act::try_out)
        .get("/v1/security-events", security_events::list::handle)
        .get("/v1/security-events/{id}", security_events::show::handle)
        .post("/v1/security-events/{id}/acknowledge", security_events::acknowledge::handle)
        .post("/v1/security-events/{id}/resolve", security_events::resolve::handle)
        .get("/v1/policy", policy::show::handle)
        .put("/v1/policy", policy::update::handle)
        .get("/v1/tenants", tenants::list::handle)
        .post("/v1/tenants", tenants::create::handle)
        .get("/v1/tenants/{id}", tenants::show::handle)
        .post("/v1/tenants/{id}/owner-link", tenants::owner_link::handle)
        .post_confirmed("/v1/tenants/{id}/suspend", tenants::suspend::handle)
        .post("/v1/tenants/{id}/reactivate", tenants::reactivate::handle)
}
