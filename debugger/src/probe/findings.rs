//! Judges the answers of a survey.

use super::plan::Relation;
use super::survey::{OriginRow, Survey};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It lets strangers in, or blocks the page.
    Error,
    /// It is likely to be a mistake.
    Warning,
    /// It is worth knowing.
    Note,
}

impl Severity {
    /// Returns the name, which is that of SARIF too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

macro_rules! codes {
    ($($variant:ident $code:literal: $title:literal, $fix:literal;)*) => {
        /// The kind of a finding.
        ///
        /// The codes are stable: a later version may add some, and changes none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// All codes, in the order of `docs/probe.md`.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the stable code.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Returns a sentence that says what is wrong.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// Returns what to do.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)* }
            }
        }
    };
}

codes! {
    AnyOriginWithCredentials "any-origin-with-credentials":
        "every page may read responses with the visitor's cookies",
        "list the origins that may use credentials, and do not copy Origin into the answer unchecked";
    LookAlikeAdmitted "look-alike-admitted":
        "an origin that anyone can register is admitted, because it looks like the page's",
        "compare whole origins; in a regular expression, escape dots and end with $";
    NullWithCredentials "null-with-credentials":
        "the origin null may use credentials, and every page can make a frame that has it",
        "do not admit null";
    WildcardWithCredentials "wildcard-with-credentials":
        "Access-Control-Allow-Origin is * beside Access-Control-Allow-Credentials, which browsers refuse for requests with credentials",
        "send the origin of the request if it is in a list, or send no Access-Control-Allow-Credentials";
    AllowOriginInvalid "allow-origin-invalid":
        "Access-Control-Allow-Origin has a value that no browser accepts",
        "send one origin, as the request has it, or *";
    FieldRepeated "field-repeated":
        "a field that may stand once stands in several lines",
        "let one place write the CORS fields: the proxy or the application";
    PreflightNeedsLogin "preflight-needs-login":
        "preflights need authentication, which browsers never send with them",
        "answer OPTIONS before authentication";
    PreflightRedirected "preflight-redirected":
        "preflights are redirected, which browsers do not follow",
        "answer OPTIONS at this address, or use the address that the redirect names";
    PreflightFails "preflight-fails":
        "the page may read simple responses, but its preflights fail",
        "answer OPTIONS with 204 and the CORS fields";
    VaryMissing "vary-missing":
        "the answer depends on Origin, and Vary does not say so, so caches mix up answers",
        "add Vary: Origin to every response, also to those without CORS fields";
    HttpWithCredentials "http-with-credentials":
        "an http origin may use credentials, so anyone in the network can act as its page",
        "admit the https origin only";
    HttpAdmitted "http-admitted":
        "the http twin of the page's origin is admitted",
        "admit the https origin only";
    NullAdmitted "null-admitted":
        "the origin null is admitted, and every page can make a frame that has it",
        "do not admit null, or admit everyone with *";
    OriginReflected "origin-reflected":
        "every origin is admitted by a copy of Origin",
        "send *, which says the same and can be cached, or a list";
    PageNotAdmitted "page-not-admitted":
        "the page's origin is not admitted",
        "add the origin to the server's list";
    FieldsMissingOnErrors "fields-missing-on-errors":
        "responses with an error status have no CORS fields, so the page sees a network error instead",
        "write the fields to every response; in nginx, add_header needs always";
    ListWildcardWithCredentials "list-wildcard-with-credentials":
        "a list is * beside credentials, where browsers take it for a name",
        "list the methods and headers by name";
    AuthorizationUnderWildcard "authorization-under-wildcard":
        "Access-Control-Allow-Headers is *, which the Fetch Standard does not let cover Authorization",
        "list Authorization beside *";
    SlashRedirected "slash-redirected":
        "with or without the slash at its end, the address redirects preflights",
        "use exactly the address that the server names";
    MaxAgeMissing "max-age-missing":
        "without Access-Control-Max-Age browsers repeat a preflight after 5 seconds",
        "send Access-Control-Max-Age: 7200";
    MaxAgeInvalid "max-age-invalid":
        "Access-Control-Max-Age is not a number of seconds",
        "send digits only";
    AnswerIsError "answer-is-error":
        "the address answers with an error status, so the survey sees the fields of errors only",
        "ask for an address that answers without a login, or give the survey one that exists";
    AnswerIsRedirect "answer-is-redirect":
        "the answer is a redirect, which a browser follows, so this survey says nothing of its target",
        "ask the target of the redirect";
    OptionsNotHandled "options-not-handled":
        "the server does not handle OPTIONS, so every preflight fails",
        "answer OPTIONS with 204 and the CORS fields";
    ServerFails "server-fails":
        "the server answers that it failed (5xx), so the survey sees the fields of errors only",
        "repair the server first; its log says what fails";
    AnyOrigin "any-origin":
        "every page may read responses that need no credentials",
        "this is right for public data; otherwise list origins";
    OtherPortAdmitted "other-port-admitted":
        "other ports of the page's host are admitted",
        "if other programs serve those ports, list the port";
    SubdomainsAdmitted "subdomains-admitted":
        "hosts beside or below the page's host are admitted by a pattern",
        "if others control one of them, list the hosts";
    NotAsked "not-asked":
        "some questions were not asked",
        "allow more with --max-requests and --max-time";
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The kind.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The details: the origin, the field or the status.
    pub detail: String,
}

