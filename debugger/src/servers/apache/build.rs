//! Makes settings of directives.

use std::rc::Rc;

use super::access::{Methods, Requirement};
use super::config::{Alias, From, Host, Override, ProxyPass, Section, Selector, Settings};
use super::directives::{self, Class};
use super::expr::Expr;
use super::headers::HeaderRule;
use super::lines::{env_rule, options, redirect, rewrite};
use super::load::{Item, UNKNOWN};
use super::modules::Modules;
use super::pattern::Pattern;
use super::rules::{Rules, scheme_length};
use super::text;
use crate::servers::Unknown;
use crate::servers::source::Place;

/// Where directives stand.
#[derive(Clone, Debug)]
pub(super) struct Context {
    /// The directives that `.htaccess` may have; `None` in the configuration of the server.
    pub(super) override_: Option<Override>,
    /// The directory or path of the section, for rules and aliases.
    pub(super) path: Option<String>,
    pub(super) methods: Methods,
}

impl Context {
    pub(super) fn server() -> Self {
        Self {
            override_: None,
            path: None,
            methods: Methods::All,
        }
    }

    fn inside(&self, path: Option<String>) -> Self {
        Self {
            path: path.or_else(|| self.path.clone()),
            ..self.clone()
        }
    }
}

/// Builds settings, and collects what is wrong or unknown.
pub(super) struct Builder<'b> {
    pub(super) modules: &'b Modules,
    pub(super) unknowns: Vec<Unknown>,
    /// Mistakes because of which Apache does not start.
    pub(super) errors: Vec<(Place, String)>,
}

type Made = Result<(), String>;

/// The conditions of the branches of an `<If>`, and whether each must hold.
type Branch = Vec<(Expr, bool)>;

