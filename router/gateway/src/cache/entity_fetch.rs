//! Entities: those that are kept are not asked for again, and the others are, one fill at a time.

use std::collections::BTreeSet;

use bytes::Bytes;
use coko_executor::{SubgraphReply, SubgraphRequest};
use serde_json::Value;
use serde_json::value::RawValue;

use super::fetch::{Reply, reply};
use super::flight::{Follow, Joined, Lead};
use super::splice::{self, Place};
use super::store::Entry;
use super::tag::Tag;
use super::way::{PATIENCE, Way, count, land};
use super::{Began, Keys, Policy};

/// One representation on its way: all that the answer says of it, under each output of its list.
struct Unit {
    place: Place,
    keys: Keys,
    value: Option<Bytes>,
    errors: Vec<Value>,
}

/// What is missing, by positions of units.
#[derive(Default)]
struct Round {
    /// To be asked for.
    asked: Vec<usize>,
    /// For each of these, the duty to tell others where there is one.
    leads: Vec<Option<Lead>>,
    /// Others ask for these.
    follows: Vec<(usize, Follow)>,
}

impl Way<'_> {
    /// The keys of the answer, each with the position of its list.
    fn outputs(&self) -> Vec<(&str, usize)> {
        self.layout.outputs().collect()
    }

    fn units(&self, body: &[u8]) -> Vec<Unit> {
        // What comes after the lists and between them is the other variables.
        let mut rest: Vec<&[u8]> = Vec::new();
        let mut copied = self.layout.document_bytes();
        for list in self.layout.lists() {
            rest.push(&body[copied..list.content.0]);
            copied = list.content.1;
        }
        rest.push(&body[copied..]);
        let rest = Keys {
            public: self.key(&self.caller.headers, &rest),
            own: self.key(&self.caller.own, &rest),
        };
        let mut units = Vec::new();
        for (position, list) in self.layout.lists().enumerate() {
            for (item, (start, end)) in list.items().enumerate() {
                let parts = [&position.to_le_bytes()[..], &body[start..end]];
                units.push(Unit {
                    place: (position, item),
                    keys: Keys {
                        public: self.key(&rest.public, &parts),
                        own: self.key(&rest.own, &parts),
                    },
                    value: None,
                    errors: Vec::new(),
                });
            }
        }
        units
    }

    pub(super) async fn entities(&self, request: SubgraphRequest<'_>) -> Reply {
        let mut units = self.units(&request.body);
        let keys: Vec<Keys> = units.iter().map(|unit| unit.keys).collect();
        let (found, mut began) = self.cache.find(&keys).await;
        for (unit, entry) in units.iter_mut().zip(found) {
            if let Some(entry) = entry {
                self.take(unit, &entry);
            }
        }
        let hits = units.iter().filter(|unit| unit.value.is_some()).count();
        count(hits, units.len() - hits);
        if hits == units.len() {
            self.fetches.note_hit();
        }
        for round in 0.. {
            let round = self.divide(&units, round < PATIENCE);
            if round.asked.is_empty() && round.follows.is_empty() {
                break;
            }
            if !round.asked.is_empty() {
                let reply = self.ask(&request, &units, &round.asked).await?;
                let policy = self.policy(&reply);
                if round.asked.len() == units.len() && !policy.is_storable() {
                    self.fetches.note(policy, &[]);
                    return Ok(reply);
                }
                let taken = self.absorb(&reply, policy, &request.body, &mut units, &round, began);
                match taken {
                    _ if round.asked.len() == units.len() => return Ok(reply),
                    Some(()) => {}
                    // Which entity is which cannot be told: the whole request is asked as it is.
                    None => return self.whole(request).await,
                }
            }
            drop(round.leads);
            for (position, follow) in round.follows {
                if let Some(entry) = self.cache.landed(follow, request.deadline).await {
                    self.take(&mut units[position], &entry);
                }
            }
            // What is asked for from now on is newer than what was looked for.
            (_, began) = self.cache.find(&[]).await;
        }
        match self.assemble(&units) {
            Some(body) => Ok(reply(body)),
            None => self.whole(request).await,
        }
    }

    /// Divides what is missing into what to ask for and what others are asking for already.
    fn divide(&self, units: &[Unit], patient: bool) -> Round {
        let mut round = Round::default();
        for (position, unit) in units.iter().enumerate() {
            if unit.value.is_some() {
                continue;
            }
            let joined = patient
                .then(|| self.cache.join(self.shape, &unit.keys))
                .flatten();
            let lead = match joined {
                Some(Joined::Follow(follow)) => {
                    round.follows.push((position, follow));
                    continue;
                }
                Some(Joined::Lead(lead)) => Some(lead),
                None => None,
            };
            round.asked.push(position);
            round.leads.push(lead);
        }
        round
    }

    /// Asks for some units: with the request as it is when that is all of them.
    async fn ask(&self, request: &SubgraphRequest<'_>, units: &[Unit], asked: &[usize]) -> Reply {
        let body = if asked.len() == units.len() {
            request.body.clone()
        } else {
            let places: Vec<Place> = asked
                .iter()
                .map(|position| units[*position].place)
                .collect();
            splice::reduced(&request.body, &self.layout, &places)
        };
        let reduced = SubgraphRequest {
            subgraph: request.subgraph,
            body,
            kind: request.kind,
            headers: request.headers,
            deadline: request.deadline,
            files: None,
            layout: None,
        };
        self.call(reduced).await
    }

    /// Takes over a kept entry.
    fn take(&self, unit: &mut Unit, entry: &Entry) {
        unit.value = Some(entry.body.clone());
        self.fetches
            .note(entry.policy(self.cache.now()), &entry.tags);
    }

    /// Takes an answer to some representations apart and keeps what may be kept; `None` when it cannot be taken apart.
    fn absorb(
        &self,
        reply: &SubgraphReply,
        policy: Policy,
        body: &[u8],
        units: &mut [Unit],
        round: &Round,
        began: Began,
    ) -> Option<()> {
        let outputs = self.outputs();
        let asked_of = |list: usize| -> Vec<usize> {
            let asked = round.asked.iter().copied();
            asked
                .filter(|position| units[*position].place.0 == list)
                .collect()
        };
        // For each output, the units that its list answers.
        let answered: Vec<Vec<usize>> = outputs.iter().map(|(_, list)| asked_of(*list)).collect();
        let counts: Vec<(&str, usize)> = outputs
            .iter()
            .zip(&answered)
            .map(|((key, _), units)| (*key, units.len()))
            .collect();
        let parts = reply
            .status
            .is_success()
            .then(|| splice::take_apart(&reply.body, &counts))
            .flatten();
        let Some(parts) = parts else {
            self.fetches.note_untagged(Policy::NEVER);
            return None;
        };
        // Nothing is kept of what an error is about; of all, where it does not say.
        let mut blamed: BTreeSet<usize> = BTreeSet::new();
        for error in parts.errors {
            let place = splice::blamed(&error, &counts);
            let position = place.map(|(output, index)| answered[output][index]);
            match position {
                Some(position) => {
                    blamed.insert(position);
                    let index = units[position].place.1;
                    units[position].errors.push(splice::moved(error, index));
                }
                None => {
                    blamed.extend(&round.asked);
                    units[*round.asked.first()?].errors.push(error);
                }
            }
        }
        let mut kept = Vec::new();
        let mut tags = BTreeSet::new();
        let mut is_complete = true;
        for (position, lead) in round.asked.iter().zip(&round.leads) {
            let unit = &mut units[*position];
            let values: Vec<(&str, &RawValue)> = outputs
                .iter()
                .enumerate()
                .filter(|(_, (_, list))| *list == unit.place.0)
                .filter_map(|(output, (key, _))| {
                    let index = answered[output].binary_search(position).ok()?;
                    Some((*key, parts.values[output][index]))
                })
                .collect();
            let bundle = splice::bundle(values.iter().map(|(_, value)| *value));
            unit.value = Some(bundle.clone());
            let about = (policy.is_storable() && !blamed.contains(position))
                .then(|| self.about(body, unit, &values))
                .flatten();
            let Some(about) = about else {
                is_complete = false;
                continue;
            };
            tags.extend(about.iter().copied());
            if let Some(entry) = self.cache.entry(bundle, policy, about, began) {
                land(lead.as_ref(), &entry, unit.keys);
                kept.push((unit.keys.of(entry.scope), entry));
            }
        }
        if is_complete {
            let tags: Vec<Tag> = tags.into_iter().collect();
            self.fetches.note(policy, &tags);
        } else {
            self.fetches.note_untagged(policy);
        }
        self.cache.keep(kept, began);
        Some(())
    }

    /// The tags of one unit; `None` when it cannot be read.
    fn about(&self, body: &[u8], unit: &Unit, values: &[(&str, &RawValue)]) -> Option<Vec<Tag>> {
        let (list, item) = unit.place;
        let (start, end) = self.layout.lists().nth(list)?.item(item)?;
        let representation: Value = serde_json::from_slice(&body[start..end]).ok()?;
        let values = values
            .iter()
            .map(|(key, value)| Some((*key, serde_json::from_str(value.get()).ok()?)))
            .collect::<Option<Vec<(&str, Value)>>>()?;
        let entities = self.fetches.context.snapshot.shapes.entities();
        let most = self.cache.config.tags;
        Some(
            self.shape
                .entity_tags(&representation, &values, entities, most),
        )
    }

    /// The whole answer; `None` when something kept has not the form it should have.
    fn assemble(&self, units: &[Unit]) -> Option<Bytes> {
        let outputs = self.outputs();
        let lists = self.layout.lists().len();
        let mut per_list = vec![0_usize; lists];
        let places: Vec<(usize, usize)> = outputs
            .iter()
            .map(|(_, list)| {
                per_list[*list] += 1;
                (*list, per_list[*list] - 1)
            })
            .collect();
        let mut values: Vec<Vec<&str>> = vec![Vec::new(); outputs.len()];
        for unit in units {
            let list = unit.place.0;
            let bundled = splice::unbundle(unit.value.as_deref()?, per_list[list])?;
            for (output, place) in places
                .iter()
                .enumerate()
                .filter(|(_, place)| place.0 == list)
            {
                values[output].push(bundled.get(place.1)?);
            }
        }
        let errors: Vec<Value> = units.iter().flat_map(|unit| unit.errors.clone()).collect();
        let keys: Vec<&str> = outputs.iter().map(|(key, _)| *key).collect();
        Some(splice::put_together(&keys, &values, &errors))
    }
}
