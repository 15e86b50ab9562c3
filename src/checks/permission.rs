//! What whoever runs ce-aws may not do.

use crate::engine::plan::Finding;
use crate::existing::operator::Operator;

use super::finding::warning;

/// `what` was tried against the account, and AWS said no.
pub fn unproved(what: &str, said: &str) -> Finding {
    warning(
        "live/failed",
        format!("{what}: {said}"),
        "allow what AWS names; `ce-aws policy FILE` prints all that is needed",
    )
}

/// A call that was only to be checked was executed.
pub fn executed(why: &str) -> Finding {
    warning("live/executed", why.to_owned(), "delete what the call has made, and use an address that honours DryRun")
}

/// A warning, and no refusal: the simulator knows neither the policies of resources nor all conditions. `command` is the
/// one whose permissions were asked for, unless it was for all.
pub fn operator(seen: &Operator, command: Option<&str>) -> Option<Finding> {
    let Operator { caller, lacks, unknown } = seen;
    let policy =
        command.map_or("ce-aws policy FILE".to_owned(), |command| format!("ce-aws policy FILE --for {command}"));
    if let Some(why) = unknown {
        return Some(warning(
            "permission/not-checked",
            format!("what {caller} may do cannot be checked: {why}"),
            format!("allow iam:SimulatePrincipalPolicy on it, or see that it may do what `{policy}` prints"),
        ));
    }
    (!lacks.is_empty()).then(|| {
        let lacks: Vec<&str> = lacks.iter().map(String::as_str).collect();
        warning(
            "permission/missing",
            format!("as far as IAM can simulate it, {caller} may not: {}", lacks.join(", ")),
            format!("`{policy}` prints all that is needed, as policies to be attached"),
        )
    })
}
