//! Choosing among what there is.

use crate::session::error::CommandError;
use crate::ui::discover::{Item, Listing};

use super::ask::Ask;

/// A thing that exists, chosen or typed; `None` for a new one, where that is possible.
pub fn pick(
    ask: &mut dyn Ask,
    question: &str,
    new: Option<&str>,
    listing: &Listing,
) -> Result<Option<String>, CommandError> {
    let items = &listing.items;
    if items.is_empty() {
        return match new {
            Some(new) => Ok(optional(ask.text(&format!("{question} [{new}]"), Some(""))?)),
            None => ask.text(question, None).map(Some),
        };
    }
    let first = new.iter().map(|new| (*new).to_owned());
    let offered = items.iter().map(|item| offer(item, listing.columns));
    let options: Vec<String> = first.chain(offered).chain(["another one (type its id)".to_owned()]).collect();
    loop {
        let chosen = ask.choose(question, &options, 0)?;
        let index = match (new, chosen) {
            (Some(_), 0) => return Ok(None),
            (Some(_), chosen) => chosen - 1,
            (None, chosen) => chosen,
        };
        let Some(item) = items.get(index) else { return ask.text(question, None).map(Some) };
        if item.usable || insist(ask, item)? {
            return Ok(Some(item.id.clone()));
        }
    }
}

fn insist(ask: &mut dyn Ask, item: &Item) -> Result<bool, CommandError> {
    ask.say(&format!("`ce-aws plan` would refuse it: {}\n", item.why_not()));
    let options = ["no, choose another", "yes, I will fix this"].map(str::to_owned);
    Ok(ask.choose("Use it anyway", &options, 0)? == 1)
}

/// One line of a list to choose from.
fn offer(item: &Item, columns: &[&str]) -> String {
    let facts: Vec<String> = columns.iter().map(|column| item.shown(column)).filter(|fact| !fact.is_empty()).collect();
    let managed = item.managed().map(|managed| format!("  ({managed})")).unwrap_or_default();
    let facts = facts.join("  ") + &managed;
    if item.usable { facts } else { format!("{facts}  (not usable: {})", item.why_not()) }
}

/// Nothing is answered by an empty text.
pub fn optional(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
