//! The rows of bunner_cors_rs start with strings and end with a map of names and values. In the
//! rows `wire`, httparse runs first, and the fields are copied to the buffer at the end.

use std::hint::black_box;

use benchmarks::cases;
use bunner_cors_rs::{
    AllowedHeaders, AllowedMethods, Cors, CorsDecision, CorsOptions, ExposedHeaders, Headers, Origin,
    OriginMatcher, RequestContext,
};

use crate::answer::Answer;
use crate::{Case, Origins, Prepared, write_fields};

fn cors(case: &Case) -> Cors {
    let origins = match case.origins {
        Origins::Exact(_) => {
            let entries = case.origins.entries().iter();
            Origin::list(entries.map(|&origin| OriginMatcher::exact(origin)))
        }
        // A pattern has to be compiled within 100 ms of time, which fails where instructions are
        // counted.
        Origins::Subdomain => Origin::predicate(|origin, _| {
            origin.starts_with("https://") && origin.ends_with(".customers.example.com")
        }),
    };
    let options = CorsOptions::new()
        .origin(origins)
        .methods(AllowedMethods::list(
            // It checks the method of every request.
            cases::METHODS.into_iter().chain(["GET", "HEAD", "POST"]),
        ))
        .allowed_headers(AllowedHeaders::list(cases::HEADERS))
        .exposed_headers(ExposedHeaders::list(cases::EXPOSED))
        .credentials(true)
        .max_age(cases::MAX_AGE.into());
    Cors::new(options).expect("the policy is valid")
}

/// Returns the status and the fields that its documentation gives to each decision.
fn answer(decision: CorsDecision) -> (u16, Headers) {
    match decision {
        CorsDecision::PreflightAccepted { headers } => (204, headers),
        CorsDecision::PreflightRejected(rejection) => (403, rejection.headers),
        CorsDecision::SimpleAccepted { headers } => (200, headers),
        CorsDecision::SimpleRejected(rejection) => (403, rejection.headers),
        CorsDecision::NotApplicable => (200, Headers::new()),
    }
}

fn read((status, headers): &(u16, Headers)) -> Answer {
    let fields = headers.iter();
    Answer::new(
        *status,
        fields.map(|(name, value)| (name.as_bytes(), value.as_bytes())),
    )
}

fn take<'a>(request: &mut RequestContext<'a>, name: &str, value: &'a [u8]) {
    let value = std::str::from_utf8(value).ok();
    if name.eq_ignore_ascii_case("origin") {
        request.origin = value;
    } else if name.eq_ignore_ascii_case("access-control-request-method") {
        request.access_control_request_method = value;
    } else if name.eq_ignore_ascii_case("access-control-request-headers") {
        request.access_control_request_headers = value;
    } else if name.eq_ignore_ascii_case("access-control-request-private-network") {
        request.access_control_request_private_network = value == Some("true");
    }
}

fn of_method(method: &str) -> RequestContext<'_> {
    RequestContext {
        method,
        origin: None,
        access_control_request_method: None,
        access_control_request_headers: None,
        access_control_request_private_network: false,
    }
}

pub(crate) fn own_type(case: &Case) -> Prepared {
    let cors = cors(case);
    let mut request = of_method(case.method);
    for &(name, value) in &case.fields {
        take(&mut request, name, value.as_bytes());
    }
    let decide = move || {
        let decision = black_box(&cors).check(black_box(&request));
        answer(decision.expect("the policy has no callbacks"))
    };
    Prepared {
        answer: read(&decide()),
        call: Box::new(move || black_box(decide()).1.len()),
    }
}

pub(crate) fn wire(case: &Case) -> Prepared {
    let (cors, head) = (cors(case), case.head.expect("the case has a head"));
    let mut buffer = vec![0; 1024];
    let decide = move || {
        let mut room = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Request::new(&mut room);
        let _ = parsed.parse(black_box(head)).expect("the head is valid");
        let mut request = of_method(parsed.method.unwrap_or(""));
        for field in parsed.headers.iter() {
            take(&mut request, field.name, field.value);
        }
        let decision = black_box(&cors).check(&request);
        answer(decision.expect("the policy has no callbacks"))
    };
    Prepared {
        answer: read(&decide()),
        call: Box::new(move || {
            let (_, headers) = decide();
            let fields = headers.iter();
            let fields = fields.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            write_fields(fields, black_box(buffer.as_mut_slice()))
        }),
    }
}
