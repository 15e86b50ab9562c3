//! What to do next about a failure, by its cause: to run the command again only where that can succeed, and to change
//! something first where it cannot.

use std::collections::BTreeSet;

use crate::engine::event::Outcome;
use crate::engine::failure::{Cause, Failure};
use crate::engine::plan::Purpose;

const AGAIN: &str = "run the same command again: it continues where this run stopped";
const LEASE_LOST: &str = "see who is working on this deployment; then run the same command again: it continues where \
                          this run stopped";

/// What usually helps, if the failure itself has no hint.
pub fn about(failure: &Failure) -> String {
    let words = match failure.cause {
        Cause::Throttled => "too many calls are made in this account: run the same command again later",
        Cause::Unavailable => {
            "check the network and the AWS Health Dashboard, then run the same command again: it continues"
        }
        Cause::NotYetVisible | Cause::NotYetTrusted => {
            "AWS took longer than usual: run the same command again, it continues; if the error stays, check that what \
             the message names exists and may be used"
        }
        Cause::StillHeld => "something else still uses it: once that is gone, run the same command again, it continues",
        Cause::HeldByOthers => {
            "have its owners remove what is named, then run the same command again: it continues; or leave the network \
             to them with `ce-aws destroy --leave-network`"
        }
        Cause::Gone => "somebody removed it in the meantime: run the same command again",
        Cause::Taken => {
            "it exists already and is not ours, see the message: remove it, or change the plan file; then run the same \
             command again"
        }
        Cause::Denied => return denied(failure),
        Cause::Quota if failure.code.contains("Tag") => {
            "AWS allows no more tags, and no quota changes that: take some out of the plan file, then run the same \
             command again"
        }
        Cause::Quota => "raise the quota in Service Quotas, or free what is not used; then run the same command again",
        Cause::Cooldown => {
            "AWS accepts this only some time after the last such change: run the same command again then"
        }
        Cause::Refused => {
            "AWS refuses this request every time: read its message, and change what it names in the plan file or in AWS"
        }
        Cause::Unsettled => {
            "the message and `ce-aws status` say why: fix that, then run the same command again: it continues"
        }
        Cause::LeaseLost => LEASE_LOST,
        Cause::Internal => "this is a bug in ce-aws: report it with the output of `-vvv --log-file`",
    };
    words.to_owned()
}

/// What to do after a run that was stopped, or whose steps have failed with these causes.
pub fn closing(outcome: Outcome, causes: &BTreeSet<Cause>) -> &'static str {
    if outcome == Outcome::LeaseLost {
        LEASE_LOST
    } else if causes.contains(&Cause::Internal) {
        "see the errors above: the same command fails again until the bug in ce-aws is fixed"
    } else if causes.iter().all(|cause| cause.may_pass()) {
        AGAIN
    } else {
        "first fix the errors above; then run the same command again: it continues where this run stopped"
    }
}

/// What to do after a command was left at once. What has begun an upgrade or a restore refuses to begin another.
pub fn after_leaving(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Upgrade | Purpose::Rollback | Purpose::Restore => {
            "`ce-aws status` shows what is in progress; finish it with --resume or --rollback"
        }
        _ => "run the same command again",
    }
}

/// Which policy does not give the permission, and who can change it (IAM user guide, "Troubleshoot access denied error
/// messages").
fn denied(failure: &Failure) -> String {
    let says = |words: &str| failure.message.contains(words);
    let permission = denied_action(&failure.message).or_else(|| permission(&failure.operation));
    let what = permission.as_deref().unwrap_or("this");
    let elsewhere = [
        ("service control policy", "a service control policy of the organization"),
        ("resource control policy", "a resource control policy of the organization"),
        ("permissions boundary", "the permissions boundary of the caller"),
        ("session policy", "the session policy of the caller"),
        ("VPC endpoint policy", "the policy of a VPC endpoint in between"),
        ("resource-based policy", "the policy of the resource itself"),
    ];
    if let Some((_, policy)) = elsewhere.iter().find(|(words, _)| says(words)) {
        return format!(
            "{policy} does not let the caller do {what}: whoever owns that policy must allow it; then run the same \
             command again"
        );
    }
    if says("explicit deny") {
        return format!(
            "a policy of the caller denies {what} explicitly, and no other permission outweighs that: have it changed; \
             then run the same command again"
        );
    }
    match permission {
        Some(permission) => format!(
            "the caller needs the permission {permission}; `ce-aws policy FILE` prints all permissions it needs; then \
             run the same command again"
        ),
        None => "the caller may not do this: see `aws sts get-caller-identity` for who it is".to_owned(),
    }
}

/// The action that AWS says is not allowed, often another one than the operation's: "... is not authorized to perform:
/// iam:PassRole on resource: ..." (IAM user guide, "Troubleshoot access denied error messages").
fn denied_action(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("is not authorized to perform: ")?;
    let action = rest.split_whitespace().next()?;
    let is_action = action.split_once(':').is_some_and(|(service, name)| {
        let word = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        word(service) && word(name)
    });
    is_action.then(|| action.to_owned())
}

