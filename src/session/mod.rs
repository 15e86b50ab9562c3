//! What every command needs and none decides: the account and region it works in, the plan file it reads, the plan it
//! makes and shows, the question it asks, the lease it works under, and where it writes.

pub mod address;
pub mod catalogue;
pub mod confirm;
pub mod consent;
pub mod error;
pub mod execute;
pub mod exit;
pub mod intent;
pub mod lease;
pub mod moment;
pub mod notify;
mod open;
pub mod other_plan_files;
pub mod output;
pub mod planning;
pub mod preflight;
pub mod report;
pub mod saved;
pub mod scope;
pub mod show;
pub mod source;
pub mod span;
pub mod standing;

pub use consent::Consent;
pub use error::CommandError;
pub use exit::Exit;
pub use open::{Found, Session};
pub use output::Output;
pub use scope::Scope;
pub use source::{PLAN_FILE, Source};
