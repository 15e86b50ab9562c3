//! Keys and secrets of the user's.

/// A KMS key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Of the key itself, also where the plan file names an alias.
    pub arn: String,
    /// `Enabled`, or what else KMS says.
    pub state: String,
    /// `SYMMETRIC_DEFAULT` is what EFS can use.
    pub spec: String,
    /// `ENCRYPT_DECRYPT` is what EFS can use.
    pub usage: String,
}

/// A secret; its value is nobody's business here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secret {
    pub arn: String,
    pub name: String,
    /// Whether it is marked for deletion.
    pub is_deleted: bool,
    /// The customer's KMS key that encrypts it, if any: whoever reads the secret needs it too.
    pub key: Option<String>,
}
