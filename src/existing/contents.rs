//! Whether existing secrets hold what Cloud Exchange needs. They are read before the first change, because ECS would
//! fail only when it starts the task.

use futures::future::join_all;

use crate::aws::grant::{Grant, Use};
use crate::config::{CaCertificate, Pem, PlanFile};
use crate::engine::failure::Failure;
use crate::engine::plan::{Action, Plan};
use crate::kinds::context::Context;
use crate::kinds::place::Place;
use crate::kinds::secret;
use crate::kinds::secret::credentials::{self, Credentials};

use super::storage::Secret;
use super::{Existing, Lookup};

/// All contents.
pub const ALL: [Content; 3] = [Content::Credentials, Content::Proxy, Content::Certificates];

/// What a secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    /// The password that ce-aws copies into the deployment's own secret.
    Credentials,
    /// The proxy's addresses, which ECS gives to the containers.
    Proxy,
    /// CA certificates in PEM, which ECS gives to the containers.
    Certificates,
}

/// What is wrong with a secret; never any part of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The value cannot be used: why, and what to store instead.
    Unusable { why: String, hint: String },
    /// The value could not be read; what AWS said.
    Unread(String),
}

/// A secret whose content is wrong or could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faulty {
    pub arn: String,
    pub content: Content,
    pub fault: Fault,
}

/// The contents that a plan copies or passes to a new task.
pub fn read_by(plan: &Plan) -> Vec<Content> {
    let has = |kind: &str, actions: &[Action]| {
        plan.steps.iter().any(|step| step.address.kind() == kind && actions.contains(&step.action))
    };
    let copied = has("secret", &[Action::Create]);
    let handed = has("task-definition", &[Action::Create, Action::Update]);
    let all = [(copied, Content::Credentials), (handed, Content::Proxy), (handed, Content::Certificates)];
    all.into_iter().filter_map(|(is_read, content)| is_read.then_some(content)).collect()
}

/// Reads the existing secrets with these contents, and returns those that cannot be used. Secrets that are missing or
/// scheduled for deletion have findings of their own. `now` in seconds since 1970.
pub async fn faulty(context: &Context, plan: &PlanFile, seen: &Existing, wanted: &[Content], now: i64) -> Vec<Faulty> {
    let is_there = |arn: &str| {
        let seen = seen.secrets.iter().find(|secret| secret.name == arn).map(|secret| &secret.lookup);
        !matches!(seen, Some(Lookup::Missing | Lookup::Found(Secret { is_deleted: true, .. })))
    };
    let asked = secrets(plan).into_iter().filter(|(content, arn)| wanted.contains(content) && is_there(arn));
    let looked = asked.map(|(content, arn)| async move {
        let fault = fault(context, content, &arn, now).await?;
        Some(Faulty { arn, content, fault })
    });
    join_all(looked).await.into_iter().flatten().collect()
}

/// The permissions to read them. The kind `secret` has those for the credentials.
pub fn grants(plan: &PlanFile, place: &Place) -> Vec<Grant> {
    let handed = secrets(plan).into_iter().filter(|(content, _)| *content != Content::Credentials);
    let arns: Vec<String> = handed.map(|(_, arn)| arn).collect();
    if arns.is_empty() {
        return Vec::new();
    }
    let read = Grant::new(Use::Make, "secretsmanager", &["GetSecretValue"]).on(arns).called("CheckExistingSecrets");
    // A secret's ARN does not tell which key encrypts it.
    let key = place.any_key();
    let opened = place.key_through(Use::Make, &key, "secretsmanager", &["Decrypt"], "DecryptExistingCredentials");
    vec![read, opened]
}

/// The existing secrets, and what each is for.
pub(super) fn secrets(plan: &PlanFile) -> Vec<(Content, String)> {
    let ca = plan.ca.as_ref().and_then(|ca| match ca {
        CaCertificate::Secret(arn) => Some(arn),
        CaCertificate::File(_) => None,
    });
    let all = [
        (Content::Credentials, plan.secrets.existing.as_ref()),
        (Content::Proxy, plan.proxy.secret.as_ref()),
        (Content::Certificates, ca),
    ];
    all.into_iter().filter_map(|(content, arn)| Some((content, arn?.as_str().to_owned()))).collect()
}

async fn fault(context: &Context, content: Content, arn: &str, now: i64) -> Option<Fault> {
    let value = match secret::value(context, arn).await {
        Ok(value) => value,
        Err(failure) if failure.operation.is_empty() => return Some(unusable(failure)),
        Err(failure) => return Some(Fault::Unread(failure.said())),
    };
    match content {
        Content::Credentials => Credentials::from_document(&value).err().map(unusable),
        Content::Proxy => credentials::proxy(&value).err().map(unusable),
        Content::Certificates => {
            (!credentials::shown(&value, |text| Pem::is_usable(text, now))).then(|| Fault::Unusable {
                why: "it does not hold CA certificates in PEM that can be used".to_owned(),
                hint:
                    "store only the certificates, each with its BEGIN and END lines; `ce-aws validate` shows what is \
                       wrong if they are named as `file` in [ca]"
                        .to_owned(),
            })
        }
    }
}

fn unusable(failure: Failure) -> Fault {
    Fault::Unusable { why: failure.message, hint: failure.hints.join("; ") }
}
