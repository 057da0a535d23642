//! What no request changes in the responses of a policy, written once instead of for each.

use crate::ascii::{eq, until};
use crate::error::BufferTooSmall;
use crate::names;
use crate::out::Out;
use crate::policy::{Policy, Rendered};
use crate::value::FieldValue;

/// Renders a policy that is known when the program is built: see [`Policy::render`].
///
/// The texts lie in read-only memory beside the policy, wherever this stands. The expression is one that a `const` could have.
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
        // Names that the expression does not have: those of items are not hygienic.
        const __EMBEDDED_CORS_POLICY: $crate::Policy<'static> = $policy;
        static __EMBEDDED_CORS_TEXT: [u8; __EMBEDDED_CORS_POLICY.rendered_len()] =
            __EMBEDDED_CORS_POLICY.__rendered();
        const { __EMBEDDED_CORS_POLICY.__with_rendered(&__EMBEDDED_CORS_TEXT) }
    }};
}

impl<'a> Policy<'a> {
    /// The bytes of memory that [`render`](Self::render) needs.
    pub const fn rendered_len(&self) -> usize {
        let mut out = Out::new(&mut []);
        self.emit_rendered(&mut out);
        out.len()
    }

    /// Writes into `memory` what no request changes in the responses of this policy: its lists, joined, with their names. The policy that
    /// is returned decides and answers as this one does, byte for byte.
    ///
    /// To most requests it then writes the origin and copies: to actual requests that are no `OPTIONS`, and to preflights that are allowed, if
    /// neither methods nor headers are echoed. What is left is written as without: preflights that are refused or ask for a private network,
    /// and a `Vary` that is merged.
    ///
    /// For a `static` policy there is [`rendered!`](crate::rendered!).
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
    /// [`BufferTooSmall`], with the length needed.
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

    /// For [`rendered!`](crate::rendered!).
    #[doc(hidden)]
    pub const fn __rendered<const N: usize>(&self) -> [u8; N] {
        let mut text = [0; N];
        self.emit_rendered(&mut Out::new(&mut text));
        text
    }

    /// For [`rendered!`](crate::rendered!). A text that is not this policy's is not taken.
    #[doc(hidden)]
    pub const fn __with_rendered<const N: usize>(&self, text: &'a [u8; N]) -> Self {
        let expected = self.__rendered::<N>();
        if N == self.rendered_len() && eq(&expected, text) {
            self.with_text(text)
        } else {
            *self
        }
    }

    /// The policy with this text, of which it is known to be the policy's.
    const fn with_text<'m>(&self, text: &'m [u8]) -> Policy<'m>
    where
        'a: 'm,
    {
        let mut actual = Out::new(&mut []);
        self.emit_actual(&mut actual);
        let mut policy: Policy<'m> = *self;
        if let Some((actual, preflight)) = text.split_at_checked(actual.len()) {
            policy.rendered = Rendered { actual, preflight };
        }
        policy
    }

    const fn emit_rendered(&self, out: &mut Out<'_>) {
        self.emit_actual(out);
        if self.has_fixed_methods() && self.has_fixed_headers() {
            self.emit_preflight(out);
        }
    }

    /// What follows the origin in the answer to an actual request that is no `OPTIONS`.
    const fn emit_actual(&self, out: &mut Out<'_>) {
        out.text("\r\n");
        emit_line(out, names::ALLOW_CREDENTIALS_IS, self.fixed_credentials());
        emit_line(out, names::EXPOSE_HEADERS_IS, self.fixed_expose());
        if let Some(vary) = self.vary(false) {
            out.text(vary.line);
        }
    }

    /// What follows the origin in the answer to a preflight that is allowed.
    const fn emit_preflight(&self, out: &mut Out<'_>) {
        out.text("\r\n");
        emit_line(out, names::ALLOW_CREDENTIALS_IS, self.fixed_credentials());
        emit_line(out, names::ALLOW_METHODS_IS, self.fixed_methods());
        emit_line(out, names::ALLOW_HEADERS_IS, self.fixed_headers());
        emit_line(out, names::MAX_AGE_IS, self.fixed_max_age());
        if let Some(vary) = self.vary(true) {
            out.text(vary.line);
        }
    }
}

const fn emit_line(out: &mut Out<'_>, start: &str, value: Option<FieldValue<'_>>) {
    if let Some(value) = value {
        out.text(start);
        value.emit_fixed(out);
        out.text("\r\n");
    }
}
