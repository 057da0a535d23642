//! Texts for the readers of the debugger: an entry of its corpus that the fuzzer changes, with
//! secrets planted at the starts of lines, and the laws for what is said of them.

use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use cors_debugger::play::Play;
use cors_debugger::probe::survey::{Options as SurveyOptions, run as run_survey};
use cors_debugger::probe::{json as probe_json, sarif};
use cors_debugger::secrets::{Shown, hide};
use cors_debugger::{Options, Report, explain, json};

/// A value that no text contains by chance.
pub const MARKER: &str = "q7Zx9mKp2vLw4TbN";
/// The mark in the lines below that the marker replaces.
const HERE: &str = "{}";
/// The longest part of an entry of the corpus.
const MAX_ENTRY: usize = 6000;
/// The length to which a text is repeated to measure its time.
const REPEATED: usize = 200_000;
/// The longest time for [`REPEATED`] bytes, of the processor. A tenth is usual; a reader whose
/// time grows with the square of the length takes a minute.
const MAX_TIME: Duration = Duration::from_secs(4);

/// A reader of the debugger: texts that it reads, and lines in which a secret stands.
pub struct Reader {
    corpora: &'static [&'static str],
    places: &'static [&'static str],
    entries: OnceLock<Vec<&'static str>>,
}

macro_rules! corpus {
    ($name:literal) => {
        include_str!(concat!("../../debugger/tests/corpus/", $name, ".txt"))
    };
}

/// Messages of browser consoles.
pub static CONSOLE: Reader = Reader::new(
    &[
        corpus!("chromium"),
        corpus!("firefox"),
        corpus!("webkit"),
        corpus!("other"),
        corpus!("captured-chromium"),
        corpus!("captured-firefox"),
        corpus!("captured-webkit"),
    ],
    &[
        "Access to fetch at 'https://u:{}@h/x?token={}#access_token={}' from origin 'https://a' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.",
        "Access to fetch at 'https://h/x' (redirected from 'https://u:{}@h/?sig={}') from origin 'https://a' has been blocked by CORS policy: Response to preflight request doesn't pass access control check: Redirect is not allowed for a preflight request.",
        "Access to script at 'https://h/x' from origin 'https://a' has been blocked by CORS policy: The 'Access-Control-Allow-Origin' header contains the invalid value 'https://u:{}@x'.",
        "GET https://h/x?api_key={} net::ERR_FAILED 401 (Unauthorized)",
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://h/?session={}. (Reason: CORS header \u{2018}Access-Control-Allow-Origin\u{2019} missing). Status code: 200.",
        "Fetch API cannot load https://h/?session={} due to access control checks.",
        "[Error] Failed to load resource: Origin https://a is not allowed by Access-Control-Allow-Origin. Status code: 200 (https://u:{}@h/)",
        "    at load (https://a/main.js?token={}:1:2)",
        "AxiosError {config: {headers: {Authorization: \"Bearer {}\", Accept: \"x\"}}}",
        "config: {auth: {username: \"u\", password: \"{}\"}}",
    ],
);

/// The output of curl, of HTTPie and of wget.
pub static CURL: Reader = Reader::new(
    &[corpus!("curl"), corpus!("captured-tools")],
    &[
        "> Authorization: Bearer {}",
        "> Cookie: a={}; b={}",
        "> Cookie: a=b;\n>  c={}",
        "> GET /x?access_token={} HTTP/2",
        "> Proxy-Authorization: Basic {}",
        "< Set-Cookie: sid={}; Path=/{}; SameSite=Lax",
        "< Location: https://u:{}@h/?code={}",
        "< x-amz-security-token: {}",
        "* Server auth using Basic with user '{}'",
        "* Proxy auth using Basic with user '{}'",
        "* [HTTP/2] [1] [authorization: Bearer {}]",
        "* h2h3 [cookie: sid={}; b={}]",
        "* Issue another request to this URL: 'https://u:{}@h/?token={}'",
        "* Added cookie sid=\"{}\" for domain h, path /, expire 0",
        "0020: Authorization: Bearer {}",
        "00a0: Set-Cookie: a={}",
    ],
);

/// Raw heads, lists of HTTP/2 fields and the headers panel.
pub static HEADS: Reader = Reader::new(
    &[corpus!("heads"), corpus!("captured-tools")],
    &[
        "Authorization: Digest username=\"{}\",\r\n\tresponse=\"{}\"",
        "Cookie: a={}; b=\"{}\"\r",
        "Set-Cookie: sid={}; Secure; Path=/{}",
        "X-Api-Key: {} and {}",
        "x-csrf-token:{}",
        "authorization:\n{}",
        "Authorization\tBearer {}",
        ":path: /x?key={}",
        "PUT /x?password={} HTTP/1.1",
        "Referer: https://u:{}@h/?session_id={}",
        "Access-Control-Allow-Origin: https://u:{}@h",
    ],
);

