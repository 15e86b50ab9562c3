//! An ECS cluster of the user's.

/// A cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    pub arn: String,
    pub name: String,
    /// `ACTIVE`, or what else ECS says.
    pub status: String,
    pub container_insights: bool,
}
