//! Who runs on which processors: the router under test on its own half of the machine, subgraphs and load generator on the
//! other, so that neither takes time from the other.

use std::io;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The two halves.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    load: CpuSet,
    router: CpuSet,
}

impl Cores {
    /// Halves the processors this process may use; the larger half is the router's. A single one is shared.
    ///
    /// # Errors
    /// When the operating system does not say which they are.
    pub fn halved() -> io::Result<Self> {
        let all = sched_getaffinity(Pid::from_raw(0))?;
        let mut usable = Vec::new();
        for cpu in 0..CpuSet::count() {
            if all.is_set(cpu)? {
                usable.push(cpu);
            }
        }
        let (load, router) = match usable.as_slice() {
            [only] => (std::slice::from_ref(only), std::slice::from_ref(only)),
            several => several.split_at(several.len() / 2),
        };
        let set = |cpus: &[usize]| {
            let mut set = CpuSet::new();
            cpus.iter().try_for_each(|cpu| set.set(*cpu)).map(|()| set)
        };
        Ok(Self {
            load: set(load)?,
            router: set(router)?,
        })
    }

    /// Keeps this thread, and the threads and processes that it starts, to the half of load and subgraphs.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn keep_to_load(&self) -> io::Result<()> {
        Ok(sched_setaffinity(Pid::from_raw(0), &self.load)?)
    }

    /// Starts something on the router's half: a process keeps to where the thread that started it was.
    ///
    /// # Errors
    /// When the operating system refuses, or `start` fails.
    pub fn on_router<T>(&self, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        sched_setaffinity(Pid::from_raw(0), &self.router)?;
        let started = start();
        self.keep_to_load()?;
        started
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_started_keeps_to_its_half() {
        let here = || sched_getaffinity(Pid::from_raw(0)).unwrap();
        // Affinity is a thread's own, and this thread ends with the test.
        let cores = Cores::halved().unwrap();
        cores.keep_to_load().unwrap();
        assert_eq!(here(), cores.load);
        let there = cores.on_router(|| Ok(here())).unwrap();
        assert_eq!(there, cores.router);
        assert_eq!(here(), cores.load);
        assert!(
            cores
                .on_router(|| Err::<(), _>(io::Error::other("x")))
                .is_err()
        );
        assert_eq!(here(), cores.load);
    }
}
