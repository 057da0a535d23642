//! Judges requests and responses by the steps of a browser, each a check of
//! [`embedded_cors::browser`].

use embedded_cors::browser::{Blocked, Failure, Fetch, Response};

use super::blame::{cause_of, cause_of_error, difference, finding_in};
use super::facts::{Facts, STRANGER};
use super::related::{cause_of_preflight_status, is_gateway_error, is_not_cors, others};
use super::{
    ALLOW_METHODS, ALLOW_ORIGIN, Case, Cause, Diagnosis, Finding, Guilty, Outcome, Place, Question, Step,
    Verdict,
};
use crate::exchange;
use crate::input::{CallHeader, ResponseHead, Transfer, asked_headers, value};
use crate::url::{Url, is_origin};

const CORS_CHECK: &str = "https://fetch.spec.whatwg.org/#cors-check";
const PREFLIGHT_FETCH: &str = "https://fetch.spec.whatwg.org/#cors-preflight-fetch";

/// The checks of a response, in the order of the standard. The first three are those of every
/// response, the others those of a preflight.
const CHECKS: &[(&str, &str)] = &[
    ("Is there one Access-Control-Allow-Origin?", CORS_CHECK),
    ("Is it the page's origin, or * without credentials?", CORS_CHECK),
    (
        "With credentials: is Access-Control-Allow-Credentials true?",
        CORS_CHECK,
    ),
    ("Is the status of the preflight from 200 to 299?", PREFLIGHT_FETCH),
    (
        "Are Allow-Methods and Allow-Headers lists of names?",
        PREFLIGHT_FETCH,
    ),
    ("Is the method listed, or GET, HEAD or POST?", PREFLIGHT_FETCH),
    ("Is each header listed, or safelisted?", PREFLIGHT_FETCH),
];

