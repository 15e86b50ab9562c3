//! The certificate of the UI's own web server and its key, as a secret that ECS hands to the container that delivers
//! them.

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use crate::engine::inventory::{Inventory, Live};
use crate::kinds::notes;
use crate::kinds::prelude::*;

use super::certificates::generated;
use super::credentials::document;
use super::self_signed::SelfSigned;
use super::store;

/// The last part of its name.
pub const PURPOSE: &str = "ui-certificate";

/// The keys of the document.
pub const CERTIFICATE: &str = "ui_certificate";
pub const KEY: &str = "ui_key";

/// The variable that tells the delivering container which certificate it is, by its fingerprint, or by generation and
/// names: another one means another task, because the web server reads it when it starts.
pub const VARIABLE: &str = "UI_CERTIFICATE";

/// The output of a live one with the day on which it expires: `2036-11-26`.
pub const VALID_UNTIL: &str = "valid-until";

/// The description says which one it is and when it ends: the value itself is never read.
const OF_USER: &str = "Certificate of Cloud Exchange's UI, SHA-256 ";
const SELF_SIGNED: [&str; 2] = ["Self-signed certificate of Cloud Exchange's UI, generation ", ", for "];
const END: &str = ", valid until ";

/// A JSON secret with a certificate, its chain, and its key. Outputs: `id` (the ARN), `arn`, `name`, [`VALID_UNTIL`].
///
/// Its name must be `context.names.secret(`[`PURPOSE`]`)`. It is compared by its description: a value that somebody
/// changes by hand, but not the description, is not noticed. The user's key is no property: it comes with the context.
/// Few deployments have one, so that it is looked for where [`notes::UI_CERTIFICATE`] says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UiCertificate {
    pub name: String,
    /// Of the user's certificates: SHA-256, in lower-case hexadecimal. Empty for a self-signed one; where the
    /// description of the live secret is another one, that.
    pub fingerprint: String,
    /// Of a self-signed one: counts from 1. 0 for the user's.
    pub generation: u32,
    /// The names in a self-signed one, between commas.
    pub names: String,
    /// The user's certificates as PEM, and the day on which they expire; `None` where it was read from AWS.
    pub pem: Option<String>,
    pub valid_until: Option<String>,
}

impl Spec for UiCertificate {
    const KIND: Kind = Kind {
        parents: &["security-group"],
        // It carries the note about both.
        gone_after: &["target-group"],
        immutable: &["name"],
        write_once: &["pem", "valid_until"],
        spreads: true,
        ..Kind::new("ui-certificate", Part::Secrets)
    };
}

#[async_trait]
impl Resource for UiCertificate {
    const TAGGING: Tagging = Tagging::Secrets;
    const ACT: Option<Action> = Some(Action::Restore);

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        if notes::UI_CERTIFICATE.read(context).is_none() {
            return Ok(Vec::new());
        }
        let read = |found: Found<Self>, name, description: &str| {
            let (spec, end) = read(name, description);
            found.output_if(VALID_UNTIL, end.as_deref()).spec(spec)
        };
        store::list(context, PURPOSE, read).await
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        notes::UI_CERTIFICATE.write(context, &self.name).await?;
        let (description, value) = self.content(context).await?;
        let made = store::create(context, target, &self.name, &description, value.expose_secret()).await;
        made.map_err(store::still_deleted)
    }

    /// Value and description in one call, so that they never disagree.
    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let (description, value) = self.content(context).await?;
        let call = context.aws.secrets.update_secret().secret_id(&target.id).description(description);
        call.secret_string(value.expose_secret()).send().await.done()
    }

    /// For good: the user has the files, and a self-signed one can be made again.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        store::erase(context, target).await?;
        notes::UI_CERTIFICATE.erase(context).await
    }

    async fn act(context: &Context, target: &Target) -> Result<(), Failure> {
        store::restore(context, target).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        let grants = store::grants(place).remove(&["DeleteSecret"]);
        // A teardown erases the note before it deletes the group that carries it.
        if place.ui_certificate { grants.of("ec2", &["security-group/*"]).remove(&["DeleteTags"]) } else { grants }
    }
}

