import API
import Model
import Pipelines

/// Judges values by the schema of a wire type, with the checker of pipelines.
struct Judge {
  private let schema: JSONSchema

  init(_ schema: Schema) throws {
    var named = JSONObject()
    Self.collect(schema, into: &named)
    var whole = Self.translated(schema.json).object ?? JSONObject()
    if !named.isEmpty { whole["$defs"] = .object(named) }
    try self.init(json: .object(whole))
  }

  init(json: JSON) throws { schema = try JSONSchema(json) }

  func accepts(_ value: JSON) -> Bool { schema.violations(in: value).isEmpty }

  private static func collect(_ schema: Schema, into named: inout JSONObject) {
    for part in schema.parts {
      if let name = part.name {
        if named[name] != nil { continue }
        named[name] = translated(part.json)
      }
      collect(part, into: &named)
    }
  }

  /// Without what OpenAPI has more, with references as they are inside one file.
  private static func translated(_ json: JSON) -> JSON {
    switch json {
    case .array(let items): return .array(items.map(translated))
    case .object(let object):
      var changed = JSONObject()
      for member in object {
        switch (member.key, member.value) {
        case ("contentEncoding", .string), ("readOnly", .bool), ("format", "int64"): break
        case ("$ref", .string(let reference)):
          changed["$ref"] = .string(reference.replacing("#/components/schemas/", with: "#/$defs/"))
        case (let key, let value): changed[key] = translated(value)
        }
      }
      return .object(changed)
    case .null, .bool, .int, .double, .string: return json
    }
  }
}

/// Makes a value from a schema: with every member, or with those that must be there.
enum SchemaExample {
  static func value(of schema: Schema, every: Bool) -> JSON {
    var named: [String: JSON] = [:]
    collect(schema, into: &named)
    return value(of: schema.json, named, every: every)
  }

  private static func collect(_ schema: Schema, into named: inout [String: JSON]) {
    for part in schema.parts {
      if let name = part.name, named.updateValue(part.json, forKey: name) != nil { continue }
      collect(part, into: &named)
    }
  }

  private static func value(of schema: JSON, _ named: [String: JSON], every: Bool) -> JSON {
    if let name = schema["$ref"]?.string?.split(separator: "/").last {
      return value(of: named[String(name)] ?? .null, named, every: every)
    }
    if let first = (schema["oneOf"] ?? schema["anyOf"])?[0] { return value(of: first, named, every: every) }
    if let word = schema["enum"]?[0] { return word }
    if let example = schema["examples"]?[0] { return example }
    switch schema["type"]?.string ?? schema["type"]?[0]?.string {
    case "string"?: return text(schema)
    case "integer"?: return schema["minimum"]?.int.map { .int(max($0, 2)) } ?? 7
    case "number"?: return 1.5
    case "boolean"?: return true
    case "array"?: return .array([value(of: schema["items"] ?? .null, named, every: every)])
    case "object"?: return object(schema, named, every: every)
    case _: return ["any": "thing"]
    }
  }

  private static func text(_ schema: JSON) -> JSON {
    switch (schema["format"]?.string, schema["pattern"]?.string.flatMap(TextForm.init(rawValue:))) {
    case ("date-time"?, _): "2026-11-20T09:00:00Z"
    case (_, .namespacedName?): "demo~hello"
    case (_, .listed?): "schedule"
    case (_, .labelName?): "team"
    case (_, .namespace?): "sales"
    case (_, .localPath?): "/docs?x=1"
    case (_, .scheduleName?): "demo~daily~morning"
    case (_, .sha256?): .string(String(repeating: "0f", count: 32))
    case (_, .duration?): "90s"
    case (_, .base64?): "aGk="
    case (_, .labelConditions?): "team=x"
    case (_, .fingerprint?): "exit-code demo/nightly load"
    case (_, nil): "text"
    }
  }

  private static func object(_ schema: JSON, _ named: [String: JSON], every: Bool) -> JSON {
    let required = (schema["required"]?.array ?? []).compactMap(\.string)
    var object = JSONObject()
    for member in schema["properties"]?.object ?? JSONObject() where every || required.contains(member.key) {
      object[member.key] = value(of: member.value, named, every: every)
    }
    if let element = schema["additionalProperties"], element.object != nil, every {
      object["some"] = value(of: element, named, every: every)
    }
    return .object(object)
  }
}

