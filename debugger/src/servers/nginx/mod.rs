//! A simulator of nginx, for the statuses and fields of responses.
//!
//! It follows the phases of nginx 1.22 and the documented changes since: the choice of the server
//! and the location, the rewrite phase, the access phase, `try_files`, content, `error_page`, and
//! the filters of fields. `docs/check.md` says what it assumes.
//!
//! | module | what it is |
//! |---|---|
//! | `parse` | words, directives, included files |
//! | `arity` | how many parameters directives take |
//! | `blocks` | the tree of blocks, and inheritance |
//! | `variables` | variables, `map` |
//! | `rewrite` | the rewrite phase |
//! | `course` | all phases of a request |
//! | `fields` | the filters of fields |
//! | `module` | the directives of this project's module |
//! | `defects` | defects of configurations of nginx |
//! | `repairs` | changes that repair defects |
//! | `directives` | which directives are known |

mod arity;
pub mod blocks;
mod course;
mod defects;
mod directives;
mod fields;
mod module;
pub mod parse;
mod repairs;
mod rewrite;
mod targets;
mod variables;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use blocks::{Blocks, Id};
use directives::Class;
use parse::Directive;

use super::expression::{Expression, Groups};
use super::findings::{Finding, Repair};
use super::origins::Hint;
use super::request::{Request, Upstream};
use super::response::Response;
use super::source::{Includes, Sources};
use super::{Kind, Server, Target, Unknown};

/// A configuration of nginx.
pub struct Nginx {
    sources: Sources,
    /// How many of the files were given; the others were included.
    given: usize,
    pub(crate) blocks: Blocks,
    /// The `map` of each variable.
    maps: HashMap<String, Directive>,
    /// Variables whose values are not simulated, and why.
    opaque: HashMap<String, String>,
    /// Variables of `set` and of named groups, which are empty until they are set.
    settable: BTreeSet<String>,
    /// Why the answers of blocks are unknown.
    unknown_blocks: HashMap<Id, Vec<String>>,
    unknowns: Vec<Unknown>,
    expressions: RefCell<BTreeMap<(String, bool), CompiledExpression>>,
    /// By the places of the maps.
    map_indices: RefCell<BTreeMap<(usize, usize), Rc<variables::MapIndex>>>,
}

type CompiledExpression = Result<Rc<Expression>, String>;

impl Nginx {
    /// Reads a configuration. A given file that another given file includes is read there.
    ///
    /// # Errors
    ///
    /// Returns a sentence with the file, the line and the mistake.
    pub fn new(sources: Sources, includes: Includes<'_>) -> Result<Self, String> {
        let given = sources.files().len();
        let names: Vec<(String, String)> = sources
            .files()
            .iter()
            .map(|source| (source.name.clone(), source.text.clone()))
            .collect();
        // An included file that was given is part of the sources already, and keeps its index.
        let used = RefCell::new(BTreeSet::new());
        let resolve = |pattern: &str, from: &str| -> Option<Vec<(String, String)>> {
            let wanted = pattern.rsplit('/').next().unwrap_or(pattern);
            let matching: Vec<(String, String)> = names
                .iter()
                .filter(|(name, _)| {
                    name != from && same_file(wanted, name.rsplit('/').next().unwrap_or(name))
                })
                .cloned()
                .collect();
            if matching.is_empty() {
                return includes(pattern, from);
            }
            used.borrow_mut()
                .extend(matching.iter().map(|(name, _)| name.clone()));
            Some(matching)
        };
        let mut sources = sources;
        let mut parsed = Vec::new();
        for file in 0..given {
            parsed.push(parse::parse(&mut sources, file, &resolve)?);
        }
        let used = used.into_inner();
        let directives: Vec<Directive> = parsed
            .into_iter()
            .zip(&names)
            .filter(|(_, (name, _))| !used.contains(name))
            .flat_map(|(directives, _)| directives)
            .collect();
        arity::check(&sources, &directives)?;
        let mut nginx = Self {
            sources,
            given,
            blocks: Blocks::new(directives),
            maps: HashMap::new(),
            opaque: HashMap::new(),
            settable: BTreeSet::new(),
            unknown_blocks: HashMap::new(),
            unknowns: Vec::new(),
            expressions: RefCell::new(BTreeMap::new()),
            map_indices: RefCell::new(BTreeMap::new()),
        };
        nginx.define_variables();
        nginx.find_unknowns();
        Ok(nginx)
    }

