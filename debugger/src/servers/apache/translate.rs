//! From the path of a request to a file, an address of another server, or a redirect.

use std::rc::Rc;

use super::config::From;
use super::pattern::substitute;
use super::rewrite::{self, Verdict};
use super::run::{End, Transaction};
use super::walk;
use crate::servers::source::Place;

impl Transaction<'_> {
    /// Finds the file or the address of the request.
    pub(super) fn translate(&mut self) -> Result<(), End> {
        let host = self.host;
        let is_on = |rules: Option<bool>| rules == Some(true);
        let engine = self.settings.rewrite.as_ref().and_then(|rules| rules.engine);
        let mut is_mapped = false;
        if let Some(rules) = host
            .rules
            .as_ref()
            .filter(|_| is_on(engine) && !self.rewrite_ended)
        {
            self.filename.clone_from(&self.uri);
            match rewrite::apply(self, rules, None) {
                Verdict::Unchanged => {}
                Verdict::Status(status, place) => return Err(self.end(status, place)),
                Verdict::Redirect(status, address, place) => {
                    return Err(self.redirect(status, &address, place));
                }
                Verdict::Proxy(address, place) => {
                    self.proxy = Some((address, place));
                    return Ok(());
                }
                Verdict::Changed { passes_through: true } => self.uri.clone_from(&self.filename),
                Verdict::Changed {
                    passes_through: false,
                } => {
                    // Apache takes a path whose first part exists on the disk as it is, and puts
                    // the document root before others.
                    let root = self.document_root();
                    if !walk::is_below(&root, &self.filename) {
                        self.filename = format!("{root}{}", self.filename);
                    }
                    is_mapped = true;
                }
            }
        }
        if is_mapped {
            return Ok(());
        }
        let uri = self.uri.clone();
        if let Some((address, place)) = self.proxied(&uri) {
            self.proxy = Some((address, place));
            self.filename = "proxy:".to_owned();
            return Ok(());
        }
        let settings = Rc::clone(&self.settings);
        if let Some(end) = self.redirected(&settings.redirects, &uri) {
            return Err(end);
        }
        if let Some(end) = self.redirected(&host.redirects, &uri) {
            return Err(end);
        }
        for alias in settings.aliases.iter().chain(&host.aliases) {
            let path = match &alias.from {
                From::Here => Some(alias.to.clone()),
                From::Prefix(prefix) => {
                    let is_there = walk::is_below(prefix, &uri);
                    is_there.then(|| format!("{}{}", alias.to, &uri[prefix.len()..]))
                }
                From::Match(pattern) => pattern
                    .find(&uri, self.world)
                    .map(|groups| substitute(&alias.to, &groups)),
            };
            if let Some(path) = path {
                self.filename = path;
                self.is_script_alias = alias.is_script;
                return Ok(());
            }
        }
        self.filename = format!("{}{uri}", self.document_root());
        Ok(())
    }

    /// Returns the address that `ProxyPass` gives a path.
    fn proxied(&mut self, uri: &str) -> Option<(String, Place)> {
        let settings = Rc::clone(&self.settings);
        let here = settings
            .proxy_passes
            .iter()
            .filter(|pass| matches!(pass.from, From::Here))
            .map(|pass| (pass.to.clone(), pass.place))
            .next_back();
        let general = self.host.proxy_passes.iter().find_map(|pass| {
            let rest = match &pass.from {
                From::Here => None,
                From::Prefix(prefix) => {
                    let is_there = uri.starts_with(prefix.as_str())
                        && (prefix.ends_with('/') || walk::is_below(prefix, uri));
                    is_there.then(|| uri[prefix.len()..].to_owned())
                }
                From::Match(pattern) => pattern.find(uri, self.world).map(|_| String::new()),
            }?;
            Some((format!("{}{rest}", pass.to), pass.place, pass.to == "!"))
        });
        // A ProxyPass inside of a section comes before those outside.
        if let Some((to, place)) = here {
            return (to != "!").then_some((to, place));
        }
        let (address, place, is_none) = general?;
        (!is_none).then_some((address, place))
    }

    /// Looks for a `Redirect`.
    pub(super) fn redirected(&mut self, list: &[super::config::Redirect], uri: &str) -> Option<End> {
        for redirect in list {
            let to = match &redirect.from {
                From::Here => Some(redirect.to.clone()),
                From::Prefix(prefix) => {
                    let is_there = walk::is_below(prefix, uri);
                    is_there.then(|| format!("{}{}", redirect.to, &uri[prefix.len()..]))
                }
                From::Match(pattern) => pattern
                    .find(uri, self.world)
                    .map(|groups| substitute(&redirect.to, &groups)),
            };
            let Some(mut to) = to else { continue };
            if (300..400).contains(&redirect.status) {
                if let Some(query) = &self.query
                    && !to.contains('?')
                {
                    to = format!("{to}?{query}");
                }
                return Some(self.redirect(redirect.status, &to, redirect.place));
            }
            return Some(self.end(redirect.status, redirect.place));
        }
        None
    }
}
