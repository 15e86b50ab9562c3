//! Why the task is replaced when the internal certificate is a new one: nobody has changed the plan file.

use crate::engine::plan::{Action, Plan, Reason, Step};
use crate::kinds::internal_certificate::{self, VARIABLE};

/// What is said of a task that has not followed yet: an earlier run was cut off, or an upgrade went back.
const FOLLOWS: &str = "the internal certificate is a newer one";

/// Gives the steps of a renewal, and those that do nothing but follow it, their reason. `why`: what renews it in this
/// plan, if anything does.
pub fn explain(plan: &mut Plan, why: Option<String>) {
    let mut is_task = false;
    let reason = Reason::Renewal(why.unwrap_or_else(|| FOLLOWS.to_owned()));
    for step in plan.steps.iter_mut().filter(|step| step.action == Action::Update) {
        let is_part = match step.address.kind() {
            _ if step.address == internal_certificate::address() => only(step, |property| property == "generation"),
            "task-definition" => {
                let names_it = |property: &str| property.ends_with(&format!(".environment.{VARIABLE}"));
                is_task |= only(step, names_it);
                only(step, names_it)
            }
            "service" => is_task && only(step, |property| property == "task_definition"),
            _ => false,
        };
        // What is healed or unfinished says so.
        if is_part && matches!(step.reason, Reason::Changed | Reason::Drifted) {
            step.reason = reason.clone();
        }
    }
}

/// Whether there are changes besides tags, and all of them are such.
fn only(step: &Step, is_such: impl Fn(&str) -> bool) -> bool {
    let mut changes = step.changes.iter().filter(|change| change.top() != "tags").peekable();
    changes.peek().is_some() && changes.all(|change| is_such(&change.property))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::address::Address;
    use crate::engine::compare::Change;
    use crate::engine::plan::{Purpose, Target};

    fn reasons(task: &[&str], why: Option<&str>) -> Vec<Reason> {
        let target = Target { deployment: "prod".into(), account: "1".into(), region: "us-east-1".into() };
        let mut plan = Plan::empty(Purpose::Apply, target);
        let change = |property: &&str| Change { property: (*property).to_owned(), from: 1.into(), to: 2.into() };
        let step = |address: Address, changes: &[&str]| {
            let changes = changes.iter().chain(&["tags.ce-aws:digest"]).map(change).collect();
            Step { changes, ..Step::new(address, Action::Update, Reason::Changed) }
        };
        plan.steps = vec![
            step(internal_certificate::address(), &["generation"]),
            step(Address::new("task-definition", "main"), task),
            step(Address::new("service", "main"), &["task_definition"]),
        ];
        explain(&mut plan, why.map(str::to_owned));
        plan.steps.into_iter().map(|step| step.reason).collect()
    }

    #[test]
    fn what_only_follows_has_the_reason_of_what_it_follows() {
        let variable = "containers.init-container.environment.INTERNAL_CERTIFICATE_GENERATION";
        let renewal = |why: &str| Reason::Renewal(why.to_owned());
        assert_eq!(reasons(&[variable], Some("it ends")), vec![renewal("it ends"); 3]);
        assert_eq!(reasons(&[variable], None), vec![renewal(FOLLOWS); 3]);
        let both = reasons(&[variable, "cpu"], Some("it ends"));
        assert_eq!(both, [renewal("it ends"), Reason::Changed, Reason::Changed]);
    }

    #[test]
    fn a_change_of_tags_alone_is_no_renewal() {
        assert_eq!(reasons(&[], Some("it ends"))[1..], [Reason::Changed, Reason::Changed]);
    }
}
