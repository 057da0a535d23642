// What `decisions.txt` says, read by the build scripts of the programs that carry its policies to emulated microcontrollers.

/// The settings of its policies, and the heads of its requests.
struct Table {
    policies: Vec<Vec<String>>,
    heads: Vec<String>,
}

impl Table {
    fn read() -> Self {
        println!("cargo:rerun-if-changed=../decisions.txt");
        let text = std::fs::read_to_string("../decisions.txt").expect("the table is there");
        let mut table = Self {
            policies: Vec::new(),
            heads: Vec::new(),
        };
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.starts_with("policy ") {
                let settings = lines.by_ref().take_while(|line| !line.is_empty());
                table.policies.push(settings.map(String::from).collect());
            } else if line.starts_with("case ") {
                let head = lines.by_ref().take_while(|line| !line.starts_with("answer "));
                table.heads.push(head.map(bytes_of).collect());
            }
        }
        table
    }

    /// The policies as a `static`.
    fn policies(&self) -> String {
        let mut source = format!("static POLICIES: [Policy; {}] = [\n", self.policies.len());
        for settings in &self.policies {
            source += "    Policy::builder()";
            for (name, value) in settings.iter().map(|line| setting(line)) {
                source += &match value {
                    Value::Words(words) => format!(".{name}(&{words:?})"),
                    Value::Other(text) => format!(".{name}({text})"),
                };
            }
            source += ".build_or_panic(),\n";
        }
        source + "];\n"
    }

    /// The heads as a `static`.
    fn heads(&self) -> String {
        format!(
            "static HEADS: [&str; {}] = {:#?};\n",
            self.heads.len(),
            self.heads
        )
    }
}

/// Writes a file that a program includes.
fn write(name: &str, source: &str) {
    let out = std::env::var_os("OUT_DIR").expect("cargo says where");
    std::fs::write(std::path::Path::new(&out).join(name), source).expect("it can be written");
}

/// A line of a request: its escapes, and its CRLF if it has one.
fn bytes_of(line: &str) -> String {
    let (line, end) = match line.strip_suffix('\\') {
        Some(line) => (line, ""),
        None => (line, "\r\n"),
    };
    let line = line.replace("\\t", "\t").replace("\\r", "\r");
    line.replace("\\n", "\n").replace("\\0", "\0") + end
}

enum Value<'l> {
    Words(Vec<&'l str>),
    Other(&'static str),
}

/// A line of a policy, as a call of the builder.
fn setting(line: &str) -> (&'static str, Value<'_>) {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    let words = || Value::Words(rest.split(' ').collect());
    match name {
        "origins" => ("allow_origins", words()),
        "methods" => ("allow_methods", words()),
        "headers" => ("allow_headers", words()),
        "expose" => ("expose_headers", words()),
        "max-age" => ("max_age_seconds", Value::Other(String::from(rest).leak())),
        "credentials" => ("allow_credentials", Value::Other("")),
        "minimal" => ("minimal", Value::Other("")),
        "strict" => ("strict_request_headers", Value::Other("")),
        "only-requested" => ("answer_only_requested", Value::Other("")),
        "private-network" => ("allow_private_network", Value::Other("")),
        "success-200" => ("success_status", Value::Other("SuccessStatus::Ok")),
        "refused-204" => ("refused_status", Value::Other("RefusedStatus::NoContent")),
        "refused-200" => ("refused_status", Value::Other("RefusedStatus::Ok")),
        other => panic!("no such setting: {other}"),
    }
}
