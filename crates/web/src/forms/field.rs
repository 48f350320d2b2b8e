//! Form fields as the templates show them.

use super::{Problem, Typed};

/// What stands in a field in which nothing is chosen yet.
const UNCHOSEN: &str = "Choose one";

/// A field with one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in the form, also the element's id.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// What stands in it.
    pub value: String,
    /// What helps to fill it in.
    pub hint: Option<String>,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl Field {
    /// An empty field.
    pub fn new(name: &'static str, label: &'static str) -> Self {
        Self { name, label, value: String::new(), hint: None, error: None }
    }

    /// Its name, and what people call it.
    pub(crate) const fn named(&self) -> (&'static str, &'static str) {
        (self.name, self.label)
    }

    /// With a value in it.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// With a hint below it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As it was typed, with the first problem that concerns it.
    #[must_use]
    pub fn again(mut self, typed: &Typed, problems: &[Problem]) -> Self {
        typed.value(self.name).clone_into(&mut self.value);
        self.error = of(self.name, problems);
        self
    }

    /// With the first problem that concerns it, and nothing of what was typed: for passwords and codes.
    #[must_use]
    pub fn emptied(mut self, problems: &[Problem]) -> Self {
        self.error = of(self.name, problems);
        self
    }
}

/// One of several values to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What people read.
    pub label: String,
    /// What the choice means.
    pub hint: Option<String>,
    /// Whether it is chosen.
    pub selected: bool,
}

impl Choice {
    /// A choice that is not made.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None, selected: false }
    }

    /// With what it means.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A field with values to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    /// The name in the form, also the element's id.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// The choices, in order.
    pub options: Vec<Choice>,
    /// What helps to choose.
    pub hint: Option<String>,
    /// What is wrong with the choice.
    pub error: Option<String>,
}

impl Select {
    /// A field whose choice is `selected`, if that is among the options.
    pub fn new(
        name: &'static str,
        label: &'static str,
        options: impl IntoIterator<Item = Choice>,
        selected: &str,
    ) -> Self {
        let choose = |option: Choice| Choice { selected: option.value == selected, ..option };
        Self { name, label, options: options.into_iter().map(choose).collect(), hint: None, error: None }
    }

    /// With a hint below it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With nothing chosen until somebody chooses: sending it as it stands is refused.
    #[must_use]
    pub fn unchosen(mut self) -> Self {
        if !self.options.is_empty() && !self.options.iter().any(|option| option.selected) {
            let nothing = Choice { selected: true, ..Choice::new("", UNCHOSEN) };
            self.options.insert(0, nothing);
        }
        self
    }

    /// Whether sending it takes a choice: it begins with none.
    pub fn is_required(&self) -> bool {
        self.options.first().is_some_and(|first| first.value.is_empty() && first.label == UNCHOSEN)
    }

    /// Its name, and what people call it.
    pub(crate) const fn named(&self) -> (&'static str, &'static str) {
        (self.name, self.label)
    }

    /// As it was chosen, with the first problem that concerns it.
    #[must_use]
    pub fn again(mut self, typed: &Typed, problems: &[Problem]) -> Self {
        for option in &mut self.options {
            option.selected = typed.has(self.name, &option.value);
        }
        self.error = of(self.name, problems);
        self
    }
}

/// The first problem of a field or of a part of it.
fn of(name: &str, problems: &[Problem]) -> Option<String> {
    let concerns =
        |field: &str| field.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    problems.iter().find(|problem| concerns(&problem.field)).map(|problem| problem.text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_stands_beside_its_own_field() {
        let problems = [Problem::new("scopes/2", "No such permission."), Problem::new("name", "Too long.")];
        assert_eq!(of("scopes", &problems).as_deref(), Some("No such permission."));
        assert_eq!(of("name", &problems).as_deref(), Some("Too long."));
        assert_eq!(of("scope", &problems), None);
        assert_eq!(of("nam", &problems), None);
    }

    #[test]
    fn a_choice_that_was_not_offered_is_not_made() {
        let select = Select::new("role", "Role", [Choice::new("a", "A"), Choice::new("b", "B")], "c");
        assert!(select.options.iter().all(|option| !option.selected));
    }
}
