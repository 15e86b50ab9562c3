//! The secret that holds a deployment's credentials.

use std::collections::BTreeMap;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::{on, unless_gone};
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::Phase;
use crate::engine::kind::{Kind, Lifecycle, Part, Spec};
use crate::engine::plan::Action;
use crate::engine::run::Made;

use super::credentials::Credentials;
use super::place::{Grants, Place};
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};
use super::tags;

/// The last part of the name of the one secret.
pub const PURPOSE: &str = "credentials";

/// Days in which a deleted secret can be brought back: the fewest that AWS accepts.
const RECOVERY_DAYS: i64 = 7;

/// A JSON secret. Outputs: `id` (the ARN), `arn`, `name`. Its values are no property: they are made once, at creation,
/// and never read, compared or changed afterwards.
///
/// Its name must be `context.names.secret(`[`PURPOSE`]`)`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Secret {
    pub name: String,
    pub description: String,
    /// How its values come to be. Nothing of it can be read from the live secret, so it is not compared.
    pub recipe: Option<Recipe>,
}

/// Where `maintenance_password` and `jwt_secret` come from, and what goes into the secret besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// ARN of the user's own JSON secret with the key `maintenance_password`, and optionally `jwt_secret`. What it
    /// does not hold is generated. Another source later changes nothing: Cloud Exchange sets the password once.
    pub source: Option<String>,
    /// Texts by key in which `{password}` stands for the percent-encoded password.
    pub derived: BTreeMap<String, String>,
}

impl Spec for Secret {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Data,
        immutable: &["name"],
        write_once: &["recipe"],
        spreads: true,
        ..Kind::new("secret", Part::Secrets)
    };
}

#[async_trait]
impl Resource for Secret {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let found = describe::<Self>(context, PURPOSE).await?.map(|(found, name, description)| {
            let spec = Self { name, description, recipe: None };
            found.spec(spec)
        });
        Ok(found.into_iter().collect::<Vec<_>>().into())
    }

    /// One call makes the secret with everything in it: no crash can leave one whose values disagree.
    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let recipe = self.recipe.clone().unwrap_or_default();
        let credentials = match &recipe.source {
            Some(arn) => Credentials::from_document(&source(context, arn).await?)?,
            None => Credentials::generate()?,
        };
        let document = credentials.document(&recipe.derived);
        Ok(self.made(&make(context, target, &self.name, &self.description, document.expose_secret()).await?))
    }

    /// The description is all that ever changes; this call makes no new version of the value.
    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context.aws.secrets.update_secret().secret_id(&target.id).description(&self.description);
        call.send().await.map_err(on("secretsmanager UpdateSecret"))?;
        Ok(self.made(&target.id))
    }

    /// Marks it for deletion; until the window has passed it can be brought back.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.secrets.delete_secret().secret_id(&target.id).recovery_window_in_days(RECOVERY_DAYS);
        match call.send().await.map_err(on("secretsmanager DeleteSecret")) {
            // The answer to an earlier attempt was lost.
            Err(failure) if is_marked(&failure) => Ok(()),
            answer => answer.map(drop),
        }
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::secrets::set(context, &target.id, set, remove).await
    }

    async fn act(context: &Context, target: &Target, action: Action) -> Result<Made, Failure> {
        restore(context, target, action).await
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let own = secrets(place).erase(&["DeleteSecret"]);
        if place.credentials.is_empty() {
            return own.done();
        }
        let source = Grant::new(Use::Make, "secretsmanager", &["GetSecretValue"]).on(place.credentials.clone());
        // Which key of the user's, its name does not tell.
        let (key, id) = (place.any_key(), "DecryptExistingCredentials");
        let opened = place.key_through(Use::Make, &key, "secretsmanager", &["Decrypt"], id);
        own.also(source.called("ReadExistingCredentials")).also(opened).done()
    }
}

/// What a secret of ours needs, but for its deletion.
pub(super) fn secrets(place: &Place) -> Grants<'_> {
    let named = format!("secret:{}*", place.names.secret(""));
    let create = ["CreateSecret", "TagResource"];
    let create = Grant::new(Use::Make, "secretsmanager", &create).on([place.names.arn("secretsmanager", &named)]);
    place
        .grants("secretsmanager", &[&named])
        .see_named(&["DescribeSecret"])
        .also(create.tagged(&place.names.deployment))
        .change(&["UpdateSecret", "RestoreSecret"])
        .retag()
}

