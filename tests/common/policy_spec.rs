//! A policy as plain data, for tests, fuzz targets and build scripts.
//!
//! A [`Policy`] borrows its lists, and cannot be changed or compared. A [`PolicySpec`] owns its
//! lists: a test can read it from a table, shuffle its entries, print it when a law fails, and
//! build the policy.

#![allow(dead_code, reason = "each program uses a part")]

use embedded_cors::{
    Origin, Policy, PolicyBuilder, PolicyError, PreflightRefusedStatus, PreflightSuccessStatus,
};

/// The lists and options of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySpec {
    pub origins: Vec<String>,
    pub methods: Vec<String>,
    pub headers: Vec<String>,
    pub exposed: Vec<String>,
    pub max_age: Option<u32>,
    /// True if [`is_tenant`] admits origins too.
    pub has_predicate: bool,
    pub options: Vec<PolicyOption>,
}

/// The predicate of policies that have one: it admits the subdomains of `tenants.example`.
pub fn is_tenant(origin: &Origin<'_>) -> bool {
    origin.host().ends_with(".tenants.example")
}

/// Defines [`PolicyOption`] from one table: the variant, its name in `decisions.txt`, and the
/// method of the builder.
macro_rules! options {
    ($($variant:ident $name:literal $method:ident($($argument:expr)?);)*) => {
        /// A setting of the builder that is not a list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum PolicyOption {
            $($variant,)*
        }

        impl PolicyOption {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the name in `decisions.txt`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns the call as source text, such as `.allow_credentials()`.
            pub fn source(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!(
                        ".", stringify!($method), "(", $(stringify!($argument),)? ")"
                    ),)*
                }
            }

            pub fn apply(self, builder: PolicyBuilder<'_>) -> PolicyBuilder<'_> {
                match self {
                    $(Self::$variant => builder.$method($($argument)?),)*
                }
            }
        }
    };
}

options! {
    Credentials "credentials" allow_credentials();
    HideLists "hide-lists" hide_lists_when_refused();
    Strict "strict" strict_request_headers();
    OnlyRequested "only-requested" answer_only_requested();
    Loopback "loopback" allow_loopback();
    Timing "timing" allow_timing();
    Success200 "success-200" success_status(PreflightSuccessStatus::Ok);
    Success204Bare "success-204-bare" success_status(PreflightSuccessStatus::NoContentBare);
    Refused204 "refused-204" refused_status(PreflightRefusedStatus::NoContent);
    Refused200 "refused-200" refused_status(PreflightRefusedStatus::Ok);
    InsecureOrigins "insecure-origins" dangerously_allow_insecure_origins_with_credentials();
    PublicSuffixes "public-suffixes" dangerously_allow_public_suffixes_with_credentials();
    TrustPredicate "trust-predicate" dangerously_allow_predicate_with_credentials();
}

impl PolicySpec {
    /// Reads the settings of a policy of `decisions.txt`, one on each line.
    ///
    /// # Panics
    ///
    /// Panics on a setting that does not exist.
    pub fn from_settings<'s>(settings: impl IntoIterator<Item = &'s str>) -> Self {
        let mut spec = Self::default();
        for setting in settings {
            let (name, rest) = setting.split_once(' ').unwrap_or((setting, ""));
            let entries = || rest.split(' ').map(String::from).collect();
            match name {
                "origins" => spec.origins = entries(),
                "methods" => spec.methods = entries(),
                "headers" => spec.headers = entries(),
                "expose" => spec.exposed = entries(),
                "max-age" => spec.max_age = Some(rest.parse().expect("a number of seconds")),
                _ => {
                    let option = PolicyOption::ALL.iter().find(|option| option.name() == setting);
                    let option = option.unwrap_or_else(|| panic!("unknown setting {setting:?}"));
                    spec.options.push(*option);
                }
            }
        }
        spec
    }

    pub fn has(&self, option: PolicyOption) -> bool {
        self.options.contains(&option)
    }

    pub fn remove(&mut self, option: PolicyOption) {
        self.options.retain(|other| *other != option);
    }

    /// Calls `test` with the policy.
    ///
    /// # Panics
    ///
    /// Panics if the policy cannot be built.
    #[track_caller]
    pub fn with<T>(&self, test: impl FnOnce(&Policy<'_>) -> T) -> T {
        self.build(|policy| test(policy.unwrap_or_else(|error| panic!("{error}"))))
    }

    /// Calls `test` with the policy, or with the mistake in it.
    pub fn build<T>(&self, test: impl FnOnce(Result<&Policy<'_>, PolicyError<'_>>) -> T) -> T {
        fn borrow(list: &[String]) -> Vec<&str> {
            list.iter().map(String::as_str).collect()
        }
        let (origins, methods) = (borrow(&self.origins), borrow(&self.methods));
        let (headers, exposed) = (borrow(&self.headers), borrow(&self.exposed));
        let builder = Policy::builder()
            .allow_origins(&origins)
            .allow_methods(&methods)
            .allow_headers(&headers)
            .expose_headers(&exposed);
        match self.apply_options(builder).build() {
            Ok(policy) => test(Ok(&policy)),
            Err(error) => test(Err(error)),
        }
    }

    /// Sets everything but the lists.
    pub fn apply_options<'a>(&self, mut builder: PolicyBuilder<'a>) -> PolicyBuilder<'a> {
        if let Some(seconds) = self.max_age {
            builder = builder.max_age_seconds(seconds);
        }
        if self.has_predicate {
            builder = builder.allow_origin_if(&is_tenant);
        }
        self.options
            .iter()
            .fold(builder, |builder, option| option.apply(builder))
    }

    /// Returns the policy as an expression, for a program that carries it in a `static`.
    pub fn source(&self) -> String {
        assert!(
            !self.has_predicate,
            "a predicate cannot be written as source text"
        );
        let mut source = String::from("Policy::builder()");
        for (method, list) in [
            ("allow_origins", &self.origins),
            ("allow_methods", &self.methods),
            ("allow_headers", &self.headers),
            ("expose_headers", &self.exposed),
        ] {
            source += &format!(".{method}(&{list:?})");
        }
        if let Some(seconds) = self.max_age {
            source += &format!(".max_age_seconds({seconds})");
        }
        let options = self.options.iter().map(|option| option.source());
        source + &options.collect::<String>() + ".build_or_panic()"
    }
}
