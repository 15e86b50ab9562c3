//! Identifies this process, and tells whether another one on this machine is dead.
//!
//! Then the next run does not have to wait for a run that was killed. On Linux, the kernel's boot id, the PID
//! namespace, the PID and the start time identify a process (proc(5)).

use serde::{Deserialize, Serialize};

/// What identifies a process besides its PID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot: String,
    /// `pid:[4026531836]`.
    pub namespace: String,
    /// When it started, in clock ticks since boot.
    pub started: u64,
}

/// This process; `None` if it cannot be identified.
pub fn this() -> Option<Process> {
    Some(Process { boot: boot()?, namespace: namespace()?, started: state(std::process::id())?.0 })
}

/// Whether a process is known to be dead: it ran in this boot and namespace, and it has ended or its PID was reused.
pub fn is_dead(pid: u32, process: &Process) -> bool {
    let is_here = boot().as_ref() == Some(&process.boot) && namespace().as_ref() == Some(&process.namespace);
    is_here && (is_gone(pid) || state(pid).is_some_and(|(started, is_ended)| is_ended || started != process.started))
}

/// The name of this machine.
pub fn host() -> String {
    #[cfg(unix)]
    let name = Some(rustix::system::uname().nodename().to_string_lossy().into_owned());
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").ok();
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

fn boot() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn namespace() -> Option<String> {
    Some(std::fs::read_link("/proc/self/ns/pid").ok()?.to_string_lossy().into_owned())
}

/// When a process started, and whether it is a zombie. The second field, the name of the program, may contain anything;
/// the third is the state, the 22nd the start time.
fn state(pid: u32) -> Option<(u64, bool)> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = line.rsplit_once(')')?.1.split_whitespace();
    let is_ended = matches!(fields.next()?, "Z" | "X");
    Some((fields.nth(18)?.parse().ok()?, is_ended))
}

/// A process that /proc hides (`hidepid`) still exists.
#[cfg(unix)]
fn is_gone(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_none_or(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_gone(_pid: u32) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_one_that_has_ended_is_dead() {
        let me = this().expect("Linux identifies it");
        assert!(!is_dead(std::process::id(), &me));
        let reused = Process { started: me.started + 1, ..me.clone() };
        assert!(is_dead(std::process::id(), &reused), "its PID was reused");
        let mut child = std::process::Command::new("true").spawn().expect("it starts");
        let of_child = Process { started: state(child.id()).expect("it is there").0, ..me.clone() };
        child.wait().expect("it ends");
        assert!(is_dead(child.id(), &of_child));
        for elsewhere in
            [Process { boot: "another".to_owned(), ..me.clone() }, Process { namespace: "another".to_owned(), ..me }]
        {
            assert!(!is_dead(child.id(), &elsewhere), "nothing is known of other machines");
        }
        assert!(!host().is_empty());
    }
}
