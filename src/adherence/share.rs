//! Shares as exact fractions; percentages are rounded only when they are shown.

use serde::{Serialize, Serializer};

/// A fraction of two whole numbers, 0 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    part: u128,
    whole: u128,
}

/// Past this many bits on either side a fraction is rounded, to about 18 digits, so that sums cannot overflow.
const BITS: u32 = 60;

impl Share {
    pub(super) const ZERO: Self = Self { part: 0, whole: 1 };
    pub(super) const ONE: Self = Self { part: 1, whole: 1 };

    /// `part` of `whole`; a negative part is none, and of nothing there is nothing to do: all is done.
    pub(super) fn new(part: i64, whole: i64) -> Self {
        if whole <= 0 {
            return Self::ONE;
        }
        Self { part: part.max(0).unsigned_abs().into(), whole: whole.unsigned_abs().into() }.reduced()
    }

    /// At most 1.
    pub(super) fn capped(self) -> Self {
        if self.part > self.whole { Self::ONE } else { self }
    }

    pub(super) fn is_zero(self) -> bool {
        self.part == 0
    }

    /// Whether it is `percent` or more, unrounded.
    pub(super) fn reaches(self, percent: u8) -> bool {
        self.part * 100 >= self.whole * u128::from(percent)
    }

    /// Rounded half up to a tenth of a percent.
    pub(super) fn percent(self) -> Percent {
        let tenths = (self.part * 2000 + self.whole) / (self.whole * 2);
        Percent(u32::try_from(tenths).unwrap_or(u32::MAX))
    }

    /// The mean of shares with weights above 0; `None` of none.
    pub(super) fn mean(weighted: impl Iterator<Item = (u32, Self)>) -> Option<Self> {
        let (sum, weights) = weighted.fold((Self::ZERO, 0u128), |(sum, weights), (weight, share)| {
            (sum.plus(share.times(weight.into())), weights + u128::from(weight))
        });
        (weights > 0).then(|| Self { part: sum.part, whole: sum.whole * weights }.reduced())
    }

    fn times(self, factor: u128) -> Self {
        Self { part: self.part * factor, whole: self.whole }.reduced()
    }

    fn plus(self, other: Self) -> Self {
        let part = self.part * other.whole + other.part * self.whole;
        Self { part, whole: self.whole * other.whole }.reduced()
    }

    fn reduced(self) -> Self {
        let divisor = gcd(self.part, self.whole).max(1);
        let (part, whole) = (self.part / divisor, self.whole / divisor);
        let excess = (128 - part.max(whole).leading_zeros()).saturating_sub(BITS);
        Self { part: part >> excess, whole: (whole >> excess).max(1) }
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A percentage with one decimal, 0 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

impl Percent {
    /// In tenths of a percent.
    #[must_use]
    pub const fn tenths(self) -> u32 {
        self.0
    }

    /// As a number, such as 86.7.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / 10.0
    }
}

/// As a number with one decimal.
impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_half_up_once_and_at_the_end() {
        for (part, whole, tenths) in
            [(26, 30, 867), (1, 3, 333), (2, 3, 667), (1, 2000, 1), (1, 2001, 0), (1, 16, 63), (13, 10, 1300)]
        {
            assert_eq!(Share::new(part, whole).percent().tenths(), tenths, "{part}/{whole}");
        }
    }

    #[test]
    fn three_thirds_are_a_whole_and_met_is_judged_unrounded() {
        let third = Share::new(1, 3);
        assert_eq!(third.plus(third).plus(third), Share::ONE);
        assert!(Share::new(4, 5).reaches(80));
        assert!(!Share::new(79_999_999, 100_000_000).reaches(80), "79.999999 rounds to 80.0 but is below");
    }

    #[test]
    fn a_mean_of_many_odd_fractions_neither_overflows_nor_leaves_the_range() {
        let primes = [86_399_981, 86_399_917, 86_399_881, 86_399_861, 86_399_813, 86_399_783, 86_399_767];
        let shares = primes.iter().map(|p| (999_999, Share::new(p - 1, *p)));
        let mean = Share::mean(shares).unwrap();
        assert_eq!(mean.percent().tenths(), 1000);
        assert!(mean.part <= mean.whole);
    }
}
