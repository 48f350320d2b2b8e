//! Values that are one of a few words.

use std::path::Path;

use super::value::Setting;

/// Declares an enum whose values are written as words.
macro_rules! choice {
    ($(#[doc = $about:literal])+ $name:ident { $($(#[doc = $each:literal])+ $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name {
            $($(#[doc = $each])+ $variant),+
        }

        impl $name {
            /// The word that stands for it in the configuration.
            pub(crate) const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl Setting for $name {
            fn expected() -> String {
                let words = [$(concat!("\"", $word, "\"")),+];
                match words.as_slice() {
                    [one] => (*one).into(),
                    words => format!("one of {}", words.join(", ")),
                }
            }
            fn from_text(text: &str, _: &Path) -> Option<Self> {
                match text {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
            fn shown(&self) -> toml::Value {
                self.word().into()
            }
        }
    };
}

choice! {
    /// What happens to a request that did not come over HTTPS.
    Https {
        /// It is served: for a machine of one's own.
        Off = "off",
        /// It is redirected or refused.
        Enforce = "enforce",
    }
}

choice! {
    /// How what lies in the bucket of the archive is locked (S3 Object Lock).
    ArchiveLock {
        /// Not at all.
        None = "none",
        /// Whoever may bypass governance retention may shorten it.
        Governance = "governance",
        /// Nobody may shorten it.
        Compliance = "compliance",
    }
}

choice! {
    /// How a PostgreSQL connection is protected (libpq `sslmode`).
    DatabaseTls {
        /// Never TLS.
        Disable = "disable",
        /// TLS if the server insists.
        Allow = "allow",
        /// TLS if the server offers it.
        Prefer = "prefer",
        /// Always TLS, any certificate.
        Require = "require",
        /// Always TLS, certificate from a known authority.
        VerifyCa = "verify-ca",
        /// Always TLS, certificate from a known authority for this very host.
        VerifyFull = "verify-full",
    }
}

choice! {
    /// What holds the root key.
    KeyProvider {
        /// A file that only the server's account can read.
        File = "file",
        /// The secrets engine `transit` of OpenBao or Vault.
        Transit = "transit",
        /// The key management service of AWS.
        AwsKms = "awskms",
        /// A hardware security module.
        Pkcs11 = "pkcs11",
    }
}

choice! {
    /// Who rotates the organisations' keys.
    KeyRotation {
        /// A job, by the schedule of each organisation.
        Schedule = "schedule",
        /// People alone.
        Hand = "hand",
    }
}

choice! {
    /// How letters leave.
    MailTransport {
        /// They do not; they wait.
        None = "none",
        /// To a server by SMTP.
        Smtp = "smtp",
    }
}

choice! {
    /// How the connection to the mail server is protected.
    MailTls {
        /// Not at all.
        None = "none",
        /// TLS after STARTTLS.
        StartTls = "starttls",
        /// TLS from the first byte.
        Implicit = "implicit",
    }
}

choice! {
    /// How one-time codes reach people who have proven a phone number.
    StepUpChannel {
        /// By mail, as everybody else.
        Mail = "mail",
        /// As a message, through the operator's gateway.
        Webhook = "webhook",
    }
}

choice! {
    /// How log lines are written.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

choice! {
    /// How much is logged.
    LogLevel {
        /// Failures.
        Error = "error",
        /// Also what needs attention.
        Warn = "warn",
        /// Also what happens.
        Info = "info",
        /// Also why.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

choice! {
    /// A pack that comes with the program.
    BuiltInPack {
        /// The Australian disability care scheme.
        Ndis = "ndis",
    }
}
