//! Errors as people read them: what was attempted, on what, what AWS answered, and what to do next.

use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::engine::plan::{Action, Purpose};

use super::finding::hint;
use super::style::{DANGER, paint};
use super::text::clean;
use super::words;

/// The failure of a step, on two lines or more, each ended.
pub fn step(address: &Address, action: Action, failure: &Failure, purpose: Purpose) -> String {
    // An upgrade that fails says by itself what comes next.
    let is_said =
        matches!(purpose, Purpose::Upgrade | Purpose::Rollback | Purpose::Restore) && failure.cause == Cause::Unsettled;
    render(&format!("{} {address}: ", words::doing(action)), failure, !is_said)
}

/// A failure outside of any step.
pub fn alone(failure: &Failure) -> String {
    render("", failure, true)
}

fn render(attempt: &str, failure: &Failure, advises: bool) -> String {
    let level = paint(DANGER, format_args!("error[{}]", failure.cause.code()));
    let mut text = format!("{level}: {attempt}{}\n", clean(&failure.to_string()));
    if failure.hints.is_empty() && advises {
        text.push_str(&hint(&next_step(failure)));
    }
    failure.hints.iter().for_each(|one| text.push_str(&hint(one)));
    text
}

/// What usually helps, where the failure itself says nothing.
fn next_step(failure: &Failure) -> String {
    match failure.cause {
        Cause::Throttled => "too many calls are made in this account: run the same command again later".to_owned(),
        Cause::Unavailable => {
            "check the network and the AWS Health Dashboard, then run the same command again: it continues".to_owned()
        }
        Cause::NotYetVisible | Cause::NotYetTrusted | Cause::StillHeld => {
            "AWS needed longer than usual: run the same command again, it continues".to_owned()
        }
        Cause::Gone => "somebody removed it meanwhile: run the same command again".to_owned(),
        Cause::Taken => {
            "something of this name exists and is not ours: choose another name for the deployment, or remove it"
                .to_owned()
        }
        Cause::Denied => match said(&failure.message).or_else(|| permission(&failure.operation)) {
            Some(permission) => format!(
                "the caller needs the permission {permission}; `ce-aws policy FILE` prints all that are needed; then run \
                 the same command again"
            ),
            None => "the caller may not do this: see `aws sts get-caller-identity` for who it is".to_owned(),
        },
        Cause::Quota => {
            "raise the quota in Service Quotas, or free what is not used; then run the same command again".to_owned()
        }
        Cause::Cooldown => {
            "AWS accepts this only some time after the last change of its sort: run the same command again then"
                .to_owned()
        }
        Cause::Refused => "AWS refuses the request as it is: see its message, and the plan file".to_owned(),
        Cause::Unsettled => {
            "find out why with `ce-aws status`; then run the same command again: it continues".to_owned()
        }
        Cause::LeaseLost => {
            "see who works on this deployment now; then run the same command again: it continues".to_owned()
        }
        Cause::Internal => "this is a fault of ce-aws: report it with the output of `-vvv --log-file`".to_owned(),
    }
}

/// The action that AWS says is not allowed, often another one than the operation's: "... is not authorized to perform:
/// iam:PassRole on resource: ..." (IAM user guide, "Troubleshoot access denied error messages").
fn said(message: &str) -> Option<String> {
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

    #[test]
    fn the_action_that_lacks_is_aws_s_word_and_else_the_operation() {
        let message =
            "User: arn:aws:iam::1:user/op is not authorized to perform: iam:PassRole on resource: arn:r because";
        assert_eq!(said(message).as_deref(), Some("iam:PassRole"));
        assert_eq!(said("is not authorized to perform: \u{1b}[31m:x on"), None);
        assert_eq!(said("Access Denied"), None);
        assert_eq!(permission("efs CreateFileSystem").as_deref(), Some("elasticfilesystem:CreateFileSystem"));
    }
}
