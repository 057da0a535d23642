//! A simulator of the parts of Apache httpd 2.4 that decide the status, the CORS fields and `Vary`.
//!
//! | module | what it does |
//! |---|---|
//! | `text`, `load` | reads files: lines, sections, variables, `<IfModule>`, `Include` |
//! | `directives`, `modules` | what Apache's directives and modules are |
//! | `build`, `lines`, `config` | makes settings of directives, and merges them |
//! | `pattern`, `expr`, `headers`, `rules`, `rewrite`, `access` | one part of Apache each |
//! | `walk`, `translate`, `run`, `content`, `variables` | a request on its way through the phases |
//! | `world` | what the configuration does not say: the request is served once for each case |
//! | `findings`, `repairs` | defects that only a look at the configuration shows, and changes |

mod access;
mod build;
mod config;
mod content;
mod directives;
mod expr;
mod findings;
mod headers;
mod lines;
mod load;
mod modules;
mod pattern;
mod repairs;
mod rewrite;
mod rules;
mod run;
mod table;
mod text;
mod translate;
mod variables;
mod walk;
mod world;

use std::collections::BTreeMap;

use build::{Builder, Context};
use config::{Host, Override, Settings};
use load::{Item, Loader};
use modules::Modules;
use world::World;

use super::findings::{Finding, Repair};
use super::origins::Hint;
use super::request::{Request, Upstream};
use super::response::{self, Response};
use super::source::{Place, Sources};
use super::{Includes, Kind, Server, Target, Unknown};

/// The directory that files of a `.htaccess` without a configuration are taken to be in.
const DEFAULT_ROOT: &str = "/var/www/html";

/// A configuration of Apache: the files of the server, `.htaccess` files, or both.
#[derive(Clone, Debug)]
pub struct Apache {
    sources: Sources,
    options: Options,
    includes: BTreeMap<String, Vec<usize>>,
    modules: Modules,
    main: Host,
    hosts: Vec<Host>,
    /// The `.htaccess` files: their directories with a slash at the end, and their directives.
    htaccess: Vec<Htaccess>,
    /// Whether there is a configuration of the server, and not only `.htaccess`.
    has_server: bool,
    /// Whether that configuration is whole, and not a part such as a virtual host.
    is_whole: bool,
    document_root: String,
    unknowns: Vec<Unknown>,
    /// Mistakes because of which Apache does not start.
    errors: Vec<(Place, String)>,
    /// Modules that the configuration needs and Debian does not enable.
    missing: Vec<(&'static str, Place)>,
}

#[derive(Clone, Debug)]
struct Htaccess {
    directory: String,
    name: String,
    items: Vec<Item>,
    file: usize,
    /// A mistake that makes Apache answer every request below with 500.
    error: Option<(Place, String)>,
}

/// Settings that are not in the files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The loaded modules, such as `headers`; `debian` stands for those that Debian enables.
    /// Without it, and without `LoadModule`, they are Debian's and those that the configuration
    /// needs.
    pub modules: Option<Vec<String>>,
    /// The names that `-D` defines.
    pub defines: Vec<String>,
}

/// Returns the root of a part of a configuration that does not say it: Debian's, or else the first
/// directory with a section, unless that is a place of the whole system.
fn likely_root<'h>(hosts: impl Iterator<Item = &'h Host>) -> String {
    let sections = hosts.flat_map(|host| &host.directories);
    let paths: Vec<&str> = sections
        .filter_map(|section| match &section.selector {
            config::Selector::Path(path, false) => Some(path.trim_end_matches('/')),
            _ => None,
        })
        .filter(|path| !path.is_empty() && !path.starts_with("/usr/"))
        .collect();
    let covers = |path: &&&str| walk::is_below(path, DEFAULT_ROOT) || walk::is_below(DEFAULT_ROOT, path);
    match (paths.iter().find(covers), paths.first()) {
        (None, Some(first)) => (*first).to_owned(),
        _ => DEFAULT_ROOT.to_owned(),
    }
}

impl Apache {
    /// Reads the files of a configuration. Files with `htaccess` in their names are `.htaccess`
    /// files, the others are the configuration of the server, in their order.
    ///
    /// # Errors
    ///
    /// Returns a sentence that names the file and the line that cannot be read.
    pub fn read(sources: Sources, options: Options, resolver: Option<Includes<'_>>) -> Result<Self, String> {
        Self::read_again(sources, options, resolver, BTreeMap::new())
    }

