//! What is read from strangers, as functions of octets: they return how many readers accepted them, or they found a
//! fault.
//!
//! Each is a target of libFuzzer (`libfuzzer`) and a property test over random and damaged inputs (`tests`), so that a target
//! cannot rot between two runs of the fuzzer.
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a fault that was found ends the process: that is how a fuzzer learns of it"
)]

use bailiwick_domain::{
    change::{Direction, apply, difference as difference_of},
    ids::{TenantId, UserId},
    json::{self, Body, Item},
    product::{Context, LIMITS, read},
    redaction::Redaction,
    role::RoleName,
    search,
    time::Timestamp,
};
use bailiwick_passkey::{Assertion, Attestation, Person, RelyingParty, UserHandle};
use bailiwick_proof::{
    Hash,
    bundle::{self, Bundle, Manifest},
    canonical,
    checkpoint::{
        Checkpoint, CosignerKey, EpochStatement, LogName, NoteSignature, SignedNote, Trust, VerifierKey,
    },
    completeness::Page,
    event::scan,
    heads::Head,
    receipt::{Disclosed, Receipt},
    tile::TilePath,
    witness::{AddCheckpoint, Seen, judge},
};
use bailiwick_vault::{
    api_key::{ApiKey, Brand, KeyTag},
    envelope::Sealed,
    subject::SubjectSealed,
    token::{EnrolmentToken, RandomToken, SessionToken},
    totp::TotpSecret,
};
use serde_json::Value;

/// An audit event of an archive that nobody vouches for.
///
/// Canonical octets are what a JSON parser writes again; whatever the scanner accepts is canonical.
pub fn event(octets: &[u8]) -> usize {
    let mut accepted = 0;
    let canonical = canonical::check(octets).is_ok();
    if canonical {
        let value: Value = serde_json::from_slice(octets).expect("canonical octets are JSON");
        assert_eq!(canonical::to_bytes(&value).as_deref().ok(), Some(octets), "one value, one text");
    }
    if let Ok(fields) = scan(octets) {
        accepted += 1;
        assert!(canonical, "an event is canonical");
        assert_eq!(fields.prev.is_none(), fields.entity.revision == 1, "only a first revision follows none");
    }
    accepted
}

/// Events as a product sends them, read strictly and judged under rules.
///
/// What the strict reader takes, any reader takes for the same; what is judged has canonical octets, and holds nothing that
/// the rules hide.
pub fn product_event(octets: &[u8]) -> usize {
    const RULES: &str = "secret /**/pin\ndrop /debug\npersonal /contacts/*/name";
    let rules = Redaction::rules(RULES).expect("good rules");
    let redaction = Redaction { rules, ..Redaction::default() };
    let now = Timestamp::from_micros(1_767_323_045_000_006);
    let context = Context { tenant: TenantId::from_bytes([7; 16]), now };
    let items = match json::read(octets, &LIMITS) {
        Ok(Body::One(item)) => vec![item],
        Ok(Body::Many(items)) => items,
        Err(_) => return 0,
    };
    let mut accepted = 0;
    for Item { value, faults } in items.into_iter().filter(|item| item.faults.is_empty()) {
        assert!(
            faults.is_empty() && canonical::to_bytes(&value).is_ok(),
            "what is taken can be written down"
        );
        let Ok(event) = read(&value, &context) else { continue };
        let Ok(judged) = redaction.judge(&event) else { continue };
        let sealed = Value::from("sealed");
        let changes = judged.commit(|_| Ok::<_, ()>(sealed.clone())).expect("nothing fails");
        for change in &changes {
            let dropped = change.path == "/debug" || change.path.starts_with("/debug/");
            assert!(!dropped, "what is left out leaves nothing");
            for side in [&change.before, &change.after] {
                assert!(canonical::to_bytes(side).is_ok(), "what is judged can be written down");
                assert!(hides(side), "a name of the rules with a value in clear");
            }
        }
        accepted += 1;
    }
    accepted
}

