//! A client that sees every byte of a response.

#![allow(dead_code, reason = "each test uses a part")]

use std::net::SocketAddr;

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A response as it came over the socket.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub lines: Vec<String>,
    pub content: String,
}

impl Answer {
    pub fn of(text: &str) -> Self {
        let (head, content) = text.split_once("\r\n\r\n").expect("a head");
        let mut lines = head.split("\r\n");
        let status_line = lines.next().expect("a status line");
        Self {
            status: status_line
                .split(' ')
                .nth(1)
                .expect("a status")
                .parse()
                .expect("a number"),
            lines: lines.map(String::from).collect(),
            content: content.into(),
        }
    }

    /// The values of the fields of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let pairs = self.lines.iter().filter_map(|line| line.split_once(": "));
        pairs
            .filter(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }

    /// The fields that a browser looks at, sorted.
    pub fn cors(&self) -> Vec<&str> {
        let is_cors = |line: &&str| {
            let line = line.to_ascii_lowercase();
            line.starts_with("access-control-") || line.starts_with("vary") || line.starts_with("timing")
        };
        let mut lines: Vec<&str> = self.lines.iter().map(String::as_str).filter(is_cors).collect();
        lines.sort_unstable();
        lines
    }
}

/// Serves the router on a free port.
pub async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
    address
}

/// Sends a request and reads the response until the server closes the connection.
pub async fn ask(address: SocketAddr, request_line: &str, fields: &[(&str, &str)], content: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = format!("{request_line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in fields {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n{content}", content.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    // After a 413 the server may reset the connection, since it has not read the content.
    let mut piece = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut piece).await {
        text.extend_from_slice(&piece[..n]);
    }
    Answer::of(std::str::from_utf8(&text).unwrap())
}
