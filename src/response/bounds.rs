//! Bounds on all responses of a policy.

use crate::policy::Policy;

impl Policy<'_> {
    /// Returns the length in bytes of the longest text that any decision of this policy writes: a
    /// whole response to a preflight, or the field lines of another response.
    ///
    /// A buffer of this length is never too small. If [`merge_vary`](crate::Decision::merge_vary)
    /// is used, add the length of each merged value and 8 bytes for each of them. The function is
    /// `const`, so the result can be the length of an array:
    ///
    /// ```
    /// use embedded_cors::Policy;
    ///
    /// static CORS: Policy = Policy::builder()
    ///     .allow_origins(&["https://app.example.com"])
    ///     .build_or_panic();
    ///
    /// let buffer = [0u8; CORS.max_response_len()];
    /// assert_eq!(buffer.len(), 220);
    /// ```
    pub const fn max_response_len(&self) -> usize {
        self.max_response_len
    }

    /// Returns the largest number of fields that any decision of this policy has. It is at most
    /// [`MAX_FIELDS`](crate::MAX_FIELDS).
    ///
    /// It is for servers whose table of response fields has a fixed size, such as ESP-IDF's, which
    /// has room for eight.
    pub const fn max_fields(&self) -> usize {
        self.max_field_count()
    }
}
