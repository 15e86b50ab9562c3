//! What is written back into plan files, and that nothing else is.

use proptest::prelude::*;

use crate::config::edit::{EditError, image, release};
use crate::config::{PlanFile, examine};
use crate::release::Version;

const IMAGE: &str =
    "registry.example.com/team/core@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn older() -> Version {
    "4.2.0".parse().unwrap()
}

fn read(text: &str) -> PlanFile {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/plans/plan.toml");
    let examined = examine(path, text, Some("us-east-1".parse().unwrap()));
    examined.plan.unwrap_or_else(|| panic!("{text}\n{}", examined.problems))
}

/// Both edits of a text, each read again: nothing but the one value has changed.
fn edited(text: &str) -> [String; 2] {
    let before = read(text);
    let newer = release(text, older()).unwrap();
    assert_eq!(read(&newer), PlanFile { release: older(), ..before.clone() });
    let other = image(text, "core", IMAGE).unwrap();
    let mut expected = before;
    expected.images.overrides.insert("core".to_owned(), IMAGE.parse().unwrap());
    assert_eq!(read(&other), expected);
    [newer, other]
}

/// The lines of `after` that `before` does not have, and the other way round.
fn difference<'a>(before: &'a str, after: &'a str) -> (Vec<&'a str>, Vec<&'a str>) {
    let not_in = |text: &'a str, other: &str| -> Vec<&'a str> {
        let known: Vec<_> = other.split('\n').collect();
        text.split('\n').filter(|line| !known.contains(line)).collect()
    };
    (not_in(before, after), not_in(after, before))
}

#[test]
fn every_example_keeps_its_layout() {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/plans")).unwrap();
    let plans =
        folder.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "toml"));
    let mut seen = 0;
    for path in plans {
        let text = std::fs::read_to_string(&path).unwrap();
        let [newer, other] = edited(&text);
        let (gone, come) = difference(&text, &newer);
        assert_eq!((gone.len(), come.len()), (1, 1), "{}", path.display());
        assert_eq!(come[0], gone[0].replace(&read(&text).release.to_string(), "4.2.0"));
        let (_, come) = difference(&text, &other);
        assert!(come.iter().any(|line| line.contains(IMAGE)), "{come:?}");
        seen += 1;
    }
    assert!(seen > 5);
}

const HEAD: &str = "# a plan\nname = \"prod\"   # of ours\nrelease = '5.0.0' # the vendor's\n";

#[test]
fn where_images_are_written() {
    let layouts = [
        "",
        "[images]\nregistry = \"a.example\" # mirror\n\n[logs]\nretention_days = 30\n",
        "[images]\n[logs]\nretention_days = 30",
        "[images.override]\n# none yet\n\n[logs]\nretention_days = 30\n",
        "[images.override]\n  \"ui\"  = \"a.example/ui:1\" # ours\n\n[logs]\nretention_days = 30\n",
        "[images.override]\ncore = 'a.example/core:1' # ours\nui = \"a.example/ui:1\"\n",
        "images.override.ui = \"a.example/ui:1\"\n[logs]\nretention_days = 30\n",
        "images . registry = \"a.example\"\n[logs]\nretention_days = 30\n",
        "[images]\noverride.ui = \"a.example/ui:1\"",
        "[images]\noverride = { ui = \"a.example/ui:1\" } # ours\n",
        "[images]\noverride = {}\n",
        "images = { registry = \"a.example\" }\n",
        "images = {}\n",
        "images = { override.ui = \"a.example/ui:1\" }\n",
        "images = { override = { core = \"a.example/core:1\", ui = \"a.example/ui:1\" } }\n",
    ];
    let shown = layouts.map(|layout| {
        let text = format!("{HEAD}{layout}");
        let [_, other] = edited(&text);
        other.strip_prefix(HEAD).unwrap().replace(IMAGE, "IMAGE")
    });
    insta::assert_snapshot!(shown.join("----\n"));
}

#[test]
fn quotes_and_comments_beside_the_value_stay() {
    let [newer, _] = edited(HEAD);
    assert_eq!(newer, "# a plan\nname = \"prod\"   # of ours\nrelease = '4.2.0' # the vendor's\n");
}

#[test]
fn what_cannot_be_edited_is_an_error() {
    assert_eq!(release("name = \"prod\"", older()), Err(EditError::Missing("release")));
    assert!(matches!(release("name = ", older()), Err(EditError::Syntax(_))));
    assert_eq!(image("images = 1", "core", IMAGE), Err(EditError::Unfit("images.override")));
    assert_eq!(image("[[images]]", "core", IMAGE), Err(EditError::Unfit("images.override")));
    assert_eq!(image("[images]\noverride = 1", "core", IMAGE), Err(EditError::Unfit("images.override")));
}

/// A plan file in pieces that may stand in many orders and forms.
fn layouts() -> impl Strategy<Value = String> {
    let images = prop::sample::select(vec![
        "",
        "[images]\n",
        "[images]\nregistry = \"a.example\"\n",
        "[images]\n  override.ui = \"a.example/ui:1\"\n",
        "[images]\noverride = { ui = \"a.example/ui:1\" }\n",
        "[images.override]\n",
        "[images.override]\n\tcore = \"a.example/core:1\" # keep\n\tui='a.example/ui:1'\n",
        "[images]\nregistry = \"a.example\"\n\n[images.override]\n# c\nui = \"team/ui:1\" # d\n",
        "[images.override]\nui = \"\"\"\na.example/ui:1\"\"\"\n",
    ]);
    let others = prop::sample::subsequence(
        vec![
            "[logs]\nretention_days = 30\n",
            "\n# note\n",
            "[service]\ndebug = true # [images]\n",
            "[tags]\na = 'b'\n",
        ],
        0..=4,
    );
    let head = prop::sample::select(vec![
        "name = \"prod\"\nrelease = \"5.0.0\"\n",
        "release=\"5.0.0\"#x\nname='prod'\n",
        "\n\n  name = \"prod\"\n\n  release   =   '''5.0.0'''   # release = \"5.0.0\"\n",
        "\"release\" = \"5.0.0\"\n'name' = \"prod\"\n",
    ]);
    let form = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (head, images, others, form).prop_map(|(head, images, others, (first, crlf, mark, open))| {
        let others = others.concat();
        let mut text = if first { [head, images, &others].concat() } else { [head, &others, images].concat() };
        if open {
            text.truncate(text.trim_end().len());
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        if mark { format!("\u{feff}{text}") } else { text }
    })
}

proptest! {
    #[test]
    fn any_layout_is_kept(text in layouts()) {
        let [newer, other] = edited(&text);
        let restored = newer.replacen("4.2.0", "5.0.0", 1);
        prop_assert_eq!(restored.len(), text.len());
        for edited in [&newer, &other] {
            prop_assert_eq!(edited.starts_with('\u{feff}'), text.starts_with('\u{feff}'));
            let mixed = edited.replace("\r\n", "").contains('\n') && edited.contains("\r\n");
            prop_assert!(!mixed, "{:?}", edited);
        }
        // Every line is still there, in order, but for the value that an image may have had before.
        let mut rest = other.lines();
        for line in text.lines().filter(|line| !line.contains("core")) {
            let kept = rest.any(|other| {
                other == line || (line.ends_with('}') && other.starts_with(line.trim_end_matches(" }")))
            });
            prop_assert!(kept, "{:?} is gone from {:?}", line, other);
        }
    }
}
