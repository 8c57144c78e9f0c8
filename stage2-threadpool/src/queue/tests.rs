use super::*;
use shared::sys::poll::{self, Wait};
use shared::telemetry::metrics::Metrics;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::time::{Duration, Instant};

fn socket() -> Socket {
    // Where it leads does not matter: no test reads from it.
    Socket::connect("127.0.0.1:9".parse().unwrap()).unwrap()
}

fn is_called(offer: &Offer<'_>) -> bool {
    poll::wait(&mut [Wait::readable(offer.as_fd())], Some(Instant::now())).unwrap()
}

#[test]
fn one_connection_calls_one_worker_from_its_client() {
    let (queue, counters) = (Queue::new(4, 100), Metrics::default().register());
    let offers: Vec<_> = (0..3).map(|_| queue.offer(true).unwrap()).collect();
    let called = |offers: &[Offer<'_>]| offers.iter().filter(|offer| is_called(offer)).count();
    assert_eq!(called(&offers), 0);
    queue.push(socket(), || 0, &counters);
    assert!(queue.has_backlog());
    assert_eq!(called(&offers), 1);
    let later = queue.offer(true).unwrap();
    assert!(!is_called(&later), "the one that was called is enough");
    // Its client has spoken after all, and it stays.
    let (stays, others): (Vec<_>, Vec<_>) = offers.into_iter().partition(is_called);
    drop(stays);
    assert_eq!(called(&others), 1);
    let (leaves, others): (Vec<_>, Vec<_>) = others.into_iter().partition(is_called);
    leaves.into_iter().for_each(|offer| queue.leave(offer));
    assert_eq!(called(&others), 0, "one is on its way");
    assert!(queue.pop().is_some() && !queue.has_backlog());
}

#[test]
fn a_client_that_never_asked_is_left_before_one_that_has() {
    let (queue, counters) = (Queue::new(4, 100), Metrics::default().register());
    let offers = [true, false, true, false].map(|has_asked| queue.offer(has_asked).unwrap());
    let called: Vec<_> = (0..4)
        .map(|_| {
            queue.push(socket(), || 0, &counters);
            offers.each_ref().map(|offer| u8::from(is_called(offer)))
        })
        .collect();
    assert_eq!(called, [[0, 1, 0, 0], [0, 1, 0, 1], [1, 1, 0, 1], [1, 1, 1, 1]]);
}

#[test]
fn connections_behind_the_one_that_takes_the_last_place_are_a_backlog() {
    let (queue, counters) = (&Queue::new(8, 1), &Metrics::default().register());
    queue.push(socket(), || 1, counters);
    let taken = queue.pop();
    assert!(taken.is_some() && queue.has_backlog(), "its response says so");
}

/// Whether a worker is called sooner or later.
fn will_be_called(offer: &Offer<'_>) -> bool {
    let late = Instant::now() + Duration::from_secs(10);
    poll::wait(&mut [Wait::readable(offer.as_fd())], Some(late)).unwrap()
}

#[test]
fn as_many_workers_are_called_as_connections_lack_places() {
    let (queue, counters) = (&Queue::new(8, 4), &Metrics::default().register());
    (0..4).for_each(|_| queue.push(socket(), || 0, counters));
    let mut taken: Vec<_> = (0..4).map(|_| queue.pop().unwrap()).collect();
    let offers: Vec<_> = (0..4).map(|_| queue.offer(true).unwrap()).collect();
    std::thread::scope(|scope| {
        // Two wait in the accept queue behind it.
        scope.spawn(|| queue.push(socket(), || 2, counters));
        let called: Vec<_> = offers.iter().take(3).map(will_be_called).collect();
        // The acceptor needs a place, or it waits for ever.
        taken.pop();
        assert_eq!(called, [true; 3]);
        assert!(!is_called(&offers[3]));
    });
}

#[test]
fn a_connection_that_comes_while_a_worker_is_on_its_way_has_another_called() {
    let (queue, counters) = (&Queue::new(8, 1), &Metrics::default().register());
    queue.push(socket(), || 0, counters);
    let (first, offer) = (queue.pop(), queue.offer(true).unwrap());
    std::thread::scope(|scope| {
        let other = scope.spawn(|| queue.pop());
        while lock(&queue.state).free_workers == 0 {}
        scope.spawn(|| (0..2).for_each(|_| queue.push(socket(), || 0, counters)));
        let is_called = will_be_called(&offer);
        queue.leave(offer);
        drop(first);
        let (second, offer) = (other.join().unwrap(), queue.offer(true).unwrap());
        while lock(&queue.state).waiting == 0 {}
        // The worker that was called comes, and waits.
        let worker = scope.spawn(|| queue.pop().is_some());
        let is_called_again = will_be_called(&offer);
        queue.leave(offer);
        drop(second);
        assert!(worker.join().unwrap() && is_called && is_called_again);
    });
}

#[test]
fn a_worker_that_is_woken_wakes_the_next() {
    let (queue, counters) = (&Queue::new(4, 100), &Metrics::default().register());
    // None of them comes back for another one.
    let all_have_come = &Barrier::new(4);
    let work = || {
        let taken = queue.pop();
        all_have_come.wait();
        taken.is_some()
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        while lock(&queue.state).free_workers < 4 {}
        (0..4).for_each(|_| queue.push(socket(), || 0, counters));
        assert!(workers.into_iter().all(|worker| worker.join().unwrap()));
    });
    assert!(!lock(&queue.state).is_waking);
}

#[test]
fn a_worker_that_panics_gives_its_connection_s_place_back() {
    let (queue, counters) = (&Queue::new(4, 1), Metrics::default().register());
    std::thread::scope(|scope| {
        let fails = || {
            let taken = queue.pop();
            assert!(taken.is_none(), "a bug in a worker");
        };
        let worker = scope.spawn(move || {
            for _ in 0..3 {
                assert!(catch_unwind(AssertUnwindSafe(fails)).is_err());
            }
        });
        // Each push returns when the queue can take another: the limit is one.
        (0..3).for_each(|_| queue.push(socket(), || 0, &counters));
        worker.join().unwrap();
    });
    assert_eq!(lock(&queue.state).open, 0);
}
