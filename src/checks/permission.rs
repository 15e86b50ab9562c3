//! What whoever runs ce-aws may not do.

use crate::borrowed::operator::Operator;
use crate::engine::plan::Finding;

use super::finding::warning;

/// A warning, and no refusal: the simulator knows neither the policies of resources nor all conditions.
pub fn operator(seen: &Operator) -> Option<Finding> {
    let Operator { caller, lacks, unknown } = seen;
    if let Some(why) = unknown {
        return Some(warning(
            "permission/not-checked",
            format!("what {caller} may do cannot be checked: {why}"),
            "allow iam:SimulatePrincipalPolicy on it, or see that it may do what `ce-aws policy FILE` prints",
        ));
    }
    (!lacks.is_empty()).then(|| {
        let lacks: Vec<&str> = lacks.iter().map(String::as_str).collect();
        warning(
            "permission/missing",
            format!("as far as IAM can simulate it, {caller} may not: {}", lacks.join(", ")),
            "`ce-aws policy FILE` prints all that is needed, as policies to be attached",
        )
    })
}
