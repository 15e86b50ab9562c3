//! Why the task is replaced when a certificate that ce-aws makes is renewed: nobody has changed the plan file.

use crate::engine::address::Address;
use crate::engine::plan::{Action, Plan, Reason, Step};
use crate::kinds::secret::{internal_certificate, ui_certificate};

/// The reasons for renewals in this plan, in words, if there are any.
#[derive(Clone, Debug, Default)]
pub struct Renewals {
    pub internal: Option<String>,
    pub of_ui: Option<String>,
}

/// The reason where the certificate of the client VPN is about to end.
const VPN: &str = "the certificate of the client VPN expires soon";

/// A certificate: its secret, the variable with its generation, and why it is renewed.
struct Renewed {
    secret: Address,
    variable: &'static str,
    why: Option<String>,
    /// The reason where it was renewed before: an earlier run was interrupted, or an upgrade rolled back.
    follows: &'static str,
}

/// Sets the reason of the steps of a renewal, and of those that only follow it.
pub fn explain(plan: &mut Plan, renewals: Renewals) {
    let internal = Renewed {
        secret: internal_certificate::address(),
        variable: internal_certificate::VARIABLE,
        why: renewals.internal,
        follows: "the internal certificate was renewed",
    };
    explain_one(plan, &internal);
    // Files of the user's are no renewal: then the variable says which they are.
    if renewals.of_ui.is_some() {
        let of_ui = Renewed {
            secret: ui_certificate::address(),
            variable: ui_certificate::VARIABLE,
            why: renewals.of_ui,
            follows: "the UI's certificate was renewed",
        };
        explain_one(plan, &of_ui);
    }
    // That of the client VPN is replaced under its own ARN: nothing follows it.
    let of_vpn = plan.steps.iter_mut().filter(|step| step.address.kind() == "client-vpn-certificate");
    for step in of_vpn.filter(|step| only(step, |property| property == "expires_soon")) {
        step.reason = Reason::Renewal(VPN.to_owned());
    }
}

fn explain_one(plan: &mut Plan, renewed: &Renewed) {
    let mut is_task = false;
    let reason = Reason::Renewal(renewed.why.clone().unwrap_or_else(|| renewed.follows.to_owned()));
    for step in plan.steps.iter_mut().filter(|step| step.action == Action::Update) {
        let is_part = match step.address.kind() {
            _ if step.address == renewed.secret => only(step, |property| property == "generation"),
            "task-definition" => {
                let names_it = |property: &str| property.ends_with(&format!(".environment.{}", renewed.variable));
                is_task |= only(step, names_it);
                only(step, names_it)
            }
            "service" => is_task && only(step, |property| property == "task_definition"),
            _ => false,
        };
        // Other reasons, such as an unhealthy task, say more.
        if is_part && matches!(step.reason, Reason::Changed | Reason::Drifted) {
            step.reason = reason.clone();
        }
    }
}

/// Whether there are changes besides tags, and all of them satisfy a condition.
fn only(step: &Step, is_such: impl Fn(&str) -> bool) -> bool {
    let mut changes = step.changes.iter().filter(|change| change.top() != "tags").peekable();
    changes.peek().is_some() && changes.all(|change| is_such(&change.property))
}

#[cfg(test)]
mod tests {
    use super::*;
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
        explain(&mut plan, Renewals { internal: why.map(str::to_owned), of_ui: None });
        plan.steps.into_iter().map(|step| step.reason).collect()
    }

    #[test]
    fn a_step_that_only_follows_a_renewal_has_its_reason() {
        let variable = "containers.init-container.environment.INTERNAL_CERTIFICATE_GENERATION";
        let renewal = |why: &str| Reason::Renewal(why.to_owned());
        assert_eq!(reasons(&[variable], Some("it ends")), vec![renewal("it ends"); 3]);
        assert_eq!(reasons(&[variable], None), vec![renewal("the internal certificate was renewed"); 3]);
        let both = reasons(&[variable, "cpu"], Some("it ends"));
        assert_eq!(both, [renewal("it ends"), Reason::Changed, Reason::Changed]);
    }

    #[test]
    fn a_change_of_tags_alone_is_not_a_renewal() {
        assert_eq!(reasons(&[], Some("it ends"))[1..], [Reason::Changed, Reason::Changed]);
    }
}
