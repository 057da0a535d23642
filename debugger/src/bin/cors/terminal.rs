//! Colours on a terminal, and the text of a file: what several subcommands need.

use clap::ValueEnum;

/// When to use colours.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// Returns whether to use colours. `NO_COLOR` is described at <https://no-color.org>.
    pub fn is_on(self, is_terminal: bool) -> bool {
        match self {
            Self::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Returns the width of the output in columns.
pub fn width(is_terminal: bool) -> usize {
    terminal_size::terminal_size()
        .filter(|_| is_terminal)
        .map_or(100, |(width, _)| usize::from(width.0))
        .clamp(40, 160)
}

/// Decodes UTF-8, or the UTF-16 that PowerShell writes.
pub fn decode(bytes: &[u8]) -> String {
    let units = |join: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .skip(1)
            .map(|pair| join([pair[0], pair[1]]))
            .collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}
