//! Days and months, in UTC.

use crate::ids::Millis;

/// A day as `2026-11-22`. After Howard Hinnant's `civil_from_days`.
pub fn day(at: Millis) -> String {
    let days = at.0 / 86_400_000 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Counted from March, so that the leap day is the last.
    let march = (5 * day + 2) / 153;
    let day = day - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A month as `2026-11`.
pub fn month(at: Millis) -> String {
    let mut day = day(at);
    day.truncate(day.len() - "-22".len());
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        for (seconds, told) in [
            (0, "1970-01"),
            (951_782_399, "2000-02"),
            (951_868_799, "2000-02"),
            (951_868_800, "2000-03"),
            (1_793_404_799, "2026-10"),
            (1_793_404_800, "2026-10"),
            (1_793_491_199, "2026-10"),
            (1_793_491_200, "2026-11"),
            (4_107_542_399, "2100-02"),
            (4_107_542_400, "2100-03"),
        ] {
            assert_eq!(month(Millis(seconds * 1000)), told, "{seconds}");
        }
    }

    #[test]
    fn days_have_their_dates() {
        assert_eq!(day(Millis(0)), "1970-01-01");
        assert_eq!(day(Millis(1_709_164_800_000)), "2024-02-29");
        assert_eq!(day(Millis(1_795_305_600_000)), "2026-11-22");
    }
}
