//! Servers on loopback, in threads of the test.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// A server that answers each connection with a function, until it is dropped.
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// The certificate in PEM, if the server has one.
    pub certificate: String,
}

/// Returns a response without a body.
pub fn answer(status: &str, fields: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: 0\r\n\r\n")
}

impl Server {
    /// Starts a server of HTTP/1.1. The function gets the head of the request.
    pub fn start(respond: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::listen("http", move |mut stream| {
            let head = read_head(&mut stream);
            respond(&head, &mut stream);
        })
    }

    /// Starts a server with TLS and a self-signed certificate for these names.
    pub fn start_tls(names: &[&str], respond: impl Fn(&str, &mut dyn Write) + Send + Sync + 'static) -> Self {
        use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let certified = rcgen::generate_simple_self_signed(names).unwrap();
        let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
            .unwrap();
        let config = Arc::new(config);
        let mut server = Self::listen("https", move |stream| {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            let head = read_head(&mut stream);
            // A client that does not trust the certificate sends no request.
            if !head.is_empty() {
                respond(&head, &mut stream);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        server.certificate = certified.cert.pem();
        server
    }

    /// Starts a server that gets each connection.
    pub fn listen(scheme: &'static str, serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let serve = Arc::new(serve);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(stream));
            }
        });
        Self {
            address,
            scheme,
            is_over,
            thread: Some(thread),
            certificate: String::new(),
        }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns an address of this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Ends the wait for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads up to the empty line. The result is what came, if the connection ends before.
fn read_head(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => bytes.extend_from_slice(&byte),
            _ => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
