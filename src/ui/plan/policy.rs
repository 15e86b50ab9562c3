//! Policies compared by what they say: statement by statement, and of a changed statement only what differs.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ui::text::{clean, value};

/// The parts of a statement in the order of showing, and what a list of each is called.
const PARTS: [(&str, &str); 8] = [
    ("Effect", "effect"),
    ("Action", "action"),
    ("NotAction", "all actions except"),
    ("Resource", "resource"),
    ("NotResource", "all resources except"),
    ("Principal", "principal"),
    ("NotPrincipal", "all principals except"),
    ("Condition", "condition"),
];

/// The lines; `None` if the property is no policy.
pub fn lines(property: &str, from: &Value, to: &Value) -> Option<Vec<String>> {
    let name = property.strip_suffix(".Statement").unwrap_or(property);
    let is_list = name != property;
    if !is_list && [from, to].iter().all(|document| document.get("Statement").is_none()) {
        return None;
    }
    let (mut before, after) = (statements(from, is_list)?, statements(to, is_list)?);
    let mut lines = Vec::new();
    for new in after {
        let same_id = |old: &Statement| !new.id.is_empty() && old.id == new.id;
        let place = before.iter().position(same_id).or_else(|| before.iter().position(|old| old.means(&new)));
        match place.map(|place| before.remove(place)) {
            Some(old) => lines.extend(changed(name, &old, &new)),
            None => lines.push(format!("{} + {}", clean(name), new.text())),
        }
    }
    let gone = before.iter().map(|old| format!("{} - {}", clean(name), old.text()));
    let mut lines: Vec<String> = gone.chain(lines).collect();
    if lines.is_empty() && from != to {
        lines.push(format!("{}: same permissions, written differently", clean(name)));
    }
    Some(lines)
}

/// A statement as it is compared: equal for all ways of writing the same.
struct Statement {
    /// Its `Sid`, or empty.
    id: String,
    /// By part and by what counts of a member, the member as it is shown.
    parts: BTreeMap<&'static str, BTreeMap<String, String>>,
}

fn statements(policy: &Value, is_list: bool) -> Option<Vec<Statement>> {
    match (policy, if is_list { Some(policy) } else { policy.get("Statement") }) {
        (Value::Null, _) => Some(Vec::new()),
        (_, Some(Value::Array(all))) if all.iter().all(Value::is_object) => {
            Some(all.iter().map(Statement::of).collect())
        }
        (_, Some(one)) if one.is_object() => Some(vec![Statement::of(one)]),
        _ => None,
    }
}

impl Statement {
    fn of(statement: &Value) -> Self {
        let parts = PARTS.iter().filter_map(|(part, _)| Some((*part, members(part, statement.get(part)?))));
        let id = statement.get("Sid").and_then(Value::as_str).unwrap_or_default();
        Self { id: clean(id), parts: parts.collect() }
    }

    fn means(&self, other: &Self) -> bool {
        let same = |(part, members): (_, &BTreeMap<_, _>)| {
            other.parts.get(part).is_some_and(|others| members.keys().eq(others.keys()))
        };
        self.parts.len() == other.parts.len() && self.parts.iter().all(same)
    }

    fn text(&self) -> String {
        let id = if self.id.is_empty() { "(no Sid)" } else { &self.id };
        let parts = PARTS.iter().filter_map(|(part, words)| {
            let shown = self.parts.get(part)?.values().cloned().collect::<Vec<_>>().join(", ");
            Some(match *part {
                "Effect" | "Action" => shown,
                "Resource" => format!("on {shown}"),
                "Principal" => format!("for {shown}"),
                "Condition" => format!("if {shown}"),
                _ => format!("{words} {shown}"),
            })
        });
        format!("{id}: {}", parts.collect::<Vec<_>>().join(" "))
    }
}

/// The members of one part of a statement. The case of actions does not matter, an account is also written as its root
/// user, and everybody as `*` or `{"AWS": "*"}` (IAM user guide, "IAM JSON policy element reference").
fn members(part: &str, all: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut add = |prefix: &str, member: &Value| {
        let shown = format!("{prefix}{}", value(member));
        let same = match part {
            "Action" | "NotAction" => shown.to_lowercase(),
            "Principal" | "NotPrincipal" => account(&shown),
            _ => shown.clone(),
        };
        found.insert(same, shown);
    };
    match (part, all) {
        ("Principal" | "NotPrincipal", Value::Object(kinds)) => {
            kinds.iter().for_each(|(kind, all)| list(all).for_each(|one| add(&format!("{} ", clean(kind)), one)));
        }
        ("Principal" | "NotPrincipal", everybody) => add("AWS ", everybody),
        ("Condition", Value::Object(operators)) => {
            for (operator, keys) in operators {
                for (key, all) in keys.as_object().into_iter().flatten() {
                    list(all).for_each(|one| add(&format!("{} {} = ", clean(operator), clean(key)), one));
                }
            }
        }
        (_, all) => list(all).for_each(|one| add("", one)),
    }
    found
}

fn list(value: &Value) -> std::slice::Iter<'_, Value> {
    match value {
        Value::Array(items) => items.iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

/// `AWS 111122223333` for `AWS arn:aws:iam::111122223333:root`.
fn account(principal: &str) -> String {
    let root = principal.strip_prefix("AWS arn:").and_then(|rest| rest.strip_suffix(":root"));
    root.and_then(|rest| rest.rsplit("::").next()).map_or_else(|| principal.to_owned(), |id| format!("AWS {id}"))
}

fn changed(name: &str, old: &Statement, new: &Statement) -> Vec<String> {
    let name = clean(name);
    if old.id != new.id {
        return vec![format!("{name}: statement {} is now called {}", old.id, new.id)];
    }
    let none = BTreeMap::new();
    let mut lines = Vec::new();
    for (part, words) in PARTS {
        let (before, after) = (old.parts.get(part).unwrap_or(&none), new.parts.get(part).unwrap_or(&none));
        for (sign, some, others) in [('-', before, after), ('+', after, before)] {
            let only: Vec<_> =
                some.iter().filter(|(same, _)| !others.contains_key(*same)).map(|(_, shown)| shown.as_str()).collect();
            if !only.is_empty() {
                lines.push(format!("{name} {}: {sign} {words} {}", new.id, only.join(", ")));
            }
        }
    }
    lines
}
