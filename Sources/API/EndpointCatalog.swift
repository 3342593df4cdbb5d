/// Every endpoint, in the order of the documentation.
public enum EndpointCatalog {
  public static let shapes: [Shape] =
    [
      PipelineCalls.list.shape, PipelineCalls.get.shape, PipelineCalls.revisions.shape,
      PipelineCalls.rollback.shape, PipelineCalls.delete.shape, PipelineCalls.pause.shape,
      PipelineCalls.resume.shape,
      PipelineCalls.apply.shape,
      PipelineCalls.plan.shape, PipelineCalls.validate.shape, PipelineCalls.execute.shape,
      PipelineCalls.schema.shape,
      JobCalls.list.shape, JobCalls.get.shape, JobCalls.steps.shape, JobCalls.step.shape, JobCalls.logs.shape,
      JobCalls.events.shape,
      JobCalls.follow.shape, JobCalls.why.shape, JobCalls.update.shape, JobCalls.cancel.shape,
      JobCalls.kill.shape,
      JobCalls.adopt.shape, JobCalls.retry.shape, JobCalls.rerun.shape,
      JobCalls.resolve.shape, JobCalls.replay.shape, JobCalls.artifacts.shape, JobCalls.artifact.shape,
      AskCalls.list.shape, AskCalls.get.shape, AskCalls.answer.shape, AskCalls.delegate.shape,
      AskCalls.remind.shape, AskCalls.ticket.shape, AskCalls.answerWithTicket.shape,
      JobCalls.export.shape,
      TriggerCalls.list.shape, TriggerCalls.messages.shape, TriggerCalls.send.shape,
      TriggerCalls.refusals.shape,
      ScheduleCalls.list.shape, ScheduleCalls.get.shape, ScheduleCalls.next.shape, ScheduleCalls.fires.shape,
      ScheduleCalls.allFires.shape, ScheduleCalls.pause.shape, ScheduleCalls.resume.shape,
      ScheduleCalls.trigger.shape,
      BackfillCalls.list.shape, BackfillCalls.create.shape, BackfillCalls.get.shape,
      BackfillCalls.pause.shape,
      BackfillCalls.resume.shape, BackfillCalls.cancel.shape,
      EventCalls.list.shape, EventCalls.follow.shape,
      SignalCalls.list.shape, SignalCalls.send.shape, SignalCalls.sendToJob.shape,
      DeadLetterCalls.groups.shape, DeadLetterCalls.list.shape, DeadLetterCalls.get.shape,
      DeadLetterCalls.replay.shape, DeadLetterCalls.discard.shape,
      DestinationCalls.list.shape, DestinationCalls.get.shape, DestinationCalls.deliveries.shape,
      DestinationCalls.enable.shape, DestinationCalls.test.shape, DestinationCalls.outbox.shape,
      DestinationCalls.redeliver.shape,
      AccessCalls.credentials.shape, AccessCalls.credential.shape, AccessCalls.setCredential.shape,
      AccessCalls.deleteCredential.shape, AccessCalls.connection.shape,
      AccessCalls.connections.shape, AccessCalls.setConnection.shape, AccessCalls.deleteConnection.shape,
      AccessCalls.testConnection.shape,
      AccessCalls.settings.shape, AccessCalls.setSetting.shape,
      WatchCalls.expectations.shape, WatchCalls.ping.shape, WatchCalls.forget.shape,
      WatchCalls.alerts.shape, WatchCalls.alert.shape, WatchCalls.acknowledge.shape, WatchCalls.mutes.shape,
      WatchCalls.mute.shape, WatchCalls.unmute.shape,
      AlertRuleCalls.list.shape, AlertRuleCalls.get.shape, AlertRuleCalls.put.shape,
      AlertRuleCalls.delete.shape, AlertRuleCalls.mute.shape, AlertRuleCalls.muteAlert.shape,
      RetentionCalls.show.shape, RetentionCalls.set.shape, RetentionCalls.preview.shape,
      RetentionCalls.run.shape,
      RetentionCalls.deletions.shape, HoldCalls.list.shape, HoldCalls.create.shape,
      HoldCalls.delete.shape,
      SystemCalls.connectors.shape, SystemCalls.connectorSchema.shape, SystemCalls.doctor.shape,
      SystemCalls.health.shape,
      SystemCalls.ready.shape, SystemCalls.version.shape, SystemCalls.openAPI.shape,
      StreamCalls.stream.shape,
    ] + definitions + overviews + vault + privacy + accounts

