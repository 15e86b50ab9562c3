//! What an answer of AWS's must have, so that what follows can go on with it.

use crate::engine::failure::{Cause, Failure};

/// The text of a member that AWS always gives: an identifier, an ARN. Missing or empty (the SDK fills in what a service's model calls
/// required) it is no answer: what was asked for may have been done, and has to be looked for before it is asked for again.
///
/// ```text
/// let id = required("ec2 CreateVpc", "VpcId", answer.vpc().and_then(|vpc| vpc.vpc_id()))?;
/// ```
pub fn required<'a>(operation: &str, member: &str, value: Option<&'a str>) -> Result<&'a str, Failure> {
    value.filter(|text| !text.is_empty()).ok_or_else(|| lacks(operation, member))
}

/// An answer without something that AWS always gives.
pub fn lacks(operation: &str, member: &str) -> Failure {
    let failure = Failure::of(Cause::Unavailable, format!("the answer has no {member}"));
    Failure { operation: operation.to_owned(), ..failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_on_with_an_empty_identifier() {
        assert_eq!(required("ec2 CreateVpc", "VpcId", Some("vpc-1")).unwrap(), "vpc-1");
        for missing in [None, Some("")] {
            let failure = required("ec2 CreateVpc", "VpcId", missing).unwrap_err();
            assert_eq!(failure.to_string(), "ec2 CreateVpc failed: the answer has no VpcId");
            assert!(failure.may_have_made(), "it has to be looked for before it is made again");
        }
    }
}
