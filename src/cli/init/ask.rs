//! Asking: at the terminal, or not at all.

use std::io::IsTerminal;

use dialoguer::console::Term;
use dialoguer::{Input, Select};

use crate::session::error::CommandError;
use crate::ui::text::clean;

/// Somebody who answers. An error means that no answer comes.
pub trait Ask {
    /// Whether a question without a default can be answered.
    fn can_answer(&self) -> bool {
        true
    }

    /// Shows a text.
    fn say(&mut self, text: &str);

    /// The index of one of the options.
    fn choose(&mut self, question: &str, options: &[String], default: usize) -> Result<usize, CommandError>;

    /// A text without spaces around it. Without a default there must be one.
    fn text(&mut self, question: &str, default: Option<&str>) -> Result<String, CommandError>;

    /// Says what is wrong with an answer, before the question is asked again; an error if that is of no use.
    fn object(&mut self, problem: CommandError) -> Result<(), CommandError>;
}

/// Nobody is asked: each question has its default as the answer.
pub struct Nobody;

impl Ask for Nobody {
    fn can_answer(&self) -> bool {
        false
    }

    fn say(&mut self, _text: &str) {}

    fn choose(&mut self, _question: &str, _options: &[String], default: usize) -> Result<usize, CommandError> {
        Ok(default)
    }

    fn text(&mut self, question: &str, default: Option<&str>) -> Result<String, CommandError> {
        default.map(str::to_owned).ok_or_else(|| {
            CommandError::usage("usage/unanswered", format!("no option answers the question: {question}"))
                .hint("`ce-aws init --help` lists the options; without --yes they are asked for")
        })
    }

    fn object(&mut self, problem: CommandError) -> Result<(), CommandError> {
        Err(problem)
    }
}

/// The person at the terminal. Questions go to standard error.
pub struct Person {
    terminal: Term,
}

impl Person {
    /// Whether somebody is there.
    pub fn is_there() -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    pub fn new() -> Self {
        Self { terminal: Term::stderr() }
    }

    /// A line that the terminal shows on one line, so that the list can be drawn again in place.
    fn fitted(&self, text: &str) -> String {
        // The list marks its lines with two characters.
        let room = usize::from(self.terminal.size().1).saturating_sub(4).max(20);
        let text = clean(text);
        match text.char_indices().nth(room - 1) {
            Some((end, _)) if text.chars().count() > room => format!("{}…", &text[..end]),
            _ => text,
        }
    }

    fn gone(&self, error: dialoguer::Error) -> CommandError {
        // Lists hide the cursor, and Ctrl-C leaves them in the middle.
        let _ = self.terminal.show_cursor();
        tracing::debug!(%error, "no answer");
        CommandError::refused("refused/unanswered", "no answer; nothing was written")
    }
}

impl Ask for Person {
    fn say(&mut self, text: &str) {
        anstream::eprint!("{text}");
    }

    fn choose(&mut self, question: &str, options: &[String], default: usize) -> Result<usize, CommandError> {
        let shown: Vec<String> = options.iter().map(|option| self.fitted(option)).collect();
        let select = Select::new().with_prompt(self.fitted(question)).items(&shown).default(default);
        select.interact_on(&self.terminal).map_err(|error| self.gone(error))
    }

    fn text(&mut self, question: &str, default: Option<&str>) -> Result<String, CommandError> {
        let mut input = Input::<String>::new().with_prompt(clean(question));
        if let Some(default) = default {
            input = input.default(default.to_owned()).show_default(!default.is_empty()).allow_empty(true);
        }
        let answer = input.interact_text_on(&self.terminal).map_err(|error| self.gone(error))?;
        Ok(answer.trim().to_owned())
    }

    fn object(&mut self, problem: CommandError) -> Result<(), CommandError> {
        self.say(&problem.text());
        Ok(())
    }
}
