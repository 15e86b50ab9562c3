//! This process's terminal, while a session in a container has it.

use std::io::IsTerminal;

use tokio::sync::mpsc::Sender;

use crate::aws::exec::channel::Size;
use crate::aws::exec::conversation::Input;

/// What a program without a terminal is given: wide enough that few lines are wrapped.
const NONE: Size = Size { columns: 300, rows: 100 };

/// Whether a person can type here and see what is printed.
pub fn is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// The present size of the terminal.
pub fn size() -> Size {
    let measured = terminal_size::terminal_size().filter(|_| std::io::stdout().is_terminal());
    measured.map_or(NONE, |(columns, rows)| Size { columns: columns.0, rows: rows.0 })
}

#[cfg(unix)]
mod unix {
    use std::io::Read;

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
    use tokio::signal::unix::{SignalKind, signal};

    use super::{Input, Sender, size};

    /// Raw mode: every key goes to the container, Ctrl-C too. It ends with this value, whatever the reason.
    pub struct Raw(Termios);

    impl Raw {
        /// # Errors
        ///
        /// Standard input is no terminal.
        pub fn enter() -> std::io::Result<Self> {
            let input = std::io::stdin();
            let former = tcgetattr(&input)?;
            let mut raw = former.clone();
            raw.make_raw();
            tcsetattr(&input, OptionalActions::Now, &raw)?;
            Ok(Self(former))
        }
    }

    impl Drop for Raw {
        fn drop(&mut self) {
            // There is nobody left to report a failure to.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
        }
    }

    /// Sends what is typed, from a thread of its own: a read cannot be taken back, and ends with the process.
    pub fn send_keys(sender: Sender<Input>) {
        std::thread::spawn(move || {
            let mut keys = [0; 1024];
            while let Ok(count @ 1..) = std::io::stdin().lock().read(&mut keys) {
                if sender.blocking_send(Input::Keys(keys[..count].to_vec())).is_err() {
                    break;
                }
            }
        });
    }

    /// Sends the size now and whenever it changes, until nobody wants it.
    ///
    /// # Errors
    ///
    /// The signal cannot be watched.
    pub async fn send_sizes(sender: Sender<Input>) -> std::io::Result<()> {
        let mut changes = signal(SignalKind::window_change())?;
        while sender.send(Input::Size(size())).await.is_ok() && changes.recv().await.is_some() {}
        Ok(())
    }

    /// Waits until the process is to end; gives the number of the signal.
    ///
    /// # Errors
    ///
    /// The signals cannot be watched.
    pub async fn ended() -> std::io::Result<u8> {
        let (mut hangup, mut terminate) = (signal(SignalKind::hangup())?, signal(SignalKind::terminate())?);
        Ok(tokio::select! { _ = hangup.recv() => 1, _ = terminate.recv() => 15 })
    }
}

#[cfg(unix)]
pub use unix::{Raw, ended, send_keys, send_sizes};
