//! What a domain deletes from its history.

use std::collections::BTreeSet;

use coko_core::events::{self, Payload as _};
use coko_core::{history, outbox};

use super::{Counted, DISTINCT, Fixture, Forgotten, SEEN, UNSENT, remember};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_the_forgotten_leaves_a_gap_and_nothing_else() {
    let fixture = Fixture::new(Forgotten::DOMAIN).await;
    let payloads: Vec<_> = (0..20)
        .map(|number| {
            Forgotten(Counted {
                number: number % 10,
            })
        })
        .collect();
    fixture.enqueue(&payloads).await;
    fixture.run(&fixture.relay(Forgotten::DOMAIN));
    fixture.reaches(UNSENT, 0).await;
    let about: BTreeSet<String> = ["0", "4", "9"].map(str::to_owned).into();
    let bus = &fixture.platform.bus;
    let forget = async |kind: &str| {
        history::forget(bus, Forgotten::DOMAIN, &[kind], &about)
            .await
            .unwrap()
    };
    assert_eq!(forget("thing.of.another.kind").await, 0);
    assert_eq!(forget(Forgotten::TYPE).await, 6);
    assert_eq!(forget(Forgotten::TYPE).await, 0, "it is gone already");
    let mut connection = fixture.database.pool.get().await.unwrap();
    let subjects = [events::subject_of::<Forgotten>()];
    let dropped = outbox::forget(&mut connection, &subjects, &about).await;
    assert_eq!(dropped.unwrap(), 6);
    let kept = "SELECT count(*) AS count FROM outbox";
    assert_eq!(fixture.count(kept).await, 14);

    // The first and the last are missing too; whoever comes later reads on over the gaps.
    let consumers = fixture
        .consumers()
        .on::<Forgotten>(|connection, _, _, payload| {
            Box::pin(remember(connection, payload.0.number))
        });
    for task in &consumers.tasks() {
        fixture.run(task);
    }
    fixture.reaches(SEEN, 14).await;
    fixture.enqueue(&[Forgotten(Counted { number: 4 })]).await;
    fixture.reaches(SEEN, 15).await;
    assert_eq!(fixture.count(DISTINCT).await, 8);
    fixture.stop.cancel();
}
