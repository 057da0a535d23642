//! Runs the application on smoltcp, with eight simultaneous connections and a receive buffer of 512
//! bytes for each.

#![no_std]
#![forbid(unsafe_code)]

pub mod frame;

use device::{Lamp, MAX_RESPONSE, Then};
use smoltcp::iface::{Config, Interface, SocketSet, SocketStorage};
use smoltcp::phy::Device;
use smoltcp::socket::tcp;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address};

/// The number of simultaneous connections: the six that a browser opens, and two that may be
/// closing. smoltcp has no queue for further ones.
const CONNECTIONS: usize = 6 + 2;
const RECEIVE: usize = 512;

/// The address of a guest in QEMU's user network.
const ADDRESS: Ipv4Address = Ipv4Address::new(10, 0, 2, 15);
const GATEWAY: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);

/// The parts that each board implements.
pub trait Board {
    /// Returns the milliseconds since the start.
    fn milliseconds(&mut self) -> u32;
    /// Waits for a frame or for the next millisecond.
    fn wait(&mut self);
    /// Switches the physical lamp.
    fn show(&mut self, is_on: bool);
}

/// Serves requests forever.
pub fn serve(device: &mut impl Device, mac: [u8; 6], board: &mut impl Board) -> ! {
    let mut receive = [[0; RECEIVE]; CONNECTIONS];
    let mut transmit = [[0; MAX_RESPONSE]; CONNECTIONS];
    let mut storage = [SocketStorage::EMPTY; CONNECTIONS];
    let mut sockets = SocketSet::new(&mut storage[..]);
    let mut handles = [None; CONNECTIONS];
    for ((receive, transmit), handle) in receive.iter_mut().zip(&mut transmit).zip(&mut handles) {
        let mut socket = tcp::Socket::new(
            tcp::SocketBuffer::new(&mut receive[..]),
            tcp::SocketBuffer::new(&mut transmit[..]),
        );
        socket.set_nagle_enabled(false);
        socket.set_ack_delay(None);
        socket.set_timeout(Some(Duration::from_secs(10)));
        // Nobody else would notice that the client of an event stream has gone without a word.
        socket.set_keep_alive(Some(Duration::from_secs(5)));
        *handle = Some(sockets.add(socket));
    }
    let mut connections = [const { Client::new() }; CONNECTIONS];
    let mut lamp = Lamp::new();
    let mut response = [0; MAX_RESPONSE];

    let now = |board: &mut dyn FnMut() -> u32| Instant::from_millis(i64::from(board()));
    let mut interface = Interface::new(
        Config::new(EthernetAddress(mac).into()),
        device,
        now(&mut || board.milliseconds()),
    );
    // smoltcp has room for at least one address and one route.
    interface.update_ip_addrs(|addresses| {
        let _ = addresses.push(IpCidr::new(ADDRESS.into(), 24));
    });
    let _ = interface.routes_mut().add_default_ipv4_route(GATEWAY);

    loop {
        interface.poll(now(&mut || board.milliseconds()), device, &mut sockets);
        lamp.tick(board.milliseconds());
        let mut has_acted = false;
        // The connection that waits for a client, and the one that can best be spared.
        let mut is_listening = false;
        let mut spare = None;
        for (connection, handle) in connections.iter_mut().zip(handles.iter().flatten()) {
            let socket = sockets.get_mut::<tcp::Socket>(*handle);
            let now = board.milliseconds();
            has_acted |= connection.step(socket, now, &mut lamp, &mut response);
            is_listening |= !socket.is_active();
            if let Some(waiting) = connection.spare_since(socket, now)
                && spare.is_none_or(|(longest, _)| waiting > longest)
            {
                spare = Some((waiting, *handle));
            }
        }
        // A connection that has nothing to say must not keep out a client that has. So if no socket
        // is left that listens, the connection that has waited the longest for a request is reset.
        // A browser opens another one when it needs it.
        if let Some((_, handle)) = spare
            && !is_listening
        {
            sockets.get_mut::<tcp::Socket>(handle).abort();
            has_acted = true;
        }
        board.show(lamp.is_on());
        // A response or the end of a connection must be sent without delay.
        if !has_acted {
            board.wait();
        }
    }
}

/// A connection without traffic for this many milliseconds is closed, since there are only a few.
const IDLE: u32 = 5_000;

