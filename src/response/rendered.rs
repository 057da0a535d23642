//! The part of the responses that is the same for every request, written once per policy instead of
//! once per response.

use super::value::FieldValue;
use crate::ascii::{eq, until};
use crate::buffer::{BufferTooSmall, Out};
use crate::policy::timing::Timing;
use crate::policy::{Names, Policy, RenderedText};
use crate::response_fields::{On, ResponseField, all_response_fields};

/// Renders a policy that is known when the program is built, to trade flash for speed. See
/// [`Policy::render`].
///
/// The rendered text is placed in read-only memory. The argument must be an expression that can be
/// the value of a `const`.
///
/// ```
/// use embedded_cors::{Policy, Request, rendered};
///
/// static CORS: Policy = rendered!(
///     Policy::builder()
///         .allow_origins(&["https://app.example.com"])
///         .expose_headers(&["etag", "x-request-id"])
///         .build_or_panic()
/// );
///
/// let request = Request::from_fields("GET", [("origin", "https://app.example.com")]);
/// let mut buffer = [0; CORS.max_response_len()];
/// assert_eq!(
///     CORS.decide(&request).write_fields(&mut buffer)?.as_str(),
///     "access-control-allow-origin: https://app.example.com\r\n\
///      access-control-expose-headers: etag,x-request-id\r\n\
///      vary: origin\r\n"
/// );
/// # Ok::<(), embedded_cors::BufferTooSmall>(())
/// ```
#[macro_export]
macro_rules! rendered {
    ($policy:expr) => {{
        // The names of items in a macro are not hygienic, so these names must differ from those of
        // any caller.
        const __EMBEDDED_CORS_POLICY: $crate::Policy<'static> = $policy;
        static __EMBEDDED_CORS_TEXT: [u8; __EMBEDDED_CORS_POLICY.rendered_len()] =
            __EMBEDDED_CORS_POLICY.__rendered();
        const { __EMBEDDED_CORS_POLICY.__with_rendered(&__EMBEDDED_CORS_TEXT) }
    }};
}

impl<'a> Policy<'a> {
    /// Returns the number of bytes of memory that [`render`](Self::render) needs.
    pub const fn rendered_len(&self) -> usize {
        let mut out = Out::new(&mut []);
        self.emit_rendered(&mut out);
        out.len()
    }

    /// Writes the part of the responses that is the same for every request into `memory`, and
    /// returns a policy that decides and answers exactly as this one does, in less time.
    ///
    /// Most responses are then an origin and a copy of this text: those to actual requests other
    /// than `OPTIONS`, unless their `Timing-Allow-Origin` is the origin of the request, and those
    /// to allowed preflights, unless methods or headers are echoed. Rendering does not change how
    /// other responses are written, such as those to refused preflights and those with a merged
    /// `Vary`.
    ///
    /// For a policy in a `static`, use [`rendered!`](crate::rendered!).
    ///
    /// ```
    /// use embedded_cors::{Policy, Request};
    ///
    /// let origins = ["https://app.example.com"];
    /// let policy = Policy::builder().allow_origins(&origins).build().expect("they are valid");
    ///
    /// let mut memory = [0; 256];
    /// assert_eq!(policy.rendered_len(), 93);
    /// let rendered = policy.render(&mut memory).expect("there is room");
    /// let request = Request::from_fields("GET", [("origin", "https://app.example.com")]);
    /// assert_eq!(
    ///     rendered.decide(&request).write_fields(&mut [0; 220])?.as_str(),
    ///     policy.decide(&request).write_fields(&mut [0; 220])?.as_str(),
    /// );
    /// # Ok::<(), embedded_cors::BufferTooSmall>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`BufferTooSmall`] with the length needed.
    pub const fn render<'m>(&self, memory: &'m mut [u8]) -> Result<Policy<'m>, BufferTooSmall>
    where
        'a: 'm,
    {
        let needed = self.rendered_len();
        if memory.len() < needed {
            return Err(BufferTooSmall::new(needed));
        }
        self.emit_rendered(&mut Out::new(&mut *memory));
        Ok(self.with_text(until(memory, needed)))
    }

    /// Returns the rendered text, for [`rendered!`](crate::rendered!).
    #[doc(hidden)]
    pub const fn __rendered<const N: usize>(&self) -> [u8; N] {
        let mut text = [0; N];
        self.emit_rendered(&mut Out::new(&mut text));
        text
    }

    /// Attaches `text`, for [`rendered!`](crate::rendered!). A text that was rendered from another
    /// policy is ignored.
    #[doc(hidden)]
    pub const fn __with_rendered<const N: usize>(&self, text: &'a [u8; N]) -> Self {
        let expected = self.__rendered::<N>();
        if N == self.rendered_len() && eq(&expected, text) {
            self.with_text(text)
        } else {
            *self
        }
    }

    /// Attaches `text`, which must have been rendered from this policy.
    const fn with_text<'m>(&self, text: &'m [u8]) -> Policy<'m>
    where
        'a: 'm,
    {
        let mut actual = Out::new(&mut []);
        if self.has_fixed_timing() {
            self.emit_actual(&mut actual);
        }
        let mut policy: Policy<'m> = *self;
        if let Some((actual, preflight)) = text.split_at_checked(actual.len()) {
            policy.rendered = RenderedText { actual, preflight };
        }
        policy
    }

    const fn emit_rendered(&self, out: &mut Out<'_>) {
        if self.has_fixed_timing() {
            self.emit_actual(out);
        }
        if self.has_fixed_methods() && self.has_fixed_headers() {
            self.emit_preflight(out);
        }
    }

    /// Writes the bytes that follow the origin in the response to an actual request that is not an
    /// `OPTIONS`.
    const fn emit_actual(&self, out: &mut Out<'_>) {
        self.emit_fixed(false, out);
    }

    /// Writes the bytes that follow the origin in the response to a preflight that is allowed.
    const fn emit_preflight(&self, out: &mut Out<'_>) {
        self.emit_fixed(true, out);
    }
}

