//! Which generation of the internal certificate a deployment needs. Pure.

use time::{Date, Duration};

use crate::engine::inventory::{Inventory, Live};
use crate::kinds::secret::internal_certificate::{self, InternalCertificate, VALID_UNTIL, VARIABLE};

use super::image_change::Running;

/// Days before it expires from which on it is renewed.
pub const SOON: i64 = 30;

/// Why the present certificate is renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Its last day has passed; the day.
    Expired(String),
    /// That day comes soon.
    ExpiresSoon(String),
    /// Its generation or its last day is unknown.
    Unreadable,
    /// The user asked for it.
    Asked,
}

impl std::fmt::Display for Renewal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Expired(day) => write!(f, "the internal certificate expired on {day}"),
            Self::ExpiresSoon(day) => write!(f, "the internal certificate expires on {day}"),
            Self::Unreadable => f.write_str("the secret no longer says when the internal certificate expires"),
            Self::Asked => f.write_str("a new internal certificate was asked for"),
        }
    }
}

/// The generation that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub generation: u32,
    /// Why it differs from the present one; `None` if it does not, or if there is none.
    pub renewal: Option<Renewal>,
}

/// The generation that a deployment needs. `today` in UTC. `asked`: the user wants a new one in any case.
///
/// No running task names a later generation than its secret has: the secret is written first.
pub fn wanted(inventory: &Inventory, today: Date, asked: bool) -> Wanted {
    let Some(live) = internal_certificate::live(inventory) else {
        return Wanted { generation: 1, renewal: None };
    };
    let there = generation(live);
    // ISO dates compare like the days that they stand for.
    let is_over = |end: &str, day: Date| end <= day.to_string().as_str();
    let soon = today.saturating_add(Duration::days(SOON));
    let renewal = match (valid_until(live), there) {
        (Some(_), 0) | (None, _) => Some(Renewal::Unreadable),
        (Some(end), _) if is_over(end, today) => Some(Renewal::Expired(end.to_owned())),
        (Some(end), _) if is_over(end, soon) => Some(Renewal::ExpiresSoon(end.to_owned())),
        _ => asked.then_some(Renewal::Asked),
    };
    let generation = match &renewal {
        None => there,
        // If the secret does not say, the running task may.
        Some(_) => there.max(of_task(inventory)) + 1,
    };
    Wanted { generation, renewal }
}

/// The day on which the internal certificate expires, by its secret: `2036-11-26`.
pub fn valid_until(live: &Live) -> Option<&str> {
    live.outputs.get(VALID_UNTIL).map(String::as_str)
}

fn generation(live: &Live) -> u32 {
    serde_json::from_value(live.spec.clone()).map_or(0, |spec: InternalCertificate| spec.generation)
}

/// The generation that the running task was made for.
fn of_task(inventory: &Inventory) -> u32 {
    let running = Running::of(inventory);
    let containers = running.iter().flat_map(|running| running.of_definition.containers.values());
    let named = containers.filter_map(|container| container.environment.get(VARIABLE)?.parse().ok());
    named.max().unwrap_or_default()
}
