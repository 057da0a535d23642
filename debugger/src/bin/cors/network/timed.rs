//! A stream with a deadline.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// A stream that fails with [`io::ErrorKind::TimedOut`] after its deadline. A time-out of the
/// socket alone would start again with each byte, so a server that sends a byte at a time could
/// hold the command for ever.
pub struct Timed {
    stream: TcpStream,
    deadline: Instant,
}

impl Timed {
    pub fn new(stream: TcpStream, deadline: Instant) -> Self {
        Self { stream, deadline }
    }

    /// Sets another deadline.
    pub fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// Ends the sending side, and waits a moment for the client to end its own. Without that, what
    /// the client has sent and nobody has read would reset the connection, and the response with
    /// it.
    pub fn finish(&mut self) -> io::Result<()> {
        const MOMENT: Duration = Duration::from_millis(500);
        const MOST: usize = 64;
        self.stream.shutdown(Shutdown::Write)?;
        self.deadline = self.deadline.min(Instant::now() + MOMENT);
        let mut piece = [0; 4096];
        for _ in 0..MOST {
            if self.read(&mut piece)? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Waits for the first byte, which stays to be read.
    #[cfg(feature = "tls")]
    pub fn wait(&mut self, longest: Duration) -> io::Result<()> {
        let left = self.left()?.map(|left| left.min(longest));
        self.stream.set_read_timeout(left)?;
        self.stream.peek(&mut [0]).map(|_| ())
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match left.is_zero() {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => Ok(Some(left)),
        }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
