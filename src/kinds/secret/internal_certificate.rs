//! The TLS certificates between the containers, as a secret that ECS hands to the container that delivers them.

use secrecy::ExposeSecret;
use time::OffsetDateTime;

use crate::engine::inventory::{Inventory, Live};
use crate::kinds::prelude::*;

use super::certificates::{Certificates, generated};
use super::store;

/// The last part of its name.
pub const PURPOSE: &str = "internal-certificate";

/// The variable that tells a container the generation: another generation means another task.
pub const VARIABLE: &str = "INTERNAL_CERTIFICATE_GENERATION";

/// The output of a live one with the first day on which they are no longer valid: `2036-11-26`.
pub const VALID_UNTIL: &str = "valid-until";

/// The description says which generation it is and when it ends: the value itself is never read.
const DESCRIPTION: [&str; 2] = ["Internal TLS certificates of Cloud Exchange, generation ", ", valid until "];

/// A JSON secret with an authority, a certificate and its key, see [`super::certificates`]. Outputs: `id` (the ARN),
/// `arn`, `name`, [`VALID_UNTIL`]. Its values are not a property: each generation has new ones, and they are never
/// read.
///
/// Its name must be `context.names.secret(`[`PURPOSE`]`)`. A value that somebody changes by hand, but not the
/// description, is not noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternalCertificate {
    pub name: String,
    /// Counts from 1; 0 where the description of the live secret does not have it.
    pub generation: u32,
}

impl Spec for InternalCertificate {
    const KIND: Kind = Kind { immutable: &["name"], spreads: true, ..Kind::new("internal-certificate", Part::Secrets) };
}

#[async_trait]
impl Resource for InternalCertificate {
    const TAGGING: Tagging = Tagging::Secrets;
    const ACT: Option<Action> = Some(Action::Restore);

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let read = |found: Found<Self>, name, description: &str| match read(description) {
            Some((generation, end)) => found.output(VALID_UNTIL, end).spec(Self { name, generation }),
            None => found.spec(Self { name, generation: 0 }),
        };
        store::list(context, PURPOSE, read).await
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let certificates = generate().await?;
        let (description, value) = (self.description(&certificates), certificates.document.expose_secret());
        store::create(context, target, &self.name, &description, value).await.map_err(store::still_deleted)
    }

    /// Values and description in one call, so that they never disagree. The token is not the step's but one of the
    /// SDK's for each call: another attempt brings other values, and Secrets Manager takes no others under a token that
    /// it has seen (API reference, CreateSecret; of UpdateSecret unverified).
    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let certificates = generate().await?;
        let call = context.aws.secrets.update_secret().secret_id(&target.id);
        let call = call.description(self.description(&certificates));
        call.secret_string(certificates.document.expose_secret()).send().await.done()
    }

    /// For good: they can be generated again at any time.
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

impl InternalCertificate {
    fn description(&self, certificates: &Certificates) -> String {
        let [generation, end] = DESCRIPTION;
        format!("{generation}{}{end}{}", self.generation, certificates.valid_until)
    }
}

/// The address of the deployment's.
pub fn address() -> Address {
    Address::new(InternalCertificate::KIND.name, "main")
}

/// The deployment's, whatever its phase.
pub fn live(inventory: &Inventory) -> Option<&Live> {
    inventory.at(&address()).first()
}

/// Keys of that size take seconds to compute, while other steps go on.
async fn generate() -> Result<Certificates, Failure> {
    generated(|| Certificates::generate(OffsetDateTime::now_utc())).await
}

/// Generation and end in a description; `None` for any other description.
fn read(description: &str) -> Option<(u32, &str)> {
    let [generation, end] = DESCRIPTION;
    let (number, date) = description.strip_prefix(generation)?.split_once(end)?;
    let is_date = date.len() == 10
        && date.bytes().enumerate().all(|(index, byte)| match index {
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
