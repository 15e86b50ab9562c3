//! Permissions that the caller lacks.

use std::collections::BTreeSet;

use crate::checks::permission::operator;
use crate::engine::plan::Severity;
use crate::existing::operator::Operator;

fn seen(lacks: &[&str], unknown: Option<&str>) -> Operator {
    Operator {
        caller: "arn:aws:iam::123456789012:user/op".into(),
        lacks: lacks.iter().map(|action| (*action).to_owned()).collect::<BTreeSet<_>>(),
        unknown: unknown.map(str::to_owned),
    }
}

#[test]
fn missing_permissions_are_only_a_warning() {
    assert_eq!(operator(&seen(&[], None), None), None);
    let finding = operator(&seen(&["ec2:CreateVpc", "iam:PassRole"], None), None).unwrap();
    assert_eq!((finding.code.as_str(), finding.severity), ("permission/missing", Severity::Warning));
    assert!(
        finding.message.ends_with("user/op lacks permission for: ec2:CreateVpc, iam:PassRole"),
        "{}",
        finding.message
    );
    assert!(finding.hint.unwrap().ends_with("`ce-aws policy FILE` prints"));
    let finding =
        operator(&seen(&["ec2:CreateVpc"], Some("iam SimulatePrincipalPolicy failed")), Some("plan")).unwrap();
    assert_eq!((finding.code.as_str(), finding.severity), ("permission/not-checked", Severity::Warning));
    assert!(finding.hint.unwrap().ends_with("what `ce-aws policy FILE --for plan` prints"));
}
