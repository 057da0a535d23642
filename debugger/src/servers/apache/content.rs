//! The content of an answer: files, directories, programs, and other servers.

use std::rc::Rc;

use super::run::Transaction;
use super::table::Table;
use super::walk;
use crate::servers::response::Response;

/// How the answer of a program reaches Apache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    /// By HTTP: its fields are in the table of `Header` without `always`.
    Http,
    /// By FastCGI or as CGI: its fields are in the table of `Header always`.
    Gateway,
    /// PHP, in a way that the configuration does not say.
    Php,
}

/// Makes the content.
pub(super) fn serve(mut transaction: Transaction<'_>) -> Response {
    if transaction.method == "TRACE" && transaction.proxy.is_none() {
        // Sent past the filters that add fields.
        return transaction.finish(200);
    }
    if let Some((address, _)) = transaction.proxy.clone() {
        let kind = match address.to_ascii_lowercase() {
            address
                if address.contains("fcgi:") || address.contains("scgi:") || address.contains("uwsgi:") =>
            {
                Program::Gateway
            }
            _ => Program::Http,
        };
        return program(transaction, kind);
    }
    let settings = Rc::clone(&transaction.settings);
    let is_directory = transaction.is_served_directory();
    if is_directory {
        if !transaction.uri.ends_with('/') && settings.directory_slash != Some(false) {
            let address = match &transaction.query {
                Some(query) => format!("{}/?{query}", transaction.uri),
                None => format!("{}/", transaction.uri),
            };
            let address = transaction.qualify(&address);
            transaction.out.set("Location", address, None);
            transaction.note(format!("{} is a directory, so a slash is added", transaction.uri));
            return transaction.die(301);
        }
        return directory(transaction);
    }
    let handler = transaction
        .forced_handler
        .clone()
        .or_else(|| settings.handler.as_ref().map(|(handler, _)| handler.clone()))
        .filter(|handler| !handler.eq_ignore_ascii_case("none"))
        .or_else(|| by_extension(&transaction));
    if let Some((_, place)) = &settings.handler {
        transaction.decided_by = Some(*place);
    }
    match handler.as_deref() {
        Some(handler) if handler.starts_with("proxy:") => {
            let kind = if handler.contains("fcgi:") || handler.contains("scgi:") || handler.contains("uwsgi:")
            {
                Program::Gateway
            } else {
                Program::Http
            };
            program(transaction, kind)
        }
        Some("cgi-script" | "fcgid-script") => script(transaction),
        Some("default-handler") => file(transaction),
        Some("server-status" | "server-info" | "balancer-manager" | "ldap-status") => {
            if transaction.method == "GET" || transaction.method == "HEAD" {
                transaction.success(200)
            } else {
                file(transaction)
            }
        }
        Some(handler) if handler.contains("php") => program(transaction, Program::Php),
        Some(handler) => {
            transaction
                .world
                .doubt(&format!("the handler {handler} is not simulated"));
            transaction.success(200)
        }
        None if transaction.is_script_alias => script(transaction),
        None => {
            if let Some((target, place)) = &settings.fallback
                && !target.eq_ignore_ascii_case("disabled")
                && target.starts_with('/')
                && transaction.uri != *target
                && !transaction.is_file(&transaction.filename)
            {
                transaction.decided_by = Some(*place);
                return fallback(transaction, target);
            }
            let name = transaction.filename.rsplit('/').next().unwrap_or("");
            let is_php = name.ends_with(".php");
            let is_application =
                transaction.upstream.status != 200 || !transaction.upstream.fields.is_empty();
            if is_php && transaction.exists_in_the_end() {
                transaction.note(format!("PHP is taken to run {name}"));
                let runs = is_application
                    || matches!(transaction.method.as_str(), "GET" | "HEAD" | "OPTIONS")
                    || transaction
                        .world
                        .decide("PHP runs the file, which the configuration does not say");
                if runs && (is_application || transaction.method != "OPTIONS") {
                    return program(transaction, Program::Php);
                }
            }
            file(transaction)
        }
    }
}

fn by_extension(transaction: &Transaction<'_>) -> Option<String> {
    let name = transaction.file_name();
    let mut found = None;
    for extension in name.split('.').skip(1) {
        let handler = transaction
            .settings
            .handlers
            .iter()
            .rev()
            .find(|(known, ..)| known == extension)
            .map(|(_, handler, _)| handler.clone());
        if let Some(handler) = handler {
            found = handler;
        }
        let kind = transaction.own_type(extension);
        if found.is_none()
            && let Some(kind) = kind.filter(|kind| kind.contains("php"))
        {
            found = Some(kind);
        }
    }
    found
}

/// `FallbackResource`.
fn fallback(mut transaction: Transaction<'_>, target: &str) -> Response {
    transaction.uri = target.to_owned();
    transaction.filename = format!("{}{target}", transaction.document_root());
    if let Some(status) = walk::by_file(&mut transaction) {
        return transaction.die(status);
    }
    transaction.fallback_is_there = true;
    serve(transaction)
}

