//! Saved plans: written by `plan --out`, run by `apply`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::engine::plan::{FORMAT, Plan};
use crate::planners::teardown;

use super::consent::Consent;
use super::error::CommandError;

/// A plan with all that is needed to make it again and compare. It contains no secret: neither plan files nor plans do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Saved {
    pub digest: String,
    pub origin: Origin,
    pub plan: Plan,
}

/// What a plan was made from, besides AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum Origin {
    PlanFile {
        path: String,
        text: String,
        consent: Consent,
    },
    Teardown {
        name: String,
        #[serde(flatten)]
        options: teardown::Options,
    },
}

impl Saved {
    pub fn new(origin: Origin, plan: Plan) -> Self {
        Self { digest: plan.digest(), origin, plan }
    }

    /// Whether a text is meant to be a saved plan rather than a plan file.
    pub fn is_meant(text: &str) -> bool {
        text.trim_start().starts_with('{')
    }

    /// Reads a saved plan.
    ///
    /// # Errors
    ///
    /// It is not a saved plan, is of another version, or was edited.
    pub fn parse(path: &str, text: &str) -> Result<Self, CommandError> {
        let hint = "create a new plan with `ce-aws plan FILE --out F`";
        let saved: Self = serde_json::from_str(text).map_err(|error| {
            CommandError::usage("usage/saved-plan", format!("{path} is not a saved plan: {error}")).hint(hint)
        })?;
        let message = if saved.plan.format != FORMAT || saved.plan.tool != env!("CARGO_PKG_VERSION") {
            format!("{path} was saved by another version, {}", saved.plan.tool)
        } else if saved.digest != saved.plan.digest() {
            format!("{path} was edited after it was saved")
        } else {
            return Ok(saved);
        };
        Err(CommandError::usage("usage/saved-plan", message).hint(hint))
    }

    /// Writes it.
    pub fn write(&self, path: &Path) -> Result<(), CommandError> {
        let text = serde_json::to_string_pretty(self).map_err(CommandError::unexpected)?;
        std::fs::write(path, text + "\n").map_err(|error| CommandError::unwritable(path, &error))
    }

    /// Refuses when the plan would be another one now.
    pub fn check(&self, now: &Plan) -> Result<(), CommandError> {
        if now.digest() == self.digest {
            return Ok(());
        }
        Err(CommandError::refused("plan/stale", "the saved plan no longer matches what is in AWS; nothing was changed")
            .hint("create a new plan with `ce-aws plan FILE --out F` and read it again"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plan::{Purpose, Target};

    fn saved() -> Saved {
        let target = Target { deployment: "prod".into(), account: "1".into(), region: "us-east-1".into() };
        let options = teardown::Options { delete_data: true, ..teardown::Options::default() };
        Saved::new(Origin::Teardown { name: "prod".into(), options }, Plan::empty(Purpose::Destroy, target))
    }

    #[test]
    fn a_saved_plan_is_read_as_it_was_written() {
        let text = serde_json::to_string(&saved()).unwrap();
        assert!(Saved::is_meant(&text) && !Saved::is_meant("name = \"prod\""));
        let read = Saved::parse("f", &text).unwrap();
        assert_eq!((read.digest, read.origin), (saved().digest, saved().origin));
    }

    #[test]
    fn an_edited_plan_is_refused() {
        let text = serde_json::to_string(&saved()).unwrap();
        assert!(Saved::parse("f", &text.replace("us-east-1", "us-east-2")).is_err());
        assert!(Saved::parse("f", &text.replace(env!("CARGO_PKG_VERSION"), "999.0.0")).is_err());
        assert!(Saved::parse("f", "{}").is_err());
    }

    #[test]
    fn a_plan_that_no_longer_fits_is_stale() {
        let mut now = saved().plan;
        assert!(saved().check(&now).is_ok());
        now.purpose = Purpose::Apply;
        assert_eq!(saved().check(&now).unwrap_err().exit().code(), 5);
    }
}
