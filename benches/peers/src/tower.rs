//! The rows of tower-http and of this project's layer start with an `http::Request` and end with an
//! `http::Response`. In the rows `wire`, the request is made of the bytes of a head, and the fields
//! are copied to the buffer at the end. A call consumes its request, which is made before the calls
//! are counted. `peers/frame` is the inner handler alone.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::mem::{self, MaybeUninit};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use benchmarks::{Consuming, cases};
use bytes::{Bytes, BytesMut};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, Uri};
use tower_http::cors::{AllowOrigin, Cors, CorsLayer};
use tower_layer::Layer;
use tower_service::Service;

use crate::answer::Answer;
use crate::{Case, Origins, Prepared, write_fields};

/// The inner handler, which answers 200 without content.
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
        // tower-http has no patterns.
        Origins::Subdomain => AllowOrigin::predicate(|origin, _| {
            let origin = origin.as_bytes();
            origin.starts_with(b"https://") && origin.ends_with(b".customers.example.com")
        }),
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods(cases::METHODS.map(|method| method.parse::<Method>().expect("the method is valid")))
        .allow_headers(cases::HEADERS.map(HeaderName::from_static))
        .expose_headers(cases::EXPOSED.map(HeaderName::from_static))
        .allow_credentials(true)
        .max_age(Duration::from_secs(cases::MAX_AGE.into()))
        .layer(Empty)
}

fn request(case: &Case) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = case.method.parse().expect("the method is valid");
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

/// Prepares a row of this crate's layer.
pub(crate) fn own_layer(case: &Case) -> Prepared {
    let policy = cases::policy_of(case.origins.entries());
    of_service(embedded_cors_tower::CorsLayer::new(policy).layer(Empty), case)
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
        call: Box::new(Consuming::new(
            move || request.clone(),
            move |request| {
                black_box(answer(black_box(&mut service), request))
                    .headers()
                    .len()
            },
        )),
    }
}

pub(crate) fn wire(case: &Case) -> Prepared {
    wire_of(cors(case), case)
}

/// Prepares a row of this crate's layer.
pub(crate) fn own_wire(case: &Case) -> Prepared {
    let policy = cases::policy_of(case.origins.entries());
    wire_of(embedded_cors_tower::CorsLayer::new(policy).layer(Empty), case)
}

pub(crate) fn wire_frame(case: &Case) -> Prepared {
    wire_of(Empty, case)
}

fn wire_of(
    mut service: impl Service<Request<()>, Response = Response<()>> + 'static,
    case: &Case,
) -> Prepared {
    let head = case.head.expect("the case has a head");
    let mut cached = HeaderMap::new();
    let mut respond = move |head, buffer: &mut [u8]| {
        let response = answer(
            black_box(&mut service),
            to_request(black_box(head), mem::take(&mut cached)),
        );
        let fields = response.headers().iter();
        let fields = fields.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
        let length = write_fields(fields, buffer);
        let answer = (response.status().as_u16(), length);
        cached = response.into_parts().0.headers;
        cached.clear();
        answer
    };
    // The bytes that a server has read.
    let received = move || BytesMut::from(head).freeze();
    let mut buffer = vec![0; 1024];
    let (status, length) = respond(received(), &mut buffer);
    let written = std::str::from_utf8(&buffer[..length]).expect("responses are ASCII");
    let fields = written.lines().filter_map(|line| line.split_once(": "));
    Prepared {
        answer: Answer::new(
            status,
            fields.map(|(name, value)| (name.as_bytes(), value.as_bytes())),
        ),
        call: Box::new(Consuming::new(received, move |head| {
            respond(head, black_box(buffer.as_mut_slice())).1
        })),
    }
}

/// Makes a request of a head as hyper 1 does: the target and the values are slices of the bytes
/// that were read, the parser has checked the values, and the map is that of the previous response.
fn to_request(head: Bytes, mut headers: HeaderMap) -> Request<()> {
    let mut fields = [const { MaybeUninit::uninit() }; 100];
    let mut parsed = httparse::Request::new(&mut []);
    let complete = parsed.parse_with_uninit_headers(&head, &mut fields);
    assert!(complete.is_ok_and(|status| status.is_complete()));
    let mut request = Request::new(());
    let method = parsed.method.unwrap_or("").as_bytes();
    *request.method_mut() = Method::from_bytes(method).expect("the method is valid");
    let target = head.slice_ref(parsed.path.unwrap_or("").as_bytes());
    *request.uri_mut() = Uri::from_maybe_shared(target).expect("the target is valid");
    headers.reserve(parsed.headers.len());
    for field in parsed.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).expect("the name is valid");
        // SAFETY: httparse accepts only values that are valid.
        let value = unsafe { HeaderValue::from_maybe_shared_unchecked(head.slice_ref(field.value)) };
        headers.append(name, value);
    }
    *request.headers_mut() = headers;
    request
}
