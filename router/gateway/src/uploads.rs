//! Requests with files (GraphQL multipart request specification, version 3): `operations`, then `map`, then the files.
//!
//! The order is what bounds them: a file is read only once it is known where it belongs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use coko_core::Code;
use coko_executor::{Files, UploadedFile};
use http::{StatusCode, header};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, TryAcquireError};

use crate::config::UploadsConfig;
use crate::context::RequestContext;
use crate::receive::{Operation, Received, decode_body, drain, malformed, too_large};
use crate::refusal::{Refusal, seconds};

/// The files of one operation, with the room they take.
#[derive(Clone, Debug)]
pub(crate) struct Uploads {
    pub(crate) files: Files,
    _room: Arc<OwnedSemaphorePermit>,
}

/// Reads a multipart request within its bounds.
///
/// # Errors
/// 400 for what is malformed, 408, 413, and 503 when all requests together hold too much.
pub(crate) async fn receive_multipart(
    context: &RequestContext,
    boundary: String,
    body: Body,
) -> Result<Received, Refusal> {
    let config = &context.engine.config.uploads;
    let patience = Duration::from_millis(config.timeout_ms);
    let mut stream = body.into_data_stream();
    let reading = read(context, boundary, &mut stream);
    match tokio::time::timeout(patience, reading).await {
        Ok(Ok(received)) => Ok(received),
        Ok(Err(refusal)) => {
            drain(stream).await;
            Err(refusal)
        }
        Err(_) => Err(Refusal::http_with(
            StatusCode::REQUEST_TIMEOUT,
            Code::Timeout,
            "The files did not arrive in time.",
        )),
    }
}

async fn read(
    context: &RequestContext,
    boundary: String,
    stream: &mut BodyDataStream,
) -> Result<Received, Refusal> {
    let engine = &context.engine;
    let config = &engine.config.uploads;
    let limits = SizeLimit::new()
        .whole_stream(config.bytes as u64)
        .for_field("operations", engine.config.limits.body_bytes as u64)
        .for_field("map", engine.config.limits.body_bytes as u64)
        .per_field(config.file_bytes as u64);
    let mut parts =
        Multipart::with_constraints(stream, boundary, Constraints::new().size_limit(limits));

    let operations = named(&mut parts, "operations", config).await?;
    let mut received = decode_body(context, &whole(operations, config).await?)?;
    let map = whole(named(&mut parts, "map", config).await?, config).await?;
    let map: HashMap<String, Vec<String>> =
        serde_json::from_slice(&map).map_err(|error| malformed(format!("map: {error}")))?;
    if map.is_empty() || map.len() > config.files {
        return Err(malformed(format!(
            "map: {} files; 1 to {} are accepted",
            map.len(),
            config.files
        )));
    }
    let mut places = Places::new(context, &mut received);
    // Each file's number, which is that of its part.
    let mut awaited: HashMap<&str, usize> = HashMap::with_capacity(map.len());
    for (number, (name, paths)) in map.iter().enumerate() {
        for path in paths {
            places.mark(path, number)?;
        }
        awaited.insert(name, number);
    }

    let mut files: Vec<Option<UploadedFile>> = vec![None; map.len()];
    let mut room: Option<OwnedSemaphorePermit> = None;
    while let Some(part) = parts.next_field().await.map_err(|e| broken(&e, config))? {
        let Some(number) = part.name().and_then(|name| awaited.remove(name)) else {
            return Err(malformed(format!(
                "the part {:?} is not in map, or is there twice",
                part.name().unwrap_or_default()
            )));
        };
        let name = part.file_name().unwrap_or_default().to_owned();
        let content_type = part.content_type().map(ToString::to_string);
        let content = hold(context, part, &mut room).await?;
        files[number] = Some(UploadedFile {
            name,
            content_type,
            content,
        });
    }
    if let Some(missing) = awaited.keys().next() {
        return Err(malformed(format!("the file {missing:?} of map is missing")));
    }
    let Some(room) = room.or_else(|| engine.upload_room.clone().try_acquire_many_owned(0).ok())
    else {
        return Err(busy());
    };
    places.settle(files.into_iter().flatten(), &Arc::new(room));
    Ok(received)
}

/// The next part, which must have this name.
async fn named<'m>(
    parts: &mut Multipart<'m>,
    name: &'static str,
    config: &UploadsConfig,
) -> Result<Field<'m>, Refusal> {
    match parts.next_field().await {
        Ok(Some(part)) if part.name() == Some(name) => Ok(part),
        Ok(_) => Err(malformed(format!(
            "the part \"{name}\" is missing here: the order is operations, map, files"
        ))),
        Err(error) => Err(broken(&error, config)),
    }
}

