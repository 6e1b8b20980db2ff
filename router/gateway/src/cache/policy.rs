//! How long an answer may be kept and by whom: `Cache-Control`, `Age` and `Vary` of subgraphs (RFC 9111), and what an
//! answer made of several allows together.

use http::{HeaderMap, HeaderValue, header};

/// Who may be given an answer that was made for somebody else. Ordered from strict to lax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// Nobody: `private`.
    Private,
    /// Not said. Callers without a token share it, as RFC 9111 (section 3.5) has it; those with one do not.
    Unsaid,
    /// Everybody: `public`, or `s-maxage`, which says the same.
    Public,
}

/// What may be done with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) scope: Scope,
    /// Seconds for which caches that serve many may keep it, this one among them; 0 is not at all.
    pub(crate) shared_seconds: u32,
    /// Seconds for which a client may keep it.
    pub(crate) client_seconds: u32,
}

impl Policy {
    /// Nothing may be kept.
    pub(crate) const NEVER: Self = Self {
        scope: Scope::Private,
        shared_seconds: 0,
        client_seconds: 0,
    };

    /// The same life in all caches.
    pub(crate) fn seconds(scope: Scope, seconds: u32) -> Self {
        Self {
            scope,
            shared_seconds: seconds,
            client_seconds: seconds,
        }
    }

