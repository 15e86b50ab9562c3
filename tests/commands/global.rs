//! Options that every command takes, and the variables of the environment that stand for them.

use tempfile::TempDir;

use super::{EXAMPLE, run, run_with, text};

#[test]
fn a_variable_sets_an_option_and_the_command_line_outranks_it() {
    let folder = TempDir::new().expect("a folder");
    let plan = "name = \"prod\"\nrelease = \"5.0.0\"\n";
    std::fs::write(folder.path().join("ce-aws.toml"), plan).expect("written");
    let run = |variables: &[(&str, &str)], arguments: &[&str]| run_with(folder.path(), variables, arguments);

    assert_eq!(run(&[], &["plan"]).status.code(), Some(64), "no region");
    let region = run(&[("CE_AWS_REGION", "us-east-1")], &["plan"]);
    assert_eq!(region.status.code(), Some(1), "it gets as far as the credentials: {}", text(&region.stderr));
    assert_eq!(run(&[("CE_AWS_REGION", "")], &["plan"]).status.code(), Some(64), "an empty one says nothing");
    let profile = run(&[("CE_AWS_REGION", "us-east-1"), ("CE_AWS_PROFILE", "nope")], &["plan"]);
    assert!(text(&profile.stderr).contains("there is no AWS profile \"nope\""), "{}", text(&profile.stderr));

    let json = [("CE_AWS_OUTPUT", "json")];
    assert!(text(&run(&json, &["validate"]).stdout).starts_with('{'));
    assert!(text(&run(&json, &["validate", "--output", "human"]).stdout).starts_with("valid: "));
    let wrong = run(&[("CE_AWS_OUTPUT", "yaml")], &["validate"]);
    assert_eq!(wrong.status.code(), Some(64));

    let report = run(&[("CE_AWS_REPORT", "report.json"), ("CE_AWS_LOG_FILE", "log")], &["validate"]);
    assert_eq!(report.status.code(), Some(0), "{}", text(&report.stderr));
    assert!(folder.path().join("report.json").exists() && folder.path().join("log").exists());
    let subcommand = run(&[("CE_AWS_REGION", "us-east-1")], &["releases", "import", "missing.yml"]);
    assert!(text(&subcommand.stderr).contains("missing.yml"), "{}", text(&subcommand.stderr));
}

#[test]
fn the_variable_for_release_files_takes_several() {
    let folder = TempDir::new().expect("a folder");
    let files = [("90.0.0", "2027-01-31"), ("91.0.0", "2028-01-31")];
    let files = files.map(|(version, end)| super::release_file(folder.path(), version, "unsupported", end));
    let catalog = std::env::join_paths(&files).expect("a list");
    let variables = [("CE_AWS_CATALOG", catalog.to_str().expect("text"))];
    let list = run_with(folder.path(), &variables, &["releases"]);
    assert!(["90.0.0", "91.0.0"].iter().all(|version| text(&list.stdout).contains(version)), "{}", text(&list.stderr));
}

#[test]
fn no_color_outranks_the_environment() {
    let folder = TempDir::new().expect("a folder");
    let has_color = |variables: &[(&str, &str)], options: &[&str]| {
        let output = run_with(folder.path(), variables, &[&["validate", "missing.toml"], options].concat());
        text(&output.stderr).contains('\u{1b}')
    };
    let always = [("CE_AWS_COLOR", "always")];
    assert!(has_color(&[], &["--color", "always"]) && has_color(&always, &[]));
    assert!(!has_color(&[], &[]), "a pipe");
    assert!(!has_color(&always, &["--no-color"]) && !has_color(&always, &["--color", "never"]));
    assert!(!has_color(&[], &["--color", "always", "--no-color"]), "the last one counts");
    assert!(has_color(&[], &["--no-color", "--color", "always"]), "the last one counts");
}

#[test]
fn quiet_leaves_data_and_errors() {
    let folder = TempDir::new().expect("a folder");
    let compose = concat!(env!("CARGO_MANIFEST_DIR"), "/src/release/tests/compose-5.1.2.yml");
    std::fs::copy(compose, folder.path().join("compose.yml")).expect("copied");
    let tags = ["CORE_TAG", "UI_TAG", "MONGO_TAG", "RABBITMQ_TAG"].map(|tag| format!("{tag}=x/y:core-90.1.0"));
    let sets = tags.iter().flat_map(|tag| ["--set", tag.as_str()]);
    let import: Vec<_> = ["releases", "import", "compose.yml", "--like", "5.1.2"].into_iter().chain(sets).collect();
    let loud = run(folder.path(), &import);
    let quiet = run(folder.path(), &[import.as_slice(), &["-q"]].concat());
    assert!(!loud.stderr.is_empty(), "there is something to silence");
    assert_eq!((text(&quiet.stdout), text(&quiet.stderr)), (text(&loud.stdout), String::new()));

    let failed = run(folder.path(), &["validate", "missing.toml", "--quiet"]);
    assert!(text(&failed.stderr).contains("there is no plan file missing.toml"));
    std::fs::write(folder.path().join("bad.toml"), "name = \"prod\"\nrelase = \"5.0.0\"\n").expect("written");
    let failed = run(folder.path(), &["validate", "bad.toml", "-q"]);
    assert!(text(&failed.stderr).contains("relase"), "{}", text(&failed.stderr));
}

#[test]
fn quiet_excludes_verbose_on_the_command_line_only() {
    let folder = TempDir::new().expect("a folder");
    let both = run(folder.path(), &["validate", EXAMPLE, "-q", "-v"]);
    assert_eq!(both.status.code(), Some(64));
    assert!(text(&both.stderr).contains("--quiet and --verbose cannot be used together"), "{}", text(&both.stderr));
    for (variable, option) in [("CE_AWS_QUIET", "-v"), ("CE_AWS_VERBOSE", "-q")] {
        let output = run_with(folder.path(), &[(variable, "1")], &["validate", EXAMPLE, option]);
        assert_eq!(output.status.code(), Some(0), "{variable} {option}: {}", text(&output.stderr));
    }
}
