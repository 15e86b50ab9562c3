//! The certificate of a client VPN's endpoint, imported into AWS Certificate Manager.

use aws_sdk_acm::primitives::Blob;
use secrecy::ExposeSecret;
use time::{Duration, OffsetDateTime};

use crate::kinds::names::Names;
use crate::kinds::prelude::*;

use super::authority::{self, ClientVpnAuthority};
use super::pki::{Usage, facts};
use super::presence;

/// The output with the day on which it is no longer valid: `2031-11-30`.
pub const VALID_UNTIL: &str = "valid-until";

/// Days before its end from which on it is renewed.
const SOON_DAYS: i64 = 30;

/// Days for which one is valid.
const DAYS: i64 = 5 * 365;

/// An imported certificate that the deployment's own authority has signed. AWS never renews such a one: near its end it
/// is imported again under the same ARN, and the endpoint takes the new one by itself, within 24 hours (AWS Client VPN
/// administrator guide, "Mutual authentication"). Its key is nowhere else. Outputs: `id` and `arn` (the ARN),
/// [`VALID_UNTIL`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientVpnCertificate {
    /// `context.names` makes it, see [`domain`]: it is how the certificate is found.
    pub domain: String,
    /// SHA-256 of the authority's certificate.
    pub authority: Ref<ClientVpnAuthority>,
    /// Always wanted false.
    pub expires_soon: bool,
}

impl Spec for ClientVpnCertificate {
    const KIND: Kind = Kind {
        parents: &["security-group"],
        immutable: &["domain"],
        // ImportCertificate takes no token.
        late: true,
        ..Kind::new("client-vpn-certificate", Part::Ingress)
    };
}

#[async_trait]
impl Resource for ClientVpnCertificate {
    const TAGGING: Tagging = Tagging::Acm;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        if !presence::is_possible(context) {
            return Ok(Vec::new());
        }
        let (acm, domain) = (&context.aws.acm, domain(&context.names));
        let all = acm.list_certificates().into_paginator().items().send().try_collect().await.answer()?;
        let named = all.iter().filter(|one| one.domain_name() == Some(&domain)).filter_map(|one| one.certificate_arn());
        let found = named.map(|arn| read(context, arn, &domain));
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let (arn, end) = self.import(context, None, Some(&target.tags)).await?;
        Ok(made(arn.as_str(), &[("arn", &arn), (VALID_UNTIL, &end)]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        self.import(context, Some(&target.id), None).await.map(drop)
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.acm.delete_certificate().certificate_arn(&target.id).send().await.done()
    }

    fn grants(place: &Place) -> Grants<'_> {
        let grants = Grants::new(place, "acm", &["certificate/*"]);
        if !place.client_vpn {
            return grants;
        }
        grants
            .see(&["ListCertificates"])
            .named(Use::See, &["GetCertificate", "ListTagsForCertificate"])
            .tagged(Use::Make, &["ImportCertificate", "AddTagsToCertificate"])
            .change(&["ImportCertificate", "AddTagsToCertificate", "RemoveTagsFromCertificate"])
            .remove(&["DeleteCertificate"])
    }
}

impl ClientVpnCertificate {
    /// Signs a new certificate and imports it, under an ARN if there is one; gives ARN and end. Tags are taken with a
    /// new one only (ACM API reference, ImportCertificate).
    async fn import(
        &self,
        context: &Context,
        arn: Option<&str>,
        tags: Option<&Tags>,
    ) -> Result<(String, String), Failure> {
        let authority = authority::authority(context).await?;
        if authority.facts.fingerprint != self.authority.text() {
            let message = "the description of the secret with the VPN's authority names another one than it holds";
            return Err(Failure::of(Cause::Refused, message)
                .hint("somebody has changed the secret: restore it, or remove [client_vpn], apply, and add it again"));
        }
        let chain = authority.certificate.clone();
        let issued = authority::issue(authority, Usage::Server, self.domain.clone(), DAYS).await?;
        let call = context
            .aws
            .acm
            .import_certificate()
            .set_certificate_arn(arn.map(str::to_owned))
            .certificate(Blob::new(issued.certificate))
            .private_key(Blob::new(issued.key.expose_secret()))
            .certificate_chain(Blob::new(chain))
            .set_tags(tags.map(tags::write));
        let answer = call.send().await.answer()?;
        let arn = member(&answer, "CertificateArn", |answer| answer.certificate_arn())?;
        Ok((arn.to_owned(), issued.valid_until.to_string()))
    }
}

/// The name that the endpoint's certificate is for: no client resolves it.
pub fn domain(names: &Names) -> String {
    format!("{}.client-vpn.internal", names.stack())
}

async fn read(context: &Context, arn: &str, domain: &str) -> Result<Option<Found<ClientVpnCertificate>>, Failure> {
    let acm = &context.aws.acm;
    let certificate = acm.get_certificate().certificate_arn(arn).send();
    let tags = acm.list_tags_for_certificate().certificate_arn(arn).send();
    let (certificate, tags) = futures::join!(certificate, tags);
    let (Some(certificate), Some(tags)) = (certificate.unless_gone()?, tags.unless_gone()?) else { return Ok(None) };
    // One of the same name that somebody else has made may have no chain.
    let authority = facts(certificate.certificate_chain().unwrap_or_default()).map(|facts| facts.fingerprint);
    let end = facts(certificate.certificate().unwrap_or_default())?.valid_until;
    let soon = OffsetDateTime::now_utc().date().saturating_add(Duration::days(SOON_DAYS));
    let spec = ClientVpnCertificate {
        domain: domain.to_owned(),
        authority: authority.unwrap_or_default().into(),
        expires_soon: end <= soon,
    };
    let found = Found::new(arn).output("arn", arn).output(VALID_UNTIL, end.to_string().as_str());
    Ok(Some(found.tags(tags::read(tags.tags())).spec(spec)))
}