impl UiCertificate {
    /// Description and value.
    async fn content(&self, context: &Context) -> Result<(String, SecretString), Failure> {
        let internal =
            |what: &str| Failure::of(Cause::Internal, format!("{what} of the UI's certificate is not given"));
        if self.generation > 0 {
            let made = generate(self.names.split(',').map(str::to_owned).collect()).await?;
            let [generation, names] = SELF_SIGNED;
            let (number, end) = (self.generation, made.valid_until);
            let description = format!("{generation}{number}{names}{}{END}{end}", self.names);
            return Ok((description, document(&[(CERTIFICATE, made.certificate.into()), (KEY, made.key)])));
        }
        let pem = self.pem.as_deref().ok_or_else(|| internal("the text"))?;
        let end = self.valid_until.as_deref().ok_or_else(|| internal("the last day"))?;
        let key = context.ui_key.clone().ok_or_else(|| internal("the private key"))?;
        let description = format!("{OF_USER}{}{END}{end}", self.fingerprint);
        Ok((description, document(&[(CERTIFICATE, pem.into()), (KEY, key)])))
    }
}

/// The address of the deployment's.
pub fn address() -> Address {
    Address::new(UiCertificate::KIND.name, "main")
}

/// The deployment's, whatever its phase.
pub fn live(inventory: &Inventory) -> Option<&Live> {
    inventory.at(&address()).first()
}

/// Whether the UI's own web server speaks HTTPS, by the task definition.
pub fn is_served(inventory: &Inventory) -> bool {
    let definitions = inventory.live.iter().filter(|live| live.address.kind() == "task-definition" && !live.is_going());
    let mut containers = definitions.filter_map(|live| live.spec.get("containers")?.as_object()).flatten();
    containers.any(|(_, container)| container.get("environment").is_some_and(|all| all.get(VARIABLE).is_some()))
}

/// A key of that size takes seconds to compute, while other steps go on.
async fn generate(names: Vec<String>) -> Result<SelfSigned, Failure> {
    generated(move || SelfSigned::generate(OffsetDateTime::now_utc(), &names)).await
}

/// What a description says: which certificate it is, and when it expires.
fn read(name: String, description: &str) -> (UiCertificate, Option<String>) {
    let unknown = || UiCertificate { name: name.clone(), fingerprint: description.to_owned(), ..Default::default() };
    let Some((which, end)) = description.rsplit_once(END) else { return (unknown(), None) };
    let [generation, names] = SELF_SIGNED;
    let spec = match (which.strip_prefix(OF_USER), which.strip_prefix(generation)) {
        (Some(fingerprint), _) => UiCertificate { fingerprint: fingerprint.to_owned(), ..unknown() },
        (_, Some(rest)) => match rest.split_once(names) {
            Some((number, names)) => UiCertificate {
                fingerprint: String::new(),
                generation: number.parse().unwrap_or_default(),
                names: names.to_owned(),
                ..unknown()
            },
            None => unknown(),
        },
        _ => return (unknown(), None),
    };
    (spec, Some(end.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_says_which_certificate_it_is() {
        let read = |description: &str| read("n".into(), description);
        let (own, end) = read("Certificate of Cloud Exchange's UI, SHA-256 ab12, valid until 2027-01-31");
        assert_eq!((own.fingerprint.as_str(), own.generation, end.as_deref()), ("ab12", 0, Some("2027-01-31")));
        let words = "Self-signed certificate of Cloud Exchange's UI, generation 3, for ce.example.com,localhost";
        let (made, end) = read(&format!("{words}, valid until 2028-02-28"));
        assert_eq!((made.fingerprint.as_str(), made.generation), ("", 3));
        assert_eq!((made.names.as_str(), end.as_deref()), ("ce.example.com,localhost", Some("2028-02-28")));
        let (other, end) = read("edited by hand");
        assert_eq!((other.fingerprint.as_str(), other.generation, end), ("edited by hand", 0, None));
    }
}
