//! Defects that only a look at the configuration shows, and the places that are worth a check.

use super::config::{EnvTest, Host, Override, Section, Selector, Settings};
use super::headers::{HeaderRule, Piece};
use super::{Apache, Htaccess, modules, walk};
use crate::servers::Target;
use crate::servers::findings::{Finding, Severity};
use crate::servers::origins::Hint;
use crate::servers::source::Place;

/// Places that are checked, at most.
const MOST_TARGETS: usize = 12;

/// Returns the places that are worth a check.
pub(super) fn targets(apache: &Apache) -> Vec<Target> {
    let mut found: Vec<Target> = Vec::new();
    let mut add = |name: String, url: String, place: Option<Place>| {
        let is_new = found
            .iter()
            .all(|target| target.url.trim_end_matches('/') != url.trim_end_matches('/'));
        if is_new && found.len() < MOST_TARGETS {
            found.push(Target { name, url, place });
        }
    };
    let main = [&apache.main];
    let hosts: Vec<&Host> = if apache.hosts.is_empty() {
        main.to_vec()
    } else {
        apache.hosts.iter().collect()
    };
    for host in hosts {
        let base = base_of(host);
        let root = host
            .document_root
            .clone()
            .unwrap_or_else(|| apache.document_root.clone());
        let title = host
            .names
            .first()
            .map_or("the server".to_owned(), |name| format!("VirtualHost {name}"));
        add(title, format!("{base}/"), host.place);
        for section in &host.locations {
            if let Some(path) = path_of(section) {
                // A directory without its slash is only redirected.
                let slash = if apache.names_directory(&format!("{root}{path}")) && !path.ends_with('/') {
                    "/"
                } else {
                    ""
                };
                add(
                    shown(section),
                    format!("{base}{path}{slash}"),
                    Some(section.place),
                );
            }
        }
        for section in &host.directories {
            if let Selector::Path(path, false) = &section.selector
                && walk::is_below(&root, path.trim_end_matches('/'))
            {
                let path = path.trim_end_matches('/')[root.len()..].to_owned();
                add(shown(section), format!("{base}{path}/"), Some(section.place));
            }
        }
        for pass in &host.proxy_passes {
            if let super::config::From::Prefix(prefix) = &pass.from
                && pass.to != "!"
            {
                add(
                    format!("ProxyPass {prefix}"),
                    format!("{base}{prefix}"),
                    Some(pass.place),
                );
            }
        }
        for file in &apache.htaccess {
            let Some(path) = file.directory.strip_prefix(root.as_str()) else {
                continue;
            };
            add(format!("{} of {path}", file.name), format!("{base}{path}"), None);
        }
        for (settings, directory) in all_settings(apache) {
            for section in &settings.files {
                let inside = directory
                    .as_deref()
                    .and_then(|directory| directory.strip_prefix(root.as_str()))
                    .unwrap_or("/");
                if section_sends_fields(&section.settings)
                    && let Some(name) = file_of(section)
                {
                    add(
                        shown(section),
                        format!("{base}{inside}{name}"),
                        Some(section.place),
                    );
                }
            }
        }
    }
    found
}

fn section_sends_fields(settings: &Settings) -> bool {
    settings
        .always
        .iter()
        .chain(&settings.success)
        .any(|rule| is_reported(&rule.name))
}

fn is_reported(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("access-control-") || name == "vary"
}

fn shown(section: &Section) -> String {
    section.title.trim_start_matches('<').to_owned()
}

fn base_of(host: &Host) -> String {
    let port = host.ports.iter().flatten().next().copied();
    let name = host
        .names
        .iter()
        .find(|name| !name.contains('*'))
        .map_or("localhost", |name| name.as_str());
    match port {
        Some(443) => format!("https://{name}"),
        None | Some(80) => format!("http://{name}"),
        Some(port) => format!("http://{name}:{port}"),
    }
}

/// Returns a path that a `<Location>` is about.
fn path_of(section: &Section) -> Option<String> {
    let path = match &section.selector {
        Selector::Path(path, false) => path.clone(),
        Selector::Path(path, true) => path.replace(['*', '?'], "x"),
        Selector::Match(pattern) => pattern.expression()?.samples().into_iter().next()?,
        Selector::If(_) => return None,
    };
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then(|| {
        if path.starts_with('/') {
            path
        } else {
            format!("/{path}")
        }
    })
}

/// Returns the name of a file that a `<Files>` section is about.
fn file_of(section: &Section) -> Option<String> {
    let name = path_of(section)?;
    let name = name.trim_start_matches('/');
    Some(if name.starts_with('.') {
        format!("example{name}")
    } else {
        name.to_owned()
    })
}

