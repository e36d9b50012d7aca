//! What a call asks for and what operators can do: skills and languages.

use std::collections::BTreeSet;

/// What a call asks for. Nothing, for most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wants {
    /// The kind of help, as `fire`.
    pub skill: Option<String>,
    /// Primary language tags, any of which will do; empty if none was named.
    pub languages: Vec<String>,
}

/// What an operator can do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abilities {
    pub skills: BTreeSet<String>,
    /// Primary language tags.
    pub languages: BTreeSet<String>,
}

impl Wants {
    /// Of a call to a service (RFC 5031) whose side speaks these languages (BCP 47, RFC 8373).
    pub fn of(dialled: &str, languages: &[String]) -> Self {
        let dialled = dialled.to_ascii_lowercase();
        let kind = dialled.strip_prefix("urn:service:sos.").and_then(|kinds| kinds.split('.').next());
        let primary = |tag: &String| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        Self {
            skill: kind.filter(|kind| !kind.is_empty()).map(str::to_owned),
            // `*` is RFC 8373's word for any language.
            languages: languages.iter().map(primary).filter(|tag| !tag.is_empty() && tag != "*").collect(),
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.skill.is_none() && self.languages.is_empty()
    }
}

impl Abilities {
    pub(super) fn understand(&self, wants: &Wants) -> bool {
        wants.languages.is_empty() || wants.languages.iter().any(|tag| self.languages.contains(tag))
    }

    pub(super) fn are_trained(&self, wants: &Wants) -> bool {
        wants.skill.as_ref().is_none_or(|skill| self.skills.contains(skill))
    }

    pub(super) fn fit(&self, wants: &Wants) -> bool {
        self.understand(wants) && self.are_trained(wants)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_help_stands_in_the_service_urn_and_languages_are_compared_by_their_primary_tag() {
        let cases = [
            ("112", None),
            ("urn:service:sos", None),
            ("urn:service:sos.", None),
            ("URN:service:sos.fire", Some("fire")),
            ("urn:service:sos.police.highway", Some("police")),
            ("urn:service:test.sos.fire", None),
        ];
        for (dialled, skill) in cases {
            assert_eq!(Wants::of(dialled, &[]).skill.as_deref(), skill, "{dialled}");
        }
        let languages = ["en-GB".to_owned(), "*".to_owned(), "ID".to_owned(), String::new()];
        assert_eq!(Wants::of("112", &languages).languages, ["en", "id"]);
    }
}