fn directory(mut transaction: Transaction<'_>) -> Response {
    let settings = Rc::clone(&transaction.settings);
    let names = settings
        .directory_index
        .clone()
        .unwrap_or_else(|| vec!["index.html".to_owned()]);
    if transaction.server.modules.has("dir") && !names.is_empty() && transaction.uri.ends_with('/') {
        let count = names.len();
        for (index, name) in names.iter().enumerate() {
            let mut inner = transaction.clone();
            inner.is_subrequest = true;
            if name.starts_with('/') {
                inner.uri.clone_from(name);
                inner.filename = format!("{}{name}", inner.document_root());
            } else {
                inner.uri.push_str(name);
                inner.filename = format!("{}/{name}", inner.filename.trim_end_matches('/'));
            }
            let exists = match transaction.upstream.files {
                Some(exists) => exists && (index == 0 || count == 1),
                // Which of them exists is not known, and does not matter for most answers.
                None => index == 0 || index + 1 == count,
            };
            if !exists {
                continue;
            }
            if let Some(status) = walk::by_file(&mut inner) {
                return inner.die(status);
            }
            inner.fallback_is_there = true;
            inner.note(format!("the file {name} is taken to exist"));
            return serve(inner);
        }
    }
    if let Some((target, place)) = &settings.fallback
        && target.starts_with('/')
    {
        transaction.decided_by = Some(*place);
        return fallback(transaction, target);
    }
    match transaction.method.as_str() {
        "GET" | "HEAD" if !transaction.server.modules.has("autoindex") => transaction.die(404),
        "GET" | "HEAD" if settings.has_option("indexes") => transaction.success(200),
        "GET" | "HEAD" => transaction.die(403),
        _ => file(transaction),
    }
}

/// A file as it is.
fn file(mut transaction: Transaction<'_>) -> Response {
    let exists = transaction.exists_in_the_end() && !transaction.is_served_directory();
    let is_multi = transaction.settings.has_option("multiviews") && !exists;
    if is_multi {
        transaction
            .world
            .doubt("Options MultiViews chooses a file by its name without the ending, and adds Vary");
    }
    match transaction.method.as_str() {
        "GET" | "HEAD" | "POST" if !exists => transaction.die(404),
        // Apache sends a file to POST too.
        "GET" | "HEAD" | "POST" => {
            let status = transaction.status;
            let kind = type_of(&transaction);
            compress(&mut transaction, kind.as_deref());
            transaction.success(status)
        }
        "OPTIONS" => {
            transaction
                .out
                .set("Allow", "GET,POST,OPTIONS,HEAD".to_owned(), None);
            transaction.note("Apache answers OPTIONS itself with 200 and Allow".to_owned());
            transaction.success(200)
        }
        method => {
            const KNOWN: &str = " PUT DELETE CONNECT PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK VERSION-CONTROL \
                CHECKOUT UNCHECKOUT CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY BASELINE-CONTROL MERGE BREW WHEN ";
            let status = if KNOWN.contains(&format!(" {method} ")) {
                405
            } else {
                501
            };
            transaction.die(status)
        }
    }
}

fn script(transaction: Transaction<'_>) -> Response {
    // An application that answers 404 exists.
    if transaction.upstream.status == 200 && !transaction.exists_in_the_end() {
        return transaction.die(404);
    }
    if !transaction.is_script_alias && !transaction.settings.has_option("execcgi") {
        return transaction.die(403);
    }
    program(transaction, Program::Gateway)
}

/// The answer of the application.
fn program(mut transaction: Transaction<'_>, kind: Program) -> Response {
    let upstream = transaction.upstream;
    let status = upstream.status;
    transaction.note("the application answers".to_owned());
    transaction.has_program = kind != Program::Http;
    if matches!(status, 502..=504)
        && upstream.fields.is_empty()
        && kind != Program::Php
        && !transaction.world.decide(&format!(
            "the application sends the status {status}, and not Apache because it cannot reach it"
        ))
    {
        // Apache answers 503 itself if nobody accepts its connection.
        return transaction.die(503);
    }
    if transaction.settings.proxy_error_override == Some(true) && status >= 400 && kind != Program::Php {
        return transaction.die(status);
    }
    let is_gateway = match kind {
        Program::Http => false,
        Program::Gateway => true,
        Program::Php => {
            !upstream.fields.is_empty()
                && transaction.world.decide(
                    "PHP runs by FastCGI rather than as a module, which the configuration does not say",
                )
        }
    };
    if kind == Program::Http {
        // mod_proxy_http starts with an empty table.
        transaction.out = Table::default();
    }
    for (name, value) in &upstream.fields {
        if is_gateway {
            // CGI's fields of the same name become one line.
            transaction.err.merge(name, value, None);
        } else {
            transaction.out.add(name, value.clone(), None);
        }
    }
    let has_content = transaction.method != "OPTIONS" && !matches!(status, 204 | 304);
    if has_content {
        let given = upstream
            .values("content-type")
            .next()
            .map(|kind| kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase());
        let is_compressed_by_type = transaction
            .settings
            .filters_by_type
            .iter()
            .any(|(_, filter)| varies(filter));
        if given.is_none()
            && is_compressed_by_type
            && transaction
                .world
                .decide("the application's answer has a type that is compressed, which adds Vary")
        {
            transaction.out.merge("Vary", "Accept-Encoding", None);
        } else {
            compress(&mut transaction, given.as_deref());
        }
    }
    let status = if transaction.status == 200 {
        status
    } else {
        transaction.status
    };
    transaction.success(status)
}

