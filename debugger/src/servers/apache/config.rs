//! The settings of a place: what a section, a `.htaccess` file or the server says, in the form in
//! which the simulation uses it, and how a section's settings are put over those before it.

use std::rc::Rc;

use super::access::Requirement;
use super::expr::Expr;
use super::headers::HeaderRule;
use super::pattern::Pattern;
use super::rules::Rules;
use crate::servers::source::Place;

/// A switch that may not be set.
pub(super) type Switch = Option<bool>;

/// `SetEnvIf` and its like.
#[derive(Clone, Debug)]
pub(super) struct EnvRule {
    pub(super) test: EnvTest,
    /// The variables, with their values; `None` removes a variable.
    pub(super) variables: Vec<(String, Option<String>)>,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum EnvTest {
    /// An attribute and an expression.
    Attribute(String, Pattern),
    /// All fields with a matching name.
    Fields(Pattern, Pattern),
    Expression(Box<Expr>),
}

/// `Redirect` and `RedirectMatch`.
#[derive(Clone, Debug)]
pub(super) struct Redirect {
    pub(super) status: u16,
    pub(super) from: From,
    pub(super) to: String,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum From {
    /// The whole place: `Redirect` with one address inside `<Location>`.
    Here,
    Prefix(String),
    Match(Pattern),
}

/// `Alias` and `ScriptAlias`.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    pub(super) from: From,
    pub(super) to: String,
    pub(super) is_script: bool,
}

/// `ProxyPass` and `ProxyPassMatch`.
#[derive(Clone, Debug)]
pub(super) struct ProxyPass {
    pub(super) from: From,
    /// The address; `!` for none.
    pub(super) to: String,
    pub(super) place: Place,
}

/// Which directives `.htaccess` may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Override {
    /// The names in lower case; `all`.
    pub(super) groups: Vec<String>,
    /// Single directives, in lower case.
    pub(super) list: Vec<String>,
}

impl Override {
    pub(super) fn none() -> Self {
        Self {
            groups: Vec::new(),
            list: Vec::new(),
        }
    }

    pub(super) fn all() -> Self {
        Self {
            groups: vec!["all".to_owned()],
            list: Vec::new(),
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.groups.is_empty() && self.list.is_empty()
    }

    /// Says whether a directive with this name that needs one of these overrides is allowed.
    pub(super) fn allows(&self, name: &str, needed: &str) -> bool {
        self.list.iter().any(|listed| listed == name)
            || needed != "-"
                && !self.groups.is_empty()
                && (needed == "any"
                    || self.groups.iter().any(|group| {
                        group == "all" || needed.split('+').any(|needed| needed.eq_ignore_ascii_case(group))
                    }))
    }
}

/// A section inside others, with what selects it.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) selector: Selector,
    pub(super) settings: Rc<Settings>,
    pub(super) place: Place,
    /// The text of the opening line.
    pub(super) title: String,
}

#[derive(Clone, Debug)]
pub(super) enum Selector {
    /// A path; the flag says that it has `*`, `?` or `[`.
    Path(String, bool),
    Match(Pattern),
    /// The conditions of this branch, and of the branches before it.
    If(Vec<(Expr, bool)>),
}