impl Facts<'_> {
    pub(super) fn judge_transfers(&self, diagnosis: &mut Diagnosis) {
        if self.is_outside(diagnosis) {
            return;
        }
        if let Some(origin) = self.origin.as_deref().filter(|origin| !is_origin(origin)) {
            diagnosis.notes.push(format!(
                "the Origin {origin} is not one that a browser sends: write scheme, host and port, such as https://app.example.com"
            ));
        }
        if let Some(call) = self.call {
            // What fails before anything is sent.
            let mut trial = diagnosis.clone();
            self.predict(&mut trial, call);
            if trial.verdict == Verdict::Blocked {
                *diagnosis = trial;
                return;
            }
        }
        let named = self
            .legs
            .iter()
            .flat_map(|(preflight, actual)| [*preflight, *actual])
            .flatten()
            .find_map(|transfer| {
                let response = transfer.response.as_ref()?;
                value(&response.fields, ALLOW_ORIGIN)
                    .filter(|value| is_origin(value))
                    .map(str::to_string)
            });
        let origins: Vec<Option<String>> = match &self.origin {
            Some(origin) => vec![Some(origin.clone())],
            None => named.map(Some).into_iter().chain([None]).collect(),
        };
        let modes = match self.credentials {
            Some(credentials) => vec![credentials],
            None => vec![false, true],
        };
        let mut runs = Vec::new();
        for origin in &origins {
            for credentials in &modes {
                let run = self.run(origin.as_deref().unwrap_or(STRANGER), *credentials);
                runs.push((origin.clone(), *credentials, run));
            }
        }
        self.keep_recorded(&mut runs);
        let Some((_, _, first)) = runs.first() else {
            return;
        };
        let is_same = runs.iter().all(|(_, _, run)| {
            run.verdict == first.verdict
                && run.finding.as_ref().map(|f| f.cause) == first.finding.as_ref().map(|f| f.cause)
        });
        diagnosis.steps.clone_from(&first.steps);
        diagnosis.warnings.clone_from(&first.warnings);
        diagnosis.questions.clone_from(&first.questions);
        if is_same {
            diagnosis.verdict = first.verdict;
            diagnosis.finding.clone_from(&first.finding);
        } else if runs.iter().all(|(_, _, run)| run.verdict == Verdict::Blocked) {
            // Blocked in any case; the case without credentials is the more frequent one.
            diagnosis.verdict = Verdict::Blocked;
            diagnosis.finding.clone_from(&first.finding);
            self.add_cases(diagnosis, &runs);
        } else {
            diagnosis.verdict = Verdict::Unknown;
            self.add_cases(diagnosis, &runs);
            self.add_unknown(diagnosis, &runs);
        }
        if let Some(finding) = &diagnosis.finding {
            let no_more = others(finding, None)
                .into_iter()
                .filter(|other| finding.cause != other.cause);
            diagnosis.others.extend(no_more);
        }
        let is_request_unknown = self.legs.iter().all(|(_, actual)| {
            actual.is_some_and(|actual| {
                let request = actual.request.as_ref();
                request.is_none_or(|request| request.span.is_none())
            })
        });
        let is_missing = |finding: &Finding| finding.cause == Cause::AllowOriginMissing;
        if is_request_unknown && diagnosis.finding.as_ref().is_some_and(is_missing) {
            diagnosis.others.insert(
                0,
                super::Other {
                    cause: Cause::NoOriginSent,
                    place: Place::Actual,
                    question: "Did the request have an Origin? The text does not show it.".into(),
                },
            );
        }
        self.look_closer(diagnosis);
    }

    /// Keeps the cases that end as the browser recorded, if there are any.
    fn keep_recorded(&self, runs: &mut Vec<(Option<String>, bool, Run)>) {
        let Some((preflight, Some(actual))) = self.legs.last().copied() else {
            return;
        };
        // Firefox records no error. A request that got no response after a preflight that did was
        // stopped by the preflight.
        let is_stopped = actual.started.is_some()
            && actual.response.is_none()
            && preflight.is_some_and(|preflight| preflight.response.is_some());
        let fits = |run: &Run| match actual.has_passed {
            Some(true) => run.verdict == Verdict::Allowed,
            _ if is_stopped => run.verdict == Verdict::Blocked,
            Some(false) => run.verdict != Verdict::Allowed,
            None => true,
        };
        if runs.iter().any(|(_, _, run)| fits(run)) {
            runs.retain(|(_, _, run)| fits(run));
        }
    }

    fn add_cases(&self, diagnosis: &mut Diagnosis, runs: &[(Option<String>, bool, Run)]) {
        diagnosis.cases = runs
            .iter()
            .map(|(origin, credentials, run)| Case {
                origin: origin.clone(),
                credentials: *credentials,
                verdict: run.verdict,
                finding: run.finding.clone(),
            })
            .collect();
    }

    /// Adds the questions that decide between cases, and their causes.
    fn add_unknown(&self, diagnosis: &mut Diagnosis, runs: &[(Option<String>, bool, Run)]) {
        if self.origin.is_none() {
            diagnosis.questions.insert(0, Question {
                what: "origin",
                text: "What is the page's origin? Say --origin https://app.example.com, the scheme, host and port of the page's address.".into(),
            });
        }
        if self.credentials.is_none() {
            let text = "Does the page send cookies or a login (credentials: \"include\", withCredentials)? Say --credentials include or --credentials omit.";
            diagnosis.questions.insert(
                0,
                Question {
                    what: "credentials",
                    text: text.into(),
                },
            );
        }
        for (_, credentials, run) in runs {
            if let Some(finding) = run.finding.as_ref().filter(|_| run.verdict == Verdict::Blocked)
                && !diagnosis
                    .others
                    .iter()
                    .any(|other| other.cause == finding.cause && other.place == finding.place)
            {
                diagnosis.others.push(super::Other {
                    cause: finding.cause,
                    place: finding.place,
                    question: if *credentials && self.credentials.is_none() {
                        "Does the page send cookies or a login? Then this blocks it.".into()
                    } else {
                        "Is the page's origin another one than the field names? Then this blocks it.".into()
                    },
                });
            }
        }
    }

    /// Handles requests that CORS does not concern. Returns whether this is one.
    fn is_outside(&self, diagnosis: &mut Diagnosis) -> bool {
        if self.legs.len() == 1 && self.is_same_origin() {
            diagnosis.is_cors = false;
            diagnosis.verdict = Verdict::Allowed;
            diagnosis
                .notes
                .push("page and address have the same origin, so CORS does not apply".into());
            return true;
        }
        let Some((preflight, Some(actual))) = self.legs.first().copied() else {
            return false;
        };
        let request = actual.request.as_ref();
        let field = |name: &str| request.and_then(|request| value(&request.fields, name));
        // A redirect may take a request from the page's own origin to another one.
        let becomes_cors = self.legs.iter().skip(1).any(|(preflight, actual)| {
            let requests = [preflight, actual].into_iter().flatten();
            requests
                .filter_map(|transfer| transfer.request.as_ref())
                .any(|request| value(&request.fields, "origin").is_some())
        });
        if preflight.is_some() || !actual.is_of_browser || becomes_cors {
            return false;
        }
        let mode = field("sec-fetch-mode");
        let is_script = field("sec-fetch-dest") == Some("empty");
        // The error says more than the fields, which CORS does not concern.
        if mode != Some("cors")
            && let Some((text, _)) = &actual.error
            && matches!(
                cause_of_error(text),
                Some(Cause::ResourcePolicy | Cause::OpaqueBlocked)
            )
        {
            let mut run = Run::default();
            self.unanswered(&mut run, actual, Place::NotCors);
            diagnosis.verdict = run.verdict;
            diagnosis.finding = run.finding;
            diagnosis.is_cors = false;
            return true;
        }
        if mode == Some("no-cors") && is_script {
            diagnosis.verdict = Verdict::Blocked;
            diagnosis.is_cors = false;
            let span = request
                .and_then(|request| request.fields.iter().find(|field| field.is("sec-fetch-mode")))
                .map(|field| field.span);
            diagnosis.finding = Some(Finding {
                cause: Cause::OpaqueResponse,
                place: Place::NotCors,
                guilty: span.map(|span| Guilty {
                    field: "Sec-Fetch-Mode".into(),
                    value: Some("no-cors".into()),
                    is_absent: false,
                    span: Some(span),
                    other_span: None,
                }),
                detail: None,
                status: None,
                request: None,
            });
            return true;
        }
        let is_other = matches!(mode, Some("navigate" | "no-cors" | "same-origin" | "websocket"));
        let has_error = actual.error.is_some() || !self.messages.is_empty();
        if (is_other || field("origin").is_none() || field("sec-fetch-site") == Some("same-origin"))
            && !has_error
            && mode != Some("cors")
        {
            diagnosis.is_cors = false;
            diagnosis.verdict = Verdict::Allowed;
            diagnosis.notes.push("this is not a CORS request: it stays on the page's own origin, or loads a page, an image or a script".into());
            return true;
        }
        false
    }

    /// Takes the browser's steps.
    fn run(&self, origin: &str, credentials: bool) -> Run {
        let pairs = self.pairs();
        let mut run = Run::default();
        let mut origin = origin.to_string();
        let mut previous: Option<Url> = None;
        let mut is_cors = false;
        for (index, (preflight, actual)) in self.legs.iter().enumerate() {
            let is_redirected = index > 0;
            run.is_redirected = is_redirected;
            let request = actual
                .or(*preflight)
                .and_then(|transfer| transfer.request.as_ref());
            let url = request.and_then(|request| request.url.as_ref());
            if is_redirected
                && let (Some(from), Some(to)) = (&previous, url)
                && !from.same_host(to)
                && !Url::parse(&origin).is_some_and(|page| page.same_host(from))
            {
                // https://fetch.spec.whatwg.org/#concept-request-tainted-origin
                origin = "null".into();
            }
            let page = Url::parse(&origin);
            if let (Some(page), Some(url), Some(_), None) = (&page, url, actual, preflight)
                && !is_cors
                && page.same_host(url)
            {
                // The page's own server redirects: until the request leaves it, nothing is checked.
                previous = Some(url.clone());
                continue;
            }
            is_cors = true;
            let headers = match index {
                0 => pairs.as_slice(),
                _ => &[],
            };
            let mut fetch = self.fetch(headers, &origin, credentials);
            let asked = preflight.and_then(|transfer| transfer.request.as_ref());
            let listed: Vec<CallHeader>;
            let mut asked_pairs: Vec<(&str, &str)> = headers.to_vec();
            if is_redirected {
                let method =
                    asked.and_then(|request| value(&request.fields, "access-control-request-method"));
                let method = method
                    .or(request.map(|request| request.method.as_str()))
                    .unwrap_or("GET");
                listed = asked
                    .map(|request| asked_headers(&request.fields))
                    .unwrap_or_default();
                asked_pairs = listed
                    .iter()
                    .map(|header| (header.name.as_str(), header.value.as_str()))
                    .collect();
                fetch = fetch.method(method).headers(&asked_pairs);
            }
            if let Some(preflight) = preflight {
                // After a redirect to another host, Firefox names the page in the preflight, and
                // `null` in the request itself.
                let named = asked.and_then(|request| value(&request.fields, "origin"));
                let named = named.filter(|_| is_redirected).unwrap_or(&origin);
                let asking = self
                    .fetch(&asked_pairs, named, credentials)
                    .method(fetch.normalized_method());
                if !self.check_preflight(&mut run, &asking, preflight) {
                    run.is_about(preflight);
                    return run;
                }
            } else if fetch.needs_preflight() && !self.is_of_browser && !is_redirected {
                run.lacks_preflight = true;
            }
            let Some(actual) = actual else {
                run.verdict = Verdict::Unknown;
                run.steps.extend(steps(Place::Actual, 3, None, true));
                run.questions.push(Question {
                    what: "response",
                    text: "The preflight passes. What does the server answer to the request itself? It needs Access-Control-Allow-Origin too.".into(),
                });
                return run;
            };
            if !self.check_actual(&mut run, &fetch, actual) {
                run.is_about(actual);
                return run;
            }
            previous = url.cloned();
        }
        self.finish_run(&mut run);
        run
    }

    /// Checks the answer to a preflight. Returns whether the request goes on.
    fn check_preflight(&self, run: &mut Run, fetch: &Fetch<'_>, transfer: &Transfer) -> bool {
        let is_redirected = run.is_redirected;
        let place = if is_redirected {
            Place::Redirect
        } else {
            Place::Preflight
        };
        let Some(response) = &transfer.response else {
            run.steps.extend(steps(place, CHECKS.len(), None, true));
            self.unanswered(run, transfer, place);
            return false;
        };
        let head = head_of(response);
        let Ok(model) = Response::from_head(&head) else {
            run.verdict = Verdict::Blocked;
            run.finding = Some(finding_in(Cause::InvalidResponse, place, response, None));
            return false;
        };
        let request = transfer.request.as_ref();
        let has_method =
            request.is_none_or(|request| value(&request.fields, "access-control-request-method").is_some());
        let failure = |blocked: Blocked| {
            let header = blocked.header().and_then(|name| self.header(name));
            (blocked.failure(), header.map(|header| header.name.as_str()))
        };
        let mut result = fetch.check_preflight(&model).map_err(failure);
        if let Err((Failure::AuthorizationNotCovered, header)) = result
            && fetch.has_credentials()
        {
            // With credentials, `*` is the name of a header, and covers none, in browsers too.
            result = Err((Failure::AnyHeaderWithCredentials, header));
        } else if let Err((Failure::AuthorizationNotCovered, _)) = result {
            // Chromium, Firefox and WebKit let `*` cover it; `docs/browsers.md` of the engine.
            let others: Vec<(&str, &str)> = fetch
                .header_list()
                .filter(|(name, _)| !name.eq_ignore_ascii_case("authorization"))
                .collect();
            result = fetch.headers(&others).check_preflight(&model).map_err(failure);
            if result.is_ok() {
                let warning = finding_in(Cause::AuthorizationUnderWildcard, place, response, None);
                run.warnings.push(warning);
            }
        }
        if result.is_ok()
            && self.is_upload_watched()
            && !matches!(fetch.normalized_method(), "GET" | "HEAD" | "POST")
            && value(&response.fields, ALLOW_METHODS).is_none()
        {
            // No engine lets the request's own method stand for the list, as the standard does.
            result = Err((Failure::MethodNotAllowed, None));
        }
        let failed = result.err();
        run.steps.extend(steps(
            place,
            CHECKS.len(),
            failed.map(|(failure, _)| check_of(failure)),
            false,
        ));
        let Some((failure, header)) = failed else {
            if !has_method {
                run.lacks_method = Some(finding_in(Cause::PreflightIncomplete, place, response, None));
            }
            return true;
        };
        let has_origin = request.is_none_or(|request| value(&request.fields, "origin").is_some());
        // Many servers answer only a real preflight, and leave every other OPTIONS to a handler
        // that knows nothing about it. A redirect and a login come first on both.
        let may_differ = matches!(response.status, 200..300 | 400 | 403 | 404 | 405 | 501)
            && matches!(failure, Failure::AllowOriginMissing | Failure::PreflightStatus);
        if !has_origin && may_differ {
            run.lack(Cause::NoOriginSent, place, response);
            return false;
        }
        if !has_method && may_differ {
            run.lack(Cause::PreflightIncomplete, place, response);
            return false;
        }
        let is_bad_status = !(200..300).contains(&response.status);
        let cause = match failure {
            Failure::AllowOriginMissing | Failure::PreflightStatus if is_bad_status => {
                cause_of_preflight_status(response.status)
            }
            failure => cause_of(failure, response, fetch),
        };
        let mut finding = finding_in(
            cause,
            place,
            response,
            self.detail(failure, fetch, response, header),
        );
        if matches!(
            cause,
            Cause::MethodNotAllowed | Cause::MethodCaseDiffers | Cause::MethodsWildcardWithCredentials
        ) && finding.detail.is_none()
        {
            finding.detail = Some(format!("the page wants to use {}", fetch.normalized_method()));
        }
        run.verdict = Verdict::Blocked;
        run.finding = Some(finding);
        false
    }

    /// Checks the response to a request. Returns whether it passes.
    fn check_actual(&self, run: &mut Run, fetch: &Fetch<'_>, transfer: &Transfer) -> bool {
        let is_redirected = run.is_redirected;
        let Some(response) = &transfer.response else {
            run.steps.extend(steps(
                if is_redirected {
                    Place::Redirect
                } else {
                    Place::Actual
                },
                3,
                None,
                true,
            ));
            self.unanswered(run, transfer, Place::Actual);
            return false;
        };
        let target = transfer
            .request
            .as_ref()
            .and_then(|request| exchange::target(request, response));
        let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308)
            && value(&response.fields, "location").is_some();
        let place = if is_redirected || is_redirect {
            Place::Redirect
        } else {
            Place::Actual
        };
        let head = head_of(response);
        let failed = match Response::from_head(&head) {
            Ok(model) => fetch.check_response(&model).err(),
            Err(_) => None,
        };
        run.steps.extend(steps(
            place,
            3,
            failed.map(|blocked| check_of(blocked.failure())),
            false,
        ));
        if let Some(blocked) = failed {
            let request = transfer.request.as_ref();
            let has_origin = request.is_none_or(|request| {
                request.fields.is_empty() && request.span.is_none()
                    || value(&request.fields, "origin").is_some()
            });
            if blocked.failure() == Failure::AllowOriginMissing
                && !has_origin
                && !transfer.is_of_browser
                && self.messages.is_empty()
            {
                run.lack(Cause::NoOriginSent, place, response);
                return false;
            }
            let mut cause = cause_of(blocked.failure(), response, fetch);
            if cause == Cause::AllowOriginDiffers && is_redirected && fetch.origin() == "null" {
                cause = Cause::OriginBecameNull;
            }
            let is_gateway = cause == Cause::AllowOriginMissing && is_gateway_error(response.status);
            let (cause, place) = if is_gateway {
                (Cause::ProxyError, Place::NotCors)
            } else {
                (cause, place)
            };
            run.verdict = Verdict::Blocked;
            run.finding = Some(finding_in(
                cause,
                place,
                response,
                self.detail(blocked.failure(), fetch, response, None),
            ));
            return false;
        }
        if is_redirect {
            let location = target.as_ref();
            let cause = match location {
                Some(url)
                    if url
                        .scheme
                        .as_deref()
                        .is_some_and(|scheme| !matches!(scheme, "http" | "https")) =>
                {
                    Some(Cause::RedirectScheme)
                }
                Some(url) if url.has_user => Some(Cause::RedirectWithUser),
                _ => None,
            };
            if let Some(cause) = cause {
                run.verdict = Verdict::Blocked;
                run.finding = Some(finding_in(cause, Place::Redirect, response, None));
                return false;
            }
            run.open_redirect = target.map(|url| url.to_string());
        } else {
            run.open_redirect = None;
        }
        true
    }

    /// Ends a run at a request without a response.
    fn unanswered(&self, run: &mut Run, transfer: &Transfer, place: Place) {
        let error = transfer.error.as_ref();
        let cause = error.and_then(|(text, _)| cause_of_error(text));
        run.verdict = match cause {
            Some(_) => Verdict::Blocked,
            None => Verdict::Unknown,
        };
        if cause.is_none() {
            run.questions.push(Question {
                what: "response",
                text:
                    "The text has no response to this request. What does the console say of it, or what does \
                       curl -i print?"
                        .into(),
            });
        }
        run.finding = error.map(|(text, span)| Finding {
            cause: cause.unwrap_or(Cause::NoReason),
            place: if cause.is_some_and(is_not_cors) {
                Place::NotCors
            } else {
                place
            },
            guilty: Some(Guilty {
                field: "error".into(),
                value: Some(text.clone()),
                is_absent: false,
                span: Some(*span),
                other_span: None,
            }),
            detail: None,
            status: None,
            request: None,
        });
    }

    /// Ends a run in which nothing failed.
    fn finish_run(&self, run: &mut Run) {
        run.verdict = Verdict::Allowed;
        if let Some(finding) = run.lacks_method.take() {
            run.verdict = Verdict::Unknown;
            run.finding = Some(finding);
        }
        if run.lacks_preflight {
            run.verdict = Verdict::Unknown;
            let mut trial = Vec::new();
            std::mem::swap(&mut trial, &mut run.questions);
            let pairs = self.pairs();
            let names = self.fetch(&pairs, STRANGER, false).unsafe_names().to_string();
            let headers = if names.is_empty() {
                String::new()
            } else {
                format!(" -H 'Access-Control-Request-Headers: {names}'")
            };
            run.questions.push(Question {
                what: "preflight",
                text: format!(
                    "A browser asks with OPTIONS first. What does the server answer? Run: curl -i -X OPTIONS '{}' -H 'Origin: {}' -H 'Access-Control-Request-Method: {}'{headers}",
                    self.url.as_ref().map_or("URL".to_string(), Url::to_string),
                    self.origin.as_deref().unwrap_or("ORIGIN"),
                    self.method.as_deref().unwrap_or("GET"),
                ),
            });
            run.questions.append(&mut trial);
        }
        if let Some(target) = run.open_redirect.take() {
            run.verdict = Verdict::Unknown;
            run.questions.push(Question {
                what: "redirect",
                text: format!("What does {target} answer, where the redirect leads? Run curl with -L, or ask that address."),
            });
        }
    }

    /// Says what exactly is wrong.
    fn detail(
        &self,
        failure: Failure,
        fetch: &Fetch<'_>,
        response: &ResponseHead,
        header: Option<&str>,
    ) -> Option<String> {
        let allow = value(&response.fields, ALLOW_ORIGIN).unwrap_or("");
        match failure {
            Failure::AllowOriginDiffers => difference(allow, fetch.origin()),
            Failure::AllowOriginAnyWithCredentials => Some("the request has credentials".into()),
            Failure::HeaderNotAllowed | Failure::AnyHeaderWithCredentials => {
                header.map(|name| format!("the page sends the header {name}"))
            }
            Failure::MethodNotAllowed | Failure::AnyMethodWithCredentials => {
                Some(format!("the page wants to use {}", fetch.normalized_method()))
            }
            Failure::AllowOriginMissing | Failure::PreflightStatus => Some(match response.status {
                0 => "the response lacks the field".into(),
                status if failure == Failure::PreflightStatus => format!("the status is {status}"),
                status if (200..300).contains(&status) => {
                    "this response lacks Access-Control-Allow-Origin".into()
                }
                status => format!("the status is {status}, and Access-Control-Allow-Origin is missing too"),
            }),
            _ => None,
        }
    }
}

