//! Which kinds of requests readers make, and how often each.

use std::str::FromStr;

/// Most parts that the shares may add up to.
const FINEST: u32 = 10_000;

/// What a reader does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Looks at the catalogue, at books and at the own library.
    Browse,
    /// Looks for a book.
    Search,
    /// Reads on: a device pushes its place.
    Progress,
    /// Buys a book.
    Purchase,
}

impl Kind {
    /// Every kind, in the order of tables.
    pub const ALL: [Self; 4] = [Self::Browse, Self::Search, Self::Progress, Self::Purchase];

    /// Its name in tables and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Browse => "browse",
            Self::Search => "search",
            Self::Progress => "progress",
            Self::Purchase => "purchase",
        }
    }
}

/// The share of each kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mix {
    /// In the order of [`Kind::ALL`].
    shares: [u32; 4],
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut shares = [0; 4];
        for part in text.split(',') {
            let (name, share) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}` is not of the form browse=60"))?;
            let place = Kind::ALL.iter().position(|kind| kind.name() == name.trim());
            let place = place.ok_or_else(|| {
                format!("`{name}` is none of browse, search, progress and purchase")
            })?;
            shares[place] = share
                .trim()
                .parse()
                .map_err(|_| format!("`{share}` is not a share"))?;
        }
        let total = shares
            .iter()
            .try_fold(0_u32, |sum, share| sum.checked_add(*share));
        match total {
            Some(1..=FINEST) => Ok(Self { shares }),
            _ => Err(format!("the shares must add up to 1 to {FINEST}")),
        }
    }
}

impl Mix {
    /// One round of requests with exactly these shares, each kind spread out over it.
    pub(super) fn cycle(&self) -> Vec<Kind> {
        let total: i64 = self.shares.iter().map(|share| i64::from(*share)).sum();
        let mut credit = [0_i64; 4];
        let next = |_| {
            for (credit, share) in credit.iter_mut().zip(self.shares) {
                *credit += i64::from(share);
            }
            let richest = (0..credit.len()).max_by_key(|place| credit[*place]);
            let place = richest.unwrap_or_default();
            credit[place] -= total;
            Kind::ALL[place]
        };
        (0..total).map(next).collect()
    }

    /// How many of so many requests are of a kind, rounded up.
    pub(super) fn of(&self, kind: Kind, requests: u64) -> u64 {
        let total: u64 = self.shares.iter().map(|share| u64::from(*share)).sum();
        (requests * u64::from(self.shares[kind as usize])).div_ceil(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_has_the_shares_and_spreads_them() {
        let mix: Mix = "browse=60,search=15,progress=20,purchase=5"
            .parse()
            .unwrap();
        let cycle = mix.cycle();
        assert_eq!(cycle.len(), 100);
        for (kind, share) in Kind::ALL.into_iter().zip([60, 15, 20, 5]) {
            let of = |part: &[Kind]| part.iter().filter(|found| **found == kind).count();
            assert_eq!(of(&cycle), share);
            assert_eq!(mix.of(kind, 1000), 10 * share as u64);
            for part in cycle.chunks(20) {
                assert!(of(part).abs_diff(share / 5) <= 1, "{kind:?} in {part:?}");
            }
        }
        assert_eq!(mix.of(Kind::Purchase, 1), 1);
    }

    #[test]
    fn shares_may_be_left_out_and_must_make_sense() {
        let only: Mix = "search=1".parse().unwrap();
        assert_eq!(only.cycle(), [Kind::Search]);
        assert_eq!(only.of(Kind::Browse, 7), 0);
        for bad in [
            "",
            "browse",
            "read=1",
            "browse=-1",
            "browse=0",
            "browse=10001",
        ] {
            assert!(bad.parse::<Mix>().is_err(), "{bad}");
        }
    }
}
