//! What pages and API share of leading a stream somewhere: the fields of a place, as they are sent.

/// What is sent with the fields of a place, of which those of other kinds may be missing, and with some of its own.
///
/// The fields stand in the struct themselves: a part of it that is flattened cannot refuse what is unknown.
macro_rules! placed {
    (@[$($field:ident)*] names) => { ["kind", $(stringify!($field)),*] };
    (@[$($field:ident)*] $(#[$doc:meta])* $visibility:vis struct $name:ident { $($own:tt)* }) => {
        $(#[$doc])*
        #[derive(::serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        $visibility struct $name {
            kind: String,
            $(#[serde(default)] $field: String,)*
            $($own)*
        }

        impl $name {
            /// Takes the place out of what was sent.
            $visibility fn place(
                &mut self,
                reach: ::bailiwick_ops::audit::stream::Reach,
            ) -> ::bailiwick_ops::audit::stream::NewPlace {
                ::bailiwick_ops::audit::stream::NewPlace {
                    kind: ::std::mem::take(&mut self.kind),
                    $($field: ::std::mem::take(&mut self.$field),)*
                    reach,
                }
            }
        }
    };
    ($($what:tt)*) => {
        $crate::placing::placed! {
            @[url authorities server certificate key endpoint region bucket prefix access_key secret_key]
            $($what)*
        }
    };
}
pub(crate) use placed;

/// Names of every field of a place, of whatever kind.
pub(crate) const NAMES: [&str; 12] = placed!(names);

placed! {
    /// A place alone.
    pub(crate) struct Placed {}
}