/// The course of an exchange for one origin and credentials mode.
#[derive(Clone)]
struct Run {
    verdict: Verdict,
    finding: Option<Finding>,
    warnings: Vec<Finding>,
    steps: Vec<Step>,
    questions: Vec<Question>,
    lacks_preflight: bool,
    lacks_method: Option<Finding>,
    open_redirect: Option<String>,
    /// Whether a redirect led to the request that is being checked.
    is_redirected: bool,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            verdict: Verdict::Unknown,
            finding: None,
            warnings: Vec::new(),
            steps: Vec::new(),
            questions: Vec::new(),
            lacks_preflight: false,
            lacks_method: None,
            open_redirect: None,
            is_redirected: false,
        }
    }
}

impl Run {
    /// Notes which request the finding is about.
    fn is_about(&mut self, transfer: &Transfer) {
        if let Some(finding) = &mut self.finding {
            finding.request = transfer.request.as_ref().and_then(|request| request.span);
        }
    }

    /// Says that the request of a tool was not the one of a browser, so its answer decides nothing.
    fn lack(&mut self, cause: Cause, place: Place, response: &ResponseHead) {
        self.verdict = Verdict::Unknown;
        self.finding = Some(finding_in(cause, place, response, None));
        self.questions.push(Question {
            what: if cause == Cause::NoOriginSent {
                "origin"
            } else {
                "preflight"
            },
            text: match cause {
                Cause::NoOriginSent => "Does the answer have the field if the request has an Origin?".into(),
                _ => "What is the answer if the request has Access-Control-Request-Method?".into(),
            },
        });
    }
}

