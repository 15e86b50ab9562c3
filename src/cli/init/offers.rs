//! What can be chosen from.

use async_trait::async_trait;

use crate::cli::discover::{self, What};
use crate::cli::global::Global;
use crate::session::{CommandError, Session};
use crate::ui::discover::Listing;

/// Somebody who knows what an account has.
#[async_trait(?Send)]
pub trait Offers {
    /// Opens the account in a region, if one is known; says which account it is.
    async fn open(&mut self, region: Option<&str>) -> Result<String, CommandError>;

    /// Everything of one kind, best first; of one VPC, where that is said.
    async fn list(&mut self, what: What, vpc: Option<&str>) -> Result<Listing, CommandError>;
}

/// AWS.
pub struct Account<'a> {
    global: &'a Global,
    session: Option<Session>,
}

impl<'a> Account<'a> {
    pub fn new(global: &'a Global) -> Self {
        Self { global, session: None }
    }
}

#[async_trait(?Send)]
impl Offers for Account<'_> {
    async fn open(&mut self, region: Option<&str>) -> Result<String, CommandError> {
        let mut access = self.global.access();
        if let Some(region) = region {
            access.region = Some(region.to_owned());
        }
        let session = Session::open(&access).await?;
        let place = session.target("");
        self.session = Some(session);
        Ok(format!("account {}, {}", place.account, place.region))
    }

    async fn list(&mut self, what: What, vpc: Option<&str>) -> Result<Listing, CommandError> {
        match &self.session {
            Some(session) => discover::listing(session, what, vpc).await,
            None => Err(CommandError::unexpected("no account is open")),
        }
    }
}
