//! Writing the answer: one pass over the projection, straight into one buffer, with the specification's leaf checks
//! (3.5, 3.9) and null propagation (6.4.4). A nullable place whose content turns out null is cut back and written
//! as `null`.

use std::{borrow::Cow, ops::Range};

use rustc_hash::FxHashMap;

use super::{
    arena::{Arena, ObjectId, Shared, Slice, Value, string_text},
    parts::{Expected, Nulled, Place, field_set},
};
use crate::{
    error::{ErrorCode, PathSegment},
    execute::Faults,
    introspection::Introspection,
    json::{Scanner, write_string},
    plan::{
        ExecutablePlan, FieldSetId, FieldSource, Leaf, ProjectedField, ProjectedKind,
        ProjectedObject, ProjectedType,
    },
    supergraph::SubgraphId,
    variables::whole_float,
};

/// What projection reads.
pub(crate) struct ProjectionInput<'a> {
    pub(crate) arena: &'a Arena,
    pub(crate) plan: &'a ExecutablePlan,
    /// The values of the plan's condition variables.
    pub(crate) conditions: &'a [bool],
    pub(crate) introspection: Option<Introspection<'a>>,
    /// The largest size of the buffer, in bytes.
    pub(crate) max_bytes: usize,
    /// What other parts of the same answer made null; `None` for an answer that has no other parts.
    pub(crate) nulled: Option<&'a Nulled>,
}

/// How projection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProjectionResult {
    Object,
    /// A non-null root field was null.
    Null,
    /// The answer is larger than allowed; what was written is not whole.
    TooLarge,
}

/// Why a value was not written.
enum Stop {
    /// It is null and its type is not.
    Null,
    TooLarge,
}

/// Writes the value of `data`.
pub(crate) fn project(
    input: &ProjectionInput<'_>,
    root: ObjectId,
    faults: &mut Faults<'_>,
    out: &mut Vec<u8>,
) -> ProjectionResult {
    let place = Place {
        object: root,
        expected: Expected::Fields(input.plan.projection.root),
        path: Vec::new(),
    };
    project_part(input, place, faults, out).0
}

/// Writes the `data` of a part, and says what became null in it because something below is, if there are other parts.
pub(crate) fn project_part<'a>(
    input: &'a ProjectionInput<'a>,
    place: Place<'a>,
    faults: &mut Faults<'_>,
    out: &mut Vec<u8>,
) -> (ProjectionResult, Nulled) {
    let start = out.len();
    let mut projector = Projector {
        input,
        faults,
        out,
        path: place.path,
        written: FxHashMap::default(),
        complaints: 0,
        nulled: Nulled::default(),
    };
    let written = match place.expected {
        Expected::Fields(set) => projector.object(place.object, set),
        Expected::Type(expected) => projector.typed_object(place.object, expected),
    };
    let result = match written {
        Ok(()) => ProjectionResult::Object,
        Err(Stop::Null) => {
            projector.out.truncate(start);
            projector.out.extend_from_slice(b"null");
            ProjectionResult::Null
        }
        Err(Stop::TooLarge) => ProjectionResult::TooLarge,
    };
    (result, projector.nulled)
}

/// A step of the place being written.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    Key(&'a str),
    Index(u32),
}

impl Step<'_> {
    pub(crate) fn is(self, segment: &PathSegment) -> bool {
        match (self, segment) {
            (Self::Key(key), PathSegment::Key(other)) => key == &**other,
            (Self::Index(index), PathSegment::Index(other)) => index == *other,
            _ => false,
        }
    }

    pub(crate) fn to_segment(self) -> PathSegment {
        match self {
            Self::Key(key) => PathSegment::Key(key.into()),
            Self::Index(index) => PathSegment::Index(index),
        }
    }
}

struct Projector<'a, 'r, 'f> {
    input: &'a ProjectionInput<'a>,
    faults: &'r mut Faults<'f>,
    out: &'r mut Vec<u8>,
    path: Vec<Step<'a>>,
    /// Where in `out` that stands which was written before and can be copied, by what it is and how it is projected.
    written: FxHashMap<(Shared, usize), Range<usize>>,
    /// How often something was found wrong. What is wrong is wrong at each of its places, so it is never copied.
    complaints: usize,
    nulled: Nulled,
}

