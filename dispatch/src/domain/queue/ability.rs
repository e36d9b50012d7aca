//! What a call asks for and what operators can do: skills and languages.

use std::collections::BTreeSet;

/// What a call asks for. Nothing, for most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wants {
    /// The kind of help, as `fire`.
    pub skill: Option<String>,
    /// Primary language tags of what the caller speaks, any of which will do; empty if none was named.
    pub languages: Vec<String>,
    /// Of what the caller can read as well. They choose among those who are free, and nobody waits for them: a telephone in English says little of
    /// who calls with it.
    pub prefers: Vec<String>,
}

/// What an operator can do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abilities {
    pub skills: BTreeSet<String>,
    /// Primary language tags.
    pub languages: BTreeSet<String>,
}

impl Wants {
    /// Of a call to a service (RFC 5031) whose side speaks some languages (BCP 47, RFC 8373), and reads these.
    pub fn of(dialled: &str, spoken: &[String], read: &[String]) -> Self {
        let dialled = dialled.to_ascii_lowercase();
        let kind = dialled.strip_prefix("urn:service:sos.").and_then(|kinds| kinds.split('.').next());
        let primary = |tag: &String| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        // `*` is RFC 8373's word for any language.
        let named = |tags: &[String]| tags.iter().map(primary).filter(|tag| !tag.is_empty() && tag != "*").collect();
        Self { skill: kind.filter(|kind| !kind.is_empty()).map(str::to_owned), languages: named(spoken), prefers: named(read) }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.skill.is_none() && self.languages.is_empty()
    }
}

impl Abilities {
    pub(super) fn understand(&self, wants: &Wants) -> bool {
        wants.languages.is_empty() || wants.languages.iter().any(|tag| self.languages.contains(tag))
    }

    pub(super) fn please(&self, wants: &Wants) -> bool {
        wants.prefers.is_empty() || wants.prefers.iter().any(|tag| self.languages.contains(tag))
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
            assert_eq!(Wants::of(dialled, &[], &[]).skill.as_deref(), skill, "{dialled}");
        }
        let languages = ["en-GB".to_owned(), "*".to_owned(), "ID".to_owned(), String::new()];
        let wants = Wants::of("112", &languages, &["ms".to_owned()]);
        assert_eq!((wants.languages, wants.prefers), (vec!["en".to_owned(), "id".to_owned()], vec!["ms".to_owned()]));
    }
}