macro_rules! fixed {
    (first $first:ident $first_name:literal
        on Both, value $first_value:ident, longest $first_longest:ident;
     $(beside $field:ident $name:literal
        on $on:ident, value $value:ident, fixed $fixed:ident, longest $longest:ident;)*
     $(apart $apart:ident $apart_name:literal
        on $apart_on:ident, value $apart_value:ident, fixed $apart_fixed:ident,
        longest $apart_longest:ident;)*
     last $last:ident $last_name:literal
        on Both, value $last_value:ident, longest $last_longest:ident;) => {
        impl Policy<'_> {
            const fn emit_fixed(&self, is_preflight: bool, out: &mut Out<'_>) {
                out.text("\r\n");
                $(if On::$on.includes(is_preflight) {
                    emit_line(out, ResponseField::$field.line_start(), self.$fixed());
                })*
                $(if On::$apart_on.includes(is_preflight) {
                    emit_line(out, ResponseField::$apart.line_start(), self.$apart_fixed());
                })*
                // Rendered text is not used for an `OPTIONS` that is not a preflight, so the `Vary`
                // is that of an `OPTIONS` if and only if the request is a preflight.
                out.text(self.required_vary(is_preflight).line());
            }
        }
    };
}
all_response_fields!(fixed);

const fn emit_line(out: &mut Out<'_>, start: &str, value: Option<FieldValue<'_>>) {
    if let Some(value) = value {
        out.text(start);
        value.emit_fixed(out);
        out.text("\r\n");
    }
}

impl Policy<'_> {
    /// Returns exactly `true`, the only value that browsers accept
    /// (<https://fetch.spec.whatwg.org/#cors-check>), if the policy allows credentials.
    pub(crate) const fn fixed_credentials(&self) -> Option<FieldValue<'_>> {
        if self.options.credentials {
            Some(FieldValue::text("true"))
        } else {
            None
        }
    }

    /// Returns whether the list of methods is the same for every preflight that is allowed.
    pub(crate) const fn has_fixed_methods(&self) -> bool {
        self.is_fixed(&self.methods)
    }

    /// Returns whether the list of headers is the same for every preflight that is allowed.
    pub(crate) const fn has_fixed_headers(&self) -> bool {
        self.is_fixed(&self.headers)
    }

    const fn is_fixed(&self, names: &Names<'_>) -> bool {
        !(self.options.only_requested || names.any && self.options.credentials)
    }

    pub(crate) const fn fixed_methods(&self) -> Option<FieldValue<'_>> {
        list(&self.methods, "*")
    }

    pub(crate) const fn fixed_headers(&self) -> Option<FieldValue<'_>> {
        // `*` does not cover `authorization`
        // (<https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name>).
        let any = if self.headers.authorization {
            "*,authorization"
        } else {
            "*"
        };
        list(&self.headers, any)
    }

    pub(crate) const fn fixed_expose_headers(&self) -> Option<FieldValue<'_>> {
        list(&self.expose, "*")
    }

    /// Returns whether `Timing-Allow-Origin` is the same on every response, or absent.
    const fn has_fixed_timing(&self) -> bool {
        !matches!(self.options.timing, Some(Timing::Admitted))
    }

    pub(crate) const fn fixed_timing(&self) -> Option<FieldValue<'_>> {
        match self.options.timing {
            Some(Timing::Everything) => Some(FieldValue::text("*")),
            Some(Timing::Entries(functions)) => Some(FieldValue::entries(self.origins.entries, functions)),
            Some(Timing::Admitted) | None => None,
        }
    }

    pub(crate) const fn fixed_max_age(&self) -> Option<FieldValue<'_>> {
        match &self.options.max_age {
            Some(max_age) => Some(FieldValue::ascii(max_age.as_bytes())),
            None => None,
        }
    }
}

/// Returns all the names, or `any` if `*` is among them.
const fn list<'n>(names: &'n Names<'n>, any: &'static str) -> Option<FieldValue<'n>> {
    if names.is_empty() {
        None
    } else if names.any {
        Some(FieldValue::text(any))
    } else {
        Some(FieldValue::names(names, names.distinct.0))
    }
}
