/// Every endpoint, in the order of the documentation.
public enum EndpointCatalog {
  public static let shapes: [Shape] = [
    PipelineCalls.list.shape, PipelineCalls.get.shape, PipelineCalls.revisions.shape,
    PipelineCalls.rollback.shape, PipelineCalls.delete.shape, PipelineCalls.pause.shape,
    PipelineCalls.resume.shape,
    PipelineCalls.apply.shape,
    PipelineCalls.plan.shape, PipelineCalls.validate.shape, PipelineCalls.execute.shape,
    PipelineCalls.schema.shape,
    JobCalls.list.shape, JobCalls.get.shape, JobCalls.steps.shape, JobCalls.step.shape, JobCalls.logs.shape,
    JobCalls.events.shape,
    JobCalls.follow.shape, JobCalls.why.shape, JobCalls.cancel.shape, JobCalls.kill.shape,
    JobCalls.adopt.shape, JobCalls.retry.shape, JobCalls.rerun.shape,
    JobCalls.resolve.shape, JobCalls.replay.shape, JobCalls.artifacts.shape, JobCalls.artifact.shape,
    AskCalls.list.shape, AskCalls.get.shape, AskCalls.answer.shape, AskCalls.delegate.shape,
    AskCalls.remind.shape,
    JobCalls.export.shape,
    TriggerCalls.list.shape, TriggerCalls.messages.shape, TriggerCalls.send.shape,
    TriggerCalls.refusals.shape,
    EventCalls.list.shape, EventCalls.follow.shape,
    SignalCalls.list.shape, SignalCalls.send.shape, SignalCalls.sendToJob.shape,
    AccessCalls.credentials.shape, AccessCalls.setCredential.shape, AccessCalls.deleteCredential.shape,
    AccessCalls.connections.shape, AccessCalls.setConnection.shape, AccessCalls.deleteConnection.shape,
    AccessCalls.settings.shape, AccessCalls.setSetting.shape,
    SystemCalls.connectors.shape, SystemCalls.connectorSchema.shape, SystemCalls.doctor.shape,
    SystemCalls.health.shape,
    SystemCalls.ready.shape, SystemCalls.version.shape,
  ]
}