async fn whole(part: Field<'_>, config: &UploadsConfig) -> Result<Bytes, Refusal> {
    part.bytes().await.map_err(|error| broken(&error, config))
}

/// Reads a file, counting what it takes against what all files together may.
async fn hold(
    context: &RequestContext,
    mut part: Field<'_>,
    room: &mut Option<OwnedSemaphorePermit>,
) -> Result<Bytes, Refusal> {
    let engine = &context.engine;
    let mut content = BytesMut::new();
    loop {
        let chunk = part.chunk().await;
        let Some(chunk) = chunk.map_err(|error| broken(&error, &engine.config.uploads))? else {
            return Ok(content.freeze());
        };
        let bytes = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        let more = engine
            .upload_room
            .clone()
            .try_acquire_many_owned(bytes)
            .map_err(|_: TryAcquireError| busy())?;
        match room {
            Some(room) => room.merge(more),
            None => *room = Some(more),
        }
        content.extend_from_slice(&chunk);
    }
}

fn busy() -> Refusal {
    Refusal::http_with(
        StatusCode::SERVICE_UNAVAILABLE,
        Code::RateLimited,
        "Too many files are being uploaded; try again later.",
    )
    .header(header::RETRY_AFTER, seconds(Duration::from_secs(1)))
}

fn broken(error: &multer::Error, config: &UploadsConfig) -> Refusal {
    match error {
        multer::Error::FieldSizeExceeded { limit, .. } => {
            too_large(usize::try_from(*limit).unwrap_or(usize::MAX))
        }
        multer::Error::StreamSizeExceeded { .. } => too_large(config.bytes),
        other => malformed(other),
    }
}

/// Puts files into the variables of one operation or of a batch.
struct Places<'r> {
    operations: &'r mut [Operation],
    is_batch: bool,
    /// Which operations take files.
    taking: Vec<bool>,
    secret: String,
}

impl<'r> Places<'r> {
    fn new(context: &RequestContext, received: &'r mut Received) -> Self {
        let is_batch = matches!(received, Received::Batch(_));
        let operations = match received {
            Received::One(operation) => std::slice::from_mut(operation),
            Received::Batch(operations) => operations.as_mut_slice(),
        };
        Self {
            taking: vec![false; operations.len()],
            operations,
            is_batch,
            secret: hex::encode(context.engine.entropy.bytes::<16>()),
        }
    }

    /// Puts the mark of a file at a path such as `variables.files.0`, before which a batch has the operation's position.
    fn mark(&mut self, path: &str, number: usize) -> Result<(), Refusal> {
        let wrong = || {
            malformed(format!(
                "map: {path:?} is not the path of a null among the variables"
            ))
        };
        let mut steps = path.split('.');
        let position = if self.is_batch {
            let position = steps.next().and_then(|step| step.parse::<usize>().ok());
            position.ok_or_else(wrong)?
        } else {
            0
        };
        let operation = self.operations.get_mut(position).ok_or_else(wrong)?;
        if steps.next() != Some("variables") {
            return Err(wrong());
        }
        let place = find(&mut operation.variables, steps).ok_or_else(wrong)?;
        if !place.is_null() {
            return Err(wrong());
        }
        *place = Files::new(self.secret.clone()).mark(number);
        self.taking[position] = true;
        Ok(())
    }

    /// Gives every operation that takes files all of them.
    fn settle(
        self,
        received: impl Iterator<Item = UploadedFile>,
        room: &Arc<OwnedSemaphorePermit>,
    ) {
        let mut files = Files::new(self.secret);
        received.for_each(|file| files.push(file));
        for (operation, takes) in self.operations.iter_mut().zip(self.taking) {
            operation.uploads = takes.then(|| Uploads {
                files: files.clone(),
                _room: room.clone(),
            });
        }
    }
}

/// The value at a path of field names and list positions.
fn find<'v, 'p>(
    variables: &'v mut Map<String, Value>,
    mut steps: impl Iterator<Item = &'p str>,
) -> Option<&'v mut Value> {
    let mut value = variables.get_mut(steps.next()?)?;
    for step in steps {
        value = match value {
            Value::Object(fields) => fields.get_mut(step)?,
            Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_place_is_a_path_to_null() {
        let mut variables = json!({ "a": null, "b": { "c": [1, null] } });
        let Value::Object(variables) = &mut variables else {
            unreachable!()
        };
        let mut at = |path: &str| find(variables, path.split('.')).map(|value| value.clone());
        assert_eq!(at("a"), Some(Value::Null));
        assert_eq!(at("b.c.1"), Some(Value::Null));
        assert_eq!(at("b.c.0"), Some(json!(1)));
        for path in ["", "x", "b.c.2", "b.c.x", "a.b", "b.c.-1"] {
            assert_eq!(at(path), None, "{path}");
        }
    }
}
