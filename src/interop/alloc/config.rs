//! The settings of a policy as plain data.

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Policy, PolicyBuilder, PreflightRefusedStatus, PreflightSuccessStatus};

/// The settings of a policy as plain data, for programs that read them from a file, a database or a
/// settings page.
///
/// Each field has the name of the method of [`PolicyBuilder`] that makes the same setting, and its
/// documentation is there. The default allows nothing. End a value with `..Default::default()`,
/// because later versions may have more fields.
///
/// ```
/// use embedded_cors::PolicyConfig;
///
/// let config = PolicyConfig {
///     allow_origins: vec!["https://app.example.com".into(), "http://localhost:*".into()],
///     allow_methods: vec!["PUT".into()],
///     allow_credentials: true,
///     ..Default::default()
/// };
/// let policy = config.build()?;
/// assert!(policy.policy().max_response_len() > 0);
/// # Ok::<(), embedded_cors::PolicyErrors>(())
/// ```
///
/// With feature `serde` it can be read from TOML, JSON, YAML and other formats. The keys are the
/// names of the fields; those that are missing have their default, and others are errors. A status
/// is a number, and `"204-bare"` is [`PreflightSuccessStatus::NoContentBare`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct PolicyConfig {
    /// The origins that responses are shared with: [`PolicyBuilder::allow_origins`].
    pub allow_origins: Vec<String>,
    /// Whether pages of the visitor's own machine are allowed: [`PolicyBuilder::allow_loopback`].
    pub allow_loopback: bool,
    /// The methods besides `GET`, `HEAD` and `POST`: [`PolicyBuilder::allow_methods`].
    pub allow_methods: Vec<String>,
    /// The names of request headers: [`PolicyBuilder::allow_headers`].
    pub allow_headers: Vec<String>,
    /// The names of response headers that pages can read: [`PolicyBuilder::expose_headers`].
    pub expose_headers: Vec<String>,
    /// Whether requests may have credentials: [`PolicyBuilder::allow_credentials`].
    pub allow_credentials: bool,
    /// For how many seconds browsers may cache the answer to a preflight:
    /// [`PolicyBuilder::max_age_seconds`].
    pub max_age_seconds: Option<u32>,
    /// Whether pages may read how long a response took: [`PolicyBuilder::allow_timing`].
    pub allow_timing: bool,
    /// The status of the response to a preflight that succeeds: [`PolicyBuilder::success_status`].
    pub success_status: PreflightSuccessStatus,
    /// The status of the response to a preflight that is refused:
    /// [`PolicyBuilder::refused_status`].
    pub refused_status: PreflightRefusedStatus,
    /// Whether a refused preflight hides the lists: [`PolicyBuilder::hide_lists_when_refused`].
    pub hide_lists_when_refused: bool,
    /// Whether a preflight is answered with what it asks for:
    /// [`PolicyBuilder::answer_only_requested`].
    pub answer_only_requested: bool,
    /// Whether requested headers must be written as Fetch writes them:
    /// [`PolicyBuilder::strict_request_headers`].
    pub strict_request_headers: bool,
    /// See [`PolicyBuilder::dangerously_allow_insecure_origins_with_credentials`].
    pub dangerously_allow_insecure_origins_with_credentials: bool,
    /// See [`PolicyBuilder::dangerously_allow_public_suffixes_with_credentials`].
    pub dangerously_allow_public_suffixes_with_credentials: bool,
    /// See [`PolicyBuilder::dangerously_allow_predicate_with_credentials`].
    pub dangerously_allow_predicate_with_credentials: bool,
}

impl PolicyConfig {
    /// Returns a builder with all settings but the lists and the age, which are checked apart.
    pub(super) const fn options(&self) -> PolicyBuilder<'static> {
        let mut builder = Policy::builder()
            .success_status(self.success_status)
            .refused_status(self.refused_status);
        if self.allow_loopback {
            builder = builder.allow_loopback();
        }
        if self.allow_credentials {
            builder = builder.allow_credentials();
        }
        if self.allow_timing {
            builder = builder.allow_timing();
        }
        if self.hide_lists_when_refused {
            builder = builder.hide_lists_when_refused();
        }
        if self.answer_only_requested {
            builder = builder.answer_only_requested();
        }
        if self.strict_request_headers {
            builder = builder.strict_request_headers();
        }
        if self.dangerously_allow_insecure_origins_with_credentials {
            builder = builder.dangerously_allow_insecure_origins_with_credentials();
        }
        if self.dangerously_allow_public_suffixes_with_credentials {
            builder = builder.dangerously_allow_public_suffixes_with_credentials();
        }
        if self.dangerously_allow_predicate_with_credentials {
            builder = builder.dangerously_allow_predicate_with_credentials();
        }
        builder
    }
}
