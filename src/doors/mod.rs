//! Doors: decisions about requests that CORS lets through.
//!
//! | file | what it holds |
//! |---|---|
//! | `builder`, `settings`, `error` | what a server sets, and the checks of it |
//! | `authority` | the grammar of hosts and ports |
//! | `facts`, `scanner`, `request`, `reader` | what the doors need of a request, and how it is read |
//! | `rules` | the decision, a function for each rule |
//! | `decision`, `response` | the answer |
//!
//! Programs without doors link nothing of this, and no type of theirs stores anything for it. So
//! the fields that only the doors need are read in a separate pass, by a scanner that runs
//! beside that of the CORS fields.

mod authority;
mod builder;
mod decision;
mod error;
mod facts;
mod reader;
mod request;
mod response;
mod rules;
mod scanner;
mod settings;
#[cfg(test)]
mod tests;

pub use builder::DoorsBuilder;
pub use decision::{Door, DoorsDecision};
pub use error::{DoorsError, DoorsErrorKind};
pub use reader::DoorsReader;
pub use request::DoorsRequest;
pub use response::{DoorsFields, DoorsResponse};
pub use settings::{HostRefusedStatus, ResourcePolicy};

use core::net::IpAddr;

use self::settings::Settings;
#[cfg(feature = "alloc")]
use crate::policy::Entries;
use crate::policy::Policy;

/// A policy, the hosts that a server answers to, and a few switches: one decision on every way into
/// the server.
///
/// CORS decides who may *read* a response. A page of a stranger can still post a form, open a
/// WebSocket, hold an event stream open and, by DNS rebinding, become a page of the server itself.
/// Doors decide on these too. The server asks them before it routes a request, and before it
/// upgrades a connection:
///
/// ```
/// use embedded_cors::{Door, Doors, DoorsRequest, Policy, Reason};
///
/// static CORS: Policy = Policy::builder()
///     .allow_origins(&["https://app.example.com"])
///     .allow_methods(&["PUT"])
///     .build_or_panic();
/// static DOORS: Doors = Doors::builder(&CORS)
///     .allow_hosts(&["lamp.local"])
///     .allow_ip_literals()
///     .build_or_panic();
///
/// // A form on a stranger's page. CORS would let it through: a simple request needs no permission.
/// let request = DoorsRequest::from_head(
///     b"POST /led HTTP/1.1\r\nHost: lamp.local\r\nOrigin: https://stranger.example\r\n\r\n",
/// )?;
/// let decision = DOORS.decide(&request);
/// assert_eq!(decision.door(), Door::UnsafeMethod);
/// assert_eq!(decision.refusal().unwrap().reason(), Reason::OriginNotAllowed);
///
/// // The server sends the whole response, and routes nothing.
/// let mut buffer = [0; DOORS.max_response_len()];
/// let response = decision.response().unwrap();
/// assert_eq!(
///     response.write(&mut buffer)?,
///     b"HTTP/1.1 403 Forbidden\r\nvary: origin\r\ncontent-length: 0\r\n\r\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # The rules
///
/// The first rule that speaks decides:
///
/// | door | rule | if refused |
/// |---|---|---|
/// | [`Host`](Door::Host) | one valid `Host`, or `:authority`, that is among those of the server | 400, or [403](HostRefusedStatus) |
/// | [`Preflight`](Door::Preflight) | what the policy decides | what the policy answers |
/// | [`WebSocket`](Door::WebSocket) | no `Origin`, that of the server's own page, or one that the policy admits | 403 |
/// | [`UnsafeMethod`](Door::UnsafeMethod) | an origin that the policy [trusts](#trust); else `Sec-Fetch-Site` is `same-origin` or `none`; without it, no `Origin` or that of the server's own page | 403 |
/// | [`SafeMethod`](Door::SafeMethod) | everything, unless [`enforce`](DoorsBuilder::enforce) or [`isolate`](DoorsBuilder::isolate) is set | 403 |
/// | [`EventStream`](Door::EventStream) | no `Origin`, that of the server's own page, or one that the policy admits | 403 |
///
/// A handshake is `GET` with `websocket` in `Upgrade`, or `CONNECT` with `websocket` for
/// `:protocol`. A request for an event stream has `text/event-stream` in `Accept`, or the server
/// [says so](DoorsRequest::set_event_stream). A request whose head is incomplete is refused at the
/// first door, with 400.
///
/// # Hosts
///
/// After DNS rebinding, a page of a stranger is a page of the server: `Origin` and `Host` are
/// equal, and `Sec-Fetch-Site` is `same-origin`. Only `Host` tells the two apart, because it has
/// the stranger's name. So list the names by which the server is reached. Addresses, `localhost`
/// and names under `local` have separate methods, because a stranger's DNS cannot answer for
/// them. **Without a list and without these methods the rule is off**: any host is accepted, and
/// nothing stops DNS rebinding. A `Host` that is repeated or malformed is refused in any case.
///
/// A dot at the end of a host in a request does not matter: `lamp.local.` is `lamp.local`. A port
/// does not matter either, unless the entry has one. If the target is in absolute form, its host
/// counts, and a `Host` line beside it is ignored; two lines are refused in any case.
///
/// # The server's own pages
///
/// An `Origin` is that of the server's own page if it is `http` or `https`, its host is the host of
/// the request, and its port is the port of the request, where a port that is left out is the
/// default port of the origin's scheme. The scheme itself is not compared, because a server behind
/// a proxy for TLS does not know it, unless the doors are
/// [served over https](DoorsBuilder::served_over_https).
///
/// # Trust
///
/// An unsafe method changes something, so to be allowed to read is not enough for it. Trust comes
/// from an entry of the policy that names its hosts: an origin, `https://*.example.com`, a range of
/// addresses, loopback, a predicate. It does not come from `*`, from every host of a scheme
/// (`https://*`), from `null` or from `file://`, which any page or file can have, unless
/// [`dangerously_trust_every_admitted_origin`](DoorsBuilder::dangerously_trust_every_admitted_origin)
/// says so. A repeated or malformed `Origin` is always refused.
///
/// # Limits
///
/// A program that is not a browser sends whatever it likes. Doors protect against pages in the
/// browser of somebody who may use the server, and do not replace authentication.
#[derive(Clone, Copy, Debug)]
pub struct Doors<'a, C = &'a Policy<'a>> {
    cors: C,
    settings: Settings<'a>,
}

