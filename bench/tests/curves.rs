//! Curves over load and over threads: what theory says, where the knee is, and the tables and the picture of saved rows.

#![allow(clippy::unwrap_used)] // clippy allows it in test functions, but not in what they call.

use bench::results::queue::Queue;

#[test]
fn one_server_is_the_closed_formula() {
    let queue = Queue { service: 0.001, servers: 1 };
    for (rate, busy) in [(100.0, 0.1), (500.0, 0.5), (900.0, 0.9), (990.0, 0.99)] {
        let mean = 0.001 / (1.0 - busy);
        let near = |found: Option<f64>, expected: f64| {
            let found = found.unwrap();
            assert!((found / expected - 1.0).abs() < 1e-6, "{rate}: {found} {expected}");
        };
        near(queue.waiting(rate), busy);
        near(queue.mean(rate), mean);
        // The response time is exponential.
        near(queue.percentile(rate, 0.5), mean * 2_f64.ln());
        near(queue.percentile(rate, 0.99), mean * 100_f64.ln());
    }
    assert_eq!((queue.mean(1000.0), queue.percentile(1001.0, 0.5)), (None, None));
}

#[test]
fn two_servers_share_a_queue() {
    // Erlang's C of two servers is 2ρ² ÷ (1 + ρ), the mean s ÷ (1 - ρ²).
    for busy in [0.1, 0.5, 0.75, 0.95] {
        let queue = Queue { service: 0.01, servers: 2 };
        let rate = 200.0 * busy;
        let waiting = queue.waiting(rate).unwrap();
        assert!((waiting - 2.0 * busy * busy / (1.0 + busy)).abs() < 1e-9, "{busy}");
        assert!((queue.mean(rate).unwrap() - 0.01 / (1.0 - busy * busy)).abs() < 1e-9, "{busy}");
        // Half as busy at the same rate as one server, and half as quick as one of twice its speed.
        let (one, fast) = (Queue { servers: 1, ..queue }, Queue { service: 0.005, servers: 1 });
        let at = |queue: Queue| queue.percentile(rate, 0.99);
        assert!(at(fast) < at(queue) && at(one).is_none_or(|p99| at(queue).unwrap() < p99));
    }
    assert_eq!(Queue { service: 0.01, servers: 2 }.name(), "M/M/2");
}