/// A request has to arrive within this many milliseconds, and its response has to be taken within
/// as many. Otherwise a client that sends one byte a second could keep a connection as long as it
/// likes.
const DEADLINE: u32 = 10_000;

/// A connection that waits for a request is not reset before this many milliseconds, in which the
/// first bytes of the request may be on their way.
const GRACE: u32 = 500;

/// A connection, and the times that its deadlines need.
struct Client {
    connection: device::Connection,
    /// When the client was heard of last.
    last_heard: u32,
    /// When the current request or its wait began: at the first byte of the request, at the
    /// response, or when the connection was opened.
    since: u32,
}

impl Client {
    const fn new() -> Self {
        Self {
            connection: device::Connection::new(),
            last_heard: 0,
            since: 0,
        }
    }

    /// Handles received bytes and deadlines. Returns whether it has answered, closed or opened
    /// something.
    fn step(
        &mut self,
        socket: &mut tcp::Socket<'_>,
        now: u32,
        lamp: &mut Lamp,
        buffer: &mut [u8; MAX_RESPONSE],
    ) -> bool {
        let mut has_acted = false;
        // The client has closed too, and a late segment of it is harmless, so the socket can be
        // reused.
        if socket.state() == tcp::State::TimeWait {
            socket.abort();
        }
        if !socket.is_open() {
            self.connection.end(lamp);
            *self = Self::new();
            has_acted = true;
            // This cannot fail: the socket is closed and the port is not 0.
            let _ = socket.listen(80);
        }
        if !socket.is_active() {
            self.last_heard = now;
            self.since = now;
            return has_acted;
        }
        // A response must fit whole, so the next request waits until the client has taken the
        // response before it. A client that sends requests without waiting gets the responses in
        // the order of the requests.
        while socket.can_recv() && (self.connection.is_over() || socket.send_queue() == 0) {
            self.last_heard = now;
            if self.connection.awaits_request() {
                self.since = now;
            }
            let answer = socket.recv(|bytes| {
                let step = self.connection.push(lamp, bytes, buffer);
                let response = step.response;
                (
                    step.used,
                    response.map(|response| (response.bytes.len(), response.then == Then::Close)),
                )
            });
            if let Ok(Some((len, is_last))) = answer {
                self.send(socket, now, lamp, buffer.get(..len).unwrap_or(b""), is_last);
                has_acted = true;
            }
        }
        let has_sent = socket.send_queue() == 0;
        if has_sent && let Some(bytes) = self.connection.update(lamp, buffer) {
            self.send(socket, now, lamp, bytes, false);
            has_acted = true;
        }
        let silence = now.wrapping_sub(self.last_heard);
        let duration = now.wrapping_sub(self.since);
        if self.connection.is_over() || !has_sent {
            // The client has not taken the response, or has not closed its side, in time.
            if duration > DEADLINE {
                socket.abort();
                has_acted = true;
            }
        } else if self.connection.is_in_request() && (silence > IDLE || duration > DEADLINE) {
            let len = self.connection.time_out(lamp, buffer).map_or(0, <[u8]>::len);
            self.send(socket, now, lamp, buffer.get(..len).unwrap_or(b""), true);
            has_acted = true;
        } else if socket.state() == tcp::State::CloseWait || silence > IDLE && !self.connection.is_stream() {
            self.send(socket, now, lamp, b"", true);
            has_acted = true;
        }
        has_acted
    }

    /// Sends bytes, for which there is room.
    fn send(&mut self, socket: &mut tcp::Socket<'_>, now: u32, lamp: &mut Lamp, bytes: &[u8], is_last: bool) {
        let sent = socket.send_slice(bytes);
        self.since = now;
        if is_last || sent != Ok(bytes.len()) {
            socket.close();
            self.connection.end(lamp);
        }
    }

    /// Returns for how many milliseconds the connection has waited for a request, or for the client
    /// to close it. Returns `None` if it has something to do.
    fn spare_since(&self, socket: &tcp::Socket<'_>, now: u32) -> Option<u32> {
        let is_busy = self.connection.is_in_request() || self.connection.is_stream();
        let is_waiting = socket.is_active() && !is_busy && socket.send_queue() == 0;
        let waiting = now.wrapping_sub(self.since);
        (is_waiting && waiting > GRACE).then_some(waiting)
    }
}
