//! Prints policies for Apache without the module.

use std::fmt::Write as _;

use embedded_cors::PolicyConfig;

use super::{
    Can, Names, allows_everyone, allows_nobody, lists_authorization, lose_settings, methods, names,
    split_origins, statuses,
};
use crate::policy::quote::{apache_regex, apache_value};
use crate::policy::regex;

const PREFLIGHT: &str = "reqenv('CORS_PREFLIGHT') == '1'";

pub(super) fn print(policies: &[PolicyConfig], lost: &mut Vec<String>) -> String {
    lose_settings(policies, Can::WITH_TIMING_AND_STATUSES, lost);
    let mut text = String::from(
        "# In the server or the <VirtualHost>, outside <Directory>, <Location> and .htaccess: there\n\
         # mod_rewrite runs before authentication. Needs mod_headers, mod_rewrite and mod_setenvif.\n",
    );
    // The last line that matches counts, so the first rule comes last.
    for (rule, policy) in policies.iter().enumerate().rev() {
        let number = rule + 1;
        if allows_everyone(policy) {
            let expression = if policies.len() == 1 { "\"^\"" } else { "\".\"" };
            let _ = writeln!(text, "SetEnvIf Origin {expression} CORS_RULE={number}");
            continue;
        }
        let origins = split_origins(policies, rule, lost);
        let exact = origins
            .exact
            .iter()
            .map(|origin| format!("^{}$", regex::escape(origin)));
        for expression in exact.chain(origins.expressions.iter().cloned()) {
            let _ = writeln!(
                text,
                "SetEnvIf Origin {} CORS_RULE={number}",
                apache_regex(&expression)
            );
        }
    }
    text.push_str(
        "SetEnvIfExpr \"%{REQUEST_METHOD} == 'OPTIONS' && -n req_novary('Origin') && -n \
         req_novary('Access-Control-Request-Method')\" CORS_PREFLIGHT=1\n\n",
    );
    rewrite(policies, lost, &mut text);
    let mut headers = Headers { text, policies };
    headers.all();
    headers.text
}

/// Answers preflights.
fn rewrite(policies: &[PolicyConfig], lost: &mut Vec<String>, text: &mut String) {
    let (status, refused) = statuses(policies, lost);
    text.push_str("RewriteEngine On\n");
    if refused != status {
        let _ = writeln!(
            text,
            "RewriteCond %{{ENV:CORS_PREFLIGHT}} =1\nRewriteCond %{{ENV:CORS_RULE}} ^$\nRewriteRule ^ - [R={refused},L]",
        );
    }
    let _ = writeln!(
        text,
        "RewriteCond %{{ENV:CORS_PREFLIGHT}} =1\nRewriteRule ^ - [R={status},L]\n"
    );
}

struct Headers<'a> {
    text: String,
    policies: &'a [PolicyConfig],
}

