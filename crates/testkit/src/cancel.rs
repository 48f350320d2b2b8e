//! Callers that go away in the middle.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// Runs `work` for at most `polls` steps and then drops it where it stands, as a server does when its client hangs up.
///
/// Gives nothing if it was dropped. Each number of steps drops it at another await point.
pub async fn cancel_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    Cancelling { work: Box::pin(work), polls }.await
}

struct Cancelling<F> {
    work: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Future for Cancelling<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(left) = self.polls.checked_sub(1) else { return Poll::Ready(None) };
        self.polls = left;
        match self.work.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_ends_or_is_dropped_at_the_step_that_is_named() {
        let three_steps = || async {
            for _ in 0..2 {
                tokio::task::yield_now().await;
            }
        };
        assert_eq!(cancel_after(3, three_steps()).await, Some(()));
        assert_eq!(cancel_after(2, three_steps()).await, None);
        assert_eq!(cancel_after(0, async { 1 }).await, None);
    }
}
