//! The response: the fields of a decision, as values, as lines, and as a whole response.
//!
//! A function that writes into a buffer writes exactly as many bytes as its `encoded_len` returns,
//! or none. [`Policy::max_response_len`](crate::Policy::max_response_len) and
//! [`Policy::max_fields`](crate::Policy::max_fields) bound all output. The only text from the
//! request that is written was parsed in full: an origin that the policy admits, and the requested
//! method and header names if the policy allows `*` and echoes what was requested.

// The documentation of `Decision` and `Policy` shows methods in the order of these modules, which
// is the order of use. The blank lines keep rustfmt from sorting them.
mod preflight;

mod fields;

mod value;

mod lines;

mod vary;

mod cors_fields;

mod bounds;

mod rendered;

pub use cors_fields::ExistingCorsFields;
pub use fields::{Field, Fields};
pub use lines::FieldLines;
pub use preflight::Preflight;
pub use value::FieldValue;
pub use vary::VaryError;
