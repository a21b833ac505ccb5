//! What others know of a CVE: the probability of its exploitation (EPSS) and whether it is exploited already (KEV).

use serde_json::Value;
use std::collections::BTreeMap;

/// More lines than this no catalogue has.
const LINES: usize = 2_000_000;

/// Scores and days by CVE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enrichment {
    /// Probability of exploitation within 30 days, times 100,000.
    pub epss: BTreeMap<String, u32>,
    /// Days since 1970 at which it entered the catalogue of known exploited vulnerabilities.
    pub kev: BTreeMap<String, u16>,
}

/// A text that is neither catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrichmentError {
    /// Its first lines name no known columns.
    #[error("it is neither EPSS scores nor a catalogue of exploited vulnerabilities")]
    Unknown,
}

impl Enrichment {
    /// Adds the scores of FIRST's EPSS (`cve,epss,percentile`) or the catalogue of CISA's KEV, as CSV.
    ///
    /// # Errors
    /// The columns are others.
    pub fn add_csv(&mut self, text: &str) -> Result<usize, EnrichmentError> {
        let mut lines =
            text.lines().take(LINES).filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let head: Vec<String> = fields(lines.next().unwrap_or_default())
            .iter()
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        let column = |name: &str| head.iter().position(|known| known == name);
        let mut added = 0;
        if let (Some(cve), Some(epss)) = (column("cve"), column("epss")) {
            for line in lines {
                let fields = fields(line);
                let Some((name, score)) = fields.get(cve).zip(fields.get(epss)) else { continue };
                added += usize::from(self.add_epss(name, score));
            }
            return Ok(added);
        }
        if let (Some(cve), Some(day)) = (column("cveid"), column("dateadded")) {
            for line in lines {
                let fields = fields(line);
                let Some((name, day)) = fields.get(cve).zip(fields.get(day)) else { continue };
                added += usize::from(self.add_kev(name, day));
            }
            return Ok(added);
        }
        Err(EnrichmentError::Unknown)
    }

    /// Adds CISA's KEV catalogue or FIRST's answers as JSON.
    ///
    /// # Errors
    /// It has neither's fields.
    pub fn add_json(&mut self, value: &Value) -> Result<usize, EnrichmentError> {
        let text = |one: &Value, key: &str| match one.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let list = |key: &str| value.get(key).and_then(Value::as_array).into_iter().flatten();
        let mut added = 0;
        for one in list("vulnerabilities") {
            added += usize::from(self.add_kev(&text(one, "cveID"), &text(one, "dateAdded")));
        }
        for one in list("data") {
            added += usize::from(self.add_epss(&text(one, "cve"), &text(one, "epss")));
        }
        if added > 0 { Ok(added) } else { Err(EnrichmentError::Unknown) }
    }

    fn add_epss(&mut self, name: &str, score: &str) -> bool {
        let name = name.trim();
        let Some(score) = score.trim().parse::<f64>().ok().filter(|score| (0.0..=1.0).contains(score)) else {
            return false;
        };
        if !name.starts_with("CVE-") {
            return false;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share between 0 and 1"
        )]
        self.epss.insert(name.to_owned(), (score * 100_000.0).round() as u32);
        true
    }

    fn add_kev(&mut self, name: &str, day: &str) -> bool {
        let Ok(date) = day.trim().parse::<jiff::civil::Date>() else { return false };
        let since = date.since(jiff::civil::Date::constant(1970, 1, 1)).map_or(0, |span| span.get_days());
        let (Ok(days), true) = (u16::try_from(since), name.trim().starts_with("CVE-")) else { return false };
        self.kev.insert(name.trim().to_owned(), days.max(1));
        true
    }
}

/// A day since 1970 as `2024-05-01`.
pub(crate) fn day(days: u16) -> String {
    let start = jiff::civil::Date::constant(1970, 1, 1);
    start
        .checked_add(jiff::Span::new().days(i64::from(days)))
        .map_or_else(|_| String::new(), |date| date.to_string())
}

/// The fields of a line of CSV; quotes may hold commas.
fn fields(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for ch in line.chars() {
        match ch {
            '"' => quoted = !quoted,
            ',' if !quoted => out.push(String::new()),
            _ => {
                if let Some(last) = out.last_mut() {
                    last.push(ch);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_catalogues_are_read() {
        let mut known = Enrichment::default();
        let epss = "#model_version:v2024,score_date:2024-06-01\ncve,epss,percentile\nCVE-2024-1,0.97531,0.999\nx,1,1\n";
        assert_eq!(known.add_csv(epss), Ok(1));
        assert_eq!(known.epss["CVE-2024-1"], 97531);
        let kev = "\"cveID\",\"vendorProject\",\"dateAdded\"\n\"CVE-2024-2\",\"A, B\",\"2024-05-01\"\n";
        assert_eq!(known.add_csv(kev), Ok(1));
        assert_eq!(day(known.kev["CVE-2024-2"]), "2024-05-01");
        let json =
            serde_json::json!({"vulnerabilities": [{"cveID": "CVE-2024-3", "dateAdded": "2024-05-02"}]});
        assert_eq!(known.add_json(&json), Ok(1));
        assert_eq!(known.add_csv("a,b\n1,2\n"), Err(EnrichmentError::Unknown));
    }
}
