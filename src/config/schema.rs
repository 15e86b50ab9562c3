//! The plan file's JSON Schema.

use serde_json::Value;

use super::plan_file::PlanFile;

/// The file name of the schema beside a plan file, as in `ce-aws schema > ce-aws.schema.json`.
pub const SCHEMA_FILE: &str = "ce-aws.schema.json";

/// The first line of a plan file, by which editors find the schema beside it; a comment to TOML. Source: taplo,
/// "Directives".
pub const SCHEMA_LINE: &str = "#:schema ./ce-aws.schema.json";

/// JSON Schema (draft 2020-12) of the plan file, for editors and scripts. It says everything about
/// single values; what concerns several of them together is checked by [`load`](super::load) only.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(PlanFile).to_value();
    remove_null(&mut schema);
    schema
}

/// TOML has no null: a key that may be absent is absent.
fn remove_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| !value.is_null());
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(options)) = object.get_mut("anyOf") {
                options.retain(|option| option.get("type").is_none_or(|name| name != "null"));
                if let [Value::Object(only)] = options.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    object.extend(only);
                }
            }
            object.values_mut().for_each(remove_null);
        }
        Value::Array(values) => {
            values.retain(|value| !value.is_null());
            values.iter_mut().for_each(remove_null);
        }
        _ => {}
    }
}
