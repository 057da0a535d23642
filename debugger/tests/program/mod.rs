//! Runs the command.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// Runs `cors` with this standard input. Returns its exit status, standard output and error.
pub fn cors(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    run(Command::new(env!("CARGO_BIN_EXE_cors")).args(arguments), input)
}

/// Runs a command with this standard input.
pub fn run(command: &mut Command, input: &[u8]) -> (Option<i32>, String, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that fails early does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}
