//! How many parameters directives take. nginx does not start if a directive has others, which most
//! often means that a `;` is missing.

use super::directives::{self, Class};
use super::parse::Directive;
use crate::servers::source::{Place, Sources};
use std::collections::HashMap;

/// The parameters of directives: the fewest, the most, and the names of the directives. The names
/// with a block are in [`BLOCKS`].
const PARAMETERS: [(usize, usize, &[&str]); 7] = [
    (0, 0, &["break", "internal", "empty_gif"]),
    (0, 1, &["stub_status"]),
    (
        1,
        1,
        &[
            "absolute_redirect",
            "access_by_lua",
            "add_header_inherit",
            "alias",
            "allow",
            "auth_basic",
            "auth_basic_user_file",
            "auth_request",
            "autoindex",
            "charset",
            "client_max_body_size",
            "cors",
            "cors_credentials",
            "cors_dangerously_allow_insecure_origins",
            "cors_dangerously_allow_public_suffixes",
            "cors_hide_lists",
            "cors_loopback",
            "cors_max_age",
            "cors_only_requested",
            "cors_success_status",
            "cors_timing",
            "default_type",
            "deny",
            "etag",
            "fastcgi_hide_header",
            "fastcgi_index",
            "fastcgi_intercept_errors",
            "fastcgi_pass",
            "fastcgi_pass_header",
            "grpc_hide_header",
            "grpc_intercept_errors",
            "grpc_pass",
            "grpc_pass_header",
            "gzip",
            "gzip_static",
            "gzip_vary",
            "include",
            "memcached_pass",
            "proxy_buffering",
            "proxy_connect_timeout",
            "proxy_hide_header",
            "proxy_http_version",
            "proxy_intercept_errors",
            "proxy_pass",
            "proxy_pass_header",
            "proxy_read_timeout",
            "proxy_send_timeout",
            "recursive_error_pages",
            "root",
            "satisfy",
            "scgi_hide_header",
            "scgi_intercept_errors",
            "scgi_pass",
            "sendfile",
            "ssl_certificate",
            "ssl_certificate_key",
            "uwsgi_hide_header",
            "uwsgi_intercept_errors",
            "uwsgi_pass",
            "uwsgi_pass_header",
        ],
    ),
    (
        1,
        2,
        &["expires", "keepalive_timeout", "proxy_redirect", "return"],
    ),
    (
        2,
        2,
        &[
            "auth_request_set",
            "grpc_set_header",
            "proxy_set_header",
            "set",
            "sub_filter",
        ],
    ),
    (
        2,
        3,
        &[
            "add_header",
            "add_trailer",
            "fastcgi_param",
            "rewrite",
            "uwsgi_param",
        ],
    ),
    (2, usize::MAX, &["error_page", "try_files"]),
];

/// The directives that take at least one parameter.
const LISTS: [&str; 12] = [
    "access_log",
    "cors_expose",
    "cors_headers",
    "cors_methods",
    "cors_origin",
    "dav_methods",
    "error_log",
    "index",
    "listen",
    "more_clear_headers",
    "more_set_headers",
    "server_name",
];

/// The directives with a block, and their parameters.
const BLOCKS: [(&str, usize, usize); 10] = [
    ("cors_rule", 0, 0),
    ("events", 0, 0),
    ("geo", 1, 2),
    ("http", 0, 0),
    ("if", 1, usize::MAX),
    ("limit_except", 1, usize::MAX),
    ("location", 1, 2),
    ("map", 2, 2),
    ("server", 0, 0),
    ("split_clients", 2, 2),
];

/// The blocks whose directives are those of the http modules. Those of `stream`, `mail` and other
/// modules have other parameters, and the lines of a `map` are not directives.
const HTTP_BLOCKS: [&str; 6] = ["http", "server", "location", "if", "limit_except", "cors_rule"];