    fn read_again(
        sources: Sources,
        options: Options,
        resolver: Option<Includes<'_>>,
        includes: BTreeMap<String, Vec<usize>>,
    ) -> Result<Self, String> {
        let given: Vec<usize> = (0..sources.files().len())
            .filter(|index| !includes.values().flatten().any(|included| included == index))
            .collect();
        let is_htaccess = |index: &usize| {
            let name = &sources.files()[*index].name;
            name.rsplit(['/', '\\']).next().unwrap_or("").contains("htaccess")
        };
        let (small, whole): (Vec<usize>, Vec<usize>) = given.into_iter().partition(is_htaccess);
        let loaded: Vec<String> = whole
            .iter()
            .flat_map(|index| loaded_modules(&sources.files()[*index].text))
            .collect();
        let modules = match &options.modules {
            Some(names) => Modules::exactly(names.iter().chain(&loaded).map(String::as_str)),
            None if !loaded.is_empty() => Modules::exactly(loaded.iter().map(String::as_str)),
            None => Modules::guess(),
        };
        let mut loader = Loader {
            sources,
            modules,
            defines: options
                .defines
                .iter()
                .map(|name| (name.clone(), String::new()))
                .collect(),
            resolver,
            includes,
            unknowns: Vec::new(),
            errors: Vec::new(),
            used: Vec::new(),
            depth: 0,
        };
        let mut items: Vec<Item> = whole.iter().flat_map(|index| loader.file(*index)).collect();
        let included: Vec<&str> = items
            .iter()
            .filter(|item| item.name == "loadmodule")
            .map(|item| item.arg(0))
            .collect();
        if loader.modules.is_guess() && !included.is_empty() {
            // The included files say which modules are loaded, so <IfModule> has to be read again.
            loader.modules = Modules::exactly(included.into_iter());
            loader.unknowns.clear();
            loader.errors.clear();
            loader.used.clear();
            items = whole.iter().flat_map(|index| loader.file(*index)).collect();
        }
        let errors = std::mem::take(&mut loader.errors);
        let mut builder = Builder {
            modules: &loader.modules,
            unknowns: Vec::new(),
            errors,
        };
        let (main, hosts) = builder.hosts(&items);
        let (errors, mut unknowns) = (builder.errors, builder.unknowns);
        let hosts: Vec<Host> = hosts.iter().map(|host| host.over(&main)).collect();
        let document_root = hosts
            .iter()
            .chain([&main])
            .find_map(|host| host.document_root.clone())
            .unwrap_or_else(|| likely_root(hosts.iter().chain([&main])));
        let mut htaccess = Vec::new();
        let names: Vec<(usize, String)> = small
            .iter()
            .map(|index| (*index, loader.sources.files()[*index].name.clone()))
            .collect();
        for (index, directory) in places(&names, &hosts, &main, &document_root) {
            let items = loader.file(index);
            let error = loader.errors.pop();
            // Which directives are unknown does not depend on what is allowed there.
            let mut builder = Builder {
                modules: &loader.modules,
                unknowns: Vec::new(),
                errors: Vec::new(),
            };
            builder.settings(
                &items,
                &Context {
                    override_: Some(Override::all()),
                    path: Some(directory.clone()),
                    methods: access::Methods::All,
                },
            );
            unknowns.append(&mut builder.unknowns);
            let name = names
                .iter()
                .find(|(other, _)| *other == index)
                .map_or("", |(_, name)| name);
            htaccess.push(Htaccess {
                directory,
                name: name.rsplit(['/', '\\']).next().unwrap_or("").to_owned(),
                items,
                file: index,
                error,
            });
        }
        unknowns.splice(0..0, std::mem::take(&mut loader.unknowns));
        Ok(Self {
            missing: if loader.modules.is_guess() {
                loader.not_in_debian()
            } else {
                Vec::new()
            },
            options,
            includes: loader.includes,
            modules: loader.modules,
            sources: loader.sources,
            main,
            hosts,
            htaccess,
            has_server: !whole.is_empty(),
            is_whole: items
                .iter()
                .any(|item| matches!(item.name.as_str(), "listen" | "serverroot")),
            document_root,
            unknowns,
            errors,
        })
    }

    fn has_port(&self, port: u16) -> bool {
        self.hosts.iter().any(|host| host.ports.contains(&Some(port)))
    }

    /// Returns what `.htaccess` may have where no `AllowOverride` says it.
    ///
    /// Apache reads the file, and accepts no directive in it. A configuration that is a part of a
    /// whole may have `AllowOverride None` around it, as Debian's has. Then the file is not read,
    /// and the result is `None`.
    fn unset_override(&self, world: &World) -> Option<Override> {
        if !self.has_server {
            return Some(Override::all());
        }
        let is_ignored = !self.is_whole
            && world.decide("a part of the configuration that was not given says AllowOverride None");
        (!is_ignored).then(Override::none)
    }

    fn htaccess(&self, host: &Host, directory: &str) -> Option<&Htaccess> {
        self.htaccess.iter().find(|file| {
            file.directory == directory
                && (host.access_names.is_empty() || host.access_names.contains(&file.name))
        })
    }

    fn htaccess_settings(&self, file: &Htaccess, directory: &str, allowed: &Override) -> Settings {
        let mut builder = Builder {
            modules: &self.modules,
            unknowns: Vec::new(),
            errors: Vec::new(),
        };
        let context = Context {
            override_: Some(allowed.clone()),
            path: Some(directory.to_owned()),
            methods: access::Methods::All,
        };
        let mut settings = builder.settings(&file.items, &context);
        if let Some(error) = &file.error {
            settings.fatal = Some(error.clone());
        }
        settings
    }

