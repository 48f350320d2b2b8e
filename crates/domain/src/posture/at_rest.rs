//! Encryption at rest.

use super::{
    AtRest, Fix, Status,
    control::{Evidence, Findings},
    text::number,
};

pub(super) fn findings(state: &AtRest) -> Findings {
    let implementation =
        format!("Factor secrets and personal data are sealed with {} envelope encryption", state.algorithm);
    let evidence = vec![
        Evidence::new(format!("{implementation} ({})", number(state.sealed_objects, "object")), Status::Pass),
        Evidence::either(
            state.provider_managed,
            format!("Key provider: {}, a managed KMS", state.provider),
            format!("Key provider: {}, not a managed KMS", state.provider),
        ),
        Evidence::either(
            state.rotation_scheduled,
            "Scheduled key rotation: on",
            "Scheduled key rotation: off",
        ),
    ];
    Findings {
        id: "at_rest",
        label: "Encryption at rest",
        implementation,
        verb: "",
        actions: action(state).map(str::to_owned).into_iter().collect(),
        // Nothing opens every sealed object to see whether it still can be.
        failures: Vec::new(),
        evidence,
        fix: Fix::Encryption,
    }
}

/// One action, because a rotation that a managed provider does not carry out protects little: both halves close it.
fn action(state: &AtRest) -> Option<&'static str> {
    match (state.provider_managed, state.rotation_scheduled) {
        (false, false) => Some("move production keys into managed KMS and rotate on schedule"),
        (false, true) => Some("move production keys into managed KMS"),
        (true, false) => Some("rotate production keys on schedule"),
        (true, true) => None,
    }
}
