//! Checks the table in `docs/names.md`: every name in it exists, and no setting is missing.

use std::collections::BTreeSet;

const TABLE: &str = include_str!("../docs/names.md");
const BUILDER: &str = include_str!("../src/policy/builder.rs");
const DOORS: &str = include_str!("../docs/doors.md");
const DOORS_BUILDER: &str = include_str!("../src/doors/builder.rs");
const DOORS_CONFIG: &str = include_str!("../src/interop/alloc/doors.rs");
const RULES: &str = include_str!("../src/policy/rules.rs");
const RENDERED: &str = include_str!("../src/response/rendered.rs");
const HEADER: &str = include_str!("../capi/include/embedded_cors.h");
const MODULE: &str = include_str!("../capi/examples/nginx/ngx_http_ecors_module.c");
const APACHE: &str = include_str!("../capi/examples/apache/config.c");
const DECIDE: &str = include_str!("../debugger/src/bin/cors/decide.rs");

/// Returns the names in a column, each without its backticks.
fn column(title: &str) -> Vec<&'static str> {
    let mut rows = TABLE.lines().filter(|line| line.starts_with('|'));
    let cells = |row: &'static str| {
        row.trim_matches('|')
            .split('|')
            .map(str::trim)
            .collect::<Vec<_>>()
    };
    let titles = cells(rows.next().unwrap());
    let index = titles.iter().position(|other| *other == title).unwrap();
    let names: Vec<&str> = rows
        .skip(1)
        .flat_map(|row| cells(row)[index].split('`').skip(1).step_by(2))
        .collect();
    assert!(names.len() >= 10, "the column {title} was not read");
    names
}

/// Returns the text between each `before` and the `after` that follows it.
fn between<'t>(text: &'t str, before: &str, after: &str) -> BTreeSet<&'t str> {
    let parts = text.split(before).skip(1);
    parts.filter_map(|part| Some(part.split_once(after)?.0)).collect()
}

fn difference<'t>(one: &BTreeSet<&'t str>, other: &BTreeSet<&'t str>) -> Vec<&'t str> {
    one.difference(other).copied().collect()
}

#[test]
fn every_method_of_the_builder_has_a_row() {
    let mut methods = between(BUILDER, "pub const fn ", "(");
    for other in ["builder", "build", "build_or_panic"] {
        assert!(methods.remove(other), "{other}");
    }
    let mut names: BTreeSet<&str> = column("Rust").into_iter().collect();
    // These names are not methods of the builder.
    assert!(names.remove("Rules::new") && RULES.contains("pub const fn new("));
    assert!(names.remove("Policy::render") && RENDERED.contains("pub const fn render<"));
    assert!(names.remove("rendered!") && RENDERED.contains("macro_rules! rendered "));
    assert_eq!(
        difference(&names, &methods),
        [""; 0],
        "the builder has no such methods"
    );
    assert_eq!(
        difference(&methods, &names),
        [""; 0],
        "the table has no such methods"
    );
}

#[test]
fn a_key_is_the_method_of_its_row() {
    let methods = column("Rust");
    for key in column("key") {
        assert!(methods.contains(&key) || key == "rules", "{key}");
    }
}

#[test]
fn every_member_and_flag_of_the_c_library_has_a_row() {
    let config = HEADER.split_once("typedef struct ecors_config {").unwrap().1;
    let config = config.split_once("} ecors_config;").unwrap().0;
    let members = config
        .lines()
        .filter(|line| line.starts_with("  ") && line.ends_with(';') && !line.starts_with("   *"))
        .map(|line| line.trim_end_matches(';').rsplit([' ', '*']).next().unwrap())
        .map(|member| member.split('[').next().unwrap())
        .filter(|member| !["struct_size", "flags"].contains(member));
    let flags = HEADER.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix("#define ")?.split_once(' ')?;
        (value.starts_with("0x") && value.ends_with('u')).then_some(name)
    });
    let flags = flags.filter(|flag| !flag.starts_with("ECORS_DOORS_"));
    let settings: BTreeSet<&str> = members.chain(flags).collect();
    assert!(settings.len() >= 18, "the header was not read: {settings:?}");
    let mut names: BTreeSet<&str> = column("C").into_iter().collect();
    assert!(names.remove("ecors_rules_init") && HEADER.contains("int ecors_rules_init("));
    assert_eq!(
        difference(&names, &settings),
        [""; 0],
        "the header has no such names"
    );
    assert_eq!(
        difference(&settings, &names),
        [""; 0],
        "the table has no such names"
    );
}

