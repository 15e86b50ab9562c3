//! Reads certificates.

use aws_sdk_acm::types::{CertificateDetail, CertificateStatus, CertificateSummary, Filters, KeyAlgorithm};

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::existing::Named;
use crate::existing::lookup::{checked, there};
use crate::kinds::context::Context;
use crate::kinds::convert::text;

use super::Certificate;

/// The certificate of this ARN.
pub async fn certificate(context: &Context, arn: &str) -> Result<Named<Certificate>, Failure> {
    let answer = context.aws.acm.describe_certificate().certificate_arn(arn).send().await.answer();
    let live = answer.and_then(|answer| there(arn, answer.certificate));
    let read = |live: CertificateDetail| Certificate {
        arn: live.certificate_arn.unwrap_or_default(),
        domain: live.domain_name.unwrap_or_default(),
        status: text(live.status.as_ref().map(CertificateStatus::as_str)),
        not_after: live.not_after.map(|time| time.secs()),
        key_algorithm: key_algorithm(live.key_algorithm.as_ref()),
    };
    checked(arn, live.map(read))
}

/// Every certificate of the region.
pub async fn certificates(context: &Context) -> Result<Vec<Certificate>, Failure> {
    // Without this, ACM lists RSA keys of up to 2048 bits only (ACM API reference, ListCertificates).
    let kinds = KeyAlgorithm::values().iter().map(|name| KeyAlgorithm::from(*name)).collect();
    let filters = Filters::builder().set_key_types(Some(kinds)).build();
    let pages = context.aws.acm.list_certificates().includes(filters).into_paginator().items().send();
    let all = pages.try_collect().await.answer()?.into_iter();
    let read = |live: CertificateSummary| Certificate {
        arn: live.certificate_arn.unwrap_or_default(),
        domain: live.domain_name.unwrap_or_default(),
        status: text(live.status.as_ref().map(CertificateStatus::as_str)),
        not_after: live.not_after.map(|time| time.secs()),
        key_algorithm: key_algorithm(live.key_algorithm.as_ref()),
    };
    Ok(all.map(read).collect())
}

/// ACM describes as `RSA-2048` what it lists and takes as `RSA_2048` (AWS CLI reference, examples).
fn key_algorithm(algorithm: Option<&KeyAlgorithm>) -> String {
    text(algorithm.map(KeyAlgorithm::as_str)).replace('-', "_")
}
