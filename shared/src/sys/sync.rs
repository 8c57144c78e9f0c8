//! Locks: a mutex without poisoning. A first reading may skip it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`. No code that can panic runs under our locks, so a poisoned mutex is as good as any.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