/// The switches of doors have a separate table, in `docs/doors.md`.
#[test]
fn every_switch_of_the_doors_has_a_row() {
    let table = DOORS.split_once("## Names of the switches").unwrap().1;
    let table = table.split_once("\n## ").unwrap().0;
    let quoted: BTreeSet<&str> = table.split('`').skip(1).step_by(2).collect();
    let mut methods = between(DOORS_BUILDER, "pub const fn ", "(");
    for other in ["build", "build_or_panic"] {
        assert!(methods.remove(other), "{other}");
    }
    assert!(methods.len() >= 12);
    assert_eq!(difference(&methods, &quoted), [""; 0], "not in the table");
    // The keys are in the second column.
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let in_table: BTreeSet<&str> = rows
        .flat_map(|row| row.split('|').nth(2).unwrap().split('`').skip(1).step_by(2))
        .collect();
    let config = DOORS_CONFIG.split_once("pub struct DoorsConfig {").unwrap().1;
    let config = config.split_once("\n}").unwrap().0;
    assert_eq!(between(config, "    pub ", ":"), in_table, "the keys");
    let flags: BTreeSet<&str> = HEADER
        .lines()
        .filter_map(|line| {
            let (name, value) = line.strip_prefix("#define ")?.split_once(' ')?;
            (name.starts_with("ECORS_DOORS_") && value.starts_with("0x")).then_some(name)
        })
        .collect();
    assert!(flags.len() >= 12);
    assert_eq!(difference(&flags, &quoted), [""; 0], "not in the table");
    let names = quoted.iter().filter(|name| name.starts_with("ECORS_"));
    assert!(
        names.clone().all(|name| flags.contains(name)),
        "the header lacks one"
    );
}

/// Expects the directives of a module's source in this column, except the switch.
fn every_directive_has_a_row(source: &str, switch: &str, title: &str) {
    let mut directives = between(source, "DIRECTIVE(\"", "\"");
    assert!(
        directives.remove(switch),
        "the switch is not a setting of a policy"
    );
    // docs/doors.md has the directives of doors, which are not settings of a policy.
    let prefix = if title == "nginx" { "cors_" } else { "Cors" };
    let at_doors = between(DOORS, &format!("`{prefix}"), "`")
        .into_iter()
        .map(|name| format!("{prefix}{name}"));
    let at_doors: BTreeSet<String> = at_doors.collect();
    assert!(at_doors.len() >= 9, "docs/doors.md");
    for name in &at_doors {
        assert!(directives.remove(name.as_str()), "docs/doors.md: {name}");
    }
    let names = column(title).into_iter().map(|name| name.trim_end_matches('>'));
    let names: BTreeSet<&str> = names.collect();
    assert_eq!(
        difference(&names, &directives),
        [""; 0],
        "the module has no such directives"
    );
    assert_eq!(
        difference(&directives, &names),
        [""; 0],
        "the table has no such directives"
    );
}

#[test]
fn every_directive_of_the_nginx_module_has_a_row() {
    every_directive_has_a_row(MODULE, "cors", "nginx");
}

#[test]
fn every_directive_of_the_apache_module_has_a_row() {
    every_directive_has_a_row(APACHE, "Cors", "Apache");
}

/// The converter of the debugger derives the names of the Apache module like this.
#[test]
fn a_directive_of_apache_is_that_of_nginx_in_camel_case() {
    for (nginx, apache) in column("nginx").into_iter().zip(column("Apache")) {
        let camel: String = nginx
            .split('_')
            .map(|word| word[..1].to_uppercase() + &word[1..])
            .collect();
        assert_eq!(camel, apache.trim_matches(['<', '>']));
    }
}

#[test]
fn every_option_of_decide_has_a_row() {
    let mut options: BTreeSet<&str> = between(DECIDE, "\"--", "\"");
    assert!(DECIDE.contains(".long(\"rule\")") && options.insert("rule"));
    let names = column("`cors decide`")
        .into_iter()
        .map(|name| name.trim_start_matches('-'));
    let names: BTreeSet<&str> = names.collect();
    assert_eq!(
        difference(&names, &options),
        [""; 0],
        "`cors decide` has no such options"
    );
    assert_eq!(
        difference(&options, &names),
        [""; 0],
        "the table has no such options"
    );
}