/// Returns the findings, the worst first.
pub(super) fn find(survey: &Survey) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    for row in &survey.origins {
        of_origin(row, survey, &mut findings);
    }
    of_all_answers(survey, &mut findings);
    of_preflights(survey, &mut findings);
    of_errors(survey, &mut findings);
    if !survey.unasked.is_empty() {
        let count = survey.unasked.len();
        findings.add(
            Code::NotAsked,
            Severity::Note,
            format!(
                "{count}, such as {}",
                survey.unasked.join("; ").chars().take(200).collect::<String>()
            ),
        );
    }
    findings.0.sort_by_key(|finding| finding.severity);
    findings.0
}

struct Findings(Vec<Finding>);

impl Findings {
    /// Adds a finding, or its detail to the one with the same code.
    fn add(&mut self, code: Code, severity: Severity, detail: impl Into<String>) {
        let detail = crate::secrets::hide(&detail.into());
        if let Some(finding) = self.0.iter_mut().find(|finding| finding.code == code) {
            if !finding.detail.contains(&detail) {
                finding.detail = format!("{}; {detail}", finding.detail);
            }
            finding.severity = finding.severity.min(severity);
            return;
        }
        self.0.push(Finding {
            code,
            severity,
            detail,
        });
    }
}

fn of_origin(row: &OriginRow, survey: &Survey, findings: &mut Findings) {
    let stranger = survey.row(Relation::Stranger);
    let admits_all = stranger.is_some_and(|row| row.is_admitted == Some(true));
    let origin = row.origin.as_str();
    if row.relation == Relation::Page && row.is_admitted == Some(false) {
        let detail = match row.actual.as_ref().map(|answer| answer.origins.as_slice()) {
            Some([]) => format!("{origin}: the answer has no Access-Control-Allow-Origin"),
            Some(values) => format!("{origin}: the answer has {}", values.join(" and ")),
            None => origin.to_string(),
        };
        findings.add(Code::PageNotAdmitted, Severity::Warning, detail);
    }
    if row.is_admitted != Some(true) {
        return;
    }
    match row.relation {
        Relation::Stranger if row.has_credentials => {
            findings.add(Code::AnyOriginWithCredentials, Severity::Error, origin);
        }
        Relation::Stranger => match row.actual.as_ref().and_then(|answer| answer.origin()) {
            Some("*") => findings.add(Code::AnyOrigin, Severity::Note, "Access-Control-Allow-Origin: *"),
            _ => findings.add(Code::OriginReflected, Severity::Warning, origin),
        },
        relation if relation.is_look_alike() && !admits_all => {
            let detail = format!("{origin}, {}", relation.words());
            findings.add(Code::LookAlikeAdmitted, Severity::Error, detail);
        }
        Relation::Null if row.has_credentials => {
            findings.add(Code::NullWithCredentials, Severity::Error, "null");
        }
        Relation::Null if !admits_all => findings.add(Code::NullAdmitted, Severity::Warning, "null"),
        Relation::OtherScheme if origin.starts_with("http:") && !admits_all => match row.has_credentials {
            true => findings.add(Code::HttpWithCredentials, Severity::Warning, origin),
            false => findings.add(Code::HttpAdmitted, Severity::Note, origin),
        },
        Relation::OtherPort if !admits_all => findings.add(Code::OtherPortAdmitted, Severity::Note, origin),
        Relation::Subdomain | Relation::Sibling if !admits_all => {
            findings.add(Code::SubdomainsAdmitted, Severity::Note, origin);
        }
        _ => {}
    }
}

