//! The directives of this project's nginx module. The engine itself decides.

use embedded_cors::{PolicyConfig, PreflightSuccessStatus, RulesConfig};

use super::Nginx;
use super::blocks::Id;
use super::course::{Answer, Course};
use super::parse::Directive;
use crate::servers::response::Response;
use crate::servers::source::Place;

/// The settings of a block with `cors on`, and the first of their lines.
pub(super) struct Module {
    rules: Result<embedded_cors::OwnedRules, String>,
    place: Option<Place>,
}

/// Reads the settings that a block has or inherits.
pub(super) fn module(nginx: &Nginx, block: Id) -> Module {
    let blocks = &nginx.blocks;
    let setting = |name: &'static str| -> Vec<&Directive> { blocks.inherited(block, name) };
    let mut rules: Vec<PolicyConfig> = setting("cors_rule")
        .into_iter()
        .map(|rule| {
            policy(&|name: &'static str| {
                rule.children()
                    .iter()
                    .filter(|directive| directive.name.text == name)
                    .collect()
            })
        })
        .collect();
    if !setting("cors_origin").is_empty() || rules.is_empty() || blocks.is_on(block, "cors_loopback") {
        rules.push(policy(&setting));
    }
    let origin = setting("cors_origin")
        .into_iter()
        .chain(setting("cors_rule"))
        .next();
    Module {
        rules: RulesConfig { rules }
            .build()
            .map_err(|error| format!("nginx does not start, since a setting of cors is wrong: {error}")),
        place: origin
            .or(blocks.setting(block, "cors"))
            .map(|directive| directive.place),
    }
}

fn policy<'d>(setting: &dyn Fn(&'static str) -> Vec<&'d Directive>) -> PolicyConfig {
    let list = |name| -> Vec<String> {
        setting(name)
            .iter()
            .flat_map(|directive| &directive.args)
            .map(|word| word.text.clone())
            .filter(|text| !text.is_empty())
            .collect()
    };
    let is_on = |name| {
        setting(name)
            .first()
            .is_some_and(|directive| directive.arg(0) == "on")
    };
    let seconds = setting("cors_max_age")
        .first()
        .and_then(|directive| seconds(directive.arg(0)));
    let mut config = PolicyConfig {
        allow_origins: list("cors_origin"),
        ..PolicyConfig::default()
    };
    config.allow_methods = list("cors_methods");
    config.allow_headers = list("cors_headers");
    config.expose_headers = list("cors_expose");
    config.allow_credentials = is_on("cors_credentials");
    config.allow_loopback = is_on("cors_loopback");
    config.allow_timing = is_on("cors_timing");
    config.max_age_seconds = seconds;
    if setting("cors_success_status")
        .first()
        .is_some_and(|directive| directive.arg(0) == "200")
    {
        config.success_status = PreflightSuccessStatus::Ok;
    } else {
        config.success_status = PreflightSuccessStatus::NoContentBare;
    }
    config.hide_lists_when_refused = is_on("cors_hide_lists");
    config.answer_only_requested = is_on("cors_only_requested");
    config.dangerously_allow_insecure_origins_with_credentials =
        is_on("cors_dangerously_allow_insecure_origins");
    config.dangerously_allow_public_suffixes_with_credentials =
        is_on("cors_dangerously_allow_public_suffixes");
    config
}

/// Reads a time of nginx, such as `10m` or `1h30m`; `off` is none.
fn seconds(text: &str) -> Option<u32> {
    let mut total = 0_u32;
    let mut digits = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<u32>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    if !digits.is_empty() {
        total = total.checked_add(digits.parse().ok()?)?;
    }
    Some(total)
}

impl Course<'_> {
    /// Answers a preflight in the preaccess phase, as the module does.
    pub(super) fn cors_preflight(&mut self) -> Option<Response> {
        if !self.nginx.blocks.is_on(self.block, "cors") {
            return None;
        }
        let module = module(self.nginx, self.cors_block?);
        let rules = module.rules.as_ref().ok()?;
        let borrowed = rules.borrowed();
        let rules = borrowed.rules();
        let decision = rules.decide(&self.engine_request());
        let status = decision.preflight()?.status();
        Some(self.send(Answer::new(status, module.place)))
    }

    fn engine_request(&self) -> embedded_cors::Request<'_> {
        let fields = self
            .request
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        embedded_cors::Request::from_fields(self.request.method.as_str(), fields)
    }

    /// Replaces CORS fields with those of the module, and adds its `Vary`.
    pub(super) fn module_fields(&mut self, response: &mut Response) {
        let Some(block) = self.cors_block else {
            return;
        };
        let module = module(self.nginx, block);
        let rules = match &module.rules {
            Ok(rules) => rules,
            Err(reason) => {
                *response = Response::unknown(reason.clone());
                return;
            }
        };
        let borrowed = rules.borrowed();
        let rules = borrowed.rules();
        let decision = rules.decide(&self.engine_request());
        response
            .fields
            .retain(|field| !field.name.to_ascii_lowercase().starts_with("access-control-"));
        for field in decision.fields() {
            let text = field.to_string();
            if let Some((name, value)) = text.split_once(": ") {
                response.push(name, value, module.place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_of_nginx_are_read() {
        assert_eq!(seconds("3600"), Some(3600));
        assert_eq!(seconds("1h30m"), Some(5400));
        assert_eq!(seconds("off"), None);
    }
}
