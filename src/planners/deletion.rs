//! The order of deletions, from the references between live resources, so that it works without a plan file.

use serde_json::Value;

use crate::engine::inventory::Live;
use crate::engine::kind::{Kind, Kinds, Lifecycle};
use crate::engine::plan::{Action, Finding, Reason, Severity, Step, Until};

use super::upstream::upstream;

/// A step that deletes a resource.
pub fn step(live: &Live, kind: &Kind, reason: Reason) -> Step {
    Step {
        until: if kind.seconds.gone > 0.0 { Until::Gone } else { Until::Accepted },
        consequences: match kind.lifecycle {
            Lifecycle::Data => vec![match live.outputs.get("holds") {
                Some(what) => format!("the data in it is lost: {what}"),
                None => "the data in it is lost".to_owned(),
            }],
            _ => Vec::new(),
        },
        id: Some(live.id.clone()),
        ..Step::new(live.address.clone(), Action::Delete, reason)
    }
}

/// The step before the deletion of a service: its tasks are stopped and confirmed stopped.
pub fn stop(live: &Live, kind: &Kind, reason: Reason) -> Option<Step> {
    let stop = Step {
        action: Action::Stop,
        until: Until::Idle,
        consequences: vec!["Cloud Exchange stops".to_owned()],
        ..step(live, kind, reason)
    };
    (!kind.fenced.is_empty()).then_some(stop)
}

/// The step before the deletion of a protected resource, and the refusal of `code` for want of consent.
pub fn unprotect(live: &Live, kind: &Kind, reason: Reason, code: &str, consent: &str) -> Option<(Step, Finding)> {
    if live.spec.get("deletion_protection") != Some(&Value::Bool(true)) {
        return None;
    }
    let step = Step {
        action: Action::Unprotect,
        until: Until::Accepted,
        consequences: vec!["deletion protection is removed".to_owned()],
        ..step(live, kind, reason)
    };
    let finding = Finding {
        code: code.to_owned(),
        severity: Severity::Refusal,
        address: Some(live.address.clone()),
        message: "is protected against deletion".to_owned(),
        hint: Some(consent.to_owned()),
    };
    Some((step, finding))
}

/// True when `user` must be deleted before `used`: a property refers to it, or its kind always does. Only `id` and
/// `arn` count as references: a cluster and its service may have the same name.
pub fn holds<K: Kinds + ?Sized>(user: &Live, used: &Live, kinds: &K) -> bool {
    let by_kind = kinds.kind(used.address.kind()).is_some_and(|kind| kind.gone_after.contains(&user.address.kind()));
    user.address != used.address && (by_kind || names(user, used))
}

/// True when a property of `user` refers to `used`.
pub fn names(user: &Live, used: &Live) -> bool {
    let identity = ["id", "arn"].map(|name| used.outputs.get(name).map(String::as_str));
    let identity: Vec<&str> = identity.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    mentions(&user.spec, &identity)
}

fn mentions(spec: &Value, texts: &[&str]) -> bool {
    match spec {
        Value::String(text) => texts.contains(&text.as_str()),
        Value::Array(items) => items.iter().any(|item| mentions(item, texts)),
        Value::Object(map) => map.values().any(|inner| mentions(inner, texts)),
        _ => false,
    }
}

/// Makes each deletion wait until everything that holds its resource is gone. `deletions` pairs each resource with the
/// index of its step, in the order of addresses.
///
/// Resources that refer to each other in a circle (two security groups) would wait forever: the wait that would close
/// the circle is left out, so that of two the one with the greater address is deleted first.
pub fn order<K: Kinds + ?Sized>(deletions: &[(&Live, usize)], steps: &mut [Step], kinds: &K) {
    for (used, later) in deletions {
        for (user, earlier) in deletions {
            if holds(user, used, kinds) && !upstream(steps, *earlier).contains(later) {
                steps[*later].wait_for([*earlier]);
            }
        }
    }
}
