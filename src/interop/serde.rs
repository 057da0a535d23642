//! `serde`: configurations from TOML, JSON, YAML and other formats.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::{
    DoorsConfig, HostRefusedStatus, OwnedDoors, OwnedPolicy, OwnedRules, PolicyConfig,
    PreflightRefusedStatus, PreflightSuccessStatus, ResourcePolicy, RulesConfig,
};

impl<'de> Deserialize<'de> for OwnedPolicy {
    /// Reads a [`PolicyConfig`] and builds the policy. The error has all mistakes, one per line.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PolicyConfig::deserialize(deserializer)?
            .build()
            .map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for OwnedRules {
    /// Reads a [`RulesConfig`] and builds the rules. The error has all mistakes, one per line.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RulesConfig::deserialize(deserializer)?
            .build()
            .map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for OwnedDoors {
    /// Reads a [`DoorsConfig`] and builds the doors. The error has all mistakes, one per line.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DoorsConfig::deserialize(deserializer)?
            .build()
            .map_err(D::Error::custom)
    }
}

/// A choice in a configuration, such as a status: a word, or a number, which may be a string too.
struct Choice<T: 'static> {
    expected: &'static str,
    known: &'static [(&'static str, T)],
}

const SUCCESS: Choice<PreflightSuccessStatus> = Choice {
    expected: "200, 204 or \"204-bare\"",
    known: &[
        ("200", PreflightSuccessStatus::Ok),
        ("204", PreflightSuccessStatus::NoContent),
        ("204-bare", PreflightSuccessStatus::NoContentBare),
    ],
};

const REFUSED: Choice<PreflightRefusedStatus> = Choice {
    expected: "200, 204 or 403",
    known: &[
        ("200", PreflightRefusedStatus::Ok),
        ("204", PreflightRefusedStatus::NoContent),
        ("403", PreflightRefusedStatus::Forbidden),
    ],
};

const HOST: Choice<HostRefusedStatus> = Choice {
    expected: "403 or 421",
    known: &[
        ("403", HostRefusedStatus::Forbidden),
        ("421", HostRefusedStatus::MisdirectedRequest),
    ],
};

const RESOURCES: Choice<ResourcePolicy> = Choice {
    expected: "\"same-origin\", \"same-site\" or \"cross-origin\"",
    known: &[
        ("same-origin", ResourcePolicy::SameOrigin),
        ("same-site", ResourcePolicy::SameSite),
        ("cross-origin", ResourcePolicy::CrossOrigin),
    ],
};

impl<T: Copy + PartialEq> Choice<T> {
    fn serialize<S: Serializer>(&self, status: T, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.known.iter().find(|(_, known)| *known == status);
        let text = text.map_or("", |(text, _)| text);
        match text.parse() {
            Ok(number) => serializer.serialize_u16(number),
            Err(_) => serializer.serialize_str(text),
        }
    }
}

impl<T: Copy> Visitor<'_> for Choice<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_u64<E: Error>(self, status: u64) -> Result<T, E> {
        let known = self.known.iter().find(|(text, _)| text.parse() == Ok(status));
        let error = || E::invalid_value(Unexpected::Unsigned(status), &self);
        known.map(|&(_, status)| status).ok_or_else(error)
    }

    fn visit_i64<E: Error>(self, status: i64) -> Result<T, E> {
        match u64::try_from(status) {
            Ok(status) => self.visit_u64(status),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(status), &self)),
        }
    }

    fn visit_str<E: Error>(self, status: &str) -> Result<T, E> {
        let known = self.known.iter().find(|(text, _)| *text == status);
        let error = || E::invalid_value(Unexpected::Str(status), &self);
        known.map(|&(_, status)| status).ok_or_else(error)
    }
}

macro_rules! choices {
    ($($choice:ident: $all:ident;)*) => {$(
        impl<'de> Deserialize<'de> for $choice {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($all)
            }
        }

        impl Serialize for $choice {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $all.serialize(*self, serializer)
            }
        }
    )*};
}

choices! {
    PreflightSuccessStatus: SUCCESS;
    PreflightRefusedStatus: REFUSED;
    HostRefusedStatus: HOST;
    ResourcePolicy: RESOURCES;
}
