//! The address of the UI.

use crate::checks;
use crate::config::PlanFile;
use crate::engine::inventory::Inventory;
use crate::engine::reference::Known;
use crate::existing::Existing;
use crate::kinds::secret::ui_certificate;

use super::catalogue::release;
use super::error::CommandError;

/// The UI's port on the task, in every release so far.
pub const WEB_PORT: u16 = 3000;

/// Of a deployment as its plan file describes it: that of the load balancer, or else of the task.
pub fn of(file: &PlanFile, existing: &Existing, known: &Known) -> Result<Option<String>, CommandError> {
    let https = file.is_https();
    if let Some(group) = existing.target_group.as_ref().and_then(|group| group.found()) {
        return Ok(checks::ingress::urls(group).into_iter().next());
    }
    if let Some(balancer) = existing.load_balancer.as_ref().and_then(|balancer| balancer.found()) {
        return Ok(Some(url(https, &balancer.dns, file.load_balancer.port)));
    }
    let schemes = Schemes { front: https, task: file.ui_certificate.is_some() };
    Ok(own(known, schemes, release(file)?.web.port))
}

/// Who speaks HTTPS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Schemes {
    /// A listener of the deployment.
    pub front: bool,
    /// The UI's own web server, in the task.
    pub task: bool,
}

impl Schemes {
    /// As it was found.
    pub fn of(inventory: &Inventory) -> Self {
        Self { front: has_certificate(inventory), task: ui_certificate::is_served(inventory) }
    }
}

/// Without a load balancer of the user's.
pub fn own(known: &Known, schemes: Schemes, port: u16) -> Option<String> {
    let one = |kind: &str, output: &str| {
        let outputs = known.iter().filter(|(address, _)| address.kind() == kind).map(|(_, outputs)| outputs);
        outputs.filter_map(|outputs| outputs.get(output)).find(|text| !text.is_empty()).cloned()
    };
    match one("dns-record", "name").or_else(|| one("load-balancer", "dns")) {
        Some(dns) => Some(url(schemes.front, &dns, None)),
        None => one("service", "private_ip").map(|address| url(schemes.task, &address, Some(port))),
    }
}

/// Whether a listener of the deployment speaks HTTPS.
fn has_certificate(inventory: &Inventory) -> bool {
    let listeners = inventory.live.iter().filter(|live| live.address.kind() == "listener");
    listeners.filter_map(|live| live.spec.get("protocol")?.as_str()).any(|protocol| protocol == "HTTPS")
}

/// An address, without the default port of its scheme.
fn url(https: bool, host: &str, port: Option<u16>) -> String {
    let (scheme, usual) = if https { ("https", 443) } else { ("http", 80) };
    match port.filter(|port| *port != usual) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::address::Address;
    use crate::engine::reference::Outputs;

    fn known(kind: &str, output: &str, value: &str) -> Known {
        let outputs = Outputs::from([(output.to_owned(), value.to_owned())]);
        Known::from_iter([(Address::new(kind, "main"), outputs)])
    }

    #[test]
    fn the_load_balancer_comes_before_the_task_and_usual_ports_are_left_out() {
        let mut all = known("service", "private_ip", "10.0.0.7");
        let (plain, front) = (Schemes::default(), Schemes { front: true, task: false });
        let task = Schemes { front: false, task: true };
        assert_eq!(own(&all, plain, 3000).as_deref(), Some("http://10.0.0.7:3000"));
        assert_eq!(own(&all, task, 3000).as_deref(), Some("https://10.0.0.7:3000"));
        all.extend(known("load-balancer", "dns", "lb.example.com"));
        assert_eq!(own(&all, task, 3000).as_deref(), Some("http://lb.example.com"));
        assert_eq!(own(&all, front, 3000).as_deref(), Some("https://lb.example.com"));
        assert_eq!(url(true, "lb.example.com", Some(8443)), "https://lb.example.com:8443");
        assert_eq!(url(true, "lb.example.com", Some(443)), "https://lb.example.com");
        assert_eq!(own(&Known::new(), plain, 3000), None);
    }
}
