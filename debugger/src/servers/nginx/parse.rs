//! Splits configurations of nginx into directives. Each knows its place in the text.

use crate::servers::source::{Includes, Place, Sources};

/// A word of a directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word without its quotes and escapes.
    pub text: String,
    /// Its place, with its quotes.
    pub place: Place,
}

/// A directive: its words, and its block if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The name in lower case, as it is written.
    pub name: Word,
    /// The parameters.
    pub args: Vec<Word>,
    /// The directives of its block.
    pub block: Option<Vec<Directive>>,
    /// The place from the name to the `;` or the `{`.
    pub place: Place,
    /// The place from the name to the `;` or the `}`.
    pub whole: Place,
}

impl Directive {
    /// Returns the text of a parameter; an empty text if there is none.
    pub fn arg(&self, index: usize) -> &str {
        self.args.get(index).map_or("", |word| word.text.as_str())
    }

    /// Returns the directives of the block.
    pub fn children(&self) -> &[Directive] {
        self.block.as_deref().unwrap_or(&[])
    }
}

/// Parses a file and what it includes. An `include` whose files cannot be had stays a directive.
///
/// # Errors
///
/// Returns a sentence with the file, the line, and what nginx expects there.
pub fn parse(sources: &mut Sources, file: usize, includes: Includes<'_>) -> Result<Vec<Directive>, String> {
    let mut reader = Reader { includes, total: 0 };
    reader.file(sources, file, 0)
}

/// The deepest nesting of files and blocks, and the most directives. nginx itself has no limit;
/// an `include` of the file itself must end.
const MAX_DEPTH: usize = 16;
const MAX_BLOCKS: usize = 64;
const MAX_DIRECTIVES: usize = 200_000;

struct Reader<'i> {
    includes: Includes<'i>,
    total: usize,
}

enum Token {
    Word(Word),
    Semicolon(usize),
    Open(usize),
    Close(usize),
    End,
}

impl Reader<'_> {
    fn file(&mut self, sources: &mut Sources, file: usize, depth: usize) -> Result<Vec<Directive>, String> {
        let text = sources
            .files()
            .get(file)
            .map(|source| source.text.clone())
            .unwrap_or_default();
        let mut lexer = Lexer {
            text: &text,
            bytes: text.as_bytes(),
            file,
            at: 0,
        };
        let parsed = self.block(sources, &mut lexer, depth, 0);
        parsed.map_err(|(at, message)| {
            let (name, line, _) = sources.locate(Place::new(file, at, at));
            if name.is_empty() {
                message
            } else {
                format!("{name}:{line}: {message}")
            }
        })
    }

    fn block(
        &mut self,
        sources: &mut Sources,
        lexer: &mut Lexer<'_>,
        depth: usize,
        level: usize,
    ) -> Result<Vec<Directive>, (usize, String)> {
        let mut directives = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        loop {
            match lexer.next()? {
                Token::Word(word) => words.push(word),
                Token::End if level == 0 && words.is_empty() => return Ok(directives),
                Token::End if words.is_empty() => {
                    return Err((lexer.at, "the file ends inside a block; write }".into()));
                }
                Token::End => {
                    return Err((
                        end_of(&words),
                        format!("the file ends inside {:?}; write ;", words[0].text),
                    ));
                }
                Token::Close(_) if level > 0 && words.is_empty() => return Ok(directives),
                Token::Close(at) if words.is_empty() => return Err((at, "there is a } without a {".into())),
                Token::Close(_) => {
                    return Err((
                        end_of(&words),
                        format!("the directive {:?} has no ; at its end", words[0].text),
                    ));
                }
                Token::Semicolon(at) => {
                    if words.is_empty() {
                        return Err((at, "there is a ; without a directive".into()));
                    }
                    let name = words.remove(0);
                    let place = Place::new(lexer.file, name.place.span.start, at + 1);
                    let directive = Directive {
                        name,
                        args: std::mem::take(&mut words),
                        block: None,
                        place,
                        whole: place,
                    };
                    self.count(at)?;
                    if directive.name.text == "include" && directive.args.len() == 1 && depth < MAX_DEPTH {
                        let from = sources.files()[lexer.file].name.clone();
                        if let Some(files) = (self.includes)(directive.arg(0), &from) {
                            for (name, text) in files {
                                let file = sources.add(name, text);
                                directives.extend(
                                    self.file(sources, file, depth + 1)
                                        .map_err(|text| (usize::MAX, text))?,
                                );
                            }
                            continue;
                        }
                    }
                    directives.push(directive);
                }
                Token::Open(at) => {
                    if words.is_empty() {
                        return Err((at, "there is a { without a directive".into()));
                    }
                    self.count(at)?;
                    let name = words.remove(0);
                    let start = name.place.span.start;
                    let block = if name.text.ends_with("_by_lua_block") {
                        lexer.skip_lua()?;
                        Vec::new()
                    } else if level >= MAX_BLOCKS {
                        return Err((at, "blocks are nested too deeply".into()));
                    } else {
                        self.block(sources, lexer, depth, level + 1)?
                    };
                    directives.push(Directive {
                        place: Place::new(lexer.file, start, at + 1),
                        whole: Place::new(lexer.file, start, lexer.at),
                        name,
                        args: std::mem::take(&mut words),
                        block: Some(block),
                    });
                }
            }
        }
    }

    fn count(&mut self, at: usize) -> Result<(), (usize, String)> {
        self.total += 1;
        if self.total > MAX_DIRECTIVES {
            return Err((at, "the configuration has too many directives".into()));
        }
        Ok(())
    }
}

