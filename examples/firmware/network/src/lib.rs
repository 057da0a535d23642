//! The application on smoltcp: eight connections at once, each with a receive buffer of 512 bytes.

#![no_std]
#![forbid(unsafe_code)]

pub mod frame;

use device::{Exchange, Lamp, MAX_RESPONSE};
use smoltcp::iface::{Config, Interface, SocketSet, SocketStorage};
use smoltcp::phy::Device;
use smoltcp::socket::tcp;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address};

/// As many as a browser opens, and two for those that are about to close: there is no queue behind them.
const CONNECTIONS: usize = 6 + 2;
const RECEIVE: usize = 512;

/// The address that QEMU's user network gives to a guest.
const ADDRESS: Ipv4Address = Ipv4Address::new(10, 0, 2, 15);
const GATEWAY: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);

/// What a board brings.
pub trait Board {
    /// Since the start.
    fn milliseconds(&mut self) -> u32;
    /// Until something may have happened: a frame, a millisecond.
    fn wait(&mut self);
    /// The lamp itself.
    fn show(&mut self, is_on: bool);
}

/// Serves for as long as there is power.
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
        *handle = Some(sockets.add(socket));
    }
    let mut connections = [const { Connection::new() }; CONNECTIONS];
    let mut lamp = Lamp::new();
    let mut response = [0; MAX_RESPONSE];

    let now = |board: &mut dyn FnMut() -> u32| Instant::from_millis(i64::from(board()));
    let mut interface = Interface::new(
        Config::new(EthernetAddress(mac).into()),
        device,
        now(&mut || board.milliseconds()),
    );
    // There is room for one address and one route.
    interface.update_ip_addrs(|addresses| {
        let _ = addresses.push(IpCidr::new(ADDRESS.into(), 24));
    });
    let _ = interface.routes_mut().add_default_ipv4_route(GATEWAY);

    loop {
        interface.poll(now(&mut || board.milliseconds()), device, &mut sockets);
        lamp.tick(board.milliseconds());
        let mut has_acted = false;
        for (connection, handle) in connections.iter_mut().zip(handles.iter().flatten()) {
            let socket = sockets.get_mut::<tcp::Socket>(*handle);
            has_acted |= connection.step(socket, board.milliseconds(), &mut lamp, &mut response);
        }
        board.show(lamp.is_on());
        // What was answered or closed goes out at once.
        if !has_acted {
            board.wait();
        }
    }
}

/// A connection on which nobody asks for so long is closed, since there are few.
const IDLE: u32 = 5_000;

struct Connection {
    exchange: Exchange,
    /// The last answer has been given.
    is_over: bool,
    last_heard: u32,
}

impl Connection {
    const fn new() -> Self {
        Self {
            exchange: Exchange::new(),
            is_over: false,
            last_heard: 0,
        }
    }

    /// Takes what has arrived. Whether it has answered, closed or opened something.
    fn step(
        &mut self,
        socket: &mut tcp::Socket<'_>,
        now: u32,
        lamp: &mut Lamp,
        buffer: &mut [u8; MAX_RESPONSE],
    ) -> bool {
        let mut has_acted = false;
        // The client has closed too, and a delayed segment of its can do no harm.
        if socket.state() == tcp::State::TimeWait {
            socket.abort();
        }
        if !socket.is_open() {
            *self = Self::new();
            has_acted = true;
            // It is closed, and the port is not 0.
            let _ = socket.listen(80);
        }
        if !socket.is_active() {
            self.last_heard = now;
        }
        while socket.can_recv() {
            self.last_heard = now;
            let answer = socket.recv(|bytes| {
                // After the last answer the rest is taken and forgotten, or the client could lose the answer.
                let answer = match self.is_over {
                    true => None,
                    false => self.exchange.push(lamp, bytes, buffer),
                };
                (
                    bytes.len(),
                    answer.map(|response| (response.bytes.len(), response.is_last)),
                )
            });
            if let Ok(Some((len, is_last))) = answer {
                // A client that waits for its response has taken the one before, and so there is room.
                let sent = socket.send_slice(buffer.get(..len).unwrap_or(b""));
                has_acted = true;
                self.exchange = Exchange::new();
                if is_last || sent != Ok(len) {
                    socket.close();
                    self.is_over = true;
                }
            }
        }
        let silence = now.wrapping_sub(self.last_heard);
        let is_idle = silence > IDLE;
        if !self.is_over && (socket.state() == tcp::State::CloseWait || is_idle) {
            socket.close();
            self.is_over = true;
            has_acted = true;
        }
        // It was told that this is the end, and does not end.
        if silence > 2 * IDLE {
            socket.abort();
        }
        has_acted
    }
}
