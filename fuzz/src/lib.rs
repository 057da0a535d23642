//! Policies, requests and pages as data that `arbitrary` makes from the bytes of the fuzzer.
//!
//! [`naive`] holds the oracles, which the laws share.

#[path = "../../tests/common/agreement.rs"]
mod agreement;
#[path = "../../tests/common/naive.rs"]
pub mod naive;
#[path = "../../tests/common/outcome.rs"]
mod outcome;
#[cfg(feature = "debugger")]
pub mod paste;
#[path = "../../tests/common/policy_spec.rs"]
mod policy_spec;

use arbitrary::{Arbitrary, Result, Unstructured};
use embedded_cors::Setting;
use embedded_cors::browser::Fetch;

pub use agreement::{Asked, check_agreement};
pub use outcome::Outcome;
pub use policy_spec::{PolicyOption, PolicySpec, is_tenant};

impl PolicySpec {
    /// Removes what the policy's errors name, one after the other, until the policy can be built.
    pub fn repaired(mut self) -> Self {
        loop {
            let mistake = self.build(|policy| policy.err().map(|error| (error.setting(), error.index())));
            match mistake {
                None => return self,
                Some((Setting::AllowOrigins, Some(index))) => drop(self.origins.remove(index)),
                // Methods and headers without any origin.
                Some((Setting::AllowOrigins, None)) => self.origins.push("https://example.com".into()),
                Some((Setting::AllowMethods, Some(index))) => drop(self.methods.remove(index)),
                Some((Setting::AllowHeaders, Some(index))) => drop(self.headers.remove(index)),
                Some((Setting::ExposeHeaders, Some(index))) => drop(self.exposed.remove(index)),
                Some((Setting::AllowOriginIf, _)) => self.has_predicate = false,
                Some((Setting::MaxAge, _)) => self.max_age = None,
                Some((setting, index)) => panic!("the fuzzer cannot repair {setting} {index:?}"),
            }
        }
    }

    /// Returns whether the policy is meant to admit the value of an `Origin` field. `*` admits
    /// every value.
    pub fn admits(&self, value: &[u8]) -> bool {
        let by_predicate = || {
            let Some(origin) = naive::origin(value) else {
                return false;
            };
            let secure = origin.scheme != "http" || naive::is_loopback(origin.host);
            self.has_predicate
                && origin.scheme != "file"
                && origin.host.ends_with(".tenants.example")
                && (secure || !self.has(PolicyOption::Credentials) || self.has(PolicyOption::InsecureOrigins))
        };
        let by_loopback = || {
            self.has(PolicyOption::Loopback)
                && naive::origin(value).is_some_and(|origin| {
                    ["http", "https"].contains(&origin.scheme) && naive::is_loopback(origin.host)
                })
        };
        self.origins.iter().any(|entry| naive::entry_admits(entry, value)) || by_loopback() || by_predicate()
    }

    /// Returns whether `*` admits every origin.
    pub fn is_public(&self) -> bool {
        self.origins.iter().any(|entry| entry == "*")
    }

    pub fn header_rules(&self) -> naive::HeaderRules<'_> {
        naive::HeaderRules {
            allowed: &self.headers,
            credentials: self.has(PolicyOption::Credentials),
            strict: self.has(PolicyOption::Strict),
            only_requested: self.has(PolicyOption::OnlyRequested),
        }
    }

    /// Returns whether answers contain the requested method and names where a list is `*`.
    pub fn echoes(&self) -> bool {
        self.has(PolicyOption::Credentials) || self.has(PolicyOption::OnlyRequested)
    }
}

