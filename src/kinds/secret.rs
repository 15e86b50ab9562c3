//! The secret that holds a deployment's credentials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Lifecycle, Part, Spec};

/// A JSON secret. Outputs: `id` (the ARN), `arn`, `name`. Its values are no property: they are made once, at creation,
/// and never read, compared or changed afterwards.
///
/// Its name must be `cx.names.secret("credentials")` and its address `secret/credentials`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Secret {
    pub name: String,
    pub description: String,
    /// How its values come to be. Nothing else can be read from the live secret, so that it is not compared.
    pub recipe: Option<Recipe>,
}

/// What goes into a new secret besides `maintenance_password` and `jwt_secret`, and where those two come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        ..Kind::new("secret", Part::Secrets)
    };
}
