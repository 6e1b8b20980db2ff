//! Contracts: who gets which part of what a manuscript earns, where and how long.

use coko_core::graphql::{Refusal, Refusals};
use diesel::prelude::*;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::Texts;
use super::organization::is_country;
use crate::error::ContractErrorCode as Code;
use crate::tables::{contract_parties, contracts};

/// The whole, in basis points.
pub(crate) const WHOLE: u32 = 10_000;
/// Most parties of one contract.
const MAX_PARTIES: usize = 50;
/// Most countries of one territory: there are no more.
const MAX_COUNTRIES: usize = 300;
/// Most contracts of one manuscript.
pub(crate) const MAX_CONTRACTS: usize = 200;

coko_core::text_enum! {
    /// What a party of a contract is.
    pub(crate) PayeeKind {
        /// A person.
        User = "USER",
        /// An organisation.
        Organization = "ORGANIZATION",
    }
}

/// What was agreed about a manuscript. Once made, only its end can be set.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = contracts)]
pub(crate) struct Contract {
    pub(crate) id: Uuid,
    pub(crate) manuscript_id: Uuid,
    /// Countries; none is the whole world.
    pub(crate) territory: Texts,
    pub(crate) starts_on: Date,
    /// The last day.
    pub(crate) ends_on: Option<Date>,
    /// What the platform keeps of a sale, in basis points.
    pub(crate) platform_share: i32,
    pub(crate) created_by: Uuid,
    pub(crate) created_at: OffsetDateTime,
}

/// Who gets a part.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = contract_parties)]
pub(crate) struct Party {
    pub(crate) contract_id: Uuid,
    /// From 0.
    pub(crate) position: i32,
    pub(crate) payee_id: Uuid,
    pub(crate) payee_kind: PayeeKind,
    /// Basis points of what the platform does not keep.
    pub(crate) share: i32,
}

impl Contract {
    fn covers(&self, on: Date) -> bool {
        self.starts_on <= on && self.ends_on.is_none_or(|end| on <= end)
    }

    fn is_for_the_world(&self) -> bool {
        self.territory.0.is_empty()
    }

    /// Whether both could decide about the same sale: one for the world gives way to one for a country.
    pub(crate) fn collides(&self, other: &Self) -> bool {
        let starts_before_end =
            |one: &Self, two: &Self| two.ends_on.is_none_or(|end| one.starts_on <= end);
        let same_place = match (self.is_for_the_world(), other.is_for_the_world()) {
            (true, true) => true,
            (false, false) => {
                let theirs = &other.territory.0;
                self.territory
                    .0
                    .iter()
                    .any(|country| theirs.contains(country))
            }
            _ => false,
        };
        same_place && starts_before_end(self, other) && starts_before_end(other, self)
    }

    /// Checks what is about to be agreed.
    ///
    /// # Errors
    /// Every refusal.
    pub(crate) fn check(&self, parties: &[Party]) -> Result<(), Vec<Refusal<Code>>> {
        let mut refusals = Refusals::default();
        if self.territory.0.len() > MAX_COUNTRIES {
            refusals.push(Refusal::beyond(Code::TooMany, "territory", MAX_COUNTRIES));
        }
        for (index, country) in self.territory.0.iter().take(MAX_COUNTRIES).enumerate() {
            let field = format!("territory.{index}");
            if !is_country(country) {
                refusals.add(Code::InvalidTerritory, field);
            } else if self.territory.0[..index].contains(country) {
                refusals.add(Code::Duplicate, field);
            }
        }
        if self.ends_on.is_some_and(|end| end < self.starts_on) {
            refusals.add(Code::InvalidTerm, "endsOn");
        }
        if parties.len() > MAX_PARTIES {
            refusals.push(Refusal::beyond(Code::TooMany, "parties", MAX_PARTIES));
            return refusals.finish(());
        }
        for (index, party) in parties.iter().enumerate() {
            let before = &parties[..index];
            if before.iter().any(|one| one.payee_id == party.payee_id) {
                refusals.add(Code::Duplicate, format!("parties.{index}"));
            }
            if !u32::try_from(party.share).is_ok_and(|share| (1..=WHOLE).contains(&share)) {
                refusals.add(Code::InvalidShare, format!("parties.{index}.share"));
            }
        }
        let sum: i64 = parties.iter().map(|party| i64::from(party.share)).sum();
        if sum != i64::from(WHOLE) {
            refusals.add(Code::SharesNotWhole, "parties");
        }
        refusals.finish(())
    }
}

/// What holds for one sale: who keeps and gets what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// Basis points of a sale that the platform keeps.
    pub(crate) platform_share: u32,
    /// Who gets the rest, with basis points that sum to [`WHOLE`].
    pub(crate) parties: Vec<(Uuid, PayeeKind, u32)>,
}

