extension Router {
  /// All routes of a node.
  public init(_ backend: Backend) {
    self.init(
      PipelineRoutes(backend: backend, applier: PipelineApplier(backend)).routes
        + PauseRoutes(backend: backend).routes + ExportRoutes(backend).routes
        + JobRoutes(backend).routes + JobActions(backend).routes + JobReruns(backend).routes
        + AskRoutes(backend: backend).routes + DeletionRoutes(backend: backend).routes
        + ScheduleRoutes(backend: backend).routes + BackfillRoutes(backend: backend).routes
        + TriggerRoutes(backend: backend).routes + EventRoutes(backend: backend).routes
        + SignalRoutes(backend: backend).routes + LetterRoutes(backend: backend).routes
        + WatchRoutes(backend: backend).routes
        + DestinationRoutes(backend: backend).routes
        + AccessRoutes(backend: backend).routes + RetentionRoutes(backend: backend).routes
        + SystemRoutes(backend: backend).routes
        + ScheduleChangeRoutes(backend).routes + MetricsRoutes(backend: backend).routes
        + HookRoutes(backend: backend).routes + NamespaceRoutes(backend).routes
        + QueueRoutes(backend: backend).routes)
  }
}
