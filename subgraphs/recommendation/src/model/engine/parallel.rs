//! The same work on many rows, in as many threads as are given; the result is the same for any number of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Is told how much of how much is done, and answers whether to go on.
pub type Watch<'a> = dyn Fn(u64, u64) -> bool + Sync + 'a;

/// Goes on whatever is done.
pub fn unwatched(_: u64, _: u64) -> bool {
    true
}

/// Rows that a thread takes at a time.
const CHUNK: usize = 128;

/// `work` of each row below `count`, in the order of rows; `scratch` makes what a thread keeps from row to row. None when `watch`
/// said to stop.
pub fn map<S, T: Send>(
    count: usize,
    threads: usize,
    watch: &Watch<'_>,
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> T + Sync,
) -> Option<Vec<T>> {
    let chunks = count.div_ceil(CHUNK);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let stopped = AtomicBool::new(false);
    let run = || {
        let mut own = scratch();
        let mut parts: Vec<(usize, Vec<T>)> = Vec::new();
        while !stopped.load(Ordering::Relaxed) {
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            if chunk >= chunks {
                break;
            }
            let rows = chunk * CHUNK..((chunk + 1) * CHUNK).min(count);
            let length = rows.len();
            parts.push((chunk, rows.map(|row| work(&mut own, row)).collect()));
            let so_far = done.fetch_add(length, Ordering::Relaxed) + length;
            if !watch(so_far as u64, count as u64) {
                stopped.store(true, Ordering::Relaxed);
            }
        }
        parts
    };
    let mut parts = if threads <= 1 || chunks <= 1 {
        run()
    } else {
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads.min(chunks)).map(|_| scope.spawn(run)).collect();
            let mut parts = Vec::new();
            for worker in workers {
                match worker.join() {
                    Ok(done) => parts.extend(done),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            parts
        })
    };
    if stopped.into_inner() {
        return None;
    }
    parts.sort_unstable_by_key(|(chunk, _)| *chunk);
    Some(parts.into_iter().flat_map(|(_, rows)| rows).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_threads_gives_the_same() {
        let square = |(): &mut (), row: usize| row * row;
        let expected: Vec<usize> = (0..1000).map(|row| row * row).collect();
        for threads in [0, 1, 2, 7] {
            let found = map(1000, threads, &unwatched, || (), square);
            assert_eq!(found.as_ref(), Some(&expected), "{threads}");
        }
        assert_eq!(map(0, 4, &unwatched, || (), square), Some(Vec::new()));
        let stop = |done: u64, _: u64| done < 300;
        assert_eq!(map(1000, 3, &stop, || (), square), None);
    }
}
