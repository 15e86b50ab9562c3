//! The commented example, the schema and the code agree.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Compiled;
use crate::config::{load, schema};

const EXAMPLE: &str = include_str!("../../../plans/new-vpc.toml");

/// The example with the commented lines that have this mark in force.
fn uncommented(mark: &str) -> String {
    let line = |line: &str| match line.strip_prefix(mark) {
        Some(rest) if is_assignment(rest) => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    EXAMPLE.lines().map(line).collect()
}

fn is_assignment(line: &str) -> bool {
    let key = line.split(" = ").next().unwrap_or_default().trim_matches('"');
    line.contains(" = ") && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// `table.key` of every key in a file, or in the schema.
fn keys(file: &str) -> BTreeSet<String> {
    let file: toml::Table = toml::from_str(file).unwrap();
    let nested = |(key, value): (String, toml::Value)| match value {
        toml::Value::Table(table) => table.into_iter().map(|(inner, _)| format!("{key}.{inner}")).collect(),
        _ => vec![key],
    };
    file.into_iter().flat_map(nested).filter(|key| !key.starts_with("tags.")).collect()
}

fn schema_keys() -> BTreeSet<String> {
    let schema = schema();
    let properties = schema["properties"].as_object().unwrap();
    let nested = |(key, value): (&String, &Value)| match value["$ref"].as_str() {
        Some(reference) => match schema.pointer(reference.trim_start_matches('#')).unwrap().get("properties") {
            Some(inner) => inner.as_object().unwrap().keys().map(|inner| format!("{key}.{inner}")).collect(),
            None => vec![key.clone()],
        },
        None => vec![key.clone()],
    };
    properties.iter().flat_map(nested).filter(|key| key != "tags").collect()
}

#[test]
fn the_example_is_as_small_as_it_says() {
    let small = "name = \"prod\"\nrelease = \"5.0.0\"\n";
    assert_eq!(load("plan.toml", EXAMPLE).unwrap(), load("plan.toml", small).unwrap());
}

#[test]
fn every_default_it_shows_is_the_default() {
    let shown = uncommented("# ");
    // Without a certificate the TLS policy may not be said, so its default is looked at alone.
    let (policy, others): (Vec<&str>, Vec<&str>) = shown.lines().partition(|line| line.starts_with("ssl_policy"));
    assert_eq!(load("plan.toml", &others.join("\n")).unwrap(), load("plan.toml", EXAMPLE).unwrap());
    let default = load("plan.toml", EXAMPLE).unwrap().load_balancer.ssl_policy;
    assert!(policy[0].contains(&format!("\"{default}\"")), "{policy:?}");
}

#[test]
fn it_shows_every_key() {
    let shown: BTreeSet<_> = [uncommented("# "), uncommented("#+ ")].iter().flat_map(|file| keys(file)).collect();
    assert_eq!(shown, schema_keys());
}

#[test]
fn the_invented_values_are_valid() {
    let plan = load("plan.toml", &uncommented("#+ ")).map_err(|problems| problems.to_string()).unwrap();
    assert_eq!((plan.tags.len(), plan.access.extra_ingress.len(), plan.network.extra_ingress.len()), (2, 1, 1));
}

#[test]
fn every_default_in_the_schema_is_the_default() {
    let mut file = serde_json::to_value(load("plan.toml", EXAMPLE).unwrap()).unwrap();
    let sections = schema();
    for (key, value) in file.as_object_mut().unwrap() {
        let property = &sections["properties"][key];
        if let Some(default) = property.get("default") {
            assert_eq!(default, value, "{key}");
        }
    }
}

#[test]
fn the_schema_is_stable() {
    insta::assert_json_snapshot!(schema());
}

#[test]
fn the_schema_accepts_the_example() {
    let compiled = Compiled::new(schema());
    for file in [uncommented("# "), uncommented("#+ "), EXAMPLE.to_owned()] {
        let value: Value = serde_json::to_value(toml::from_str::<toml::Table>(&file).unwrap()).unwrap();
        assert_eq!(compiled.complaint(&value), None);
    }
}
