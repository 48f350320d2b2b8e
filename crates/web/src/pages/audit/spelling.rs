//! Actions of a query that no record has: misspelt, most likely, and then a page without them would look like an answer.

use std::collections::BTreeSet;

use bailiwick_domain::search::{Pattern, Query, Test, nearest};
use bailiwick_store::audit::{KNOWN_AT_MOST, Known, Listed};

/// What is said of each action of the query that occurs nowhere, with the one that was probably meant. `found` are records of which
/// what occurs does not tell yet.
pub(super) fn unheard_of(query: &Query, known: &Known, found: &[Listed]) -> Vec<String> {
    // Where more occur than are told, nobody can say what does not.
    if known.actions.len() >= KNOWN_AT_MOST {
        return Vec::new();
    }
    let actions: BTreeSet<&str> =
        known.actions.iter().chain(found.iter().map(|one| &one.action)).map(String::as_str).collect();
    let nouns: BTreeSet<&str> =
        actions.iter().filter_map(|action| action.split_once('.')).map(|(noun, _)| noun).collect();
    let patterns = query.clauses.iter().filter_map(|clause| match &clause.test {
        Test::Action(patterns) => Some(patterns),
        _ => None,
    });
    let mut said = Vec::new();
    for pattern in patterns.flatten() {
        let (occurs, meant) = match pattern {
            Pattern::Exactly(action) => {
                (actions.contains(action.as_str()), near(action, &actions).map(str::to_owned))
            }
            Pattern::Noun(noun) => (
                nouns.contains(noun.as_str()) || actions.contains(noun.as_str()),
                near(noun, &nouns).map(str::to_owned),
            ),
            Pattern::Begins(beginning) => {
                // Whoever gives a beginning takes what there is: only what looks misspelt is worth a word.
                let meant = beginning.strip_suffix('.').and_then(|noun| near(noun, &nouns));
                let occurs = actions.iter().any(|action| action.starts_with(beginning.as_str()));
                (occurs || meant.is_none(), meant.map(|noun| format!("{noun}.*")))
            }
        };
        if !occurs {
            let meant = meant.map(|word| format!(" Did you mean {word}?")).unwrap_or_default();
            said.push(format!("No record here has an action {pattern}.{meant}"));
        }
    }
    said.dedup();
    said
}

fn near<'a>(typed: &str, words: &BTreeSet<&'a str>) -> Option<&'a str> {
    nearest(typed, words.iter().copied())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::search::parse;

    use super::*;

    fn said(line: &str) -> Vec<String> {
        let actions = ["grant.expired", "permission.changed", "permission.granted", "user.invited"];
        let known = Known { actions: actions.map(str::to_owned).to_vec(), kinds: Vec::new() };
        unheard_of(&parse(line).unwrap().query, &known, &[])
    }

    #[test]
    fn responder_hears_of_an_action_that_they_misspelt() {
        for (line, text) in [
            (
                "action:permission.chnged",
                "No record here has an action permission.chnged. Did you mean permission.changed?",
            ),
            (
                "-action:(user.invited|user.invitd)",
                "No record here has an action user.invitd. Did you mean user.invited?",
            ),
            ("action:premission", "No record here has an action premission. Did you mean permission?"),
            ("action:permision.*", "No record here has an action permision.*. Did you mean permission.*?"),
            ("action:document.shredded", "No record here has an action document.shredded."),
        ] {
            assert_eq!(said(line), [text], "{line}");
        }
    }

    #[test]
    fn nothing_is_said_of_what_occurs_and_of_what_cannot_be_told() {
        for line in [
            "action:permission.changed",
            "action:(user|grant.*)",
            "action:user.inv*",
            "action:(document.*|user.renamed_*)",
            "outcome:ok permission",
        ] {
            assert_eq!(said(line), [""; 0], "{line}");
        }
        let many = Known { actions: vec!["a.b".to_owned(); KNOWN_AT_MOST], kinds: Vec::new() };
        assert_eq!(unheard_of(&parse("action:x.y").unwrap().query, &many, &[]), [""; 0]);
    }
}
