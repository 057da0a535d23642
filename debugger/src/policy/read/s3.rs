//! The rules of an S3 bucket.

use super::draft::Draft;
use super::envoy::list;
use super::patterns::{self, Match};
use super::value::Value;
use super::{Effect, Reading};

/// A rule as it stands in JSON or XML.
#[derive(Default)]
struct Rule {
    line: usize,
    origins: Vec<String>,
    methods: Vec<String>,
    headers: Vec<String>,
    expose: Vec<String>,
    max_age: Option<i64>,
}

pub(super) fn json(documents: &[Value]) -> Vec<Reading> {
    let mut rules = Vec::new();
    for document in documents {
        document.each_map(&mut |map| {
            if map.get("AllowedOrigins").is_some() {
                let names = |name: &str| list(map.get(name));
                rules.push(Rule {
                    line: map.line,
                    origins: names("AllowedOrigins"),
                    methods: names("AllowedMethods"),
                    headers: names("AllowedHeaders"),
                    expose: [names("ExposeHeaders"), names("ExposedHeaders")].concat(),
                    max_age: ["MaxAgeSeconds", "MaxAge"]
                        .iter()
                        .find_map(|name| map.get(name)?.some_text()?.parse().ok()),
                });
            }
        });
    }
    reading(rules)
}

pub(super) fn xml(text: &str) -> Result<Vec<Reading>, String> {
    let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
    let mut rules = Vec::new();
    for node in document
        .descendants()
        .filter(|node| node.tag_name().name() == "CORSRule")
    {
        let texts = |name: &str| -> Vec<String> {
            let children = node.children().filter(|child| child.tag_name().name() == name);
            children
                .filter_map(|child| child.text())
                .map(|text| text.trim().to_owned())
                .collect()
        };
        let (origins, methods, headers) = (
            texts("AllowedOrigin"),
            texts("AllowedMethod"),
            texts("AllowedHeader"),
        );
        rules.push(Rule {
            line: document.text_pos_at(node.range().start).row as usize,
            origins,
            methods,
            headers,
            expose: texts("ExposeHeader"),
            max_age: texts("MaxAgeSeconds").first().and_then(|text| text.parse().ok()),
        });
    }
    Ok(reading(rules))
}

fn reading(rules: Vec<Rule>) -> Vec<Reading> {
    if rules.is_empty() {
        return Vec::new();
    }
    vec![Reading::of("CORS rules", rules.into_iter().map(draft).collect())]
}

fn draft(rule: Rule) -> Draft {
    let mut draft = Draft::at(rule.line);
    for origin in &rule.origins {
        match origin.split_once("://") {
            _ if origin == "*" => draft.everyone = true,
            Some((scheme, "*")) => draft.entry(&format!("{scheme}://*:*"), "AllowedOrigins", rule.line),
            _ if origin.contains('*') => {
                // A `*` stands for any bytes.
                let expression = crate::policy::regex::escape(origin).replace("\\*", ".*");
                patterns::add(&mut draft, &expression, Match::Whole, "AllowedOrigins", rule.line);
            }
            _ => draft.exact(origin, "AllowedOrigins", rule.line),
        }
    }
    // S3 answers an origin that is listed with credentials, and `*` without.
    draft.credentials = !draft.everyone;
    let missing: Vec<&str> = ["GET", "HEAD", "POST"]
        .into_iter()
        .filter(|method| !rule.methods.iter().any(|listed| listed == method))
        .collect();
    if !missing.is_empty() {
        draft.differs(
            Effect::More,
            "AllowedMethods",
            format!(
                "S3 chooses a rule by the method too, and answers {} without CORS fields; these methods need \
                 no permission of a policy",
                missing.join(", "),
            ),
        );
    }
    for header in &rule.headers {
        match header.as_str() {
            // S3 repeats the requested names, so that `*` stands for authorization too.
            "*" => draft.headers.extend(["*".into(), "authorization".into()]),
            name if name.contains('*') => draft.differs(
                Effect::Less,
                "AllowedHeaders",
                format!("{name:?} stands for several names; list those that pages send. It is left out"),
            ),
            name => draft.headers.push(name.to_ascii_lowercase()),
        }
    }
    draft.methods = rule.methods;
    draft.expose = rule.expose;
    draft.max_age = rule.max_age;
    draft.success_status = Some(200);
    draft
}
