//! Locks: pthread_mutex_lock(3), as the standard library wraps it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex under which no code runs that can panic: a poisoned one is then as good as any.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