  /// Of definitions one by one, pictures of jobs, and work on many at once.
  static let definitions: [Shape] = [
    PipelineCalls.create.shape, PipelineCalls.replace.shape, PipelineCalls.revision.shape,
    PipelineCalls.diff.shape, PipelineCalls.graph.shape, PipelineCalls.check.shape,
    JobCalls.timeline.shape, JobCalls.compare.shape, JobCalls.stepLogs.shape, JobCalls.followLogs.shape,
    JobCalls.bulk.shape, OperationCalls.get.shape,
  ]

  /// Of schedules beside files, of what comes from outside, and of how work goes.
  static let overviews: [Shape] = [
    ScheduleChangeCalls.create.shape, ScheduleChangeCalls.update.shape, ScheduleChangeCalls.change.shape,
    ScheduleChangeCalls.delete.shape,
    ScheduleChangeCalls.preview.shape, ScheduleChangeCalls.pauseAll.shape,
    ScheduleChangeCalls.resumeAll.shape,
    MetricsCalls.exposition.shape, MetricsCalls.summary.shape, MetricsCalls.pipeline.shape,
    MetricsCalls.connector.shape,
    HookCalls.deliver.shape, ConnectorCalls.get.shape,
    NamespaceCalls.list.shape, NamespaceCalls.create.shape, NamespaceCalls.get.shape,
    NamespaceCalls.update.shape, NamespaceCalls.setting.shape,
    NamespaceCalls.setSetting.shape, NamespaceCalls.deleteSetting.shape,
    WebhookCalls.list.shape, WebhookCalls.create.shape, WebhookCalls.get.shape, WebhookCalls.update.shape,
    WebhookCalls.delete.shape, WebhookCalls.test.shape, WebhookCalls.rotate.shape,
    WebhookCalls.deliveries.shape,
    QueueCalls.list.shape, QueueCalls.get.shape, QueueCalls.pause.shape, QueueCalls.resume.shape,
    QueueCalls.backup.shape, QueueCalls.purge.shape, WorkerCalls.list.shape, WorkerCalls.get.shape,
    WorkerCalls.drain.shape, WorkerCalls.undrain.shape, WorkerCalls.cluster.shape,
    WorkerCalls.drainNode.shape, WorkerCalls.undrainNode.shape,
  ]

  /// Of credentials, the keys that seal them, and backups.
  static let vault: [Shape] = [
    CredentialCalls.create.shape, CredentialCalls.usage.shape, CredentialCalls.test.shape,
    CredentialCalls.types.shape, BackupCalls.list.shape, BackupCalls.create.shape, BackupCalls.verify.shape,
    KeyCalls.status.shape, KeyCalls.rotate.shape, KeyCalls.forget.shape,
  ]

  /// Of what is held about persons.
  static let privacy: [Shape] = [
    PrivacyCalls.search.shape, PrivacyCalls.export.shape, PrivacyCalls.erase.shape,
    PrivacyCalls.erasures.shape, PrivacyCalls.register.shape,
  ]

  /// Of who signs in, and of what was done.
  public static let accounts: [Shape] = [
    SignInCalls.login.shape, SignInCalls.mfa.shape, SignInCalls.refresh.shape, SignInCalls.logout.shape,
    SignInCalls.socketTicket.shape, SignInCalls.me.shape, SignInCalls.changeMe.shape,
    SignInCalls.password.shape, SignInCalls.beginMFA.shape, SignInCalls.confirmMFA.shape,
    SignInCalls.removeMFA.shape, SignInCalls.sessions.shape, SignInCalls.endSession.shape,
    OutsideSignInCalls.start.shape, OutsideSignInCalls.callback.shape,
    UserCalls.list.shape, UserCalls.create.shape, UserCalls.get.shape, UserCalls.update.shape,
    UserCalls.delete.shape, UserCalls.unlock.shape, UserCalls.resetPassword.shape,
    UserCalls.removeMFA.shape, UserCalls.sessions.shape,
    RoleCalls.groups.shape, RoleCalls.createGroup.shape, RoleCalls.deleteGroup.shape,
    RoleCalls.changeGroup.shape, RoleCalls.roles.shape, RoleCalls.putRole.shape, RoleCalls.deleteRole.shape,
    RoleCalls.bindings.shape, RoleCalls.bind.shape, RoleCalls.unbind.shape,
    TokenCalls.list.shape, TokenCalls.create.shape, TokenCalls.delete.shape,
    AuditCalls.list.shape, AuditCalls.verify.shape, AuditCalls.heads.shape, AuditCalls.export.shape,
  ]
}
