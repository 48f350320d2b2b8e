use serde::{Deserialize, Serialize};

/// Characters of one name that are kept.
const LONGEST: usize = 64;

/// Names in the order in which they were last seen, as many as its owner allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Recent(Vec<String>);

impl Recent {
    /// Whether this was not seen yet, beside others that were; remembers it.
    pub(super) fn is_news(&mut self, name: &str, most: usize) -> bool {
        let kept: String = name.chars().take(LONGEST).collect();
        let empty = self.0.is_empty();
        if let Some(place) = self.0.iter().position(|known| *known == kept) {
            let known = self.0.remove(place);
            self.0.push(known);
            return false;
        }
        if self.0.len() >= most {
            self.0.remove(0);
        }
        self.0.push(kept);
        !empty
    }
}
