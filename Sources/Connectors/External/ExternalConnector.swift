import Engine
import Model
import Pipelines

/// A program in a folder as a connector: each attempt is one process of it.
struct ExternalConnector: Connector {
  let manifest: ConnectorManifest
  let children: ChildProcesses
  let description: ConnectorDescription

  init(manifest: ConnectorManifest, children: ChildProcesses) {
    (self.manifest, self.children, description) = (manifest, children, manifest.description)
  }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    try await ExternalRun(attempt, of: manifest, children: children).execute()
  }

  func outcome(ofLost attempt: Attempt) async throws(Failure) -> AttemptOutput? {
    try await ExternalRun(attempt, of: manifest, children: children).outcomeOfLost()
  }
}
