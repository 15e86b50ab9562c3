//! A small stack, by hand.

use serde_json::json;

use crate::engine::address::Address;
use crate::engine::compare::Change;
use crate::engine::kind::{Kind, Lifecycle, Part, Seconds};
use crate::engine::plan::{Action, After, Plan, Purpose, Reason, Step, Target, Until};
use crate::engine::reference::Need;
use crate::ui::standing::Standing;

pub fn kinds() -> Vec<Kind> {
    let slow = Seconds { create: 1.0, ready: 105.0, gone: 60.0, patience: 900.0 };
    vec![
        Kind::new("vpc", Part::Network),
        Kind::new("subnet", Part::Network),
        Kind { seconds: slow, ..Kind::new("nat-gateway", Part::Network) },
        Kind { security: true, ..Kind::new("security-group", Part::Network) },
        Kind { security: true, ..Kind::new("role", Part::Identity) },
        Kind { lifecycle: Lifecycle::Data, ..Kind::new("file-system", Part::Storage) },
        Kind::new("log-group", Part::Logs),
        Kind { seconds: slow, ..Kind::new("load-balancer", Part::Ingress) },
        Kind { seconds: slow, ..Kind::new("service", Part::Service) },
    ]
}

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub fn target() -> Target {
    Target { deployment: "prod".into(), account: "123456789012".into(), region: "eu-central-1".into() }
}

pub fn step(text: &str, action: Action, reason: Reason) -> Step {
    let until = match action {
        Action::Delete => Until::Gone,
        Action::Stop => Until::Idle,
        _ => Until::READY,
    };
    Step { until, ..Step::new(address(text), action, reason) }
}

pub fn change(property: &str, from: serde_json::Value, to: serde_json::Value) -> Change {
    Change { property: property.into(), from, to }
}

pub fn plan(purpose: Purpose, steps: Vec<Step>) -> Plan {
    Plan { steps, ..Plan::empty(purpose, target()) }
}

/// A first apply of three steps, the last two after the first.
pub fn first_apply() -> Plan {
    let mut steps = vec![
        step("vpc/main", Action::Create, Reason::Missing),
        step("security-group/task", Action::Create, Reason::Missing),
        step("nat-gateway/a", Action::Create, Reason::Missing),
    ];
    steps[0].until = Until::Accepted;
    steps[1].until = Until::Accepted;
    steps[1].spec = json!({
        "vpc": { "$ref": "vpc/main", "output": "id", "need": "exists" },
        "ingress": [{ "protocol": "tcp", "port": 3000 }],
        "egress": null,
    });
    steps[1].after = vec![After { step: 0, need: Need::Exists }];
    steps[2].after = vec![After { step: 0, need: Need::Ready }];
    plan(Purpose::Apply, steps)
}

pub fn standing(version: &str, label: &str, support: &str, words: &str) -> Standing {
    Standing {
        version: version.into(),
        label: label.into(),
        support: support.into(),
        words: words.into(),
        ..Standing::default()
    }
}