/// Returns all settings of the configuration, with the directories of `.htaccess` files. Sections
/// inside others are there too.
pub(super) fn all_settings(apache: &Apache) -> Vec<(Settings, Option<String>)> {
    let mut found = Vec::new();
    let main = [&apache.main];
    for host in apache.hosts.iter().chain(main) {
        let mut own = host.settings.clone();
        own.env_rules.clone_from(&host.env_rules);
        own.rewrite = host.rules.clone().or(own.rewrite);
        add_settings(&own, None, &mut found);
        for section in host
            .directories
            .iter()
            .chain(&host.locations)
            .chain(&host.proxies)
        {
            add_settings(&section.settings, None, &mut found);
        }
    }
    for file in &apache.htaccess {
        let settings = apache.htaccess_settings(file, &file.directory, &Override::all());
        add_settings(&settings, Some(&file.directory), &mut found);
    }
    found
}

fn add_settings(settings: &Settings, directory: Option<&str>, found: &mut Vec<(Settings, Option<String>)>) {
    found.push((settings.clone(), directory.map(str::to_owned)));
    for section in settings.files.iter().chain(&settings.ifs) {
        add_settings(&section.settings, directory, found);
    }
}

/// Returns the `Header` lines about CORS fields and `Vary`, each once.
pub(super) fn rules(apache: &Apache) -> Vec<HeaderRule> {
    let mut found: Vec<HeaderRule> = Vec::new();
    for (settings, _) in all_settings(apache) {
        for rule in settings.always.iter().chain(&settings.success) {
            if is_reported(&rule.name) && found.iter().all(|known| known.place != rule.place) {
                found.push(rule.clone());
            }
        }
    }
    found
}

/// Returns what the configuration says about origins.
pub(super) fn hints(apache: &Apache) -> Vec<Hint> {
    let mut found = Vec::new();
    for (settings, _) in all_settings(apache) {
        for rule in settings.always.iter().chain(&settings.success) {
            if rule.name.eq_ignore_ascii_case("access-control-allow-origin") {
                found.push(Hint::Literal(rule.literal.clone()));
            }
            if let super::headers::Condition::Expression(expression) = &rule.condition {
                visit(expression, rule.place, &mut found);
            }
        }
        for rule in &settings.env_rules {
            match &rule.test {
                // Other fields, such as User-Agent, say nothing about origins.
                EnvTest::Fields(..) => {}
                EnvTest::Attribute(name, pattern) => {
                    if let Some(expression) = pattern.expression()
                        && name.to_ascii_lowercase().ends_with("origin")
                    {
                        found.push(Hint::Expression(expression.clone(), rule.place));
                    }
                }
                EnvTest::Expression(expression) => visit(expression, rule.place, &mut found),
            }
        }
        for section in &settings.ifs {
            if let Selector::If(conditions) = &section.selector {
                for (expression, _) in conditions {
                    visit(expression, section.place, &mut found);
                }
            }
        }
        for rule in settings.rewrite.iter().flat_map(|rules| &rules.rules) {
            for pattern in rule
                .conditions()
                .iter()
                .filter_map(|condition| condition.pattern())
            {
                if let Some(expression) = pattern.expression() {
                    found.push(Hint::Expression(expression.clone(), rule.place));
                }
            }
        }
    }
    found
}

fn visit(expression: &super::expr::Expr, place: Place, found: &mut Vec<Hint>) {
    expression.visit(&mut |pattern, literal| {
        if let Some(expression) = pattern.and_then(|pattern| pattern.expression()) {
            found.push(Hint::Expression(expression.clone(), place));
        }
        if let Some(literal) = literal {
            found.push(Hint::Literal(literal.to_owned()));
        }
    });
}

/// Returns the defects that need no request.
pub(super) fn own(apache: &Apache) -> Vec<Finding> {
    let mut found = Vec::new();
    for (place, message) in &apache.errors {
        let mut finding = Finding::new(
            "server-does-not-start",
            Severity::Error,
            "Apache does not start with this line",
        )
        .because(message.clone());
        finding.mark(*place, "Apache reports this line and stops");
        found.push(finding);
    }
    for file in &apache.htaccess {
        found.extend(of_htaccess(apache, file));
    }
    found.extend(missing_modules(apache));
    found.extend(lost_rules(apache));
    found.extend(empty_variables(apache));
    found.extend(past_htaccess(apache));
    found
}

