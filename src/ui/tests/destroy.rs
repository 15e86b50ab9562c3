//! The screen before a destroy: it must agree with the prompt that follows.

use insta::assert_snapshot;

use super::fixture::*;
use crate::engine::plan::{Action, Finding, Kept, Plan, Purpose, Reason, Severity};
use crate::ui::plan::{View, plan as render};
use crate::ui::style::plain;

fn refusal(code: &str, message: &str, hint: &str) -> Finding {
    Finding {
        code: code.into(),
        severity: Severity::Refusal,
        address: Some(address("load-balancer/main")),
        message: message.into(),
        hint: Some(hint.into()),
    }
}

fn protected() -> Plan {
    let mut steps = vec![
        step("service/main", Action::Stop, Reason::Teardown),
        step("load-balancer/main", Action::Unprotect, Reason::Teardown),
        step("load-balancer/main", Action::Delete, Reason::Teardown),
    ];
    steps[0].consequences = vec!["Cloud Exchange stops".into()];
    steps[1].consequences = vec!["deletion protection is removed".into()];
    let hint = "consent with --unprotect, or type the deployment's name when asked";
    let findings = vec![refusal("destroy/protected", "is protected against deletion", hint)];
    let kept = vec![Kept { address: address("file-system/data"), id: "fs-0a".into(), why: "holds the data".into() }];
    Plan { findings, kept, ..plan(Purpose::Destroy, steps) }
}

fn shown(plan: &Plan) -> String {
    plain(&render(plan, &kinds(), View::default()))
}

/// The plan as it runs once the name has been typed, which is what the prompt follows.
#[test]
fn what_the_prompt_can_lift_is_no_refusal() {
    assert_snapshot!(shown(&Plan { findings: Vec::new(), ..protected() }));
}

#[test]
fn without_a_prompt_it_is_a_refusal() {
    let text = shown(&protected());
    assert!(text.contains("refused[destroy/protected]: load-balancer/main: is protected against deletion\n"), "{text}");
    assert!(text.ends_with("1 refusal above: fix this before destroying\n"), "{text}");
}

#[test]
fn every_refusal_is_counted_if_something_else_refuses() {
    let mut plan = protected();
    plan.findings.push(refusal("destroy/in-use", "is used by others", "remove it there first"));
    let text = shown(&plan);
    assert!(text.ends_with("2 refusals above: fix this before destroying\n"), "{text}");
}
