//! Doors that own their hosts on the heap, and their configuration.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::error::write_lines;
use crate::policy::Entries;
use crate::{Doors, DoorsBuilder, DoorsError, DoorsErrorKind, HostRefusedStatus, ResourcePolicy};

/// The settings of doors as plain data, for a server whose hosts come from a configuration file.
///
/// Each field has the name of the method of [`DoorsBuilder`] that makes the same setting, and its
/// documentation is there. The default has no hosts, so every host is accepted. An address of the
/// server is an entry of `allow_hosts`. End a value with `..Default::default()`, because later
/// versions may have more fields.
///
/// ```
/// use embedded_cors::{DoorsConfig, DoorsRequest, PolicyConfig};
///
/// let config = DoorsConfig {
///     allow_hosts: vec!["lamp.local".into(), "192.168.4.1".into()],
///     enforce: true,
///     ..Default::default()
/// };
/// let (doors, policy) = (config.build()?, PolicyConfig::default().build()?);
///
/// let policy = policy.policy();
/// let doors = doors.doors().with_policy_or_rules(&policy);
/// let request = DoorsRequest::from_fields("GET", [("Host", "stranger.example")]);
/// assert!(doors.decide(&request).is_refused());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With feature `serde` it can be read from TOML, JSON, YAML and other formats. The keys are the
/// names of the fields; those that are missing have their default, and others are errors. The
/// status is a number, and `cross_origin_resource_policy` is the value of the response field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct DoorsConfig {
    /// The hosts that the server answers to: [`DoorsBuilder::allow_hosts`].
    pub allow_hosts: Vec<String>,
    /// Whether every address is a host of the server: [`DoorsBuilder::allow_ip_literals`].
    pub allow_ip_literals: bool,
    /// Whether `localhost` is a host of the server: [`DoorsBuilder::allow_localhost`].
    pub allow_localhost: bool,
    /// Whether every name under `local` is one: [`DoorsBuilder::allow_local_names`].
    pub allow_local_names: bool,
    /// Whether only https pages are the server's own: [`DoorsBuilder::served_over_https`].
    pub served_over_https: bool,
    /// Whether handshakes and unsafe methods need an `Origin`: [`DoorsBuilder::require_origin`].
    pub require_origin: bool,
    /// Whether each `Origin` has to be admitted: [`DoorsBuilder::enforce`].
    pub enforce: bool,
    /// Whether requests of other sites are refused: [`DoorsBuilder::isolate`].
    pub isolate: bool,
    /// Whether those of sibling domains are, too: [`DoorsBuilder::isolate_same_site`].
    pub isolate_same_site: bool,
    /// The status for other hosts: [`DoorsBuilder::host_refused_status`].
    pub host_refused_status: HostRefusedStatus,
    /// The pages that may load responses without CORS:
    /// [`DoorsBuilder::cross_origin_resource_policy`].
    pub cross_origin_resource_policy: Option<ResourcePolicy>,
    /// See [`DoorsBuilder::dangerously_trust_every_admitted_origin`].
    pub dangerously_trust_every_admitted_origin: bool,
    /// See [`DoorsBuilder::dangerously_allow_public_suffixes`].
    pub dangerously_allow_public_suffixes: bool,
}

impl DoorsConfig {
    /// Checks all settings and builds doors that own a copy of them.
    ///
    /// # Errors
    ///
    /// Returns all mistakes.
    ///
    /// ```
    /// use embedded_cors::DoorsConfig;
    ///
    /// let config = DoorsConfig {
    ///     allow_hosts: vec!["http://lamp".into(), "lamp.local".into(), "*".into()],
    ///     ..Default::default()
    /// };
    /// assert_eq!(
    ///     config.build().unwrap_err().to_string(),
    ///     "allow_hosts[0] \"http://lamp\": has a scheme at byte 4; write the host alone, such as \
    ///      lamp.local\n\
    ///      allow_hosts[2] \"*\": is every host; list the hosts that the server answers to, or no \
    ///      host, which turns the check off"
    /// );
    /// ```
    pub fn build(&self) -> Result<OwnedDoors, DoorsErrors> {
        let mut mistakes = Vec::new();
        // A host is right or wrong whatever the others are.
        for (index, host) in self.allow_hosts.iter().enumerate() {
            if let Err(error) = self.options().allow_hosts(&[host]).build() {
                mistakes.push(OwnedDoorsError {
                    error: error.with_entry("", index),
                    entry: host.as_str().into(),
                });
            }
        }
        match self.options().build() {
            Ok(checked) if mistakes.is_empty() => Ok(OwnedDoors {
                checked,
                hosts: self.allow_hosts.iter().map(|host| host.as_str().into()).collect(),
            }),
            _ => Err(DoorsErrors(mistakes)),
        }
    }