/// The settings of a place.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) always: Vec<HeaderRule>,
    pub(super) success: Vec<HeaderRule>,
    pub(super) request: Vec<HeaderRule>,
    pub(super) env_rules: Vec<EnvRule>,
    pub(super) set_env: Vec<(String, Option<String>)>,
    pub(super) rewrite: Option<Rules>,
    pub(super) redirects: Vec<Redirect>,
    pub(super) aliases: Vec<Alias>,
    pub(super) proxy_passes: Vec<ProxyPass>,
    pub(super) proxy_error_override: Switch,
    pub(super) error_documents: Vec<(u16, String, Place)>,
    pub(super) options: Vec<(Option<bool>, String)>,
    pub(super) override_: Option<Override>,
    pub(super) auth_type: Option<String>,
    pub(super) auth_place: Option<Place>,
    pub(super) requirement: Option<Requirement>,
    pub(super) auth_merging: Option<String>,
    pub(super) satisfy_any: Switch,
    /// `Order`, and the lines of `Allow` and `Deny`.
    pub(super) order: Option<String>,
    pub(super) allow: Vec<(String, Vec<String>, bool)>,
    pub(super) deny: Vec<(String, Vec<String>, bool)>,
    pub(super) compat_place: Option<Place>,
    pub(super) directory_index: Option<Vec<String>>,
    pub(super) directory_index_redirect: Option<u16>,
    pub(super) directory_slash: Switch,
    pub(super) fallback: Option<(String, Place)>,
    pub(super) handler: Option<(String, Place)>,
    pub(super) handlers: Vec<(String, Option<String>, Place)>,
    pub(super) types: Vec<(String, Option<String>)>,
    pub(super) forced_type: Option<String>,
    pub(super) output_filters: Option<Vec<String>>,
    pub(super) filters_by_type: Vec<(String, String)>,
    pub(super) extension_filters: Vec<(String, String)>,
    pub(super) allow_methods: Option<(Vec<String>, Place)>,
    pub(super) accept_path_info: Option<String>,
    pub(super) allow_encoded_slashes: Option<String>,
    pub(super) files: Vec<Section>,
    pub(super) ifs: Vec<Section>,
    /// Why the answer is not known here.
    pub(super) doubts: Vec<String>,
    /// The mistake because of which every request is answered with 500.
    pub(super) fatal: Option<(Place, String)>,
}

fn over<T: Clone>(base: &mut Option<T>, above: &Option<T>) {
    if above.is_some() {
        base.clone_from(above);
    }
}

impl Settings {
    /// Puts the settings of another place over these, as each module of Apache does it.
    pub(super) fn merge(&mut self, above: &Self) {
        self.always.extend(above.always.iter().cloned());
        self.success.extend(above.success.iter().cloned());
        self.request.extend(above.request.iter().cloned());
        self.env_rules.extend(above.env_rules.iter().cloned());
        self.set_env.extend(above.set_env.iter().cloned());
        if let Some(rules) = &above.rewrite {
            self.rewrite = Some(match &self.rewrite {
                Some(base) => rules.over(base),
                None => rules.clone(),
            });
        }
        // The later section's redirects are tried first.
        let mut redirects = above.redirects.clone();
        redirects.append(&mut self.redirects);
        self.redirects = redirects;
        if !above.aliases.is_empty() {
            self.aliases.clone_from(&above.aliases);
        }
        if !above.proxy_passes.is_empty() {
            self.proxy_passes.clone_from(&above.proxy_passes);
        }
        over(&mut self.proxy_error_override, &above.proxy_error_override);
        self.error_documents.extend(above.error_documents.iter().cloned());
        self.options.extend(above.options.iter().cloned());
        over(&mut self.override_, &above.override_);
        if above.auth_type.is_some() {
            self.auth_type.clone_from(&above.auth_type);
            self.auth_place = above.auth_place;
        }
        if let Some(requirement) = &above.requirement {
            let merged = match (above.auth_merging.as_deref(), self.requirement.take()) {
                (Some("and"), Some(base)) => Requirement::all(vec![base, requirement.clone()]),
                (Some("or"), Some(base)) => Requirement::any(vec![base, requirement.clone()]),
                _ => requirement.clone(),
            };
            self.requirement = Some(merged);
        }
        over(&mut self.satisfy_any, &above.satisfy_any);
        if above.order.is_some() || !above.allow.is_empty() || !above.deny.is_empty() {
            self.order.clone_from(&above.order);
            self.allow.clone_from(&above.allow);
            self.deny.clone_from(&above.deny);
            self.compat_place = above.compat_place;
        }
        over(&mut self.directory_index, &above.directory_index);
        over(
            &mut self.directory_index_redirect,
            &above.directory_index_redirect,
        );
        over(&mut self.directory_slash, &above.directory_slash);
        over(&mut self.fallback, &above.fallback);
        over(&mut self.handler, &above.handler);
        self.handlers.extend(above.handlers.iter().cloned());
        self.types.extend(above.types.iter().cloned());
        over(&mut self.forced_type, &above.forced_type);
        over(&mut self.output_filters, &above.output_filters);
        self.filters_by_type.extend(above.filters_by_type.iter().cloned());
        self.extension_filters
            .extend(above.extension_filters.iter().cloned());
        over(&mut self.allow_methods, &above.allow_methods);
        over(&mut self.accept_path_info, &above.accept_path_info);
        over(&mut self.allow_encoded_slashes, &above.allow_encoded_slashes);
        self.files.extend(above.files.iter().cloned());
        self.ifs.extend(above.ifs.iter().cloned());
        self.doubts.extend(above.doubts.iter().cloned());
        over(&mut self.fatal, &above.fatal);
    }

