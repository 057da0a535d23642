//! `cors decide`: shows what a policy decides on raw request heads.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use embedded_cors::{
    Decision, Policy, PolicyError, PreflightRefusedStatus, PreflightSuccessStatus, Reason, RefusalPosition,
    Request, RequestKind, Rules, Setting,
};

const INTRODUCTION: &str = "\
Decide on raw request heads as a server with this policy would

Prints the decision, the reason, and the bytes of the response.

With --rule, the policy is a list of rules: the first rule whose origins admit the origin of a
request decides. A rule consists of the policy options after its --rule.

A head is a request line, field lines and an empty line. Its lines end with CRLF or LF. The command
ignores everything after the head.";

const AFTER_HELP: &str = "\
Exit status: 0 if every request is allowed or is not a CORS request, 1 if at least one is refused,
2 if the command line, the policy or a head is invalid.

Example:
  printf 'PUT /led HTTP/1.1\\r\\nOrigin: https://app.example.com\\r\\n\\r\\n' |
    cors decide --origin https://app.example.com --method PUT";

/// The values of the command line.
pub struct Decide {
    files: Vec<String>,
    raw: bool,
    /// The rules. There is always one.
    rules: Vec<Settings>,
}

/// The settings of one policy.
#[derive(Default)]
struct Settings {
    origins: Vec<String>,
    loopback: bool,
    methods: Vec<String>,
    headers: Vec<String>,
    exposed: Vec<String>,
    credentials: bool,
    max_age: Option<u32>,
    timing: bool,
    hide_lists_when_refused: bool,
    strict: bool,
    only_requested: bool,
    success_status: PreflightSuccessStatus,
    refused_status: PreflightRefusedStatus,
    insecure_origins: bool,
    public_suffixes: bool,
}

/// An option of a policy. Its name on the command line, its help, and what it sets stand in one
/// place: the table [`POLICY`].
struct PolicyOption {
    /// The name, with its two hyphens.
    name: &'static str,
    /// The name of the value in the help; empty if the option takes none.
    value: &'static str,
    help: &'static str,
    /// Stores the value, or returns what is wrong with it.
    set: fn(&mut Settings, String) -> Result<(), String>,
}

impl PolicyOption {
    fn id(&self) -> &'static str {
        self.name.trim_start_matches('-')
    }
}

const fn option(
    name: &'static str,
    value: &'static str,
    help: &'static str,
    set: fn(&mut Settings, String) -> Result<(), String>,
) -> PolicyOption {
    PolicyOption {
        name,
        value,
        help,
        set,
    }
}

macro_rules! set {
    ($list:ident.push) => {
        |settings, value| {
            settings.$list.push(value);
            Ok(())
        }
    };
    ($flag:ident) => {
        |settings, _| {
            settings.$flag = true;
            Ok(())
        }
    };
}

/// Other names of options.
const ALIASES: &[(&str, &str)] = &[("--minimal", "--hide-lists-when-refused")];

