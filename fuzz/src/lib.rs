//! What the targets share: policies, requests and pages as data that is made from a fuzzer's bytes, and all that a decision says.
//!
//! [`naive`] has the oracles.

pub mod naive;
#[path = "../../tests/common/outcome.rs"]
mod outcome;

use arbitrary::{Arbitrary, Result, Unstructured};
use embedded_cors::browser::Fetch;
use embedded_cors::{Origin, Policy, PolicyBuilder, PolicyError, RefusedStatus, Setting, SuccessStatus};

pub use outcome::Outcome;

/// A policy as data.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    pub origins: Vec<String>,
    pub methods: Vec<String>,
    pub headers: Vec<String>,
    pub expose: Vec<String>,
    pub max_age: Option<u32>,
    /// [`is_tenant`] admits origins too.
    pub predicate: bool,
    pub credentials: bool,
    pub insecure: bool,
    pub suffixes: bool,
    pub trust_predicate: bool,
    pub private_network: bool,
    pub minimal: bool,
    pub strict: bool,
    pub only_requested: bool,
    pub success_200: bool,
    /// 403, 204, 200.
    pub refused: u8,
}

/// The predicate of policies that have one.
pub fn is_tenant(origin: &Origin<'_>) -> bool {
    origin.host().ends_with(".tenants.example")
}

fn borrow(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

impl Spec {
    /// Calls `test` with the policy, or with the mistake in it.
    pub fn build<T>(&self, test: impl FnOnce(std::result::Result<&Policy<'_>, PolicyError<'_>>) -> T) -> T {
        let (origins, methods) = (borrow(&self.origins), borrow(&self.methods));
        let (headers, expose) = (borrow(&self.headers), borrow(&self.expose));
        let builder = Policy::builder()
            .allow_origins(&origins)
            .allow_methods(&methods)
            .allow_headers(&headers)
            .expose_headers(&expose);
        match self.options(builder).build() {
            Ok(policy) => test(Ok(&policy)),
            Err(error) => test(Err(error)),
        }
    }

    /// Calls `test` with the policy of a spec that was [repaired](Self::repaired).
    pub fn with<T>(&self, test: impl FnOnce(&Policy<'_>) -> T) -> T {
        self.build(|policy| test(policy.unwrap_or_else(|error| panic!("{error}"))))
    }

    /// The options, without the lists.
    pub fn options<'a>(&self, mut builder: PolicyBuilder<'a>) -> PolicyBuilder<'a> {
        if let Some(seconds) = self.max_age {
            builder = builder.max_age_seconds(seconds);
        }
        if self.predicate {
            builder = builder.allow_origin_if(&is_tenant);
        }
        if self.credentials {
            builder = builder.allow_credentials();
        }
        if self.insecure {
            builder = builder.dangerously_allow_insecure_origins_with_credentials();
        }
        if self.suffixes {
            builder = builder.dangerously_allow_public_suffixes_with_credentials();
        }
        if self.trust_predicate {
            builder = builder.dangerously_allow_predicate_with_credentials();
        }
        if self.private_network {
            builder = builder.allow_private_network();
        }
        if self.minimal {
            builder = builder.minimal();
        }
        if self.strict {
            builder = builder.strict_request_headers();
        }
        if self.only_requested {
            builder = builder.answer_only_requested();
        }
        if self.success_200 {
            builder = builder.success_status(SuccessStatus::Ok);
        }
        builder.refused_status(match self.refused % 3 {
            0 => RefusedStatus::Forbidden,
            1 => RefusedStatus::NoContent,
            _ => RefusedStatus::Ok,
        })
    }

    /// The spec without what its policy's errors name, one after the other, until there is no error.
    pub fn repaired(mut self) -> Self {
        loop {
            let mistake = self.build(|policy| policy.err().map(|error| (error.setting(), error.index())));
            match mistake {
                None => return self,
                Some((Setting::AllowOrigins, index)) => drop(self.origins.remove(index)),
                Some((Setting::AllowMethods, index)) => drop(self.methods.remove(index)),
                Some((Setting::AllowHeaders, index)) => drop(self.headers.remove(index)),
                Some((Setting::ExposeHeaders, index)) => drop(self.expose.remove(index)),
                Some((Setting::AllowOriginIf, _)) => self.predicate = false,
                Some((Setting::MaxAge, _)) => self.max_age = None,
                Some((Setting::AllowPrivateNetwork, _)) => self.private_network = false,
                Some((setting, _)) => panic!("a setting that the fuzzer does not know: {setting}"),
            }
        }
    }

    /// Whether the policy is meant to admit the value of an `Origin` field.
    pub fn admits(&self, value: &[u8]) -> bool {
        let by_predicate = || {
            let Some(origin) = naive::origin(value) else {
                return false;
            };
            let secure = origin.scheme != "http" || naive::is_loopback(origin.host);
            self.predicate
                && origin.host.ends_with(".tenants.example")
                && (secure || !self.credentials || self.insecure)
        };
        self.origins.iter().any(|entry| naive::entry_admits(entry, value)) || by_predicate()
    }

    /// Whether every origin is admitted by `*`.
    pub fn is_public(&self) -> bool {
        self.origins.iter().any(|entry| entry == "*")
    }

    pub fn header_rules(&self) -> naive::HeaderRules<'_> {
        naive::HeaderRules {
            allowed: &self.headers,
            credentials: self.credentials,
            strict: self.strict,
        }
    }
}

