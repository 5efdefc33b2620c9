//! Tasks that a `subscriptions/listen` stream tells of. `rmcp` knows nothing of them there: the lane reads which ones are asked for
//! and says so in the acknowledgement.

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use rmcp::model::{GetMeta, ServerNotification, TaskStatusNotification, TaskStatusNotificationParams};
use rmcp::service::SubscriptionSink;
use rmcp::{Peer, RoleServer};
use serde_json::{Value, json};

use crate::behaviour::{Behaviour, Capabilities};
use crate::reply::LaneResponse;
use crate::server::Context;
use crate::task::Task;
use crate::{along, convert};

/// Tasks on one stream at the most.
pub(crate) const MOST: usize = 100;
const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";

/// The ids that a client listens to, on their way with the request.
#[derive(Clone, Debug)]
pub(crate) struct TaskIds(pub(crate) Vec<String>);

/// The tasks of one stream and what was last told of them.
pub(crate) struct Told {
    tasks: Vec<One>,
    capabilities: Capabilities,
    peer: Peer<RoleServer>,
}

struct One {
    id: String,
    resource: String,
    last: Option<Task>,
}

impl Told {
    pub(crate) fn new<B: Behaviour>(behaviour: &B, context: &Context) -> Told {
        let capabilities = convert::capabilities(context.client_capabilities().as_ref());
        let ids = along::find::<TaskIds>(&context.extensions).filter(|_| capabilities.tasks);
        let one = |id: &String| One { id: id.clone(), resource: behaviour.task_resource(id), last: None };
        let tasks = ids.into_iter().flat_map(|ids| &ids.0).map(one).collect();
        Told { tasks, capabilities, peer: context.peer.clone() }
    }

    /// What to look at for news of them.
    pub(crate) fn resources(&self) -> Vec<String> {
        self.tasks.iter().map(|one| one.resource.clone()).collect()
    }

    /// Tells how the task behind this resource stands, if that is news. One that the caller may not see is never told of.
    pub(crate) async fn look<B: Behaviour>(&mut self, behaviour: &B, caller: &B::Caller, (uri, sink): (&str, &SubscriptionSink)) {
        let Some(one) = self.tasks.iter_mut().find(|one| one.resource == uri) else { return };
        let Ok(task) = behaviour.task(caller, &one.id, self.capabilities).await else { return };
        let is_news = one.last.as_ref().is_none_or(|last| last.stand != task.stand || last.message != task.message);
        one.last = Some(task.clone());
        if !is_news {
            return;
        }
        let params = TaskStatusNotificationParams::new(convert::detailed(task));
        let mut told = ServerNotification::TaskStatusNotification(TaskStatusNotification::new(params));
        told.get_meta_mut().set_subscription_id(sink.id().clone());
        // A client that left is noticed by the stream itself.
        let _ = self.peer.send_notification(told).await;
    }
}

/// The stream with the tasks in its acknowledgement, which is its first message.
pub(crate) fn acknowledging(response: LaneResponse, ids: Vec<String>) -> LaneResponse {
    response.map(|body| {
        let frames = futures_util::stream::unfold((body, Some(ids)), |(mut body, mut ids)| async move {
            let mut frame = body.frame().await?;
            if let (Ok(data), Some(named)) = (&mut frame, &ids)
                && let Some(bytes) = data.data_ref()
                && let Some(changed) = with_tasks(bytes, named)
            {
                (frame, ids) = (Ok(Frame::data(changed)), None);
            }
            Some((frame, (body, ids)))
        });
        StreamBody::new(Box::pin(frames)).boxed_unsync()
    })
}

/// An event with the acknowledgement in it, with these tasks; none for every other.
fn with_tasks(event: &Bytes, ids: &[String]) -> Option<Bytes> {
    let text = std::str::from_utf8(event).ok().filter(|text| text.contains(ACKNOWLEDGED))?;
    let line = text.lines().find(|line| line.starts_with("data:"))?;
    let mut message: Value = serde_json::from_str(line.trim_start_matches("data:").trim()).ok()?;
    message.get_mut("params")?.get_mut("notifications")?.as_object_mut()?.insert("taskIds".to_owned(), json!(ids));
    Some(Bytes::from(text.replace(line, &format!("data: {message}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_acknowledgement_is_changed() {
        let event = Bytes::from_static(
            b"id: 0\ndata: {\"method\":\"notifications/subscriptions/acknowledged\",\"params\":{\"notifications\":{\"toolsListChanged\":true}}}\n\n",
        );
        let changed = with_tasks(&event, &["t".to_owned()]).expect("it is one");
        let text = std::str::from_utf8(&changed).expect("text");
        assert!(text.starts_with("id: 0\ndata: {") && text.ends_with("}\n\n"), "{text}");
        assert!(text.contains("{\"toolsListChanged\":true,\"taskIds\":[\"t\"]}"), "{text}");
        assert_eq!(with_tasks(&Bytes::from_static(b"data: {\"method\":\"other\"}\n\n"), &[]), None);
    }
}