    /// Says whether an option such as `followsymlinks` is on.
    pub(super) fn has_option(&self, name: &str) -> bool {
        // Apache's default.
        let mut is_on = name == "followsymlinks";
        for (change, option) in &self.options {
            let is_meant = option == name || option == "all" && name != "multiviews";
            match change {
                // A line without signs replaces all options; it starts with `reset`.
                None if option == "reset" => is_on = false,
                None if is_meant => is_on = true,
                Some(value) if is_meant => is_on = *value,
                _ => {}
            }
        }
        is_on
    }

    pub(super) fn error_document(&self, status: u16) -> Option<(&str, Place)> {
        self.error_documents
            .iter()
            .rev()
            .find(|(other, ..)| *other == status)
            .map(|(_, text, place)| (text.as_str(), *place))
            .filter(|(text, _)| !text.eq_ignore_ascii_case("default"))
    }
}

/// A virtual host, or the main server.
#[derive(Clone, Debug, Default)]
pub(super) struct Host {
    pub(super) names: Vec<String>,
    /// The ports of `<VirtualHost>`; `None` for every port.
    pub(super) ports: Vec<Option<u16>>,
    pub(super) document_root: Option<String>,
    pub(super) settings: Settings,
    pub(super) directories: Vec<Section>,
    pub(super) locations: Vec<Section>,
    pub(super) proxies: Vec<Section>,
    /// `RewriteRule` outside of sections.
    pub(super) rules: Option<Rules>,
    pub(super) env_rules: Vec<EnvRule>,
    pub(super) redirects: Vec<Redirect>,
    pub(super) aliases: Vec<Alias>,
    pub(super) proxy_passes: Vec<ProxyPass>,
    pub(super) access_names: Vec<String>,
    pub(super) trace: Option<String>,
    pub(super) proxy_requests: Switch,
    pub(super) place: Option<Place>,
}

impl Host {
    /// Returns a virtual host with the settings of the main server before its own.
    pub(super) fn over(&self, main: &Self) -> Self {
        let mut merged = main.clone();
        merged.names.clone_from(&self.names);
        merged.ports.clone_from(&self.ports);
        over(&mut merged.document_root, &self.document_root);
        merged.settings.merge(&self.settings);
        merged.directories.extend(self.directories.iter().cloned());
        merged.locations.extend(self.locations.iter().cloned());
        merged.proxies.extend(self.proxies.iter().cloned());
        merged.rules = match (&self.rules, &main.rules) {
            (Some(own), Some(base)) => Some(own.over(base)),
            // A virtual host does not inherit the rules of the main server, only their switch.
            (None, Some(base)) => Some(base.without_rules()),
            (own, None) => own.clone(),
        };
        merged.env_rules.extend(self.env_rules.iter().cloned());
        merged.redirects = [self.redirects.clone(), main.redirects.clone()].concat();
        merged.aliases = [self.aliases.clone(), main.aliases.clone()].concat();
        merged.proxy_passes.extend(self.proxy_passes.iter().cloned());
        if !self.access_names.is_empty() {
            merged.access_names.clone_from(&self.access_names);
        }
        over(&mut merged.trace, &self.trace);
        over(&mut merged.proxy_requests, &self.proxy_requests);
        merged.place = self.place;
        merged
    }
}
