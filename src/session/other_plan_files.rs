//! Other plan files in the same folder that would conflict with this one.

use std::path::Path;

use crate::config::{self, PlanFile};
use crate::engine::plan::{Finding, Severity};

use super::source::Source;

/// A warning for each collision. Files that are not plan files, or cannot be read, are skipped.
pub fn collisions(source: &Source, file: &PlanFile) -> Vec<Finding> {
    let path = Path::new(&source.path);
    // File names only: a saved plan is compared with the one made from wherever it is applied.
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let (Some(own), Some(folder)) = (name(path), path.parent()) else { return Vec::new() };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    paths.sort();
    let others = paths.iter().filter_map(|path| {
        let (text, name) = (std::fs::read_to_string(path).ok()?, name(path).filter(|name| *name != own)?);
        Some((name, config::examine(&path.display().to_string(), &text, file.region).plan?))
    });
    let warning = |collision: config::Collision| Finding {
        code: collision.code.to_owned(),
        severity: Severity::Warning,
        address: None,
        message: collision.message,
        hint: Some(collision.hint),
    };
    let found = others.flat_map(|(name, other)| config::collisions(&[(&name, &other), (&own, file)]));
    found.map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_same_name_and_region_is_reported_and_nothing_else() {
        let folder = tempfile::TempDir::new().unwrap();
        let plan = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Source { path: path.display().to_string(), text: text.to_owned() }
        };
        let text = "name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n";
        let source = plan("a.toml", text);
        plan("b.toml", &text.replace("us-east-1", "eu-west-1"));
        plan("c.toml", &text.replace("prod", "test"));
        plan("Cargo.toml", "[package]\nname = \"x\"\n");
        plan("notes.txt", text);
        let file = config::load(&source.path, &source.text).unwrap();
        assert_eq!(collisions(&source, &file), []);
        plan("d.toml", text);
        let found = collisions(&source, &file);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].code, "plan-file/same-deployment");
        assert!(found[0].message.starts_with("d.toml and a.toml are one deployment"), "{}", found[0].message);
    }
}