    fn define_variables(&mut self) {
        for id in self.blocks.ids() {
            for directive in &self.blocks.get(id).directives {
                let name = |index: usize| directive.arg(index).trim_start_matches('$').to_string();
                match directive.name.text.as_str() {
                    "map" => {
                        self.maps.insert(name(1), directive.clone());
                    }
                    "set" => {
                        self.settable.insert(name(0));
                    }
                    "geo" => {
                        let variable = if directive.args.len() > 1 {
                            name(1)
                        } else {
                            name(0)
                        };
                        self.opaque
                            .insert(variable, "geo depends on the address of the client".into());
                    }
                    "split_clients" => {
                        self.opaque
                            .insert(name(1), "split_clients depends on a hash".into());
                    }
                    "auth_request_set" => {
                        self.opaque
                            .insert(name(0), "auth_request_set depends on another answer".into());
                    }
                    kind @ ("js_set" | "perl_set" | "js_var" | "set_by_lua" | "set_by_lua_block"
                    | "set_by_lua_file" | "keyval") => {
                        let variable = if kind == "keyval" { name(1) } else { name(0) };
                        self.opaque.insert(variable, format!("{kind} is not simulated"));
                    }
                    _ => {}
                }
                for word in &directive.args {
                    for part in word.text.split("(?").skip(1) {
                        let part = part.trim_start_matches('P');
                        if let Some((name, _)) = part.strip_prefix('<').and_then(|part| part.split_once('>'))
                            && !name.starts_with(['=', '!'])
                        {
                            self.settable.insert(name.to_string());
                        }
                    }
                }
            }
        }
    }

    fn find_unknowns(&mut self) {
        let classes = directives::classes();
        for id in self.blocks.ids() {
            for directive in &self.blocks.get(id).directives {
                let name = directive.name.text.as_str();
                let reason = match classes.get(name) {
                    Some(Class::Modelled) if name == "include" => {
                        format!("the file {} was not given; pass it too", directive.arg(0))
                    }
                    Some(Class::Unknown) if directive.arg(0) == "off" => continue,
                    Some(Class::Unknown) => format!("{name} is not simulated"),
                    Some(_) => continue,
                    None => "no directive of this name is known".to_string(),
                };
                // Files that Debian and nginx ship have no effect on the fields.
                if name == "include" && is_harmless_file(directive.arg(0)) {
                    continue;
                }
                let sentence = if name == "include" {
                    reason.clone()
                } else {
                    format!("{name}: {reason}")
                };
                self.unknown_blocks.entry(id).or_default().push(sentence);
                self.unknowns.push(Unknown {
                    what: if name == "include" {
                        format!("include {}", directive.arg(0))
                    } else {
                        name.to_string()
                    },
                    reason,
                    place: Some(directive.place),
                });
            }
        }
    }

    /// Returns a compiled expression.
    fn expression(&self, pattern: &str, ignores_case: bool) -> CompiledExpression {
        let key = (pattern.to_string(), ignores_case);
        self.expressions
            .borrow_mut()
            .entry(key)
            .or_insert_with(|| Expression::new(pattern, ignores_case).map(Rc::new))
            .clone()
    }

    fn map_index(&self, map: &Directive) -> Rc<variables::MapIndex> {
        let mut indices = self.map_indices.borrow_mut();
        let key = (map.place.file, map.place.span.start);
        let index = indices
            .entry(key)
            .or_insert_with(|| Rc::new(variables::MapIndex::new(map)));
        Rc::clone(index)
    }