impl<'a> Projector<'a, '_, '_> {
    /// Writes what may stand in several places: the first time by `write`, then by copying.
    fn once(
        &mut self,
        value: Value,
        how: usize,
        write: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let Some(shared) = self.input.arena.shared(value) else {
            return write(self);
        };
        if self.input.nulled.is_some_and(|nulled| !nulled.is_empty()) {
            // What another part made null is so in one place only.
            return write(self);
        }
        if let Some(range) = self.written.get(&(shared, how)) {
            if self.out.len() + range.len() > self.input.max_bytes {
                return Err(Stop::TooLarge);
            }
            self.out.extend_from_within(range.clone());
            return Ok(());
        }
        let (start, complaints) = (self.out.len(), self.complaints);
        write(self)?;
        if complaints == self.complaints {
            self.written.insert((shared, how), start..self.out.len());
        }
        Ok(())
    }

    /// Replaces what was written from `start` on with null.
    fn cut(&mut self, start: usize) {
        if self.out.len() > start {
            self.out.truncate(start);
            self.written.retain(|_, range| range.end <= start);
        }
        self.out.extend_from_slice(b"null");
    }

    fn object(&mut self, object: ObjectId, set: FieldSetId) -> Result<(), Stop> {
        self.once(Value::Object(object), set, |projector| {
            projector.fields(object, set)
        })
    }

