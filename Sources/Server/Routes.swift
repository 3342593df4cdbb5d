import API
import Access
public import Model

extension Router {
  /// All routes of a node. `told` hears of an audit row that could not be written after its change.
  public init(
    _ backend: Backend, vault desk: VaultDesk? = nil, told: @escaping @Sendable (Problem) -> Void = { _ in }
  ) {
    let vault = desk ?? backend.vault
    let audit = backend.access.map { CallAudit($0.audit, told: told) } ?? .none
    self.init(
      PipelineRoutes(backend: backend, applier: PipelineApplier(backend)).routes
        + PauseRoutes(backend: backend).routes + ExportRoutes(backend).routes
        + JobRoutes(backend).routes + JobActions(backend).routes + JobReruns(backend).routes
        + AskRoutes(backend: backend).routes + AskTicketRoutes(backend: backend).routes
        + DeletionRoutes(backend: backend).routes
        + ScheduleRoutes(backend: backend).routes + BackfillRoutes(backend: backend).routes
        + TriggerRoutes(backend: backend).routes + EventRoutes(backend: backend).routes
        + SignalRoutes(backend: backend).routes + LetterRoutes(backend: backend).routes
        + WatchRoutes(backend: backend).routes + AlertRuleRoutes(backend: backend).routes
        + DestinationRoutes(backend: backend).routes + WebhookRoutes(backend: backend).routes
        + AccessRoutes(backend: backend).routes + RetentionRoutes(backend: backend).routes
        + HoldRoutes(backend: backend).routes + PrivacyRoutes(backend: backend).routes
        + BackupRoutes(backend).routes
        + CredentialRoutes(backend: backend, desk: vault).routes
        + KeyRoutes(backend: backend, desk: vault).routes
        + SystemRoutes(backend: backend).routes
        + JobPictures(backend).routes + LogRoutes(backend).routes + BulkRoutes(backend).routes
        + ScheduleChangeRoutes(backend).routes + MetricsRoutes(backend: backend).routes
        + ExpositionRoutes(backend: backend).routes
        + HookRoutes(backend: backend).routes + NamespaceRoutes(backend).routes
        + QueueRoutes(backend: backend).routes + WorkerRoutes(backend: backend).routes
        + Self.accounts(backend) + Self.streams(backend.hub), audit: audit, keys: backend.keys)
  }

  private static func streams(_ hub: Hub?) -> [Route] {
    hub.map { StreamRoutes($0).routes } ?? [Route.closed(StreamCalls.stream.shape, Backend.readOnly)]
  }

  /// Of whoever signs in. Beside no server nobody does.
  private static func accounts(_ backend: Backend) -> [Route] {
    guard let access = backend.access else {
      let audit = backend.audit.map { AuditRoutes(trail: $0).routes } ?? []
      let open = Set(audit.map(\.shape))
      return audit
        + EndpointCatalog.accounts.filter { !open.contains($0) }.map {
          Route.closed($0, Backend.readOnly)
        }
    }
    return SignInRoutes(access: access).routes
      + OutsideSignInRoutes(access: access, fetch: backend.oidcFetch).routes
      + UserRoutes(access: access).routes + RoleRoutes(access: access).routes
      + TokenRoutes(access: access).routes + AuditRoutes(trail: access.audit).routes
  }
}