/// Calls of programs.
pub static CALLS: Reader = Reader::new(
    &[corpus!("calls")],
    &[
        "fetch('https://u:{}@h/?token={}', { method: 'PUT', headers: { Authorization: 'Bearer {}', 'X-Api-Key': '{}' } })",
        "fetch(\"https://h/\", { headers: { \"cookie\": \"a={}; b={}\" }, body: JSON.stringify({ password: '{}' }) });",
        "fetch('https://h/', { headers: { Authorization: 'Basic ' + btoa('u:{}') } })",
        "axios.get('https://h/', { auth: { username: 'u', password: '{}' } })",
        "axios.defaults.headers.common['Authorization'] = 'Bearer {}'",
        "axios.defaults.headers.common.Authorization = \"{}\"",
        "headers.append(\"Authorization\", \"{}\")",
        "const h = new Headers([[\"Authorization\", \"{}\"]])",
        "x.open('PUT', 'https://h/', true, 'user', '{}')",
        "x.setRequestHeader(\"x-api-key\", \"{}\")",
        "$.ajax({ url: 'https://h/', username: 'u', password: '{}' })",
        "new EventSource('https://h/?token={}')",
        "document.cookie = 'sid={}'",
        "const apiKey = \"{}\"",
    ],
);

/// Commands, also those that browsers copy.
pub static COMMANDS: Reader = Reader::new(
    &[corpus!("calls"), corpus!("captured-tools")],
    &[
        "curl -H 'Authorization: Bearer {}' -H \"Cookie: a={}; b={}\" -HX-Api-Key:{} https://h/",
        "curl -u bob:{} -U bob:{} https://u:{}@h/?key={}",
        "curl -vu 'bob:{}' -b 'a={}; b={}' --cookie \"c={}\" https://h/",
        "curl --user=bob:{} --oauth2-bearer {} --proxy-user 'p:{}' https://h/",
        "curl -x http://bob:{}@proxy:1/ -E cert.pem:{} --pass {} https://h/",
        "curl -d 'user=a&password={}' --data-urlencode token={} -F 'api_key={}' https://h/",
        "curl --json '{\"password\": \"{}\"}' https://h/",
        "curl ^\"https://h/^\" -H ^\"authorization: Bearer {}^\" -b ^\"a={}; b={}^\"",
        "curl 'https://h/' \\\n  -u \\\n  bob:{} \\\n  -b 'a={}'",
        "Invoke-WebRequest -Uri \"https://h/\" -Headers @{ \"Authorization\"=\"Bearer {}\" }",
        "$session.Cookies.Add((New-Object System.Net.Cookie(\"sid\", \"{}\", \"/\", \"h\")))",
        "http -a bob:{} PUT h/x Authorization:{} Cookie:a={} api_key=={} password={}",
        "wget --http-password={} --header=\"Cookie: a={}\" --header 'Authorization: Bearer {}' https://h/",
    ],
);

/// Entries of HAR files, of which the readers see whole ones only.
pub static HAR: Reader = Reader::new(
    &[corpus!("har")],
    &[
        r#"{"log": {"entries": [{"request": {"method": "PUT", "url": "https://u:{}@h/?key={}", "headers": [{"name": "Cookie", "value": "{}"}, {"name": "Origin", "value": "https://a"}], "cookies": [{"name": "a", "value": "{}"}], "queryString": [{"name": "key", "value": "{}"}], "postData": {"text": "{}", "params": [{"name": "x", "value": "{}"}]}}, "response": {"status": 200, "headers": [{"name": "Set-Cookie", "value": "{}"}], "cookies": [{"name": "b", "value": "{}"}], "content": {"text": "{}"}, "redirectURL": "https://u:{}@h/?code={}"}}]}}"#,
        r#"{"value": "{}", "name": "x-api-key"}"#,
        r#"{"name": "Set-Cookie", "value": "a={}; Path=/\nb={}"}"#,
        r#"{"name": "authorization", "value": "Bearer \"{}\""}"#,
        r#"{"_webSocketMessages": [{"type": "send", "data": "{}"}]}"#,
        r#"{"request": {"url": "https:\/\/h\/x?token={}", "method": "GET", "headers": []}, "response": {"status": 0}}"#,
    ],
);