    /// Returns the `add_header` lines of a block, with those that it inherits.
    pub(crate) fn add_headers(&self, block: Id) -> Vec<&Directive> {
        let own: Vec<&Directive> = self.blocks.own(block, "add_header").collect();
        let inherit = self
            .blocks
            .setting(block, "add_header_inherit")
            .map_or("on", |directive| directive.arg(0));
        let parent = self.blocks.get(block).parent;
        match (inherit, parent) {
            ("merge", Some(parent)) => own.into_iter().chain(self.add_headers(parent)).collect(),
            ("off", _) => own,
            (_, Some(parent)) if own.is_empty() => self.add_headers(parent),
            _ => own,
        }
    }

    fn names_of(&self, server: Id) -> Vec<String> {
        self.blocks
            .own(server, "server_name")
            .flat_map(|directive| &directive.args)
            .map(|word| word.text.clone())
            .collect()
    }

    /// Returns the first name of a server, as `$server_name` has it.
    fn first_name(&self, server: Id) -> String {
        let name = self.names_of(server).into_iter().next().unwrap_or_default();
        match name.strip_prefix("*.").or(name.strip_prefix('.')) {
            _ if name.starts_with("*.") => name,
            Some(rest) => rest.to_string(),
            None => name,
        }
    }

    fn listens(&self, server: Id) -> Vec<Listen> {
        let mut listens: Vec<Listen> = self
            .blocks
            .own(server, "listen")
            .filter_map(|directive| {
                let address = directive.arg(0);
                let port = address
                    .rsplit(':')
                    .next()
                    .filter(|port| !port.contains(']'))
                    .unwrap_or("");
                let has = |word: &str| directive.args.iter().any(|arg| arg.text == word);
                if address.starts_with("unix:") {
                    return None;
                }
                Some(Listen {
                    port: port.parse().unwrap_or(80),
                    is_default: has("default_server") || has("default"),
                    is_encrypted: has("ssl") || has("quic"),
                })
            })
            .collect();
        if listens.is_empty() {
            listens.push(Listen {
                port: 80,
                is_default: false,
                is_encrypted: false,
            });
        }
        if self
            .blocks
            .own(server, "ssl")
            .any(|directive| directive.arg(0) == "on")
        {
            for listen in &mut listens {
                listen.is_encrypted = true;
            }
        }
        listens
    }

    fn first_port(&self, server: Id) -> u16 {
        self.listens(server).first().map_or(80, |listen| listen.port)
    }

    /// Chooses the server for a request: by port, then by name, as nginx does.
    fn choose_server(&self, request: &Request) -> Result<(Id, Option<Groups>), String> {
        let all: Vec<Id> = self.blocks.servers().collect();
        if all.is_empty() {
            return Err("there is no server in the given files".into());
        }
        let host = request.field("host").unwrap_or("");
        let (name, host_port) = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                (name, port.parse::<u16>().ok())
            }
            _ => (host, None),
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let default_port = if request.scheme == "https" { 443 } else { 80 };
        let at_port = |port: u16| -> Vec<Id> {
            let listens = |id: &Id| self.listens(*id).iter().any(|listen| listen.port == port);
            all.iter().copied().filter(listens).collect()
        };
        let wanted = [request.port, host_port, Some(default_port)];
        let (mut group, mut port) = (Vec::new(), None);
        for candidate in wanted.into_iter().flatten() {
            group = at_port(candidate);
            if !group.is_empty() {
                port = Some(candidate);
                break;
            }
        }
        if group.is_empty() {
            let is_https = request.scheme == "https";
            let fits = |id: &Id| {
                self.listens(*id)
                    .iter()
                    .any(|listen| listen.is_encrypted == is_https)
            };
            group = all.iter().copied().filter(fits).collect();
        }
        if group.is_empty() {
            group = all;
        }
        let names: Vec<(Id, Vec<String>)> = group.iter().map(|id| (*id, self.names_of(*id))).collect();
        let exact = names.iter().find(|(_, names)| {
            names.iter().any(|other| {
                let other = other.to_ascii_lowercase();
                !other.starts_with('~') && (other == name || other.strip_prefix('.') == Some(&name))
            })
        });
        if let Some((id, _)) = exact.filter(|_| !name.is_empty()) {
            return Ok((*id, None));
        }
        let mut longest: Option<(bool, usize, Id)> = None;
        for (id, names) in &names {
            for other in names {
                let other = other.to_ascii_lowercase();
                let suffix = other
                    .strip_prefix('*')
                    .or(other.starts_with('.').then_some(other.as_str()));
                let found = if let Some(suffix) = suffix.filter(|suffix| suffix.starts_with('.')) {
                    (name.len() > suffix.len() && name.ends_with(suffix)).then_some((true, other.len(), *id))
                } else if let Some(prefix) = other.strip_suffix('*') {
                    (prefix.ends_with('.') && name.len() > prefix.len() && name.starts_with(prefix))
                        .then_some((false, other.len(), *id))
                } else {
                    None
                };
                if let Some(found) = found
                    && longest.is_none_or(|best| (found.0, found.1) > (best.0, best.1))
                {
                    longest = Some(found);
                }
            }
        }
        if let Some((_, _, id)) = longest {
            return Ok((id, None));
        }
        for (id, names) in &names {
            for pattern in names.iter().filter_map(|name| name.strip_prefix('~')) {
                if let Some(groups) = self.expression(pattern, true)?.find(&name)? {
                    return Ok((*id, Some(groups)));
                }
            }
        }
        let is_default = |id: &Id| {
            let is = |listen: &Listen| listen.is_default && port.is_none_or(|port| listen.port == port);
            self.listens(*id).iter().any(is)
        };
        let default = group.iter().copied().find(is_default);
        Ok((default.or(group.first().copied()).unwrap_or(0), None))
    }
}

