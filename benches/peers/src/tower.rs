//! tower-http: from a `http::Request` to a `http::Response`; from the wire, httparse before it and a copy to the buffer behind it. A
//! request is cloned for each call, since a call consumes it; `peers/frame` says what that costs.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use benchmarks::cases;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, Uri};
use tower_http::cors::{AllowOrigin, Cors, CorsLayer};
use tower_layer::Layer;
use tower_service::Service;

use crate::answer::Answer;
use crate::{Case, Origins, Prepared};

/// The inner handler.
#[derive(Clone)]
struct Empty;

impl Service<Request<()>> for Empty {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        black_box(&request);
        ready(Ok(Response::new(())))
    }
}

fn cors(case: &Case) -> Cors<Empty> {
    let origins = match case.origins {
        Origins::Exact(_) => AllowOrigin::list(
            case.origins
                .entries()
                .iter()
                .copied()
                .map(HeaderValue::from_static),
        ),
        // There are no patterns.
        Origins::Subdomain => AllowOrigin::predicate(|origin, _| {
            let origin = origin.as_bytes();
            origin.starts_with(b"https://") && origin.ends_with(b".customers.example.com")
        }),
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods(cases::METHODS.map(|method| method.parse::<Method>().expect("a method")))
        .allow_headers(cases::HEADERS.map(HeaderName::from_static))
        .expose_headers(cases::EXPOSED.map(HeaderName::from_static))
        .allow_credentials(true)
        .max_age(Duration::from_secs(cases::MAX_AGE.into()))
        .layer(Empty)
}

fn request(case: &Case) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = case.method.parse().expect("a method");
    for &(name, value) in &case.fields {
        request
            .headers_mut()
            .append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    request
}

fn answer(
    service: &mut impl Service<Request<()>, Response = Response<()>>,
    request: Request<()>,
) -> Response<()> {
    let mut future = pin!(service.call(request));
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(response)) => response,
        _ => unreachable!("the handler is ready at once"),
    }
}

fn read(response: &Response<()>) -> Answer {
    let fields = response.headers().iter();
    Answer::new(
        response.status().as_u16(),
        fields.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes())),
    )
}

pub(crate) fn own_type(case: &Case) -> Prepared {
    of_service(cors(case), case)
}

pub(crate) fn frame(case: &Case) -> Prepared {
    of_service(Empty, case)
}

fn of_service(
    mut service: impl Service<Request<()>, Response = Response<()>> + 'static,
    case: &Case,
) -> Prepared {
    let request = request(case);
    Prepared {
        answer: read(&answer(&mut service, request.clone())),
        call: Box::new(move || {
            let request = black_box(&request).clone();
            black_box(answer(black_box(&mut service), request))
                .headers()
                .len()
        }),
    }
}

pub(crate) fn wire(case: &Case) -> Prepared {
    let mut service = cors(case);
    let head = case.head.expect("a case with a head");
    let mut buffer = vec![0; 1024];
    let mut respond = move || {
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Request::new(&mut fields);
        let _ = parsed.parse(black_box(head)).expect("a valid head");
        let mut request = Request::new(());
        *request.method_mut() = Method::from_bytes(parsed.method.unwrap_or("").as_bytes()).expect("a method");
        *request.uri_mut() = Uri::try_from(parsed.path.unwrap_or("")).expect("a target");
        let mut headers = HeaderMap::with_capacity(parsed.headers.len());
        for field in parsed.headers.iter() {
            headers.append(
                HeaderName::from_bytes(field.name.as_bytes()).expect("a name"),
                HeaderValue::from_bytes(field.value).expect("a value"),
            );
        }
        *request.headers_mut() = headers;
        answer(black_box(&mut service), request)
    };
    Prepared {
        answer: read(&respond()),
        call: Box::new(move || {
            let response = respond();
            let mut length = 0;
            let buffer = black_box(buffer.as_mut_slice());
            for (name, value) in response.headers() {
                for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                    buffer[length..length + part.len()].copy_from_slice(part);
                    length += part.len();
                }
            }
            length
        }),
    }
}