    /// Returns a builder with all settings but the hosts.
    const fn options<'a>(&self) -> DoorsBuilder<'a, ()> {
        let mut builder = Doors::builder(()).host_refused_status(self.host_refused_status);
        if self.allow_ip_literals {
            builder = builder.allow_ip_literals();
        }
        if self.allow_localhost {
            builder = builder.allow_localhost();
        }
        if self.allow_local_names {
            builder = builder.allow_local_names();
        }
        if self.served_over_https {
            builder = builder.served_over_https();
        }
        if self.require_origin {
            builder = builder.require_origin();
        }
        if self.enforce {
            builder = builder.enforce();
        }
        if self.isolate {
            builder = builder.isolate();
        }
        if self.isolate_same_site {
            builder = builder.isolate_same_site();
        }
        if let Some(policy) = self.cross_origin_resource_policy {
            builder = builder.cross_origin_resource_policy(policy);
        }
        if self.dangerously_trust_every_admitted_origin {
            builder = builder.dangerously_trust_every_admitted_origin();
        }
        if self.dangerously_allow_public_suffixes {
            builder = builder.dangerously_allow_public_suffixes();
        }
        builder
    }
}

/// Doors that own their hosts on the heap.
///
/// They can be stored, sent to other threads, and kept in an `Arc` that is swapped while the server
/// runs. [`doors`](Self::doors) borrows them as [`Doors`], which decide. A [`DoorsConfig`] has the
/// settings.
#[derive(Clone, Debug)]
pub struct OwnedDoors {
    /// The settings, without the hosts.
    checked: Doors<'static, ()>,
    hosts: Box<[Box<str>]>,
}

impl OwnedDoors {
    /// Returns the doors, which get a policy by [`Doors::with_policy_or_rules`] or
    /// [`Doors::decide_with`]. The call copies less than 100 bytes.
    pub fn doors(&self) -> Doors<'_, ()> {
        self.checked.with_checked_hosts(Entries::Boxed(&self.hosts))
    }
}

impl TryFrom<DoorsConfig> for OwnedDoors {
    type Error = DoorsErrors;

    fn try_from(config: DoorsConfig) -> Result<Self, DoorsErrors> {
        config.build()
    }
}

/// A mistake in doors, as [`DoorsError`] describes it, with its own copy of the entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedDoorsError {
    error: DoorsError<'static>,
    entry: Box<str>,
}

impl OwnedDoorsError {
    /// Returns what is wrong.
    pub const fn kind(&self) -> DoorsErrorKind {
        self.error.kind()
    }

    /// Returns the index of the entry in the list of hosts.
    pub const fn index(&self) -> usize {
        self.error.index()
    }

    /// Returns the entry as it was given.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// Returns the index of the first wrong byte of the entry, or 0 if it is wrong as a whole.
    pub const fn at(&self) -> usize {
        self.error.at()
    }
}

impl fmt::Display for OwnedDoorsError {
    /// Writes the same sentence as [`DoorsError`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.with_entry(&self.entry, self.index()).fmt(f)
    }
}

impl core::error::Error for OwnedDoorsError {}

/// All mistakes of doors that were to be built at run time, in the order of the hosts. There is at
/// least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorsErrors(Vec<OwnedDoorsError>);

impl DoorsErrors {
    /// Returns the mistakes, one by one.
    pub fn iter(&self) -> core::slice::Iter<'_, OwnedDoorsError> {
        self.0.iter()
    }
}

impl<'e> IntoIterator for &'e DoorsErrors {
    type Item = &'e OwnedDoorsError;
    type IntoIter = core::slice::Iter<'e, OwnedDoorsError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for DoorsErrors {
    /// Writes one sentence per line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lines(self, f)
    }
}

impl core::error::Error for DoorsErrors {}
