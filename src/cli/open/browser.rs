//! The browser of this machine.

use std::io::IsTerminal;

use webbrowser::{Browser, BrowserOptions};

/// Opens the address, if a person is there and has a browser. Whether it worked is seen.
pub fn open(address: &str) {
    if !std::io::stderr().is_terminal() || !has_display() {
        return;
    }
    let address = address.to_owned();
    // A browser in the terminal would not return, and has no display to show.
    std::thread::spawn(move || {
        let _ = webbrowser::open_browser_with_options(
            Browser::Default,
            &address,
            BrowserOptions::new().with_suppress_output(true),
        );
    });
}

/// Without one a browser would take the terminal, or fail. macOS and Windows have one, as does whoever names a browser.
fn has_display() -> bool {
    const SIGNS: [&str; 4] = ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"];
    cfg!(any(target_os = "macos", windows)) || SIGNS.iter().any(|name| std::env::var_os(name).is_some())
}