struct Listen {
    port: u16,
    is_default: bool,
    is_encrypted: bool,
}

fn same_file(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        None => pattern == name,
    }
}

/// Files that come with nginx, with certificate tools and with Debian: lists of parameters and
/// settings of TLS.
fn is_harmless_file(path: &str) -> bool {
    let base = path.rsplit('/').next().unwrap_or(path);
    matches!(
        base,
        "mime.types"
            | "fastcgi_params"
            | "fastcgi.conf"
            | "uwsgi_params"
            | "scgi_params"
            | "proxy_params"
            | "fastcgi-php.conf"
            | "koi-utf"
            | "koi-win"
            | "win-utf"
            | "options-ssl-nginx.conf"
    ) || path.contains("modules-enabled")
}

impl Server for Nginx {
    fn kind(&self) -> Kind {
        Kind::Nginx
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn respond(&self, request: &Request, upstream: &Upstream) -> Response {
        course::respond(self, request, upstream)
    }

    fn targets(&self) -> Vec<Target> {
        self.all_targets()
    }

    fn hints(&self) -> Vec<Hint> {
        self.all_hints()
    }

    fn unknowns(&self) -> Vec<Unknown> {
        self.unknowns.clone()
    }

    fn own_findings(&self) -> Vec<Finding> {
        self.defects()
    }

    fn explain(&self, finding: &mut Finding) {
        self.explain_defect(finding);
    }

    fn repairs(&self, finding: &Finding) -> Vec<Repair> {
        self.repairs_of(finding)
    }

    fn reread(&self, sources: Sources) -> Option<Box<dyn Server>> {
        let files = sources.files();
        let mut given = Sources::default();
        for source in files.get(..self.given)? {
            given.add(source.name.clone(), source.text.clone());
        }
        let included: Vec<(String, String)> = files
            .iter()
            .skip(self.given)
            .map(|source| (source.name.clone(), source.text.clone()))
            .collect();
        let includes = |pattern: &str, _: &str| {
            let wanted = pattern.rsplit('/').next().unwrap_or(pattern);
            let found: Vec<(String, String)> = included
                .iter()
                .filter(|(name, _)| same_file(wanted, name.rsplit('/').next().unwrap_or(name)))
                .cloned()
                .collect();
            (!found.is_empty()).then_some(found)
        };
        Nginx::new(given, &includes)
            .ok()
            .map(|nginx| Box::new(nginx) as Box<dyn Server>)
    }
}