/// Anything of the above.
pub static MIXTURES: Reader = Reader::new(&[corpus!("pasted"), corpus!("mixtures")], &[]);
const READERS: [&Reader; 6] = [&CONSOLE, &CURL, &HEADS, &CALLS, &COMMANDS, &HAR];

impl Reader {
    const fn new(corpora: &'static [&'static str], places: &'static [&'static str]) -> Self {
        Self {
            corpora,
            places,
            entries: OnceLock::new(),
        }
    }

    /// The texts of the corpus, each without its head.
    fn entries(&self) -> &[&'static str] {
        self.entries.get_or_init(|| {
            let parts = self.corpora.iter().flat_map(|file| file.split("==== "));
            parts
                .filter_map(|part| Some(part.split_once("\n----\n")?.1))
                .collect()
        })
    }
}

/// Makes a text from the bytes of the fuzzer and checks the laws for it.
pub fn check(reader: &'static Reader, data: &[u8]) -> Result<()> {
    let mut bytes = Unstructured::new(data);
    let base = base(reader, &mut bytes)?;
    let mut text = base.clone();
    let mut planted = Vec::new();
    for _ in 0..bytes.int_in_range(1..=3)? {
        let reader = if reader.places.is_empty() {
            *bytes.choose(&READERS)?
        } else {
            reader
        };
        let line = bytes.choose(reader.places)?.replace(HERE, MARKER);
        let starts: Vec<usize> = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        let mut at = *bytes.choose(&starts)?;
        // An open template string joins the planted line with another.
        if text[..at].contains('`') {
            at = 0;
        }
        text.insert_str(at, &format!("{line}\n"));
        planted.push(line);
    }
    let options = Options {
        credentials: bytes.arbitrary()?,
        origin: bytes
            .arbitrary::<bool>()?
            .then(|| "https://app.example.com".into()),
    };
    check_text(&text, &options);
    check_link(&planted, &text);
    // Not for the many short inputs, for which the rest is zeros.
    if bytes.int_in_range(0..=63_u8)? == 63 {
        check_time(&text);
    }
    Ok(())
}

/// An entry of the corpus with some changes.
fn base(reader: &Reader, bytes: &mut Unstructured<'_>) -> Result<String> {
    let mut text = bytes.choose(reader.entries())?.to_string();
    text.truncate(
        (0..=text.len().min(MAX_ENTRY))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0),
    );
    for _ in 0..bytes.int_in_range(0..=6)? {
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_string).collect();
        if lines.is_empty() {
            break;
        }
        let at = bytes.choose_index(lines.len())?;
        let other = bytes.choose_index(lines.len())?;
        match bytes.int_in_range(0..=9)? {
            0 => drop(lines.remove(at)),
            1 => lines.insert(other, lines[at].clone()),
            2 => lines.swap(at, other),
            3 => lines.truncate(at + 1),
            4 => lines
                .iter_mut()
                .for_each(|line| *line = line.replace('\n', "\r\n")),
            5 => {
                let lead: &str =
                    bytes.choose(&["> ", "< ", "  ", "* ", "12:00:01.123 ", "[Error] ", "| "])?;
                lines.iter_mut().for_each(|line| line.insert_str(0, lead));
            }
            6 => lines.insert(
                at,
                bytes.arbitrary::<&str>()?.chars().take(40).collect::<String>(),
            ),
            // The end of a line is lost, or what stands in it is.
            7 => drop(lines[at].pop()),
            8 => {
                let kept = bytes.choose_index(lines[at].len().max(1))?;
                lines[at] = lines[at].chars().take(kept).chain(['\n']).collect();
            }
            _ => {
                let piece = bytes.choose(reader.entries())?;
                let piece = piece.lines().nth(bytes.int_in_range(0..=20)?).unwrap_or("");
                lines.insert(at, format!("{piece}\n"));
            }
        }
        text = lines.concat();
        text.truncate(
            (0..=text.len().min(MAX_ENTRY))
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap_or(0),
        );
    }
    Ok(text)
}

/// No output has the marker, and places are inside of the text. What the command prints is made
/// of the report, so its form for debugging stands for all of it.
fn check_text(text: &str, options: &Options) {
    let report = explain(text, options);
    assert_eq!(
        report.text.len(),
        text.len(),
        "places differ from those of the text"
    );
    assert_eq!(report.text.matches('\n').count(), text.matches('\n').count());
    let written = json::write(&report);
    let mut all = format!("{report:?}\n{written}");
    let _ = write!(all, "{}", Shown::new(&report.text).text);
    assert!(!all.contains(MARKER), "a secret is shown: {text:?}");
    // A report of a short line has 5 KB.
    let most = 400 * text.len() + 20_000;
    assert!(
        written.len() < most,
        "{} bytes of JSON for {} bytes: {text:?}",
        written.len(),
        text.len()
    );
    check_places(&report);
}

