//! An open loop: requests arrive at a constant rate, whether those before are answered or not, and a request's latency is
//! counted from when it was to be sent. A server that stands still for a second so shows up in every request of that second,
//! and not in one per connection (coordinated omission).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::client::Client;
use super::fault::{CONNECTION, TIMEOUT, fault};
use super::figures::Tally;
use super::workload::Workload;

/// Requests that arrive one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrivals {
    /// The number of the first.
    pub(super) first: u64,
    /// How many there are.
    pub(super) count: u64,
    /// How many in a second.
    pub(super) rate: u32,
    /// How long after its arrival an answer is waited for.
    pub(super) patience: Duration,
}

/// What clients and the clock share.
struct Shared {
    arrivals: Arrivals,
    workload: Arc<Workload>,
    begun: Instant,
    /// As many permits as requests have arrived and are not taken.
    due: Semaphore,
    taken: AtomicU64,
    tally: Mutex<Tally>,
}

impl Arrivals {
    /// Sends all of them over `clients`; those that find every client busy wait for one. Returns once all are answered or
    /// given up, with the time from the first arrival until then, and the clients for the next time.
    ///
    /// # Errors
    /// When the machine gives no thread, or a request cannot be made.
    pub(super) async fn send(
        self,
        workload: &Arc<Workload>,
        clients: Vec<Client>,
    ) -> anyhow::Result<(Tally, Duration, Vec<Client>)> {
        let shared = Arc::new(Shared {
            arrivals: self,
            workload: workload.clone(),
            begun: Instant::now(),
            due: Semaphore::new(0),
            taken: AtomicU64::new(0),
            tally: Mutex::default(),
        });
        let (clock, many) = (shared.clone(), clients.len());
        // The runtime's timers are a millisecond coarse, a thread's sleep is not.
        std::thread::Builder::new()
            .name("arrivals".to_owned())
            .spawn(move || clock.keep_time(many))
            .context("no thread for the clock")?;
        let mut working = JoinSet::new();
        for client in clients {
            working.spawn(shared.clone().work(client));
        }
        let mut clients = Vec::with_capacity(many);
        while let Some(ended) = working.join_next().await {
            clients.push(ended.context("a client's task failed")??);
        }
        let took = shared.begun.elapsed();
        let tally = std::mem::take(&mut *shared.tally());
        Ok((tally, took, clients))
    }

    /// When a request arrives, after the first.
    fn after(&self, index: u64) -> Duration {
        let nanoseconds = u128::from(index) * 1_000_000_000 / u128::from(self.rate.max(1));
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

impl Shared {
    /// Lets requests arrive when it is time, and in the end every one of so many clients see that there are no more.
    fn keep_time(&self, clients: usize) {
        for index in 0..self.arrivals.count {
            let arrival = self.begun + self.arrivals.after(index);
            // Time that has passed is no time to wait: who overslept catches up.
            std::thread::sleep(arrival.saturating_duration_since(Instant::now()));
            self.due.add_permits(1);
        }
        self.due.add_permits(clients);
    }

    /// Takes requests in the order of their arrival until there are no more.
    async fn work(self: Arc<Self>, mut client: Client) -> anyhow::Result<Client> {
        loop {
            self.due.acquire().await?.forget();
            let index = self.taken.fetch_add(1, Ordering::Relaxed);
            if index >= self.arrivals.count {
                return Ok(client);
            }
            let arrival = self.begun + self.arrivals.after(index);
            let request = self.workload.request(self.arrivals.first + index)?;
            let deadline = arrival + self.arrivals.patience;
            let fault = if Instant::now() < deadline {
                let body = request.operation.by_id(&request.variables);
                let posted = client.post(Some(request.token), &body, fault);
                match tokio::time::timeout_at(deadline.into(), posted).await {
                    Ok(Ok(fault)) => fault,
                    Ok(Err(_)) => Some(CONNECTION.to_owned()),
                    Err(_) => Some(TIMEOUT.to_owned()),
                }
            } else {
                // It waited for a connection until nobody waits for it any more.
                Some(TIMEOUT.to_owned())
            };
            self.tally().note(request.kind, arrival.elapsed(), fault);
        }
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::super::accounts::readers;
    use super::super::client::Endpoint;
    use super::super::mix::Kind;
    use super::super::shelf::Shelf;
    use super::*;
    use crate::wire::{Expect, Wire, answer};

    /// An endpoint that answers each connection's first request after `delay`, and all others at once.
    async fn endpoint(delay: Duration) -> Arc<Endpoint> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut wire = Wire::new(stream).unwrap();
                    let mut delay = delay;
                    while let Ok(Some(message)) = wire.receive(Expect::Request).await {
                        assert_eq!(message.path, "/graphql");
                        tokio::time::sleep(std::mem::take(&mut delay)).await;
                        let sent = wire.send(&answer("200 OK", br#"{"data":{}}"#)).await;
                        if sent.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Arc::new(Endpoint::new(&url.parse().unwrap()).unwrap())
    }

    async fn measured(delay: Duration, patience: Duration) -> (Tally, Duration, Vec<Client>) {
        let shelf = Shelf {
            words: vec!["soleil".to_owned()],
            ..Shelf::default()
        };
        let mix = "search=1".parse().unwrap();
        let readers = readers(vec!["token".to_owned()]);
        let workload = Arc::new(Workload::new(readers, shelf, Vec::new(), &mix));
        let arrivals = Arrivals {
            first: 0,
            count: 100,
            rate: 200,
            patience,
        };
        let client = Client::new(&endpoint(delay).await);
        arrivals.send(&workload, vec![client]).await.unwrap()
    }

    #[tokio::test]
    async fn a_pause_of_the_server_counts_for_all_that_arrived_meanwhile() {
        let pause = Duration::from_millis(300);
        let (tally, took, clients) = measured(pause, Duration::from_secs(20)).await;
        let latencies = &tally.of(Kind::Search).latencies;
        assert_eq!((latencies.count(), clients.len()), (100, 1));
        assert!(took >= Duration::from_millis(495), "the last arrives then");
        // Sixty of a hundred arrived during the pause; by then the first of them had waited for all of it.
        assert!(latencies.quantile(1000) >= pause);
        assert!(latencies.quantile(700) >= Duration::from_millis(100));
        assert!(tally.of(Kind::Search).errors.is_empty());
    }

    #[tokio::test]
    async fn who_waits_too_long_is_given_up_and_the_rest_goes_on() {
        let (tally, ..) = measured(Duration::from_millis(300), Duration::from_millis(100)).await;
        let search = tally.of(Kind::Search);
        assert_eq!(search.latencies.count(), 100);
        // A new connection is as slow at first as the one that was given up with its request.
        assert!(search.errors[TIMEOUT] > 1, "{:?}", search.errors);
    }
}
