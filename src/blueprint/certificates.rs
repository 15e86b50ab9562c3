//! Which generation of the certificates that ce-aws makes a deployment needs: the internal one, and a self-signed one
//! of the UI. Pure.

use time::{Date, Duration};

use crate::engine::inventory::{Inventory, Live};
use crate::kinds::secret::internal_certificate::{self, InternalCertificate};
use crate::kinds::secret::ui_certificate::{self, UiCertificate};

use super::image_change::Running;

/// Days before it expires from which on it is renewed.
pub const SOON: i64 = 30;

/// Which certificates a deployment has of those that ce-aws makes: each new one has the next number.
#[derive(Clone, Copy, Debug)]
pub struct Generations {
    /// Of the internal one; ignored for a release without one.
    pub internal: u32,
    /// Of a self-signed one of the UI; ignored where none is wanted.
    pub of_ui: u32,
}

impl Generations {
    /// Of certificates that do not exist yet.
    pub const FIRST: Self = Self { internal: 1, of_ui: 1 };
}

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

/// What the certificates are called.
pub const INTERNAL: &str = "internal certificate";
pub const OF_UI: &str = "UI's certificate";

impl Renewal {
    /// In words, of [`INTERNAL`] or [`OF_UI`].
    pub fn words(&self, certificate: &str) -> String {
        match self {
            Self::Expired(day) => format!("the {certificate} expired on {day}"),
            Self::ExpiresSoon(day) => format!("the {certificate} expires on {day}"),
            Self::Unreadable => format!("the secret no longer says when the {certificate} expires"),
            Self::Asked => format!("a new {certificate} was asked for"),
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

/// The generation of the internal certificate that a deployment needs. `today` in UTC. `asked`: the user wants a new
/// one in any case.
///
/// No running task names a later generation than its secret has: the secret is written first.
pub fn wanted(inventory: &Inventory, today: Date, asked: bool) -> Wanted {
    let live = internal_certificate::live(inventory).map(|live| Present {
        generation: serde_json::from_value(live.spec.clone()).map_or(0, |spec: InternalCertificate| spec.generation),
        end: valid_until(live),
    });
    renewed(live, || of_task(inventory, internal_certificate::VARIABLE), today, asked)
}

/// The generation of a self-signed certificate of the UI, likewise. One that takes the place of the user's files has
/// another number than any before it that the running task may know.
pub fn wanted_of_ui(inventory: &Inventory, today: Date, asked: bool) -> Wanted {
    let of_task = || of_task(inventory, ui_certificate::VARIABLE);
    let Some(live) = ui_certificate::live(inventory) else {
        return Wanted { generation: of_task() + 1, renewal: None };
    };
    let spec = serde_json::from_value(live.spec.clone()).unwrap_or_else(|_| UiCertificate::default());
    let end = live.outputs.get(ui_certificate::VALID_UNTIL).map(String::as_str);
    if spec.generation == 0 && end.is_some() {
        return Wanted { generation: of_task() + 1, renewal: None };
    }
    renewed(Some(Present { generation: spec.generation, end }), of_task, today, asked)
}

/// A certificate as its secret describes it; 0 and `None` are not known.
struct Present<'a> {
    generation: u32,
    end: Option<&'a str>,
}

fn renewed(present: Option<Present<'_>>, of_task: impl Fn() -> u32, today: Date, asked: bool) -> Wanted {
    let Some(Present { generation: there, end }) = present else {
        return Wanted { generation: 1, renewal: None };
    };
    // ISO dates compare like the days that they stand for.
    let is_over = |end: &str, day: Date| end <= day.to_string().as_str();
    let soon = today.saturating_add(Duration::days(SOON));
    let renewal = match (end, there) {
        (Some(_), 0) | (None, _) => Some(Renewal::Unreadable),
        (Some(end), _) if is_over(end, today) => Some(Renewal::Expired(end.to_owned())),
        (Some(end), _) if is_over(end, soon) => Some(Renewal::ExpiresSoon(end.to_owned())),
        _ => asked.then_some(Renewal::Asked),
    };
    let generation = match &renewal {
        None => there,
        // If the secret does not say, the running task may.
        Some(_) => there.max(of_task()) + 1,
    };
    Wanted { generation, renewal }
}

/// The day on which the internal certificate expires, by its secret: `2036-11-26`.
pub fn valid_until(live: &Live) -> Option<&str> {
    live.outputs.get(internal_certificate::VALID_UNTIL).map(String::as_str)
}

/// The generation that the running task was made for.
fn of_task(inventory: &Inventory, variable: &str) -> u32 {
    let running = Running::of(inventory);
    let containers = running.iter().flat_map(|running| running.of_definition.containers.values());
    let named = containers.filter_map(|container| container.environment.get(variable)?.split(' ').next()?.parse().ok());
    named.max().unwrap_or_default()
}
