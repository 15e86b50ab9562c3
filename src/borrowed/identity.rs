//! IAM roles and policies of the user's.

use serde_json::Value;

/// A role that the plan file names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    pub arn: String,
    pub name: String,
    /// Who may assume it, in normal form.
    pub trust: Value,
    /// What it should be able to do and cannot.
    pub lacks: Vec<Lack>,
    /// Why nobody knows what it may do; what AWS said.
    pub unknown: Option<String>,
}

/// What a role must be able to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// `secretsmanager:GetSecretValue`.
    pub actions: Vec<String>,
    /// ARNs, or `*` alone.
    pub resources: Vec<String>,
    /// What it is for, as `read the credentials`.
    pub purpose: String,
}

/// Something that a role may not do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lack {
    /// `secretsmanager:GetSecretValue`.
    pub action: String,
    /// The ARN on which it is refused, or `*`.
    pub resource: String,
    /// What it is for, as `read the credentials`.
    pub purpose: String,
}

/// A managed policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub arn: String,
}
