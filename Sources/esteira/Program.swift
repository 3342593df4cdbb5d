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
  /// The connectors of this build, and those that the operator installed.
  static func descriptions(_ installed: InstalledConnectors) -> [ConnectorDescription] {
    Catalog.descriptions + installed.descriptions
  }
  static func compiler(_ installed: InstalledConnectors) -> PipelineCompiler {
    PipelineCompiler(connectors: descriptions(installed), zones: .system)
  }
  static let now: @Sendable () -> Timestamp = { SystemClock().now }
  /// Waits so long; less where the task is cancelled.
  static let pause: @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
}