const POLICY: &[PolicyOption] = &[
    option(
        "--origin",
        "ORIGIN",
        "Allow this origin, such as https://example.com, https://*.example.com, http://localhost:*, or null (repeatable)",
        set!(origins.push),
    ),
    option("--any-origin", "", "Allow every origin", |settings, _| {
        settings.origins.push("*".into());
        Ok(())
    }),
    option(
        "--loopback",
        "",
        "Allow pages of this machine: http and https, localhost, *.localhost, 127.0.0.0/8, [::1], any port",
        set!(loopback),
    ),
    option(
        "--method",
        "METHOD",
        "Allow this method besides GET, HEAD and POST, or `*` (repeatable)",
        set!(methods.push),
    ),
    option(
        "--header",
        "NAME",
        "Allow this request header, or `*` (repeatable)",
        set!(headers.push),
    ),
    option(
        "--expose",
        "NAME",
        "Let pages read this response header, or `*` (repeatable)",
        set!(exposed.push),
    ),
    option("--credentials", "", "Allow credentials", set!(credentials)),
    option(
        "--max-age",
        "SECONDS",
        "How long browsers may keep the answer to a preflight",
        |settings, value| {
            let seconds = value.parse().map_err(|_| "use a number of seconds".to_string())?;
            settings.max_age = Some(seconds);
            Ok(())
        },
    ),
    option(
        "--timing",
        "",
        "Let pages of the allowed origins read how long a response took, by Timing-Allow-Origin",
        set!(timing),
    ),
    option(
        "--hide-lists-when-refused",
        "",
        "Answer a preflight that is refused for its method or headers with the refused status and without the lists; --minimal is the same",
        set!(hide_lists_when_refused),
    ),
    option(
        "--strict",
        "",
        "Accept requested headers only in the form that Fetch prescribes",
        set!(strict),
    ),
    option(
        "--only-requested",
        "",
        "Answer a preflight with what it asks for, not with all that is allowed or with `*`",
        set!(only_requested),
    ),
    option(
        "--success-status",
        "STATUS",
        "The status of a preflight that succeeds: 204 (the default), 200, or 204-bare, which is 204 without content-length",
        |settings, value| {
            settings.success_status = match value.as_str() {
                "204" => PreflightSuccessStatus::NoContent,
                "204-bare" => PreflightSuccessStatus::NoContentBare,
                "200" => PreflightSuccessStatus::Ok,
                _ => return Err("use 204, 204-bare or 200".into()),
            };
            Ok(())
        },
    ),
    option(
        "--refused-status",
        "STATUS",
        "The status of a preflight that is refused for its origin: 403 (the default), 204 or 200",
        |settings, value| {
            settings.refused_status = match value.as_str() {
                "403" => PreflightRefusedStatus::Forbidden,
                "204" => PreflightRefusedStatus::NoContent,
                "200" => PreflightRefusedStatus::Ok,
                _ => return Err("use 403, 204 or 200".into()),
            };
            Ok(())
        },
    ),
    option(
        "--dangerously-allow-insecure-origins-with-credentials",
        "",
        "Let http: origins other than loopback send credentials",
        set!(insecure_origins),
    ),
    option(
        "--dangerously-allow-public-suffixes-with-credentials",
        "",
        "Let `*.` before a single label, such as https://*.internal, send credentials",
        set!(public_suffixes),
    ),
];

