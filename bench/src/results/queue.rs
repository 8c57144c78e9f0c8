//! What queueing theory says of a server: M/M/c, and M/M/1 where c is 1.
//!
//! Requests come at random moments and wait in one queue for any of c servers. It knows nothing of sockets, of cores that
//! have to wake up, or of a generator that runs on the same cores: how far a measurement lies from it is what those cost.

/// Servers that share a queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    /// How long one of them is busy with a request on average, in seconds.
    pub service: f64,
    /// How many there are: c.
    pub servers: usize,
}

impl Queue {
    /// `M/M/1`.
    pub fn name(&self) -> String {
        format!("M/M/{}", self.servers)
    }

    /// Requests in service on average: the offered load in erlangs.
    fn erlangs(&self, rate: f64) -> f64 {
        rate * self.service
    }

    /// The share of requests that must wait at so many per second (Erlang's C formula); `None` where more come than can be
    /// served.
    pub fn waiting(&self, rate: f64) -> Option<f64> {
        let (load, servers) = (self.erlangs(rate), self.servers as f64);
        // Erlang's B by its recursion, which stays in bounds where the factorials of the formula do not.
        let blocked = (1..=self.servers).fold(1.0, |b, n| load * b / (n as f64 + load * b));
        (load < servers).then(|| servers * blocked / (servers - load * (1.0 - blocked)))
    }

    /// The mean response time in seconds: service, and waiting before it.
    pub fn mean(&self, rate: f64) -> Option<f64> {
        let wait = self.service / (self.servers as f64 - self.erlangs(rate));
        Some(self.service + self.waiting(rate)? * wait)
    }

    /// The response time in seconds that a share of `quantile` of the requests stays below.
    pub fn percentile(&self, rate: f64, quantile: f64) -> Option<f64> {
        let wait = self.waiting(rate)?;
        let longer = |time: f64| self.longer(wait, self.erlangs(rate), time / self.service);
        let (mut low, mut high) = (0.0, self.mean(rate)?);
        while longer(high) > 1.0 - quantile {
            high *= 2.0;
        }
        // Each step halves the interval: forty leave a millionth of a millionth of it.
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            if longer(middle) > 1.0 - quantile { low = middle } else { high = middle }
        }
        Some(high)
    }

    /// The share of requests whose response takes longer than `time` service times: the sum of an exponential service, and
    /// for those that wait of an exponential wait at rate c less load.
    fn longer(&self, wait: f64, load: f64, time: f64) -> f64 {
        let rate = self.servers as f64 - load;
        let served = (-time).exp();
        let both = if (rate - 1.0).abs() < 1e-9 {
            served * (1.0 + time)
        } else {
            (rate * served - (-rate * time).exp()) / (rate - 1.0)
        };
        (1.0 - wait) * served + wait * both
    }
}
