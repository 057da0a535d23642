//! Pages that no HTTP server sent: files, and pages under an application's own scheme. What is the
//! `Origin` of their requests, and can they read the answers of a policy `*` and of a policy that
//! lists that origin?

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use embedded_cors::{Policy, Request};

use crate::engine::{self, Display, Engine, Folder, Group};
use crate::servers;

/// The program that shows a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Program {
    Chromium,
    ChromiumWithFileAccess,
    Firefox,
    WebKit,
    /// `page/webkit.py`.
    WebKitBindings,
    /// `page/qt.py`, with the syntax of the scheme.
    Qt(&'static str),
}

impl Program {
    fn title(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::ChromiumWithFileAccess => "Chromium with `--allow-file-access-from-files`",
            Self::Firefox => "Firefox ESR",
            Self::WebKit => "WebKitGTK (MiniBrowser)",
            Self::WebKitBindings => "WebKitGTK (application)",
            Self::Qt("Host") => "Qt WebEngine, syntax `Host`",
            Self::Qt("HostAndPort") => "Qt WebEngine, syntax `HostAndPort`",
            Self::Qt(_) => "Qt WebEngine, syntax `Path`",
        }
    }

    /// Returns the engine of a program that the other cases need too.
    const fn engine(self) -> Option<Engine> {
        match self {
            Self::Chromium | Self::ChromiumWithFileAccess => Some(Engine::Chromium),
            Self::Firefox => Some(Engine::Firefox),
            Self::WebKit => Some(Engine::WebKit),
            Self::WebKitBindings | Self::Qt(_) => None,
        }
    }
}

/// A page and the origin of its requests.
struct Row {
    program: Program,
    /// `file:` stands for the address of a file.
    address: &'static str,
    origin: &'static str,
    /// Whether a policy can list the origin.
    is_listed: bool,
}

const fn row(program: Program, address: &'static str, origin: &'static str) -> Row {
    Row {
        program,
        address,
        origin,
        is_listed: true,
    }
}

/// Returns a row of an origin without `//`, which no policy can list.
const fn unlisted(program: Program, address: &'static str, origin: &'static str) -> Row {
    Row {
        program,
        address,
        origin,
        is_listed: false,
    }
}

const ROWS: &[Row] = &[
    row(Program::Chromium, "file:", "null"),
    row(Program::ChromiumWithFileAccess, "file:", "file://"),
    row(Program::Firefox, "file:", "null"),
    row(Program::WebKit, "file:", "null"),
    row(Program::WebKitBindings, "file:", "file://"),
    row(Program::WebKitBindings, "app://.", "app://."),
    row(Program::WebKitBindings, "app://-", "app://-"),
    row(
        Program::WebKitBindings,
        "capacitor-electron://-",
        "capacitor-electron://-",
    ),
    row(Program::WebKitBindings, "myapp://", "myapp://"),
    row(Program::WebKitBindings, "app://Local_Host/", "app://local_host"),
    row(
        Program::WebKitBindings,
        "content://com.example.app",
        "content://com.example.app",
    ),
    row(Program::Qt("Host"), "app://localhost/", "app://localhost"),
    row(Program::Qt("Host"), "app://Local_Host/", "app://local_host"),
    row(
        Program::Qt("Host"),
        "content://com.example.app",
        "content://com.example.app",
    ),
    row(
        Program::Qt("HostAndPort"),
        "app://localhost:8080/",
        "app://localhost:8080",
    ),
    unlisted(Program::Qt("Path"), "app://localhost/", "app:"),
];

/// The time for one page.
const PATIENCE: Duration = Duration::from_secs(40);

/// Shows the pages in these engines, and those of the programs with bindings if `has_bindings`.
/// Returns what is not as the table says.
pub(crate) fn run(engines: &[Engine], has_bindings: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in ROWS {
        let is_wanted = match row.program.engine() {
            Some(engine) => engines.contains(&engine),
            None => has_bindings,
        };
        if !is_wanted {
            continue;
        }
        let name = format!("{} at {}", row.program.title(), row.address);
        match show(row) {
            Ok(()) => println!("{name}: Origin: {}", row.origin),
            Err(message) => wrong.push(format!("{name}: {message}")),
        }
    }
    wrong
}