/// Whether every member `pin` is hidden.
fn hides(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().all(|(name, member)| {
            let hidden = member.is_null() || member.get("redacted").is_some();
            hidden || (name != "pin" && hides(member))
        }),
        Value::Array(items) => items.iter().all(hides),
        _ => true,
    }
}

/// A signed note, a checkpoint and a verifier key, as they lie in files outside the database.
///
/// There is one text for each.
pub fn checkpoint(octets: &[u8]) -> usize {
    let mut accepted = 0;
    if let Ok(note) = SignedNote::parse(octets) {
        accepted += 1;
        assert_eq!(note.to_string().as_bytes(), octets, "one note, one text");
    }
    let Ok(text) = std::str::from_utf8(octets) else { return accepted };
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        accepted += 1;
        assert_eq!(checkpoint.to_string(), text, "one checkpoint, one text");
    }
    if let Ok(key) = text.parse::<VerifierKey>() {
        accepted += 1;
        assert_eq!(key.to_string(), text, "one key, one text");
        assert!(!key.signed(b"text", octets), "a key does not sign its own text");
    }
    accepted
}

/// A receipt, and everything else that a log, a witness and whoever verifies hand each other.
///
/// There is one text for each, and nothing is believed without a key.
pub fn receipt(octets: &[u8]) -> usize {
    let mut accepted = 0;
    let nobody = Trust::default();
    if let Ok(receipt) = Receipt::parse(octets) {
        accepted += 1;
        assert_eq!(receipt.to_string().as_bytes(), octets, "one receipt, one text");
        assert!(receipt.verify(&nobody).is_err(), "nobody is trusted");
    }
    if let Ok(request) = AddCheckpoint::parse(octets) {
        accepted += 1;
        assert_eq!(request.to_string().as_bytes(), octets, "one request, one text");
        assert!(judge(&request, &[], Seen::default()).is_err(), "nobody is trusted");
    }
    if let Ok(head) = Head::from_bytes(octets) {
        accepted += 1;
        assert_eq!(head.to_bytes().as_slice(), octets, "one head, one row of octets");
    }
    if let Ok(page) = serde_json::from_slice::<Page>(octets) {
        accepted += 1;
        assert!(Page::verify(&[page], &nobody).is_err(), "nobody is trusted");
    }
    let Ok(text) = std::str::from_utf8(octets) else { return accepted };
    if let Ok(statement) = EpochStatement::parse(text) {
        accepted += 1;
        assert_eq!(statement.to_string(), text, "one statement, one text");
        assert!(statement.epoch() > 1, "the first epoch begins without a statement");
    }
    if let Some(name) = LogName::parse(text) {
        accepted += 1;
        assert_eq!(name.to_string(), text, "one log, one name");
    }
    if let Ok(path) = text.parse::<TilePath>() {
        accepted += 1;
        assert_eq!(path.to_string(), text, "one tile, one path");
    }
    if let Ok(key) = text.parse::<CosignerKey>() {
        accepted += 1;
        assert_eq!(key.to_string(), text, "one key, one text");
    }
    if let Ok(line) = text.parse::<NoteSignature>() {
        accepted += 1;
        assert_eq!(line.to_string(), text, "one line, one text");
    }
    accepted
}

