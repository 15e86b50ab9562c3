//! The certificate of the UI: requested from AWS Certificate Manager, and validated through DNS.

use aws_sdk_acm::types::{
    CertificateDetail, CertificateStatus, CertificateSummary, FailureReason, ResourceRecord, ValidationMethod,
};

use crate::engine::inventory::LEAVES;
use crate::engine::reference::Outputs;
use crate::kinds::dns;
use crate::kinds::names;
use crate::kinds::prelude::*;

use super::note;

/// A public certificate for one name, with the record in DNS that validates it. ACM gives all certificates of an
/// account for one name, in all regions, the same record, and needs it again whenever it renews one of them: it is
/// written where it is missing, and never deleted.
///
/// The address is made of the name, so that another name is another certificate: it is issued before the listener
/// leaves the former one. Outputs: `id` and `arn` (the ARN), `name`; `record` (the name of the validation record) once
/// ACM has told it, `not_after` (seconds since 1970) once it is issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Certificate {
    pub name: String,
    /// The id of the public hosted zone that has the validation record; empty where that is missing.
    pub zone: String,
}

impl Spec for Certificate {
    const KIND: Kind = Kind {
        parents: &["security-group"],
        immutable: &["name"],
        replaceable: Some("ACM is asked for another one"),
        // Usually a few minutes; AWS says 30 minutes or more (ACM user guide, "DNS validation").
        seconds: Seconds { create: 4.0, ready: 180.0, gone: 0.0, patience: 3600.0 },
        ..Kind::new("certificate", Part::Ingress)
    };
}

#[async_trait]
impl Resource for Certificate {
    const TAGGING: Tagging = Tagging::Acm;

    async fn list(context: &Context, depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        if depth == Depth::Phase {
            let known = context.each(Self::KIND.name, "id");
            let seen = try_join_all(known.map(|(address, arn)| async move {
                let live = describe(context, arn).await?;
                Ok(live.map(|live| described(&live).at(address.clone())))
            }));
            return Ok(seen.await?.into_iter().flatten().collect());
        }
        let noted = note::read(context);
        if noted.is_empty() {
            return Ok(Vec::new());
        }
        // Without a filter only certificates with RSA keys of up to 2048 bits are listed, as ours are.
        let all = context.aws.acm.list_certificates().into_paginator().items().send().try_collect().await.answer()?;
        let is_noted = |one: &&CertificateSummary| one.domain_name().is_some_and(|name| noted.contains_key(name));
        let seen = all.iter().filter(is_noted).filter_map(|one| one.certificate_arn()).map(|arn| whole(context, arn));
        Ok(try_join_all(seen).await?.into_iter().flatten().collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .acm
            .request_certificate()
            .domain_name(&self.name)
            .validation_method(ValidationMethod::Dns)
            .idempotency_token(note::add(context, &self.name, &target.token).await?)
            .set_tags(Some(tags::write(&target.tags)));
        let answer = call.send().await.answer()?;
        let arn = member(&answer, "CertificateArn", |answer| answer.certificate_arn())?;
        // Within the hour a token may still stand for a certificate that somebody has deleted: then another is needed.
        if target.attempt > SURELY_VISIBLE && describe(context, arn).await?.is_none() {
            note::remove(context, &self.name).await?;
        }
        self.validate(context, arn).await
    }

    /// Writes the validation record where it is missing.
    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        self.validate(context, &target.id).await.map(drop)
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let deleted = context.aws.acm.delete_certificate().certificate_arn(&target.id).send().await.done_or_gone();
        if let Err(failure) = deleted {
            return Err(held_by(context, target, failure).await);
        }
        // The address tells the name: a plan does not carry the outputs of what it deletes.
        let address = target.address.name();
        let address = address.strip_suffix(EXPIRED).unwrap_or(address);
        let noted = note::read(context);
        let Some(name) = noted.keys().find(|name| Self::address_of(name) == address) else { return Ok(()) };
        let mut all = context.of_kind(Self::KIND.name).map(|(_, outputs)| outputs);
        let is_another = |one: &Outputs| one.get("name") == Some(name) && one.get("id") != Some(&target.id);
        if all.any(is_another) { Ok(()) } else { note::remove(context, name).await }
    }

