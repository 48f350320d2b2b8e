//! The threads that do the work of passwords, and nothing else.
//!
//! On the threads that the runtime keeps for whatever blocks, every hash met other ones, each with memory of its own, and had
//! the same claim to the processors as a request that is nearly answered. These are few, keep their memory, and stand back.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::sync::oneshot;

use super::{PasswordError, memory::Memory};

/// How much lower the priority of these threads is: beside a thread that wants the whole processor they get a thirtieth of it.
/// Everybody else passes them, and people still sign in while something else keeps the machine busy.
#[cfg(target_os = "linux")]
const NICER: i32 = 15;

/// A piece of work on its way to a thread.
type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// Threads that begin when there is work for them, and end with this.
pub(super) struct Threads {
    shared: Arc<Shared>,
    most: usize,
    /// What each of them begins with.
    memory: Memory,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Threads that have begun.
    threads: usize,
    /// Those of them that wait for work.
    idle: usize,
    over: bool,
}

impl Threads {
    /// At most so many, each with memory like this.
    pub(super) fn new(most: usize, memory: Memory) -> Self {
        let shared = Shared { queue: Mutex::default(), changed: Condvar::new() };
        Self { shared: Arc::new(shared), most, memory }
    }

    /// Has work done by a thread, in the order in which it came. Whoever bounds how many call this bounds the queue.
    ///
    /// Work whose caller has gone away before it began is left out; what has begun is finished. `held` is let go of before the
    /// caller is answered, and the memory wiped after: nobody waits for that but the next hash of this thread.
    ///
    /// # Errors
    /// Those of the work; [`PasswordError::Memory`] where no thread can begin; [`PasswordError::Stopped`] where it panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        held: impl Send + 'static,
        work: impl FnOnce(&mut Memory) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let (told, answer) = oneshot::channel();
        self.hand_on(Box::new(move |memory: &mut Memory| {
            // In this order, so that work which panics lets go of what it held before its caller reads of it.
            let caller = told;
            let kept = held;
            if caller.is_closed() {
                return;
            }
            let found = work(memory);
            drop(kept);
            // Nobody listening: the caller went away after the work began.
            drop(caller.send(found));
        }))?;
        answer.await.map_err(|_| PasswordError::Stopped)?
    }

    fn hand_on(&self, job: Job) -> Result<(), PasswordError> {
        let mut queue = self.shared.lock();
        queue.jobs.push_back(job);
        if queue.idle < queue.jobs.len() && queue.threads < self.most {
            if self.begin() {
                queue.threads += 1;
            } else if queue.threads == 0 {
                drop(queue.jobs.pop_back());
                return Err(PasswordError::Memory);
            }
        }
        drop(queue);
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Begins a thread, if the system lets it.
    fn begin(&self) -> bool {
        let (shared, memory) = (Arc::clone(&self.shared), self.memory.another());
        thread::Builder::new().name("password".into()).spawn(move || shared.serve(memory)).is_ok()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.over = true;
        let given_up = std::mem::take(&mut queue.jobs);
        drop(queue);
        self.shared.changed.notify_all();
        drop(given_up);
    }
}

impl Shared {
    /// Nothing that may panic is done while it is held.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a thread does from its beginning to its end.
    fn serve(&self, mut memory: Memory) {
        stand_back();
        while let Some(job) = self.next() {
            // The caller of work that panics is told by its silence. The thread goes on, with its memory wiped.
            drop(catch_unwind(AssertUnwindSafe(|| job(&mut memory))));
            memory.wipe();
        }
    }

    /// The next piece of work, once there is one; nothing when it is over.
    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if queue.over {
                return None;
            }
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            queue.idle += 1;
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }
}

/// Lets others pass the present thread: on Linux this is a matter of each thread, elsewhere of whole processes.
fn stand_back() {
    #[cfg(target_os = "linux")]
    // Nobody is ever forbidden to ask for less. Where it fails all the same, hashes are as good as anything else.
    let _: rustix::io::Result<i32> = rustix::process::nice(NICER);
}

#[cfg(test)]
mod tests;
