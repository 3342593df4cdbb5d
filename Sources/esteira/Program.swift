import API
import CLI
import Connectors
import Engine
import Model
import Pipelines
import Stores

/// What this build is.
enum Program {
  static let name = "0.1.0"
  static let version = VersionInfo(version: name, swift: "6.3", sqlite: SQLiteStore.libraryVersion)
  static let descriptions = Catalog.descriptions
  static let compiler = PipelineCompiler(connectors: descriptions, zones: .system)
  static let now: @Sendable () -> Timestamp = { SystemClock().now }
  /// Waits so long; less where the task is cancelled.
  static let pause: @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
}
