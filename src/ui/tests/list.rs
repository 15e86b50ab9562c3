use insta::assert_snapshot;

use crate::ui::list::{Deployment, Deployments, Holder, State, text};
use crate::ui::style::plain;

fn deployment(name: &str, state: State) -> Deployment {
    Deployment {
        deployment: name.to_owned(),
        state,
        release: Some("5.0.0".to_owned()),
        since: Some("2026-11-29T14:02:05Z".to_owned()),
        cluster: Some(format!("ce-{name}")),
        kinds: vec!["file-system".to_owned(), "vpc".to_owned()],
        holder: None,
    }
}

fn all(deployments: Vec<Deployment>) -> Deployments {
    Deployments {
        account: "123456789012".to_owned(),
        region: "eu-central-1".to_owned(),
        deployments,
        unread: Default::default(),
    }
}

#[test]
fn each_deployment_has_a_line_and_what_is_open_says_what_to_do() {
    let holder = Holder {
        user: "arn:aws:iam::123456789012:user/jo".to_owned(),
        host: "desk\u{1b}[2J".to_owned(),
        command: "apply plan.toml".to_owned(),
        run: "0123456789abcdef".to_owned(),
    };
    let bare = |name: &str, state| Deployment { release: None, since: None, cluster: None, ..deployment(name, state) };
    let shown = text(&all(vec![
        deployment("prod", State::Running),
        Deployment { holder: Some(holder), ..deployment("stage", State::UpgradeOpen) },
        deployment("test", State::Stopped),
        bare("half", State::Incomplete),
        bare("gone", State::DataKept),
    ]));
    assert_snapshot!(plain(&shown));
    assert_snapshot!(plain(&text(&all(Vec::new()))), @"no deployments in account 123456789012, region eu-central-1");
}

#[test]
fn scripts_find_state_and_place() {
    let value = serde_json::to_value(all(vec![deployment("prod", State::DataKept)])).unwrap();
    assert_eq!((&value["region"], &value["deployments"][0]["state"]), (&"eu-central-1".into(), &"data-kept".into()));
}
