//! The application: the HTTP API of a lamp. It takes the bytes of a request in pieces of any size
//! and gives the response. It does not depend on the network.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod answer;
mod connection;
mod exchange;
mod head;
mod lamp;
mod socket;

pub use connection::Connection;
pub use exchange::{Exchange, Response, Step, Then};
pub use head::LINE;
pub use lamp::Lamp;

use embedded_cors::{Doors, Policy, rendered};

/// The policy, in flash. Pages of the app, of its previews and of developers may use the lamp.
pub static CORS: Policy = rendered!(
    Policy::builder()
        .allow_origins(&[
            "https://app.example.com",
            "https://*.preview.example.com",
            "http://localhost:*",
            "http://127.0.0.1:*",
        ])
        .allow_methods(&["PUT"])
        .allow_headers(&["authorization", "content-type"])
        .expose_headers(&["x-uptime-ms"])
        .max_age_seconds(600)
        .build_or_panic()
);

/// The doors, in flash. CORS decides who may read. A page of a stranger could still post a form,
/// open the socket or hold the event stream open, and after DNS rebinding it could do everything.
pub static DOORS: Doors = Doors::builder(&CORS)
    .allow_hosts(&["lamp.local"])
    .allow_ip_literals()
    .allow_localhost()
    .build_or_panic();

/// The longest head that the application accepts. It can contain a cookie of 16 KiB, since no byte
/// of the cookie is stored.
pub const MAX_HEAD: usize = 24 * 1024;

/// A head longer than [`MAX_HEAD`] is read up to this length before it is answered with 431. The
/// `Origin` may be after the long field, and without it the page cannot see the 431.
const MAX_READ: usize = 4 * MAX_HEAD;

/// The longest content in bytes.
pub const MAX_CONTENT: usize = 64;

/// The page that the lamp itself serves.
const PAGE: &[u8] = include_bytes!("page.html");

/// The longest response: the part of the doors, and the application's.
pub const MAX_RESPONSE: usize = DOORS.max_response_len() + 256 + PAGE.len();

#[cfg(test)]
mod tests;