/// Checks that all places of a report are inside of its text.
pub fn check_places(report: &Report) {
    for diagnosis in &report.diagnoses {
        for finding in diagnosis.finding.iter().chain(&diagnosis.warnings) {
            let spans = finding
                .guilty
                .iter()
                .flat_map(|guilty| [guilty.span, guilty.other_span]);
            for span in spans.flatten().chain(finding.request).chain(diagnosis.start) {
                assert!(
                    report.text.get(span.start..span.end).is_some(),
                    "{span:?} is outside"
                );
            }
        }
    }
}

/// The link to a state of the page, which is made of these settings, has no marker.
fn check_link(planted: &[String], text: &str) {
    let is_field = |line: &&String| !line.contains(['\n', '{', '\'']) && line.contains(": ");
    let fields: Vec<&str> = planted
        .iter()
        .filter(is_field)
        .map(|line| line.trim_start_matches(['<', '>', ' ']))
        .collect();
    let url = format!("https://u:{MARKER}@h/?token={MARKER}");
    let quoted = |text: &str| {
        format!(
            "\"{}\"",
            text.escape_default()
                .to_string()
                .replace("\\'", "'")
                .replace("\\u{", "u{")
        )
    };
    let state = format!(
        "{{\"origin\": {}, \"url\": {}, \"method\": \"PUT\", \"headers\": {}, \"preflight\": {}, \"actual\": {}}}",
        quoted(&url),
        quoted(&url),
        quoted(&fields.join("\n")),
        quoted(text),
        quoted(text),
    );
    let play = Play::from_json(&state);
    assert_eq!(play.url, url, "the settings are not read");
    let shared = play.masked().to_json();
    assert!(!shared.contains(MARKER), "a secret is in a link: {shared}");
}

/// The text many times over takes no more than its share of the processor.
fn check_time(text: &str) {
    let repeated = text.repeat(REPEATED / text.len().max(1));
    let start = processor_time();
    json::write(&explain(&repeated, &Options::default()));
    let taken = processor_time() - start;
    assert!(taken < MAX_TIME, "{REPEATED} bytes take {taken:?}: {text:?}");
}

/// The time that this process has had of the processor, which others do not lengthen.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// Surveys a server that answers everything with these fields and with secrets.
pub fn check_survey(data: &[u8]) -> Result<()> {
    let mut bytes = Unstructured::new(data);
    let status: u16 = *bytes.choose(&[200, 204, 301, 401, 404, 405, 500])?;
    let places = [
        "Set-Cookie: a={}; Path=/",
        "Location: https://u:{}@h/?code={}",
        "X-Api-Key: {}",
        "Access-Control-Allow-Origin: https://u:{}@h",
    ];
    let mut head = format!("HTTP/1.1 {status} Reason\r\n");
    for _ in 0..bytes.int_in_range(0..=4)? {
        let name = *bytes.choose(&[
            "Access-Control-Allow-Origin",
            "Access-Control-Allow-Methods",
            "Access-Control-Allow-Headers",
            "Access-Control-Allow-Credentials",
            "Vary",
            "Access-Control-Max-Age",
        ])?;
        let value = *bytes.choose(&[
            "*",
            "https://app.example.com",
            "null",
            "true",
            "PUT, @x",
            "Origin",
            "600",
            "\u{e9}",
        ])?;
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let at = bytes.int_in_range(0..=bytes.len())?.min(places.len() - 1);
    for place in [places[at], places[0]] {
        let _ = write!(head, "{}\r\n", place.replace(HERE, MARKER));
    }
    head.push_str("\r\n");
    let options = SurveyOptions {
        url: format!("https://u:{MARKER}@api.example.net/led?token={MARKER}"),
        origin: "https://app.example.com".into(),
        methods: vec!["PUT".into()],
        headers: vec!["X-A".into()],
        max_requests: 60,
    };
    let mut network = |_: &str, _: &[u8]| Ok(head.clone().into_bytes());
    if let Ok(survey) = run_survey(&options, &mut network) {
        let written = probe_json::survey(&survey, None) + &sarif::write(&survey);
        assert!(
            !written.contains(MARKER),
            "a secret is shown: {head:?}\n{written}"
        );
        assert!(
            !hide(&survey.transcript).contains(MARKER),
            "the transcript shows a secret: {head:?}"
        );
    }
    Ok(())
}