impl<'a> Arbitrary<'a> for PolicySpec {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        use PolicyOption::*;
        let flags: u16 = u.arbitrary()?;
        let flag = |bit: u32| flags >> bit & 1 == 1;
        let refused_status = (flags >> 11) % 3;
        // Credentials are allowed in half of the policies, and most other options are on in a
        // quarter.
        let options = [
            (Credentials, flag(0)),
            (InsecureOrigins, flag(1) && flag(2)),
            (PublicSuffixes, flag(2) && flag(3)),
            (TrustPredicate, flag(4)),
            (Timing, flag(5) && flag(6)),
            (Loopback, flag(4) && flag(5) && flag(7)),
            (HideLists, flag(6) && flag(7)),
            (Strict, flag(7) && flag(8)),
            (OnlyRequested, flag(8) && flag(9)),
            (Success200, flag(10) && !flag(9)),
            (Success204Bare, flag(10) && flag(9)),
            (Refused204, refused_status == 1),
            (Refused200, refused_status == 2),
        ];
        let spec = Self {
            options: on(&options),
            has_predicate: flag(3) && flag(4),
            max_age: match u.int_in_range(0..=5u8)? {
                0 => Some(u.arbitrary()?),
                1 => Some(u.int_in_range(0..=86_401)?),
                2 => Some(600),
                _ => None,
            },
            origins: list(u, 8, entry)?,
            methods: list(u, 6, method)?,
            headers: list(u, 8, header_name)?,
            exposed: list(u, 4, header_name)?,
        };
        Ok(spec.repaired())
    }
}

/// Returns the options that are on.
pub fn on(options: &[(PolicyOption, bool)]) -> Vec<PolicyOption> {
    let on = options.iter().filter(|(_, is_on)| *is_on);
    on.map(|(option, _)| *option).collect()
}