/// Writes the head of a response as the engine's model reads it, with the fields that it looks at.
/// Bytes that a head cannot have become question marks.
fn head_of(response: &ResponseHead) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {:03} \r\n", response.status.min(999)).into_bytes();
    for field in &response.fields {
        let name = field.name.to_ascii_lowercase();
        if !name.starts_with("access-control-")
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
        {
            continue;
        }
        head.extend(name.bytes().chain(*b": "));
        head.extend(field.value.bytes().map(|byte| {
            if byte.is_ascii_control() && byte != b'\t' {
                b'?'
            } else {
                byte
            }
        }));
        head.extend(b"\r\n");
    }
    head.extend(b"\r\n");
    head
}

/// Returns the steps of a response: those before `failed` passed, those after it were not reached.
fn steps(place: Place, count: usize, failed: Option<usize>, is_unknown: bool) -> Vec<Step> {
    let outcome = |index: usize| match failed {
        _ if is_unknown => Outcome::Unknown,
        Some(failed) if index == failed => Outcome::Failed,
        Some(failed) if index > failed => Outcome::NotReached,
        _ => Outcome::Passed,
    };
    CHECKS
        .iter()
        .take(count)
        .enumerate()
        .map(|(index, (question, url))| Step {
            place,
            question,
            url,
            outcome: outcome(index),
        })
        .collect()
}

/// Returns which of [`CHECKS`] fails.
const fn check_of(failure: Failure) -> usize {
    match failure {
        Failure::AllowOriginMissing | Failure::AllowOriginRepeated => 0,
        Failure::AllowOriginAnyWithCredentials | Failure::AllowOriginDiffers => 1,
        Failure::AllowCredentialsMissing | Failure::AllowCredentialsNotTrue => 2,
        Failure::PreflightStatus => 3,
        Failure::AllowMethodsMalformed | Failure::AllowHeadersMalformed => 4,
        Failure::MethodNotAllowed | Failure::AnyMethodWithCredentials => 5,
        _ => 6,
    }
}
