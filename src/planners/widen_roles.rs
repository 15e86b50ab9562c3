//! Permissions during an upgrade. The old and the new task run under the same roles, so a role first gets what the new
//! task needs in addition, and loses what only the old task needed when a rollback is no longer possible.

use serde_json::Value;

use crate::engine::plan::{Action, Plan, Reason, Stage, Step};
use crate::engine::reference::{Known, resolve};

use super::upstream::upstream;

/// Keeps the current permissions of the roles that are changed before the step `start`. Gives the steps that remove
/// them in the end.
pub fn widen(plan: &mut Plan, start: usize) -> Vec<Step> {
    let mut narrowing = Vec::new();
    for index in upstream(&plan.steps, start) {
        let step = &mut plan.steps[index];
        let narrow = step.clone();
        if keep_current(step, &plan.known) {
            let mut narrow = Step { after: Vec::new(), stage: Some(Stage::Commit), ..narrow };
            for (narrow, wide) in narrow.changes.iter_mut().zip(&step.changes) {
                narrow.from = wide.to.clone();
            }
            narrow.changes.retain(|change| change.from != change.to);
            narrow.reason = Reason::Upgrade("permissions that no rollback needs any more".to_owned());
            narrowing.push(narrow);
        }
    }
    narrowing
}

/// Keeps the current statements besides the wanted ones; false if none would be lost.
fn keep_current(step: &mut Step, known: &Known) -> bool {
    if step.address.kind() != "role" || step.action != Action::Update {
        return false;
    }
    let mut lost = 0_usize;
    for change in &mut step.changes {
        let Some(policy) = change.property.strip_prefix("inline.").and_then(|rest| rest.strip_suffix(".Statement"))
        else {
            continue;
        };
        let wanted = step.spec.get_mut("inline").and_then(|inline| inline.get_mut(policy));
        let wanted = wanted.and_then(|document| document.get_mut("Statement")).and_then(Value::as_array_mut);
        let (Some(wanted), Some(live)) = (wanted, change.from.as_array()) else { continue };
        // Current statements name ARNs where the wanted ones refer to resources.
        let resolved: Vec<Value> = wanted.iter().map(|statement| resolve(statement, known)).collect();
        for statement in live.iter().filter(|statement| statement["Effect"] == "Allow") {
            if !resolved.contains(statement) {
                wanted.push(before(statement));
                lost += 1;
            }
        }
        change.to = Value::Array(wanted.clone());
    }
    lost > 0
}

/// The statement ids of a policy must be unique.
fn before(statement: &Value) -> Value {
    let mut statement = statement.clone();
    if let Some(id) = statement.get_mut("Sid") {
        *id = Value::from(format!("{}Before", id.as_str().unwrap_or_default()));
    }
    statement
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::address::Address;
    use crate::engine::compare::Change;
    use crate::engine::plan::{After, Purpose, Target};
    use crate::engine::reference::{Need, Outputs};

    fn pull(repository: &str) -> Value {
        json!({ "Sid": "Pull", "Effect": "Allow", "Action": ["ecr:BatchGetImage"], "Resource": [repository] })
    }

    fn plan(live: &Value, wanted: &Value) -> Plan {
        let target = Target { deployment: "prod".into(), account: "1".into(), region: "us-east-1".into() };
        let mut plan = Plan::empty(Purpose::Apply, target);
        let mut role = Step::new(Address::new("role", "execution"), Action::Update, Reason::Changed);
        role.spec = json!({ "inline": { "own": { "Statement": [wanted] } } });
        let property = "inline.own.Statement".to_owned();
        role.changes.push(Change { property, from: json!([live]), to: json!([wanted]) });
        let mut start = Step::new(Address::new("service", "main"), Action::Update, Reason::Changed);
        start.after.push(After { step: 0, need: Need::Ready });
        plan.steps = vec![role, start];
        plan
    }

    #[test]
    fn the_old_tasks_permissions_are_removed_in_the_end() {
        let mut plan = plan(&pull("old"), &pull("new"));
        let narrowing = widen(&mut plan, 1);
        let mut old = pull("old");
        old["Sid"] = json!("PullBefore");
        assert_eq!(plan.steps[0].spec["inline"]["own"]["Statement"], json!([pull("new"), old]));
        assert_eq!(narrowing.len(), 1);
        assert_eq!(narrowing[0].spec["inline"]["own"]["Statement"], json!([pull("new")]));
        assert_eq!((narrowing[0].stage, narrowing[0].after.len()), (Some(Stage::Commit), 0));
    }

    #[test]
    fn a_statement_that_stays_is_not_written_twice() {
        let (mut live, mut wanted) = (pull(""), pull(""));
        live["Resource"] = json!("arn:secret");
        wanted["Resource"] = json!({ "$ref": "secret/x", "output": "arn", "need": "exists" });
        let mut plan = plan(&live, &wanted);
        plan.known =
            Known::from_iter([(Address::new("secret", "x"), Outputs::from([("arn".into(), "arn:secret".into())]))]);
        assert_eq!(widen(&mut plan, 1).len(), 0);
        assert_eq!(plan.steps[0].spec["inline"]["own"]["Statement"], json!([wanted]));
    }

    #[test]
    fn a_deny_statement_is_not_kept() {
        let mut deny = pull("old");
        deny["Effect"] = json!("Deny");
        assert_eq!(widen(&mut plan(&deny, &pull("new")), 1).len(), 0);
    }
}