impl<'a, C: Copy> Doors<'a, C> {
    /// Starts doors with this policy, given by a reference, or with these [`Rules`](crate::Rules).
    pub const fn builder(cors: C) -> DoorsBuilder<'a, C> {
        DoorsBuilder {
            cors,
            settings: Settings::DEFAULT,
        }
    }

    /// Returns the policy or the rules.
    pub const fn policy_or_rules(&self) -> C {
        self.cors
    }

    /// Returns the doors with another policy or other rules.
    pub const fn with_policy_or_rules<D>(&self, cors: D) -> Doors<'a, D> {
        Doors {
            cors,
            settings: self.settings,
        }
    }

    /// Returns the doors with these hosts, which have been checked with the same settings.
    #[cfg(feature = "alloc")]
    pub(crate) const fn with_checked_hosts<'n>(&self, hosts: Entries<'n>) -> Doors<'n, C>
    where
        'a: 'n,
    {
        let mut settings: Settings<'n> = self.settings;
        settings.hosts = hosts;
        Doors {
            cors: self.cors,
            settings,
        }
    }

    /// Returns the doors with these addresses in place of those of
    /// [`allow_addresses`](DoorsBuilder::allow_addresses), for a device that gets its addresses at
    /// run time.
    ///
    /// ```
    /// use core::net::{IpAddr, Ipv4Addr};
    /// use embedded_cors::{Doors, DoorsRequest, Policy};
    ///
    /// static CORS: Policy = Policy::builder().build_or_panic();
    /// static DOORS: Doors = Doors::builder(&CORS).allow_hosts(&["lamp.local"]).build_or_panic();
    ///
    /// let own = [IpAddr::V4(Ipv4Addr::new(192, 168, 4, 1))]; // From DHCP.
    /// let doors = DOORS.with_addresses(&own);
    /// let request = DoorsRequest::from_fields("GET", [("Host", "192.168.4.1:8080")]);
    /// assert!(!doors.decide(&request).is_refused());
    /// assert!(DOORS.decide(&request).is_refused());
    /// ```
    pub const fn with_addresses<'n>(&self, addresses: &'n [IpAddr]) -> Doors<'n, C>
    where
        'a: 'n,
    {
        let mut settings: Settings<'n> = self.settings;
        settings.addresses = Some(addresses);
        Doors {
            cors: self.cors,
            settings,
        }
    }
}
