//! Points between the steps of a purchase. In a test's process that armed one, reaching it is a SIGKILL; otherwise it is nothing.

/// The points, in the order in which a purchase and its refund pass them.
pub const POINTS: [&str; 8] = [
    "order-kept",
    "provider-called",
    "checkout-kept",
    "notice-kept",
    "status-known",
    "paid",
    "refund-called",
    "refunded",
];

#[cfg(feature = "fault-points")]
static ARMED: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// Has this process killed when it reaches `name`.
#[cfg(feature = "fault-points")]
pub fn arm(name: &str) {
    // The first call counts.
    let _ = ARMED.set(name.to_owned());
}

#[cfg(feature = "fault-points")]
pub(crate) fn point(name: &str) {
    debug_assert!(POINTS.contains(&name), "{name}");
    if ARMED.get().is_some_and(|armed| armed == name) {
        // Nothing is flushed, closed or unwound, as when the machine fails.
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
    }
}

#[cfg(not(feature = "fault-points"))]
pub(crate) fn point(_: &str) {}
