//! A call with files, written as the GraphQL multipart request specification has it.

use std::collections::BTreeMap;

use bytes::Bytes;
use coko_executor::{CallFiles, TransportError};
use http::HeaderValue;
use serde_json::json;

/// What a subgraph is sent.
#[derive(Clone)]
pub(super) struct Payload {
    pub(super) content_type: HeaderValue,
    pub(super) body: Bytes,
}

impl Payload {
    /// The JSON itself, or a form around it when files belong to it.
    ///
    /// # Errors
    /// [`TransportError::Other`] when a place names a file that is not there.
    pub(super) fn new(body: Bytes, files: Option<&CallFiles<'_>>) -> Result<Self, TransportError> {
        match files {
            None => Ok(Self {
                content_type: HeaderValue::from_static("application/json"),
                body,
            }),
            Some(files) => form(&body, files)
                .ok_or_else(|| TransportError::Other("a file of the call is missing".to_owned())),
        }
    }
}

fn form(body: &[u8], files: &CallFiles<'_>) -> Option<Payload> {
    let CallFiles {
        boundary,
        places,
        files,
    } = files;
    let mut map: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (place, number) in places {
        map.entry(*number).or_default().push(place);
    }
    let held = map.keys().map(|number| files.get(*number));
    let size: Option<usize> = held.map(|file| file.map(|file| file.content.len())).sum();
    let mut form = Vec::with_capacity(size? + body.len() + 512 * (map.len() + 2));
    let mut part = |head: &str, content: &[u8]| {
        form.extend_from_slice(
            format!("--{boundary}\r\ncontent-disposition: form-data; ").as_bytes(),
        );
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(b"\r\n\r\n");
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    };
    let json_part = |name: &str| format!("name=\"{name}\"\r\ncontent-type: application/json");
    part(&json_part("operations"), body);
    part(&json_part("map"), json!(map).to_string().as_bytes());
    for number in map.keys() {
        let file = files.get(*number)?;
        let media = file.content_type.as_deref();
        let head = format!(
            "name=\"{number}\"; filename=\"{}\"\r\ncontent-type: {}",
            escaped(&file.name),
            media.unwrap_or("application/octet-stream")
        );
        part(&head, &file.content);
    }
    form.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let content_type = format!("multipart/form-data; boundary={boundary}");
    Some(Payload {
        content_type: HeaderValue::try_from(content_type).ok()?,
        body: Bytes::from(form),
    })
}

/// A file's name as browsers write it (HTML, "multipart form data").
fn escaped(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use coko_executor::UploadedFile;

    #[test]
    fn a_form_holds_each_file_once() {
        let files = [UploadedFile {
            name: "a\"\r\nb".to_owned(),
            content_type: None,
            content: Bytes::from_static(b"content"),
        }];
        let places = vec![("variables.a".to_owned(), 0), ("variables.b".to_owned(), 0)];
        let call = |places| CallFiles {
            boundary: "edge",
            places,
            files: &files,
        };
        let payload = Payload::new(Bytes::from_static(b"{}"), Some(&call(places)));
        let payload = payload.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(payload.content_type, "multipart/form-data; boundary=edge");
        let expected = concat!(
            "--edge\r\ncontent-disposition: form-data; name=\"operations\"\r\ncontent-type: application/json\r\n\r\n{}\r\n",
            "--edge\r\ncontent-disposition: form-data; name=\"map\"\r\ncontent-type: application/json\r\n\r\n",
            "{\"0\":[\"variables.a\",\"variables.b\"]}\r\n",
            "--edge\r\ncontent-disposition: form-data; name=\"0\"; filename=\"a%22%0D%0Ab\"\r\n",
            "content-type: application/octet-stream\r\n\r\ncontent\r\n--edge--\r\n",
        );
        assert_eq!(std::str::from_utf8(&payload.body).unwrap(), expected);
        let beyond = call(vec![("variables.a".to_owned(), 1)]);
        assert!(Payload::new(Bytes::new(), Some(&beyond)).is_err());
    }
}