    fn grants(place: &Place) -> Grants<'_> {
        let validated = place.dns.as_ref().and_then(|dns| Some((&dns.name, dns.validation.as_ref()?)));
        let Some((name, zone)) = validated else { return Grants::new(place, "acm", &[]) };
        let zone = place.names.arn_bare("route53", &format!("hostedzone/{}", zone.as_deref().unwrap_or("*")));
        let deployment = &place.names.deployment;
        // Condition keys: ACM user guide, "Use condition keys with ACM".
        let request = Grant::new(Use::Make, "acm", &["RequestCertificate"])
            .tagged(deployment)
            .when("ForAllValues:StringEquals", "acm:DomainNames", [name.as_str()])
            .when("StringEquals", "acm:ValidationMethod", ["DNS"])
            .called("RequestCertificates");
        // ACM tells the record's name only after the request (Route 53 developer guide, "Using IAM policy conditions
        // for fine-grained access control").
        let write = Grant::new(Use::Make, "route53", &["ChangeResourceRecordSets"])
            .on([zone.clone()])
            .when(
                "ForAllValues:StringLike",
                "route53:ChangeResourceRecordSetsNormalizedRecordNames",
                [format!("_*.{name}")],
            )
            .when("ForAllValues:StringEquals", "route53:ChangeResourceRecordSetsRecordTypes", ["CNAME"])
            .when("ForAllValues:StringEquals", "route53:ChangeResourceRecordSetsActions", ["CREATE"])
            .called("WriteValidationRecords");
        Grants::new(place, "acm", &["certificate/*"])
            .see(&["ListCertificates"])
            .named(Use::See, &["DescribeCertificate", "ListTagsForCertificate"])
            .tagged(Use::Make, &["AddTagsToCertificate"])
            .retag()
            .remove(&["DeleteCertificate"])
            .also(request)
            .also(Grant::new(Use::See, "route53", &["ListResourceRecordSets"]).on([zone]))
            .also(write)
    }
}

impl Certificate {
    /// The second half of the address of a name's certificate. No two names have the same: labels neither begin nor
    /// end with a hyphen.
    pub fn address_of(name: &str) -> String {
        name.replace('-', "--").replace('.', "-")
    }

    /// Writes the validation record, which ACM tells a few seconds after the request.
    async fn validate(&self, context: &Context, arn: &str) -> Result<Made, Failure> {
        let unknown = || Failure::of(Cause::NotYetVisible, "ACM does not show the new certificate yet");
        let live = describe(context, arn).await?.ok_or_else(unknown)?;
        let unnamed = || Failure::of(Cause::NotYetVisible, "ACM has not named the validation record yet");
        let record = record_of(&live).ok_or_else(unnamed)?;
        match there(context, &self.zone, record).await? {
            Validation::There => {}
            Validation::Missing => dns::create_cname(context, &self.zone, record.name(), record.value()).await?,
            Validation::Other(what) => return Err(taken(record, &what)),
        }
        Ok(Made { id: arn.to_owned(), outputs: described(&live).outputs })
    }
}

/// The end of the addresses of certificates that are over.
const EXPIRED: &str = "-expired";

/// After so many attempts, some ten seconds, a new certificate is visible.
const SURELY_VISIBLE: u32 = 5;

async fn describe(context: &Context, arn: &str) -> Result<Option<CertificateDetail>, Failure> {
    let answer = context.aws.acm.describe_certificate().certificate_arn(arn).send().await.unless_gone()?;
    Ok(answer.and_then(|answer| answer.certificate))
}

/// One certificate with all that there is to know of it; `None` if it is not the deployment's, or has just gone.
async fn whole(context: &Context, arn: &str) -> Result<Option<Found<Certificate>>, Failure> {
    let tags = context.aws.acm.list_tags_for_certificate().certificate_arn(arn).send().await.unless_gone()?;
    let tags = tags::read(&tags.and_then(|answer| answer.tags).unwrap_or_default());
    if tags::address_of(context, Certificate::KIND.name, &tags).is_none() {
        return Ok(None);
    }
    let Some(live) = describe(context, arn).await? else { return Ok(None) };
    let zone = tags.get(names::VALIDATION_ZONE).cloned().unwrap_or_default();
    let validation = match record_of(&live) {
        Some(record) if !zone.is_empty() => there(context, &zone, record).await?,
        _ => Validation::Missing,
    };
    let zone = if validation == Validation::There { zone } else { String::new() };
    let name = live.domain_name().unwrap_or_default().to_owned();
    let mut found = described(&live);
    if is_over(&live) {
        // A listener may still have it: the one that takes its place is requested first.
        found = found.at(Address::new(Certificate::KIND.name, &format!("{}{EXPIRED}", Certificate::address_of(&name))));
    }
    Ok(Some(found.spec(Certificate { name, zone }).tags(tags)))
}

/// Without address, properties and tags.
fn described(live: &CertificateDetail) -> Found<Certificate> {
    let arn = live.certificate_arn();
    let name = record_of(live).map(|record| dns::normal(record.name()));
    let leaves = name.map(|name| format!("its validation record {name} stays: other certificates may need it"));
    let end = live.not_after().map(|end| end.secs().to_string());
    Found::new(arn)
        .output("arn", arn)
        .output("name", live.domain_name())
        .output_if("record", record_of(live).map(ResourceRecord::name))
        .output_if("not_after", end.as_deref())
        .output_if(LEAVES, leaves.as_deref())
        .phase(phase(live))
}

/// The record that validates the one name.
fn record_of(live: &CertificateDetail) -> Option<&ResourceRecord> {
    live.domain_validation_options().first()?.resource_record()
}

fn is_over(live: &CertificateDetail) -> bool {
    matches!(live.status(), Some(CertificateStatus::Expired | CertificateStatus::Revoked))
}

