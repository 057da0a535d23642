//! The builder of doors.

use core::net::IpAddr;

use super::Doors;
use super::error::DoorsError;
use super::settings::{HostRefusedStatus, Isolate, ResourcePolicy, Settings};
use crate::policy::Entries;

/// A builder of [`Doors`], in a `const` or at run time.
///
/// Each method sets one thing, and the order of the calls does not matter. If a method is called
/// twice, the last call counts.
#[derive(Clone, Copy, Debug)]
#[must_use = "a builder does nothing until `build` or `build_or_panic`"]
pub struct DoorsBuilder<'a, C> {
    pub(super) cors: C,
    pub(super) settings: Settings<'a>,
}

impl<'a, C: Copy> DoorsBuilder<'a, C> {
    /// Sets the hosts that the server answers to: names, `*.` and a domain for its subdomains, and
    /// addresses. See [hosts](Doors#hosts).
    ///
    /// | entry | admits | not |
    /// |---|---|---|
    /// | `lamp.local` | `lamp.local`, `LAMP.local.`, `lamp.local:8080` | `a.lamp.local` |
    /// | `lamp.local:8080` | `lamp.local:8080` | `lamp.local` |
    /// | `*.example.com` | `a.example.com`, `a.b.example.com` | `example.com`, `evilexample.com` |
    /// | `192.168.4.1` | `192.168.4.1`, `192.168.4.1:8080` | `192.168.4.2` |
    /// | `[fd00::1]` | `[fd00::1]`, `[FD00:0:0:0:0:0:0:1]` | `[fd00::2]` |
    ///
    /// A port of 80 or 443 also admits a host without a port.
    pub const fn allow_hosts(mut self, hosts: &'a [&'a str]) -> Self {
        self.settings.hosts = Entries::Slice(hosts);
        self
    }

    /// Answers to every address, such as `192.168.4.1` and `[fd00::1]`. A page cannot get a host
    /// that is an address by DNS rebinding.
    pub const fn allow_ip_literals(mut self) -> Self {
        self.settings.ip_literals = true;
        self
    }

    /// Answers to these addresses, and to no other unless a list or
    /// [`allow_ip_literals`](Self::allow_ip_literals) says so. The list can be empty, until the
    /// addresses are known: see [`Doors::with_addresses`].
    pub const fn allow_addresses(mut self, addresses: &'a [IpAddr]) -> Self {
        self.settings.addresses = Some(addresses);
        self
    }

    /// Answers to `localhost` and to the names under it, which are the visitor's own machine
    /// (<https://www.rfc-editor.org/rfc/rfc6761#section-6.3>). `127.0.0.1` and `[::1]` are
    /// addresses: list them, or call [`allow_ip_literals`](Self::allow_ip_literals).
    pub const fn allow_localhost(mut self) -> Self {
        self.settings.localhost = true;
        self
    }

    /// Answers to every name under `local`, such as `lamp.local`. Such names are found by multicast
    /// in the visitor's own network (<https://www.rfc-editor.org/rfc/rfc6762#section-3>), so a
    /// stranger's DNS does not answer for them.
    pub const fn allow_local_names(mut self) -> Self {
        self.settings.local_names = true;
        self
    }

    /// Says that pages reach the server over https, by itself or by a proxy. A page with the same
    /// host that came over http is then not the server's own.
    pub const fn served_over_https(mut self) -> Self {
        self.settings.https = true;
        self
    }

    /// Refuses WebSocket handshakes and unsafe methods without `Origin`, unless `Sec-Fetch-Site` is
    /// `same-origin` or `none`. All browsers of today send one of the two. Other programs mostly
    /// send neither, so this excludes them.
    pub const fn require_origin(mut self) -> Self {
        self.settings.require_origin = true;
        self
    }

    /// Refuses each request, of any method, whose `Origin` is present and neither admitted by the
    /// policy nor that of the server's own page. The transports of the Model Context Protocol
    /// require this.
    pub const fn enforce(mut self) -> Self {
        self.settings.enforce = true;
        self
    }

    /// Refuses requests with safe methods too if `Sec-Fetch-Site` is `cross-site`, unless the
    /// policy admits the origin, or the request is a navigation that is not one of `object` or
    /// `embed`.
    ///
    /// Browsers send the field only to `https:` and to the visitor's own machine. Each response
    /// gets the three `Sec-Fetch-` names in its `Vary`.
    pub const fn isolate(mut self) -> Self {
        if matches!(self.settings.isolate, Isolate::No) {
            self.settings.isolate = Isolate::CrossSite;
        }
        self
    }

    /// Does the same as [`isolate`](Self::isolate), and for `same-site` as well as for
    /// `cross-site`. Sibling domains, and other ports of `localhost`, are the same site.
    pub const fn isolate_same_site(mut self) -> Self {
        self.settings.isolate = Isolate::CrossSiteAndSameSite;
        self
    }

    /// Sets the status of responses to hosts that are not the server's.
    pub const fn host_refused_status(mut self, status: HostRefusedStatus) -> Self {
        self.settings.host_refused = status;
        self
    }

    /// Sends `Cross-Origin-Resource-Policy` on each response but those to preflights and to refused
    /// hosts.
    pub const fn cross_origin_resource_policy(mut self, policy: ResourcePolicy) -> Self {
        self.settings.resource_policy = Some(policy);
        self
    }

    /// Lets each origin that the policy admits use unsafe methods, also if it is admitted by `*`,
    /// by every host of a scheme, by `null` or by `file://`.
    ///
    /// With `*`, a form on any page can then change what the server controls.
    pub const fn dangerously_trust_every_admitted_origin(mut self) -> Self {
        self.settings.trust_every_origin = true;
        self
    }

    /// Accepts `*.` before a single label, such as `*.lan`, among the
    /// [hosts](Self::allow_hosts). If anyone can register a name there, DNS rebinding is possible
    /// again. `*.local`, `*.localhost`, `*.internal` and `*.test` do not need this.
    pub const fn dangerously_allow_public_suffixes(mut self) -> Self {
        self.settings.suffixes = true;
        self
    }

    /// Checks the settings, and creates the doors.
    ///
    /// # Errors
    ///
    /// Returns the first [`DoorsError`] in the list of hosts.
    pub const fn build(self) -> Result<Doors<'a, C>, DoorsError<'a>> {
        match self.settings.check() {
            Ok(()) => Ok(Doors {
                cors: self.cors,
                settings: self.settings,
            }),
            Err(error) => Err(error),
        }
    }

    /// Creates the doors in a `const` or a `static`, where a mistake fails the build with the
    /// sentence of the [`DoorsError`].
    ///
    /// ```compile_fail
    /// use embedded_cors::{Doors, Policy};
    ///
    /// static CORS: Policy = Policy::builder().build_or_panic();
    /// // allow_hosts[0] "http://lamp.local": has a scheme at byte 4; write the host alone, such as lamp.local
    /// static DOORS: Doors = Doors::builder(&CORS).allow_hosts(&["http://lamp.local"]).build_or_panic();
    /// ```
    ///
    /// # Panics
    ///
    /// Panics on a mistake if it is called at run time. Call [`build`](Self::build) there.
    pub const fn build_or_panic(self) -> Doors<'a, C> {
        match self.build() {
            Ok(doors) => doors,
            Err(error) => panic!("{}", error.message().as_str()),
        }
    }
}