    /// What the headers of an answer say, if they say anything. `is_keyed` tells whether a request header is part of
    /// every key; an answer that depends on any other is not kept.
    pub(crate) fn of(headers: &HeaderMap, is_keyed: &impl Fn(&str) -> bool) -> Option<Self> {
        let mut directives = headers
            .get_all(header::CACHE_CONTROL)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|directive| !directive.is_empty())
            .peekable();
        directives.peek()?;
        let mut scope = Scope::Unsaid;
        let mut is_private = false;
        let mut max_age = None;
        let mut shared = None;
        for directive in directives {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let seconds = || {
                let digits = value.trim().trim_matches('"');
                // What is not a number is stale (section 4.2.1); what is too large is as much as there is.
                match digits.parse::<u64>() {
                    Ok(seconds) => u32::try_from(seconds).unwrap_or(u32::MAX),
                    Err(_) => 0,
                }
            };
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => return Some(Self::NEVER),
                "private" => is_private = true,
                "public" => scope = Scope::Public,
                "max-age" => max_age = Some(max_age.unwrap_or(u32::MAX).min(seconds())),
                "s-maxage" => {
                    scope = Scope::Public;
                    shared = Some(shared.unwrap_or(u32::MAX).min(seconds()));
                }
                _ => {}
            }
        }
        let Some(shared_seconds) = shared.or(max_age) else {
            return Some(Self::NEVER);
        };
        let mut policy = Self {
            scope: if is_private { Scope::Private } else { scope },
            shared_seconds,
            client_seconds: max_age.unwrap_or(shared_seconds),
        };
        for name in headers
            .get_all(header::VARY)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("*").split(','))
            .map(|name| name.trim().to_ascii_lowercase())
        {
            match name.as_str() {
                // These are the same in every request to a subgraph, or settled with the connection.
                "" | "accept" | "accept-encoding" | "content-type" | "origin" => {}
                "authorization" => policy.scope = Scope::Private,
                name if is_keyed(name) => {}
                _ => return Some(Self::NEVER),
            }
        }
        let age = headers
            .get(header::AGE)
            .and_then(|value| value.to_str().ok()?.trim().parse::<u32>().ok())
            .unwrap_or(0);
        Some(policy.aged(age))
    }

    fn aged(self, seconds: u32) -> Self {
        Self {
            shared_seconds: self.shared_seconds.saturating_sub(seconds),
            client_seconds: self.client_seconds.saturating_sub(seconds),
            ..self
        }
    }

    /// What both allow.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            scope: self.scope.min(other.scope),
            shared_seconds: self.shared_seconds.min(other.shared_seconds),
            client_seconds: self.client_seconds.min(other.client_seconds),
        }
    }

    /// Whether this cache may keep the answer.
    pub(crate) fn is_storable(self) -> bool {
        self.shared_seconds > 0
    }

    /// The `Cache-Control` of an answer to a client; `shared` tells whether caches that serve many may keep it.
    pub(crate) fn header(self, shared: bool) -> HeaderValue {
        let (client, all) = (self.client_seconds, self.shared_seconds);
        let text = match (shared, client, all) {
            (_, 0, 0) | (false, 0, _) => return HeaderValue::from_static("no-store"),
            (false, ..) => format!("private, max-age={client}"),
            (true, ..) if client == all => format!("public, max-age={client}"),
            (true, ..) => format!("public, max-age={client}, s-maxage={all}"),
        };
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("no-store"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(control: &str, more: &[(&'static str, &str)]) -> Option<Policy> {
        let mut headers = HeaderMap::new();
        if !control.is_empty() {
            headers.insert(header::CACHE_CONTROL, control.parse().unwrap());
        }
        for (name, value) in more {
            headers.append(*name, value.parse().unwrap());
        }
        Policy::of(&headers, &|name| name == "accept-language")
    }

    fn is(scope: Scope, shared_seconds: u32, client_seconds: u32) -> Policy {
        Policy {
            scope,
            shared_seconds,
            client_seconds,
        }
    }

    #[test]
    fn headers_are_read_as_http_has_them() {
        use Scope::{Private, Public, Unsaid};
        for (control, more, expected) in [
            ("", &[][..], None),
            ("max-age=60", &[], Some(is(Unsaid, 60, 60))),
            ("Public, Max-Age=\"60\"", &[], Some(is(Public, 60, 60))),
            ("private, max-age=60", &[], Some(is(Private, 60, 60))),
            (
                "public, private, max-age=60",
                &[],
                Some(is(Private, 60, 60)),
            ),
            ("max-age=0, s-maxage=30", &[], Some(is(Public, 30, 0))),
            ("s-maxage=30", &[], Some(is(Public, 30, 30))),
            (
                "max-age=99999999999999",
                &[],
                Some(is(Unsaid, u32::MAX, u32::MAX)),
            ),
            ("max-age=60, max-age=5", &[], Some(is(Unsaid, 5, 5))),
            ("max-age=soon", &[], Some(is(Unsaid, 0, 0))),
            ("public", &[], Some(Policy::NEVER)),
            ("no-store, max-age=60", &[], Some(Policy::NEVER)),
            ("no-cache", &[], Some(Policy::NEVER)),
            ("max-age=60", &[("age", "20")], Some(is(Unsaid, 40, 40))),
            ("max-age=60", &[("age", "90")], Some(is(Unsaid, 0, 0))),
            (
                "max-age=60, public",
                &[("vary", "Accept-Language, accept")],
                Some(is(Public, 60, 60)),
            ),
            (
                "max-age=60, public",
                &[("vary", "Authorization")],
                Some(is(Private, 60, 60)),
            ),
            (
                "max-age=60, public",
                &[("vary", "x-tenant")],
                Some(Policy::NEVER),
            ),
            ("max-age=60, public", &[("vary", "*")], Some(Policy::NEVER)),
        ] {
            assert_eq!(policy(control, more), expected, "{control} {more:?}");
        }
    }

    #[test]
    fn answers_say_the_least_that_their_parts_allow() {
        let public = Policy::seconds(Scope::Public, 60);
        let longer = Policy {
            scope: Scope::Public,
            shared_seconds: 300,
            client_seconds: 10,
        };
        assert_eq!(public.header(true), "public, max-age=60");
        assert_eq!(longer.header(true), "public, max-age=10, s-maxage=300");
        assert_eq!(
            public.and(longer).header(true),
            "public, max-age=10, s-maxage=60"
        );
        assert_eq!(longer.header(false), "private, max-age=10");
        assert_eq!(public.and(Policy::NEVER).header(true), "no-store");
        let private = public.and(Policy::seconds(Scope::Private, 90));
        assert_eq!(
            (private.scope, private.shared_seconds),
            (Scope::Private, 60)
        );
    }
}
