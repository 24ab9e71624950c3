//! Answers `GET /?message=Hello` with the message in capitals, and without a message says how to ask.

use lambda_http::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use lambda_http::{Error, Request, RequestExt, Response, run, service_fn, tracing};

const HELP: &str = "Give a message and get it back in capitals: /?message=Hello";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(|request: Request| async move { respond(&request) })).await
}

fn respond(request: &Request) -> Result<Response<String>, Error> {
    let parameters = request.query_string_parameters_ref();
    let text = answer(parameters.and_then(|given| given.first("message")));
    tracing::info!(characters = text.chars().count(), "answered");
    Ok(Response::builder()
        .header(CONTENT_TYPE, "text/plain; charset=utf-8")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(text)?)
}

fn answer(message: Option<&str>) -> String {
    match message {
        None | Some("") => HELP.to_owned(),
        Some(message) => message.to_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn a_message_comes_back_in_capitals() {
        assert_eq!(answer(Some("Hello")), "HELLO");
    }

    #[test]
    fn capitals_are_those_of_unicode() {
        assert_eq!(answer(Some("grüße, ÿ")), "GRÜSSE, Ÿ");
    }

    #[test]
    fn without_a_message_the_answer_says_how_to_ask() {
        assert_eq!(answer(None), HELP);
        assert_eq!(answer(Some("")), HELP);
    }

    #[test]
    fn the_answer_is_plain_text_that_no_browser_takes_for_html() -> Result<(), Error> {
        let message = HashMap::from([("message".to_owned(), vec!["<b>hi</b>".to_owned()])]);
        let response = respond(&Request::default().with_query_string_parameters(message))?;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.body(), "<B>HI</B>");
        Ok(())
    }
}