impl Builder<'_> {
    /// Builds the main server and the virtual hosts.
    pub(super) fn hosts(&mut self, items: &[Item]) -> (Host, Vec<Host>) {
        let mut main = Host::default();
        let (own, hosts): (Vec<&Item>, Vec<&Item>) =
            items.iter().partition(|item| item.name != "<virtualhost");
        self.host(&own, &mut main);
        let mut virtual_hosts = Vec::new();
        for item in hosts {
            let mut host = Host {
                place: Some(item.place),
                ..Host::default()
            };
            for address in &item.args {
                let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
                host.ports.push(port);
            }
            let children: Vec<&Item> = item.children.iter().collect();
            self.host(&children, &mut host);
            virtual_hosts.push(host);
        }
        (main, virtual_hosts)
    }

    fn host(&mut self, items: &[&Item], host: &mut Host) {
        let context = Context::server();
        let mut rest: Vec<Item> = Vec::new();
        for item in items {
            match item.name.as_str() {
                "servername" | "serveralias" => {
                    for name in &item.args {
                        let name = name.rsplit("://").next().unwrap_or("");
                        let name = name.split(':').next().unwrap_or("");
                        host.names.push(name.to_ascii_lowercase());
                    }
                }
                "documentroot" => host.document_root = Some(item.arg(0).trim_end_matches('/').to_owned()),
                "accessfilename" => host.access_names.clone_from(&item.args),
                "traceenable" => host.trace = Some(item.arg(0).to_ascii_lowercase()),
                "proxyrequests" => host.proxy_requests = Some(item.arg(0).eq_ignore_ascii_case("on")),
                "<directory" | "<directorymatch" | "<location" | "<locationmatch" | "<proxy"
                | "<proxymatch" => {
                    let section = self.section(item, &context);
                    match item.name.as_str() {
                        "<directory" | "<directorymatch" => host.directories.push(section),
                        "<location" | "<locationmatch" => host.locations.push(section),
                        _ => host.proxies.push(section),
                    }
                }
                _ => rest.push((*item).clone()),
            }
        }
        let mut settings = self.settings(&rest, &context);
        // Outside of sections these are in separate lists, which the server reads at other times.
        host.env_rules = std::mem::take(&mut settings.env_rules);
        host.redirects = std::mem::take(&mut settings.redirects);
        host.aliases = std::mem::take(&mut settings.aliases);
        host.proxy_passes = std::mem::take(&mut settings.proxy_passes);
        if let Some(rules) = settings.rewrite.take() {
            settings.rewrite = Some(Rules {
                engine: rules.engine,
                place: rules.place,
                ..Rules::default()
            });
            host.rules = Some(rules);
        }
        host.settings = settings;
    }

    fn section(&mut self, item: &Item, context: &Context) -> Section {
        let is_regex = item.name.ends_with("match") || item.arg(0) == "~";
        let argument = item.arg(usize::from(item.arg(0) == "~"));
        let selector = if is_regex {
            Selector::Match(Pattern::new(argument, false))
        } else {
            let has_stars = argument.contains(['*', '?', '[']);
            Selector::Path(argument.to_owned(), has_stars)
        };
        let is_place = item.name.starts_with("<directory") || item.name.starts_with("<location");
        let path = is_place.then(|| match item.name.as_str() {
            "<directory" => format!("{}/", argument.trim_end_matches('/')),
            _ => argument.to_owned(),
        });
        let settings = self.settings(&item.children, &context.inside(path));
        Section {
            selector,
            settings: Rc::new(settings),
            place: item.place,
            title: format!("{} {}", &item.name, item.raw),
        }
    }

    /// Builds the settings of a section or file.
    pub(super) fn settings(&mut self, items: &[Item], context: &Context) -> Settings {
        let mut settings = Settings::default();
        let mut conditions: Branch = Vec::new();
        self.add(items, context, &mut settings, &mut conditions);
        settings
    }

    fn add(&mut self, items: &[Item], context: &Context, settings: &mut Settings, branch: &mut Branch) {
        for item in items {
            if let Err(message) = self.item(item, context, settings, branch) {
                if context.override_.is_some() {
                    settings.fatal.get_or_insert((item.place, message));
                } else {
                    self.errors.push((item.place, message));
                }
            }
        }
    }

    /// Checks whether a directive may stand here; says whether it is to be read.
    fn admit(&mut self, item: &Item, context: &Context, settings: &mut Settings) -> Result<bool, String> {
        if item.name == UNKNOWN {
            settings.doubts.push(item.raw.clone());
            return Ok(false);
        }
        let shown = item.name.trim_start_matches('<');
        let Some(directive) = directives::find(&item.name) else {
            let reason = format!(
                "the directive {shown} is not one of Apache's; without its module, Apache does not accept it"
            );
            settings.doubts.push(reason.clone());
            self.unknowns.push(Unknown {
                what: shown.to_owned(),
                reason,
                place: Some(item.place),
            });
            return Ok(false);
        };
        if !self.modules.accepts(directive.module) {
            return Err(format!(
                "the directive {shown} needs the module {}, which is not loaded",
                directive.module.trim_end_matches(".c")
            ));
        }
        if let Some(allowed) = &context.override_
            && !allowed.allows(&item.name, directive.overrides)
        {
            return Err(format!(
                "the directive {shown} is not allowed here: AllowOverride does not permit it"
            ));
        }
        match directive.class {
            Class::Harmless => Ok(false),
            Class::Modelled => Ok(true),
            Class::Unknown => {
                let reason = format!("the directive {shown} is not simulated");
                settings.doubts.push(reason.clone());
                self.unknowns.push(Unknown {
                    what: shown.to_owned(),
                    reason,
                    place: Some(item.place),
                });
                Ok(false)
            }
        }
    }

    fn item(&mut self, item: &Item, context: &Context, settings: &mut Settings, branch: &mut Branch) -> Made {
        if !self.admit(item, context, settings)? {
            return Ok(());
        }
        let first = item.arg(0);
        let is_on = first.eq_ignore_ascii_case("on");
        let place = item.place;
        match item.name.as_str() {
            "header" | "requestheader" => {
                let is_request = item.name == "requestheader";
                let rule = HeaderRule::read(&item.raw, is_request, place)?;
                match (is_request, rule.is_always) {
                    (true, _) => settings.request.push(rule),
                    (false, true) => settings.always.push(rule),
                    (false, false) => settings.success.push(rule),
                }
            }
            "setenvif" | "setenvifnocase" | "browsermatch" | "browsermatchnocase" | "setenvifexpr" => {
                settings.env_rules.push(env_rule(item)?);
            }
            "setenv" => settings
                .set_env
                .push((first.to_owned(), Some(item.arg(1).to_owned()))),
            "passenv" => settings.doubts.extend(
                item.args
                    .iter()
                    .map(|name| format!("PassEnv: the variable {name} of the operating system is not known")),
            ),
            "unsetenv" => settings
                .set_env
                .extend(item.args.iter().map(|name| (name.clone(), None))),
            "rewriteengine" | "rewritebase" | "rewriteoptions" | "rewritecond" | "rewriterule"
            | "rewritemap" => {
                rewrite(item, context, settings.rewrite.get_or_insert_with(Rules::default))?;
            }
            "redirect" | "redirectmatch" | "redirecttemp" | "redirectpermanent" => {
                settings.redirects.push(redirect(item)?);
            }
            "redirectrelative" => {}
            "alias" | "scriptalias" | "aliasmatch" | "scriptaliasmatch" => {
                let from = match (item.args.len(), item.name.ends_with("match")) {
                    (1, _) => From::Here,
                    (_, true) => From::Match(Pattern::new(first, false)),
                    (_, false) => From::Prefix(first.to_owned()),
                };
                settings.aliases.push(Alias {
                    from,
                    to: item.args.last().cloned().unwrap_or_default(),
                    is_script: item.name.starts_with("script"),
                });
            }
            "proxypass" | "proxypassmatch" => {
                // Inside a section the address alone is given.
                let is_inside = context.path.is_some();
                let is_match = item.name == "proxypassmatch";
                let (from, to) = match (is_inside, is_match) {
                    (true, _) => (From::Here, first),
                    (false, true) => (From::Match(Pattern::new(first, false)), item.arg(1)),
                    (false, false) => (From::Prefix(first.to_owned()), item.arg(1)),
                };
                settings.proxy_passes.push(ProxyPass {
                    from,
                    to: to.to_owned(),
                    place,
                });
            }
            "proxyerroroverride" => settings.proxy_error_override = Some(!first.eq_ignore_ascii_case("off")),
            "errordocument" => {
                let status = first
                    .parse()
                    .map_err(|_| format!("{first:?} is not a status for ErrorDocument"))?;
                let mut rest = item.raw.trim_start();
                text::word(&mut rest);
                // A quote at the start makes a text, also one that is not closed.
                let target = if rest.starts_with('"')
                    && !item.arg(1).starts_with('/')
                    && scheme_length(item.arg(1)) == 0
                {
                    format!("\"{}", item.arg(1))
                } else {
                    item.arg(1).to_owned()
                };
                settings.error_documents.push((status, target, place));
            }
            "allowoverride" => {
                let groups: Vec<String> = item
                    .args
                    .iter()
                    .map(|group| group.split('=').next().unwrap_or("").to_ascii_lowercase())
                    .filter(|group| group != "none" && group != "nonfatal")
                    .collect();
                let list = settings.override_.take().map(|old| old.list).unwrap_or_default();
                settings.override_ = Some(Override { groups, list });
            }
            "allowoverridelist" => {
                let list = item
                    .args
                    .iter()
                    .map(|name| name.to_ascii_lowercase())
                    .filter(|name| name != "none")
                    .collect();
                let groups = settings
                    .override_
                    .take()
                    .map(|old| old.groups)
                    .unwrap_or_default();
                settings.override_ = Some(Override { groups, list });
            }
            "options" => options(item, settings)?,
            "authtype" => {
                settings.auth_type = Some(first.to_owned());
                settings.auth_place = Some(place);
            }
            "authname" | "authbasicprovider" | "authuserfile" => {}
            "authmerging" => settings.auth_merging = Some(first.to_ascii_lowercase()),
            "require" | "<requireall" | "<requireany" | "<requirenone" => {
                let requirement = self.requirement(item, context, settings)?;
                settings.auth_place = settings.auth_place.or(Some(place));
                match &mut settings.requirement {
                    Some(Requirement {
                        kind: super::access::Kind::Any(parts),
                        ..
                    }) => parts.push(requirement),
                    other => *other = Some(Requirement::any(vec![requirement])),
                }
            }
            "satisfy" => settings.satisfy_any = Some(first.eq_ignore_ascii_case("any")),
            "order" => {
                settings.order = Some(item.args.concat().to_ascii_lowercase());
                settings.compat_place = Some(place);
            }
            "allow" | "deny" => {
                let (methods, except) = match &context.methods {
                    Methods::All => (Vec::new(), false),
                    Methods::Only(list) => (list.clone(), false),
                    Methods::Except(list) => (list.clone(), true),
                };
                settings.compat_place = Some(place);
                let lines = if item.name == "allow" {
                    &mut settings.allow
                } else {
                    &mut settings.deny
                };
                for what in item.args.iter().skip(1) {
                    lines.push((what.clone(), methods.clone(), except));
                }
            }
            "directoryindex" => {
                let names = settings.directory_index.get_or_insert_with(Vec::new);
                if first.eq_ignore_ascii_case("disabled") && item.args.len() == 1 {
                    names.clear();
                } else {
                    names.extend(item.args.iter().cloned());
                }
            }
            "directoryindexredirect" => {
                settings.directory_index_redirect = match first.to_ascii_lowercase().as_str() {
                    "off" => None,
                    "on" | "temp" => Some(302),
                    "permanent" => Some(301),
                    "seeother" => Some(303),
                    number => number.parse().ok(),
                };
            }
            "directoryslash" => settings.directory_slash = Some(is_on),
            "fallbackresource" => {
                settings.fallback = Some((first.to_owned(), place));
            }
            "sethandler" => {
                let handler = if item.raw.trim_start().starts_with("expr=") || first.starts_with("expr=") {
                    settings
                        .doubts
                        .push("SetHandler with an expression is not simulated".to_owned());
                    String::new()
                } else {
                    first.to_owned()
                };
                settings.handler = Some((handler, place));
            }
            "addhandler" => {
                for extension in item.args.iter().skip(1) {
                    let extension = extension.trim_start_matches('.').to_ascii_lowercase();
                    settings.handlers.push((extension, Some(first.to_owned()), place));
                }
            }
            "removehandler" => {
                for extension in &item.args {
                    let extension = extension.trim_start_matches('.').to_ascii_lowercase();
                    settings.handlers.push((extension, None, place));
                }
            }
            "addtype" => {
                for extension in item.args.iter().skip(1) {
                    let extension = extension.trim_start_matches('.').to_ascii_lowercase();
                    settings.types.push((extension, Some(first.to_ascii_lowercase())));
                }
            }
            "removetype" => {
                for extension in &item.args {
                    settings
                        .types
                        .push((extension.trim_start_matches('.').to_ascii_lowercase(), None));
                }
            }
            "forcetype" => settings.forced_type = Some(first.to_ascii_lowercase()),
            "setoutputfilter" => {
                settings.output_filters = Some(first.split(';').map(str::to_ascii_uppercase).collect());
            }
            "addoutputfilterbytype" => {
                for kind in item.args.iter().skip(1) {
                    for filter in first.split(';') {
                        settings
                            .filters_by_type
                            .push((kind.to_ascii_lowercase(), filter.to_ascii_uppercase()));
                    }
                }
            }
            "addoutputfilter" => {
                for extension in item.args.iter().skip(1) {
                    let extension = extension.trim_start_matches('.').to_ascii_lowercase();
                    settings
                        .extension_filters
                        .push((extension, first.to_ascii_uppercase()));
                }
            }
            "removeoutputfilter" => {
                for extension in &item.args {
                    let extension = extension.trim_start_matches('.').to_ascii_lowercase();
                    settings
                        .extension_filters
                        .retain(|(other, _)| *other != extension);
                }
            }
            "allowmethods" => {
                let methods = item
                    .args
                    .iter()
                    .map(|method| method.to_ascii_uppercase())
                    .collect();
                settings.allow_methods = Some((methods, place));
            }
            "acceptpathinfo" => settings.accept_path_info = Some(first.to_ascii_lowercase()),
            "allowencodedslashes" => settings.allow_encoded_slashes = Some(first.to_ascii_lowercase()),
            "<limit" | "<limitexcept" => {
                let methods: Vec<String> = item
                    .args
                    .iter()
                    .map(|method| method.to_ascii_uppercase())
                    .collect();
                let methods = if item.name == "<limit" {
                    Methods::Only(methods)
                } else {
                    Methods::Except(methods)
                };
                let context = Context {
                    methods,
                    ..context.clone()
                };
                self.add(&item.children, &context, settings, &mut Vec::new());
            }
            "<files" | "<filesmatch" => {
                let section = self.section(item, context);
                settings.files.push(section);
            }
            "<if" | "<elseif" | "<else" => {
                let section = self.branch(item, context, branch);
                settings.ifs.push(section);
            }
            "<directory" | "<directorymatch" | "<location" | "<locationmatch" | "<virtualhost" | "<proxy" => {
                return Err(format!("{}> cannot stand here", item.name));
            }
            // What is read elsewhere, or needs nothing here.
            _ => {}
        }
        Ok(())
    }

    /// Builds a branch of `<If>`; `branch` has the conditions of those before it.
    fn branch(&mut self, item: &Item, context: &Context, branch: &mut Branch) -> Section {
        if item.name == "<if" {
            branch.clear();
        } else {
            for (_, holds) in branch.iter_mut() {
                *holds = false;
            }
        }
        if item.name != "<else" {
            let mut rest = item.raw.as_str();
            let text = if rest.starts_with(['"', '\'']) {
                text::word(&mut rest).unwrap_or_default()
            } else {
                rest.to_owned()
            };
            let expression = match Expr::read(&text) {
                Ok(expression) => expression,
                Err(reason) => {
                    self.unknowns.push(Unknown {
                        what: "If".to_owned(),
                        reason,
                        place: Some(item.place),
                    });
                    Expr::Unknown(text)
                }
            };
            branch.push((expression, true));
        }
        let inner = self.settings(&item.children, context);
        Section {
            selector: Selector::If(branch.clone()),
            settings: Rc::new(inner),
            place: item.place,
            title: format!("{} {}", item.name, item.raw),
        }
    }

    fn requirement(
        &mut self,
        item: &Item,
        context: &Context,
        settings: &mut Settings,
    ) -> Result<Requirement, String> {
        if item.name == "require" {
            return Requirement::read(&item.args, &item.raw, context.methods.clone());
        }
        let mut parts = Vec::new();
        for child in &item.children {
            if matches!(
                child.name.as_str(),
                "require" | "<requireall" | "<requireany" | "<requirenone"
            ) {
                if self.admit(child, context, settings)? {
                    parts.push(self.requirement(child, context, settings)?);
                }
            } else {
                self.item(child, context, settings, &mut Vec::new())?;
            }
        }
        let mut requirement = match item.name.as_str() {
            "<requireall" => Requirement::all(parts),
            _ => Requirement::any(parts),
        };
        requirement.is_negated = item.name == "<requirenone";
        Ok(requirement)
    }
}
