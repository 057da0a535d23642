//! The fields that a decision can add to a response, in one table.
//!
//! Writing, measuring, rendering, [`Policy::max_response_len`], [`Policy::max_fields`],
//! [`MAX_FIELDS`](crate::MAX_FIELDS), [`ExistingCorsFields`](crate::ExistingCorsFields) and the
//! names in the C library all follow from its rows.
//!
//! To add a field, add a row, and the three functions that it names: `value` in
//! `response/fields.rs`, `fixed` in `response/rendered.rs`, and `longest` in `policy/bounds.rs`.
//! The compiler reports the ones that are missing. If a request can change the value, the rendered
//! text must not contain it: add a condition such as `has_fixed_timing` in `response/rendered.rs`.
//!
//! The table is a macro that passes its rows to another macro, so each use of the table expands to
//! code without a loop. A loop over a table of function pointers is shorter, but the rows
//! `unrendered` of `.ci/bench.py` then cost 20 % more instructions, because the compiler can no
//! longer inline the values.
//!
//! [`Policy::max_response_len`]: crate::Policy::max_response_len
//! [`Policy::max_fields`]: crate::Policy::max_fields

/// Passes the rows of the table to the macro `then`, in the order in which the fields are written.
///
/// | column | what it is |
/// |---|---|
/// | `first` | the allowed origin |
/// | `beside` | a field that is only written after the allowed origin |
/// | `apart` | a field that does not need an allowed origin, so refused responses have it too |
/// | `last` | `vary` |
/// | variant, name | the variant of [`ResponseField`], and the field's name, in lower case |
/// | `on` | the responses that can carry the field, see [`On`] |
/// | `value` | the method of `Decision` that returns the value, if the response carries the field |
/// | `fixed` | the method of `Policy` that returns the value if no request changes it |
/// | `longest` | the method of `Policy` that returns the length of the longest value; 0 means never |
///
/// The names are in lower case because HTTP/2 and HTTP/3 require it
/// (<https://www.rfc-editor.org/rfc/rfc9113#section-8.2.1>).
macro_rules! all_response_fields {
    ($then:ident) => {
        $then! {
            first AllowOrigin "access-control-allow-origin"
                on Both, value allow_origin, longest longest_allow_origin;
            beside AllowCredentials "access-control-allow-credentials"
                on Both, value allow_credentials, fixed fixed_credentials, longest longest_credentials;
            beside AllowMethods "access-control-allow-methods"
                on Preflight, value allow_methods, fixed fixed_methods, longest longest_methods;
            beside AllowHeaders "access-control-allow-headers"
                on Preflight, value allow_headers, fixed fixed_headers, longest longest_headers;
            beside MaxAge "access-control-max-age"
                on Preflight, value max_age, fixed fixed_max_age, longest longest_max_age;
            beside ExposeHeaders "access-control-expose-headers"
                on NotPreflight, value expose_headers, fixed fixed_expose_headers,
                longest longest_expose_headers;
            apart TimingAllowOrigin "timing-allow-origin"
                on NotPreflight, value timing_allow_origin, fixed fixed_timing, longest longest_timing;
            last Vary "vary"
                on Both, value vary, longest longest_vary;
        }
    };
}
pub(crate) use all_response_fields;

/// The responses that can carry a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// Responses to preflights.
    Preflight,
    /// Responses to other requests, those without `Origin` included.
    NotPreflight,
    /// All responses.
    Both,
}

impl On {
    /// Returns whether responses to preflights, or to other requests, can carry the field.
    #[inline(always)]
    pub(crate) const fn includes(self, is_preflight: bool) -> bool {
        match self {
            Self::Preflight => is_preflight,
            Self::NotPreflight => !is_preflight,
            Self::Both => true,
        }
    }
}

macro_rules! enumerate {
    ($($place:ident $field:ident $name:literal
        on $on:ident, value $value:ident $(, fixed $fixed:ident)?, longest $longest:ident;)*) => {
        /// A response field that a decision may carry.
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub(crate) enum ResponseField {
            $(
                #[doc = concat!("`", $name, "`.")]
                $field,
            )*
        }

        impl ResponseField {
            /// All fields, in the order in which they are written.
            pub(crate) const ALL: [Self; FIELD_NAMES.len()] = [$(Self::$field,)*];

            /// Returns the name, in lower case.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$field => $name,)* }
            }

            /// Returns the bytes of a field line before its value.
            #[inline(always)]
            pub(crate) const fn line_start(self) -> &'static str {
                match self { $(Self::$field => concat!($name, ": "),)* }
            }

            /// Returns the responses that can carry the field.
            pub(crate) const fn on(self) -> On {
                match self { $(Self::$field => On::$on,)* }
            }
        }

        /// The names of all fields that a decision may carry, in lower case and in the order in
        /// which they are written. `vary` is the last.
        ///
        /// A proxy that sends an upstream's response removes the fields with these names from it,
        /// except `vary`, and then adds the fields of the decision.
        pub const FIELD_NAMES: [&str; [$($name,)*].len()] = [$($name,)*];
    };
}
all_response_fields!(enumerate);

/// The largest number of fields that any decision of any policy has. The bound of a given policy
/// is [`Policy::max_fields`](crate::Policy::max_fields).
pub const MAX_FIELDS: usize = {
    let (preflight, actual) = (count(true), count(false));
    if preflight > actual { preflight } else { actual }
};

const fn count(is_preflight: bool) -> usize {
    let (mut count, mut i) = (0, 0);
    while i < ResponseField::ALL.len() {
        count += ResponseField::ALL[i].on().includes(is_preflight) as usize;
        i += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_lower_case() {
        for (index, name) in FIELD_NAMES.iter().enumerate() {
            assert_eq!(*name, name.to_ascii_lowercase());
            assert_eq!(*name, ResponseField::ALL[index].name());
            assert_eq!(format!("{name}: "), ResponseField::ALL[index].line_start());
            assert!(!FIELD_NAMES[..index].contains(name));
        }
        assert_eq!(MAX_FIELDS, 6);
    }
}
