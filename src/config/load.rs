//! From text to plan file.

use std::{
    cell::RefCell,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use toml::de::DeTable;

use super::{
    ca::Surroundings,
    plan_file::PlanFile,
    problem::{Problem, Problems, Severity},
    reader::{Findings, Section},
    region::Region,
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

/// What follows the first few is mostly their echo.
const MOST_SYNTAX_ERRORS: usize = 3;

/// Reads a plan file's text. The path is for messages, and where the file that [ca] names starts from.
///
/// All problems of the file are reported together, except that a file which is not TOML is not
/// looked at any further. Warnings are dropped; [`examine`] has them.
pub fn load(path: &str, text: &str) -> Result<PlanFile, Problems> {
    let Examined { plan, problems } = examine(path, text, None);
    plan.ok_or(problems)
}

/// Reads a plan file, for use in a region that the file itself may leave open.
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
        let problems = errors.iter().take(MOST_SYNTAX_ERRORS).map(|error| syntax::problem(text, error)).collect();
        return Examined { plan: None, problems: Problems::new(path, text, problems) };
    }
    let sink = RefCell::new(Findings::default());
    let around = Surroundings { folder: Path::new(path).parent().unwrap_or(Path::new("")).to_owned(), now };
    let plan = Section::root(&document, &sink).read(|section| PlanFile::read(section, &around));
    let mut findings = sink.into_inner();
    let region = findings.region().or(fallback);
    if let Some(region) = region {
        findings.check_region(region);
    }
    let problems: Vec<Problem> = findings.into_problems();
    let usable = problems.iter().all(|problem| problem.severity == Severity::Warning);
    let plan = plan.filter(|_| usable).map(|plan| PlanFile { region, ..plan });
    Examined { plan, problems: Problems::new(path, text, problems) }
}