/// Every type that travels.
enum WireTypes {
  static let all: [any Wire.Type] = [
    OutsideStartQuery.self, OutsideReturnQuery.self, SubjectQuery.self, SubjectExport.self,
    SubjectCountsItem.self,
    SubjectJobItem.self, SubjectPage.self, ErasureRequest.self, ErasureAnswer.self, ErasureItem.self,
    RegisterItem.self, Page<ErasureItem>.self, Page<RegisterItem>.self,
    Nothing.self, ProblemDocument.self, FindingItem.self, Page<JobItem>.self, Page<CredentialItem>.self,
    NamePath.self, CredentialItem.self, CredentialRequest.self, ConnectionItem.self, SettingRequest.self,
    AlertPath.self, AlertQuery.self, AcknowledgeRequest.self, AlertItem.self, NoticeItem.self,
    EscalationItem.self,
    AlertRuleRequest.self, AlertRuleItem.self, RuleMuteRequest.self, AlertMuteRequest.self,
    Page<AlertRuleItem>.self,
    MuteItem.self,
    AnswerRequest.self, HandoverRequest.self, AskResult.self, AskPath.self, AsksQuery.self, AskItem.self,
    AskDetail.self, AskTicketRequest.self, AskTicketItem.self, TicketAnswerRequest.self,
    BackfillPath.self, BackfillRequest.self, BackfillItem.self, LettersRequest.self,
    LetterResult.self, LettersResult.self, LetterPath.self, LetterSelection.self, LettersQuery.self,
    LetterGroupsQuery.self,
    LetterItem.self, LetterActItem.self, LetterDetail.self, LetterGroupItem.self, DestinationPath.self,
    DeliveryPath.self, DeliveriesQuery.self, OutboxItem.self, DestinationItem.self, DeliveryItem.self,
    EmittedQuery.self, EventListQuery.self, EventItem.self, EventsQuery.self, JobEvent.self, Blockers.self,
    BlockerItem.self,
    StopRequest.self, UpdateJobRequest.self, HoldRequest.self, HoldPath.self, HoldItem.self, MadeHold.self,
    Page<HoldItem>.self, PreviewedRule.self, ScheduleChange.self, StartedWork.self, BackupName.self,
    BackupItem.self,
    Page<BackupItem>.self, SchedulesQuery.self, NamespaceRequest.self, NamespaceChange.self,
    MadeNamespace.self, KillRequest.self, KillResult.self, ReplayResult.self,
    IdentityItem.self,
    ExportQuery.self,
    RetryRequest.self, RerunWish.self, RerunAnswer.self, RerunStep.self, ExecuteRequest.self,
    StartedItem.self, ArtifactPath.self, ArtifactItem.self, StepsQuery.self, StepPath.self, StepItem.self,
    ResolveRequest.self, LogsQuery.self, LogLine.self, JobPath.self, JobsQuery.self, JobItem.self,
    ErrorItem.self, JobDetail.self, JobLinks.self, SourceFile.self, AttachedFile.self, ApplyRequest.self,
    ApplyResult.self,
    AppliedPipeline.self, ValidationResult.self, DeleteRequest.self, DeletedPipeline.self, PauseRequest.self,
    PauseItem.self, RollbackRequest.self, ListQuery.self, PipelineQuery.self, PipelineItem.self,
    PipelineDetail.self, RevisionItem.self, RetentionRequest.self, RetentionItem.self, DeletionItem.self,
    SchedulePath.self, SchedulePauseRequest.self, NamespaceQuery.self, NextQuery.self, FiresQuery.self,
    ResumeRequest.self, ScheduleItem.self, NextItem.self, FireItem.self, SignalsQuery.self,
    SignalToInbox.self, SignalToJob.self, SignalResult.self, SignalItem.self, ConnectorPath.self,
    ConnectorItem.self, CheckItem.self, VersionInfo.self, TriggerItem.self, TriggerMessageItem.self,
    TriggerMessageRequest.self, TriggerResult.self, RefusalItem.self, NameOnly.self, PatternRequest.self,
    ExpectationItem.self, PingRequest.self, HeartbeatItem.self, Page<AlertItem>.self, Page<ArtifactItem>.self,
    Page<AskItem>.self, Page<BackfillItem>.self, Page<CheckItem>.self, Page<ConnectionItem>.self,
    Page<ConnectorItem>.self, Page<DeletionItem>.self, Page<DeliveryItem>.self, Page<DestinationItem>.self,
    Page<EventItem>.self, Page<ExpectationItem>.self, Page<FireItem>.self, Page<JobEvent>.self,
    Page<LetterGroupItem>.self, Page<LetterItem>.self, Page<LogLine>.self, Page<MuteItem>.self,
    Page<NextItem>.self, Page<OutboxItem>.self, Page<PipelineItem>.self, Page<RefusalItem>.self,
    Page<RetentionItem>.self, Page<RevisionItem>.self, Page<ScheduleItem>.self, Page<SignalItem>.self,
    Page<StepItem>.self, Page<TriggerItem>.self, Page<TriggerMessageItem>.self,
    OutsideStartQuery.self, OutsideReturnQuery.self,
    LoginRequest.self, SecondFactorRequest.self, RefreshRequest.self, SignInResult.self, SocketTicket.self,
    CodeRequest.self, PasswordOnly.self, PasswordRequest.self, SecondFactorItem.self, RecoveryCodes.self,
    IDPath.self, GroupItem.self, GroupRequest.self, MembersRequest.self, RoleItem.self, RoleRequest.self,
    BindingItem.self, BindingRequest.self, UserItem.self, UserRequest.self, UserPatch.self,
    CreatedUser.self, TokensQuery.self, TokenItem.self, TokenRequest.self, CreatedToken.self,
    AuditListQuery.self, AuditItem.self, AuditVerifyRequest.self, AuditVerdict.self, AuditHeadsQuery.self,
    AuditHeads.self, MeItem.self, GrantItem.self, ProfileRequest.self, SessionItem.self,
    CredentialDeletion.self, CredentialUsage.self, CredentialLeaseItem.self, CredentialTestRequest.self,
    ConnectionTestRequest.self, AccessTest.self, AccessTest.Check.self, CredentialTypeItem.self,
    CredentialTypeItem.Member.self,
    CredentialItem.FormerVersion.self, KeyStatus.self, KeyItem.self, KeyRotationItem.self, StreamQuery.self,
    StreamItem.self, ComparePath.self, JobComparison.self, JobComparison.Row.self, JobTimeline.self,
    TimelineSpan.self, NumberedLine.self, BulkRequest.self, BulkAnswer.self, OperationPath.self,
    OperationItem.self, OperationItem.Outcome.self, DefinitionRequest.self, DefinitionReplacement.self,
    DefinitionResult.self,
    RevisionPath.self, DiffQuery.self, CheckRequest.self, PipelinesQuery.self, LastJobItem.self,
    RevisionsQuery.self, DefinitionDiff.self, DefinitionDiff.Change.self, PipelineGraphItem.self,
    GraphNode.self, GraphEdge.self, DefinitionCheck.self, Page<AuditItem>.self, Page<BindingItem>.self,
    Page<CredentialTypeItem>.self, Page<GroupItem>.self, Page<RoleItem>.self, Page<SessionItem>.self,
    Page<TokenItem>.self, Page<UserItem>.self,
    ConnectorDetail.self, ConnectorExample.self, ConnectorFailure.self, PublishedSchema.self, HookPath.self,
    HookResult.self, MetricsQuery.self, PipelineMetricsQuery.self, ConnectorMetricsQuery.self,
    QueueReaderItem.self, DurationSummary.self, SeriesItem.self, JobFigures.self, MetricsSummary.self,
    PipelineMetrics.self,
    ConnectorMetrics.self, NamespacePath.self, NamespaceItem.self, SettingPath.self, SettingChange.self,
    SettingItem.self, QueuesQuery.self, QueuePath.self, QueueItem.self, WorkerPath.self, WorkerItem.self,
    QueuePauseRequest.self, PurgeRequest.self, DrainRequest.self, DrainItem.self, NodeItem.self,
    ClusterItem.self, WebhookPath.self, WebhookRotation.self, WebhookDeletion.self,
    WebhookDeliveriesQuery.self,
    WebhookRequest.self, WebhookReplacement.self, WebhookItem.self, Page<WebhookItem>.self, MadeWebhook.self,
    WebhookSecret.self,
    CredentialsQuery.self, ConnectionsQuery.self, UsersQuery.self,
    NamespacesQuery.self, PlaceItem.self, RunningItem.self, ScheduleRequest.self, ScheduleReplacement.self,
    MadeSchedule.self,
    ManyPauses.self, ManyResumes.self, ManySchedules.self, PreviewRequest.self, SchedulePreview.self,
    Page<NamespaceItem>.self, Page<QueueItem>.self, Page<WorkerItem>.self,
  ]
}
