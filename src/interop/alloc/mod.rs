//! Policies that own their lists on the heap: built at run time, of any size, and swapped while the
//! server runs.
//!
//! | file | what it holds |
//! |---|---|
//! | `config` | the settings as plain data, [`PolicyConfig`](config::PolicyConfig) |
//! | `builder` | the checks, with a predicate and a list of public suffixes |
//! | `error` | all mistakes of a configuration, in values that own their texts |
//! | `policy` | [`OwnedPolicy`](policy::OwnedPolicy) |
//! | `origins` | the list of origins, with an index if it is long |
//! | `rules` | [`OwnedRules`](rules::OwnedRules) and their configuration |
//! | `doors` | [`OwnedDoors`](doors::OwnedDoors) and their configuration |
//! | `source` | owned policies as what adapters of servers take |

mod builder;
mod config;
mod doors;
mod error;
mod origins;
mod policy;
mod rules;
mod source;
#[cfg(test)]
mod tests;

pub use builder::OwnedPolicyBuilder;
pub use config::PolicyConfig;
pub use doors::{DoorsConfig, DoorsErrors, OwnedDoors, OwnedDoorsError};
pub use error::{OwnedPolicyError, PolicyErrors};
pub use policy::OwnedPolicy;
pub use rules::{BorrowedRules, OwnedRules, OwnedRulesError, RulesConfig};
