//! Asks the firmware in the emulator and compares.

use std::error::Error;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use embedded_cors::{Decision, Policy, PolicyReader, Request, RequestReader};

use crate::policies::{self, ORIGINS};
use crate::{ANSWER, END, MAX_HEAD_LEN, PANIC, READER, READERS, Reader, WAYS, Way, say};

include!(concat!(env!("OUT_DIR"), "/heads.rs"));

/// What goes wrong while the emulator runs is returned, so that [`Board`] is dropped and ends it. A panic aborts.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// The emulator, with its serial port.
struct Board {
    emulator: Child,
    to: BufWriter<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Board {
    fn start(program: &str) -> io::Result<Self> {
        let mut emulator = Command::new("qemu-system-avr")
            .args(["-M", "mega", "-display", "none", "-monitor", "none"])
            .args(["-serial", "stdio", "-bios", program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = BufWriter::new(emulator.stdin.take().expect("it is piped"));
        let from = BufReader::new(emulator.stdout.take().expect("it is piped"));
        Ok(Self { emulator, to, from })
    }

    fn ask(&mut self, policy: u8, head: &[u8]) -> io::Result<()> {
        self.to.write_all(&[policy])?;
        self.to.write_all(&(head.len() as u32).to_le_bytes())?;
        self.to.write_all(head)?;
        self.to.flush()
    }

    fn number<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn answer(&mut self) -> Outcome<Vec<u8>> {
        let len = u32::from_le_bytes(self.number()?);
        if len == PANIC {
            let line = u32::from_le_bytes(self.number()?);
            let mut file = String::new();
            self.from.read_line(&mut file)?;
            return Err(format!("the firmware panicked at {}:{line}", file.trim_end()).into());
        }
        let mut bytes = Vec::new();
        self.from.by_ref().take(len.into()).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The bytes of RAM that are left for the stack, and those that it took. It is the last question.
    fn stack(&mut self) -> io::Result<(u16, u16)> {
        self.to.write_all(&[END])?;
        self.to.flush()?;
        Ok((
            u16::from_le_bytes(self.number()?),
            u16::from_le_bytes(self.number()?),
        ))
    }

    /// Fails unless the firmware says what this machine says, in each way.
    fn compare(&mut self, number: u8, head: &str) -> Outcome<()> {
        policies::with(number, |policy| {
            self.ask(number, head.as_bytes())?;
            if is_short(head) {
                let expected = said_of_the_whole(policy, head.as_bytes());
                WAYS.into_iter()
                    .try_for_each(|way| self.expect(&expected, policy, head, way))
            } else {
                READERS.into_iter().try_for_each(|reader| {
                    let expected = said_by(reader, policy, head.as_bytes());
                    self.expect(&expected, policy, head, Way::Pieces(reader, 1))
                })
            }
        })
    }

    fn expect(&mut self, expected: &[u8], policy: &Policy<'_>, head: &str, way: Way) -> Outcome<()> {
        let answer = self.answer()?;
        if answer == expected {
            return Ok(());
        }
        Err(format!(
            "{way:?} of the request\n{head:.1000}\nto {:.1000} comes to\n{:.2000}\nand not\n{:.2000}",
            format!("{policy:?}"),
            answer.escape_ascii().to_string(),
            expected.escape_ascii().to_string(),
        )
        .into())
    }
}

/// Whether the firmware has room for the head.
fn is_short(head: &str) -> bool {
    head.len() as u64 <= MAX_HEAD_LEN.into()
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.emulator.kill();
        let _ = self.emulator.wait();
    }
}

/// What the firmware has to say of a head that it stores: the same in all ways.
fn said_of_the_whole(policy: &Policy<'_>, head: &[u8]) -> Vec<u8> {
    said(&policy.decide(&Request::from_head(head).expect("the head ends")))
}

/// What it has to say of one that has more in it than the readers have room for.
fn said_by(reader: Reader, policy: &Policy<'_>, head: &[u8]) -> Vec<u8> {
    match reader {
        Reader::Request => {
            let mut reader = RequestReader::<READER>::new();
            reader.push(head).expect("it is a head");
            said(&policy.decide(&reader.request()))
        }
        Reader::Policy => {
            let mut reader = PolicyReader::<READER>::new(policy);
            reader.push(head).expect("it is a head");
            said(&reader.decide())
        }
    }
}

fn said(decision: &Decision<'_>) -> Vec<u8> {
    let mut all = Vec::new();
    say(decision, &mut [0; ANSWER], |bytes| all.extend_from_slice(bytes));
    all
}

const PREFLIGHT: &str =
    "OPTIONS / HTTP/1.1\r\nOrigin: https://a.b\r\nAccess-Control-Request-Method: GET\r\n\r\n";

/// Heads of more bytes than 16 bits count: in a field that is passed over, in a name, in white space.
fn long_heads() -> [String; 3] {
    let preflight = "OPTIONS / HTTP/1.1\r\nOrigin: https://a.b\r\nAccess-Control-Request-Method: PUT\r\n\
                     Access-Control-Request-Headers: ";
    let many = 65_536 + 13;
    [
        format!(
            "GET / HTTP/1.1\r\nCookie: {}\r\nOrigin: https://a.b\r\n\r\n",
            "c".repeat(many)
        ),
        // As many bytes as `authorization`, but for what 16 bits cannot count.
        format!("{preflight}x-a,authorization{}\r\n\r\n", "n".repeat(many - 13)),
        format!("{preflight}x-a{},x-a\r\n\r\n", " ".repeat(many)),
    ]
}

/// Each origin of the list, and what is almost one.
fn near_origins() -> Vec<String> {
    let near = |origin: &&str| {
        let origin = origin.replace("*.", "w.").replace(":*", ":8080");
        let (start, last) = origin.split_at(origin.len() - 1);
        let other = format!("{start}{}", if last == "n" { "m" } else { "n" });
        [
            origin.clone() + "0",
            origin.replace("://", "://v."),
            other,
            origin,
        ]
    };
    ORIGINS.iter().flat_map(near).collect()
}

pub fn main() -> ExitCode {
    let program = std::env::args().nth(1).expect("the firmware's file is named");
    match compare_all(Board::start(&program).expect("there is an emulator")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn compare_all(mut board: Board) -> Outcome<()> {
    if let Some(head) = HEADS.iter().find(|head| !is_short(head)) {
        return Err(format!("the firmware has no room for\n{head}").into());
    }
    let mut compared = 0;
    for number in 0..policies::WITH_ORIGINS {
        for head in HEADS {
            board.compare(number, head)?;
            compared += 1;
        }
    }
    println!(
        "{compared} answers, all as on the machine that asked, each in {} ways",
        WAYS.len()
    );

    for head in long_heads() {
        board.compare(policies::WITH_ORIGINS, &head)?;
    }
    println!("heads of more than 65,535 bytes: answered as on the machine that asked");

    let origins = near_origins();
    for number in policies::WITH_ORIGINS..policies::COUNT {
        for origin in &origins {
            board.compare(number, &format!("GET / HTTP/1.1\r\nOrigin: {origin}\r\n\r\n"))?;
        }
    }
    println!(
        "{} origins against lists of {}, with an index and without: as on the machine that asked",
        origins.len(),
        ORIGINS.len()
    );

    board.compare(policies::OVERLAPPING, PREFLIGHT)?;
    println!("an answer of more than 65,535 bytes: refused by a buffer as on the machine that asked");

    let (room, used) = board.stack()?;
    if used >= room {
        return Err("the stack ran into the static variables".into());
    }
    println!("stack: {used} bytes of {room}");
    Ok(())
}
