//! `embedded-io` 0.7: responses to a `Write`.

use embedded_io_v0_7::Write;

use crate::{Decision, Preflight};

impl Decision<'_> {
    /// Writes the fields to a writer, as [`write_fields`](Self::write_fields) writes them to a
    /// buffer.
    ///
    /// It makes many small writes, so the writer should be buffered. If the writer fails, a part
    /// may have been written.
    ///
    /// # Errors
    ///
    /// Returns the error of the writer.
    pub fn write_fields_to<W: Write>(&self, writer: &mut W) -> Result<(), W::Error> {
        self.parts()
            .try_for_each(|part| writer.write_all(part.as_bytes()))
    }
}

impl Preflight<'_> {
    /// Writes the response to a writer, as [`write_response`](Self::write_response) writes it to a
    /// buffer.
    ///
    /// It makes many small writes, so the writer should be buffered. If the writer fails, a part
    /// may have been written.
    ///
    /// # Errors
    ///
    /// Returns the error of the writer.
    pub fn write_response_to<W: Write>(&self, writer: &mut W) -> Result<(), W::Error> {
        self.parts()
            .try_for_each(|part| writer.write_all(part.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use crate::Request;
    use crate::interop_tests::{POLICY, PREFLIGHT};

    #[test]
    fn a_writer_gets_what_a_buffer_gets() {
        let request = Request::from_head(PREFLIGHT).unwrap();
        let decision = POLICY.decide(&request);
        let mut expected = [0xa5; 512];
        let expected = decision.write_fields(&mut expected).unwrap();
        let mut written = [0xa5; 512];
        let mut writer = &mut written[..];
        decision.write_fields_to(&mut writer).unwrap();
        let left = writer.len();
        assert_eq!(&written[..512 - left], expected.as_bytes());

        let preflight = decision.preflight().unwrap();
        let mut expected = [0; 512];
        let expected = preflight.write_response(&mut expected).unwrap();
        let mut written = [0; 512];
        let mut writer = &mut written[..];
        preflight.write_response_to(&mut writer).unwrap();
        let left = writer.len();
        assert_eq!(&written[..512 - left], expected);
    }

    #[test]
    fn a_writer_is_filled_exactly_and_a_smaller_one_fails() {
        let request = Request::from_head(PREFLIGHT).unwrap();
        let decision = POLICY.decide(&request);
        let mut written = [0; 512];
        for len in 0..decision.encoded_len() {
            assert!(decision.write_fields_to(&mut &mut written[..len]).is_err());
        }
        let len = decision.encoded_len();
        assert!(decision.write_fields_to(&mut &mut written[..len]).is_ok());
    }
}
