//! The response: the answer to a preflight or the refusal at the doors, otherwise the response of
//! the inner service.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, Response, StatusCode};
use pin_project_lite::pin_project;

use crate::Headers;

pin_project! {
    /// The future of a response with CORS fields.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        kind: Kind<F>,
    }
}

pin_project! {
    #[project = KindProjection]
    #[derive(Debug)]
    enum Kind<F> {
        AtOnce {
            status: u16,
            headers: HeaderMap,
        },
        Inner {
            #[pin]
            future: F,
            // `None` after the response was returned.
            headers: Option<Headers>,
        },
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) const fn at_once(status: u16, headers: HeaderMap) -> Self {
        Self {
            kind: Kind::AtOnce { status, headers },
        }
    }

    pub(crate) const fn inner(future: F, headers: Headers) -> Self {
        Self {
            kind: Kind::Inner {
                future,
                headers: Some(headers),
            },
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let response = match self.project().kind.project() {
            KindProjection::AtOnce { status, headers } => {
                let mut response = Response::new(B::default());
                *response.status_mut() = StatusCode::from_u16(*status).unwrap_or(StatusCode::FORBIDDEN);
                *response.headers_mut() = mem::take(headers);
                response
            }
            KindProjection::Inner { future, headers } => {
                let mut response = ready!(future.poll(context))?;
                if let Some(headers) = headers.take()
                    && !is_interim(response.status())
                {
                    headers.apply_to(response.headers_mut());
                }
                response
            }
        };
        Poll::Ready(Ok(response))
    }
}

/// Returns whether another response to the same request follows. 101 is the last one, and a page
/// reads it: <https://www.rfc-editor.org/rfc/rfc9110#section-15.2>.
fn is_interim(status: StatusCode) -> bool {
    status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS
}
