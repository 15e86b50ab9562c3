//! The TLS certificates between the containers, as a secret that ECS hands to the container that delivers them.

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::aws::error::on;
use crate::aws::grant::Grant;
use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Inventory, Live};
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::plan::Action;
use crate::engine::run::Made;

use super::certificates::Certificates;
use super::place::Place;
use super::resource::{Context, Depth, Resource, Seen, Tags, Target, made};
use super::secret;
use super::tags;

/// The last part of the name of the one secret.
pub const PURPOSE: &str = "internal-certificate";

/// The variable that names the generation to a container: another one makes another task.
pub const VARIABLE: &str = "INTERNAL_CERTIFICATE_GENERATION";

/// The output that says on which day they are no longer valid: `2036-11-26`.
pub const VALID_UNTIL: &str = "valid-until";

/// The description says which generation it is and when it ends: the value itself is never read.
const DESCRIPTION: [&str; 2] = ["Internal TLS certificates of Cloud Exchange, generation ", ", valid until "];

/// A JSON secret with an authority, a certificate and its key, see [`super::certificates`]. Outputs: `id` (the ARN), `arn`,
/// `name`, [`VALID_UNTIL`]. Its values are no property: they are made anew with every generation, and never read.
///
/// Its name must be `context.names.secret(`[`PURPOSE`]`)`. A value that somebody changes by hand, and the description not, is not
/// noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternalCertificate {
    pub name: String,
    /// Counts from 1; 0 where the description of the live secret does not tell.
    pub generation: u32,
}

impl Spec for InternalCertificate {
    const KIND: Kind = Kind { immutable: &["name"], spreads: true, ..Kind::new("internal-certificate", Part::Secrets) };
}

#[async_trait]
impl Resource for InternalCertificate {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let found = secret::describe::<Self>(context, PURPOSE).await?.map(|(found, name, description)| {
            let (generation, valid_until) = read(&description).unwrap_or_default();
            let found = if generation > 0 { found.output(VALID_UNTIL, valid_until) } else { found };
            found.spec(Self { name, generation })
        });
        Ok(found.into_iter().collect::<Vec<_>>().into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let certificates = generate().await?;
        let description = self.description(&certificates);
        let made = secret::make(context, target, &self.name, &description, certificates.document.expose_secret()).await;
        Ok(self.made(&made.map_err(secret::still_going)?, &certificates))
    }

    /// Values and description in one call, so that they never disagree. The token is not the step's but one of the SDK's
    /// for each call: another attempt brings other values, and Secrets Manager takes no others under a token that it has
    /// seen (API reference, CreateSecret; of UpdateSecret unverified).
    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let certificates = generate().await?;
        let call = context
            .aws
            .secrets
            .update_secret()
            .secret_id(&target.id)
            .description(self.description(&certificates))
            .secret_string(certificates.document.expose_secret());
        call.send().await.map_err(on("secretsmanager UpdateSecret"))?;
        Ok(self.made(&target.id, &certificates))
    }

    /// For good: they can be made again at any time.
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

impl InternalCertificate {
    fn description(&self, certificates: &Certificates) -> String {
        let [generation, end] = DESCRIPTION;
        format!("{generation}{}{end}{}", self.generation, certificates.valid_until)
    }

    fn made(&self, arn: &str, certificates: &Certificates) -> Made {
        let valid_until = certificates.valid_until.to_string();
        made(arn, &[("arn", arn), ("name", &self.name), (VALID_UNTIL, &valid_until)])
    }
}

/// The address of the one.
pub fn address() -> Address {
    Address::new(InternalCertificate::KIND.name, "main")
}

/// The one of a deployment, whatever its phase.
pub fn live(inventory: &Inventory) -> Option<&Live> {
    inventory.at(&address()).next()
}

/// Keys of that size take seconds of computing, in which other steps go on.
async fn generate() -> Result<Certificates, Failure> {
    let task = tokio::task::spawn_blocking(|| Certificates::generate(OffsetDateTime::now_utc()));
    task.await.map_err(|error| Failure::of(Cause::Internal, format!("making certificates: {error}")))?
}

/// Generation and end as a description says them; `None` for any other description.
fn read(description: &str) -> Option<(u32, &str)> {
    let [generation, end] = DESCRIPTION;
    let (number, date) = description.strip_prefix(generation)?.split_once(end)?;
    let is_date = date.len() == 10
        && date.bytes().enumerate().all(|(target, byte)| match target {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    Some((number.parse().ok().filter(|number| *number > 0)?, date)).filter(|_| is_date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn generation_and_end_are_read_out_of_the_description() {
        let certificates = Certificates { document: String::new().into(), valid_until: date!(2036 - 11 - 09) };
        let wanted = InternalCertificate { name: "n".into(), generation: 12 };
        let description = wanted.description(&certificates);
        assert_eq!(read(&description), Some((12, "2036-11-09")));
        let changed = |from: &str, to: &str| description.replace(from, to);
        let others = [
            String::new(),
            "edited by hand".to_owned(),
            changed("12", "0"),
            changed("12", "-1"),
            changed("12", "99999999999"),
            changed("2036-11-09", "soon"),
            changed("2036-11-09", "2036/11/09"),
            changed("2036-11-09", "2036-11-09 or so"),
        ];
        for other in others {
            assert_eq!(read(&other), None, "{other}");
        }
    }
}
