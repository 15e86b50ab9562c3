//! Reads certificates.

use aws_sdk_acm::types::{CertificateDetail, CertificateStatus, CertificateSummary, Filters, KeyAlgorithm};
use aws_smithy_types::DateTime;

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
    let read = |live: CertificateDetail| {
        read(live.certificate_arn, live.domain_name, live.status, live.not_after, live.key_algorithm)
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
    let read = |live: CertificateSummary| {
        read(live.certificate_arn, live.domain_name, live.status, live.not_after, live.key_algorithm)
    };
    Ok(all.map(read).collect())
}

fn read(
    arn: Option<String>,
    domain: Option<String>,
    status: Option<CertificateStatus>,
    not_after: Option<DateTime>,
    key_algorithm: Option<KeyAlgorithm>,
) -> Certificate {
    Certificate {
        arn: arn.unwrap_or_default(),
        domain: domain.unwrap_or_default(),
        status: text(status.as_ref().map(|status| status.as_str())),
        not_after: not_after.map(|time| time.secs()),
        // ACM describes as `RSA-2048` what it lists and takes as `RSA_2048` (AWS CLI reference, examples).
        key_algorithm: text(key_algorithm.as_ref().map(|key| key.as_str())).replace('-', "_"),
    }
}
