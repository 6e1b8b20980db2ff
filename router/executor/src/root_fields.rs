//! The fields of an operation's root: those that subgraphs answer, and those that the router answers by itself.

use graphql_tools::static_graphql::query::{
    Directive, FragmentDefinition, InlineFragment, Selection, SelectionSet, TypeCondition, Value,
};
use rustc_hash::FxHashMap;

use crate::normalize::{Conditions, MetaField, NormalizeError};

/// Walks the root selection, through fragments, and takes out what the router answers itself.
pub(crate) struct RootSplitter<'a> {
    fragments: &'a FxHashMap<String, FragmentDefinition>,
    pub(crate) meta: Vec<MetaField>,
    /// Every response key in document order.
    pub(crate) keys: Vec<String>,
    open: Vec<&'a str>,
}

impl<'a> RootSplitter<'a> {
    pub(crate) fn new(fragments: &'a FxHashMap<String, FragmentDefinition>) -> Self {
        Self {
            fragments,
            meta: Vec::new(),
            keys: Vec::new(),
            open: Vec::new(),
        }
    }

    /// What is left for subgraphs to answer.
    pub(crate) fn split(
        &mut self,
        set: &'a SelectionSet,
        outer: &Conditions,
    ) -> Result<SelectionSet, NormalizeError> {
        let mut kept = SelectionSet {
            span: set.span,
            items: Vec::with_capacity(set.items.len()),
        };
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    let Some(conditions) = join_conditions(outer, &field.directives) else {
                        continue;
                    };
                    let key = field.alias.as_ref().unwrap_or(&field.name);
                    if !self.keys.contains(key) {
                        self.keys.push(key.clone());
                    }
                    if matches!(field.name.as_str(), "__schema" | "__type" | "__typename") {
                        self.meta.push(MetaField {
                            key: key.clone(),
                            field: field.clone(),
                            conditions,
                        });
                    } else {
                        kept.items.push(item.clone());
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let Some(conditions) = join_conditions(outer, &fragment.directives) else {
                        continue;
                    };
                    let selection_set = self.split(&fragment.selection_set, &conditions)?;
                    if !selection_set.items.is_empty() {
                        kept.items.push(Selection::InlineFragment(InlineFragment {
                            selection_set,
                            ..fragment.clone()
                        }));
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let Some(conditions) = join_conditions(outer, &spread.directives) else {
                        continue;
                    };
                    let fragment = self.fragments.get(&spread.fragment_name).ok_or_else(|| {
                        NormalizeError::Invalid(format!(
                            "the fragment {} is not defined",
                            spread.fragment_name
                        ))
                    })?;
                    if self.open.contains(&fragment.name.as_str()) {
                        return Err(NormalizeError::Invalid(format!(
                            "the fragment {} contains itself",
                            fragment.name
                        )));
                    }
                    self.open.push(&fragment.name);
                    let selection_set = self.split(&fragment.selection_set, &conditions)?;
                    self.open.pop();
                    if !selection_set.items.is_empty() {
                        let TypeCondition::On(type_name) = &fragment.type_condition;
                        kept.items.push(Selection::InlineFragment(InlineFragment {
                            position: spread.position,
                            type_condition: Some(TypeCondition::On(type_name.clone())),
                            directives: spread.directives.clone(),
                            selection_set,
                        }));
                    }
                }
            }
        }
        Ok(kept)
    }
}

/// The outer conditions and those of these directives; `None` when a literal excludes the selection.
fn join_conditions(outer: &Conditions, directives: &[Directive]) -> Option<Conditions> {
    let mut conditions = outer.clone();
    for directive in directives {
        let wanted = match directive.name.as_str() {
            "include" => true,
            "skip" => false,
            _ => continue,
        };
        match directive
            .arguments
            .iter()
            .find(|(name, _)| name == "if")
            .map(|(_, value)| value)
        {
            Some(Value::Boolean(value)) if *value != wanted => return None,
            Some(Value::Variable(variable)) => conditions.push((variable.clone(), wanted)),
            _ => {}
        }
    }
    Some(conditions)
}