fn phase(live: &CertificateDetail) -> Phase {
    match live.status() {
        Some(CertificateStatus::Issued) => Phase::Ready,
        Some(CertificateStatus::PendingValidation) => Phase::Pending(match record_of(live) {
            Some(record) => format!("ACM has not found {} in public DNS yet", dns::normal(record.name())),
            None => "ACM has not named the validation record yet".to_owned(),
        }),
        Some(CertificateStatus::Failed) => Phase::Failed(failed(live.failure_reason())),
        Some(CertificateStatus::ValidationTimedOut) => Phase::Failed(
            "ACM has not found its validation record in public DNS within 72 hours: check that the domain's registrar \
             names the name servers of the hosted zone"
                .to_owned(),
        ),
        other => Phase::Failed(format!("it is {}", text(other.map(CertificateStatus::as_str)))),
    }
}

/// Why ACM refuses a certificate, and what to do (ACM user guide, "Troubleshoot certificate requests").
fn failed(reason: Option<&FailureReason>) -> String {
    let remedy = match reason {
        Some(FailureReason::CaaError) => {
            "a CAA record of the domain does not let Amazon issue certificates: add one with the value \
             0 issue \"amazon.com\", or delete it"
        }
        Some(FailureReason::InvalidPublicDomain) => "the name ends in no public domain, and no public CA certifies it",
        Some(FailureReason::DomainNotAllowed) => {
            "the domain is on a list of unsafe ones (VirusTotal, Safe Browsing): have it removed there"
        }
        Some(FailureReason::AdditionalVerificationRequired) => {
            "AWS wants to know more about the domain: open a case with AWS Support"
        }
        Some(FailureReason::DomainValidationDenied) => "the owner of the domain has denied it",
        _ => "the ACM console shows the reason",
    };
    format!("ACM has refused it ({}): {remedy}", text(reason.map(FailureReason::as_str)))
}

/// What a zone has at the name of a validation record.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Validation {
    There,
    Missing,
    /// Another record, by type and value.
    Other(String),
}

async fn there(context: &Context, zone: &str, wanted: &ResourceRecord) -> Result<Validation, Failure> {
    let all = dns::records(context, zone, wanted.name()).await?;
    let Some(found) = all.first() else { return Ok(Validation::Missing) };
    let values: Vec<_> = found.resource_records().iter().map(|record| dns::normal(record.value())).collect();
    let kind = found.r#type().as_str();
    if kind == "CNAME" && values == [dns::normal(wanted.value())] {
        return Ok(Validation::There);
    }
    Ok(Validation::Other(format!("{kind} {}", values.join(", ")).trim_end().to_owned()))
}

fn taken(wanted: &ResourceRecord, what: &str) -> Failure {
    let (name, value) = (dns::normal(wanted.name()), dns::normal(wanted.value()));
    Failure::of(Cause::Refused, format!("{name} has another record already ({what}), and ACM wants CNAME {value}"))
        .hint("ce-aws replaces no record that is not its own: delete it, then run the same command again")
}

/// A certificate that others use is not let go by waiting.
async fn held_by(context: &Context, target: &Target, failure: Failure) -> Failure {
    if failure.cause != Cause::StillHeld {
        return failure;
    }
    let Ok(Some(live)) = describe(context, &target.id).await else { return failure };
    let own = format!(":loadbalancer/app/{}/", context.names.stack());
    let others: Vec<_> = live.in_use_by().iter().filter(|arn| !arn.contains(&own)).map(String::as_str).collect();
    if others.is_empty() {
        return failure;
    }
    let hint = format!("give {} another certificate; then run the same command again", others.join(", "));
    Failure { cause: Cause::HeldByOthers, ..failure }.hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_addresses_of_their_own() {
        let of = Certificate::address_of;
        assert_eq!(of("ce.example.com"), "ce-example-com");
        assert_eq!(of("ce-example.com"), "ce--example-com");
        let address = Address::new(Certificate::KIND.name, &of("ce-1.example.com"));
        assert_eq!(address.as_str().parse(), Ok(address.clone()));
    }

    fn with(status: CertificateStatus, reason: Option<FailureReason>) -> CertificateDetail {
        CertificateDetail::builder().status(status).set_failure_reason(reason).build()
    }

    #[test]
    fn a_failure_comes_with_what_to_do() {
        let of = |status, reason| match phase(&with(status, reason)) {
            Phase::Failed(why) => why,
            other => panic!("{other:?}"),
        };
        let caa = of(CertificateStatus::Failed, Some(FailureReason::CaaError));
        assert!(caa.starts_with("ACM has refused it (CAA_ERROR): ") && caa.contains("0 issue \"amazon.com\""), "{caa}");
        assert!(of(CertificateStatus::ValidationTimedOut, None).contains("name servers"));
        assert_eq!(of(CertificateStatus::Inactive, None), "it is INACTIVE");
        assert_eq!(phase(&with(CertificateStatus::Issued, None)), Phase::Ready);
        assert!(is_over(&with(CertificateStatus::Expired, None)) && !is_over(&with(CertificateStatus::Failed, None)));
    }
}
