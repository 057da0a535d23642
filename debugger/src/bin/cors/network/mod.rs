//! Sends requests over sockets, in HTTP/1.1. Each request has a separate connection and a deadline;
//! the head of the response is kept as it came.

mod timed;
#[cfg(feature = "tls")]
mod tls;

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use cors_debugger::probe::{Network, Trouble, TroubleKind};
use cors_debugger::url::Url;

pub use timed::Timed;

/// The most bytes of a head. Browsers accept 256 KiB and more; no server means to send as much.
const MAX_HEAD: usize = 65_536;
/// The most interim responses, such as 103, before the final one.
const MAX_INTERIM: usize = 8;

/// How to send requests.
pub struct Settings {
    /// How long a request may take.
    pub timeout: Duration,
    /// When the last request has to have ended.
    pub deadline: Option<Instant>,
    /// Whether a certificate that is not trusted is accepted.
    #[cfg_attr(
        not(feature = "tls"),
        expect(dead_code, reason = "there are no certificates without TLS")
    )]
    pub insecure: bool,
    /// Addresses that take the place of a name's.
    pub resolve: Vec<Resolve>,
}

/// An entry of `--resolve`: HOST:PORT:ADDR.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolve {
    host: String,
    port: u16,
    address: IpAddr,
}

impl std::str::FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "write HOST:PORT:ADDRESS, such as api.example.com:443:127.0.0.1";
        let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once("]:"));
        let (host, rest) = match bracketed {
            Some((host, rest)) => (format!("[{host}]"), rest),
            None => {
                let (host, rest) = text.split_once(':').ok_or(form)?;
                (host.to_string(), rest)
            }
        };
        let (port, address) = rest.split_once(':').ok_or(form)?;
        let port = port
            .parse()
            .map_err(|_| format!("{port:?} is not a port; {form}"))?;
        let digits = address.trim_start_matches('[').trim_end_matches(']');
        let address = digits
            .parse()
            .map_err(|_| format!("{address:?} is not an IP address; {form}"))?;
        Ok(Self {
            host: host.to_ascii_lowercase(),
            port,
            address,
        })
    }
}

/// A network of sockets.
pub struct Sockets {
    settings: Settings,
    /// Whether the time for all requests ends before the time for this one.
    is_last: bool,
    #[cfg(feature = "tls")]
    tls: Option<tls::Client>,
}

impl Sockets {
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            is_last: false,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    fn connect(&self, url: &Url, deadline: Instant) -> Result<TcpStream, Trouble> {
        let port = url.effective_port().unwrap_or(80);
        let host = url.host.trim_start_matches('[').trim_end_matches(']');
        let entries = self.settings.resolve.iter();
        let chosen: Vec<SocketAddr> = entries
            .filter(|entry| entry.host == url.host && entry.port == port)
            .map(|entry| SocketAddr::new(entry.address, port))
            .collect();
        let addresses = match chosen.is_empty() {
            false => chosen,
            true => resolve(host, port, deadline)?,
        };
        if addresses.is_empty() {
            return Err(Trouble::new(TroubleKind::Dns, format!("{host} has no address")));
        }
        let mut last = None;
        for address in addresses {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => {
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => last = Some((address, error)),
            }
        }
        Err(match last {
            Some((address, error)) => {
                let kind = match error.kind() {
                    io::ErrorKind::ConnectionRefused => TroubleKind::Refused,
                    io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => TroubleKind::TimedOut,
                    _ => TroubleKind::Unreachable,
                };
                Trouble::new(kind, format!("{address}: {error}"))
            }
            None => self.too_slow(),
        })
    }

    fn too_slow(&self) -> Trouble {
        if self.is_last {
            return Trouble::new(
                TroubleKind::Ended,
                "the time for all requests is over; --max-time allows more",
            );
        }
        let seconds = self.settings.timeout.as_secs_f32();
        Trouble::new(
            TroubleKind::TimedOut,
            format!("no whole answer within {seconds} seconds; --timeout allows more"),
        )
    }

    /// Says what an error of a connection means.
    fn lost(&self, error: &io::Error) -> Trouble {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => self.too_slow(),
            _ => {
                #[cfg(feature = "tls")]
                if let Some(trouble) = tls::trouble(error) {
                    return trouble;
                }
                Trouble::new(TroubleKind::Closed, error.to_string())
            }
        }
    }

    #[cfg(feature = "tls")]
    fn open(&mut self, stream: Timed, url: &Url) -> Result<Box<dyn Stream>, Trouble> {
        if url.scheme.as_deref() != Some("https") {
            return Ok(Box::new(stream));
        }
        let client = match self.tls.take() {
            Some(client) => client,
            None => tls::Client::new(self.settings.insecure)?,
        };
        let host = url.host.trim_start_matches('[').trim_end_matches(']');
        let stream = client.open(stream, host);
        self.tls = Some(client);
        Ok(Box::new(stream?))
    }

    #[cfg(not(feature = "tls"))]
    fn open(&mut self, stream: Timed, url: &Url) -> Result<Box<dyn Stream>, Trouble> {
        if url.scheme.as_deref() != Some("https") {
            return Ok(Box::new(stream));
        }
        Err(Trouble::new(
            TroubleKind::NotSent,
            "this command was built without the feature tls, so it cannot speak https",
        ))
    }
}

trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// Looks up a name in a thread, since the system's function has no time limit.
fn resolve(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, Trouble> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    // https://datatracker.ietf.org/doc/html/rfc6761#section-6.3: names of this machine.
    if host == "localhost" || host.ends_with(".localhost") {
        return Ok(vec![
            SocketAddr::new(IpAddr::from([127, 0, 0, 1]), port),
            SocketAddr::new(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]), port),
        ]);
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    let name = host.to_string();
    std::thread::spawn(move || {
        let found = (name.as_str(), port)
            .to_socket_addrs()
            .map(Iterator::collect::<Vec<_>>);
        let _ = sender.send(found);
    });
    let left = deadline.saturating_duration_since(Instant::now());
    match receiver.recv_timeout(left) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(Trouble::new(TroubleKind::Dns, format!("{host}: {error}"))),
        Err(_) => Err(Trouble::new(
            TroubleKind::Dns,
            format!("{host}: the name server does not answer"),
        )),
    }
}

impl Network for Sockets {
    fn send(&mut self, url: &str, head: &[u8]) -> Result<Vec<u8>, Trouble> {
        let now = Instant::now();
        let mut deadline = now + self.settings.timeout;
        if let Some(last) = self.settings.deadline {
            if now >= last {
                return Err(Trouble::new(
                    TroubleKind::NotSent,
                    "the time for all requests is over; --max-time allows more",
                ));
            }
            self.is_last = last < deadline;
            deadline = deadline.min(last);
        }
        let url = Url::parse(url).ok_or_else(|| Trouble::new(TroubleKind::NotSent, "the URL is invalid"))?;
        let stream = self.connect(&url, deadline)?;
        let mut stream = self.open(Timed::new(stream, deadline), &url)?;
        stream
            .write_all(head)
            .and_then(|()| stream.flush())
            .map_err(|error| self.lost(&error))?;
        read_head(stream.as_mut()).map_err(|error| match error {
            ReadError::Io(error) => self.lost(&error),
            ReadError::Trouble(trouble) => trouble,
        })
    }
}

enum ReadError {
    Io(io::Error),
    Trouble(Trouble),
}

/// Reads the head of the final response. Heads of interim responses come before it.
fn read_head(stream: &mut dyn Stream) -> Result<Vec<u8>, ReadError> {
    let trouble = |kind, detail: String| ReadError::Trouble(Trouble::new(kind, detail));
    let mut bytes: Vec<u8> = Vec::new();
    let mut piece = [0; 4096];
    let mut interim = 0;
    // Where the search for the end of the head goes on, so that the work stays linear.
    let mut searched = 0;
    loop {
        let n = match stream.read(&mut piece) {
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // Servers may close TLS connections without a farewell.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(ReadError::Io(error)),
        };
        bytes.extend_from_slice(piece.get(..n).unwrap_or(&[]));
        let start = bytes.get(..bytes.len().min(5)).unwrap_or(&[]);
        if !b"HTTP/".starts_with(start) {
            let words = match start {
                [0x15 | 0x16, 3, ..] => "the server speaks TLS here; use https".to_string(),
                _ => {
                    let shown = String::from_utf8_lossy(bytes.get(..bytes.len().min(60)).unwrap_or(&[]));
                    format!("the answer begins with {shown:?}")
                }
            };
            return Err(trouble(TroubleKind::NotHttp, words));
        }
        while let Some(end) = head_end(&bytes, searched) {
            let head: Vec<u8> = bytes.drain(..end).collect();
            searched = 0;
            let status = head.split(|byte| *byte == b' ').nth(1).unwrap_or(&[]);
            if !status.starts_with(b"1") || status == b"101" {
                return Ok(head);
            }
            interim += 1;
            if interim > MAX_INTERIM {
                let words = format!("more than {MAX_INTERIM} interim responses came before the response");
                return Err(trouble(TroubleKind::NotHttp, words));
            }
        }
        if n == 0 {
            let words = match bytes.is_empty() {
                true => "the server closed the connection without an answer".to_string(),
                false => format!(
                    "the server closed the connection within the head of its answer, after {} bytes",
                    bytes.len()
                ),
            };
            return Err(trouble(TroubleKind::Closed, words));
        }
        if bytes.len() > MAX_HEAD {
            let words = format!("it has more than {MAX_HEAD} bytes");
            return Err(trouble(TroubleKind::TooLong, words));
        }
        searched = bytes.len().saturating_sub(3);
    }
}

/// Returns the index after the empty line that ends a head. Lines end with CRLF or LF.
fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(offset) = bytes.get(at..)?.iter().position(|byte| *byte == b'\n') {
        at += offset + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_resolve_are_read() {
        let entry: Resolve = "API.example.com:443:127.0.0.1".parse().unwrap();
        assert_eq!((entry.host.as_str(), entry.port), ("api.example.com", 443));
        let entry: Resolve = "api.example.com:443:[::1]".parse().unwrap();
        assert!(entry.address.is_ipv6());
        for wrong in ["", "api.example.com", "a:443", "a:b:127.0.0.1", "a:1:localhost"] {
            assert!(wrong.parse::<Resolve>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_head_ends_at_its_empty_line_in_pieces_of_any_size() {
        let text = b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\n\r\nbody\r\n\r\n";
        for size in 1..text.len() {
            struct Pieces<'t>(&'t [u8], usize);
            impl Read for Pieces<'_> {
                fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                    let n = self.1.min(self.0.len()).min(buffer.len());
                    buffer[..n].copy_from_slice(&self.0[..n]);
                    self.0 = &self.0[n..];
                    Ok(n)
                }
            }
            impl Write for Pieces<'_> {
                fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                    Ok(bytes.len())
                }
                fn flush(&mut self) -> io::Result<()> {
                    Ok(())
                }
            }
            let Ok(head) = read_head(&mut Pieces(text, size)) else {
                panic!("pieces of {size} bytes");
            };
            assert_eq!(head, b"HTTP/1.1 200 OK\r\nA: b\n\r\n", "{size}");
        }
    }
}
