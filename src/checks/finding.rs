//! How findings about the user's things are written down.

use crate::engine::plan::{Finding, Severity};
use crate::existing::{Lookup, Named};

/// It cannot work, or endangers something.
pub fn refusal(code: &str, message: String, hint: impl Into<String>) -> Finding {
    Finding { code: code.to_owned(), severity: Severity::Refusal, address: None, message, hint: Some(hint.into()) }
}

/// It works, and is not as it should be; or nobody can tell.
pub fn warning(code: &str, message: String, hint: impl Into<String>) -> Finding {
    Finding { severity: Severity::Warning, ..refusal(code, message, hint) }
}

/// A sort of thing that a plan file can name.
#[derive(Clone, Copy, Debug)]
pub struct Thing {
    /// The first half of its codes: `load-balancer`.
    pub code: &'static str,
    /// `load balancer`.
    pub words: &'static str,
    /// How to see what there is: `ce-aws discover load-balancers`.
    pub shown_by: &'static str,
    /// What AWS must allow the caller, so that it can be read.
    pub actions: &'static str,
    /// Of not being allowed to read it.
    pub denied: Severity,
}

impl Thing {
    /// What is there; or the finding `…/not-found`, `…/denied` or `read/failed`.
    pub fn found<'a, T>(&self, named: &'a Named<T>) -> Result<&'a T, Finding> {
        let Self { code, words, shown_by, actions, denied } = self;
        let name = &named.name;
        match &named.lookup {
            Lookup::Found(found) => Ok(found),
            Lookup::Missing => Err(refusal(
                &format!("{code}/not-found"),
                format!("the {words} {name} does not exist in {}", place(name)),
                format!("correct its name in the plan file; {shown_by} shows what there is"),
            )),
            Lookup::Unread(why) => Err(unread(&format!("the {words} {name}"), why)),
            Lookup::Denied(why) => Err(Finding {
                severity: *denied,
                ..refusal(
                    &format!("{code}/denied"),
                    format!("the {words} {name} cannot be checked, because it may not be read: {why}"),
                    format!("allow {actions} to whoever runs ce-aws"),
                )
            }),
        }
    }
}

/// Something that is only checked could not be read. `what` as `the KMS key alias/x`.
pub fn unread(what: &str, why: &str) -> Finding {
    warning(
        "read/failed",
        format!("{what} cannot be checked: {why}"),
        "whatever else was checked counts; see what stands in the way of this call, or look at it yourself",
    )
}

/// Where a thing was looked for: IAM has no regions.
fn place(name: &str) -> &'static str {
    if name.split(':').nth(2) == Some("iam") { "this account" } else { "this account and region" }
}