/// Checks the parameters of all directives.
///
/// # Errors
///
/// Returns a sentence with the file, the line and what is wrong.
pub(super) fn check(sources: &Sources, directives: &[Directive]) -> Result<(), String> {
    let classes = directives::classes();
    let mut expected = HashMap::new();
    for (fewest, most, names) in PARAMETERS {
        expected.extend(names.iter().map(|name| (*name, (fewest, most, false))));
    }
    expected.extend(LISTS.iter().map(|name| (*name, (1, usize::MAX, false))));
    expected.extend(
        BLOCKS
            .iter()
            .map(|(name, fewest, most)| (*name, (*fewest, *most, true))),
    );
    let checker = Checker {
        sources,
        classes,
        expected,
    };
    checker.all(directives)
}

struct Checker<'s> {
    sources: &'s Sources,
    classes: HashMap<&'static str, Class>,
    /// The fewest and the most parameters, and whether there is a block.
    expected: HashMap<&'static str, (usize, usize, bool)>,
}

impl Checker<'_> {
    fn all(&self, directives: &[Directive]) -> Result<(), String> {
        for directive in directives {
            self.one(directive)?;
            if HTTP_BLOCKS.contains(&directive.name.text.as_str()) {
                self.all(directive.children())?;
            }
        }
        Ok(())
    }

    fn one(&self, directive: &Directive) -> Result<(), String> {
        let name = directive.name.text.as_str();
        if let Some((place, next)) = self.swallowed(directive) {
            return Err(self.error(
                place,
                &format!("the directive {name:?} has no ; at its end; {next} follows on another line"),
            ));
        }
        let Some((fewest, most, has_block)) = self.expected.get(name) else {
            return Ok(());
        };
        let place = directive.place;
        match (&directive.block, has_block) {
            (None, true) => {
                return Err(self.error(place, &format!("the directive {name:?} needs a block; write {{")));
            }
            (Some(_), false) => {
                return Err(self.error(
                    place,
                    &format!("the directive {name:?} has no block; write ; at its end"),
                ));
            }
            _ => {}
        }
        let count = directive.args.len();
        if count < *fewest || count > *most {
            let wanted = match (fewest, most) {
                (0, 0) => "none".to_string(),
                (fewest, &usize::MAX) => format!("{fewest} or more"),
                (fewest, most) if fewest == most => fewest.to_string(),
                (fewest, most) => format!("{fewest} to {most}"),
            };
            let plural = if count == 1 { "" } else { "s" };
            return Err(self.error(
                place,
                &format!(
                    "the directive {name:?} has {count} parameter{plural}, and nginx accepts {wanted}; is a ; or a quote missing?"
                ),
            ));
        }
        if matches!(name, "add_header" | "add_trailer") && count == 3 && directive.arg(2) != "always" {
            return Err(self.error(
                place,
                &format!(
                    "the third parameter of {name:?} is {:?}, and nginx accepts always only; put a value with spaces in quotes",
                    directive.arg(2)
                ),
            ));
        }
        Ok(())
    }

    /// Returns the end of a directive without `;` that took the next one for parameters, and the
    /// name of the next one.
    fn swallowed<'d>(&self, directive: &'d Directive) -> Option<(Place, &'d str)> {
        let mut before = directive.name.place;
        for word in &directive.args {
            let gap = Place::new(word.place.file, before.span.end, word.place.span.start);
            let is_name = |name: &str| {
                self.expected.contains_key(name) || (name.contains('_') && self.classes.contains_key(name))
            };
            let begins_line = self.sources.text(gap).contains('\n');
            // A list may have such a word alone on a line: it takes any number of parameters.
            let takes_any = self
                .expected
                .get(directive.name.text.as_str())
                .is_none_or(|(_, most, _)| *most == usize::MAX);
            let is_certain = word.text.contains('_') || !takes_any;
            if begins_line && is_certain && is_name(&word.text) && self.sources.text(word.place) == word.text
            {
                return Some((before, &word.text));
            }
            before = word.place;
        }
        None
    }

    fn error(&self, place: Place, message: &str) -> String {
        let (file, line, _) = self.sources.locate(place);
        format!("{file}:{line}: {message}")
    }
}
