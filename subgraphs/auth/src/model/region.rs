//! Countries and time zones that exist.

/// ISO 3166-1 alpha-2 codes, officially assigned, in alphabetical order.
const COUNTRIES: &str = "\
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP \
KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT \
MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG \
UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Whether `code` is an ISO 3166-1 alpha-2 code in upper case.
pub(crate) fn is_country(code: &str) -> bool {
    code.len() == 2 && COUNTRIES.split(' ').any(|known| known == code)
}

/// Whether `name` is a zone of the IANA time zone database.
pub(crate) fn is_time_zone(name: &str) -> bool {
    name.len() <= 64 && jiff::tz::TimeZone::get(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_assigned_codes_are_countries() {
        assert_eq!(COUNTRIES.split(' ').count(), 249);
        assert!(is_country("SN") && is_country("CI") && is_country("FR"));
        for code in ["sn", "XX", "", "SEN", "S", "AD AE", " S"] {
            assert!(!is_country(code), "{code}");
        }
    }

    #[test]
    fn only_named_zones_are_time_zones() {
        assert!(
            is_time_zone("Africa/Dakar") && is_time_zone("Europe/Paris") && is_time_zone("UTC")
        );
        for name in ["", "Mars/Olympus", "+01:00", "../../etc/passwd"] {
            assert!(!is_time_zone(name), "{name}");
        }
    }
}
