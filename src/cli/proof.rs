//! What `doctor --live` has proved, and what nobody can prove before the first apply.

use crate::checks;
use crate::config::PlanFile;
use crate::engine::plan::Finding;
use crate::existing::operator::Operator;
use crate::live::verify::{self, Unverified, Verification};
use crate::session::{Scope, Session};
use crate::ui::doctor::Proof;

/// What only a change shows, each with its reason. Printed with everything else, so that nobody takes it for proved.
const NEVER: [(&str, &str); 4] = [
    (
        "calls that change IAM, S3, ECS, EFS, load balancers, backups",
        "these services know no DryRun: only the simulation of permissions speaks of them",
    ),
    ("how long AWS takes", "propagation and waiting show in the first apply"),
    ("what Cloud Exchange does", "no container is started"),
    ("ECS Exec", "it needs a running task"),
];

/// The reads of every kind, and EC2's dry runs.
pub async fn proofs(session: &Session, file: &PlanFile) -> Vec<Verification> {
    let context = session.context(&Scope::of(file));
    let (mut proofs, known) = verify::reads(&context).await;
    let context = crate::kinds::context::Context { known, ..context };
    let existing = file.existing.vpc.as_ref().map(|vpc| vpc.as_str());
    proofs.extend(verify::dry_runs(&context, existing).await);
    proofs
}

/// What was tried and refused is a finding too.
pub fn findings(proofs: &[Verification]) -> Vec<Finding> {
    let failed = proofs.iter().filter_map(|proof| match &proof.result {
        Err(Unverified::Failed(failure)) => Some(checks::permission::unproved(&proof.what, &failure.to_string())),
        Err(Unverified::Executed(why)) => Some(checks::permission::executed(why)),
        _ => None,
    });
    failed.collect()
}

/// All rows, what was proved first.
pub fn rows(proofs: &[Verification], permissions: Option<(&Operator, usize)>) -> Vec<Proof> {
    let row = |result, what: &str, detail: &str| Proof { what: what.to_owned(), result, detail: detail.to_owned() };
    let mut rows: Vec<Proof> = proofs
        .iter()
        .map(|proof| match &proof.result {
            Ok(detail) => row("proved", &proof.what, detail),
            Err(Unverified::Failed(failure)) => row("failed", &proof.what, &failure.to_string()),
            Err(Unverified::Executed(why)) => row("failed", &proof.what, why),
            Err(Unverified::NotTried(why)) => row("not-proved", &proof.what, why),
        })
        .collect();
    rows.extend(permissions.map(|(operator, actions)| simulated(operator, actions)));
    rows.extend(NEVER.iter().map(|(what, why)| row("not-proved", what, why)));
    rows.sort_by_key(|row| ["proved", "failed", "not-proved"].iter().position(|known| *known == row.result));
    rows
}

fn simulated(operator: &Operator, actions: usize) -> Proof {
    let what = "permissions of the caller".to_owned();
    let (result, detail) = match (&operator.unknown, operator.lacks.len(), operator.caller.ends_with(":root")) {
        (Some(why), ..) => ("not-proved", why.clone()),
        (None, _, true) => ("not-proved", "the root user cannot be simulated".to_owned()),
        (None, 0, _) => ("proved", format!("{actions} actions, as far as IAM can simulate them")),
        (None, lacks, _) => ("failed", format!("{lacks} of {actions} actions are not allowed, see the findings")),
    };
    Proof { what, result, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::failure::{Cause, Failure};

    #[test]
    fn what_was_not_tried_is_never_called_proved() {
        let denied = Failure {
            operation: "ec2 CreateVpc".to_owned(),
            code: "UnauthorizedOperation".to_owned(),
            ..Failure::of(Cause::Denied, "no")
        };
        let proof = |what: &str, result| Verification { what: what.to_owned(), result };
        let proofs = [
            proof("ec2 DryRun", Err(Unverified::NotTried("an address that ignores it".to_owned()))),
            proof("ec2 CreateVpc", Err(Unverified::Failed(denied))),
            proof("read vpc", Ok("0 of this deployment".to_owned())),
        ];
        let nobody = Operator { caller: "arn:aws:iam::111122223333:root".to_owned(), ..Operator::default() };
        let rows = rows(&proofs, Some((&nobody, 7)));
        let results: Vec<_> = rows.iter().map(|row| (row.result, row.what.as_str())).collect();
        assert_eq!(results[..2], [("proved", "read vpc"), ("failed", "ec2 CreateVpc")]);
        assert!(results[2..].iter().all(|(result, _)| *result == "not-proved"), "{results:?}");
        let codes: Vec<_> = findings(&proofs).into_iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["live/failed"]);
    }
}
