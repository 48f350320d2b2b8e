//! The word that was probably meant.

/// Letters of a word at most; of a longer one the beginning counts.
const LONGEST: usize = 64;

/// The first of `words` that is at most two slips of the pen away from `typed`, the closest one.
pub fn nearest<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed: Vec<char> = typed.chars().flat_map(char::to_lowercase).take(LONGEST).collect();
    words
        .into_iter()
        .map(|word| (distance(&typed, &word.chars().take(LONGEST).collect::<Vec<_>>()), word))
        .filter(|(slips, word)| *slips <= 2 && *slips < word.len())
        // Of two that are as close, the one that ends alike.
        .min_by_key(|(slips, word)| (*slips, word.chars().last() != typed.last().copied()))
        .map(|(_, word)| word)
}

/// Letters to put in, take out, replace, or swap with their neighbour.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let at = |back: usize, column: usize| {
                let line = (rows.len()).checked_sub(back).and_then(|line| rows.get(line));
                line.and_then(|line| line.get(column)).copied().unwrap_or(usize::MAX / 2)
            };
            let left = row.last().copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(1, j) + usize::from(a != b)).min(at(1, j + 1) + 1).min(left + 1);
            let swapped = i > 0 && j > 0 && from.get(i - 1) == Some(b) && to.get(j - 1) == Some(a);
            if swapped {
                best = best.min(at(2, j - 1) + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_understood() {
        const KEYS: [&str; 5] = ["actor", "action", "outcome", "on", "permission.changed"];
        for (typed, meant) in [
            ("actr", Some("actor")),
            ("acotr", Some("actor")),
            ("Acton", Some("action")),
            ("outcomes", Some("outcome")),
            ("no", Some("on")),
            ("permission.chnged", Some("permission.changed")),
            ("weather", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, KEYS), meant, "{typed}");
        }
    }
}