/// Returns the section of docs/browsers.md.
pub(crate) fn docs() -> String {
    let mut text = String::from(HEAD);
    for row in ROWS {
        let address = if row.address == "file:" {
            "a file"
        } else {
            row.address
        };
        let address = if row.address == "file:" {
            address.to_string()
        } else {
            format!("`{address}`")
        };
        let list = if row.is_listed { "=" } else { "cannot list it" };
        text += &format!(
            "| {} | {address} | `{}` | = | {list} |\n",
            row.program.title(),
            row.origin
        );
    }
    text
}

const HEAD: &str = "
## Pages that no server sent

These pages are files, or an application shows them under its own scheme. Each makes a `GET` and a
`PUT`, which is preflighted, to a server with the policy `*`, and to one with a policy that lists
its origin. `=` says that the page reads both answers. `.ci/browsers` runs the rows of the three
browsers, and `.ci/browsers --schemes` all of them.

Qt WebEngine did not load `app://.` with any syntax. With `Path`, which is the default of Qt, an
origin has neither `//` nor host. It is not an origin of the Fetch Standard: only `*` admits it.

| program | page | `Origin` | policy `*` | policy with a list |
|---|---|---|---|---|
";

/// Shows a page, and checks what it sends and gets.
fn show(row: &Row) -> Result<(), String> {
    let folder = Folder::new("schemes")?;
    let server = Server::start(row)?;
    let file = folder.path().join("page.html");
    fs::write(&file, PAGE.replace("{PORT}", &server.port.to_string())).map_err(|error| error.to_string())?;
    let log = folder.path().join("log");
    let mut browser = open(row, folder.path(), &file, &log)?;
    let deadline = Instant::now() + PATIENCE;
    while server.state().result.is_none() {
        if Instant::now() > deadline || browser.group.has_ended() {
            let said = fs::read_to_string(&log).unwrap_or_default();
            return Err(format!("the page did not report; the browser's output:\n{said}"));
        }
        thread::sleep(Duration::from_millis(50));
    }
    drop(browser);
    let state = server.state();
    let list = if row.is_listed {
        "content"
    } else {
        "threw TypeError"
    };
    let expected = [
        "GET star content".to_string(),
        "PUT star content".to_string(),
        format!("GET list {list}"),
        format!("PUT list {list}"),
    ];
    let got: Vec<_> = state.result.iter().flat_map(|result| result.lines()).collect();
    if let Some(origin) = state.origins.iter().find(|origin| *origin != row.origin) {
        return Err(format!("sends Origin: {origin}, expected {}", row.origin));
    }
    // Each policy gets two requests and a preflight. Without permission the `PUT` is not sent.
    let requests = if row.is_listed { 6 } else { 5 };
    if state.origins.len() != requests || got != expected {
        return Err(format!(
            "got {got:?} with {} requests, expected {expected:?} with {requests}",
            state.origins.len()
        ));
    }
    Ok(())
}

struct Browser {
    group: Group,
    _display: Option<Display>,
}

