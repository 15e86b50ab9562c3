//! Policy documents in one form, so that what AWS returns compares equal to what was sent.

use serde_json::{Map, Value};

/// The normal form of a policy document.
///
/// A list of one becomes its only element, other lists of strings are sorted without duplicates, booleans and numbers
/// in conditions become strings, and the policy's `Id`, which has no effect, is left out. Statements keep their order.
///
/// References (`$ref`, `$join`) are kept. A list that holds one keeps its order, because its place among the others is
/// not known yet: give such a resource a statement of its own.
pub fn normal(document: &Value) -> Value {
    let Value::Object(document) = document else { return document.clone() };
    let entries = document.iter().filter(|(key, _)| key.as_str() != "Id").map(|(key, value)| {
        let value = if key == "Statement" { statements(value) } else { value.clone() };
        (key.clone(), value)
    });
    Value::Object(entries.collect())
}

/// The normal form of a document as AWS returns it. What is not JSON stays a string, and so differs from anything that
/// could be wanted.
pub fn parse(text: &str) -> Value {
    serde_json::from_str(text).map_or_else(|_| Value::from(text), |document| normal(&document))
}

/// The same for IAM, which percent-encodes documents (IAM API reference, GetRolePolicy).
pub fn parse_encoded(text: &str) -> Value {
    parse(&percent_encoding::percent_decode_str(text).decode_utf8_lossy())
}

/// The strings in a part of a document, at any depth: one alone stands without a list, and principals are grouped by
/// type.
pub fn texts(value: &Value) -> Vec<&str> {
    texts_unless(value, |_| false)
}

fn texts_unless(value: &Value, is_left_out: impl Fn(&Map<String, Value>) -> bool) -> Vec<&str> {
    let (mut found, mut open) = (Vec::new(), vec![value]);
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => found.push(text.as_str()),
            Value::Array(items) => open.extend(items.iter().rev()),
            Value::Object(map) if is_left_out(map) => {}
            Value::Object(map) => open.extend(map.values().rev()),
            _ => {}
        }
    }
    found
}

/// The strings in the specification of a resource, except for those in policy documents: AWS lets go what a policy
/// names (docs/aws-behaviour.md, "What a policy names").
pub fn texts_outside(spec: &Value) -> Vec<&str> {
    texts_unless(spec, |map| map.contains_key("Statement"))
}

fn statements(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(statement).collect()),
        one => Value::Array(vec![statement(one)]),
    }
}

fn statement(value: &Value) -> Value {
    let Value::Object(fields) = value else { return value.clone() };
    let entries = fields.iter().map(|(key, value)| {
        let value = match (key.as_str(), value) {
            ("Principal" | "NotPrincipal", Value::Object(kinds)) => each(kinds, list),
            ("Condition", Value::Object(operators)) => each(operators, |keys| match keys {
                Value::Object(keys) => each(keys, list),
                other => other.clone(),
            }),
            ("Action" | "NotAction" | "Resource" | "NotResource", value) => list(value),
            _ => value.clone(),
        };
        (key.clone(), value)
    });
    Value::Object(entries.collect())
}

fn each(map: &Map<String, Value>, change: impl Fn(&Value) -> Value) -> Value {
    Value::Object(map.iter().map(|(key, value)| (key.clone(), change(value))).collect())
}

fn list(value: &Value) -> Value {
    let Value::Array(items) = value else { return text(value) };
    let mut items: Vec<Value> = items.iter().map(text).collect();
    if items.iter().all(Value::is_string) {
        items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        items.dedup();
    }
    if items.len() == 1 { items.remove(0) } else { Value::Array(items) }
}

fn text(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::from(value.to_string()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::address::Address;
    use crate::engine::reference::{Need, Ref, join};
    use serde_json::json;

    #[test]
    fn spellings_of_one_policy_are_equal() {
        let sent = json!({ "Version": "2012-10-17", "Statement": [{
            "Sid": "A", "Effect": "Allow", "Principal": { "Service": ["b", "a"] }, "Action": "s3:PutObject",
            "Resource": ["x"], "Condition": { "Bool": { "aws:SecureTransport": false } } }] });
        let given_back = json!({ "Id": "wizard", "Version": "2012-10-17", "Statement": {
            "Sid": "A", "Effect": "Allow", "Principal": { "Service": ["a", "b", "a"] }, "Action": ["s3:PutObject"],
            "Resource": "x", "Condition": { "Bool": { "aws:SecureTransport": ["false"] } } } });
        assert_eq!(normal(&sent), normal(&given_back));
        assert_eq!(normal(&sent), normal(&normal(&sent)));
    }

    #[test]
    fn other_policies_are_not() {
        let of = |effect: &str, action: Value| {
            normal(&json!({ "Statement": [{ "Effect": effect, "Action": action, "Resource": "*" }] }))
        };
        let policy = of("Allow", json!(["s3:GetObject", "s3:PutObject"]));
        assert_ne!(policy, of("Deny", json!(["s3:GetObject", "s3:PutObject"])));
        assert_ne!(policy, of("Allow", json!("s3:GetObject")));
        assert_ne!(parse("{"), normal(&json!({})));
    }

    #[test]
    fn references_survive() {
        let id: Ref = Ref::output(Address::new("secret", "credentials"), "arn", Need::Exists);
        let joined = join(vec!["a".into(), id.clone()]);
        let resources = json!([{ "Resource": joined }, { "Resource": [id] }, { "Resource": ["z", id, "b"] }]);
        let normal = normal(&json!({ "Statement": resources }));
        let expected = json!([{ "Resource": joined }, { "Resource": id }, { "Resource": ["z", id, "b"] }]);
        assert_eq!(normal["Statement"], expected);
    }

    #[test]
    fn what_only_a_policy_names_is_left_out() {
        let document = json!({ "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "fs-1" }] });
        let spec = json!({ "role": "arn", "inline": document, "list": [{ "id": "sg-1" }] });
        assert_eq!(texts_outside(&spec), ["arn", "sg-1"]);
        assert_eq!(texts(&spec), ["arn", "Allow", "*", "fs-1", "sg-1"]);
    }

    #[test]
    fn reads_what_iam_encodes() {
        let document = json!({ "Statement": [{ "Action": "sts:AssumeRole", "Sid": "50 % + more" }] });
        let text = document.to_string();
        let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
        assert_eq!(parse_encoded(&encoded), document);
    }
}
