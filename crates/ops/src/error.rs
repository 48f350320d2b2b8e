//! Why an operation was not carried out: public words apart from the internal cause.

use bailiwick_store::Public;

/// A result of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong with one field, in words for the person who filled it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in the form and in the JSON body.
    pub field: &'static str,
    /// One sentence.
    pub text: String,
}

/// Why an operation was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing with this id in the actor's tenant; also what belongs to another tenant.
    #[error("not found")]
    NotFound,
    /// The actor may do this kind of thing, but not this one.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Fields that cannot be taken as they are.
    #[error("some fields need attention")]
    Invalid(Vec<FieldError>),
    /// The thing is in a state that does not allow it.
    #[error("{0}")]
    Conflict(&'static str),
    /// A legal hold keeps what was to be erased; the text names the hold.
    #[error("{0}")]
    Held(String),
    /// Too many attempts.
    #[error("too many attempts; try again later")]
    Limited {
        /// Seconds after which trying again makes sense.
        retry_after_seconds: i64,
    },
    /// The password hasher could not do its work.
    #[error("the password could not be checked")]
    Password(#[source] bailiwick_vault::password::PasswordError),
    /// The store.
    #[error(transparent)]
    Store(bailiwick_store::Error),
}

impl Error {
    /// One field that cannot be taken.
    pub fn field(field: &'static str, text: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field, text: text.into() }])
    }
}

impl From<bailiwick_store::Error> for Error {
    fn from(error: bailiwick_store::Error) -> Self {
        match error {
            bailiwick_store::Error::NotFound => Self::NotFound,
            bailiwick_store::Error::Conflict(text) => Self::Conflict(text),
            error => Self::Store(error),
        }
    }
}

impl Public for Error {
    fn code(&self) -> Option<&'static str> {
        match self {
            Self::NotFound => Some("not_found"),
            Self::Forbidden(_) => Some("forbidden"),
            Self::Invalid(_) => Some("invalid"),
            Self::Conflict(_) => Some("conflict"),
            Self::Held(_) => Some("held"),
            Self::Limited { .. } => Some("limited"),
            Self::Password(_) => None,
            Self::Store(error) => error.code(),
        }
    }
}