fn open(row: &Row, home: &Path, file: &Path, log: &Path) -> Result<Browser, String> {
    let display = match row.program {
        Program::WebKit | Program::WebKitBindings => Some(Display::start(home)?),
        _ => None,
    };
    let address = match row.address {
        "file:" => format!("file://{}", file.display()),
        address => address.to_string(),
    };
    let script = |name: &str| format!("{}/page/{name}", env!("CARGO_MANIFEST_DIR"));
    let file = file.display().to_string();
    let (program, arguments) = match row.program {
        Program::Qt(syntax) => (
            PathBuf::from("/usr/bin/python3"),
            vec![script("qt.py"), address, file, syntax.to_string()],
        ),
        Program::WebKitBindings => (
            PathBuf::from("/usr/bin/python3"),
            vec![script("webkit.py"), address, file],
        ),
        program => {
            let engine = program.engine().unwrap_or(Engine::Chromium);
            let mut arguments = engine::arguments(engine, home, address)?;
            if program == Program::ChromiumWithFileAccess {
                arguments.insert(0, "--allow-file-access-from-files".to_string());
            }
            (engine.program()?, arguments)
        }
    };
    let mut command = engine::shell(home, display.as_ref());
    command
        .env("QT_QPA_PLATFORM", "offscreen")
        .env("QTWEBENGINE_DISABLE_SANDBOX", "1")
        .env("QTWEBENGINE_CHROMIUM_FLAGS", "--disable-gpu --no-proxy-server");
    let output = File::create(log).map_err(|error| error.to_string())?;
    let errors = output.try_clone().map_err(|error| error.to_string())?;
    let group = Group::start(command.stdout(output).stderr(errors), &program, &arguments)?;
    Ok(Browser {
        group,
        _display: display,
    })
}

/// Makes the requests and reports what the page could read. The report is a `no-cors` request,
/// which arrives whatever the answers were.
const PAGE: &str = "<!doctype html>
<meta charset=\"utf-8\">
<title>origin</title>
<script>
(async () => {
  const lines = [];
  for (const policy of [\"star\", \"list\"]) {
    for (const method of [\"GET\", \"PUT\"]) {
      try {
        const response = await fetch(`http://localhost:{PORT}/${policy}`, { method });
        lines.push(`${method} ${policy} ${await response.text()}`);
      } catch (error) {
        lines.push(`${method} ${policy} threw ${error.name}`);
      }
    }
  }
  await fetch(\"http://localhost:{PORT}/result\", { method: \"POST\", mode: \"no-cors\", body: lines.join(\"\\n\") });
})();
</script>
";

struct Server {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The `Origin` of each request to a policy.
    origins: Vec<String>,
    result: Option<String>,
}

impl Server {
    /// Starts a server for one page. Its thread runs until the program ends.
    fn start(row: &Row) -> Result<Self, String> {
        let policy = |origin: &'static str| {
            let origins: &'static [&'static str] = vec![origin].leak();
            let policy = Policy::builder()
                .allow_origins(origins)
                .allow_methods(&["PUT"])
                .build();
            policy.map_err(|error| error.to_string())
        };
        let star = policy("*")?;
        let list = policy(if row.is_listed {
            row.origin
        } else {
            "https://other.example"
        })?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        let state = Arc::new(Mutex::new(State::default()));
        let server = Self {
            port,
            state: state.clone(),
        };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, policies) = (state.clone(), [star, list]);
                thread::spawn(move || connection(&stream, &state, &policies));
            }
        });
        Ok(server)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers the requests of a connection.
fn connection(stream: &TcpStream, state: &Mutex<State>, policies: &[Policy<'static>; 2]) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        let (mut origin, mut length) = (String::new(), 0);
        loop {
            let start = head.len();
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
            let Some((name, value)) = head[start..].trim_end().split_once(": ") else {
                if head[start..].trim_end().is_empty() {
                    break;
                }
                continue;
            };
            match &*name.to_ascii_lowercase() {
                "origin" => origin = value.to_string(),
                "content-length" => length = value.parse().unwrap_or(0),
                _ => {}
            }
        }
        let mut content = String::new();
        (&mut reader).take(length).read_to_string(&mut content)?;
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let policy = match target {
            "/star" => &policies[0],
            "/list" => &policies[1],
            _ => {
                if target == "/result" {
                    state.result = Some(content);
                }
                (&mut &*stream).write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")?;
                continue;
            }
        };
        state.origins.push(origin);
        drop(state);
        let request = Request::from_head(head.as_bytes()).map_err(io::Error::other)?;
        (&mut &*stream).write_all(&servers::policy_answers(policy, &request, method, 200, false))?;
    }
}
