//! Finds the three engines, starts them, and stops them whatever happens.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::servers::World;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    Chromium,
    Firefox,
    WebKit,
}

impl Engine {
    pub(crate) const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// Returns the name on the command line and in `exceptions.txt`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox ESR",
            Self::WebKit => "WebKitGTK",
        }
    }

    /// Returns the path of the program. MiniBrowser is not in a folder of `PATH`.
    pub(crate) fn program(self) -> Result<PathBuf, String> {
        let candidates = match self {
            Self::Chromium => in_path(&["chromium"]),
            Self::Firefox => in_path(&["firefox-esr"]),
            Self::WebKit => mini_browsers(),
        };
        let package = match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox-esr",
            Self::WebKit => "webkit2gtk-driver",
        };
        let found = candidates.into_iter().find(|path| path.is_file());
        found.ok_or_else(|| {
            format!(
                "{} is not installed: apt-get install --no-install-recommends {package}",
                self.title()
            )
        })
    }
}

fn in_path(names: &[&str]) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .collect()
}

fn mini_browsers() -> Vec<PathBuf> {
    let folders = |path: &Path| {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let libraries = folders(Path::new("/usr/lib"))
        .into_iter()
        .flat_map(|path| folders(&path));
    let webkit = libraries.filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("webkit2gtk-"))
    });
    webkit.map(|path| path.join("MiniBrowser")).collect()
}

/// A program and everything that it starts, in a separate process group. A shell leads the group.
/// The group ends when this value is dropped, when the program ends, and when this process ends in
/// any way, since then the shell reads the end of its input.
pub(crate) struct Group(Child);

const LEADER: &str = "(\"$@\"; kill -KILL 0) & read -r _; kill -KILL 0";

