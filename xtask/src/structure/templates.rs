//! Rules for templates: nothing escapes escaping, and nothing needs `unsafe-inline`.

use super::Breach;

/// Checks one file; other kinds of file pass.
pub(super) fn check(path: &str, text: &str) -> Vec<Breach> {
    if !path.contains("/templates/") {
        return Vec::new();
    }
    let text = text.to_ascii_lowercase();
    let mut breaches = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut breach = |rule: &str| breaches.push(Breach::new(number + 1, rule));
        if without_spaces(line).contains("|safe") {
            breach("the filter `safe` writes text unescaped");
        }
        if line.contains("autoescape") || line.contains("|escape(\"none\")") {
            breach("escaping is not for templates to change");
        }
        if line.contains("<style") || attributes(line).any(|name| name == "style") {
            breach("a style inside the page: use a class");
        }
        if attributes(line).any(is_handler) {
            breach("a script inside the page: bind the event in a script file");
        }
        if line.contains("javascript:") {
            breach("a script inside a link");
        }
    }
    breaches.extend(inline_scripts(&text));
    breaches
}

/// A script element without an address, or with content.
fn inline_scripts(text: &str) -> Vec<Breach> {
    text.match_indices("<script")
        .filter(|(start, _)| {
            let element = text.get(*start..).unwrap_or_default();
            let (tag, rest) = element.split_once('>').unwrap_or((element, ""));
            let content = rest.split("</script").next().unwrap_or_default();
            !tag.contains(" src=") || !content.trim().is_empty()
        })
        .map(|(start, _)| {
            let line = text.get(..start).unwrap_or_default().lines().count().max(1);
            Breach::new(line, "a script inside the page: load it from a file")
        })
        .collect()
}

/// The names before each `=` of a line that may be attributes.
fn attributes(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices('=').filter_map(move |(end, _)| {
        let before = line.get(..end)?;
        let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | ':' | '_'));
        let start = start?;
        // An attribute follows white space or the value before it.
        let follows = before.get(start..)?.chars().next()?;
        (follows.is_whitespace() || matches!(follows, '"' | '\''))
            .then(|| before.get(start + follows.len_utf8()..))?
    })
}

fn is_handler(name: &str) -> bool {
    let inline = name.strip_prefix("on").is_some_and(|event| event.chars().all(|c| c.is_ascii_alphabetic()));
    inline && name.len() > 4 || name.starts_with("hx-on")
}

fn without_spaces(line: &str) -> String {
    line.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::check;

    fn rules(text: &str) -> usize {
        check("crates/web/templates/page.html", text).len()
    }

    #[test]
    fn unescaped_output_is_found() {
        assert_eq!(rules("{{ name | safe }}"), 1);
        assert_eq!(rules("{{ name|safe }}"), 1);
        assert_eq!(rules("{% autoescape false %}"), 1);
        assert_eq!(rules("{{ name }} is safe"), 0);
    }

    #[test]
    fn inline_styles_and_scripts_are_found() {
        assert_eq!(rules("<p class=\"a\" style=\"color: red\">"), 1);
        assert_eq!(rules("<style>"), 1);
        assert_eq!(rules("<button onclick=\"go()\">"), 1);
        assert_eq!(rules("<form hx-on:submit='go()'>"), 1);
        assert_eq!(rules("<a href=\"JavaScript:go()\">"), 1);
        assert_eq!(rules("<script>go()</script>"), 1);
        assert_eq!(rules("<script src=\"/a.js\">go()</script>"), 1);
    }

    #[test]
    fn ordinary_markup_passes() {
        assert_eq!(
            rules("<script src=\"/a.js\" defer></script>\n<link rel=\"stylesheet\" href=\"/a.css\">"),
            0
        );
        assert_eq!(rules("<td data-style=\"x\">{% let one = 1 %}{% if onward == 2 %}"), 0);
    }
}
