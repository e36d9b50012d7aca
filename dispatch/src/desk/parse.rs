//! Lists of agencies, teams, cameras and incident types from CSV files: the text, its columns, and the line that is wrong.

use crate::contract::Position;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Columns `name,phone`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AgencyRow {
    pub name: String,
    pub phone: String,
}

/// Columns `agency,name,telegram_chat,whatsapp_number,latitude,longitude`; the last four may be empty.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamRow {
    pub agency: String,
    pub name: String,
    pub telegram_chat: Option<i64>,
    pub whatsapp_number: Option<String>,
    pub position: Option<Position>,
}

/// Columns `name,latitude,longitude,url,username,password`; the last two may be empty.
#[derive(Clone, PartialEq)]
pub struct CameraRow {
    pub name: String,
    pub position: Position,
    pub url: String,
    pub username: Option<String>,
    pub password: Option<String>,
}

/// Columns `rank,name,name_en,lead,support`; agencies by name, separated by `;`.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeRow {
    pub rank: i64,
    pub name: String,
    pub name_en: String,
    pub lead: Vec<String>,
    pub support: Vec<String>,
}

/// Columns `username,skills,languages`; both lists separated by `;`.
#[derive(Debug, Clone, PartialEq)]
pub struct SkillRow {
    pub username: String,
    pub skills: Vec<String>,
    pub languages: Vec<String>,
}

/// A line of the file that cannot be taken. Nothing was imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct ImportError {
    pub line: u64,
    pub why: String,
}

/// More lines than any city has; a file with more is not such a list.
const LINES: usize = 5000;

#[derive(Deserialize)]
struct TeamLine {
    agency: String,
    name: String,
    #[serde(default)]
    telegram_chat: Option<i64>,
    #[serde(default)]
    whatsapp_number: Option<String>,
    #[serde(default)]
    latitude: Option<f64>,
    #[serde(default)]
    longitude: Option<f64>,
}

#[derive(Deserialize)]
struct CameraLine {
    name: String,
    latitude: f64,
    longitude: f64,
    url: String,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<String>,
}

#[derive(Deserialize)]
struct TypeLine {
    rank: i64,
    name: String,
    name_en: String,
    #[serde(default)]
    lead: String,
    #[serde(default)]
    support: String,
}

#[derive(Deserialize)]
struct SkillLine {
    username: String,
    #[serde(default)]
    skills: String,
    #[serde(default)]
    languages: String,
}

pub fn parse_agencies(text: &str) -> Result<Vec<AgencyRow>, ImportError> {
    lines(text, Ok)
}

pub fn parse_teams(text: &str) -> Result<Vec<TeamRow>, ImportError> {
    lines(text, |line: TeamLine| {
        let position = match (line.latitude, line.longitude) {
            (Some(latitude), Some(longitude)) => Some(Position { latitude, longitude }),
            (None, None) => None,
            _ => return Err("give both latitude and longitude, or none".into()),
        };
        let TeamLine { agency, name, telegram_chat, whatsapp_number, .. } = line;
        Ok(TeamRow { agency, name, telegram_chat, whatsapp_number, position })
    })
}

pub fn parse_cameras(text: &str) -> Result<Vec<CameraRow>, ImportError> {
    lines(text, |line: CameraLine| {
        let position = Position { latitude: line.latitude, longitude: line.longitude };
        Ok(CameraRow { name: line.name, position, url: line.url, username: line.username, password: line.password })
    })
}

pub fn parse_types(text: &str) -> Result<Vec<TypeRow>, ImportError> {
    lines(text, |line: TypeLine| {
        let (lead, support) = (names(&line.lead), names(&line.support));
        Ok(TypeRow { rank: line.rank, name: line.name, name_en: line.name_en, lead, support })
    })
}

/// What people who are there already can do.
pub fn parse_skills(text: &str) -> Result<Vec<SkillRow>, ImportError> {
    lines(text, |line: SkillLine| {
        let (skills, languages) = (names(&line.skills), names(&line.languages));
        Ok(SkillRow { username: line.username, skills, languages })
    })
}

fn names(list: &str) -> Vec<String> {
    list.split(';').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Reads every line below the header as `L`, by the names of its columns, and makes an `R` of it.
fn lines<L: DeserializeOwned, R>(text: &str, row: impl Fn(L) -> Result<R, String>) -> Result<Vec<R>, ImportError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_reader(text.as_bytes());
    let wrong = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        ImportError { line, why: reason(&error) }
    };
    let header = reader.headers().map_err(wrong)?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(0, csv::Position::line);
        if rows.len() >= LINES {
            return Err(ImportError { line, why: format!("there are more than {LINES} lines") });
        }
        let parsed: L = record.deserialize(Some(&header)).map_err(wrong)?;
        rows.push(row(parsed).map_err(|why| ImportError { line, why })?);
    }
    Ok(rows)
}

fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => match err.field() {
            Some(field) => format!("column {}: {}", field + 1, err.kind()),
            None => err.kind().to_string(),
        },
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} columns, the header has {expected_len}")
        }
        _ => "is not CSV text in UTF-8".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_names() {
        let text = "\u{feff}name,agency,whatsapp_number,latitude,longitude\nRegu 1, Damkar,,1.13,104.05\nRegu 2,Damkar,62812,,\n";
        let teams = parse_teams(text).unwrap();
        assert_eq!(teams[0].agency, "Damkar");
        assert_eq!(teams[0].position, Some(Position { latitude: 1.13, longitude: 104.05 }));
        assert_eq!(teams[1].whatsapp_number.as_deref(), Some("62812"));
        assert_eq!((teams[1].position, teams[0].whatsapp_number.clone()), (None, None));
    }

    #[test]
    fn the_wrong_line_is_named() {
        let cases = [
            ("name,latitude,longitude,url\nA,1.1,104,rtsp://a/\nB,north,104,rtsp://b/\n", 3),
            ("name,latitude,longitude,url\nA,1.1,104\n", 2),
            ("name,url\nA,rtsp://a/\n", 2),
        ];
        for (text, line) in cases {
            assert_eq!(parse_cameras(text).err().map(|error| error.line), Some(line), "{text}");
        }
        assert_eq!(parse_teams("agency,name,latitude,longitude\nA,B,1,\n").unwrap_err().line, 2);
    }

    #[test]
    fn agencies_of_a_type_are_a_list() {
        let types = parse_types("rank,name,name_en,lead,support\n3,Kebakaran,Fire,Damkar,PLN; PMI ;\n").unwrap();
        assert_eq!(types[0].lead, ["Damkar"]);
        assert_eq!(types[0].support, ["PLN", "PMI"]);
    }
}
