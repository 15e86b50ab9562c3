//! The commented examples, the schema and the code agree.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use super::Compiled;
use crate::config::{PlanFile, SCHEMA_LINE, collisions, load, schema};

const EXAMPLE: &str = include_str!("../../../plans/new-vpc.toml");

/// A commented line that shows a default, and one that shows an invented value.
const MARKS: [&str; 2] = ["# ", "#+ "];

/// Path and text of every example.
fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let plans = paths.filter(|path| path.extension().is_some_and(|end| end == "toml"));
    let mut all: Vec<_> = plans.map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap())).collect();
    all.sort();
    assert!(all.len() > 1);
    all
}

fn loaded(path: &str, text: &str) -> PlanFile {
    load(path, text).map_err(|problems| problems.to_string()).unwrap()
}

/// The example with the commented lines that have this mark in force.
fn uncommented(text: &str, mark: &str) -> String {
    let line = |line: &str| match line.strip_prefix(mark) {
        Some(rest) if is_assignment(rest) => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
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
fn every_default_they_show_is_the_default() {
    for (path, text) in examples() {
        let plan = loaded(&path, &text);
        let shown = uncommented(&text, MARKS[0]);
        // Without a certificate the TLS policy may not be said, so its default is looked at alone.
        let (policy, others): (Vec<&str>, Vec<&str>) = shown.lines().partition(|line| line.starts_with("ssl_policy"));
        assert_eq!(loaded(&path, &others.join("\n")), plan, "{path}");
        let default = format!("\"{}\"", plan.load_balancer.ssl_policy);
        assert!(policy.iter().all(|line| line.contains(&default)), "{path}: {policy:?}");
    }
}

#[test]
fn together_they_show_every_key() {
    let texts = examples().into_iter().flat_map(|(_, text)| MARKS.map(|mark| uncommented(&text, mark)));
    let shown: BTreeSet<_> = texts.flat_map(|text| keys(&text)).collect();
    // No private key lies beside the examples: they show a certificate that ce-aws makes.
    let files = ["certificate", "key", "chain"].map(|key| format!("ui_certificate.{key}"));
    let wanted: BTreeSet<_> = schema_keys().into_iter().filter(|key| !files.contains(key)).collect();
    assert_eq!(shown, wanted);
}

#[test]
fn the_invented_values_are_valid() {
    for (path, text) in examples() {
        loaded(&path, &uncommented(&text, MARKS[1]));
    }
    let plan = loaded("plan.toml", &uncommented(EXAMPLE, MARKS[1]));
    assert_eq!((plan.tags.len(), plan.access.extra_ingress.len(), plan.network.extra_ingress.len()), (2, 1, 1));
}

#[test]
fn they_can_stand_side_by_side() {
    let plans: Vec<_> = examples().into_iter().map(|(path, text)| (loaded(&path, &text), path)).collect();
    let files: Vec<_> = plans.iter().map(|(plan, path)| (path.as_str(), plan)).collect();
    assert_eq!(collisions(&files), []);
}

#[test]
fn every_default_in_the_schema_is_the_default() {
    let mut file = serde_json::to_value(load("plan.toml", EXAMPLE).unwrap()).unwrap();
    let sections = schema();
    for (key, value) in file.as_object_mut().unwrap() {
        let property = &sections["properties"][key];
        if let Some(default) = property.get("default") {
            if let Some(table) = value.as_object_mut() {
                table.retain(|_, value| !value.is_null());
            }
            assert_eq!(default, value, "{key}");
        }
    }
}

#[test]
fn the_schema_beside_the_examples_is_what_the_program_prints() {
    let file = include_str!("../../../plans/ce-aws.schema.json");
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    assert_eq!(text, file, "run `ce-aws schema > plans/ce-aws.schema.json`, and look at what has changed");
}

#[test]
fn they_name_the_schema_for_editors() {
    for (path, text) in examples() {
        assert!(text.starts_with(SCHEMA_LINE), "{path}");
    }
}

#[test]
fn the_schema_accepts_the_examples() {
    let compiled = Compiled::new(schema());
    for (path, text) in examples() {
        for file in MARKS.map(|mark| uncommented(&text, mark)).into_iter().chain([text]) {
            let value: Value = serde_json::to_value(toml::from_str::<toml::Table>(&file).unwrap()).unwrap();
            assert_eq!(compiled.complaint(&value), None, "{path}");
        }
    }
}
