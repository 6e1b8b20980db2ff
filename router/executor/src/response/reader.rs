//! Reading a subgraph's answer into slots. A subgraph answers in selection order, so the next key is compared with
//! the expected one; any other order, unknown keys and escaped keys take the general path.

use super::arena::{Arena, Value};
use crate::{
    json::{JsonError, Member, Scanner, Text},
    plan::{Selection, Shapes, TYPENAME},
    schema::Schema,
};

/// Reads values of one buffer.
pub(crate) struct Reader<'a> {
    pub(crate) scanner: Scanner<'a>,
    bytes: &'a [u8],
    buffer: u32,
    arena: &'a mut Arena,
    shapes: &'a Shapes,
    schema: &'a Schema,
    /// Items of the lists that are open, innermost last.
    items: Vec<Value>,
}

impl<'a> Reader<'a> {
    /// `bytes` is the text of `buffer`, valid UTF-8.
    pub(crate) fn new(
        bytes: &'a [u8],
        buffer: u32,
        arena: &'a mut Arena,
        shapes: &'a Shapes,
        schema: &'a Schema,
    ) -> Self {
        let scanner = Scanner::new(bytes);
        Self {
            scanner,
            bytes,
            buffer,
            arena,
            shapes,
            schema,
            items: Vec::new(),
        }
    }

    /// Reads one value. Where objects are expected, lists of any depth are read too and a scalar stays a leaf: what
    /// fits the schema is decided when the answer is projected.
    pub(crate) fn value(&mut self, selection: Option<&Selection>) -> Result<Value, JsonError> {
        match (self.scanner.peek(), selection) {
            (Some(b'n'), _) => {
                self.scanner.skip_value()?;
                Ok(Value::Null)
            }
            (Some(b'{'), Some(selection)) => self.object(selection),
            (Some(b'['), Some(selection)) => self.list(selection),
            _ => {
                let (start, end) = self.scanner.skip_value()?;
                Ok(Value::Leaf(Arena::slice(self.buffer, start, end)))
            }
        }
    }

    /// Reads the items of a list that starts here.
    pub(crate) fn entities(&mut self, selection: &Selection) -> Result<Vec<Value>, JsonError> {
        let mut values = Vec::new();
        self.scanner.open()?;
        let mut first = true;
        while self.scanner.next_item(&mut first)? {
            values.push(self.value(Some(selection))?);
        }
        Ok(values)
    }

    fn list(&mut self, selection: &Selection) -> Result<Value, JsonError> {
        self.scanner.open()?;
        let base = self.items.len();
        let mut first = true;
        while self.scanner.next_item(&mut first)? {
            let item = self.value(Some(selection))?;
            self.items.push(item);
        }
        Ok(self.arena.add_list(self.items.drain(base..)))
    }

    fn object(&mut self, selection: &Selection) -> Result<Value, JsonError> {
        let type_name = if selection.typed {
            self.find_type_name(selection)?
        } else {
            None
        };
        self.scanner.open()?;
        let object = self.arena.add_object(selection.shape, self.shapes);
        let mut expected = 0;
        let mut first = true;
        loop {
            let next = match selection.fields.get(expected) {
                Some(field) if !selection.typed => Some(&*field.prefix),
                _ => None,
            };
            let position = match self.scanner.next_member(&mut first, next)? {
                Member::Expected => expected,
                Member::Key(key) => {
                    let found = self.find(selection, &key, expected, type_name.as_deref());
                    let Some(position) = found else {
                        self.scanner.skip_value()?;
                        continue;
                    };
                    position
                }
                Member::End => break,
            };
            expected = position + 1;
            let field = &selection.fields[position];
            let value = self.value(field.child.as_ref())?;
            // An aliased `__typename` stands in for the plain one only where that was not asked.
            let stand_in = field.slot == TYPENAME && *field.key != *"__typename";
            if !stand_in || self.arena.get(object, TYPENAME) == Value::Missing {
                self.arena.set(object, field.slot, value);
            }
        }
        Ok(Value::Object(object))
    }

    fn find(
        &self,
        selection: &Selection,
        key: &Text<'_>,
        expected: usize,
        type_name: Option<&str>,
    ) -> Option<usize> {
        if key.escaped {
            let key = key.decode();
            return self.search(selection, key.as_bytes(), 0, type_name);
        }
        self.search(selection, key.raw, expected, type_name)
    }

    /// The general path: every field, from the expected one on and around.
    fn search(
        &self,
        selection: &Selection,
        key: &[u8],
        expected: usize,
        type_name: Option<&str>,
    ) -> Option<usize> {
        let count = selection.fields.len();
        (0..count)
            .map(|offset| (expected + offset) % count)
            .find(|position| {
                let field = &selection.fields[*position];
                field.key.as_bytes() == key
                    && (!selection.typed
                        || type_name.is_none_or(|type_name| {
                            field
                                .conditions
                                .iter()
                                .all(|condition| self.schema.satisfies(type_name, condition))
                        }))
            })
    }

    /// Looks ahead in the object that starts here for its `__typename`.
    fn find_type_name(&self, selection: &Selection) -> Result<Option<String>, JsonError> {
        let mut ahead = self.scanner.clone();
        ahead.open()?;
        let mut first = true;
        while let Some(key) = ahead.next_key(&mut first)? {
            let (start, end) = ahead.skip_value()?;
            let is_type_name = selection
                .fields
                .iter()
                .any(|field| field.slot == TYPENAME && field.key.as_bytes() == key.raw);
            if is_type_name {
                let text = super::arena::string_text(&self.bytes[start..end]);
                return Ok(text.map(std::borrow::Cow::into_owned));
            }
        }
        Ok(None)
    }
}