/// Makes a secret with its value and its tags; gives its ARN.
pub(super) async fn make(
    context: &Context,
    target: &Target,
    name: &str,
    description: &str,
    value: &str,
) -> Result<String, Failure> {
    const CALL: &str = "secretsmanager CreateSecret";
    let call = context
        .aws
        .secrets
        .create_secret()
        .name(name)
        .description(description)
        .client_request_token(&target.token)
        .secret_string(value)
        .set_tags(Some(tags::secrets::write(&target.tags)));
    let answer = call.send().await.map_err(on(CALL))?;
    required(CALL, "ARN", answer.arn()).map(str::to_owned)
}

/// Deletes a secret for good: what it holds can be had again.
pub(super) async fn erase(context: &Context, target: &Target) -> Result<(), Failure> {
    let call = context.aws.secrets.delete_secret().secret_id(&target.id).force_delete_without_recovery(true);
    call.send().await.map_err(on("secretsmanager DeleteSecret")).map(drop)
}

/// [`Action::Restore`], the one step of its own that a secret of any kind has.
pub(super) async fn restore(context: &Context, target: &Target, action: Action) -> Result<Made, Failure> {
    if action != Action::Restore {
        return Err(Failure::of(Cause::Internal, format!("{} has no step {action:?}", target.address)));
    }
    let call = context.aws.secrets.restore_secret().secret_id(&target.id);
    call.send().await.map_err(on("secretsmanager RestoreSecret"))?;
    Ok(Made { id: target.id.clone(), outputs: target.outputs.clone() })
}

/// The secret of ours with this purpose, if there is one, with its name and description. Describes, and never reads a
/// value.
///
/// # Errors
///
/// Whatever the call meets; that there is none is no error.
pub async fn describe<R: Spec>(
    context: &Context,
    purpose: &str,
) -> Result<Option<(Found<R>, String, String)>, Failure> {
    let call = context.aws.secrets.describe_secret().secret_id(context.names.secret(purpose));
    let answer = unless_gone(call.send().await.map_err(on("secretsmanager DescribeSecret")))?;
    let Some(secret) = answer else { return Ok(None) };
    let tags = tags::secrets::read(secret.tags());
    let Some(address) = tags::address_of(context, R::KIND.name, &tags) else { return Ok(None) };
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let (arn, name) = (text(secret.arn()), text(secret.name()));
    let phase = if secret.deleted_date().is_some() { Phase::Recoverable } else { Phase::Ready };
    let found = Found::new(address, &arn).output("arn", &arn).output("name", &name).phase(phase).tags(tags);
    Ok(Some((found, name, text(secret.description()))))
}

impl Secret {
    fn made(&self, arn: &str) -> Made {
        made(arn, &[("arn", arn), ("name", &self.name)])
    }
}

/// It is marked for deletion. The code is shared by all refusals of Secrets Manager.
pub(super) fn is_marked(failure: &Failure) -> bool {
    failure.code == "InvalidRequestException"
        && ["scheduled for deletion", "marked for deletion", "marked deleted"]
            .iter()
            .any(|words| failure.message.contains(words))
}

/// A deletion without recovery goes on for a moment after its answer, and until then the name is taken (Secrets Manager
/// API reference, DeleteSecret).
pub(super) fn still_going(failure: Failure) -> Failure {
    let cause = if is_marked(&failure) { Cause::StillHeld } else { failure.cause };
    Failure { cause, ..failure }
}

/// The user's own secret, to be copied.
async fn source(context: &Context, arn: &str) -> Result<SecretString, Failure> {
    value(context, arn).await.map_err(|failure| {
        failure.hint(format!("ce-aws copies the credentials out of {arn}, which [secrets] in the plan file names"))
    })
}

/// The value of a secret of the user's. Called right before something is changed, never by what only reads.
///
/// # Errors
///
/// Whatever the call meets; without an operation, that the value is no text.
pub async fn value(context: &Context, arn: &str) -> Result<SecretString, Failure> {
    let answer = context.aws.secrets.get_secret_value().secret_id(arn).send().await;
    answer
        .map_err(on("secretsmanager GetSecretValue"))?
        .secret_string
        .map(SecretString::from)
        .ok_or_else(|| Failure::of(Cause::Refused, format!("{arn} holds bytes; a text is expected")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_still_being_deleted_is_tried_again() {
        let refused =
            |message: &str| Failure { code: "InvalidRequestException".into(), ..Failure::of(Cause::Refused, message) };
        let going = "You can't create this secret because a secret with this name is already scheduled for deletion.";
        assert_eq!(still_going(refused(going)).cause, Cause::StillHeld);
        assert_eq!(still_going(refused("You can't do that.")).cause, Cause::Refused);
    }
}