/// Makes a list of at most `most` members.
pub fn list<T>(
    u: &mut Unstructured<'_>,
    most: usize,
    mut member: impl FnMut(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let len = u.int_in_range(0..=most)?;
    (0..len).map(|_| member(u)).collect()
}

fn pick(u: &mut Unstructured<'_>, pool: &[&str]) -> Result<String> {
    u.choose(pool).map(|text| text.to_string())
}

/// Entries from advisories, and similar ones.
const ENTRIES: &[&str] = &[
    "https://example.com",
    "https://*.example.com",
    "https://app.example.com",
    "https://*.example.com:8443",
    "https://*.example.com:*",
    "http://localhost:*",
    "http://localhost:3000",
    "http://127.0.0.1:8080",
    "http://192.168.4.1",
    "http://[::1]:*",
    "https://[2001:db8::1]",
    "https://foo.com",
    "https://bar.com",
    "https://victim.com",
    "https://trusted.com",
    "https://good.example",
    "https://*.internal",
    "https://*.b.example.com",
    "https://app.example.com.",
    "capacitor://localhost",
    "chrome-extension://abcdefgh",
    "https://a.tenants.example",
    "https://pr-*.example.com",
    "https://*--site.example.net",
    "https://*-dev.example.com:*",
    "https://*example.com",
    "http://localhost:3000-3010",
    "http://localhost:80-90",
    "https://example.com:443-8443",
    "*://example.com",
    "*://*.example.com:*",
    "http://192.168.0.0/16",
    "http://192.168.0.0/16:*",
    "http://10.0.0.0/7",
    "http://[fd00::]/8",
    "http://[2001:db8::]/32:8080",
    "https://*",
    "chrome-extension://*",
    "*://*",
    "file://",
    "app://.",
    "app://-",
    "myapp://",
    "app://My.App:8080",
    "app://a*",
];

const HOSTS: &[&str] = &[
    "localhost",
    "127.0.0.1",
    "192.168.4.1",
    "0x7f.1",
    "1.2.3.4.5",
    "256.1.1.1",
    "[::1]",
    "[::]",
    "[2001:db8::1]",
    "[1:2:3:4:5:6:7:8]",
    "[::ffff:1:2]",
    "[1:0:0:2::]",
    "[01::]",
    "a.tenants.example",
    "10.0.0.0",
    "192.168.0.0",
    "[fd00::]",
    "[::ffff:0:0]",
    ".",
    "-",
    "*",
    "My.App",
    "a%20b",
];

const LABELS: &[&str] = &[
    "a",
    "b",
    "com",
    "example",
    "foo",
    "bar",
    "evil",
    "victim",
    "app",
    "localhost",
    "tenants",
    "xn--bcher-kva",
    "x_y",
    "a-",
    "-a",
    "1",
    "0x1",
    "",
];

/// Makes an entry of a list of origins: from the pool, from the grammar, or with a mistake.
pub fn entry(u: &mut Unstructured<'_>) -> Result<String> {
    let entry = match u.int_in_range(0..=15u8)? {
        15 => "null".into(),
        14 => pick(u, &["*", "null", ""])?,
        0..=6 => pick(u, ENTRIES)?,
        _ => {
            let before = pick(u, &["", "", "", "*.", "*.", "*", "pr-*", "*-dev", "a*.", "1*"])?;
            let port = match u.int_in_range(0..=7u8)? {
                7 => format!(":{}-{}", u.int_in_range(0..=500u16)?, u.int_in_range(0..=500u16)?),
                4..=6 => ":*".into(),
                _ => port(u)?,
            };
            let prefix = match u.int_in_range(0..=7u8)? {
                7 => format!("/{}", u.int_in_range(0..=130u8)?),
                _ => String::new(),
            };
            let scheme = match u.int_in_range(0..=7u8)? {
                7 => "*".into(),
                _ => scheme(u)?,
            };
            format!("{scheme}://{before}{}{prefix}{port}", host(u)?)
        }
    };
    match u.int_in_range(0..=7u8)? {
        7 => mutated(u, entry),
        _ => Ok(entry),
    }
}

fn scheme(u: &mut Unstructured<'_>) -> Result<String> {
    match u.int_in_range(0..=15u8)? {
        15 => Ok("x".repeat(u.int_in_range(63..=65)?)),
        12..=14 => pick(
            u,
            &[
                "ws",
                "wss",
                "ftp",
                "file",
                "capacitor",
                "chrome-extension",
                "a+b.c-1",
            ],
        ),
        _ => pick(u, &["https", "http"]),
    }
}

fn port(u: &mut Unstructured<'_>) -> Result<String> {
    match u.int_in_range(0..=7u8)? {
        7 => Ok(format!(":{}", u.int_in_range(0..=65_536u32)?)),
        4..=6 => pick(
            u,
            &[":80", ":443", ":8443", ":3000", ":65535", ":08443", ":0", ":"],
        ),
        _ => Ok(String::new()),
    }
}

fn host(u: &mut Unstructured<'_>) -> Result<String> {
    match u.int_in_range(0..=15u8)? {
        15 => {
            // The longest valid host has 253 bytes, with a trailing dot 254.
            let len = u.int_in_range(248..=256)?;
            let dot = pick(u, &["", "."])?;
            Ok("a.".repeat(200)[400 - len..].trim_matches('.').to_string() + &dot)
        }
        0..=3 => pick(u, HOSTS),
        _ => {
            let labels = u.int_in_range(1..=4)?;
            let labels: Vec<_> = (0..labels).map(|_| pick(u, LABELS)).collect::<Result<_>>()?;
            Ok(labels.join(".") + &pick(u, &["", "", "", "."])?)
        }
    }
}

/// Inserts, removes or changes something in a text.
pub fn mutated(u: &mut Unstructured<'_>, text: String) -> Result<String> {
    let mut chars: Vec<char> = text.chars().collect();
    let at = u.int_in_range(0..=chars.len().saturating_sub(1))?;
    let byte = match u.int_in_range(0..=3u8)? {
        0 => char::from(u.arbitrary::<u8>()?),
        _ => *u.choose(&[
            '.', ':', '/', '-', '_', '*', '@', '[', ']', 'A', '0', ',', ' ', '%', '\0',
        ])?,
    };
    match u.int_in_range(0..=7u8)? {
        0 if !chars.is_empty() => chars[at] = byte,
        1 => chars.insert(at, byte),
        2 if !chars.is_empty() => drop(chars.remove(at)),
        3 => chars.push(byte),
        4 if !chars.is_empty() => chars[at] = chars[at].to_ascii_uppercase(),
        5 => {
            let put = pick(u, &["evil", "a.", "*.", "evil-", "x.evil."])?;
            let host = text.find("://").map_or(0, |at| at + 3);
            return Ok(format!("{}{put}{}", &text[..host], &text[host..]));
        }
        6 => {
            return Ok(text
                + &pick(
                    u,
                    &[
                        ".evil.test",
                        "/",
                        ".",
                        ":80",
                        ":443",
                        ":*",
                        "-evil.net",
                        "evil",
                        ":8080",
                    ],
                )?);
        }
        _ => chars.truncate(at),
    }
    Ok(chars.into_iter().collect())
}

/// Makes the value of an `Origin` field. An entry often admits it, or a similar one.
pub fn origin(u: &mut Unstructured<'_>, entries: &[String]) -> Result<String> {
    let origin = match u.int_in_range(0..=7u8)? {
        7 => pick(
            u,
            &[
                "null",
                "*",
                "",
                "https://evil.test",
                "http://a.tenants.example",
                "https://a.tenants.example",
            ],
        )?,
        6 => entry(u)?,
        _ if entries.is_empty() => format!("{}://{}{}", scheme(u)?, host(u)?, port(u)?),
        _ => {
            let entry = u.choose(entries)?.clone();
            let example = naive::example(&entry, &pick(u, LABELS)?);
            match entry.ends_with(":*") {
                true => example + &port(u)?,
                false => example,
            }
        }
    };
    match u.int_in_range(0..=3u8)? {
        3 => mutated(u, origin),
        _ => Ok(origin),
    }
}

/// Makes a method for a policy or a page.
pub fn method(u: &mut Unstructured<'_>) -> Result<String> {
    match u.int_in_range(0..=15u8)? {
        15 => Ok("M".repeat(u.int_in_range(60..=68)?)),
        14 => token(u),
        13 => pick(u, &["put", "Post", "trace", "CONNECT", "P UT", "", "Track"]),
        11..=12 => Ok("*".into()),
        _ => pick(
            u,
            &[
                "PUT", "DELETE", "PATCH", "patch", "GET", "POST", "PROPFIND", "OPTIONS", "ANY", "all",
            ],
        ),
    }
}

/// Makes the name of a header for a policy or a page.
pub fn header_name(u: &mut Unstructured<'_>) -> Result<String> {
    match u.int_in_range(0..=15u8)? {
        15 => Ok("x-".to_string() + &"y".repeat(u.int_in_range(0..=500)?)),
        14 => token(u),
        13 => pick(u, &["x y", "", "x:", "x,y", "Set-Cookie", "\u{e9}"]),
        11..=12 => Ok("*".into()),
        9..=10 => pick(u, &["Authorization", "authorization"]),
        _ => pick(
            u,
            &[
                "x-a",
                "x-ab",
                "X-ABC",
                "X-A",
                "Content-Type",
                "content-type",
                "ETag",
                "Accept",
                "Range",
                "x-method-override",
                "Accept-Language",
                "Content-Language",
                "Proxy-A",
                "Cookie",
                "Origin",
                "sec-a",
                "x-*",
            ],
        ),
    }
}

fn token(u: &mut Unstructured<'_>) -> Result<String> {
    let len = u.int_in_range(1..=12)?;
    let tchars: Vec<char> = (0..=127u8)
        .filter(|&byte| naive::is_tchar(byte))
        .map(char::from)
        .collect();
    (0..len).map(|_| u.choose(&tchars).copied()).collect()
}

/// Makes a complete head of a request, with valid or invalid values.
pub fn head(u: &mut Unstructured<'_>, spec: &PolicySpec) -> Result<String> {
    let method = pick(u, &["OPTIONS", "OPTIONS", "OPTIONS", "GET", "PUT", "options"])?;
    let mut head = format!("{method} /led HTTP/1.1\r\n");
    if u.int_in_range(0..=7u8)? < 7 {
        head += &format!("Origin: {}\r\n", one_line(origin(u, &spec.origins)?));
    }
    if u.int_in_range(0..=7u8)? < 7 {
        head += &format!(
            "Access-Control-Request-Method: {}\r\n",
            asked(u, &spec.methods, self::method)?
        );
    }
    for _ in 0..u.int_in_range(0..=3u8)? {
        let names = list(u, 6, |u| asked(u, &spec.headers, header_name))?;
        let comma = pick(u, &[",", ", ", " ,\t", ",,"])?;
        head += &format!("Access-Control-Request-Headers: {}\r\n", names.join(&comma));
    }
    for _ in 0..u.int_in_range(0..=2u8)? {
        head += &pick(
            u,
            &[
                " folded\r\n",
                "Origin : https://example.com\r\n",
                "Cookie: a=b\r\n",
                "Origin: null\r\n",
                "vary: x\r\n",
                "\r \n",
            ],
        )?;
    }
    Ok(head + "\r\n")
}

/// Makes a requested method or header name: often one that the policy lists, perhaps in another
/// case.
fn asked(
    u: &mut Unstructured<'_>,
    listed: &[String],
    other: impl Fn(&mut Unstructured<'_>) -> Result<String>,
) -> Result<String> {
    let how = u.int_in_range(0..=7u8)?;
    if listed.is_empty() || how >= 6 {
        return other(u).map(one_line);
    }
    let listed = u.choose(listed)?.clone();
    Ok(one_line(match how {
        4 => listed.to_ascii_lowercase(),
        5 => listed.to_ascii_uppercase(),
        _ => listed,
    }))
}

/// Makes the CORS fields of a request: values for the policy, and any bytes.
pub fn asked_fields(u: &mut Unstructured<'_>, spec: &PolicySpec) -> Result<Asked> {
    Ok(Asked {
        method: pick(u, &["OPTIONS", "OPTIONS", "OPTIONS", "GET", "PUT", "options"])?,
        origins: lines(u, 2, |u| origin(u, &spec.origins))?,
        methods: lines(u, 2, |u| asked(u, &spec.methods, method))?,
        lists: lines(u, 5, |u| {
            let names = list(u, 6, |u| asked(u, &spec.headers, header_name))?;
            Ok(names.join(&pick(u, &[",", ", ", " ,\t", ",,"])?))
        })?,
    })
}

/// Returns the CORS fields of a head.
pub fn asked_in_head(head: &naive::Head<'_>) -> Asked {
    let values = |name| head.lines(name).map(|line| line.value.to_vec()).collect();
    Asked {
        method: String::from_utf8_lossy(head.method).into_owned(),
        origins: values("origin"),
        methods: values("access-control-request-method"),
        lists: values("access-control-request-headers"),
    }
}

/// Makes the values of a field. Most requests have one.
fn lines(
    u: &mut Unstructured<'_>,
    most: usize,
    mut value: impl FnMut(&mut Unstructured<'_>) -> Result<String>,
) -> Result<Vec<Vec<u8>>> {
    let count = match u.int_in_range(0..=7u8)? {
        0..=5 => 1,
        _ => u.int_in_range(0..=most)?,
    };
    let any_bytes = |u: &mut Unstructured<'_>| u.arbitrary().map(|bytes: &[u8]| bytes.to_vec());
    (0..count)
        .map(|_| match u.int_in_range(0..=7u8)? {
            7 => any_bytes(u),
            _ => value(u).map(String::into_bytes),
        })
        .collect()
}

fn one_line(text: String) -> String {
    text.replace(['\r', '\n'], "?")
}

/// A request of a page, as plain data.
#[derive(Clone, Debug)]
pub struct Page {
    pub origin: String,
    pub method: String,
    pub headers: Vec<(String, String)>,
    pub credentials: bool,
    pub upload: bool,
}

impl Page {
    pub fn arbitrary(u: &mut Unstructured<'_>, spec: &PolicySpec) -> Result<Self> {
        let flags: u8 = u.arbitrary()?;
        let mut headers = list(u, 6, |u| {
            let name = asked(u, &spec.headers, header_name)?;
            let value = header_value(u, &name)?;
            Ok((name, value))
        })?;
        // Numbers and lengths near the budgets of 256 names and of 1024 bytes.
        match u.int_in_range(0..=127u8)? {
            127 => {
                let count = u.int_in_range(250..=258)?;
                headers.extend((0..count).map(|index| (format!("n{index}"), "1".into())));
            }
            120..127 => {
                let len = u.int_in_range(500..=520)?;
                headers.extend(["y", "z"].map(|name| (name.repeat(len), "1".into())));
            }
            _ => {}
        }
        let origin = origin(u, &spec.origins)?;
        Ok(Self {
            // Browsers send `null` for an origin that they cannot serialize.
            origin: match naive::origin(origin.as_bytes()) {
                Some(_) => origin,
                None => "null".into(),
            },
            method: asked(u, &spec.methods, method)?,
            headers,
            credentials: flags & 1 == 1,
            upload: flags & 6 == 6,
        })
    }

    /// Calls `test` with the request.
    pub fn with<T>(&self, test: impl FnOnce(&Fetch<'_>) -> T) -> T {
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut fetch = Fetch::from_origin(&self.origin)
            .method(&self.method)
            .headers(&headers);
        if self.credentials {
            fetch = fetch.include_credentials();
        }
        if self.upload {
            fetch = fetch.use_cors_preflight();
        }
        test(&fetch)
    }

    /// Returns the method that the browser sends.
    pub fn normalized_method(&self) -> String {
        let upper = self.method.to_ascii_uppercase();
        match upper.as_str() {
            "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" => upper,
            _ => self.method.clone(),
        }
    }

    /// Returns whether browsers let a page make this request.
    pub fn can_be_sent(&self) -> bool {
        naive::is_token(self.method.as_bytes())
            && !naive::is_forbidden_method(&self.method)
            && self.headers.iter().all(|(name, value)| {
                naive::is_token(name.as_bytes())
                    && naive::normalize(value)
                        .chars()
                        .all(|c| c <= '\u{ff}' && !['\0', '\r', '\n'].contains(&c))
            })
    }
}

/// Makes a value for a header of this name. Most values are near the limits of the safelist.
fn header_value(u: &mut Unstructured<'_>, name: &str) -> Result<String> {
    let languages = ["de, *;q=0.5", "de_AT", "en-GB", "e\"n"];
    let ranges = [
        "bytes=0-",
        "bytes=5-4",
        "bytes=-5",
        "bytes=7-07",
        "bytes=10-9",
        "bytes=0 -",
        "Bytes=0-",
    ];
    let types = [
        "application/json",
        "text/plain",
        "Text/Plain; charset=utf-8",
        "multipart/form-data;b=\"x\"",
        "text/plain ;x",
        "text/ plain",
        "text/html",
        "text/plainx",
        "application/x-www-form-urlencoded",
        "multipart/mixed",
        "text/plain, application/json",
        "/plain",
    ];
    let others = [
        "1",
        "*/*",
        "PUT, trace",
        "TRACK",
        " \u{e9}\t",
        "\u{20ac}",
        "a\r\nb",
        "a\"b",
        "a:b",
        "",
    ];
    match u.int_in_range(0..=7u8)? {
        7 => u.arbitrary().map(|value: &str| value.into()),
        6 => Ok("a".repeat(u.int_in_range(120..=132)?)),
        5 => pick(u, &others),
        _ => match name.to_ascii_lowercase().as_str() {
            "content-type" => pick(u, &types),
            "range" => pick(u, &ranges),
            "accept-language" | "content-language" => pick(u, &languages),
            _ => pick(u, &others),
        },
    }
}