/// What a request may carry to prove who sent it.
///
/// There is one text for each, and a token that is accepted is the one that was shown.
pub fn credential(octets: &[u8]) -> usize {
    let mut accepted = 0;
    let Ok(text) = std::str::from_utf8(octets) else { return accepted };
    if let Ok(token) = SessionToken::parse(text) {
        accepted += 1;
        assert_eq!(token.expose().as_str(), text, "one session token, one text");
        assert!(!token.csrf_matches(text), "the session token is not its own form token");
    }
    if let Ok(token) = EnrolmentToken::parse(text) {
        accepted += 1;
        assert_eq!(token.expose().as_str(), text, "one enrolment token, one text");
    }
    if let Ok(token) = RandomToken::parse(text) {
        accepted += 1;
        assert_eq!(token.expose().as_str(), text, "one random token, one text");
        assert!(token.matches(text), "a token matches itself");
    }
    if let Ok(key) = ApiKey::parse(text) {
        accepted += 1;
        assert_eq!(key.expose(), text, "one key, one text");
        assert!(text.starts_with(key.display_prefix()), "what is shown of a key is its beginning");
        assert!(Brand::parse(key.brand()).is_some(), "a key's brand is a brand");
    }
    if let Some(brand) = Brand::parse(text) {
        accepted += 1;
        assert_eq!(brand.as_str(), text, "one brand, one text");
    }
    if let Some(tag) = KeyTag::parse(text) {
        accepted += 1;
        assert_eq!(tag.as_str(), text, "one tag, one text");
    }
    if let Some(secret) = TotpSecret::from_base32(text) {
        accepted += 1;
        let again = TotpSecret::from_base32(&secret.base32()).expect("what was written is read");
        assert_eq!(secret.code_at(1_767_323_045).as_str(), again.code_at(1_767_323_045).as_str());
        let code = secret.code_at(1_767_323_045);
        assert!(secret.verify(&code, 1_767_323_045, None).is_ok(), "a code is good at its time");
        assert!(secret.verify(text, 1_767_323_045, None).is_err(), "a secret is no code");
    }
    accepted
}

/// Sealed values of a database that somebody else wrote in.
pub fn sealed(octets: &[u8]) -> usize {
    let mut accepted = 0;
    if let Ok(sealed) = Sealed::parse(octets.to_vec()) {
        accepted += 1;
        assert_eq!(sealed.as_bytes(), octets, "nothing is lost in reading");
        let version = octets.get(1..5).and_then(|octets| octets.try_into().ok()).map(u32::from_be_bytes);
        assert_eq!(Some(sealed.key_version()), version, "the version stands where it is documented");
    }
    if let Ok(sealed) = SubjectSealed::parse(octets.to_vec()) {
        accepted += 1;
        assert_eq!(sealed.as_bytes(), octets, "nothing is lost in reading");
    }
    accepted
}

/// An evidence bundle, and a receipt with values, of a stranger: read or refused, and never believed without its key.
pub fn bundle(octets: &[u8]) -> usize {
    let mut accepted = 0;
    if let Ok(bundle) = bundle::read(octets) {
        accepted += 1;
        let written = bundle::write(&bundle).expect("what was read is no longer than what is written");
        let again = bundle::read(written.as_bytes()).expect("what is written is read again");
        let mut values = bundle.records.iter().flat_map(|record| &record.disclosed);
        // A fraction may come back as its neighbour; no record commits to one.
        if values.all(|opening| canonical::to_bytes(&opening.value).is_ok()) {
            assert_eq!(Bundle { page: bundle.page, ..again }, bundle, "nothing is lost in writing");
        }
        assert!(bundle.verify(&Trust::default()).is_err(), "nobody is believed without a key");
        // Whatever the list says: its own keys at most have signed it.
        let own = Trust { logs: bundle.keys.clone(), ..Trust::default() };
        if let Ok(proven) = bundle.verify(&own) {
            assert_eq!(
                proven.manifest.records.len(),
                bundle.records.len(),
                "no record more or less than listed"
            );
        }
    }
    if let Ok(text) = std::str::from_utf8(octets) {
        if let Ok(manifest) = Manifest::parse(text) {
            accepted += 1;
            assert_eq!(manifest.to_string(), text, "one list, one text");
            assert!(Checkpoint::parse(text).is_err(), "a list is no checkpoint");
        }
        if let Ok(disclosed) = Disclosed::parse(octets) {
            accepted += 1;
            assert_eq!(disclosed.to_string(), text, "one receipt, one text");
            assert!(disclosed.verify(&Trust::default()).is_err(), "nobody is believed without a key");
        }
    }
    accepted
}

