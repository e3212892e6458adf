//! Answers of the Query protocol: XML of API version 2014-10-31.

use std::fmt::{Display, Write};

use jiff::Timestamp;
use quick_xml::escape::escape;

use super::query::ServiceError;

const NAMESPACE: &str = "http://rds.amazonaws.com/doc/2014-10-31/";

/// An XML document that is being written.
#[derive(Debug, Default)]
pub(crate) struct Xml(String);

impl Xml {
    /// Adds an element with a text: `<name>value</name>`.
    pub(crate) fn text(&mut self, name: &str, value: impl Display) -> &mut Self {
        let value = value.to_string();
        self.put(format_args!("<{name}>{}</{name}>", escape(value.as_str())))
    }

    /// Adds an element with a text, if there is a value.
    pub(crate) fn maybe(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// Adds text without an element around it: for [`list`](Self::list), which makes the element of each item.
    pub(crate) fn raw(&mut self, text: &str) {
        self.put(format_args!("{}", escape(text)));
    }

    /// Adds an element with a time in UTC, to the millisecond.
    pub(crate) fn time(&mut self, name: &str, at: Timestamp) -> &mut Self {
        self.text(name, at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
    }

    /// Adds an element that `inside` fills.
    pub(crate) fn node(&mut self, name: &str, inside: impl FnOnce(&mut Self)) -> &mut Self {
        self.put(format_args!("<{name}>"));
        inside(self);
        self.put(format_args!("</{name}>"))
    }

    /// Adds a list: an element `name` with an element `member` for each item, which `each` fills.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        member: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.node(name, |list| {
            for item in items {
                list.node(member, |x| each(x, item));
            }
        })
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) -> &mut Self {
        self.0.write_fmt(text).expect("writing to a String cannot fail");
        self
    }
}

pub(crate) fn answer(action: &str, result: &Xml, request_id: &str) -> String {
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{}</{action}Result>\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>",
        result.0
    )
}

pub(crate) fn error(refusal: &ServiceError, request_id: &str) -> String {
    let mut inside = Xml::default();
    let side = if refusal.http < 500 { "Sender" } else { "Receiver" };
    inside.node("Error", |x| {
        x.text("Type", side).text("Code", &refusal.code).text("Message", &refusal.message);
    });
    inside.text("RequestId", request_id);
    format!("<ErrorResponse xmlns=\"{NAMESPACE}\">{}</ErrorResponse>", inside.0)
}