    /// Says whether the configuration names a directory, or one below it.
    fn names_directory(&self, path: &str) -> bool {
        let below = |other: &str| walk::is_below(path, other.trim_end_matches('/'));
        self.htaccess.iter().any(|file| below(&file.directory))
            || self.hosts.iter().chain([&self.main]).any(|host| {
                host.document_root.as_deref().is_some_and(below)
                    || host.directories.iter().any(
                        |section| matches!(&section.selector, config::Selector::Path(path, false) if below(path)),
                    )
            })
    }

    fn line(&self, place: Place) -> String {
        let (name, line, _) = self.sources.locate(place);
        format!("line {line} of {name}")
    }
}

/// Returns the modules of `LoadModule` lines.
fn loaded_modules(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let is_load = words.next()?.eq_ignore_ascii_case("LoadModule");
            is_load.then(|| words.next().map(str::to_owned)).flatten()
        })
        .collect()
}

/// Gives each `.htaccess` file its directory.
fn places(names: &[(usize, String)], hosts: &[Host], main: &Host, root: &str) -> Vec<(usize, String)> {
    let directory = |name: &str| match name.rsplit_once('/') {
        Some((directory, _)) => directory.trim_end_matches('/').to_owned(),
        None => String::new(),
    };
    let roots: Vec<String> = hosts
        .iter()
        .chain([main])
        .filter_map(|host| host.document_root.clone())
        .collect();
    let mut known: Vec<String> = roots.clone();
    for host in hosts.iter().chain([main]) {
        for section in &host.directories {
            if let config::Selector::Path(path, false) = &section.selector
                && path.len() > 1
            {
                known.push(path.trim_end_matches('/').to_owned());
            }
        }
    }
    let directories: Vec<String> = names.iter().map(|(_, name)| directory(name)).collect();
    let common = directories
        .iter()
        .cloned()
        .reduce(|a, b| {
            let parts: Vec<&str> = a
                .split('/')
                .zip(b.split('/'))
                .take_while(|(x, y)| x == y)
                .map(|(x, _)| x)
                .collect();
            parts.join("/")
        })
        .unwrap_or_default();
    names
        .iter()
        .zip(&directories)
        .map(|((index, _), own)| {
            let is_known = known.iter().any(|known| walk::is_below(known, own));
            let path = if is_known {
                own.clone()
            } else {
                // The end of the path may be that of a directory that the configuration names.
                let by_end = roots.iter().find(|root| {
                    !own.is_empty() && root.ends_with(&format!("/{}", own.trim_start_matches("./")))
                });
                match by_end {
                    Some(root) => root.clone(),
                    None => format!("{root}{}", own.strip_prefix(common.as_str()).unwrap_or("")),
                }
            };
            (*index, format!("{}/", path.trim_end_matches('/')))
        })
        .collect()
}

impl Server for Apache {
    fn kind(&self) -> Kind {
        Kind::Apache
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn respond(&self, request: &Request, upstream: &Upstream) -> Response {
        if let Some((place, message)) = self.errors.first() {
            let mut response = Response::unknown(format!(
                "Apache does not start with this configuration: {message} ({})",
                self.line(*place)
            ));
            response.decided_by = Some(*place);
            return response;
        }
        let outcomes = world::each_world(|world: &World| {
            let mut response = run::serve(self, world, request, upstream);
            response.open.extend(world.doubts());
            if let Some(doubt) = response.open.first() {
                response.status = response::Value::Unknown(doubt.clone());
            }
            response
        });
        let Some(outcomes) = outcomes else {
            return Response::unknown("the answer depends on too many things that are not known");
        };
        let questions = world::questions(&outcomes, |response| {
            let fields: Vec<_> = response
                .fields
                .iter()
                .map(|field| (field.name.to_ascii_lowercase(), field.value.clone()))
                .collect();
            (response.status.clone(), fields)
        });
        let reason = format!("it is not known whether {}", questions.join(", and whether "));
        response::merge(
            outcomes.into_iter().map(|outcome| outcome.value).collect(),
            &reason,
        )
    }

    fn targets(&self) -> Vec<Target> {
        findings::targets(self)
    }

    fn hints(&self) -> Vec<Hint> {
        findings::hints(self)
    }

    fn unknowns(&self) -> Vec<Unknown> {
        self.unknowns.clone()
    }

    fn own_findings(&self) -> Vec<Finding> {
        findings::own(self)
    }

    fn explain(&self, finding: &mut Finding) {
        findings::explain(self, finding);
    }

    fn repairs(&self, finding: &Finding) -> Vec<Repair> {
        repairs::repairs(self, finding)
    }

    fn reread(&self, sources: Sources) -> Option<Box<dyn Server>> {
        let again = Self::read_again(sources, self.options.clone(), None, self.includes.clone()).ok()?;
        Some(Box::new(again))
    }
}
