//! `embedded-io-async` 0.7: responses to an asynchronous `Write`.

use embedded_io_async_v0_7::Write;

use crate::{Decision, Preflight};

impl Decision<'_> {
    /// Writes the fields to an asynchronous writer, as [`write_fields`](Self::write_fields) writes
    /// them to a buffer.
    ///
    /// It makes many small writes, so the writer should be buffered. If the writer fails or the
    /// future is dropped, a part may have been written.
    ///
    /// # Errors
    ///
    /// Returns the error of the writer.
    pub async fn write_fields_async<W: Write>(&self, writer: &mut W) -> Result<(), W::Error> {
        for part in self.parts() {
            writer.write_all(part.as_bytes()).await?;
        }
        Ok(())
    }
}

impl Preflight<'_> {
    /// Writes the response to an asynchronous writer, as [`write_response`](Self::write_response)
    /// writes it to a buffer.
    ///
    /// It makes many small writes, so the writer should be buffered. If the writer fails or the
    /// future is dropped, a part may have been written.
    ///
    /// # Errors
    ///
    /// Returns the error of the writer.
    pub async fn write_response_async<W: Write>(&self, writer: &mut W) -> Result<(), W::Error> {
        for part in self.parts() {
            writer.write_all(part.as_bytes()).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::future::Future;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};

    use crate::Request;
    use crate::interop_tests::{POLICY, PREFLIGHT};

    /// Returns the output of a future that is ready at once, as those over slices are.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("pending"),
        }
    }

    #[test]
    fn a_writer_gets_what_a_buffer_gets() {
        let request = Request::from_head(PREFLIGHT).unwrap();
        let decision = POLICY.decide(&request);
        let preflight = decision.preflight().unwrap();
        let mut expected = [0; 512];
        let expected = preflight.write_response(&mut expected).unwrap();
        let mut written = [0; 512];
        let mut writer = &mut written[..];
        now(preflight.write_response_async(&mut writer)).unwrap();
        let left = writer.len();
        assert_eq!(&written[..512 - left], expected);

        let len = decision.encoded_len();
        assert!(now(decision.write_fields_async(&mut &mut written[..len])).is_ok());
        assert!(now(decision.write_fields_async(&mut &mut written[..len - 1])).is_err());
    }
}