    fn fields(&mut self, object: ObjectId, set: FieldSetId) -> Result<(), Stop> {
        if self.out.len() > self.input.max_bytes {
            return Err(Stop::TooLarge);
        }
        self.out.push(b'{');
        let mut first = true;
        let fields: &'a [ProjectedField] = &self.input.plan.projection.sets[set];
        for field in fields {
            if !field.is_included(self.input.conditions) {
                continue;
            }
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.out.extend_from_slice(&field.prefix);
            self.path.push(Step::Key(&field.key));
            self.field(object, field)?;
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    fn field(&mut self, object: ObjectId, field: &'a ProjectedField) -> Result<(), Stop> {
        match &field.source {
            FieldSource::Slot { slot, ty } => {
                self.value(self.input.arena.get(object, *slot), ty, field)
            }
            FieldSource::StaticTypename(name) => {
                self.out.extend_from_slice(name);
                Ok(())
            }
            FieldSource::Typename => {
                let name = self.input.arena.type_name(object);
                if let Some(name) = name.filter(|name| self.faults.schema().is_object(name)) {
                    write_string(&name, self.out);
                    return Ok(());
                }
                self.fault(None, "The type of this object is not known.".into());
                Err(Stop::Null)
            }
            FieldSource::Introspection(positions) => self.introspection(positions),
        }
    }

    fn introspection(&mut self, positions: &[usize]) -> Result<(), Stop> {
        let meta = &self.input.plan.meta;
        let Some(introspection) = &self.input.introspection else {
            let message = "Introspection is not allowed.";
            self.faults
                .add_at(&self.path, ErrorCode::Forbidden, None, message.into());
            return Err(Stop::Null);
        };
        let fields: Vec<_> = positions
            .iter()
            .map(|position| &meta[*position])
            .filter(|meta| {
                meta.conditions
                    .iter()
                    .all(|(name, wanted)| introspection.variables.is_true(name) == *wanted)
            })
            .map(|meta| &meta.field)
            .collect();
        introspection.write_root(&fields, self.out);
        Ok(())
    }

    fn value(
        &mut self,
        value: Value,
        ty: &'a ProjectedType,
        field: &'a ProjectedField,
    ) -> Result<(), Stop> {
        let start = self.out.len();
        let depth = self.path.len();
        let written = match (value, &ty.kind) {
            (Value::Missing | Value::Null, _) => {
                if ty.non_null {
                    self.null_fault(field);
                }
                Err(Stop::Null)
            }
            (Value::Object(_) | Value::List(_), _) if self.is_nulled() => Err(Stop::Null),
            (Value::Failed(failure), _) => {
                self.complaints += 1;
                self.faults.add_failure(&self.path, failure);
                Err(Stop::Null)
            }
            (Value::Leaf(slice), ProjectedKind::Leaf(leaf)) => {
                self.leaf(self.input.arena.bytes(slice), slice, leaf)
            }
            (Value::Leaf(slice), ProjectedKind::List(item)) => self.raw_list(slice, item, field),
            (Value::Object(object), ProjectedKind::Object(expected)) => {
                self.typed_object(object, expected)
            }
            (Value::List(list), ProjectedKind::List(item)) => {
                let how = std::ptr::from_ref::<ProjectedType>(item).addr();
                self.once(value, how, |projector| {
                    projector.list(projector.input.arena.list_items(list), item, field)
                })
            }
            (Value::Leaf(slice), ProjectedKind::Object(_)) => {
                let service = self.input.arena.origin(slice);
                self.fault(Some(service), "Expected an object.".into());
                Err(Stop::Null)
            }
            (Value::Object(_), _) => {
                self.fault(
                    None,
                    "Expected another kind of value, found an object.".into(),
                );
                Err(Stop::Null)
            }
            (Value::List(_), _) => {
                self.fault(None, "Expected another kind of value, found a list.".into());
                Err(Stop::Null)
            }
        };
        match written {
            Err(Stop::Null) if !ty.non_null => {
                self.path.truncate(depth);
                if self.input.nulled.is_some() && matches!(value, Value::Object(_) | Value::List(_))
                {
                    self.nulled.add(&self.path);
                }
                self.cut(start);
                Ok(())
            }
            other => other,
        }
    }

    /// Whether another part of the answer made null what stands here.
    fn is_nulled(&self) -> bool {
        let nulled = self.input.nulled;
        nulled.is_some_and(|nulled| nulled.contains(&self.path))
    }

    fn list(
        &mut self,
        items: &[Value],
        ty: &'a ProjectedType,
        field: &'a ProjectedField,
    ) -> Result<(), Stop> {
        self.out.push(b'[');
        for (index, item) in (0..).zip(items) {
            if index > 0 {
                self.out.push(b',');
            }
            self.path.push(Step::Index(index));
            self.value(*item, ty, field)?;
            self.path.pop();
        }
        self.out.push(b']');
        Ok(())
    }

    fn typed_object(
        &mut self,
        object: ObjectId,
        expected: &'a ProjectedObject,
    ) -> Result<(), Stop> {
        if let Some(set) = field_set(self.input.arena, object, expected) {
            return self.object(object, set);
        }
        let message = match expected {
            // The name may be that of an inaccessible type, so it is not repeated.
            ProjectedObject::Abstract(expected) if self.input.arena.type_name(object).is_some() => {
                let declared = &expected.declared;
                format!("The type of this object is not a possible type of {declared}.").into()
            }
            _ => "The type of this object is not known.".into(),
        };
        self.fault(None, message);
        Err(Stop::Null)
    }

    /// A list of leaves is one slice; it is copied whole when every item passes, which is nearly always.
    fn raw_list(
        &mut self,
        slice: Slice,
        item: &'a ProjectedType,
        field: &'a ProjectedField,
    ) -> Result<(), Stop> {
        let bytes = self.input.arena.bytes(slice);
        if bytes.first() != Some(&b'[') {
            let service = self.input.arena.origin(slice);
            self.fault(Some(service), "Expected a list.".into());
            return Err(Stop::Null);
        }
        self.raw_items(bytes, slice, item, field)
    }

    fn raw_items(
        &mut self,
        bytes: &'a [u8],
        slice: Slice,
        ty: &'a ProjectedType,
        field: &'a ProjectedField,
    ) -> Result<(), Stop> {
        let mut scanner = Scanner::new(bytes);
        let mut first = true;
        let mut index = 0;
        self.out.push(b'[');
        // The slice was scanned when it was received, so it is well-formed.
        if scanner.open().is_err() {
            return Err(Stop::Null);
        }
        while scanner.next_item(&mut first).unwrap_or(false) {
            let Ok((start, end)) = scanner.skip_value() else {
                return Err(Stop::Null);
            };
            if index > 0 {
                self.out.push(b',');
            }
            self.path.push(Step::Index(index));
            self.raw_item(&bytes[start..end], slice, ty, field)?;
            self.path.pop();
            index += 1;
        }
        self.out.push(b']');
        Ok(())
    }

    fn raw_item(
        &mut self,
        bytes: &'a [u8],
        slice: Slice,
        ty: &'a ProjectedType,
        field: &'a ProjectedField,
    ) -> Result<(), Stop> {
        let start = self.out.len();
        let depth = self.path.len();
        let written = match &ty.kind {
            _ if bytes == b"null" => {
                if ty.non_null {
                    self.null_fault(field);
                }
                Err(Stop::Null)
            }
            ProjectedKind::Leaf(leaf) => self.leaf(bytes, slice, leaf),
            ProjectedKind::List(item) if bytes.first() == Some(&b'[') => {
                self.raw_items(bytes, slice, item, field)
            }
            ProjectedKind::List(_) | ProjectedKind::Object(_) => {
                let service = self.input.arena.origin(slice);
                self.fault(Some(service), "Expected another kind of value.".into());
                Err(Stop::Null)
            }
        };
        match written {
            Err(Stop::Null) if !ty.non_null => {
                self.path.truncate(depth);
                self.cut(start);
                Ok(())
            }
            other => other,
        }
    }

    fn leaf(&mut self, json: &[u8], slice: Slice, leaf: &Leaf) -> Result<(), Stop> {
        let first = json.first().copied().unwrap_or_default();
        let number = first == b'-' || first.is_ascii_digit();
        let fits = match leaf {
            Leaf::Any => true,
            Leaf::String => first == b'"',
            Leaf::Boolean => matches!(first, b't' | b'f'),
            Leaf::Float => number && is_finite(json),
            Leaf::Int => {
                if let Some(whole) = number.then(|| int(json)).flatten() {
                    match whole {
                        Cow::Borrowed(digits) => self.out.extend_from_slice(digits),
                        Cow::Owned(digits) => self.out.extend_from_slice(&digits),
                    }
                    return Ok(());
                }
                false
            }
            Leaf::Id => {
                // An ID is a string in every answer (3.5.5), even when a subgraph writes a number.
                if number && !json.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
                    self.out.push(b'"');
                    self.out.extend_from_slice(json);
                    self.out.push(b'"');
                    return Ok(());
                }
                first == b'"'
            }
            Leaf::Enum(values) => {
                string_text(json).is_some_and(|text| values.contains(text.as_ref()))
            }
        };
        if fits {
            self.out.extend_from_slice(json);
            return Ok(());
        }
        let service = self.input.arena.origin(slice);
        self.fault(Some(service), format!("Expected {}.", leaf.name()).into());
        Err(Stop::Null)
    }

    fn fault(&mut self, service: Option<SubgraphId>, message: Cow<'static, str>) {
        self.complaints += 1;
        self.faults
            .add_at(&self.path, ErrorCode::Internal, service, message);
    }

    /// A null where none may be, unless an error already says why.
    fn null_fault(&mut self, field: &ProjectedField) {
        self.complaints += 1;
        if !self.faults.explains(&self.path) {
            let message = format!(
                "Cannot return null for non-nullable field {}.",
                field.coordinate
            );
            self.fault(None, message.into());
        }
    }
}

/// Whether a number fits a `Float` (3.5.2). Without an exponent and this short it cannot but fit.
fn is_finite(json: &[u8]) -> bool {
    let short = json.len() < 300 && !json.iter().any(|byte| matches!(byte, b'e' | b'E'));
    short
        || std::str::from_utf8(json)
            .ok()
            .and_then(|text| text.parse::<f64>().ok())
            .is_some_and(f64::is_finite)
}

/// The digits of a number that fits `Int`; `1.0` and `1e3` become whole.
fn int(json: &[u8]) -> Option<Cow<'_, [u8]>> {
    // Nine digits always fit.
    if json.len() <= 9 && json.iter().all(u8::is_ascii_digit) {
        return Some(Cow::Borrowed(json));
    }
    let text = std::str::from_utf8(json).ok()?;
    if text.parse::<i32>().is_ok() {
        return Some(Cow::Borrowed(json));
    }
    if !text.contains(['.', 'e', 'E']) {
        return None;
    }
    let whole = whole_float(text.parse().ok()?)?;
    Some(Cow::Owned(whole.to_string().into_bytes()))
}
