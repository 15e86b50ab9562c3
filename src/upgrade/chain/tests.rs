//! The steps between the release that runs and the one that is wanted.

use crate::blueprint::tests::image_change::{plan, text};

use super::{ChainStep, Source, steps};
use crate::ui::ending;

fn from_to(running: Option<&str>, to: &str, rest: &str) -> Vec<ChainStep> {
    let before = text(running.unwrap_or("4.0.0"), rest);
    let source = Source { path: "prod.toml".to_owned(), text: before };
    let last = text(to, rest);
    let last = ChainStep { file: plan(&last), text: last };
    steps(&source, running.map(|running| running.parse().unwrap()), last).unwrap()
}

fn releases(steps: &[ChainStep]) -> Vec<String> {
    steps.iter().map(|step| step.file.release.to_string()).collect()
}

#[test]
fn one_permitted_step_after_the_other() {
    let steps = from_to(Some("4.0.0"), "5.0.0", "# why\n");
    assert_eq!(releases(&steps), ["4.1.0", "4.2.0", "5.0.0"]);
    // Between two of them the plan file says what runs then, and its comments stay.
    for step in &steps {
        assert!(
            step.text.contains(&format!("\"{}\"", step.file.release)) && step.text.contains("# why"),
            "{}",
            step.text
        );
    }
    assert_eq!(
        ending::chain(&super::releases(Some("4.0.0".parse().unwrap()), &steps)).trim(),
        "The upgrade path is 4.0.0 → 4.1.0 → 4.2.0 → 5.0.0: 3 upgrades, each verified before the next. The first one:"
    );
}

#[test]
fn where_one_step_or_none_leads_there_it_is_the_wanted_one_alone() {
    assert_eq!(releases(&from_to(Some("4.2.0"), "5.0.0", "")), ["5.0.0"]);
    assert_eq!(releases(&from_to(Some("5.0.0"), "5.0.0", "")), ["5.0.0"]);
    // The plan says that there is no way.
    assert_eq!(releases(&from_to(Some("5.0.0"), "4.2.0", "")), ["4.2.0"]);
    assert_eq!(releases(&from_to(None, "5.0.0", "")), ["5.0.0"]);
}

#[test]
fn an_image_of_ones_own_is_meant_for_the_last_release_and_a_mirror_for_all() {
    let rest = "[images]\nregistry = \"corp.example\"\n[images.override]\nui = \"corp.example/ui:5\"\n";
    let steps = from_to(Some("4.1.0"), "5.0.0", rest);
    let own: Vec<_> = steps.iter().map(|step| step.file.images.overrides.len()).collect();
    assert_eq!(own, [0, 1]);
    assert!(steps.iter().all(|step| step.file.images.registry.is_some()));
}
