//! Endpoints that misbehave: a server for each, on plain TCP, so that it can send what no library would.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How a server answers one request.
pub type Serve = fn(&mut TcpStream, &Request) -> std::io::Result<()>;

/// What a server is told of a request.
pub struct Request {
    pub head: String,
    /// A server that must never be asked.
    pub elsewhere: u16,
}

/// A listening server, with the heads of the requests that came.
pub struct Server {
    pub port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub fn start(serve: Serve, elsewhere: u16) -> Self {
        Self::listen(serve, elsewhere, false)
    }

    /// One whose connections end in a reset: that is what closing one with unread bytes does.
    pub fn start_resetting(serve: Serve, elsewhere: u16) -> Self {
        Self::listen(serve, elsewhere, true)
    }

    fn listen(serve: Serve, elsewhere: u16, resets: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let server = Self { port, heads: Arc::clone(&heads) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let heads = Arc::clone(&heads);
                thread::spawn(move || {
                    let head = head_of(&mut stream, resets);
                    heads.lock().unwrap().push(head.clone());
                    drop(serve(&mut stream, &Request { head, elsewhere }));
                });
            }
        });
        server
    }

    /// One that takes a request down and hangs up.
    pub fn silent() -> Self {
        Self::start(|_, _| Ok(()), 0)
    }

    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// A request's head (or whatever came in its place), with its body read as far as it came along.
fn head_of(stream: &mut TcpStream, only_looks: bool) -> String {
    let _unset = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let mut head = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let patience = Instant::now();
    while patience.elapsed() < Duration::from_secs(10) {
        let got = if only_looks { stream.peek(&mut buffer) } else { stream.read(&mut buffer) };
        match got {
            Ok(0) | Err(_) => break,
            Ok(count) if only_looks => head = buffer[..count].to_vec(),
            Ok(count) => head.extend_from_slice(&buffer[..count]),
        }
        // A TLS greeting has no end that looks like one.
        if head.windows(4).any(|end| end == b"\r\n\r\n") || head.first() == Some(&0x16) {
            break;
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// An answer with a body as long as it says.
pub fn answer(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}
