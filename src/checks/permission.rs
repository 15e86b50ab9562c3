//! Permissions that the caller lacks.

use crate::engine::plan::Finding;
use crate::existing::operator::Operator;

use super::finding::warning;

/// AWS refused something that was tried against the account.
pub fn unproved(what: &str, said: &str) -> Finding {
    warning(
        "live/failed",
        format!("{what}: {said}"),
        "grant what AWS names; `ce-aws policy FILE` prints all that is needed",
    )
}

/// A dry run was executed.
pub fn executed(why: &str) -> Finding {
    warning("live/executed", why.to_owned(), "delete what the call created, and use an endpoint that honours DryRun")
}

/// Only a warning, because the simulator knows neither resource policies nor all conditions. `command`: the command
/// whose permissions were checked, if not all.
pub fn operator(seen: &Operator, command: Option<&str>) -> Option<Finding> {
    let Operator { caller, lacks, unknown } = seen;
    let only = command.map(|command| format!(" --for {command}")).unwrap_or_default();
    let policy = format!("ce-aws policy FILE{only}");
    if let Some(why) = unknown {
        return Some(warning(
            "permission/not-checked",
            format!("the permissions of {caller} could not be checked: {why}"),
            format!("grant it iam:SimulatePrincipalPolicy on itself, or make sure that it has what `{policy}` prints"),
        ));
    }
    let lacks = lacks.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    (!lacks.is_empty()).then_some(warning(
        "permission/missing",
        format!("as far as IAM can simulate, {caller} lacks permission for: {lacks}"),
        format!("attach the policies that `{policy}` prints"),
    ))
}