/// Returns what `AllowOverride` makes of a file, in the first host that serves it.
pub(super) fn override_of(apache: &Apache, file: &Htaccess) -> (Option<Override>, Option<Place>) {
    let main = [&apache.main];
    let host = apache
        .hosts
        .iter()
        .find(|host| {
            host.document_root
                .as_deref()
                .is_some_and(|root| walk::is_below(root, &file.directory))
        })
        .unwrap_or(main[0]);
    let mut found = host.settings.override_.clone();
    let mut place = None;
    let mut sections: Vec<&Section> = host.directories.iter().collect();
    sections.sort_by_key(|section| match &section.selector {
        Selector::Path(path, _) => path.matches('/').count() + usize::from(path.len() > 1),
        _ => usize::MAX,
    });
    for section in sections {
        let matches = match &section.selector {
            Selector::Path(path, false) => {
                walk::is_below(path.trim_end_matches('/'), file.directory.trim_end_matches('/'))
            }
            _ => false,
        };
        if matches {
            place = Some(section.place);
            if section.settings.override_.is_some() {
                found.clone_from(&section.settings.override_);
            }
        }
    }
    (found, place)
}

fn first_line(file: &Htaccess) -> Option<Place> {
    file.items.first().map(|item| item.place)
}

fn of_htaccess(apache: &Apache, file: &Htaccess) -> Vec<Finding> {
    let Some(first) = first_line(file).or(file.error.as_ref().map(|(place, _)| *place)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if !apache.has_server {
        let mut finding = Finding::new(
            "htaccess-needs-override",
            Severity::Note,
            "this file works only where the configuration of the server has AllowOverride",
        )
        .because("with AllowOverride None, which is the default on Debian, Apache does not read the file: no field is sent, and OPTIONS is answered with 200");
        finding.mark(first, "needs AllowOverride All, or at least FileInfo");
        found.push(finding);
    }
    let (allowed, section) = override_of(apache, file);
    let is_ignored = apache.has_server && allowed.as_ref().is_none_or(Override::is_none);
    if is_ignored {
        let why = match allowed {
            Some(_) => "AllowOverride None: Apache does not read this file",
            None => {
                "no AllowOverride is set for this directory: Apache ignores this file, or answers every request with 500"
            }
        };
        let mut finding = Finding::new(
            "htaccess-ignored",
            Severity::Error,
            "this .htaccess file has no effect",
        )
        .because(why);
        finding.mark(first, "is not read");
        if let Some(section) = section {
            finding.mark(section, "this section decides it");
        }
        found.push(finding);
        return found;
    }
    let settings = apache.htaccess_settings(file, &file.directory, &allowed.unwrap_or_else(Override::all));
    if let Some((place, message)) = &settings.fatal {
        let mut finding = Finding::new(
            "htaccess-answers-500",
            Severity::Error,
            "because of this line, Apache answers every request with 500",
        )
        .because(message.clone());
        finding.mark(*place, "Apache does not accept this");
        found.push(finding);
    }
    found
}

/// Finds modules that Debian does not enable.
///
/// Where the modules are given, a missing one shows as an error.
fn missing_modules(apache: &Apache) -> Option<Finding> {
    let places: Vec<(String, Place)> = apache
        .missing
        .iter()
        .map(|(module, place)| (modules::simple(module), *place))
        .filter(|(module, _)| !modules::is_default(module) && !module.starts_with("mpm_"))
        .collect();
    let (_, first) = places.first()?;
    let names: Vec<&str> = places.iter().map(|(name, _)| name.as_str()).collect();
    let list = names.join(" ");
    let mut finding = Finding::new(
        "module-not-enabled",
        Severity::Note,
        format!("modules are needed that Debian does not enable: {list}"),
    )
    .because("without them, Apache does not start, or answers every request below a .htaccess file with 500; inside <IfModule>, it leaves the lines out")
    .because(format!("to enable them, run a2enmod {list}, and restart Apache"));
    finding.mark(*first, "needs a module");
    Some(finding)
}

/// Rules for preflights that the rules of a directory below replace.
fn lost_rules(apache: &Apache) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &apache.htaccess {
        let own = apache.htaccess_settings(file, &file.directory, &Override::all());
        let Some(own_rules) = &own.rewrite else { continue };
        let parents = apache.htaccess.iter().filter(|other| {
            other.directory != file.directory && file.directory.starts_with(&other.directory)
        });
        let parent = parents.max_by_key(|other| other.directory.len());
        let Some(parent) = parent else { continue };
        let above = apache.htaccess_settings(parent, &parent.directory, &Override::all());
        let Some(above_rules) = &above.rewrite else {
            continue;
        };
        let merged = own_rules.over(above_rules);
        let Some(lost) = merged.replaced.iter().find(|rule| rule.answers_options()) else {
            continue;
        };
        if merged.rules.iter().any(super::rules::Rule::answers_options) {
            continue;
        }
        let Some(place) = own_rules.place.or(first_line(file)) else {
            continue;
        };
        let mut finding = Finding::new(
            "rewrite-rules-replaced",
            Severity::Warning,
            "below this directory, preflights are not answered by the rule of the directory above",
        )
        .because(
            "a directory with rewriting directives of its own replaces the rules of the directories above",
        )
        .because("OPTIONS reaches the application, or Apache answers it with 200");
        finding.mark(place, "replaces the rules above");
        finding.mark(lost.place, "this rule has no effect below");
        found.push(finding);
    }
    found
}

