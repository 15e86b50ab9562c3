//! The certificates of the authority that a proxy signs with, as a secret that ECS hands to the container.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::aws::error::on;
use crate::aws::grant::Grant;
use crate::engine::failure::{Cause, Failure};
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::plan::Action;
use crate::engine::run::Made;

use super::place::Place;
use super::resource::{Context, Depth, Resource, Seen, Tags, Target, made};
use super::secret;
use super::tags;

/// The last part of the name of the one secret.
pub const PURPOSE: &str = "ca-certificate";

/// What the description says before the fingerprint: the value itself is never read.
const DESCRIPTION: &str = "CA certificates of the proxy, SHA-256 ";

/// A secret that holds PEM as plain text. Outputs: `id` (the ARN), `arn`, `name`. Certificates are public, so they may
/// stand in a plan.
///
/// Its name must be `context.names.secret(`[`PURPOSE`]`)`. Its value is compared by the fingerprint in its description: a
/// value that somebody changes by hand, and the description not, is not noticed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaCertificate {
    pub name: String,
    /// SHA-256 of the certificates, in lower-case hexadecimal.
    pub fingerprint: String,
    /// The certificates; `None` where it was read from AWS.
    pub pem: Option<String>,
}

impl Spec for CaCertificate {
    const KIND: Kind = Kind {
        immutable: &["name"],
        write_once: &["pem"],
        spreads: true,
        ..Kind::new("ca-certificate", Part::Secrets)
    };
}

#[async_trait]
impl Resource for CaCertificate {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let found = secret::describe::<Self>(context, PURPOSE).await?.map(|(found, name, description)| {
            let spec = Self { name, fingerprint: read(&description), pem: None };
            found.spec(spec)
        });
        Ok(found.into_iter().collect::<Vec<_>>().into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let made = secret::make(context, target, &self.name, &self.description(), self.pem()?).await;
        Ok(self.made(&made.map_err(secret::still_going)?))
    }

    /// Value and description in one call, so that they never disagree.
    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .secrets
            .update_secret()
            .secret_id(&target.id)
            .description(self.description())
            .client_request_token(&target.token)
            .secret_string(self.pem()?);
        call.send().await.map_err(on("secretsmanager UpdateSecret"))?;
        Ok(self.made(&target.id))
    }

    /// For good: the user has the file.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        secret::erase(context, target).await
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::secrets::set(context, &target.id, set, remove).await
    }

    async fn act(context: &Context, target: &Target, action: Action) -> Result<Made, Failure> {
        secret::restore(context, target, action).await
    }

    fn grants(place: &Place) -> Vec<Grant> {
        secret::secrets(place).remove(&["DeleteSecret"]).done()
    }
}

impl CaCertificate {
    fn description(&self) -> String {
        format!("{DESCRIPTION}{}", self.fingerprint)
    }

    fn pem(&self) -> Result<&str, Failure> {
        self.pem.as_deref().ok_or_else(|| Failure::of(Cause::Internal, "the certificates to write are not given"))
    }

    fn made(&self, arn: &str) -> Made {
        made(arn, &[("arn", arn), ("name", &self.name)])
    }
}

/// The fingerprint in a description; any other description stays whole, and so differs from every fingerprint.
fn read(description: &str) -> String {
    description.strip_prefix(DESCRIPTION).unwrap_or(description).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_read_out_of_the_description() {
        let wanted = CaCertificate { name: "n".into(), fingerprint: "ab12".into(), pem: None };
        assert_eq!(read(&wanted.description()), "ab12");
        assert_eq!(read("edited by hand"), "edited by hand");
    }
}