/// Looks at the fields of all answers, and at whether they depend on the origin.
fn of_all_answers(survey: &Survey, findings: &mut Findings) {
    let rows = survey
        .origins
        .iter()
        .filter_map(|row| Some((row.origin.as_str(), row.actual.as_ref()?)));
    let bases = survey
        .profiles
        .iter()
        .filter_map(|profile| Some((profile.origin.as_str(), profile.base.as_ref()?)));
    let all = rows
        .clone()
        .map(|(origin, answer)| ("the answer", origin, answer));
    let all = all.chain(bases.map(|(origin, answer)| ("the answer to the preflight", origin, answer)));
    for (what, origin, answer) in all {
        for name in &answer.repeated {
            findings.add(
                Code::FieldRepeated,
                Severity::Error,
                format!("{name} in {what} to {origin}"),
            );
        }
        if let Some(value) = answer.origin() {
            let is_valid = value == "*" || (crate::url::is_origin(value) && value.is_ascii());
            if !is_valid {
                findings.add(
                    Code::AllowOriginInvalid,
                    Severity::Error,
                    format!("{value:?} in {what} to {origin}"),
                );
            }
            if value == "*" && answer.allows_credentials() {
                findings.add(
                    Code::WildcardWithCredentials,
                    Severity::Error,
                    format!("in {what} to {origin}"),
                );
            }
        }
    }
    // Whether the value depends on the origin of the request, or on whether there is one.
    let mut values: Vec<Vec<String>> = rows.clone().map(|(_, answer)| answer.origins.clone()).collect();
    values.extend(
        survey
            .without_origin
            .as_ref()
            .map(|answer| answer.origins.clone()),
    );
    values.sort();
    values.dedup();
    if values.len() > 1 {
        let without = survey.without_origin.as_ref().map(|answer| ("no origin", answer));
        let lacking: Vec<&str> = rows
            .chain(without)
            .filter(|(_, answer)| !answer.varies_by_origin())
            .map(|(origin, _)| origin)
            .collect();
        if let Some(first) = lacking.first() {
            let detail = match lacking.len() {
                1 => format!("in the answer to {first}"),
                count => format!("in {count} answers, such as that to {first}"),
            };
            findings.add(Code::VaryMissing, Severity::Warning, detail);
        }
    }
}

fn of_preflights(survey: &Survey, findings: &mut Findings) {
    let page = survey.row(Relation::Page);
    let Some(profile) = survey.profile_of(Relation::Page) else {
        return;
    };
    let is_admitted = page.is_some_and(|row| row.is_admitted == Some(true));
    if let Some(base) = &profile.base {
        let status = format!("status {}", base.status);
        match base.status {
            401 | 403 | 407 if !profile.is_answered && (base.status != 403 || is_admitted) => {
                findings.add(Code::PreflightNeedsLogin, Severity::Error, status);
            }
            404 | 405 | 501 if !profile.is_answered && base.origins.is_empty() && is_success(page) => {
                findings.add(Code::OptionsNotHandled, Severity::Error, status);
            }
            300..=399 => findings.add(Code::PreflightRedirected, Severity::Error, status),
            _ if is_admitted && !profile.is_answered => {
                let detail = match base.origins.is_empty() {
                    true => format!("{status}, without Access-Control-Allow-Origin"),
                    false => status,
                };
                findings.add(Code::PreflightFails, Severity::Error, detail);
            }
            _ => {}
        }
        if profile.is_answered && is_admitted {
            match &base.max_age {
                None => findings.add(Code::MaxAgeMissing, Severity::Note, "no Access-Control-Max-Age"),
                Some(value) if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) => {
                    findings.add(Code::MaxAgeInvalid, Severity::Warning, format!("{value:?}"));
                }
                Some(_) => {}
            }
        }
    }
    if !profile.only_without_credentials.is_empty() {
        let names = profile.only_without_credentials.join(", ");
        findings.add(Code::ListWildcardWithCredentials, Severity::Warning, names);
    }
    if profile.authorization_under_wildcard {
        findings.add(
            Code::AuthorizationUnderWildcard,
            Severity::Warning,
            "authorization",
        );
    }
    if let Some(slash) = &survey.slash
        && (300..400).contains(&slash.status)
        && slash.location
    {
        findings.add(
            Code::SlashRedirected,
            Severity::Note,
            format!("status {}", slash.status),
        );
    }
}

/// Whether the request itself succeeds.
fn is_success(row: Option<&OriginRow>) -> bool {
    row.and_then(|row| row.actual.as_ref())
        .is_some_and(|answer| (200..300).contains(&answer.status))
}

fn of_errors(survey: &Survey, findings: &mut Findings) {
    if let Some(answer) = survey.row(Relation::Page).and_then(|row| row.actual.as_ref())
        && answer.status >= 400
    {
        let detail = format!("status {} for GET", answer.status);
        match answer.status {
            500.. => findings.add(Code::ServerFails, Severity::Warning, detail),
            _ => findings.add(Code::AnswerIsError, Severity::Note, detail),
        }
    }
    if let Some(answer) = survey.row(Relation::Page).and_then(|row| row.actual.as_ref())
        && answer.is_redirect()
    {
        let detail = format!("status {} for GET", answer.status);
        findings.add(Code::AnswerIsRedirect, Severity::Warning, detail);
    }
    let is_admitted = survey
        .row(Relation::Page)
        .is_some_and(|row| row.is_admitted == Some(true));
    if !is_admitted {
        return;
    }
    for (what, answer) in &survey.errors {
        for name in &answer.repeated {
            let detail = format!("{name} in the {} for {what}", answer.status);
            findings.add(Code::FieldRepeated, Severity::Error, detail);
        }
        // A server refuses an invalid path before it knows which site is meant.
        let severity = match answer.status {
            400 => Severity::Note,
            _ => Severity::Warning,
        };
        if answer.origins.is_empty() {
            findings.add(
                Code::FieldsMissingOnErrors,
                severity,
                format!("{} for {what}", answer.status),
            );
        }
    }
}