/// `HTTP_ORIGIN`, which Apache knows only in the environment of programs.
fn empty_variables(apache: &Apache) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let finding = |place: Place, severity: Severity, what: &str, instead: &str| {
        let mut finding = Finding::new(
            "origin-variable-empty",
            severity,
            format!("{what} has no value except in answers of CGI, FastCGI and PHP"),
        )
        .because(format!("write {instead}"));
        finding.mark(place, "does not see the origin of the request");
        finding
    };
    for (settings, _) in all_settings(apache) {
        for rule in settings.always.iter().chain(&settings.success) {
            let uses = matches!(&rule.content, super::headers::Content::Pieces(pieces)
                if pieces.iter().any(|piece| matches!(piece, Piece::Variable(name) if name == "HTTP_ORIGIN")));
            let is_set = all_settings(apache).iter().any(|(settings, _)| {
                settings
                    .env_rules
                    .iter()
                    .any(|rule| rule.variables.iter().any(|(name, _)| name == "HTTP_ORIGIN"))
                    || settings.set_env.iter().any(|(name, _)| name == "HTTP_ORIGIN")
                    || settings
                        .rewrite
                        .iter()
                        .flat_map(|rules| &rules.rules)
                        .any(|rule| rule.sets("HTTP_ORIGIN"))
            });
            if uses && !is_set {
                found.push(finding(rule.place, Severity::Warning, "%{HTTP_ORIGIN}e", "SetEnvIf Origin \"^(https://app\\.example\\.com)$\" ORIGIN=$1, and %{ORIGIN}e with env=ORIGIN"));
            }
        }
        for rule in &settings.env_rules {
            if matches!(&rule.test, EnvTest::Attribute(name, _) if name.eq_ignore_ascii_case("HTTP_ORIGIN")) {
                found.push(finding(
                    rule.place,
                    Severity::Error,
                    "HTTP_ORIGIN",
                    "Origin, which is the name of the field",
                ));
            }
        }
        for rule in settings.rewrite.iter().flat_map(|rules| &rules.rules) {
            if rule
                .conditions()
                .iter()
                .any(super::rules::Condition::reads_http_origin)
            {
                found.push(finding(
                    rule.place,
                    Severity::Error,
                    "%{HTTP_ORIGIN}",
                    "%{HTTP:Origin}",
                ));
            }
        }
    }
    let mut seen = Vec::new();
    found.retain(|finding| {
        let place = finding.marks[0].place;
        let is_new = !seen.contains(&place);
        seen.push(place);
        is_new
    });
    found
}

/// Paths that are passed on before a `.htaccess` file with fields would be read.
fn past_htaccess(apache: &Apache) -> Option<Finding> {
    let file = apache.htaccess.iter().find(|file| {
        let settings = apache.htaccess_settings(file, &file.directory, &Override::all());
        section_sends_fields(&settings)
    })?;
    let main = [&apache.main];
    let pass = apache
        .hosts
        .iter()
        .chain(main)
        .flat_map(|host| &host.proxy_passes)
        .find(|pass| pass.to != "!")?;
    let mut finding = Finding::new(
        "htaccess-not-read-for-proxy",
        Severity::Warning,
        "the fields of .htaccess are not sent for the paths that are passed on here",
    )
    .because("Apache does not read .htaccess for requests that ProxyPass passes on");
    finding.mark(pass.place, "is passed on before .htaccess is read");
    finding.mark(first_line(file)?, "has no effect on these paths");
    Some(finding)
}

/// Says why Apache does what a finding is about.
pub(super) fn explain(apache: &Apache, finding: &mut Finding) {
    let reason = match finding.code {
        "preflight-needs-login" => {
            "in .htaccess and <Directory>, rewriting happens after the login is checked, so a rule for OPTIONS does not help"
        }
        "errors-without-fields" => {
            "Header without always is not sent with the errors and redirects that Apache makes itself"
        }
        "allow-origin-repeated" => {
            "Header set and Header always set write to two tables, and both are sent; what an application sends through mod_proxy is in the table of Header set"
        }
        "preflight-without-allow-origin" => {
            "Apache answers OPTIONS with 200 by itself; an answer of RewriteRule with R=200 or R=204 has only the fields of Header always"
        }
        _ => return,
    };
    let _ = apache;
    finding.reasons.push(reason.to_owned());
}
