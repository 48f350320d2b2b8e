//! How random a value looks.

/// Characters below which nothing is said: a short word is as random as a short key.
const SHORTEST: usize = 20;
/// Letters and digits in a row from which a part of a value is judged by itself.
const SHORTEST_RUN: usize = 16;
/// Bits a character, by Shannon's measure over the run itself, from which letters and digits look random.
const MIXED: f64 = 3.2;
/// The same for hexadecimal digits, which have four bits at most.
const HEX: f64 = 3.0;
/// Characters of one case with digits, or hexadecimal digits, below which nothing is said of them.
const SHORTEST_PLAIN: usize = 32;

/// Whether a value looks as random as a key does.
pub(super) fn is_random(value: &str) -> bool {
    if value.len() < SHORTEST || !value.bytes().all(is_of_a_key) || is_uuid(value) {
        return false;
    }
    // Paths, addresses and names of parts hold short runs; a key in base64 is cut by few other characters.
    let longest = value.split(|c: char| !c.is_ascii_alphanumeric()).max_by_key(|run| run.len());
    longest.is_some_and(is_random_run)
        || turns(value) * 10 >= value.len() * 7 && classes(value) >= 3 && bits(value) >= MIXED
}

fn is_random_run(run: &str) -> bool {
    if run.len() < SHORTEST_RUN {
        return false;
    }
    if run.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return run.len() >= SHORTEST_PLAIN && bits(run) >= HEX;
    }
    // A word changes case at its beginnings; a key does so everywhere.
    let least = match classes(run) {
        3.. => run.len().div_ceil(3),
        2 if run.len() >= SHORTEST_PLAIN && run.bytes().any(|octet| octet.is_ascii_digit()) => {
            run.len().div_ceil(4)
        }
        _ => return false,
    };
    turns(run) >= least && bits(run) >= MIXED
}

fn is_of_a_key(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"+/=_-.:~!@#$%^&*".contains(&octet)
}

fn is_uuid(value: &str) -> bool {
    let parts: Vec<_> = value.split('-').collect();
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && parts.iter().all(|part| part.bytes().all(|octet| octet.is_ascii_hexdigit()))
}

/// How many of lower case, upper case, digits and other characters there are.
fn classes(value: &str) -> usize {
    let any = |of: fn(&u8) -> bool| usize::from(value.as_bytes().iter().any(of));
    any(u8::is_ascii_lowercase)
        + any(u8::is_ascii_uppercase)
        + any(u8::is_ascii_digit)
        + any(|octet| !octet.is_ascii_alphanumeric())
}

/// How often the class of the characters turns.
fn turns(value: &str) -> usize {
    let class = |octet: u8| match octet {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    value
        .as_bytes()
        .windows(2)
        .filter(|pair| matches!(pair, [one, two] if class(*one) != class(*two)))
        .count()
}

/// Bits a character (Shannon, 1948).
fn bits(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for octet in value.bytes() {
        if let Some(count) = counts.get_mut(usize::from(octet)) {
            *count += 1;
        }
    }
    let all = counts.iter().map(|count| f64::from(*count)).sum::<f64>();
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / all)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_looks_random_and_a_name_does_not() {
        for random in [
            "wJalrXUtnFEMI9K7MDENGbPxRfiCYz3kQp1",
            "9f86d081884c7d659a2feaa0c55ad015",
            "q7V!x2Lp9#Rt4Zw8Bn3K",
        ] {
            assert!(is_random(random), "{random}");
        }
        for plain in [
            "short7K",
            "application/vnd.openxmlformats",
            "com.example.billing.InvoiceListener",
            "00000000000000000000000000000000",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "ap-southeast-2.compute.internal",
            "SELECT_FROM_CUSTOMER_TABLE",
            "2026-01-02T03:04:05.678Z",
        ] {
            assert!(!is_random(plain), "{plain}");
        }
    }
}