/// Returns where the words of a directive without `;` end: on the line that lacks it.
fn end_of(words: &[Word]) -> usize {
    words.last().map_or(0, |word| word.place.span.end)
}

struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    file: usize,
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Result<Token, (usize, String)> {
        loop {
            match self.peek() {
                None => return Ok(Token::End),
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'#') => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                _ => break,
            }
        }
        let start = self.at;
        match self.bytes[start] {
            b';' => {
                self.at += 1;
                Ok(Token::Semicolon(start))
            }
            b'{' => {
                self.at += 1;
                Ok(Token::Open(start))
            }
            b'}' => {
                self.at += 1;
                Ok(Token::Close(start))
            }
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                loop {
                    match self.peek() {
                        None => return Err((start, "a quote is not closed".into())),
                        Some(b'\\') => self.at += 2,
                        Some(byte) => {
                            self.at += 1;
                            if byte == quote {
                                break;
                            }
                        }
                    }
                }
                match self.peek() {
                    None | Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' | b')') => {}
                    Some(_) => {
                        return Err((
                            self.at,
                            "after a closing quote there must be a space, ;, { or )".into(),
                        ));
                    }
                }
                Ok(self.word(start, start + 1, self.at - 1))
            }
            _ => {
                let mut after_dollar = false;
                while let Some(byte) = self.peek() {
                    match byte {
                        b'{' if after_dollar => {}
                        b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' => break,
                        b'\\' => self.at += 1,
                        _ => {}
                    }
                    after_dollar = byte == b'$';
                    self.at += 1;
                }
                self.at = self.at.min(self.bytes.len());
                Ok(self.word(start, start, self.at))
            }
        }
    }

    fn word(&self, start: usize, from: usize, to: usize) -> Token {
        let raw = self.text.get(from..to).unwrap_or("");
        Token::Word(Word {
            text: unescape(raw),
            place: Place::new(self.file, start, self.at),
        })
    }

    /// Skips the Lua program of a block, up to its closing brace.
    fn skip_lua(&mut self) -> Result<(), (usize, String)> {
        let start = self.at;
        let mut level = 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'{' => level += 1,
                b'}' => level -= 1,
                b'"' | b'\'' => {
                    while let Some(inside) = self.peek() {
                        self.at += 1;
                        match inside {
                            b'\\' => self.at += 1,
                            b'\n' => break,
                            _ if inside == byte => break,
                            _ => {}
                        }
                    }
                }
                b'-' if self.peek() == Some(b'-') => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                _ => {}
            }
            if level == 0 {
                return Ok(());
            }
        }
        Err((start, "the block with a Lua program is not closed".into()))
    }
}

/// Replaces the escapes that nginx knows; other backslashes stay, as expressions need them.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let escaped = match chars.peek() {
            Some(quote @ ('"' | '\'' | '\\')) => *quote,
            Some('t') => '\t',
            Some('r') => '\r',
            Some('n') => '\n',
            _ => {
                text.push('\\');
                if let Some(next) = chars.next() {
                    text.push(next);
                }
                continue;
            }
        };
        chars.next();
        text.push(escaped);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Directive>, String> {
        let mut sources = Sources::default();
        let file = sources.add("a.conf", text);
        parse(&mut sources, file, &|name, _| {
            (name == "known").then(|| vec![("known".into(), "b 2;".into())])
        })
    }

    #[test]
    fn words_quotes_and_blocks() {
        let all = parsed("a 'x y' \"q\\\"\" z\\.w ${v}t; # c\nif ($x ~* '^a{2}$') { return 204; }").unwrap();
        let words: Vec<&str> = all[0].args.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(words, ["x y", "q\"", "z\\.w", "${v}t"]);
        let words: Vec<&str> = all[1].args.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(words, ["($x", "~*", "^a{2}$", ")"]);
        assert_eq!(all[1].children()[0].arg(0), "204");
    }

    #[test]
    fn included_files_are_inserted() {
        let all = parsed("a; include known; include unknown; c;").unwrap();
        let names: Vec<&str> = all.iter().map(|directive| directive.name.text.as_str()).collect();
        assert_eq!(names, ["a", "b", "include", "c"]);
    }

    #[test]
    fn lua_programs_are_skipped() {
        let all = parsed("content_by_lua_block { if a then x = \"}\" end -- }\n y = {} } b;").unwrap();
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn mistakes_have_a_line() {
        assert_eq!(
            parsed("a {\n b;\n").unwrap_err(),
            "a.conf:3: the file ends inside a block; write }"
        );
        assert!(parsed("a;\n}").unwrap_err().starts_with("a.conf:2: there is a }"));
        assert!(parsed("a b }").unwrap_err().contains("no ;"));
        assert!(parsed("a 'b'c;").unwrap_err().contains("closing quote"));
        assert!(parsed("a 'b").unwrap_err().contains("not closed"));
    }
}
