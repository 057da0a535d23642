//! Advice that no check gives: notes on the fields, the texts of the consoles, and the fields to
//! send.

use super::blame::guilty_field;
use super::facts::{Facts, is_case_kept};
use super::{ALLOW_ORIGIN, Cause, Diagnosis, Finding, Place, Verdict, engines};
use crate::input::{Field, ResponseHead, value, values};
use crate::url::Url;

impl Facts<'_> {
    /// Adds what a trained eye sees in the fields.
    pub(super) fn look_closer(&self, diagnosis: &mut Diagnosis) {
        let responses = self
            .legs
            .iter()
            .flat_map(|(preflight, actual)| [preflight.map(|t| (true, t)), actual.map(|t| (false, t))])
            .flatten()
            .filter_map(|(is_preflight, transfer)| Some((is_preflight, transfer.response.as_ref()?)));
        for (is_preflight, response) in responses {
            let has = |name: &str| value(&response.fields, name).is_some();
            let server = value(&response.fields, "server")
                .unwrap_or("")
                .to_ascii_lowercase();
            let is_nginx = server.contains("nginx") || server.contains("openresty");
            let cause = diagnosis.finding.as_ref().map(|finding| finding.cause);
            if is_preflight && response.status == 204 && has("access-control-max-age") && !has(ALLOW_ORIGIN) {
                diagnosis.notes.push("the answer has Access-Control-Max-Age and no other CORS field: in nginx, an add_header inside if cancels all add_header lines around it".into());
                diagnosis.fixes.push("in nginx, leave only return 204 inside the if block, and put every add_header with always outside of it".into());
            } else if is_nginx && cause == Some(Cause::AllowOriginRepeated) {
                diagnosis.fixes.push(
                    "in nginx, write proxy_hide_header Access-Control-Allow-Origin beside the add_header"
                        .into(),
                );
            } else if is_nginx && cause == Some(Cause::AllowOriginMissing) && response.status >= 400 {
                diagnosis.fixes.push("in nginx, add always to add_header, and repeat the add_header lines in the location of error_page".into());
            } else if is_nginx
                && matches!(cause, Some(Cause::PreflightRedirect | Cause::AllowOriginMissing))
                && (300..400).contains(&response.status)
            {
                diagnosis.fixes.push(
                    "nginx redirects /path to /path/ by itself: use the address with the slash in the page"
                        .into(),
                );
            }
            let origin = value(&response.fields, ALLOW_ORIGIN);
            let varies = values(&response.fields, "vary").any(|field| {
                field.value.split(',').any(|member| {
                    matches!(member.trim(), "*") || member.trim().eq_ignore_ascii_case("origin")
                })
            });
            if !is_preflight
                && origin.is_some_and(|origin| origin != "*" && Some(origin) == self.origin.as_deref())
                && !varies
            {
                diagnosis.notes.push("the response names one origin and has no Vary: Origin: if the server answers other origins differently, caches mix them up".into());
            }
            let is_login = response.status == 401
                && !is_preflight
                && diagnosis.verdict == Verdict::Allowed
                && self.credentials == Some(true);
            let has_cookie = self.legs.iter().any(|(_, actual)| {
                actual
                    .and_then(|actual| actual.request.as_ref())
                    .is_some_and(|request| value(&request.fields, "cookie").is_some())
            });
            if is_login && !has_cookie {
                diagnosis.others.push(super::Other {
                    cause: Cause::SameSiteCookie,
                    place: Place::NotCors,
                    question: "Was the cookie set with SameSite=None; Secure? The request has credentials and no Cookie field.".into(),
                });
            }
            if self.credentials == Some(true)
                && let Some(field) = blocked_cookie(response)
            {
                diagnosis.warnings.push(Finding {
                    cause: Cause::SameSiteCookie,
                    place: Place::NotCors,
                    guilty: Some(guilty_field(field)),
                    detail: Some("this cookie is not stored if page and API are on different sites".into()),
                    status: None,
                    request: None,
                });
            }
        }
        self.note_local_network(diagnosis);
    }

    /// Adds what follows from the finding: texts of consoles and fixes.
    pub(super) fn finish(&self, diagnosis: &mut Diagnosis) {
        if diagnosis.is_cors
            && let Some(method) = self.method.as_deref()
            && is_case_kept(method)
        {
            diagnosis.notes.push(format!(
                "method names are case-sensitive, and browsers send {method} as it is written: it is another method than {}",
                method.to_ascii_uppercase()
            ));
        }
        let Some(finding) = diagnosis.finding.as_ref().or(diagnosis.warnings.first()) else {
            return;
        };
        let url = self.url.as_ref().map_or("URL".to_string(), Url::to_string);
        let header = finding
            .detail
            .as_deref()
            .and_then(|detail| detail.strip_prefix("the page sends the header "))
            .or_else(|| self.message.and_then(|message| message.detail.as_deref()))
            .unwrap_or("NAME");
        let value = finding
            .guilty
            .as_ref()
            .and_then(|guilty| guilty.value.as_deref())
            .unwrap_or("");
        let message_method = self.message.and_then(|message| message.detail.as_deref());
        let redirected_to = self.redirected_to(finding);
        let names = engines::Names {
            url: &url,
            redirected_to: redirected_to.as_deref(),
            origin: self.origin.as_deref().unwrap_or("ORIGIN"),
            method: self.method.as_deref().or(message_method).unwrap_or("METHOD"),
            header,
            value,
            status: finding.status.unwrap_or(0),
            api: self.call.map_or("fetch", |call| call.api),
        };
        diagnosis.consoles = engines::print(finding, &names);
        let fix = self.concrete_fix(finding, &names);
        let mut fixes = vec![finding.cause.fix().to_string()];
        fixes.append(&mut diagnosis.fixes);
        fixes.extend(fix);
        diagnosis.fixes = fixes;
    }

    /// The address of the request that a finding is about, if a redirect led to it.
    fn redirected_to(&self, finding: &Finding) -> Option<String> {
        let about = finding.request?;
        let later = self.legs.iter().skip(1);
        let requests = later
            .flat_map(|(preflight, actual)| [*preflight, *actual])
            .flatten()
            .filter_map(|transfer| transfer.request.as_ref());
        let mut found = requests.filter(|request| request.span == Some(about));
        found.next()?.url.as_ref().map(Url::to_string)
    }

    /// The fields to send, where they are known, each in a line.
    pub(super) fn concrete_fix(&self, finding: &Finding, names: &engines::Names<'_>) -> Option<String> {
        let origin = names.origin;
        let credentials = if self.credentials == Some(true) {
            "\nAccess-Control-Allow-Credentials: true"
        } else {
            ""
        };
        let lists = || {
            let mut text = String::new();
            let method = names.method.to_ascii_uppercase();
            if self.method.is_some() && !matches!(method.as_str(), "GET" | "HEAD" | "POST") {
                text += &format!("\nAccess-Control-Allow-Methods: {method}");
            }
            let pairs = self.pairs();
            let asked = self.fetch(&pairs, origin, false).unsafe_names().to_string();
            if !asked.is_empty() {
                text += &format!("\nAccess-Control-Allow-Headers: {asked}");
            }
            text
        };
        let is_known = self.origin.is_some();
        // The field could say so, but every sandboxed frame and every local file has this origin.
        let is_about_origin = matches!(
            finding.cause,
            Cause::OptionsNotHandled
                | Cause::PreflightStatus
                | Cause::PreflightAuthentication
                | Cause::PreflightRefused
                | Cause::AllowOriginMissing
                | Cause::AllowOriginDiffers
                | Cause::AllowOriginInvalid
                | Cause::WildcardWithCredentials
        );
        let has_lost_origin = self.message.is_some_and(|message| self.has_lost_origin(message));
        if is_about_origin && matches!(origin, "null" | "file://") && !has_lost_origin {
            return Some(format!(
                "serve the page over http, such as with python3 -m http.server, and allow the origin that it then has; do not allow {origin}, which every local file and every sandboxed frame has"
            ));
        }
        match finding.cause {
            Cause::NoOriginSent if finding.place == Place::Preflight => Some(format!(
                "a preflight has a requested method too:\ncurl -i -X OPTIONS -H 'Origin: https://app.example.com' -H 'Access-Control-Request-Method: PUT' '{}'",
                names.url
            )),
            Cause::OptionsNotHandled
            | Cause::PreflightStatus
            | Cause::PreflightAuthentication
            | Cause::PreflightRefused
                if is_known =>
            {
                Some(format!(
                    "answer OPTIONS with status 204 and:\nAccess-Control-Allow-Origin: {origin}{credentials}{}",
                    lists()
                ))
            }
            Cause::AllowOriginMissing if is_known && finding.place == Place::Preflight => Some(format!(
                "send with it:\nAccess-Control-Allow-Origin: {origin}{credentials}{}",
                lists()
            )),
            // The page's origin would not do after such a redirect.
            Cause::AllowOriginMissing
                if finding.place == Place::Redirect
                    && self.message.is_some_and(|message| self.has_lost_origin(message)) =>
            {
                Some(format!(
                    "the redirect to another host changed the request's origin to null: {}",
                    Cause::OriginBecameNull.fix()
                ))
            }
            Cause::AllowOriginMissing
            | Cause::AllowOriginDiffers
            | Cause::AllowOriginInvalid
            | Cause::WildcardWithCredentials
                if is_known =>
            {
                Some(format!(
                    "send:\nAccess-Control-Allow-Origin: {origin}{credentials}\nVary: Origin"
                ))
            }
            Cause::MethodNotAllowed if names.method == "METHOD" => Some(
                "if the page writes the method in lower case, write it in upper case: browsers send patch as patch, and it is not PATCH".into(),
            ),
            Cause::MethodNotAllowed | Cause::MethodCaseDiffers if is_case_kept(names.method) => {
                let upper = names.method.to_ascii_uppercase();
                Some(format!(
                    "write {upper} in the page, and send Access-Control-Allow-Methods with {upper} in the list"
                ))
            }
            Cause::MethodNotAllowed | Cause::MethodsWildcardWithCredentials if names.method != "METHOD" => {
                Some(format!(
                    "send Access-Control-Allow-Methods with {} in the list",
                    names.method.to_ascii_uppercase()
                ))
            }
            Cause::HeaderNotAllowed | Cause::HeadersWildcardWithCredentials if names.header != "NAME" => {
                Some(format!(
                    "send Access-Control-Allow-Headers with {} in the list",
                    names.header
                ))
            }
            _ => None,
        }
    }
}

/// A cookie that a page of another site cannot store.
fn blocked_cookie(response: &ResponseHead) -> Option<&Field> {
    values(&response.fields, "set-cookie").find(|field| {
        let value = field.value.to_ascii_lowercase();
        value.contains("samesite=lax") || value.contains("samesite=strict")
    })
}
