//! Which modules are loaded.

use std::collections::BTreeSet;

use super::directives;

/// The modules that Debian's package enables, and those that its server contains.
const DEBIAN: &str = "access_compat alias auth_basic authn_core authn_file authz_core authz_host \
    authz_user autoindex deflate dir env filter mime mpm_event negotiation reqtimeout setenvif \
    status core so watchdog http_core log_config logio version unixd";

/// Modules that are not taken to be loaded because a configuration names them: a configuration
/// usually asks `<IfModule>` for these, and runs without them.
const NOT_ASSUMED: &str = "brotli cache cache_disk cache_socache cern_meta dav dav_fs dav_lock \
    imagemap lua speling substitute userdir usertrack vhost_alias mime_magic session \
    session_cookie session_crypto session_dbd auth_form authnz_fcgi";

/// The loaded modules, by their names without `mod_` and `_module`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Modules {
    loaded: BTreeSet<String>,
    /// Whether modules that the configuration needs are taken to be loaded.
    is_guess: bool,
}

impl Modules {
    /// Debian's modules, and those that the configuration uses.
    pub(super) fn guess() -> Self {
        let mut loaded: BTreeSet<String> = DEBIAN.split_whitespace().map(str::to_owned).collect();
        let not_assumed: Vec<&str> = NOT_ASSUMED.split_whitespace().collect();
        for (_, directive) in directives::all() {
            let name = simple(directive.module);
            if !not_assumed.contains(&name.as_str()) {
                loaded.insert(name);
            }
        }
        // Modules without directives.
        for name in [
            "asis",
            "authz_owner",
            "lbmethod_byrequests",
            "proxy_http",
            "proxy_fcgi",
            "proxy_ajp",
            "proxy_balancer",
        ] {
            loaded.insert(name.to_owned());
        }
        Self {
            loaded,
            is_guess: true,
        }
    }

    /// These modules, and those that the server contains. `debian` stands for Debian's.
    pub(super) fn exactly<'m>(names: impl Iterator<Item = &'m str>) -> Self {
        let mut loaded: BTreeSet<String> = [
            "core",
            "so",
            "watchdog",
            "http_core",
            "log_config",
            "logio",
            "version",
            "unixd",
        ]
        .map(str::to_owned)
        .into();
        for name in names {
            if name.eq_ignore_ascii_case("debian") {
                loaded.extend(DEBIAN.split_whitespace().map(str::to_owned));
            } else {
                loaded.insert(simple(name));
            }
        }
        Self {
            loaded,
            is_guess: false,
        }
    }

    pub(super) fn is_guess(&self) -> bool {
        self.is_guess
    }

    /// Says whether a module is loaded, by `mod_x.c`, `x_module` or `x`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.loaded.contains(&simple(name))
    }

    /// Says whether the directives of a module are accepted. One MPM is always there, and
    /// the directives of the others change no answer.
    pub(super) fn accepts(&self, module: &str) -> bool {
        self.has(module) || simple(module).starts_with("mpm_")
    }
}

/// Says whether Debian enables a module when Apache is installed.
pub(super) fn is_default(name: &str) -> bool {
    let name = simple(name);
    DEBIAN.split_whitespace().any(|known| known == name)
}

/// Returns the name of a module without what surrounds it.
pub(super) fn simple(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    let name = name.rsplit('/').next().unwrap_or("");
    let name = name.strip_suffix(".c").unwrap_or(name);
    let name = name.strip_suffix(".so").unwrap_or(name);
    let name = name.strip_suffix("_module").unwrap_or(name);
    let name = name.strip_prefix("mod_").unwrap_or(name);
    match name {
        "event" | "worker" | "prefork" => format!("mpm_{name}"),
        "util_ldap" => "ldap".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_have_several_names() {
        let modules = Modules::exactly(["mod_headers.c", "rewrite_module"].into_iter());
        assert!(modules.has("headers_module") && modules.has("mod_rewrite.c") && modules.has("core"));
        assert!(!modules.has("mod_env.c"));
        assert!(Modules::exactly(["debian"].into_iter()).has("mod_env.c"));
        assert!(Modules::guess().has("mod_headers.c"));
        assert!(!Modules::guess().has("mod_php7.c"));
        assert!(!is_default("mod_headers.c") && is_default("mod_setenvif.c"));
    }
}