impl Args for Decide {
    fn augment_args(command: Command) -> Command {
        let (about, _) = INTRODUCTION.split_once("\n\n").unwrap_or((INTRODUCTION, ""));
        let rule = "Start another rule, to which the policy options that follow belong (repeatable)";
        let mut command = command
            .about(about)
            .long_about(INTRODUCTION)
            .after_help(AFTER_HELP)
            .arg(
                Arg::new("files")
                    .value_name("FILES")
                    .num_args(0..)
                    .help("Files with one request head each; `-`, or no file, means standard input"),
            )
            .arg(Arg::new("raw").long("raw").action(ArgAction::SetTrue).help(
                "Print only the bytes of the response on standard output, and the rest on standard error",
            ))
            .arg(flag(Arg::new("rule").long("rule").help(rule)))
            .next_help_heading("Policy");
        for option in POLICY {
            let arg = Arg::new(option.id()).long(option.id()).help(option.help);
            let arg = match option.value {
                "" => flag(arg),
                // A value may begin with a hyphen, since origins and names are checked below.
                value => arg
                    .value_name(value)
                    .action(ArgAction::Append)
                    .allow_hyphen_values(true),
            };
            let aliases = ALIASES.iter().filter(|(_, name)| *name == option.name);
            let aliases = aliases.map(|(alias, _)| alias.trim_start_matches('-'));
            command = command.arg(arg.visible_aliases(aliases));
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Makes an option without a value, whose places on the command line are recorded.
fn flag(arg: Arg) -> Arg {
    arg.action(ArgAction::Append)
        .num_args(0)
        .default_missing_value("")
}

impl FromArgMatches for Decide {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        // The place of each option on the command line decides to which rule it belongs.
        let mut places: Vec<(usize, Option<&PolicyOption>, String)> = Vec::new();
        let known = POLICY.iter().map(Some).chain([None]);
        for option in known {
            let id = option.map_or("rule", PolicyOption::id);
            let indices = matches.indices_of(id).into_iter().flatten();
            let values = matches.get_many::<String>(id).into_iter().flatten();
            places.extend(
                indices
                    .zip(values)
                    .map(|(index, value)| (index, option, value.clone())),
            );
        }
        places.sort_by_key(|(index, ..)| *index);
        let mut rules: Vec<Settings> = Vec::new();
        for (_, option, value) in places {
            let Some(option) = option else {
                rules.push(Settings::default());
                continue;
            };
            // The options before any `--rule` are the first rule.
            if rules.is_empty() {
                rules.push(Settings::default());
            }
            if let Some(rule) = rules.last_mut() {
                (option.set)(rule, value.clone()).map_err(|error| {
                    let message = format!("{} {value:?}: {error}\n", option.name);
                    clap::Error::raw(clap::error::ErrorKind::InvalidValue, message)
                })?;
            }
        }
        if rules.is_empty() {
            rules.push(Settings::default());
        }
        let files = matches.get_many::<String>("files").into_iter().flatten();
        let mut files: Vec<String> = files.cloned().collect();
        if files.is_empty() {
            files.push("-".into());
        }
        Ok(Self {
            files,
            raw: matches.get_flag("raw"),
            rules,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Runs the command, and returns its exit status.
pub fn run(arguments: &Decide) -> Result<u8, String> {
    let lists: Vec<[Vec<&str>; 4]> = arguments.rules.iter().map(Settings::lists).collect();
    let mut policies = Vec::new();
    for (index, (settings, lists)) in arguments.rules.iter().zip(&lists).enumerate() {
        let policy = settings.build(lists).map_err(|error| {
            let rule = match arguments.rules.len() {
                1 => "the policy".into(),
                _ => format!("rules[{index}]"),
            };
            format!("decide: {rule}: {}", in_words_of_options(&error))
        })?;
        policies.push(policy);
    }
    let server = match &policies[..] {
        [policy] => Server::Policy(policy),
        policies => {
            let rules = Rules::new(policies).map_err(|error| format!("decide: {error}"))?;
            Server::Rules(rules)
        }
    };

    let mut status = 0;
    for file in &arguments.files {
        let outcome = read(file)
            .map_err(|error| error.to_string())
            .and_then(|head| decide(&server, file, &head, arguments.raw).map_err(|error| error.to_string()));
        match outcome {
            Ok(true) => {}
            Ok(false) => status = status.max(1),
            Err(error) => {
                eprintln!("cors: decide: {}: {error}", name(file));
                status = 2;
            }
        }
    }
    Ok(status)
}

impl Settings {
    /// Returns the origins, methods, headers and exposed headers.
    fn lists(&self) -> [Vec<&str>; 4] {
        [&self.origins, &self.methods, &self.headers, &self.exposed]
            .map(|list| list.iter().map(String::as_str).collect())
    }

    fn build<'a>(&self, lists: &'a [Vec<&'a str>; 4]) -> Result<Policy<'a>, PolicyError<'a>> {
        let [origins, methods, headers, exposed] = lists;
        let mut builder = Policy::builder()
            .allow_origins(origins)
            .allow_methods(methods)
            .allow_headers(headers)
            .expose_headers(exposed)
            .success_status(self.success_status)
            .refused_status(self.refused_status);
        if self.loopback {
            builder = builder.allow_loopback();
        }
        if self.credentials {
            builder = builder.allow_credentials();
        }
        if let Some(seconds) = self.max_age {
            builder = builder.max_age_seconds(seconds);
        }
        if self.timing {
            builder = builder.allow_timing();
        }
        if self.hide_lists_when_refused {
            builder = builder.hide_lists_when_refused();
        }
        if self.strict {
            builder = builder.strict_request_headers();
        }
        if self.only_requested {
            builder = builder.answer_only_requested();
        }
        if self.insecure_origins {
            builder = builder.dangerously_allow_insecure_origins_with_credentials();
        }
        if self.public_suffixes {
            builder = builder.dangerously_allow_public_suffixes_with_credentials();
        }
        builder.build()
    }
}

/// Returns the sentence about a mistake, with options of the command line instead of methods.
fn in_words_of_options(error: &PolicyError<'_>) -> String {
    let option = match error.setting() {
        Setting::AllowOrigins => "--origin",
        Setting::AllowMethods => "--method",
        Setting::AllowHeaders => "--header",
        Setting::ExposeHeaders => "--expose",
        Setting::MaxAge => "--max-age",
        setting => setting.name(),
    };
    let sentence = error.to_string();
    let rest = sentence.strip_prefix(error.setting().name()).unwrap_or(&sentence);
    match rest.split_once("call ") {
        Some((before, method)) => format!("{option}{before}add --{}", method.replace('_', "-")),
        None => format!("{option}{rest}"),
    }
}

/// A policy or a list of rules.
enum Server<'a> {
    Policy(&'a Policy<'a>),
    Rules(Rules<'a>),
}

impl<'a> Server<'a> {
    fn decide(&self, request: &Request<'a>) -> Decision<'a> {
        match self {
            Self::Policy(policy) => policy.decide(request),
            Self::Rules(rules) => rules.decide(request),
        }
    }

    fn max_response_len(&self) -> usize {
        match self {
            Self::Policy(policy) => policy.max_response_len(),
            Self::Rules(rules) => rules.max_response_len(),
        }
    }
}

fn name(file: &str) -> &str {
    if file == "-" { "standard input" } else { file }
}

fn read(file: &str) -> io::Result<Vec<u8>> {
    if file == "-" {
        let mut head = Vec::new();
        io::stdin().lock().read_to_end(&mut head)?;
        Ok(head)
    } else {
        std::fs::read(file)
    }
}

/// Prints the decision on one head. Returns false if the request is refused.
fn decide(
    server: &Server<'_>,
    file: &str,
    head: &[u8],
    raw: bool,
) -> Result<bool, Box<dyn std::error::Error>> {
    let request = Request::from_head(head)?;
    let decision = server.decide(&request);

    let mut buffer = vec![0; server.max_response_len()];
    let (response, what) = match decision.preflight() {
        Some(preflight) => (preflight.write_response(&mut buffer)?, "response"),
        None => (
            decision.write_fields(&mut buffer)?.as_bytes(),
            "fields of the response",
        ),
    };

    let summary = summary(&decision, &request);
    let mut out = io::stdout().lock();
    if raw {
        eprintln!("{}: {summary}", name(file));
        out.write_all(response)?;
    } else {
        writeln!(out, "{}: {summary}", name(file))?;
        writeln!(out, "{what}, {} bytes:", response.len())?;
        for line in String::from_utf8_lossy(response).split_terminator("\r\n") {
            writeln!(out, "    {line}")?;
        }
        writeln!(out)?;
    }
    Ok(!decision.is_refused())
}

fn summary(decision: &Decision<'_>, request: &Request<'_>) -> String {
    let kind = match decision.kind() {
        RequestKind::NotCors => return "not CORS".into(),
        RequestKind::Actual => "actual request",
        RequestKind::Preflight => "preflight",
    };
    let Some(refusal) = decision.refusal() else {
        return format!("{kind}, allowed");
    };
    let reason = refusal.reason();
    let mut text = format!("{kind}, refused: {refusal} [{} {}]", reason.code(), reason.name());
    let about = match (reason, refusal.position()) {
        (Reason::HeaderNotAllowed, Some(RefusalPosition::Name(index))) => {
            request.requested_headers().nth(index)
        }
        (Reason::MethodNotAllowed, _) => request.requested_method(),
        _ => None,
    };
    if let Some(about) = about {
        let _ = write!(text, ": {about}");
    }
    text
}
