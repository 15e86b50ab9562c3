//! From text to plan file.

use std::{
    cell::RefCell,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use toml::de::DeTable;

use super::{
    file::Surroundings,
    findings::Findings,
    plan_file::{PlanFile, PlanFileKeys},
    problem::{Problem, Problems, Severity},
    region::Region,
    section::{Keys, Section},
    syntax,
};

/// A plan file, and everything there is to say about it.
#[derive(Debug, Clone)]
pub struct Examined {
    /// `None` exactly if the problems have errors.
    pub plan: Option<PlanFile>,
    /// Errors and warnings.
    pub problems: Problems,
}

/// Reads a plan file's text. The path is for messages, and the file that [ca] names is relative to its folder.
///
/// All problems of the file are reported together; a file that is not TOML is not examined any further. Warnings are
/// dropped; [`examine`] has them.
pub fn load(path: &str, text: &str) -> Result<PlanFile, Problems> {
    let Examined { plan, problems } = examine(path, text, None);
    plan.ok_or(problems)
}

/// Reads a plan file, for use in a region that the file itself may not name.
///
/// The file's own region wins. If neither is given, what depends on the region is not checked.
pub fn examine(path: &str, text: &str, fallback: Option<Region>) -> Examined {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs().cast_signed());
    examine_at(path, text, fallback, now)
}

/// The same at another time, in seconds since 1970: certificates expire.
pub(super) fn examine_at(path: &str, text: &str, fallback: Option<Region>, now: i64) -> Examined {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problems = syntax::problems(text, &errors);
        return Examined { plan: None, problems: Problems::new(path, text, problems) };
    }
    let sink = RefCell::new(Findings { root: PlanFileKeys::KEYS, problems: Vec::new(), bound: Vec::new() });
    let around = Surroundings { folder: Path::new(path).parent().unwrap_or(Path::new("")).to_owned(), now };
    let keys = PlanFileKeys::of(Section::root(&document, &sink));
    let region = keys.region.value.or(fallback);
    let plan = PlanFile::read(&keys, &around);
    drop(keys);
    let problems: Vec<Problem> = sink.into_inner().into_problems(region.as_ref().map(|region| region.as_str()));
    let usable = problems.iter().all(|problem| problem.severity == Severity::Warning);
    let plan = plan.filter(|_| usable).map(|plan| PlanFile { region, ..plan });
    Examined { plan, problems: Problems::new(path, text, problems) }
}
