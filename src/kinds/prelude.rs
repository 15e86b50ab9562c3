//! What nearly every kind's file uses.

pub(super) use async_trait::async_trait;
pub(super) use futures::future::try_join_all;
pub(super) use serde::{Deserialize, Serialize};

pub(super) use crate::aws::answer::{Answer, member, required};
pub(super) use crate::aws::error::incomplete;
pub(super) use crate::aws::grant::{Grant, Use};
pub(super) use crate::engine::address::Address;
pub(super) use crate::engine::event::Event;
pub(super) use crate::engine::failure::{Cause, Failure};
pub(super) use crate::engine::inventory::{Incident, Phase};
pub(super) use crate::engine::kind::{Kind, Lifecycle, Part, Seconds, Spec};
pub(super) use crate::engine::plan::Action;
pub(super) use crate::engine::reference::Ref;
pub(super) use crate::engine::run::Made;
pub(super) use crate::engine::set::Set;
pub(super) use crate::partition::principals;

pub(super) use super::context::{Context, Tags};
pub(super) use super::convert::{number, signed, text};
pub(super) use super::found::{Found, made};
pub(super) use super::place::{Grants, Place};
pub(super) use super::resource::{Depth, Resource, Target};
pub(super) use super::tags::{self, Tagging};
