//! Turns AWS's answers about named resources into lookups.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};

/// What AWS says about one resource that the plan file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    Found(T),
    /// It does not exist.
    Missing,
    /// The caller may not read it; what AWS said.
    Denied(String),
    /// The call failed; what AWS said, or why there was no answer.
    Unread(String),
}

impl<T> Lookup<T> {
    pub fn found(&self) -> Option<&T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Missing | Self::Denied(_) | Self::Unread(_) => None,
        }
    }
}

/// A resource, and how the plan file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T> {
    /// As written in the plan file: an id, a name or an ARN.
    pub name: String,
    pub lookup: Lookup<T>,
}

impl<T> Named<T> {
    pub fn found(&self) -> Option<&T> {
        self.lookup.found()
    }
}

/// What an answer says about the resource of this name. Not found and denied are answers; every other failure, such as
/// expired credentials, is an error.
pub(super) fn named<T>(name: &str, answer: Result<T, Failure>) -> Result<Named<T>, Failure> {
    let lookup = match answer {
        Ok(found) => Lookup::Found(found),
        Err(failure) if failure.cause == Cause::Gone || is_no_name(&failure) => Lookup::Missing,
        Err(failure) if denied(&failure) => Lookup::Denied(failure.said()),
        Err(failure) => return Err(failure),
    };
    Ok(Named { name: name.to_owned(), lookup })
}

/// The same for a resource that is only checked: every failure of the call is an answer too, so that the other findings
/// are still reported.
pub(super) fn checked<T>(name: &str, answer: Result<T, Failure>) -> Result<Named<T>, Failure> {
    match named(name, answer) {
        Err(failure) if !failure.concerns_every_call() => {
            Ok(Named { name: name.to_owned(), lookup: Lookup::Unread(failure.said()) })
        }
        looked_up => looked_up,
    }
}

/// An answer that is not needed; `None` if it cannot be read.
pub(super) fn optional<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Err(failure) if failure.concerns_every_call() => Err(failure),
        Err(failure) => {
            tracing::warn!(%failure, "could not be read, and is not needed");
            Ok(None)
        }
        Ok(found) => Ok(Some(found)),
    }
}

/// What an answer that should have one resource says about it.
pub(super) fn only<T>(name: &str, answer: Result<Vec<T>, Failure>) -> Result<Named<T>, Failure> {
    named(name, answer.and_then(|found| there(name, found.into_iter().next())))
}

/// A part of an answer without which there is no such resource.
pub(super) fn there<T>(name: &str, part: Option<T>) -> Result<T, Failure> {
    part.ok_or_else(|| Failure::of(Cause::Gone, format!("the answer has nothing about {name}")))
}

/// What a call describes of these, as many at a time as it takes; without names, everything.
pub(super) async fn in_chunks<T, F>(
    names: Option<&[String]>,
    at_once: usize,
    describe: impl Fn(Option<Vec<String>>) -> F,
) -> Result<Vec<T>, Failure>
where
    F: Future<Output: Answer<Vec<T>>>,
{
    let chunks: Vec<_> = match names {
        Some(names) => names.chunks(at_once).map(|names| Some(names.to_vec())).collect(),
        None => vec![None],
    };
    let answers = side_by_side(chunks, |names| {
        let answer = describe(names);
        async { answer.await.answer() }
    });
    Ok(answers.await?.into_iter().flatten().collect())
}

/// The answers to one call for each, in order; a few at a time, because AWS throttles.
pub(super) async fn side_by_side<T, R, F>(
    things: impl IntoIterator<Item = T>,
    call: impl Fn(T) -> F,
) -> Result<Vec<R>, Failure>
where
    F: Future<Output = Result<R, Failure>>,
{
    const AT_ONCE: usize = 8;
    stream::iter(things.into_iter().map(call)).buffered(AT_ONCE).try_collect().await
}

/// Whether the resource may not be read. Bad credentials concern every call, not this resource.
pub(super) fn denied(failure: &Failure) -> bool {
    failure.cause == Cause::Denied && !failure.concerns_every_call()
}

/// Elastic Load Balancing and KMS reject an ARN of another region or kind this way.
fn is_no_name(failure: &Failure) -> bool {
    ["ValidationError", "InvalidArnException"].contains(&failure.code.as_str()) && failure.message.contains("valid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::error::reported;

    #[test]
    fn expired_credentials_are_an_error_and_not_an_answer_about_a_resource() {
        let answer =
            |code: &str, message: &str| named::<()>("x", Err(reported("elb DescribeTargetGroups", code, message)));
        assert_eq!(answer("TargetGroupNotFound", "").unwrap().lookup, Lookup::Missing);
        assert_eq!(answer("ValidationError", "'x' is not a valid target group ARN").unwrap().lookup, Lookup::Missing);
        let denied = "elb DescribeTargetGroups failed: AccessDenied: no".to_owned();
        assert_eq!(answer("AccessDenied", "no").unwrap().lookup, Lookup::Denied(denied));
        let numbered = Failure { request_id: Some("1".to_owned()), ..reported("iam GetRole", "AccessDenied", "no") };
        assert_eq!(numbered.said(), "iam GetRole failed: AccessDenied: no");
        assert_eq!(answer("ExpiredToken", "").unwrap_err().cause, Cause::Denied);
        assert_eq!(answer("Throttling", "").unwrap_err().cause, Cause::Throttled);
    }

    #[test]
    fn a_failed_call_about_what_is_only_checked_is_an_answer() {
        let failed = |code: &str| reported("backup DescribeRegionSettings", code, "no");
        for code in ["AccessDeniedException", "NotImplemented", "Throttling", "InternalFailure"] {
            let looked_up = checked::<bool>("x", Err(failed(code))).unwrap().lookup;
            assert!(matches!(looked_up, Lookup::Denied(_) | Lookup::Unread(_)), "{code}: {looked_up:?}");
            assert_eq!(optional::<bool>(Err(failed(code))).unwrap(), None, "{code}");
        }
        assert_eq!(checked::<bool>("x", Err(failed("ExpiredToken"))).unwrap_err().cause, Cause::Denied);
        assert_eq!(optional::<bool>(Err(failed("ExpiredToken"))).unwrap_err().cause, Cause::Denied);
    }
}
