//! The certificate of the UI.

mod kind;
mod note;

pub use kind::Certificate;