impl Group {
    pub(crate) fn start(command: &mut Command, program: &Path, arguments: &[String]) -> Result<Self, String> {
        command
            .args(["-c", LEADER, "sh"])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .process_group(0);
        for proxy in [
            "http_proxy",
            "https_proxy",
            "all_proxy",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
        ] {
            command.env_remove(proxy);
        }
        let child = command.spawn();
        child
            .map(Self)
            .map_err(|error| format!("{}: {error}", program.display()))
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// A temporary folder that is removed on drop.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("browsers-{}-{name}", std::process::id()));
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(Self(path)),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Killed processes may still be writing for a moment.
        for _ in 0..20 {
            if fs::remove_dir_all(&self.0).is_ok() || !self.0.exists() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// The time that an engine may take to start on a busy machine.
const START: Duration = Duration::from_secs(60);
/// The time without progress after which an engine counts as stuck. A request takes at most 8 s,
/// and the page waits at most 7 s between two requests.
const SILENCE: Duration = Duration::from_secs(30);

/// Runs all cases of a world in an engine. Returns the engine's version.
pub(crate) fn run(engine: Engine, world: &World, deadline: Instant) -> Result<String, String> {
    let program = engine.program()?;
    // The folder is declared before the processes that write into it, so it is dropped after them.
    let home = Folder::new(engine.name())?;
    let log = home.0.join("log");
    let display = match engine {
        Engine::WebKit => Some(Display::start(&home.0)?),
        Engine::Chromium | Engine::Firefox => None,
    };
    let shell = || shell(&home.0, display.as_ref());
    let version = version(&program, &mut shell())?;
    let url = format!("http://localhost:{}/", world.ports.page);
    let arguments = arguments(engine, &home.0, url)?;
    let output = File::create(&log).map_err(|error| error.to_string())?;
    let errors = output.try_clone().map_err(|error| error.to_string())?;
    let mut browser = Group::start(shell().stdout(output).stderr(errors), &program, &arguments)?;

    let mut count = 0;
    let mut patience = Instant::now() + START;
    loop {
        let state = world.state();
        let (done, asked) = (state.got.len(), state.next);
        drop(state);
        if done == world.cases.len() {
            return Ok(version);
        }
        let now = Instant::now();
        if count != done + asked {
            count = done + asked;
            patience = now + SILENCE;
        }
        let trouble = if browser.has_ended() {
            "has ended early"
        } else if now > deadline {
            "has not finished within the time for the whole run"
        } else if now > patience {
            "makes no progress"
        } else {
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        let said = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<_> = said.lines().rev().take(15).collect();
        let lines: Vec<_> = lines.into_iter().rev().collect();
        return Err(format!(
            "{version} {trouble}, after {done} of {} cases; its last output:\n  {}",
            world.cases.len(),
            lines.join("\n  ")
        ));
    }
}

/// Returns a shell with the environment for a browser.
pub(crate) fn shell(home: &Path, display: Option<&Display>) -> Command {
    let mut command = Command::new("sh");
    command
        .env("HOME", home)
        .env("NO_AT_BRIDGE", "1")
        .env("GSETTINGS_BACKEND", "memory");
    if let Some(display) = display {
        command.env("DISPLAY", &display.name).env("GDK_BACKEND", "x11");
    }
    command
}

/// Returns the version of a program.
fn version(program: &Path, shell: &mut Command) -> Result<String, String> {
    let output = shell
        .args(["-c", "exec \"$@\"", "sh"])
        .arg(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    number
        .map(str::to_string)
        .ok_or_else(|| format!("{} --version prints no number: {text}", program.display()))
}

pub(crate) fn arguments(engine: Engine, home: &Path, url: String) -> Result<Vec<String>, String> {
    let profile = home.join("profile");
    fs::create_dir_all(&profile).map_err(|error| error.to_string())?;
    let profile = profile.display();
    let mut arguments: Vec<String> = match engine {
        Engine::Chromium => {
            let mut arguments: Vec<String> = CHROMIUM.iter().map(|argument| argument.to_string()).collect();
            arguments.push(format!("--user-data-dir={profile}"));
            arguments
        }
        Engine::Firefox => {
            let prefs: String = FIREFOX
                .iter()
                .map(|(name, value)| format!("user_pref(\"{name}\", {value});\n"))
                .collect();
            fs::write(format!("{profile}/user.js"), prefs).map_err(|error| error.to_string())?;
            ["--headless", "--no-remote", "--profile", &profile.to_string()]
                .map(str::to_string)
                .to_vec()
        }
        Engine::WebKit => vec!["--enable-write-console-messages-to-stdout=true".to_string()],
    };
    arguments.push(url);
    Ok(arguments)
}

const CHROMIUM: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-breakpad",
    "--enable-logging=stderr",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * 127.0.0.1",
];

const FIREFOX: &[(&str, &str)] = &[
    ("app.update.auto", "false"),
    ("browser.aboutwelcome.enabled", "false"),
    ("browser.safebrowsing.malware.enabled", "false"),
    ("browser.safebrowsing.phishing.enabled", "false"),
    ("browser.shell.checkDefaultBrowser", "false"),
    ("datareporting.policy.dataSubmissionEnabled", "false"),
    ("extensions.update.enabled", "false"),
    ("network.captive-portal-service.enabled", "false"),
    ("network.connectivity-service.enabled", "false"),
    ("network.proxy.type", "0"),
    ("toolkit.telemetry.enabled", "false"),
];

/// A virtual display for WebKitGTK, which has no headless mode.
pub(crate) struct Display {
    name: String,
    _server: Group,
}

impl Display {
    pub(crate) fn start(home: &Path) -> Result<Self, String> {
        let missing = "Xvfb is not installed: apt-get install --no-install-recommends xvfb";
        let program = in_path(&["Xvfb"])
            .into_iter()
            .find(|path| path.is_file())
            .ok_or(missing)?;
        let errors = File::create(home.join("xvfb")).map_err(|error| error.to_string())?;
        let arguments = [
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x800x24",
            "-nolisten",
            "tcp",
        ]
        .map(str::to_string);
        let mut command = Command::new("sh");
        command.stdout(Stdio::piped()).stderr(errors);
        let mut server = Group::start(&mut command, &program, &arguments)?;
        // Xvfb prints the number of the display that it has chosen.
        let mut number = String::new();
        if let Some(output) = server.0.stdout.take() {
            let _ = BufReader::new(output).read_line(&mut number);
        }
        match number.trim() {
            "" => Err("Xvfb did not start".to_string()),
            number => Ok(Self {
                name: format!(":{number}"),
                _server: server,
            }),
        }
    }
}
