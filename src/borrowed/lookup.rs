//! From AWS's answer to what it says of a thing that the plan file names.

use crate::engine::failure::{Cause, Failure};

use super::{Lookup, Named};

/// What an answer says of the thing of this name. Not to be found and not to be read are answers; whatever else went
/// wrong, expired credentials among it, is the caller's.
pub(super) fn named<T>(name: &str, answer: Result<T, Failure>) -> Result<Named<T>, Failure> {
    let lookup = match answer {
        Ok(found) => Lookup::Found(found),
        Err(failure) if failure.cause == Cause::Gone || is_no_name(&failure) => Lookup::Missing,
        Err(failure) if is_denied(&failure) => Lookup::Denied(failure.to_string()),
        Err(failure) => return Err(failure),
    };
    Ok(Named { name: name.to_owned(), lookup })
}

/// What is nice to know, or why it is not known.
pub(super) fn optional<T>(answer: Result<T, Failure>) -> Result<Result<T, String>, Failure> {
    match answer {
        Ok(found) => Ok(Ok(found)),
        Err(failure) if is_denied(&failure) => Ok(Err(failure.to_string())),
        Err(failure) => Err(failure),
    }
}

/// Of what is denied, only bad credentials have hints: those are no property of the thing.
fn is_denied(failure: &Failure) -> bool {
    failure.cause == Cause::Denied && failure.hints.is_empty()
}

/// Elastic Load Balancing and KMS say so of an ARN of another region or sort.
fn is_no_name(failure: &Failure) -> bool {
    ["ValidationError", "InvalidArnException"].contains(&failure.code.as_str()) && failure.message.contains("valid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::error::reported;

    #[test]
    fn expired_credentials_are_no_property_of_a_thing() {
        let answer = |code: &str, message: &str| named::<()>("x", Err(reported("elb DescribeTargetGroups", code, message)));
        assert_eq!(answer("TargetGroupNotFound", "").unwrap().lookup, Lookup::Missing);
        assert_eq!(answer("ValidationError", "'x' is not a valid target group ARN").unwrap().lookup, Lookup::Missing);
        let denied = "elb DescribeTargetGroups failed: AccessDenied: no".to_owned();
        assert_eq!(answer("AccessDenied", "no").unwrap().lookup, Lookup::Denied(denied));
        assert_eq!(answer("ExpiredToken", "").unwrap_err().cause, Cause::Denied);
        assert_eq!(answer("Throttling", "").unwrap_err().cause, Cause::Throttled);
    }
}