fn varies(filter: &str) -> bool {
    matches!(filter, "DEFLATE" | "BROTLI_COMPRESS")
}

/// Adds the `Vary` of filters that compress.
fn compress(transaction: &mut Transaction<'_>, kind: Option<&str>) {
    let settings = Rc::clone(&transaction.settings);
    let name = transaction.file_name();
    let set = settings
        .output_filters
        .iter()
        .flatten()
        .any(|filter| varies(filter));
    let by_type = settings
        .filters_by_type
        .iter()
        .any(|(known, filter)| varies(filter) && kind == Some(known.as_str()));
    let by_extension = settings
        .extension_filters
        .iter()
        .any(|(extension, filter)| varies(filter) && name.split('.').skip(1).any(|part| part == extension));
    if (set || by_type || by_extension) && transaction.env.get("no-gzip").is_none() {
        transaction.out.merge("Vary", "Accept-Encoding", None);
    }
}

/// Returns the type of a file by its name, as Debian's list of types has it.
fn type_of(transaction: &Transaction<'_>) -> Option<String> {
    if let Some(kind) = &transaction.settings.forced_type {
        return Some(kind.clone());
    }
    let name = transaction.file_name();
    let extension = name.rsplit_once('.')?.1;
    let own = transaction.own_type(extension);
    own.or_else(|| {
        let kind = match extension {
            "html" | "htm" => "text/html",
            "css" => "text/css",
            "js" | "mjs" => "text/javascript",
            "json" | "map" => "application/json",
            "xml" => "application/xml",
            "txt" => "text/plain",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "jpg" | "jpeg" => "image/jpeg",
            "gif" => "image/gif",
            "webp" => "image/webp",
            "ico" => "image/vnd.microsoft.icon",
            "woff" => "font/woff",
            "woff2" => "font/woff2",
            "ttf" => "font/ttf",
            "otf" => "font/otf",
            "eot" => "application/vnd.ms-fontobject",
            "wasm" => "application/wasm",
            "pdf" => "application/pdf",
            _ => return None,
        };
        Some(kind.to_owned())
    })
}

impl Transaction<'_> {
    /// Returns the name of the file in lower case, without its directory.
    fn file_name(&self) -> String {
        self.filename
            .rsplit('/')
            .next()
            .unwrap_or("")
            .to_ascii_lowercase()
    }

    /// Returns the type that the configuration gives an extension.
    fn own_type(&self, extension: &str) -> Option<String> {
        let mut types = self.settings.types.iter().rev();
        types.find(|(known, _)| known == extension)?.1.clone()
    }

    /// Says whether a path is a directory that the configuration names, or one above it.
    pub(super) fn is_known_directory(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        walk::is_below(path, &self.document_root()) || self.server.names_directory(path)
    }

    /// Says whether the request asks for a directory.
    pub(super) fn is_served_directory(&self) -> bool {
        !self.fallback_is_there
            && self
                .upstream
                .files
                .is_none_or(|exists| exists || self.is_known_directory(&self.filename))
            && (self.filename.ends_with('/') || self.is_known_directory(&self.filename))
    }

    /// Says whether rules name a file as the place to go to.
    fn is_named(&self, path: &str) -> bool {
        self.rewritten_to
            .as_deref()
            .is_some_and(|named| path.ends_with(named))
    }

    /// Says whether a file is there, for a choice between it and something else.
    pub(super) fn is_file(&self, path: &str) -> bool {
        if path.ends_with('/') || path.is_empty() || self.is_known_directory(path) {
            return false;
        }
        if self.is_named(path) {
            return true;
        }
        match self.upstream.files {
            Some(exists) => exists,
            // An answer of the application was given, so it is the application that answers.
            None if self.upstream.is_given => false,
            None => self.world.decide(&format!("the file {path} exists")),
        }
    }

    /// Says whether a directory is there.
    pub(super) fn is_directory(&self, path: &str) -> bool {
        if self.is_known_directory(path) {
            return true;
        }
        path.ends_with('/')
            && match self.upstream.files {
                Some(exists) => exists,
                None => self.world.decide(&format!("the directory {path} exists")),
            }
    }

    /// Says whether the file of the request is there; it is taken to be if nothing was asked.
    pub(super) fn exists_in_the_end(&self) -> bool {
        if self.fallback_is_there || self.is_named(&self.filename) {
            return true;
        }
        match self.upstream.files {
            Some(exists) => exists,
            None => self
                .world
                .recall(&format!("the file {} exists", self.filename))
                .unwrap_or(true),
        }
    }
}
