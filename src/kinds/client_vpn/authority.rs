//! The authority of a client VPN, as a secret: whoever can read it can let anybody in.

use secrecy::ExposeSecret;
use time::OffsetDateTime;

use crate::kinds::prelude::*;
use crate::kinds::secret::certificates::generated;
use crate::kinds::secret::{store, value};

use super::pki::{Authority, Issued, Usage};
use super::presence;

/// The last part of its name.
pub const PURPOSE: &str = "client-vpn";

/// The description says which authority it is: the value itself is read only to sign.
const DESCRIPTION: [&str; 2] = ["Authority of the client VPN, SHA-256 ", ", valid until "];

/// The output of one whose description somebody has changed.
const UNKNOWN: &str = "unknown";

/// A JSON secret with the certificate and the key of an authority, see [`super::pki`]. Outputs: `id` (the ARN), `arn`,
/// `name`, `fingerprint` (SHA-256 of the certificate).
///
/// Made once: a new one would turn away every client. Its name must be `context.names.secret(`[`PURPOSE`]`)`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientVpnAuthority {
    pub name: String,
}

impl Spec for ClientVpnAuthority {
    const KIND: Kind =
        Kind { parents: &["security-group"], immutable: &["name"], ..Kind::new("client-vpn-authority", Part::Secrets) };
}

#[async_trait]
impl Resource for ClientVpnAuthority {
    const TAGGING: Tagging = Tagging::Secrets;
    const ACT: Option<Action> = Some(Action::Restore);

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        if !presence::is_possible(context) {
            return Ok(Vec::new());
        }
        let read = |found: Found<Self>, name, description: &str| {
            found.output("fingerprint", read(description).unwrap_or(UNKNOWN)).spec(Self { name })
        };
        store::list(context, PURPOSE, read).await
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let name = authority_name(&context.names.deployment);
        let authority = generated(move || Authority::generate(&name, OffsetDateTime::now_utc())).await?;
        let ([fingerprint, end], facts) = (DESCRIPTION, &authority.facts);
        let description = format!("{fingerprint}{}{end}{}", facts.fingerprint, facts.valid_until);
        let value = authority.document();
        let made = store::create(context, target, &self.name, &description, value.expose_secret()).await;
        let mut made = made.map_err(store::still_deleted)?;
        made.outputs.insert("fingerprint".to_owned(), facts.fingerprint.clone());
        Ok(made)
    }

    /// For good: without the endpoint, whose name is in every client's configuration, it is of no use.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        store::erase(context, target).await
    }

    async fn act(context: &Context, target: &Target) -> Result<(), Failure> {
        store::restore(context, target).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        if !place.client_vpn {
            return Grants::new(place, "secretsmanager", &[]);
        }
        let named = place.names.arn("secretsmanager", &format!("secret:{}-??????", place.names.secret(PURPOSE)));
        let signing =
            |usage, id: &str| Grant::new(usage, "secretsmanager", &["GetSecretValue"]).on([named.clone()]).called(id);
        store::grants(place)
            .remove(&["DeleteSecret"])
            .also(signing(Use::Make, "SignVpnCertificate"))
            .also(signing(Use::Connect, "SignVpnClients"))
    }
}

/// The common name of a deployment's authority.
fn authority_name(deployment: &str) -> String {
    format!("Cloud Exchange {deployment} client VPN")
}

/// The authority, read to sign with it.
///
/// # Errors
///
/// [`Cause::Gone`] where the deployment has none.
pub async fn authority(context: &Context) -> Result<Authority, Failure> {
    let value = value(context, &context.names.secret(PURPOSE)).await?;
    Authority::read(&authority_name(&context.names.deployment), &value)
}

/// A certificate for so many days, signed by the authority.
pub async fn issue(authority: Authority, usage: Usage, name: String, days: i64) -> Result<Issued, Failure> {
    generated(move || authority.issue(usage, &name, OffsetDateTime::now_utc(), days)).await
}

/// The fingerprint in a description; `None` for any other description.
fn read(description: &str) -> Option<&str> {
    let [fingerprint, end] = DESCRIPTION;
    let (digits, _) = description.strip_prefix(fingerprint)?.split_once(end)?;
    (digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_read_out_of_the_description() {
        let digits = "a1".repeat(32);
        let [fingerprint, end] = DESCRIPTION;
        assert_eq!(read(&format!("{fingerprint}{digits}{end}2046-11-30")), Some(digits.as_str()));
        for other in ["", "edited by hand", &format!("{fingerprint}abc{end}2046-11-30")] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
