//! The values of a policy's responses that no request changes.

use crate::entries::Names;
use crate::policy::Policy;
use crate::value::FieldValue;

impl Policy<'_> {
    /// Exactly `true` (Fetch section 4.10 steps 6 and 7).
    pub(crate) const fn fixed_credentials(&self) -> Option<FieldValue<'_>> {
        if self.options.credentials {
            Some(FieldValue::text("true"))
        } else {
            None
        }
    }

    /// Whether the list of methods is the same for every preflight that is allowed.
    pub(crate) const fn has_fixed_methods(&self) -> bool {
        self.is_fixed(&self.methods)
    }

    /// Whether the list of headers is the same for every preflight that is allowed.
    pub(crate) const fn has_fixed_headers(&self) -> bool {
        self.is_fixed(&self.headers)
    }

    const fn is_fixed(&self, names: &Names<'_>) -> bool {
        if names.any {
            !self.options.credentials
        } else {
            !self.options.only_requested
        }
    }

    pub(crate) const fn fixed_methods(&self) -> Option<FieldValue<'_>> {
        list(&self.methods, "*")
    }

    pub(crate) const fn fixed_headers(&self) -> Option<FieldValue<'_>> {
        // Fetch section 4.8 step 7.6: `*` does not cover it.
        let any = if self.headers.authorization {
            "*,authorization"
        } else {
            "*"
        };
        list(&self.headers, any)
    }

    pub(crate) const fn fixed_expose(&self) -> Option<FieldValue<'_>> {
        list(&self.expose, "*")
    }

    pub(crate) const fn fixed_max_age(&self) -> Option<FieldValue<'_>> {
        match &self.options.max_age {
            Some(max_age) => Some(FieldValue::ascii(max_age.as_bytes())),
            None => None,
        }
    }
}

/// All the names, or `any` if `*` is one of them.
const fn list<'n>(names: &'n Names<'n>, any: &'static str) -> Option<FieldValue<'n>> {
    if names.is_empty() {
        None
    } else if names.any {
        Some(FieldValue::text(any))
    } else {
        Some(FieldValue::names(names, names.distinct))
    }
}
