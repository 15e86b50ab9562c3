//! The certificates of the authority that a proxy signs with, as a secret that ECS hands to the container.

use crate::kinds::prelude::*;

use super::store;

/// The last part of its name.
pub const PURPOSE: &str = "ca-certificate";

/// What the description says before the fingerprint: the value itself is never read.
const DESCRIPTION: &str = "CA certificates of the proxy, SHA-256 ";

/// A secret that holds PEM as plain text. Outputs: `id` (the ARN), `arn`, `name`. Certificates are public, so they may
/// be part of a plan.
///
/// Its name must be `context.names.secret(`[`PURPOSE`]`)`. Its value is compared by the fingerprint in its description:
/// a value that somebody changes by hand, but not the description, is not noticed.
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
    const TAGGING: Tagging = Tagging::Secrets;
    const ACT: Option<Action> = Some(Action::Restore);

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let read = |found: Found<Self>, name, description: &str| {
            found.spec(Self { name, fingerprint: read(description), pem: None })
        };
        store::list(context, PURPOSE, read).await
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let made = store::create(context, target, &self.name, &self.description(), self.pem()?).await;
        made.map_err(store::still_deleted)
    }

    /// Value and description in one call, so that they never disagree.
    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.secrets.update_secret().secret_id(&target.id).description(self.description());
        call.client_request_token(&target.token).secret_string(self.pem()?).send().await.done()
    }

    /// For good: the user has the file.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        store::erase(context, target).await
    }

    async fn act(context: &Context, target: &Target) -> Result<(), Failure> {
        store::restore(context, target).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        store::grants(place).remove(&["DeleteSecret"])
    }
}

impl CaCertificate {
    fn description(&self) -> String {
        format!("{DESCRIPTION}{}", self.fingerprint)
    }

    fn pem(&self) -> Result<&str, Failure> {
        self.pem.as_deref().ok_or_else(|| Failure::of(Cause::Internal, "the certificates to write are not given"))
    }
}

/// The fingerprint in a description; any other description is kept whole, and so differs from every fingerprint.
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
