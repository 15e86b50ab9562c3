//! Statements, and the documents that hold them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::aws::grant::{Grant, Use};

/// Characters that a managed policy may have, white space not counted (IAM user guide, "IAM and AWS STS quotas").
pub const LARGEST: usize = 6_144;
/// Managed policies that one user or role may have (the same).
pub const MOST: usize = 10;

/// A policy document with its suggested name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub name: String,
    pub document: Value,
}

impl Policy {
    /// Its length as AWS counts it.
    pub fn size(&self) -> usize {
        size(&self.document)
    }
}

/// More documents than a role can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policy needs {0} documents, but a role can have only {MOST}")]
pub struct TooMany(pub usize);

/// The documents that allow all of this; no statement is split. The same grants in any order give the same documents.
///
/// # Errors
///
/// There are more documents than can be attached.
pub fn policies(stem: &str, grants: impl IntoIterator<Item = Grant>) -> Result<Vec<Policy>, TooMany> {
    let mut documents: Vec<Vec<Value>> = Vec::new();
    for statement in statements(grants) {
        let room = documents.iter_mut().find(|there| {
            let mut all = (*there).clone();
            all.push(statement.clone());
            size(&document(all)) <= LARGEST
        });
        match room {
            Some(there) => there.push(statement),
            None => documents.push(vec![statement]),
        }
    }
    if documents.len() > MOST {
        return Err(TooMany(documents.len()));
    }
    let named = |(index, statements)| Policy { name: format!("{stem}-{}", index + 1), document: document(statements) };
    Ok(documents.into_iter().enumerate().map(named).collect())
}

fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn size(document: &Value) -> usize {
    document.to_string().chars().filter(|c| !c.is_whitespace()).count()
}

/// The statements in order of use and id, without actions that an earlier one allows already.
fn statements(grants: impl IntoIterator<Item = Grant>) -> Vec<Value> {
    let mut by_id: BTreeMap<String, Grant> = BTreeMap::new();
    for grant in grants.into_iter().filter(|grant| !grant.actions.is_empty()) {
        match by_id.get_mut(&grant.id) {
            Some(there) => join(there, grant),
            None => drop(by_id.insert(grant.id.clone(), grant)),
        }
    }
    let mut all: Vec<Grant> = by_id.into_values().collect();
    all.sort_by(|a, b| (order(a.usage), &a.id).cmp(&(order(b.usage), &b.id)));
    for index in 1..all.len() {
        let (before, rest) = all.split_at_mut(index);
        if let Some(later) = rest.first_mut() {
            for earlier in before.iter() {
                if covers(earlier, later) {
                    later.actions.retain(|action| !earlier.actions.contains(action));
                }
            }
        }
    }
    all.iter().filter(|grant| !grant.actions.is_empty()).map(statement).collect()
}

/// Both are reads, so they sort together.
fn order(usage: Use) -> Use {
    if usage == Use::Ask { Use::See } else { usage }
}

fn join(there: &mut Grant, more: Grant) {
    there.usage = there.usage.min(more.usage);
    there.actions.extend(more.actions);
    there.resources.extend(more.resources);
    for (key, values) in more.conditions {
        there.conditions.entry(key).or_default().extend(values);
    }
}

/// Whether the earlier one allows its actions wherever the later one does.
fn covers(earlier: &Grant, later: &Grant) -> bool {
    let conditions = earlier.conditions.is_empty() || earlier.conditions == later.conditions;
    let everywhere = earlier.resources.is_empty();
    conditions && (everywhere || !later.resources.is_empty() && later.resources.is_subset(&earlier.resources))
}

fn statement(grant: &Grant) -> Value {
    let mut all = Map::new();
    all.insert("Sid".to_owned(), grant.id.clone().into());
    all.insert("Effect".to_owned(), "Allow".into());
    all.insert("Action".to_owned(), one_or_many(&grant.actions));
    let everything = BTreeSet::from(["*".to_owned()]);
    let resources = if grant.resources.is_empty() { &everything } else { &grant.resources };
    all.insert("Resource".to_owned(), one_or_many(resources));
    if !grant.conditions.is_empty() {
        let mut condition: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
        for ((operator, key), values) in &grant.conditions {
            condition.entry(operator).or_default().insert(key, one_or_many(values));
        }
        all.insert("Condition".to_owned(), json!(condition));
    }
    Value::Object(all)
}

fn one_or_many(texts: &BTreeSet<String>) -> Value {
    match texts.iter().collect::<Vec<_>>().as_slice() {
        [one] => json!(one),
        many => json!(many),
    }
}
