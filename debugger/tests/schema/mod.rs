//! Checks JSON against `docs/cors.schema.json`: the part of JSON Schema that this file uses. It is
//! stricter in one point: a member that the schema does not describe is a mistake, so that the
//! schema stays whole.

use std::collections::BTreeSet;

use serde_json::Value;

/// Checks the output of a command. `name` is that of its definition.
pub fn check(text: &str, name: &str) {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/cors.schema.json")).unwrap();
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut mistakes = Vec::new();
    validate(&schema, &schema["$defs"][name], &value, name, &mut mistakes);
    assert!(mistakes.is_empty(), "{mistakes:#?}\n{text}");
}

/// The words of JSON Schema that are understood here.
const WORDS: &[&str] = &[
    "$ref",
    "allOf",
    "anyOf",
    "const",
    "description",
    "enum",
    "items",
    "minimum",
    "properties",
    "required",
    "type",
];

fn validate(root: &Value, schema: &Value, value: &Value, place: &str, mistakes: &mut Vec<String>) {
    for word in schema.as_object().expect("a schema is an object").keys() {
        assert!(WORDS.contains(&word.as_str()), "{word} is not understood here");
    }
    let mut wrong = |what: String| mistakes.push(format!("{place}: {what}"));
    if let Some(expected) = schema.get("const")
        && expected != value
    {
        wrong(format!("{value} is not {expected}"));
    }
    if let Some(all) = schema.get("enum").and_then(Value::as_array)
        && !all.contains(value)
    {
        wrong(format!("{value} is not one of {all:?}"));
    }
    if let Some(types) = schema.get("type") {
        let is = |name: &Value| match name.as_str().unwrap() {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "null" => value.is_null(),
            name => panic!("{name} is not understood here"),
        };
        let fits = types
            .as_array()
            .map_or_else(|| is(types), |types| types.iter().any(is));
        if !fits {
            wrong(format!("{value} is not of the type {types}"));
        }
    }
    if let (Some(minimum), Some(number)) = (schema.get("minimum").and_then(Value::as_i64), value.as_i64())
        && number < minimum
    {
        wrong(format!("{number} is less than {minimum}"));
    }
    if let Some(object) = value.as_object() {
        for name in schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            if !object.contains_key(name.as_str().unwrap()) {
                wrong(format!("{name} is missing"));
            }
        }
        if schema.get("properties").is_some() {
            let known = properties(root, schema);
            for name in object.keys().filter(|name| !known.contains(name.as_str())) {
                wrong(format!("{name} is not described"));
            }
        }
    }
    if let Some(target) = schema.get("$ref") {
        validate(root, definition(root, target), value, place, mistakes);
    }
    // A definition that another one extends does not describe the members that are added.
    for part in schema
        .get("allOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let mut inner = Vec::new();
        validate(root, part, value, place, &mut inner);
        mistakes.extend(
            inner
                .into_iter()
                .filter(|mistake| !mistake.ends_with("is not described")),
        );
    }
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let attempts: Vec<Vec<String>> = any
            .iter()
            .map(|part| {
                let mut inner = Vec::new();
                validate(root, part, value, place, &mut inner);
                inner
            })
            .collect();
        if attempts.iter().all(|inner| !inner.is_empty()) {
            mistakes.extend(attempts.into_iter().flatten());
        }
    }
    for (name, part) in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if let Some(member) = value.get(name) {
            validate(root, part, member, &format!("{place}.{name}"), mistakes);
        }
    }
    if let (Some(part), Some(items)) = (schema.get("items"), value.as_array()) {
        for (index, item) in items.iter().enumerate() {
            validate(root, part, item, &format!("{place}[{index}]"), mistakes);
        }
    }
}

fn definition<'s>(root: &'s Value, target: &Value) -> &'s Value {
    let name = target.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
    root["$defs"]
        .get(name)
        .unwrap_or_else(|| panic!("no definition {name}"))
}

/// Returns the members that a definition describes, with those of the definitions that it extends.
fn properties<'s>(root: &'s Value, schema: &'s Value) -> BTreeSet<&'s str> {
    let own = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let mut names: BTreeSet<&str> = own.map(|(name, _)| name.as_str()).collect();
    for part in schema
        .get("allOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        names.extend(properties(
            root,
            part.get("$ref").map_or(part, |target| definition(root, target)),
        ));
    }
    names
}