impl Headers<'_> {
    fn all(&mut self) {
        self.field("Access-Control-Allow-Origin", None, |policy| {
            let origin = if allows_everyone(policy) {
                "\"*\""
            } else {
                "\"expr=%{req_novary:Origin}\""
            };
            Some((origin.into(), String::new()))
        });
        self.field("Access-Control-Allow-Credentials", None, |policy| {
            policy
                .allow_credentials
                .then(|| ("\"true\"".into(), String::new()))
        });
        self.field("Access-Control-Allow-Methods", Some(true), |policy| {
            let value = match methods(policy) {
                Names::Listed(list) => apache_value(&list.join(", ")),
                Names::All(_) if !policy.allow_credentials => "\"*\"".into(),
                Names::All(_) => "\"expr=%{req_novary:Access-Control-Request-Method}\"".into(),
            };
            Some((value, String::new()))
        });
        self.field("Access-Control-Allow-Headers", Some(true), |policy| {
            let reflected = "\"expr=%{req_novary:Access-Control-Request-Headers}\"";
            let no_authorization =
                " && req_novary('Access-Control-Request-Headers') !~ /(^|,) *authorization *(,|$)/i";
            Some(match names(&policy.allow_headers) {
                Names::Listed(list) if list.is_empty() => return None,
                Names::Listed(list) => (apache_value(&list.join(", ")), String::new()),
                Names::All(_) => {
                    let value = match (policy.allow_credentials, lists_authorization(policy)) {
                        (true, _) => reflected,
                        (false, true) => "\"*, authorization\"",
                        (false, false) => "\"*\"",
                    };
                    let condition = if lists_authorization(policy) {
                        ""
                    } else {
                        no_authorization
                    };
                    (value.into(), condition.into())
                }
            })
        });
        self.field("Access-Control-Max-Age", Some(true), |policy| {
            policy
                .max_age_seconds
                .map(|seconds| (format!("\"{seconds}\""), String::new()))
        });
        self.field("Access-Control-Expose-Headers", Some(false), |policy| {
            let list = &policy.expose_headers;
            (!list.is_empty()).then(|| (apache_value(&list.join(", ")), String::new()))
        });
        self.timing();
        self.vary();
    }

    /// Writes the lines of a field. `of_preflight` says whether only preflights or only other
    /// requests have it. The value comes with more of its condition.
    fn field(
        &mut self,
        name: &str,
        of_preflight: Option<bool>,
        value: impl Fn(&PolicyConfig) -> Option<(String, String)>,
    ) {
        let mut is_first = true;
        for (rule, policy) in self.policies.iter().enumerate() {
            let Some((value, more)) = value(policy) else {
                continue;
            };
            if allows_nobody(policy) {
                continue;
            }
            if std::mem::take(&mut is_first) {
                self.unset(name);
            }
            let kind = match of_preflight {
                None => String::new(),
                Some(true) => format!(" && {PREFLIGHT}"),
                Some(false) => format!(" && !({PREFLIGHT})"),
            };
            let number = rule + 1;
            let _ = writeln!(
                self.text,
                "Header always set {name} {value} \"expr=reqenv('CORS_RULE') == '{number}'{kind}{more}\"",
            );
        }
    }

    /// Removes the field of an application or an upstream. Apache keeps the fields of successful
    /// responses in another table than those of `always`, and sends both.
    fn unset(&mut self, name: &str) {
        let _ = writeln!(
            self.text,
            "Header onsuccess unset {name}\nHeader always unset {name}"
        );
    }

    fn timing(&mut self) {
        if let [policy] = self.policies
            && policy.allow_timing
            && !allows_everyone(policy)
            && !policy.allow_loopback
            && policy.allow_origins.iter().all(|entry| is_exact(entry))
        {
            self.unset("Timing-Allow-Origin");
            let list = apache_value(&policy.allow_origins.join(", "));
            let _ = writeln!(
                self.text,
                "Header always set Timing-Allow-Origin {list} \"expr=!({PREFLIGHT})\"",
            );
            return;
        }
        self.field("Timing-Allow-Origin", Some(false), |policy| {
            let origin = if allows_everyone(policy) {
                "\"*\""
            } else {
                "\"expr=%{req_novary:Origin}\""
            };
            policy.allow_timing.then(|| (origin.into(), String::new()))
        });
    }

    fn vary(&mut self) {
        let requested = "\"Access-Control-Request-Method, Access-Control-Request-Headers\"";
        let everyone = self.policies.len() == 1 && allows_everyone(&self.policies[0]);
        if self.policies.iter().all(allows_nobody) {
            return;
        }
        if !everyone {
            self.text.push_str("Header always merge Vary Origin\n");
        }
        let _ = writeln!(
            self.text,
            "Header always merge Vary {requested} \"expr=%{{REQUEST_METHOD}} == 'OPTIONS'\"",
        );
    }
}

fn is_exact(entry: &str) -> bool {
    crate::policy::origins::Entry::parse(entry).is_some_and(|entry| entry.exact().is_some())
}