impl Agreement {
    /// What holds where nothing was agreed: the organisation gets all that the platform does not keep.
    pub(crate) fn default_for(organization: Uuid, platform_share: u32) -> Self {
        Self {
            platform_share,
            parties: vec![(organization, PayeeKind::Organization, WHOLE)],
        }
    }

    /// What a contract says.
    pub(crate) fn of(contract: &Contract, parties: &[Party]) -> Self {
        let parties = parties.iter().map(|party| {
            let share = u32::try_from(party.share).unwrap_or_default();
            (party.payee_id, party.payee_kind, share)
        });
        Self {
            platform_share: u32::try_from(contract.platform_share).unwrap_or_default(),
            parties: parties.collect(),
        }
    }
}

/// The contract that decides about a sale on a day to a reader in `country`, which may not be known: the one for that country,
/// else the one for the world.
pub(crate) fn deciding<'a>(
    contracts: &'a [Contract],
    country: Option<&str>,
    on: Date,
) -> Option<&'a Contract> {
    let mut covering = contracts.iter().filter(|contract| contract.covers(on));
    let local = |contract: &&Contract| {
        country.is_some_and(|code| contract.territory.0.iter().any(|one| one == code))
    };
    covering
        .clone()
        .find(local)
        .or_else(|| covering.find(|contract| contract.is_for_the_world()))
}

#[cfg(test)]
mod tests {
    use time::Month;

    use super::*;

    fn day(day: u8) -> Date {
        Date::from_calendar_date(2026, Month::March, day).unwrap()
    }

    fn contract(territory: &[&str], starts_on: u8, ends_on: Option<u8>) -> Contract {
        Contract {
            id: Uuid::from_u128(starts_on.into()),
            manuscript_id: Uuid::from_u128(1),
            territory: Texts(territory.iter().map(|code| (*code).to_owned()).collect()),
            starts_on: day(starts_on),
            ends_on: ends_on.map(day),
            platform_share: 3000,
            created_by: Uuid::from_u128(2),
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn party(payee: u128, share: i32) -> Party {
        Party {
            contract_id: Uuid::from_u128(1),
            position: 0,
            payee_id: Uuid::from_u128(payee),
            payee_kind: PayeeKind::User,
            share,
        }
    }

    #[test]
    fn the_nearest_contract_decides() {
        let contracts = [
            contract(&[], 1, Some(10)),
            contract(&["SN", "CI"], 5, None),
            contract(&[], 11, None),
        ];
        let decides =
            |country, on| deciding(&contracts, country, day(on)).map(|found| found.starts_on.day());
        assert_eq!(decides(Some("SN"), 4), Some(1));
        assert_eq!(decides(Some("SN"), 5), Some(5));
        assert_eq!(decides(Some("FR"), 5), Some(1));
        assert_eq!(decides(None, 10), Some(1));
        assert_eq!(decides(None, 11), Some(11));
        assert!(deciding(&contracts[1..2], None, day(6)).is_none());
    }

    #[test]
    fn two_contracts_of_the_same_place_and_time_collide() {
        let world = contract(&[], 5, Some(10));
        for (other, expected) in [
            (contract(&[], 1, Some(4)), false),
            (contract(&[], 1, Some(5)), true),
            (contract(&[], 10, None), true),
            (contract(&[], 11, None), false),
            (contract(&["SN"], 5, None), false),
        ] {
            assert_eq!(world.collides(&other), expected, "{other:?}");
            assert_eq!(other.collides(&world), expected, "{other:?}");
        }
        let senegal = contract(&["SN", "ML"], 1, None);
        assert!(senegal.collides(&contract(&["ML"], 20, None)));
        assert!(!senegal.collides(&contract(&["CI"], 20, None)));
    }

    #[test]
    fn shares_are_of_a_whole() {
        let sound = contract(&["SN"], 1, None);
        let codes = |contract: &Contract, parties: &[Party]| -> Vec<Code> {
            let refusals = contract.check(parties).err().unwrap_or_default();
            refusals.into_iter().map(|refusal| refusal.code).collect()
        };
        assert!(codes(&sound, &[party(1, 6000), party(2, 4000)]).is_empty());
        assert_eq!(codes(&sound, &[party(1, 9999)]), [Code::SharesNotWhole]);
        assert_eq!(codes(&sound, &[]), [Code::SharesNotWhole]);
        assert_eq!(
            codes(&sound, &[party(1, 12_000), party(2, -2000)]),
            [Code::InvalidShare, Code::InvalidShare]
        );
        assert_eq!(
            codes(&sound, &[party(1, 5000), party(1, 5000)]),
            [Code::Duplicate]
        );
        let wrong = contract(&["SN", "sn", "SN"], 10, Some(1));
        assert_eq!(
            codes(&wrong, &[party(1, 10_000)]),
            [Code::InvalidTerritory, Code::Duplicate, Code::InvalidTerm]
        );
    }
}
