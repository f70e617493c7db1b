//! A map over batches on every core, in order, with a bound on what is under way.
//!
//! One thread reads, as many as there are cores work, and the caller takes the results in the order of the input. Each batch
//! has a slot for its result; the queue of slots is the order, and its length the bound. When the caller takes no more, the
//! threads are left to end by themselves: one may be waiting for input that never comes.

use super::lines::Batch;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// More would only take memory: reading is one thread's work.
const MOST_THREADS: usize = 16;

/// Where a result will be.
type Slot<T> = Receiver<T>;
/// A batch, and where its result belongs.
type Job<T> = (Batch, SyncSender<T>);

/// The results of `work` for everything that `read` hands on.
pub fn map<T: Send + 'static>(
    read: impl FnOnce(&mut dyn FnMut(Batch) -> ControlFlow<()>) + Send + 'static,
    work: fn(&Batch) -> T,
) -> impl Iterator<Item = T> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let (jobs_in, jobs) = sync_channel::<Job<T>>(threads);
    let (slots_in, slots) = sync_channel::<Slot<T>>(threads * 2);
    let jobs = Arc::new(Mutex::new(jobs));
    for _ in 0..threads {
        let jobs = Arc::clone(&jobs);
        thread::spawn(move || {
            while let Some((batch, slot)) = next(&jobs) {
                // Nobody waits for it any more where this fails.
                let _ = slot.send(work(&batch));
            }
        });
    }
    thread::spawn(move || {
        read(&mut |batch| {
            let (result, slot) = sync_channel(1);
            if slots_in.send(slot).is_ok() && jobs_in.send((batch, result)).is_ok() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
    });
    // A slot whose worker is gone ends it: there is no result that could follow in order.
    slots.into_iter().map_while(|slot| slot.recv().ok())
}

fn next<T>(jobs: &Mutex<Receiver<Job<T>>>) -> Option<Job<T>> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(count: usize) -> impl FnOnce(&mut dyn FnMut(Batch) -> ControlFlow<()>) {
        move |hand_on| {
            for number in 0..count {
                if hand_on(Batch::Unreadable(number.to_string())).is_break() {
                    return;
                }
            }
        }
    }

    fn work(batch: &Batch) -> String {
        let Batch::Unreadable(text) = batch else { panic!("a number") };
        // The earlier of two neighbours takes longer.
        if text.ends_with(['0', '2', '4', '6', '8']) {
            thread::sleep(std::time::Duration::from_micros(200));
        }
        text.clone()
    }

    #[test]
    fn results_are_in_the_order_of_the_input() {
        let results: Vec<String> = map(numbered(1000), work).collect();
        assert_eq!(results, (0..1000).map(|number| number.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_runs_far_ahead_of_who_takes_the_results() {
        static HANDED_ON: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        use std::sync::atomic::Ordering::SeqCst;
        let endless = |hand_on: &mut dyn FnMut(Batch) -> ControlFlow<()>| {
            while hand_on(Batch::Unreadable("1".to_owned())).is_continue() {
                HANDED_ON.fetch_add(1, SeqCst);
            }
        };
        let mut results = map(endless, work);
        assert_eq!(results.next().as_deref(), Some("1"));
        thread::sleep(std::time::Duration::from_millis(50));
        assert!(HANDED_ON.load(SeqCst) <= MOST_THREADS * 3 + 2);
        drop(results);
    }
}
