// SPDX-License-Identifier: Apache-2.0
//! Rules of who may ask, by the headers of a request, and `GET /health`.
//!
//! A browser tells by `Origin` whose page asks, and sends the name under which it found the server as
//! `Host`: so foreign pages are kept out, and those that let their name resolve to this machine.

use super::{places::Activity, Shared};
use http::{
	header::{HeaderName, HeaderValue, CONTENT_TYPE, HOST, ORIGIN},
	Method, StatusCode,
};
use jsonrpsee::{
	core::BoxError,
	server::{HttpBody, HttpRequest, HttpResponse},
};
use serde_json::json;
use std::{
	future::Future,
	net::IpAddr,
	pin::Pin,
	sync::Arc,
	task::{Context, Poll},
};
use tower::{Layer, Service};

/// Path at which the health is told.
const HEALTH: &str = "/health";

/// Guard of all connections.
#[derive(Clone, Debug)]
pub(super) struct Guarding {
	shared: Shared,
	/// Names of hosts, in small letters.
	hosts: Arc<[String]>,
}

impl Guarding {
	/// Lets in those who ask for an address, for `localhost` or for one of `hosts`, from no web page or
	/// from one of this machine or of `hosts`.
	pub(super) fn new(shared: Shared, hosts: &[String]) -> Self {
		let hosts = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
		Self { shared, hosts }
	}

	/// Returns what guards one connection.
	pub(super) fn of(&self, activity: Arc<Activity>) -> GuardLayer {
		GuardLayer { guarding: self.clone(), activity }
	}
}

/// Puts a [`Guard`] before what answers requests.
#[derive(Clone, Debug)]
pub(super) struct GuardLayer {
	guarding: Guarding,
	activity: Arc<Activity>,
}

impl<S> Layer<S> for GuardLayer {
	type Service = Guard<S>;

	fn layer(&self, inner: S) -> Guard<S> {
		Guard { inner, layer: self.clone() }
	}
}

/// Refuses requests, tells the health, and hands everything else on.
#[derive(Clone, Debug)]
pub(super) struct Guard<S> {
	inner: S,
	layer: GuardLayer,
}

impl<S, B> Service<HttpRequest<B>> for Guard<S>
where
	S: Service<HttpRequest<B>, Response = HttpResponse>,
	S::Error: Into<BoxError> + 'static,
	S::Future: Send + 'static,
{
	type Response = HttpResponse;
	type Error = BoxError;
	type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, BoxError>> + Send>>;

	fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
		self.inner.poll_ready(context).map_err(Into::into)
	}

	fn call(&mut self, request: HttpRequest<B>) -> Self::Future {
		let GuardLayer { guarding, activity } = &self.layer;
		activity.note();
		if let Some(refusal) = refusal(&request, &guarding.hosts) {
			let answer = answer(StatusCode::FORBIDDEN, "text/plain", format!("{refusal}\n"));
			return Box::pin(std::future::ready(Ok(answer)));
		}
		if request.method() == Method::GET && request.uri().path() == HEALTH {
			return Box::pin(health(guarding.shared.clone()));
		}
		let activity = Arc::clone(activity);
		let answer = self.inner.call(request);
		Box::pin(async move {
			let answer = answer.await.map_err(Into::<BoxError>::into)?;
			if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
				activity.became_socket();
			}
			Ok(answer)
		})
	}
}

/// As `rollup_health`, with a status that monitors understand.
async fn health(shared: Shared) -> Result<HttpResponse, BoxError> {
	// The core may be at the disk.
	let problem = tokio::task::spawn_blocking(move || shared.problem()).await?;
	let status = match problem {
		None => StatusCode::OK,
		Some(_) => StatusCode::SERVICE_UNAVAILABLE,
	};
	let health = json!({ "healthy": problem.is_none(), "problem": problem });
	Ok(answer(status, "application/json", format!("{health}\n")))
}

fn answer(status: StatusCode, content_type: &'static str, text: String) -> HttpResponse {
	let mut answer = HttpResponse::new(HttpBody::from(text));
	*answer.status_mut() = status;
	answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
	answer
}

/// Returns why a request is refused, if it is.
fn refusal<B>(request: &HttpRequest<B>, hosts: &[String]) -> Option<String> {
	let header = |name: HeaderName| {
		request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
	};
	let host = header(HOST).or_else(|| request.uri().authority().map(|name| name.as_str().into()));
	let host = host.unwrap_or_default();
	let name = name_of(&host);
	if address(name).is_none() && !is_known(name, hosts) {
		return Some(format!("the host `{host}` is not served here; allow it with --allow-host"));
	}
	let origin = header(ORIGIN)?;
	let name = origin.split_once("://").map_or("", |(_, authority)| name_of(authority));
	let is_ours = address(name).is_some_and(|address| address.is_loopback());
	if is_ours || is_known(name, hosts) {
		return None;
	}
	Some(format!("pages of `{origin}` are not served here; allow their host with --allow-host"))
}

/// The name in `NAME:PORT`, or `[ADDRESS]:PORT` with its brackets.
fn name_of(authority: &str) -> &str {
	match authority.rsplit_once(':') {
		Some((name, port)) if !port.contains(']') => name,
		_ => authority,
	}
}

fn address(name: &str) -> Option<IpAddr> {
	let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
	bare.parse().ok()
}

fn is_known(name: &str, hosts: &[String]) -> bool {
	let name = name.to_ascii_lowercase();
	name == "localhost" || hosts.contains(&name)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn is_refused(host: Option<&str>, origin: Option<&str>) -> bool {
		let mut request = HttpRequest::new(HttpBody::empty());
		for (name, value) in [(HOST, host), (ORIGIN, origin)] {
			if let Some(value) = value {
				request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
			}
		}
		refusal(&request, &["rollup.example".into()]).is_some()
	}

	#[test]
	fn host_should_be_an_address_or_a_name_that_is_allowed() {
		for good in [
			"127.0.0.1:9955",
			"[::1]:9955",
			"[::1]",
			"192.0.2.7",
			"localhost:9955",
			"LOCALHOST",
			"rollup.example",
			"Rollup.Example:443",
		] {
			assert!(!is_refused(Some(good), None), "{good}");
		}
		for foreign in
			["evil.example:9955", "localhost.evil.example", "rollup.example.evil", "", ":9955"]
		{
			assert!(is_refused(Some(foreign), None), "{foreign}");
		}
		assert!(is_refused(None, None));
	}

	#[test]
	fn origin_should_be_of_this_machine_or_allowed() {
		let host = Some("127.0.0.1:9955");
		for good in [
			"http://localhost:3000",
			"http://127.0.0.1",
			"http://[::1]:8080",
			"https://rollup.example",
		] {
			assert!(!is_refused(host, Some(good)), "{good}");
		}
		for foreign in
			["https://evil.example", "null", "", "http://192.0.2.7", "https://rollup.example.evil"]
		{
			assert!(is_refused(host, Some(foreign)), "{foreign}");
		}
	}
}