/// What a stranger sends as the answer of an authenticator.
///
/// It answers a question that was not asked, so it may be read, and never proves anything.
pub fn passkey(octets: &[u8]) -> usize {
    let mut accepted = 0;
    let Ok(text) = std::str::from_utf8(octets) else { return accepted };
    let party = RelyingParty::at("https://bailiwick.example").expect("a name");
    if let Ok(attestation) = Attestation::parse(text) {
        accepted += 1;
        let person = Person { handle: UserHandle::of([1; 16], [2; 16]), address: "a@b.example", name: "A" };
        let begun = party.begin_registration(person, Vec::new()).expect("a question");
        assert!(party.finish_registration(&begun.state, &attestation).is_err(), "nothing was registered");
    }
    if let Ok(assertion) = Assertion::parse(text) {
        accepted += 1;
        let handle = assertion.handle();
        let bytes = [handle.tenant(), handle.user()].concat();
        assert_eq!(UserHandle::from_bytes(&bytes), Some(handle), "one handle, one place");
        assert!((1..=1023).contains(&assertion.credential_id().len()), "an id is neither empty nor endless");
    }
    accepted
}

/// Ids, times, hashes and names in addresses and forms.
pub fn value(octets: &[u8]) -> usize {
    let mut accepted = 0;
    let Ok(text) = std::str::from_utf8(octets) else { return accepted };
    if let Ok(time) = Timestamp::parse(text) {
        accepted += 1;
        assert_eq!(Timestamp::parse(&time.to_string()), Ok(time), "what is written is read again");
    }
    if let Ok(id) = text.parse::<UserId>() {
        accepted += 1;
        assert_eq!(id.to_string().parse(), Ok(id), "what is written is read again");
    }
    if let Ok(hash) = text.parse::<Hash>() {
        accepted += 1;
        assert_eq!(hash.to_string(), text, "one hash, one text");
    }
    if let Ok(role) = text.parse::<RoleName>() {
        accepted += 1;
        assert_eq!(role.name(), text, "one role, one name");
    }
    accepted
}

/// A line in which somebody looks for records of the log.
pub fn search_query(octets: &[u8]) -> usize {
    let Ok(text) = std::str::from_utf8(octets) else { return 0 };
    let letters = text.chars().count();
    if let Some(found) = search::completing(text, letters / 2) {
        assert!(found.start <= found.end && found.end <= letters, "what is replaced lies within the text");
    }
    match search::parse(text) {
        Ok(parsed) => {
            let written = parsed.query.to_string();
            // Quotes and backslashes make a text longer, beyond what is read.
            if written.chars().count() <= search::MOST_CHARACTERS {
                let again = search::parse(&written).expect("what is written is read again");
                assert_eq!(again.query, parsed.query, "one query, one text");
            }
            1
        }
        Err(wrong) => {
            assert!((1..=letters + 1).contains(&wrong.column), "the fault lies within the text");
            0
        }
    }
}

/// A difference between any two images, which leads from each to the other.
pub fn difference(octets: &[u8]) -> usize {
    let Some(middle) = octets.iter().position(|octet| *octet == b'\n') else { return 0 };
    let (before, after) = octets.split_at(middle);
    let (Ok(before), Ok(after)) = (serde_json::from_slice(before), serde_json::from_slice(after)) else {
        return 0;
    };
    let (before, after): (Value, Value) = (before, after);
    if !before.is_object() || !after.is_object() {
        return 0;
    }
    let changes = difference_of(Some(&before), Some(&after));
    assert_eq!(changes.is_empty(), before == after, "no change, no difference");
    for (from, to, direction) in
        [(&before, &after, Direction::Forward), (&after, &before, Direction::Backward)]
    {
        let mut image = from.clone();
        apply(&mut image, &changes, direction).expect("a difference fits the image it was made of");
        assert_eq!(&image, to, "a difference leads to the other image");
    }
    1
}
