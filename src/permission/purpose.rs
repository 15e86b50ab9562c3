//! The commands that a policy is for.

use crate::aws::grant::Use;

/// The commands that a policy allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    List,
    Plan,
    Apply,
    Upgrade,
    Open,
    Vpn,
    Destroy,
    Cost,
    All,
}

impl Purpose {
    /// The word in policy names; `None` for all commands.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::List => Some("list"),
            Self::Plan => Some("plan"),
            Self::Apply => Some("apply"),
            Self::Upgrade => Some("upgrade"),
            Self::Open => Some("open"),
            Self::Vpn => Some("vpn"),
            Self::Destroy => Some("destroy"),
            Self::Cost => Some("cost"),
            Self::All => None,
        }
    }

    /// Whether these commands make calls with that use.
    pub const fn includes(self, usage: Use) -> bool {
        match self {
            Self::List => matches!(usage, Use::List),
            Self::Plan => matches!(usage, Use::See | Use::Ask | Use::Measure),
            Self::Apply => matches!(usage, Use::See | Use::Ask | Use::Make | Use::Remove),
            Self::Upgrade => {
                !matches!(usage, Use::Erase | Use::List | Use::Open | Use::Connect | Use::Price | Use::Measure)
            }
            Self::Open => matches!(usage, Use::See | Use::Open),
            Self::Vpn => matches!(usage, Use::Connect),
            Self::Destroy => matches!(usage, Use::See | Use::Remove | Use::Erase),
            Self::Cost => matches!(usage, Use::Price | Use::Measure),
            Self::All => true,
        }
    }
}
