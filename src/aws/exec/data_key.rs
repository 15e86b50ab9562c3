//! The data key of a session, from KMS.

use std::time::Duration;

use aws_smithy_types::Blob;
use secrecy::SecretSlice;
use tokio::time::timeout;

use crate::aws::answer::Answer;
use crate::aws::clients::Clients;
use crate::engine::failure::{Cause, Failure};

use super::encryption::{DATA_KEY, DataKey, KeyRequest};

/// What a data key is bound to: KMS decrypts it for nobody who names something else (`agent/session/crypto` of
/// `aws/amazon-ssm-agent`).
const SESSION: &str = "aws:ssm:SessionId";
const TARGET: &str = "aws:ssm:TargetId";
const CHALLENGE: &str = "aws:ssm:RandomChallenge";

const OPERATION: &str = "kms GenerateDataKey";

/// The agent waits 15 seconds for an answer (`handshakeTimeout` of the same).
const PATIENCE: Duration = Duration::from_secs(12);

/// Where the data key of one session comes from.
#[derive(Clone, Debug)]
pub struct KeySource {
    kms: aws_sdk_kms::Client,
    session: String,
    target: Option<String>,
}

impl KeySource {
    /// Of the session with this id; `target` is its container as Systems Manager names it, if that is known.
    pub fn new(aws: &Clients, session: &str, target: Option<String>) -> Self {
        Self { kms: aws.kms.clone(), session: session.to_owned(), target }
    }

    /// A new data key.
    ///
    /// # Errors
    ///
    /// KMS makes none, or the target is not known.
    pub async fn data_key(&self, request: &KeyRequest) -> Result<DataKey, Failure> {
        let failed = |why: &str| Failure { operation: OPERATION.to_owned(), ..Failure::of(Cause::Unavailable, why) };
        let Some(target) = &self.target else { return Err(failed("the container has no runtime id yet")) };
        let call = self.kms.generate_data_key().key_id(&request.key).number_of_bytes(DATA_KEY as i32);
        let mut call = call.encryption_context(SESSION, &self.session).encryption_context(TARGET, target);
        if !request.challenge.is_empty() {
            call = call.encryption_context(CHALLENGE, &request.challenge);
        }
        let answer = timeout(PATIENCE, call.send()).await.map_err(|_| failed("no answer in time"))?.answer()?;
        let bytes = |blob: Option<Blob>| blob.map(Blob::into_inner).unwrap_or_default();
        let (plain, encrypted) = (SecretSlice::from(bytes(answer.plaintext)), bytes(answer.ciphertext_blob));
        DataKey::new(plain, encrypted).ok_or_else(|| failed("the answer has no data key of 64 bytes"))
    }
}
