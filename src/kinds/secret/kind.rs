//! The secret that holds a deployment's credentials.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use crate::kinds::prelude::*;

use super::credentials::Credentials;
use super::store;

/// The last part of its name.
pub const PURPOSE: &str = "credentials";

/// Days in which a deleted secret can be restored: the fewest that AWS accepts.
const RECOVERY_DAYS: i64 = 7;

/// A JSON secret. Outputs: `id` (the ARN), `arn`, `name`. Its values are not a property: they are generated once, at
/// creation, and never read, compared or changed afterwards.
///
/// Its name must be `context.names.secret(`[`PURPOSE`]`)`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Secret {
    pub name: String,
    pub description: String,
    /// Where its values come from. It cannot be read from the live secret, so it is not compared.
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
        stopped_after: &["service"],
        immutable: &["name"],
        write_once: &["recipe"],
        spreads: true,
        ..Kind::new("secret", Part::Secrets)
    };
}

#[async_trait]
impl Resource for Secret {
    const TAGGING: Tagging = Tagging::Secrets;
    const ACT: Option<Action> = Some(Action::Restore);

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let read = |found: Found<Self>, name, description: &str| {
            found.spec(Self { name, description: description.to_owned(), recipe: None })
        };
        store::list(context, PURPOSE, read).await
    }

    /// One call creates the secret with everything in it: no crash can leave one whose values disagree.
    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let recipe = self.recipe.clone().unwrap_or_default();
        let credentials = match &recipe.source {
            Some(arn) => Credentials::from_document(&source(context, arn).await?)?,
            None => Credentials::generate()?,
        };
        let document = credentials.document(&recipe.derived);
        store::create(context, target, &self.name, &self.description, document.expose_secret()).await
    }

    /// The description is all that ever changes; this call makes no new version of the value.
    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.secrets.update_secret().secret_id(&target.id).description(&self.description);
        call.send().await.done()
    }

    /// Marks it for deletion; until the recovery window has passed it can be restored.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.secrets.delete_secret().secret_id(&target.id).recovery_window_in_days(RECOVERY_DAYS);
        // The answer to an earlier attempt may have been lost.
        call.send().await.done_or(store::is_marked)
    }

    async fn act(context: &Context, target: &Target) -> Result<(), Failure> {
        store::restore(context, target).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        let own = store::grants(place).erase(&["DeleteSecret"]);
        if place.credentials.is_empty() {
            return own;
        }
        let source = Grant::new(Use::Make, "secretsmanager", &["GetSecretValue"]).on(place.credentials.clone());
        // The secret's name does not tell which key of the user's it is encrypted with.
        let (key, id) = (place.any_key(), "DecryptExistingCredentials");
        let opened = place.key_through(Use::Make, &key, "secretsmanager", &["Decrypt"], id);
        own.also(source.called("ReadExistingCredentials")).also(opened)
    }
}

/// The user's own secret, to be copied.
async fn source(context: &Context, arn: &str) -> Result<SecretString, Failure> {
    store::value(context, arn).await.map_err(|failure| {
        failure.hint(format!("ce-aws copies the credentials out of {arn}, which [secrets] in the plan file names"))
    })
}