/// The IAM action behind an operation: `ec2 CreateVpc` needs `ec2:CreateVpc`.
fn permission(operation: &str) -> Option<String> {
    let (service, name) = operation.split_once(' ')?;
    let prefix = match service {
        "efs" => "elasticfilesystem",
        "elb" | "elbv2" => "elasticloadbalancing",
        "secrets" | "secretsmanager" => "secretsmanager",
        other => other,
    };
    Some(format!("{prefix}:{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGAIN_AT_ONCE: &str = "run the same command again";

    /// Every cause: whether waiting or running again can be enough, and words its advice must contain.
    const ALL: [(Cause, bool, &str); 15] = [
        (Cause::Throttled, true, "later"),
        (Cause::Unavailable, true, "Health Dashboard"),
        (Cause::NotYetVisible, true, "longer than usual"),
        (Cause::NotYetTrusted, true, "longer than usual"),
        (Cause::Gone, true, "somebody removed it"),
        (Cause::StillHeld, false, "once that is gone, run"),
        (Cause::HeldByOthers, false, "have its owners remove"),
        (Cause::Taken, false, "remove it, or change"),
        (Cause::Denied, false, "needs the permission ec2:CreateVpc"),
        (Cause::Quota, false, "raise the quota"),
        (Cause::Cooldown, false, "some time after the last such change"),
        (Cause::Refused, false, "change what it names"),
        (Cause::Unsettled, false, "fix that, then run"),
        (Cause::LeaseLost, false, "see who is working on this deployment; then run"),
        (Cause::Internal, false, "report it"),
    ];

    fn failure(cause: Cause) -> Failure {
        Failure { operation: "ec2 CreateVpc".to_owned(), ..Failure::of(cause, "no") }
    }

    #[test]
    fn no_advice_is_to_retry_what_cannot_succeed() {
        for (cause, may_pass, words) in ALL {
            let (step, end) = (about(&failure(cause)), closing(Outcome::Failed, &BTreeSet::from([cause])));
            assert_eq!(cause.may_pass(), may_pass, "{cause:?}");
            assert!(step.contains(words), "{cause:?}: {step}");
            assert_eq!(end == AGAIN, may_pass, "{cause:?}: {end}");
            if !may_pass {
                assert!(!step.starts_with(AGAIN_AT_ONCE), "{cause:?}: {step}");
                assert!(end.starts_with("first fix") || cause == Cause::Internal, "{cause:?}: {end}");
            }
            if matches!(cause, Cause::Refused | Cause::Internal) {
                assert!(!step.contains("again:") && !step.contains("then run"), "{cause:?}: {step}");
            }
            assert!(!step.contains("another name"), "{cause:?}: another name helps only if the name is taken");
        }
        let all: BTreeSet<Cause> = ALL.iter().map(|(cause, ..)| *cause).collect();
        assert_eq!(all.len(), ALL.len());
    }

    #[test]
    fn one_permanent_failure_decides_the_closing_advice() {
        let close = |causes: &[Cause]| closing(Outcome::Failed, &causes.iter().copied().collect());
        assert_eq!(closing(Outcome::Interrupted, &BTreeSet::new()), AGAIN);
        assert!(closing(Outcome::LeaseLost, &BTreeSet::new()).starts_with("see who is working on this deployment"));
        assert!(close(&[Cause::Throttled, Cause::Denied]).starts_with("first fix"));
        assert!(close(&[Cause::Quota, Cause::Internal]).contains("until the bug in ce-aws is fixed"));
    }

    #[test]
    fn who_denies_is_who_can_allow() {
        let advice = |message: &str| about(&Failure { message: message.to_owned(), ..failure(Cause::Denied) });
        let denied = "User: arn:aws:iam::1:user/op is not authorized to perform: iam:PassRole on resource: arn:r";
        let cases = [
            ("because no identity-based policy allows the iam:PassRole action", "needs the permission iam:PassRole"),
            ("with an explicit deny in an identity-based policy", "denies iam:PassRole explicitly"),
            ("with an explicit deny in a service control policy", "a service control policy of the organization"),
            ("because no service control policy allows the iam:PassRole action", "a service control policy"),
            ("because no permissions boundary allows the iam:PassRole action", "the permissions boundary"),
            ("with an explicit deny in a resource-based policy", "the policy of the resource itself"),
            ("because no VPC endpoint policy allows the iam:PassRole action", "a VPC endpoint"),
        ];
        for (why, words) in cases {
            let advice = advice(&format!("{denied} {why}"));
            assert!(advice.contains(words), "{why}: {advice}");
        }
    }

    #[test]
    fn the_limit_of_tags_is_no_quota_that_can_be_raised() {
        let full = Failure { code: "TooManyTagsException".to_owned(), ..failure(Cause::Quota) };
        assert!(about(&full).contains("take some out of the plan file"), "{}", about(&full));
    }

    #[test]
    fn the_missing_action_is_the_one_aws_names_or_else_the_operation() {
        let message =
            "User: arn:aws:iam::1:user/op is not authorized to perform: iam:PassRole on resource: arn:r because";
        assert_eq!(denied_action(message).as_deref(), Some("iam:PassRole"));
        assert_eq!(denied_action("is not authorized to perform: \u{1b}[31m:x on"), None);
        assert_eq!(denied_action("Access Denied"), None);
        assert_eq!(permission("efs CreateFileSystem").as_deref(), Some("elasticfilesystem:CreateFileSystem"));
    }
}
