//! Secrets Manager: what all secrets of the deployment share.

use secrecy::SecretString;

use crate::kinds::prelude::*;

/// The permissions that a secret of ours needs, except for its deletion.
pub fn grants(place: &Place) -> Grants<'_> {
    let named = format!("secret:{}*", place.names.secret(""));
    Grants::new(place, "secretsmanager", &[&named])
        .named(Use::See, &["DescribeSecret"])
        .tagged(Use::Make, &["CreateSecret", "TagResource"])
        .change(&["UpdateSecret", "RestoreSecret"])
        .retag()
}

/// The secret with this purpose, if there is one. `read` adds what its name and description say. Describes, and never
/// reads a value.
pub async fn list<R: Spec>(
    context: &Context,
    purpose: &str,
    read: impl FnOnce(Found<R>, String, &str) -> Found<R> + Send,
) -> Result<Vec<Found<R>>, Failure> {
    let call = context.aws.secrets.describe_secret().secret_id(context.names.secret(purpose));
    let Some(secret) = call.send().await.unless_gone()? else { return Ok(Vec::new()) };
    let phase = if secret.deleted_date().is_some() { Phase::Recoverable } else { Phase::Ready };
    let found = Found::new(secret.arn()).output("arn", secret.arn()).output("name", secret.name());
    let found = found.phase(phase).tags(tags::read(secret.tags()));
    Ok(vec![read(found, text(secret.name()), secret.description().unwrap_or_default())])
}

/// Creates a secret with its value and its tags.
pub async fn create(
    context: &Context,
    target: &Target,
    name: &str,
    description: &str,
    value: &str,
) -> Result<Made, Failure> {
    let secrets = &context.aws.secrets;
    let call = secrets
        .create_secret()
        .name(name)
        .description(description)
        .client_request_token(&target.token)
        .secret_string(value)
        .set_tags(Some(tags::write(&target.tags)));
    let answer = call.send().await.answer()?;
    let arn = answer.arn().unwrap_or_default();
    Ok(made(arn, &[("arn", arn), ("name", name)]))
}

/// Deletes a secret for good: what it holds can be had again.
pub async fn erase(context: &Context, target: &Target) -> Result<(), Failure> {
    context.aws.secrets.delete_secret().secret_id(&target.id).force_delete_without_recovery(true).send().await.done()
}

/// [`Action::Restore`], the step of its own that a secret of any kind has.
pub async fn restore(context: &Context, target: &Target) -> Result<(), Failure> {
    context.aws.secrets.restore_secret().secret_id(&target.id).send().await.done()
}

/// Whether a secret is marked for deletion. The code is shared by all refusals of Secrets Manager.
pub fn is_marked(failure: &Failure) -> bool {
    failure.code == "InvalidRequestException"
        && ["scheduled for deletion", "marked for deletion", "marked deleted"]
            .iter()
            .any(|words| failure.message.contains(words))
}

/// The failure to create a secret of the name of one that [`erase`] may have deleted a moment ago: its deletion goes on
/// after the answer, and until it ends the name is taken (Secrets Manager API reference, DeleteSecret).
pub fn still_deleted(failure: Failure) -> Failure {
    let cause = if is_marked(&failure) { Cause::StillHeld } else { failure.cause };
    Failure { cause, ..failure }
}

/// The value of a secret of the user's. Called right before something is changed, never by what only reads. The failure
/// that the value is not text has no operation.
pub async fn value(context: &Context, arn: &str) -> Result<SecretString, Failure> {
    let answer = context.aws.secrets.get_secret_value().secret_id(arn).send().await.answer()?;
    let not_text = || Failure::of(Cause::Refused, format!("{arn} holds bytes; a text is expected"));
    answer.secret_string.map(SecretString::from).ok_or_else(not_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creating_a_secret_whose_name_is_still_being_deleted_is_retried() {
        let refused =
            |message: &str| Failure { code: "InvalidRequestException".into(), ..Failure::of(Cause::Refused, message) };
        let going = "You can't create this secret because a secret with this name is already scheduled for deletion.";
        assert_eq!(still_deleted(refused(going)).cause, Cause::StillHeld);
        assert_eq!(still_deleted(refused("You can't do that.")).cause, Cause::Refused);
    }
}
