//! Bounds on what the decisions of a policy write, known when the policy is built.
//!
//! They follow from the table of response fields: the length of a response is at most the sum of
//! the longest lines that it can carry.

use super::Policy;
use super::lists::Names;
use super::timing::Timing;
use crate::names::{self, Vary};
use crate::response_fields::{On, all_response_fields};

/// The maximum length in bytes of the requested header names that a policy with `*` echoes, unless
/// the names listed beside `*` are longer.
///
/// Fetch bounds the values of safelisted headers to 1024 bytes in all, and does not bound names
/// (<https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names>). A hundred names of ten
/// bytes fit.
const MAX_ECHOED_LEN: usize = 1024;

/// The maximum length in bytes of a requested method that is echoed. The longest registered method,
/// `UPDATEREDIRECTREF`, has 17
/// (<https://www.iana.org/assignments/http-methods/http-methods.xhtml>).
pub(crate) const MAX_METHOD_LEN: usize = 64;

/// The length of the longest status line and of the end of a response without content.
const FRAMING_LEN: usize = "HTTP/1.1 204 No Content\r\n".len() + "content-length: 0\r\n".len() + "\r\n".len();

/// The length of the longest `vary` line.
pub(super) const MAX_VARY_LEN: usize = Vary::OriginAndRequested.line().len();

/// Returns the length of the longest response to a preflight, or of the longest field lines of
/// another response, whichever is longer.
pub(super) const fn max_response_len(policy: &Policy<'_>) -> usize {
    max(
        policy.max_fields_len(true).saturating_add(FRAMING_LEN),
        policy.max_fields_len(false),
    )
}

macro_rules! sums {
    ($($place:ident $field:ident $name:literal
        on $on:ident, value $value:ident $(, fixed $fixed:ident)?, longest $longest:ident;)*) => {
        impl Policy<'_> {
            /// Returns the length of all lines that a response can carry.
            const fn max_fields_len(&self, is_preflight: bool) -> usize {
                let mut len: usize = 0;
                $(if On::$on.includes(is_preflight) {
                    len = len.saturating_add(line_len($name, self.$longest()));
                })*
                len
            }

            /// Returns the number of fields that a response can carry. It can carry a `vary` even
            /// if the policy needs none, because a server may merge its own.
            const fn field_count(&self, is_preflight: bool) -> usize {
                let mut count = 0;
                $(if On::$on.includes(is_preflight) && (self.$longest() > 0 || is_last!($place)) {
                    count += 1;
                })*
                count
            }
        }
    };
}
macro_rules! is_last {
    (last) => {
        true
    };
    ($other:ident) => {
        false
    };
}
all_response_fields!(sums);

impl Policy<'_> {
    /// Returns the largest number of fields in a response.
    pub(crate) const fn max_field_count(&self) -> usize {
        max(self.field_count(true), self.field_count(false))
    }

    /// Returns the maximum length in bytes of the names that are echoed. A request for all names
    /// that are listed beside `*` has to be allowed, so these raise the bound.
    pub(crate) const fn max_echoed_len(&self) -> usize {
        let listed = self.headers.joined_len();
        // The names of a request are counted up to 65535 bytes.
        if listed >= u16::MAX as usize {
            return u16::MAX as usize - 1;
        }
        max(MAX_ECHOED_LEN, listed)
    }

    /// Returns a policy whose responses have at most a `Vary`.
    pub(crate) const fn nothing_but_vary() -> Policy<'static> {
        let mut policy = Policy::builder().build_or_panic();
        policy.max_response_len = MAX_VARY_LEN;
        policy
    }
}

/// The length of the longest value of each field; 0 if no decision of this policy has the field.
impl Policy<'_> {
    const fn longest_allow_origin(&self) -> usize {
        if self.origins.any {
            "*".len()
        } else {
            self.origins.max_len
        }
    }

    const fn longest_credentials(&self) -> usize {
        if self.options.credentials { "true".len() } else { 0 }
    }

    const fn longest_methods(&self) -> usize {
        let allowed = match (self.methods.any, self.echoes_method()) {
            (true, true) => max(MAX_METHOD_LEN, self.methods.longest()),
            (true, false) => "*".len(),
            (false, _) => self.methods.joined_len(),
        };
        // The response to a preflight that is refused for its method may list the safelisted ones.
        let refused = if self.options.hide_lists || !self.names_safelisted_methods() {
            0
        } else {
            names::SAFELISTED_METHODS.len()
        };
        max(allowed, refused)
    }

    const fn longest_headers(&self) -> usize {
        match (self.headers.any, self.echoes_headers()) {
            (true, true) => self.max_echoed_len(),
            (true, false) => "*,authorization".len(),
            (false, _) => self.headers.joined_len(),
        }
    }

    const fn longest_max_age(&self) -> usize {
        if self.options.max_age.is_some() {
            "86400".len()
        } else {
            0
        }
    }

    const fn longest_expose_headers(&self) -> usize {
        longest_list(&self.expose)
    }

    const fn longest_timing(&self) -> usize {
        match self.options.timing {
            None => 0,
            Some(Timing::Everything) => "*".len(),
            Some(Timing::Entries(_)) => self.origins.entries.joined_len(),
            Some(Timing::Admitted) => self.origins.max_len,
        }
    }

    const fn longest_vary(&self) -> usize {
        match self.required_vary(true) {
            Vary::Nothing => 0,
            // A request that is not a preflight can be an `OPTIONS` too, and the response of a
            // policy `*` among rules depends on the origin. So the bound is the longest form for
            // all.
            _ => Vary::OriginAndRequested.value().len(),
        }
    }
}

/// Returns the length of `*` or of all names with commas between them.
const fn longest_list(names: &Names<'_>) -> usize {
    if names.any { "*".len() } else { names.joined_len() }
}

/// Returns the length of the line `name ": " value CRLF`; 0 if the value is empty, because no
/// field has an empty value.
const fn line_len(name: &str, value_len: usize) -> usize {
    if value_len == 0 {
        return 0;
    }
    value_len.saturating_add(name.len() + ": ".len() + "\r\n".len())
}

pub(super) const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}
