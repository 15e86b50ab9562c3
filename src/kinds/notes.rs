//! Notes about what carries no tags, cannot be searched by them, or few deployments have: in the tags of a security
//! group of the deployment, which every sweep reads anyway. So a teardown without the plan file finds a DNS record,
//! and a deployment that has none makes no call for it.

use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};

use super::context::{Context, Tags};
use super::names;
use super::tags::{self, Tagging};

/// A note: a tag, and the name of the security group that carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    pub tag: &'static str,
    group: &'static str,
}

/// The deployment's own hosted zone, by name.
pub const ZONE: Note = Note { tag: names::DNS_ZONE, group: "load-balancer" };
/// The DNS record, as `zone/name`.
pub const RECORD: Note = Note { tag: names::DNS_RECORD, group: "load-balancer" };

/// The names that there are certificates for.
pub const CERTIFICATES: Note = Note { tag: names::CERTIFICATES, group: "load-balancer" };

/// The secret with the certificate of the UI's own web server, by name. Where there is one, there may be a second
/// target group.
pub const UI_CERTIFICATE: Note = Note { tag: names::UI_CERTIFICATE, group: "task" };

/// All notes.
pub const ALL: [Note; 4] = [ZONE, RECORD, CERTIFICATES, UI_CERTIFICATE];

impl Note {
    fn group(self, context: &Context) -> Option<String> {
        context.known.get(&Address::new("security-group", self.group))?.get("id").cloned()
    }

    /// What is noted.
    pub fn read(self, context: &Context) -> Option<String> {
        let known = || Some(context.known.get(&Address::new("security-group", self.group))?.get(self.tag)?.clone());
        context.notes.get(self.tag).unwrap_or_else(known)
    }

    /// Notes a value, instead of any other.
    pub async fn write(self, context: &Context, value: &str) -> Result<(), Failure> {
        if self.read(context).as_deref() == Some(value) {
            return Ok(());
        }
        let unknown = || Failure::of(Cause::Internal, format!("the security group {} is not known", self.group));
        let group = self.group(context).ok_or_else(unknown)?;
        let tag = Tags::from([(self.tag.to_owned(), value.to_owned())]);
        tags::set(Tagging::Ec2, context, &group, &tag, &[]).await?;
        context.notes.put(self.tag, Some(value));
        Ok(())
    }

    /// Removes it. Without its group there is none.
    pub async fn erase(self, context: &Context) -> Result<(), Failure> {
        if let Some(group) = self.group(context) {
            let removed = tags::set(Tagging::Ec2, context, &group, &Tags::new(), &[self.tag.to_owned()]).await;
            removed.or_else(|failure| if failure.code.contains("NotFound") { Ok(()) } else { Err(failure) })?;
        }
        context.notes.put(self.tag, None);
        Ok(())
    }
}
