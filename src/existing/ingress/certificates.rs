//! Reads certificates.

use aws_sdk_acm::types::{Filters, KeyAlgorithm};

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};
use crate::existing::Named;
use crate::existing::lookup::checked;
use crate::kinds::context::Context;

use super::Certificate;

/// The certificate of this ARN.
pub async fn certificate(context: &Context, arn: &str) -> Result<Named<Certificate>, Failure> {
    let call = context.aws.acm.describe_certificate().certificate_arn(arn);
    let answer = call.send().await.answer();
    let read = |answer: aws_sdk_acm::operation::describe_certificate::DescribeCertificateOutput| {
        let missing = || Failure::of(Cause::Gone, format!("the answer has nothing about {arn}"));
        let live = answer.certificate.ok_or_else(missing)?;
        Ok(Certificate {
            arn: live.certificate_arn.unwrap_or_default(),
            domain: live.domain_name.unwrap_or_default(),
            status: live.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            not_after: live.not_after.map(|time| time.secs()),
        })
    };
    checked(arn, answer.and_then(read))
}

/// Every certificate of the region.
pub async fn certificates(context: &Context) -> Result<Vec<Certificate>, Failure> {
    // Without this, ACM lists RSA keys of up to 2048 bits only (ACM API reference, ListCertificates).
    let kinds = KeyAlgorithm::values().iter().map(|name| KeyAlgorithm::from(*name)).collect();
    let filters = Filters::builder().set_key_types(Some(kinds)).build();
    let pages = context.aws.acm.list_certificates().includes(filters).into_paginator().items().send();
    let all = pages.try_collect().await.answer()?;
    let read = |live: aws_sdk_acm::types::CertificateSummary| Certificate {
        arn: live.certificate_arn.unwrap_or_default(),
        domain: live.domain_name.unwrap_or_default(),
        status: live.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        not_after: live.not_after.map(|time| time.secs()),
    };
    Ok(all.into_iter().map(read).collect())
}
