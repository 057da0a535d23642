//! Sends requests to the firmware in the emulator and compares its answers with this machine's.

use std::error::Error;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use embedded_cors::{Decision, Policy, PolicyReader, Request, RequestReader};

use crate::policies::{self, ORIGINS};
use crate::{ANSWER, END, MAX_HEAD_LEN, PANIC, READER, READERS, Reader, WAYS, Way, for_each_part};

include!(concat!(env!("OUT_DIR"), "/heads.rs"));

/// Each policy is asked with its own requests, and with every fourth of the others: the emulator is
/// slow.
const PART: usize = 4;

/// A result whose error ends the program. While the emulator runs, errors are returned and do not
/// panic, since a panic aborts without dropping [`Board`], which stops the emulator.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// The emulator and its serial port.
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
        let to = BufWriter::new(emulator.stdin.take().expect("stdin is piped"));
        let from = BufReader::new(emulator.stdout.take().expect("stdout is piped"));
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
            // The name can be overwritten, if the stack has overflowed.
            let mut file = Vec::new();
            self.from.read_until(b'\n', &mut file)?;
            let file = String::from_utf8_lossy(&file);
            return Err(format!("the firmware panicked at {}:{line}", file.trim_end()).into());
        }
        let mut bytes = Vec::new();
        self.from.by_ref().take(len.into()).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Returns the bytes of RAM for the stack, and how many of them it used. Ends the conversation.
    fn stack(&mut self) -> io::Result<(u16, u16)> {
        self.to.write_all(&[END])?;
        self.to.flush()?;
        Ok((
            u16::from_le_bytes(self.number()?),
            u16::from_le_bytes(self.number()?),
        ))
    }

    /// Fails unless the firmware gives this machine's answer, in each way.
    fn compare(&mut self, number: u8, head: &str) -> Outcome<()> {
        policies::with(number, |policy| {
            self.ask(number, head.as_bytes())?;
            if is_short(head) {
                let expected = answer_in_memory(policy, head.as_bytes());
                WAYS.into_iter()
                    .try_for_each(|way| self.expect(&expected, policy, head, way))
            } else {
                READERS.into_iter().try_for_each(|reader| {
                    let expected = answer_by(reader, policy, head.as_bytes());
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
            "{way:?}: the firmware answers the request\n{head:.1000}\nto {:.1000} with\n{:.2000}\nand this machine with\n{:.2000}",
            format!("{policy:?}"),
            answer.escape_ascii().to_string(),
            expected.escape_ascii().to_string(),
        )
        .into())
    }
}

/// Returns whether the firmware can store the head.
fn is_short(head: &str) -> bool {
    head.len() as u64 <= MAX_HEAD_LEN.into()
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.emulator.kill();
        let _ = self.emulator.wait();
    }
}

/// Returns the expected answer to a head that the firmware stores, which is the same in all ways.
fn answer_in_memory(policy: &Policy<'_>, head: &[u8]) -> Vec<u8> {
    parts(&policy.decide(&Request::from_head(head).expect("the head is complete")))
}

/// Returns the expected answer to a longer head, whose values may not fit into the reader.
fn answer_by(reader: Reader, policy: &Policy<'_>, head: &[u8]) -> Vec<u8> {
    match reader {
        Reader::Request => {
            let mut reader = RequestReader::<READER>::new();
            reader.push(head).expect("the head is valid");
            parts(&policy.decide(&reader.request()))
        }
        Reader::Policy => {
            let mut reader = PolicyReader::<READER>::new(policy);
            reader.push(head).expect("the head is valid");
            parts(&reader.decide())
        }
    }
}

fn parts(decision: &Decision<'_>) -> Vec<u8> {
    let mut all = Vec::new();
    for_each_part(decision, &mut [0; ANSWER], |bytes| all.extend_from_slice(bytes));
    all
}

const PREFLIGHT: &str =
    "OPTIONS / HTTP/1.1\r\nOrigin: https://a.b\r\nAccess-Control-Request-Method: GET\r\n\r\n";

/// Returns heads with more bytes than 16 bits can count: in a skipped field, in a name, and in
/// white space.
fn long_heads() -> [String; 3] {
    let preflight = "OPTIONS / HTTP/1.1\r\nOrigin: https://a.b\r\nAccess-Control-Request-Method: PUT\r\n\
                     Access-Control-Request-Headers: ";
    let many = 65_536 + 13;
    [
        format!(
            "GET / HTTP/1.1\r\nCookie: {}\r\nOrigin: https://a.b\r\n\r\n",
            "c".repeat(many)
        ),
        // Modulo 2^16, the name has the length of `authorization`.
        format!("{preflight}x-a,authorization{}\r\n\r\n", "n".repeat(many - 13)),
        format!("{preflight}x-a{},x-a\r\n\r\n", " ".repeat(many)),
    ]
}

/// Returns each origin of the list, and three that differ from it slightly.
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
    let programs: Vec<String> = std::env::args().skip(1).collect();
    let [in_statics, index, owned] = &programs[..] else {
        panic!("usage: avr IN-STATICS.elf INDEX.elf OWNED.elf");
    };
    let start = |program| Board::start(program).expect("qemu-system-avr starts");
    match compare_all([start(in_statics), start(index), start(owned)]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn compare_all([mut board, mut index, mut owned]: [Board; 3]) -> Outcome<()> {
    if let Some(head) = HEADS.iter().find(|head| !is_short(head)) {
        return Err(format!("the firmware cannot store the head\n{head}").into());
    }
    let mut compared = 0;
    for number in 0..policies::WITH_ORIGINS {
        for (index, (head, owner)) in HEADS.iter().zip(OWNERS).enumerate() {
            let number_of_head = index + usize::from(number);
            if owner == usize::from(number) || number_of_head.is_multiple_of(PART) {
                board.compare(number, head)?;
                compared += 1;
            }
        }
    }
    println!(
        "{compared} answers, all as on the machine that asked, each in {} ways",
        WAYS.len()
    );

    for head in long_heads() {
        board.compare(policies::WITH_ORIGINS, &head)?;
    }
    println!("heads of more than 65,535 bytes: the same answers");

    let origins = near_origins();
    for number in policies::WITH_ORIGINS..policies::COUNT {
        for origin in &origins {
            let board = match number - policies::WITH_ORIGINS {
                0 => &mut board,
                1 => &mut index,
                _ => &mut owned,
            };
            board.compare(number, &format!("GET / HTTP/1.1\r\nOrigin: {origin}\r\n\r\n"))?;
        }
    }
    println!(
        "{} origins, with lists of {} origins, with an index and without: the same answers",
        origins.len(),
        ORIGINS.len()
    );

    owned.compare(policies::OVERLAPPING, PREFLIGHT)?;
    println!("an answer of more than 65,535 bytes: does not fit, as on the machine that asked");

    for board in [&mut board, &mut index, &mut owned] {
        let (room, used) = board.stack()?;
        if used >= room {
            return Err("the stack overflowed into the static variables".into());
        }
        println!("stack: {used} bytes of {room}");
    }
    Ok(())
}
