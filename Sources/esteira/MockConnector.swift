import CLI
import Engine
import Model
import Synchronization

/// Performs mocked steps: gives what the test says.
final class MockConnector: Connector {
  static let name = "esteira.mock"
  let description = ConnectorDescription(
    name: MockConnector.name, title: Bilingual("Stand-in", pt: "Dublê"),
    summary: Bilingual("Gives what a test says.", pt: "Devolve o que o teste diz."), with: [:], output: [:],
    effect: .always(.pure))
  private let mocks: [StepMock]
  /// How often each step (and item) was called.
  private let calls = Mutex<[String: Int]>([:])

  init(_ mocks: [StepMock]) { self.mocks = mocks }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    let path = attempt.with["step"]?.string ?? ""
    guard let mock = mocks.last(where: { $0.path == path }) else {
      throw Failure(.configuration, code: "no-mock", "\(path) has no stand-in.")
    }
    let key = mock.items.keys.first { attempt.path.contains("[\($0)]") }
    let results = key.flatMap { mock.items[$0] } ?? mock.results
    guard !results.isEmpty else {
      throw Failure(
        .configuration, code: "no-mock", "The stand-in of \(path) says nothing of \(attempt.path).")
    }
    let number = calls.withLock { calls in
      defer { calls["\(path)[\(key ?? "")]", default: 0] += 1 }
      return calls["\(path)[\(key ?? "")]"] ?? 0
    }
    switch results[min(number, results.count - 1)] {
    case .output(let output): return AttemptOutput(output)
    case .failure(let failure): throw failure
    }
  }
}

/// A connector of the build in a rehearsal: what would leave the machine is refused.
struct HomeConnector: Connector {
  let inner: any Connector
  var description: ConnectorDescription { inner.description }

  func execute(_ attempt: Attempt) async throws(Failure) -> AttemptOutput {
    if attempt.with["url"] != nil || ["webhook.send", "scrapy.crawl"].contains(description.name) {
      throw Failure(
        .configuration, code: "needs-mock",
        "\(attempt.path) would leave this machine. Give --mock \(attempt.path)=FILE, or --network.")
    }
    return try await inner.execute(attempt)
  }
}
