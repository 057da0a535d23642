//! The rows of actix-cors start with a `ServiceRequest` and end with a `ServiceResponse`. Each call
//! takes the request out of the previous response. There are no rows that start with the head of a
//! request, since actix-web uses its own parser.

use std::future::{Future, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, fn_service};
use actix_web::test::TestRequest;
use actix_web::{Error, HttpRequest, HttpResponse};
use benchmarks::cases;

use crate::answer::Answer;
use crate::{Case, Origins, Prepared};

fn cors(case: &Case) -> Cors {
    let mut cors = Cors::default()
        .allowed_methods(cases::METHODS)
        .allowed_headers(cases::HEADERS)
        .expose_headers(cases::EXPOSED)
        .supports_credentials()
        .max_age(cases::MAX_AGE as usize);
    match case.origins {
        Origins::Exact(_) => {
            for origin in case.origins.entries() {
                cors = cors.allowed_origin(origin);
            }
            cors
        }
        // actix-cors has no patterns.
        Origins::Subdomain => cors.allowed_origin_fn(|origin, _| {
            let origin = origin.as_bytes();
            origin.starts_with(b"https://") && origin.ends_with(b".customers.example.com")
        }),
    }
}

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the handler is ready at once"),
    }
}

fn handler() -> impl Service<ServiceRequest, Response = ServiceResponse, Error = Error> + 'static {
    fn_service(|request: ServiceRequest| ready(Ok(request.into_response(HttpResponse::Ok().finish()))))
}

pub(crate) fn own_type(case: &Case) -> Prepared {
    match now(cors(case).new_transform(handler())) {
        Ok(service) => of_service(service, case),
        Err(()) => unreachable!("the policy is valid"),
    }
}

pub(crate) fn frame(case: &Case) -> Prepared {
    of_service(handler(), case)
}

fn of_service<S, B>(service: S, case: &Case) -> Prepared
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let mut request = TestRequest::default().method(case.method.parse().expect("the method is valid"));
    for field in &case.fields {
        request = request.insert_header(*field);
    }
    let call = move |request: HttpRequest| {
        let response = now(black_box(&service).call(ServiceRequest::from_request(request)));
        response.expect("refusals are responses").into_parts()
    };
    let (request, response) = call(request.to_http_request());
    let fields = response.headers().iter();
    let answer = Answer::new(
        response.status().as_u16(),
        fields.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes())),
    );
    drop(response);
    let mut request = Some(request);
    Prepared {
        answer,
        call: Box::new(move || {
            let Some(mine) = request.take() else { return 0 };
            let (back, response) = call(mine);
            request = Some(back);
            black_box(response).headers().len()
        }),
    }
}
