//! A body that each operation accepts, so that a refusal is never the body's fault.

use axum::http::Method;
use bailiwick_testkit::PASSWORD;
use bailiwick_web::routes::AccessRow;
use serde_json::json;

use super::{
    Sent,
    stock::{Stock, TEAM_ROLE},
};

/// An event of the product.
const EVENT: &str = r#"{"key":"k","action":"app.plan.approved","entity":{"type":"app.plan","id":"1"}}"#;

/// What a request for `row` carries; `stock` is the caller's own tenant, `serial` is different for each request.
///
/// # Panics
/// For a route that nobody has given a body to.
pub(crate) fn body(row: &AccessRow, stock: &Stock, serial: usize) -> Sent {
    if row.method == Method::GET {
        return Sent::Nothing;
    }
    let role = if stock.platform { "platform_support" } else { "support_coordinator" };
    let other = if stock.platform { "platform_operator" } else { "plan_manager" };
    // Neither of the two: what changes several leaves something to change for what changes one.
    let third = if stock.platform { "platform_owner" } else { "auditor" };
    // What everybody holds who may grant at all, and what the everyday roles do not.
    let permission = if stock.platform { "job:read" } else { "team:read" };
    match (row.method.as_str(), row.path) {
        ("PUT", "/v1/users/{id}/role") => {
            Sent::Json(json!({"role": if serial.is_multiple_of(2) { other } else { role }}))
        }
        ("PUT", "/v1/users/{id}/name") => Sent::Json(json!({"name": format!("Nia {serial}")})),
        ("PUT", "/v1/me/profile") => {
            Sent::Json(json!({"name": format!("Mia {serial}"), "time_zone": "Australia/Sydney"}))
        }
        ("POST", "/v1/users/bulk/role") => Sent::Json(json!({
            "users": [stock.user], "role": third
        })),
        (
            "POST",
            "/v1/users/bulk/disable"
            | "/v1/users/bulk/enable"
            | "/v1/users/bulk/end-sessions"
            | "/v1/users/bulk/remind",
        ) => Sent::Json(json!({"users": [stock.user]})),
        ("POST", "/v1/users/{id}/grants") => {
            Sent::Json(json!({"permission": permission, "effect": "deny", "reason": "It is not needed."}))
        }
        ("POST", "/v1/invitations") => {
            Sent::Json(json!({"email": format!("guest{serial}@example.com"), "role": role}))
        }
        ("POST", "/v1/invitations/many") => Sent::Json(json!({
            "invitations": [{"email": format!("crowd{serial}@example.com"), "role": role}, {"email": "nobody", "role": role}]
        })),
        // The first request of a pair is about another tenant, whose tokens nobody has.
        ("POST", "/v1/invitations/accept") => {
            let token = if serial.is_multiple_of(2) { stock.letters[0].as_str() } else { "none" };
            Sent::Json(json!({"token": token, "name": "Jo Ining", "password": PASSWORD}))
        }
        ("POST", "/v1/invitations/look" | "/v1/invitations/accept/passkey/begin") => {
            let token = if serial.is_multiple_of(2) { stock.letters[2].as_str() } else { "none" };
            Sent::Json(json!({"token": token}))
        }
        ("POST", "/v1/invitations/accept/passkey") => Sent::Json(json!({
            "token": stock.letters[2], "name": "Jo Ining", "visitor": "x", "ceremony": "x", "credential": {}
        })),
        ("POST", "/v1/password-resets") => Sent::Json(json!({"address": stock.tenant.owner().user.email})),
        ("POST", "/v1/password-resets/look") => {
            let token = if serial.is_multiple_of(2) { stock.reset.as_str() } else { "none" };
            Sent::Json(json!({"token": token}))
        }
        ("POST", "/v1/password-resets/use") => {
            let token = if serial.is_multiple_of(2) { stock.reset.as_str() } else { "none" };
            Sent::Json(json!({"token": token, "password": PASSWORD}))
        }
        ("POST", "/v1/enrolments/look") => {
            let token = if serial.is_multiple_of(2) { stock.link.as_str() } else { "none" };
            Sent::Json(json!({"token": token}))
        }
        ("POST", "/v1/enrolments/use") => {
            let token = if serial.is_multiple_of(2) { stock.link.as_str() } else { "none" };
            Sent::Json(json!({"token": token, "password": PASSWORD}))
        }
        ("POST", "/v1/sign-in") => {
            Sent::Json(json!({"address": stock.tenant.owner().user.email, "password": PASSWORD}))
        }
        ("POST", "/v1/sign-in/code" | "/v1/sign-in/recovery" | "/v1/me/enrolment/totp/verify") => {
            Sent::Json(json!({"code": "000000"}))
        }
        ("POST", "/v1/sign-in/passkey") => {
            Sent::Json(json!({"visitor": "x", "ceremony": "x", "credential": {}}))
        }
        ("POST", "/v1/me/proof") => Sent::Json(json!({"password": PASSWORD})),
        ("POST", "/v1/invitations/decline") => {
            let token = if serial.is_multiple_of(2) { stock.letters[1].as_str() } else { "none" };
            Sent::Json(json!({"token": token}))
        }
        ("POST", "/v1/audit/events") => Sent::Json(json!({
            "key": format!("k{serial}"), "action": "app.plan.approved", "entity": {"type": "app.plan", "id": "PL-1"}, "tenant": stock.id
        })),
        ("POST", "/v1/authorize") => {
            Sent::Json(json!({"subject": {"user": stock.user}, "permissions": [permission]}))
        }
        ("POST", "/v1/sessions/introspect") => {
            Sent::Json(json!({"session": stock.tenant.owner().present_token()}))
        }
        ("POST", "/v1/audit/bundles") => {
            Sent::Json(json!({"entity": {"type": "user", "id": stock.user}, "disclose": ["/email"]}))
        }
        ("POST", "/audit/bundle") => {
            form(&[("q", ""), ("type", "user"), ("id", &stock.user.to_string()), ("disclose", "/email")])
        }
        ("POST", "/v1/audit/events/{id}/receipt") => Sent::Json(json!({"disclose": ["/email"]})),
        ("POST", "/audit/events/{event}/receipt") => form(&[("disclose", "/email")]),
        ("PUT", "/v1/audit/intake") => {
            Sent::Json(json!({"rules": [format!("secret /s{serial}")], "detectors": ["card"]}))
        }
        ("POST", "/v1/audit/intake/try") => Sent::Json(json!({"event": EVENT})),
        ("POST", "/v1/audit/schemas") => {
            Sent::Json(json!({"action": format!("app.thing.s{serial}"), "schema": {}}))
        }
        ("PUT", "/v1/audit/schemas/{schema}") => {
            Sent::Json(json!({"schema": {"title": format!("T{serial}")}}))
        }
        ("DELETE", "/v1/audit/schemas/{schema}") => Sent::Nothing,
        ("POST", "/audit/intake") => form(&[("rules", &format!("drop /d{serial}")), ("detector", "card")]),
        ("POST", "/audit/intake/try") => form(&[("event", EVENT)]),
        ("POST", "/audit/intake/schemas") => {
            form(&[("action", &format!("app.item.s{serial}")), ("schema", "{}")])
        }
        ("POST", "/audit/intake/schemas/{schema}") => {
            form(&[("schema", &format!("{{\"title\":\"F{serial}\"}}"))])
        }
        ("POST", "/audit/intake/schemas/{schema}/remove") => form(&[]),
        ("PUT", "/v1/me/phone") => Sent::Json(json!({"number": "+61 491 570 156"})),
        ("POST", "/v1/me/phone/verify") => {
            Sent::Json(json!({"message_code": "00000000", "letter_code": "00000000"}))
        }
        ("POST", "/account/phone") => form(&[("number", "+61 491 570 156")]),
        ("POST", "/account/phone/verify") => {
            form(&[("message_code", "00000000"), ("letter_code", "00000000")])
        }
        ("POST", "/v1/roles") => Sent::Json(json!({
            "label": format!("Role {serial}"), "slug": format!("s{serial}"), "permissions": [permission]
        })),
        ("PUT", "/v1/roles/{role}") => Sent::Json(json!({
            "label": format!("Renamed {serial}"), "description": "", "permissions": [permission]
        })),
        ("POST", "/v1/audit/searches") => {
            Sent::Json(json!({"name": format!("Search {serial}"), "query": "outcome:denied"}))
        }
        ("PUT", "/v1/audit/searches/{id}") => Sent::Json(
            json!({"name": format!("Changed {serial}"), "query": "outcome:failed", "shared": true}),
        ),
        ("POST", "/audit/searches") => {
            form(&[("name", &format!("Line {serial}")), ("query", "action:user.*")])
        }
        ("POST", "/v1/audit/streams") => Sent::Json(json!({
            "name": format!("Stream {serial}"), "place": {"kind": "webhook", "url": "https://siem.example.com/"}
        })),
        ("PUT", "/v1/audit/streams/{id}") => {
            Sent::Json(json!({"name": format!("Renamed {serial}"), "filter": {"action": "user."}}))
        }
        ("POST", "/v1/audit/streams/{id}/place") => {
            Sent::Json(json!({"kind": "webhook", "url": format!("https://siem.example.com/{serial}")}))
        }
        ("POST", "/v1/audit/streams/{id}/replay") => Sent::Json(json!({"index": 0})),
        ("POST", "/audit/streams") => form(&[
            ("name", &format!("Flow {serial}")),
            ("kind", "webhook"),
            ("url", "https://siem.example.com/"),
            ("from", "now"),
        ]),
        ("POST", "/audit/streams/{stream}") => {
            form(&[("name", &format!("Altered {serial}")), ("action", "user.")])
        }
        ("POST", "/audit/streams/{stream}/place") => {
            form(&[("kind", "webhook"), ("url", &format!("https://siem.example.com/{serial}"))])
        }
        ("POST", "/audit/streams/{stream}/replay") => form(&[("index", "0")]),
        ("POST", "/v1/integrations") => Sent::Json(json!({
            "name": format!("Service {serial}"), "provider": "http",
            "config": {"base_url": "https://127.0.0.1:9", "method": "get", "authentication": "none"},
        })),
        ("PUT", "/v1/integrations/{integration}") => Sent::Json(json!({
            "name": format!("Service {serial}"), "revision": 1,
            "config": {"base_url": "https://127.0.0.1:9", "method": "head", "authentication": "none"},
        })),
        ("POST", "/integrations") => form(&[
            ("name", &format!("Service {serial}")),
            ("provider", "http"),
            ("c_base_url", "https://127.0.0.1:9"),
            ("c_method", "get"),
            ("c_authentication", "none"),
        ]),
        ("POST", "/integrations/{integration}") => form(&[
            ("name", &format!("Service {serial}")),
            ("revision", "1"),
            ("c_base_url", "https://127.0.0.1:9"),
            ("c_method", "head"),
            ("c_authentication", "none"),
        ]),
        ("POST", "/v1/secrets") => {
            Sent::Json(json!({"name": format!("made/s{serial}"), "value": format!("value {serial}")}))
        }
        ("POST", "/v1/secrets/{secret}/stage") => Sent::Json(json!({"value": format!("staged {serial}")})),
        ("POST", "/v1/secrets/scan") => Sent::Json(json!({"document": {"password": "x"}})),
        ("POST", "/v1/secrets/resolve") => Sent::Json(json!({"names": ["gateway/key"]})),
        ("POST", "/secrets") => {
            form(&[("name", &format!("kept/s{serial}")), ("value", &format!("v {serial}"))])
        }
        ("POST", "/secrets/{secret}/stage") => form(&[("value", &format!("staged {serial}"))]),
        ("POST", "/v1/documents/uploads") => {
            Sent::Json(json!({"name": format!("Plan {serial}.txt"), "octets": 7}))
        }
        ("PUT", "/v1/documents/uploads/{upload}") => Sent::Nothing,
        ("POST", "/documents" | "/v1/documents") => Sent::File(format!("Form {serial}.txt")),
        ("POST", "/v1/audit/exports") => Sent::Json(json!({"format": "csv"})),
        ("POST", "/audit/exports") => form(&[("format", "csv"), ("search", "")]),
        ("POST", "/v1/teams") => Sent::Json(json!({"name": format!("Team {serial}")})),
        ("PUT", "/v1/teams/{team}") => Sent::Json(json!({"name": format!("Renamed {serial}")})),
        ("POST", "/roles") => form(&[("label", &format!("Duty {serial}")), ("permission", permission)]),
        ("POST", "/roles/{role}") => {
            form(&[("label", &format!("Altered {serial}")), ("permission", permission)])
        }
        ("POST", "/teams") => form(&[("name", &format!("Crew {serial}"))]),
        ("POST", "/teams/{team}") => form(&[("name", &format!("Altered {serial}"))]),
        ("POST", "/teams/{team}/members") => form(&[("address", &format!("{0}@{0}.example", stock.marker))]),
        ("POST", "/teams/{team}/roles") => form(&[("role", TEAM_ROLE)]),
        ("POST", "/v1/access/unused/roles/{role}/copy") => Sent::Json(json!({
            "label": format!("Narrow {serial}"), "permissions": [permission], "reason": "It is not used."
        })),
        ("POST", "/v1/access/unused/roles/{role}/narrow" | "/v1/access/unused/users/{id}/narrow") => {
            Sent::Json(json!({"permissions": [permission], "reason": "It is not used."}))
        }
        ("POST", "/access/unused/roles/{role}/copy") => form(&[
            ("permission", permission),
            ("label", &format!("Slim {serial}")),
            ("confirmed", "yes"),
            ("reason", "It is not used."),
        ]),
        ("POST", "/access/unused/roles/{role}/narrow" | "/access/unused/users/{user}/narrow") => {
            form(&[("permission", permission), ("confirmed", "yes"), ("reason", "It is not used.")])
        }
        ("POST", "/v1/me/passkeys" | "/v1/me/enrolment/passkey") => Sent::Json(json!({
            "ceremony": stock.passkey.to_string(), "name": "Laptop", "credential": {}
        })),
        ("PUT", "/v1/me/passkeys/{id}/name") => Sent::Json(json!({"name": "Laptop"})),
        ("POST", "/v1/me/proof/passkey") => Sent::Json(json!({"ceremony": "x", "credential": {}})),
        ("POST", "/v1/me/passkeys/begin" | "/v1/me/proof/passkey/begin")
        | ("DELETE", "/v1/me/passkeys/{id}" | "/v1/me/phone") => Sent::Nothing,
        ("POST", "/v1/api-keys") => {
            Sent::Json(json!({"name": format!("Key {serial}"), "scopes": [permission]}))
        }
        ("POST", "/v1/keys/verify" | "/v1/keys/surrender") => {
            Sent::Json(json!({"key": "bw_live_abc_not-a-key"}))
        }
        ("POST", "/v1/api-keys/{id}/rotate") => Sent::Json(json!({"overlap_days": 7})),
        ("PUT", "/v1/policy") => Sent::Json(json!({
            "mfa_floor": "any", "mfa_grace_days": 14, "role_floors": {}, "session_idle_minutes": 20 + serial % 100, "session_absolute_hours": 12, "reauth_minutes": 10, "invitation_days": 14
        })),
        ("POST", "/v1/me/factors") => Sent::Json(json!({"name": format!("App {serial}")})),
        ("POST", "/v1/me/factors/{factor}/verify") => Sent::Json(json!({"code": "000000"})),
        ("POST", "/v1/tenants") => Sent::Json(json!({
            "slug": format!("new-{serial}"), "name": "New", "region": "local",
            "owner_email": format!("owner{serial}@new.example"), "owner_name": "Nia New"
        })),
        (
            "POST",
            "/v1/security-events/{id}/resolve" | "/v1/tenants/{id}/suspend" | "/v1/tenants/{id}/reactivate",
        ) => Sent::Json(json!({"reason": "It was looked into."})),
        (
            "POST",
            "/v1/users/{id}/disable"
            | "/v1/users/{id}/enable"
            | "/v1/users/{id}/reset-factors"
            | "/v1/users/{id}/delete"
            | "/v1/invitations/{id}/resend"
            | "/v1/invitations/{id}/revoke"
            | "/v1/api-keys/{id}/narrow"
            | "/v1/api-keys/{id}/revoke"
            | "/v1/audit/exports/{id}/remove"
            | "/v1/documents/{id}/delete"
            | "/v1/documents/uploads/{upload}/finish"
            | "/v1/audit/restores/{restore}/end"
            | "/v1/security-events/{id}/acknowledge"
            | "/v1/audit/drills"
            | "/v1/users/{id}/unlock"
            | "/v1/teams/{team}/dissolve"
            | "/v1/audit/streams/{id}/pause"
            | "/v1/audit/streams/{id}/resume"
            | "/v1/audit/streams/{id}/secret"
            | "/v1/audit/streams/{id}/start"
            | "/v1/audit/streams/{id}/test"
            | "/v1/integrations/{integration}/enable"
            | "/v1/integrations/{integration}/disable"
            | "/v1/integrations/{integration}/test"
            | "/v1/secrets/{secret}/discard"
            | "/v1/secrets/{secret}/rotate"
            | "/v1/secrets/{secret}/delete"
            | "/v1/tenants/{id}/owner-link"
            | "/v1/sign-in/passkey/begin"
            | "/v1/sign-out"
            | "/v1/me/enrolment/totp"
            | "/v1/me/enrolment/passkey/begin",
        )
        | ("POST", "/v1/me/recovery-codes")
        | ("PUT", "/v1/teams/{team}/members/{user}" | "/v1/teams/{team}/roles/{role}")
        | (
            "DELETE",
            "/v1/roles/{role}"
            | "/v1/audit/searches/{id}"
            | "/v1/integrations/{integration}"
            | "/v1/audit/streams/{id}"
            | "/v1/teams/{team}/members/{user}"
            | "/v1/teams/{team}/roles/{role}"
            | "/v1/users/{id}/grants/{grant}"
            | "/v1/users/{id}/sessions"
            | "/v1/sessions/{id}"
            | "/v1/me/sessions"
            | "/v1/me/sessions/{id}"
            | "/v1/me/factors/{factor}",
        ) => Sent::Nothing,
        ("POST", "/v1/audit/holds") => {
            // On what nobody has: it keeps nothing from being erased by the requests after it.
            Sent::Json(json!({
                "id": format!("0193a7c2-7b1e-7000-8000-{serial:012x}"), "scope": "entity",
                "entity_type": "nothing", "entity_id": stock.event, "reason": "Matter 12."
            }))
        }
        ("POST", "/v1/keys/rotate" | "/v1/keys/destructions/{destruction}/cancel") => Sent::Nothing,
        ("POST", "/keys/rotate" | "/keys/destructions/{destruction}/cancel") => form(&[]),
        ("PUT", "/v1/keys/schedule") => Sent::Json(json!({"days": 100 + serial % 600})),
        ("POST", "/keys/schedule") => form(&[("days", &(100 + serial % 600).to_string())]),
        ("POST", "/v1/keys/versions/{version}/destroy") => Sent::Json(json!({"reason": "It is old."})),
        ("POST", "/keys/versions/{version}/destroy") => form(&[("reason", "It is old.")]),
        ("POST", "/v1/audit/retention") => {
            Sent::Json(json!({"class": "session", "days": 100 + serial, "reason": "Policy 7."}))
        }
        ("POST", "/audit/retention") => {
            form(&[("class", "session"), ("days", &(100 + serial).to_string()), ("reason", "Policy 7.")])
        }
        ("POST", "/v1/audit/restores") => Sent::Json(
            json!({"segment": stock.segments[serial % 2], "days": 7, "reason": "It is looked into."}),
        ),
        ("POST", "/audit/restores") => form(&[
            ("segment", &stock.segments[serial % 2].to_string()),
            ("days", "7"),
            ("reason", "It is looked into."),
        ]),
        ("POST", "/audit/restores/{restore}/end") => form(&[]),
        ("POST", "/v1/audit/holds/{hold}/lift") => Sent::Json(json!({"reason": "It was looked into."})),
        ("POST", "/v1/audit/subjects") => Sent::Json(json!({"by": "person", "value": stock.user})),
        ("POST", "/v1/audit/subjects/{request}/data" | "/v1/audit/subjects/{request}/erase") => Sent::Nothing,
        ("POST", "/audit/holds") => form(&[
            ("id", &format!("0193a7c2-7b1e-7000-8000-{serial:012x}")),
            ("scope", "entity"),
            ("entity_type", "nothing"),
            ("entity_id", &stock.event.to_string()),
            ("reason", "Matter 12."),
        ]),
        ("POST", "/audit/holds/{hold}/lift") => form(&[("reason", "It was looked into.")]),
        ("POST", "/audit/subjects") => form(&[("by", "person"), ("value", &stock.user.to_string())]),
        ("POST", "/audit/subjects/{request}/data" | "/audit/subjects/{request}/erase") => form(&[]),
        ("POST", "/users/{user}/role") => {
            form(&[("role", if serial.is_multiple_of(2) { other } else { role })])
        }
        ("POST", "/users/bulk/role") => form(&[("user", &stock.user.to_string()), ("role", third)]),
        (
            "POST",
            "/users/bulk/disable" | "/users/bulk/enable" | "/users/bulk/end-sessions" | "/users/bulk/remind",
        ) => form(&[("user", &stock.user.to_string())]),
        ("POST", "/users/{user}/name") => form(&[("name", &format!("Nora {serial}"))]),
        ("POST", "/account/profile") => {
            form(&[("name", &format!("Mona {serial}")), ("time_zone", "Australia/Sydney")])
        }
        ("POST", "/users/{user}/permissions") => form(&[
            (if stock.platform { "p.job:read" } else { "p.team:read" }, "deny"),
            ("confirmed", "yes"),
            ("reason", "It is not needed."),
        ]),
        ("POST", "/invitations") => {
            form(&[("address", &format!("visitor{serial}@example.com")), ("role", role), ("lifetime", "7")])
        }
        ("POST", "/invitations/many") => {
            form(&[("addresses", &format!("throng{serial}@example.com")), ("role", role), ("lifetime", "7")])
        }
        ("POST", "/v1/me/password") => Sent::Json(json!({"new": PASSWORD})),
        ("POST", "/account/password/first") => form(&[("new", PASSWORD), ("again", PASSWORD)]),
        ("PUT", "/v1/me/password") => {
            Sent::Json(json!({"current": "not the present one", "new": "elevenchars"}))
        }
        ("POST", "/account/password") => {
            form(&[("current", "not the present one"), ("new", "elevenchars"), ("again", "elevenchars")])
        }
        ("POST", "/reset") => form(&[("address", &stock.tenant.owner().user.email)]),
        ("POST", "/reset/{token}") => form(&[("new", PASSWORD), ("again", PASSWORD)]),
        ("POST", "/join/{token}") => form(&[("name", "Jo Ining"), ("new", PASSWORD), ("again", PASSWORD)]),
        ("POST", "/api-keys") => {
            form(&[("name", &format!("Key {serial}")), ("lifetime", "90"), ("scope", permission)])
        }
        ("POST", "/api-keys/{key}/rotate") => form(&[("overlap_days", "7")]),
        ("POST", "/policy") => form(&[
            ("mfa_floor", "any"),
            ("mfa_grace_days", "14"),
            ("session_idle_minutes", &(120 + serial % 100).to_string()),
            ("session_absolute_hours", "12"),
            ("reauth_minutes", "10"),
            ("invitation_days", "14"),
        ]),
        ("POST", "/platform/tenants") => form(&[
            ("name", "New"),
            ("slug", &format!("newer-{serial}")),
            ("region", "local"),
            ("owner", &format!("owner{serial}@newer.example")),
            ("owner_name", "Nia New"),
        ]),
        (
            "POST",
            "/security/events/{event}/resolve"
            | "/platform/tenants/{tenant}/suspend"
            | "/platform/tenants/{tenant}/reactivate",
        ) => form(&[("reason", "It was looked into.")]),
        ("POST", "/sign-in") => {
            form(&[("next", "/"), ("address", &stock.tenant.owner().user.email), ("password", PASSWORD)])
        }
        (
            "POST",
            "/sign-in/code" | "/sign-in/recovery" | "/account/factors/{factor}" | "/enrol/factor/code",
        ) => form(&[("code", "000000")]),
        ("POST", "/sign-in/passkey" | "/sign-in/again/passkey") => {
            form(&[("next", "/"), ("ceremony", "x"), ("credential", "{}")])
        }
        ("POST", "/join/{token}/passkey") => {
            form(&[("name", "Jo Ining"), ("ceremony", "x"), ("credential", "{}")])
        }
        ("POST", "/account/passkeys" | "/enrol/factor/passkey") => form(&[
            ("ceremony", &stock.passkey.to_string()),
            ("credential", "{}"),
            ("passkey_name", "Laptop"),
        ]),
        ("POST", "/account/passkeys/{passkey}") => form(&[("name", "Laptop")]),
        (
            "POST",
            "/sign-in/passkey/begin" | "/join/{token}/passkey/begin" | "/enrol/factor/passkey/begin",
        ) => Sent::Nothing,
        ("POST", "/enrol/{token}") => form(&[("new", PASSWORD), ("again", PASSWORD)]),
        ("POST", "/sign-in/again") => form(&[("next", "/"), ("password", PASSWORD)]),
        ("POST", "/account/theme") => form(&[("theme", "dark")]),
        (
            "POST",
            "/users/{user}/disable"
            | "/users/{user}/enable"
            | "/users/{user}/reset-factors"
            | "/users/{user}/delete"
            | "/users/{user}/unlock"
            | "/roles/{role}/delete"
            | "/audit/searches/{search}/remove"
            | "/audit/streams/{stream}/pause"
            | "/audit/streams/{stream}/remove"
            | "/audit/streams/{stream}/resume"
            | "/audit/streams/{stream}/secret"
            | "/audit/streams/{stream}/start"
            | "/audit/streams/{stream}/test"
            | "/integrations/{integration}/enable"
            | "/integrations/{integration}/disable"
            | "/integrations/{integration}/test"
            | "/integrations/{integration}/remove"
            | "/secrets/{secret}/discard"
            | "/secrets/{secret}/rotate"
            | "/secrets/{secret}/delete"
            | "/teams/{team}/dissolve"
            | "/teams/{team}/members/{user}/remove"
            | "/teams/{team}/roles/{role}/remove"
            | "/users/{user}/sessions/end"
            | "/sessions/{session}/end"
            | "/account/sessions/{session}/end"
            | "/account/sessions/end-others"
            | "/invitations/{invitation}/resend"
            | "/invitations/{invitation}/revoke"
            | "/join/{token}/decline"
            | "/api-keys/{key}/narrow"
            | "/api-keys/{key}/revoke"
            | "/audit/exports/{export}/remove"
            | "/documents/{document}/delete"
            | "/security/events/{event}/acknowledge"
            | "/audit/drills"
            | "/account/factors"
            | "/account/passkeys/{passkey}/remove"
            | "/account/factors/{factor}/remove"
            | "/account/recovery-codes"
            | "/account/recovery-codes/file"
            | "/enrol/factor"
            | "/account/phone/remove"
            | "/platform/tenants/{tenant}/owner-link"
            | "/sign-out",
        ) => form(&[]),
        (method, path) => panic!("{method} {path} is new: give it a body in tests/support/bodies.rs"),
    }
}

fn form(fields: &[(&'static str, &str)]) -> Sent {
    Sent::Form(fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
}
