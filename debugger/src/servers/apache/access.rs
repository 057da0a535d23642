//! Access to a place: `Require`, `Order`, `Allow`, `Deny` and logins.

use super::config::Settings;
use super::expr::Expr;
use super::run::Transaction;
use super::world::is_unknown;

/// The methods that a line inside `<Limit>` or `<LimitExcept>` is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Methods {
    All,
    Only(Vec<String>),
    Except(Vec<String>),
}

impl Methods {
    pub(super) fn contain(&self, method: &str) -> bool {
        // HEAD counts as GET.
        let method = if method == "HEAD" { "GET" } else { method };
        let has = |list: &[String]| list.iter().any(|listed| listed == method);
        match self {
            Self::All => true,
            Self::Only(list) => has(list),
            Self::Except(list) => !has(list),
        }
    }
}

/// A `Require` line, or a section of them.
#[derive(Clone, Debug)]
pub(super) struct Requirement {
    pub(super) kind: Kind,
    pub(super) is_negated: bool,
    pub(super) methods: Methods,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Granted,
    Denied,
    Variables(Vec<String>),
    Methods(Vec<String>),
    Addresses(Vec<String>),
    Local,
    AnyUser,
    Users(Vec<String>),
    Expression(Box<Expr>),
    /// One that the simulation cannot decide.
    Other(String),
    /// One that needs a login, and cannot be decided then.
    OtherWithUser(String),
    All(Vec<Requirement>),
    Any(Vec<Requirement>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Result_ {
    Granted,
    Denied,
    DeniedWithoutUser,
    Neutral,
}

impl Requirement {
    pub(super) fn all(parts: Vec<Self>) -> Self {
        Self::section(Kind::All(parts))
    }

    pub(super) fn any(parts: Vec<Self>) -> Self {
        Self::section(Kind::Any(parts))
    }

    fn section(kind: Kind) -> Self {
        Self {
            kind,
            is_negated: false,
            methods: Methods::All,
        }
    }

    /// Reads the words after `Require`.
    pub(super) fn read(args: &[String], raw: &str, methods: Methods) -> Result<Self, String> {
        let mut args = args;
        let mut is_negated = false;
        if let [first, rest @ ..] = args
            && first.eq_ignore_ascii_case("not")
        {
            is_negated = true;
            args = rest;
        }
        let [name, rest @ ..] = args else {
            return Err("Require needs to say what it requires, such as Require all granted".to_owned());
        };
        let rest = rest.to_vec();
        let kind = match name.to_ascii_lowercase().as_str() {
            "all" => match rest.first().map(|word| word.to_ascii_lowercase()).as_deref() {
                Some("granted") => Kind::Granted,
                Some("denied") => Kind::Denied,
                _ => return Err("Require all needs granted or denied".to_owned()),
            },
            "env" => Kind::Variables(rest),
            "method" => Kind::Methods(rest),
            "ip" => Kind::Addresses(rest),
            "local" => Kind::Local,
            "valid-user" => Kind::AnyUser,
            "user" => Kind::Users(rest),
            "expr" => {
                let start = raw.to_ascii_lowercase().find("expr").map_or(0, |index| index + 4);
                let mut text = raw[start..].trim();
                let word = super::text::words(text);
                if text.starts_with(['"', '\'']) && word.len() == 1 {
                    text = &word[0];
                }
                Kind::Expression(Box::new(Expr::read(text)?))
            }
            "host" | "forward-dns" => {
                Kind::Other(format!("Require {name}: the name of the client is not known"))
            }
            other => Kind::OtherWithUser(format!("Require {other}: what it decides is not known")),
        };
        Ok(Self {
            kind,
            is_negated,
            methods,
        })
    }

    fn concerns(&self, method: &str) -> bool {
        match &self.kind {
            Kind::All(parts) | Kind::Any(parts) => parts.iter().any(|part| part.concerns(method)),
            _ => self.methods.contain(method),
        }
    }

    fn decide(&self, transaction: &mut Transaction<'_>, parent_is_all: bool) -> Result_ {
        if !self.concerns(&transaction.method) {
            return if parent_is_all {
                Result_::Granted
            } else {
                Result_::Neutral
            };
        }
        let of = |is_granted| {
            if is_granted {
                Result_::Granted
            } else {
                Result_::Denied
            }
        };
        let user = transaction.user.clone();
        let result = match &self.kind {
            Kind::Granted => Result_::Granted,
            Kind::Denied => Result_::Denied,
            Kind::Variables(names) => of(names.iter().any(|name| transaction.variable(name).is_some())),
            Kind::Methods(methods) => {
                let method = if transaction.method == "HEAD" {
                    "GET"
                } else {
                    &transaction.method
                };
                of(methods.iter().any(|listed| listed.eq_ignore_ascii_case(method)))
            }
            Kind::Addresses(list) => of(list.iter().any(|range| transaction.is_remote_in(range))),
            Kind::Local => of(transaction.is_local()),
            Kind::AnyUser => match user {
                Some(_) => Result_::Granted,
                None => Result_::DeniedWithoutUser,
            },
            Kind::Users(names) => match user {
                Some(user) if is_unknown(&user) => of(transaction
                    .world
                    .decide("the user is one of those that Require user names")),
                Some(user) => of(names.contains(&user)),
                None => Result_::DeniedWithoutUser,
            },
            Kind::Expression(expression) => of(expression.holds(transaction)),
            Kind::Other(reason) => of(transaction.world.decide(reason)),
            Kind::OtherWithUser(reason) => match user {
                Some(_) => of(transaction.world.decide(reason)),
                None => Result_::DeniedWithoutUser,
            },
            Kind::All(parts) => {
                let mut whole = Result_::Neutral;
                for part in parts {
                    match part.decide(transaction, true) {
                        Result_::Neutral => {}
                        Result_::Denied => {
                            whole = Result_::Denied;
                            break;
                        }
                        other => {
                            if whole == Result_::Neutral || other == Result_::DeniedWithoutUser {
                                whole = other;
                            }
                        }
                    }
                }
                whole
            }
            Kind::Any(parts) => {
                let mut whole = Result_::Neutral;
                for part in parts {
                    match part.decide(transaction, false) {
                        Result_::Neutral => {}
                        Result_::Granted => {
                            whole = Result_::Granted;
                            break;
                        }
                        other => {
                            if whole == Result_::Neutral
                                || (other == Result_::DeniedWithoutUser && whole == Result_::Denied)
                            {
                                whole = other;
                            }
                        }
                    }
                }
                whole
            }
        };
        match (self.is_negated, result) {
            (true, Result_::Granted) => Result_::Denied,
            (true, Result_::Denied | Result_::DeniedWithoutUser) => Result_::Neutral,
            (_, result) => result,
        }
    }
}

/// Checks whether the request may go on; else returns the status.
pub(super) fn check(transaction: &mut Transaction<'_>, settings: &Settings) -> Option<u16> {
    let by_address = by_address(transaction, settings);
    if settings.satisfy_any == Some(true) {
        if by_address {
            return None;
        }
    } else if !by_address {
        transaction.decided_by = settings.compat_place.or(transaction.decided_by);
        return Some(403);
    }
    let has_login = settings
        .auth_type
        .as_deref()
        .is_some_and(|kind| !kind.eq_ignore_ascii_case("none"));
    let Some(requirement) = &settings.requirement else {
        return has_login.then_some(500);
    };
    // The settings are shared, and the transaction changes while they are evaluated.
    let requirement = requirement.clone();
    transaction.user = None;
    match requirement.decide(transaction, true) {
        Result_::Granted => return None,
        Result_::Denied | Result_::Neutral => {
            transaction.decided_by = settings.auth_place.or(transaction.decided_by);
            return Some(403);
        }
        Result_::DeniedWithoutUser => {}
    }
    transaction.decided_by = settings.auth_place.or(transaction.decided_by);
    if !has_login {
        return Some(500);
    }
    let kind = settings.auth_type.as_deref().unwrap_or("").to_ascii_lowercase();
    let login = transaction.headers_in.get("Authorization").map(str::to_owned);
    let offers = login
        .as_deref()
        .and_then(|login| login.split_once(' '))
        .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case(&kind));
    match kind.as_str() {
        "basic" | "digest" => {
            if !offers || !transaction.world.decide("the login in Authorization is right") {
                return Some(401);
            }
            transaction.user = Some(
                transaction
                    .world
                    .unknown_text("the name of the user is not shown"),
            );
        }
        other => {
            let is_in = transaction.world.decide(&format!(
                "AuthType {other} lets the request in, which is not simulated"
            ));
            if !is_in {
                return Some(401);
            }
            transaction.user = Some(
                transaction
                    .world
                    .unknown_text("the name of the user is not shown"),
            );
        }
    }
    match requirement.decide(transaction, true) {
        Result_::Granted => None,
        Result_::Denied | Result_::Neutral | Result_::DeniedWithoutUser => Some(401),
    }
}

/// `Order`, `Allow` and `Deny`.
fn by_address(transaction: &mut Transaction<'_>, settings: &Settings) -> bool {
    let method = transaction.method.clone();
    let is_in = |list: &[(String, Vec<String>, bool)]| {
        list.iter().any(|(what, methods, except)| {
            let method = if method == "HEAD" { "GET" } else { method.as_str() };
            let listed = methods.iter().any(|listed| listed == method);
            if !methods.is_empty() && listed == *except {
                return false;
            }
            let lower = what.to_ascii_lowercase();
            if lower == "all" {
                return true;
            }
            if lower.starts_with("env=") {
                return match what[4..].strip_prefix('!') {
                    Some(name) => transaction.variable(name).is_none(),
                    None => transaction.variable(&what[4..]).is_some(),
                };
            }
            transaction.is_remote_in(what)
        })
    };
    let allowed = is_in(&settings.allow);
    let denied = is_in(&settings.deny);
    match settings.order.as_deref() {
        Some("allow,deny") => allowed && !denied,
        Some("mutual-failure") => allowed && !denied,
        _ => allowed || !denied,
    }
}