impl<'a> Arbitrary<'a> for Spec {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let flags: u16 = u.arbitrary()?;
        let flag = |bit: u32| flags >> bit & 1 == 1;
        let spec = Self {
            // One in four each, but for credentials.
            credentials: flag(0),
            insecure: flag(1) && flag(2),
            suffixes: flag(2) && flag(3),
            predicate: flag(3) && flag(4),
            trust_predicate: flag(4),
            private_network: flag(5) && flag(6),
            minimal: flag(6) && flag(7),
            strict: flag(7) && flag(8),
            only_requested: flag(8) && flag(9),
            success_200: flag(10),
            refused: (flags >> 11) as u8 % 3,
            max_age: match u.int_in_range(0..=5u8)? {
                0 => Some(u.arbitrary()?),
                1 => Some(u.int_in_range(0..=86_401)?),
                2 => Some(600),
                _ => None,
            },
            origins: list(u, 8, entry)?,
            methods: list(u, 6, method)?,
            headers: list(u, 8, header_name)?,
            expose: list(u, 4, header_name)?,
        };
        Ok(spec.repaired())
    }
}

/// A list of at most `most` members, of which most lists have few.
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

/// Entries that advisories are about, and their neighbours.
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

/// An entry for a list of origins: of the pool, of the grammar, or with a mistake in it.
pub fn entry(u: &mut Unstructured<'_>) -> Result<String> {
    let entry = match u.int_in_range(0..=15u8)? {
        15 => "null".into(),
        14 => pick(u, &["*", "null", ""])?,
        0..=6 => pick(u, ENTRIES)?,
        _ => {
            let stars = u.int_in_range(0..=3u8)?;
            let subdomains = if stars & 1 == 1 { "*." } else { "" };
            let port = if stars & 2 == 2 { ":*".into() } else { port(u)? };
            format!("{}://{subdomains}{}{port}", scheme(u)?, host(u)?)
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
            // Around the most that a host may have.
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

/// Text with something put in, taken out, or changed.
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

/// The value of an `Origin` field: often one that an entry admits, or nearly.
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
            let entry = match entry.strip_suffix(":*") {
                Some(start) => start.to_string() + &port(u)?,
                None => entry,
            };
            match entry.split_once("*.") {
                Some((scheme, suffix)) => format!("{scheme}{}.{suffix}", pick(u, LABELS)?),
                None => entry,
            }
        }
    };
    match u.int_in_range(0..=3u8)? {
        3 => mutated(u, origin),
        _ => Ok(origin),
    }
}

/// A method, for a policy or for a page.
pub fn method(u: &mut Unstructured<'_>) -> Result<String> {
    match u.int_in_range(0..=15u8)? {
        15 => Ok("M".repeat(u.int_in_range(60..=68)?)),
        14 => token(u),
        13 => pick(u, &["put", "Post", "trace", "CONNECT", "P UT", "", "Track"]),
        11..=12 => Ok("*".into()),
        _ => pick(
            u,
            &[
                "PUT", "DELETE", "PATCH", "patch", "GET", "POST", "PROPFIND", "OPTIONS",
            ],
        ),
    }
}

/// The name of a header, for a policy or for a page.
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

/// A request head, good or bad, that ends.
pub fn head(u: &mut Unstructured<'_>, spec: &Spec) -> Result<String> {
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
    if u.arbitrary()? {
        head += "Access-Control-Request-Private-Network: true\r\n";
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

/// Often one that the policy has, perhaps in another case; otherwise another.
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

fn one_line(text: String) -> String {
    text.replace(['\r', '\n'], "?")
}

/// A request that a page makes, as data.
#[derive(Clone, Debug)]
pub struct Page {
    pub origin: String,
    pub method: String,
    pub headers: Vec<(String, String)>,
    pub credentials: bool,
    pub upload: bool,
}

impl Page {
    pub fn arbitrary(u: &mut Unstructured<'_>, spec: &Spec) -> Result<Self> {
        let flags: u8 = u.arbitrary()?;
        let mut headers = list(u, 6, |u| {
            let name = asked(u, &spec.headers, header_name)?;
            let value = header_value(u, &name)?;
            Ok((name, value))
        })?;
        // Around the budgets: 256 names, and 1024 bytes of them.
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
            // Browsers send nothing else.
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

    /// The method as it is sent.
    pub fn normalized_method(&self) -> String {
        let upper = self.method.to_ascii_uppercase();
        match upper.as_str() {
            "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" => upper,
            _ => self.method.clone(),
        }
    }

    /// Whether a page can ask for it at all.
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

/// A value for a header of this name: most are near the limits of the safelist.
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
