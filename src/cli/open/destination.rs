//! What a tunnel leads to: looked up anew for every session, as tasks are replaced.

use crate::aws::tunnel::session::Destination;
use crate::cli::place::Place;
use crate::kinds::secret::ui_certificate;
use crate::session::address::WEB_PORT;
use crate::session::{CommandError, Scope, Session};

/// The container whose port is the UI's, in every release.
pub const UI: &str = "ui";

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub through_load_balancer: bool,
    pub port: Option<u16>,
    pub container: String,
    /// The beginning of the task's id.
    pub task: String,
}

/// Through a running task to a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    target: String,
    host: Option<String>,
    port: u16,
    /// `http` or `https`; none if it may be anything.
    scheme: Option<&'static str>,
    /// The task's id, enough to distinguish it.
    pub task: String,
    /// For people: `ui:3000`, or the load balancer's name and port.
    pub shown: String,
}

impl Way {
    /// As it is now.
    ///
    /// # Errors
    ///
    /// No task runs, its container cannot be entered, or there is no load balancer.
    pub async fn find(session: &Session, mut scope: Scope, wanted: &Wanted) -> Result<Self, CommandError> {
        let inventory = session.inventory(&mut scope).await?;
        let place = Place::enter(session, &scope, &inventory, &wanted.container, &wanted.task).await?;
        let Some(target) = place.container().target() else {
            let message = format!("the container {} has no runtime id yet", wanted.container);
            return Err(CommandError::refused("exec/no-agent", message).hint("run it again in some seconds"));
        };
        let (host, port, scheme) = if wanted.through_load_balancer {
            let url = session.url(&scope, &inventory, &inventory.known()).await?;
            let (scheme, host, port) = url.as_deref().and_then(parts).ok_or_else(no_load_balancer)?;
            if place.private_ip.as_deref() == Some(host.as_str()) {
                return Err(no_load_balancer());
            }
            (Some(host), port, scheme)
        } else {
            (None, WEB_PORT, if ui_certificate::is_served(&inventory) { "https" } else { "http" })
        };
        let port = wanted.port.unwrap_or(port);
        let shown = format!("{}:{port}", host.as_deref().unwrap_or(&wanted.container));
        let scheme = wanted.port.is_none().then_some(scheme);
        Ok(Self { target, host, port, scheme, task: place.task_id, shown })
    }

    pub fn destination(&self, local_port: u16) -> Destination {
        Destination { target: self.target.clone(), host: self.host.clone(), port: self.port, local_port }
    }

    /// What to open on this machine.
    pub fn address(&self, local_port: u16) -> String {
        match self.scheme {
            Some(scheme) => format!("{scheme}://127.0.0.1:{local_port}"),
            None => format!("127.0.0.1:{local_port}"),
        }
    }
}

fn no_load_balancer() -> CommandError {
    CommandError::refused("open/no-load-balancer", "the deployment has no load balancer")
        .hint("without --via the tunnel ends at the task itself")
}

/// Scheme, host and port of an address.
fn parts(address: &str) -> Option<(&'static str, String, u16)> {
    let address = url::Url::parse(address).ok()?;
    let scheme = if address.scheme() == "https" { "https" } else { "http" };
    Some((scheme, address.host_str()?.to_owned(), address.port_or_known_default()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let of = |address| parts(address).unwrap();
        assert_eq!(
            of("http://internal-lb.elb.amazonaws.com"),
            ("http", "internal-lb.elb.amazonaws.com".to_owned(), 80)
        );
        assert_eq!(of("https://lb.example.com"), ("https", "lb.example.com".to_owned(), 443));
        assert_eq!(of("http://10.0.0.1:3000"), ("http", "10.0.0.1".to_owned(), 3000));
        assert_eq!(parts("lb"), None);
    }

    #[test]
    fn the_address_has_a_scheme_only_where_it_is_known() {
        let way = |scheme| Way {
            target: "ecs:a_b_c".to_owned(),
            host: None,
            port: 3000,
            scheme,
            task: "b".to_owned(),
            shown: "ui:3000".to_owned(),
        };
        assert_eq!(way(Some("https")).address(8000), "https://127.0.0.1:8000");
        assert_eq!(way(None).address(15672), "127.0.0.1:15672");
    }
}
