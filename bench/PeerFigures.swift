import Engine
import Foundation
import Model

/// The same work on Celery with Redis, in turns with the engine.
struct PeerFigures {
  var rounds: Int
  static let title = "256 chains of 20: engine ÷ Celery with Redis"

  func measure() async throws -> [Figure] {
    let peer = try Peer()
    defer { peer.stop() }
    guard case .ready(let name) = peer.greeting else {
      return [Figure("celery", Self.title, skipped: peer.greeting.reason)]
    }
    var (ratios, theirs, ours): ([Double], [Double], [Double]) = ([], [], [])
    _ = try await Self.stepsASecond()
    for _ in 0..<rounds {
      let their = try peer.stepsASecond()
      // One slice of the engine is much shorter than one of Celery's.
      var own: [Double] = []
      for _ in 0..<5 { own.append(try await Self.stepsASecond()) }
      ratios.append(median(own) / their)
      theirs.append(their)
      ours.append(median(own))
    }
    return [
      Figure("celery", Self.title, ratios, ""),
      Figure("celery_steps", name, theirs, "steps/s"),
      Figure("celery_own_steps", "the engine from the first call to the last end", ours, "steps/s"),
    ]
  }

  /// From the first call to the last end, as Celery is measured.
  private static func stepsASecond() async throws -> Double {
    let (chains, steps) = (ThroughputFigures.atOnce, ThroughputFigures.steps)
    let parts = MeasuredNode.Parts(["chain": Source.chain(steps: steps, gated: false)])
    let node = try await MeasuredNode(parts, path: Folder.freshDatabase())
    let begin = ContinuousClock.now
    try await node.start("chain", chains)
    let end = await node.store.reaches(.ended, chains)
    await node.stop()
    return Double(chains * steps) / (end - begin).inSeconds
  }
}

/// A process that runs a slice of the same work whenever it is asked.
final class Peer {
  enum Greeting {
    case ready(String)
    case skipped(String)

    var reason: String {
      switch self {
      case .ready: ""
      case .skipped(let reason): reason
      }
    }
  }

  let greeting: Greeting
  private let process = Process()
  private let input = Pipe()
  private let output: Lines

  init() throws {
    let pipe = Pipe()
    process.executableURL = URL(filePath: FileManager.default.currentDirectoryPath + "/bench/peers/celery.sh")
    (process.standardInput, process.standardOutput) = (input, pipe)
    try process.run()
    output = Lines(pipe.fileHandleForReading)
    let line = output.next() ?? "skipped: it ended without a word"
    let words = line.split(separator: " ", maxSplits: 1).map(String.init)
    greeting = words.first == "ready" ? .ready(words.last ?? "") : .skipped(words.last ?? "")
  }

  func stepsASecond() throws -> Double {
    input.fileHandleForWriting.write(Data("slice\n".utf8))
    let words = (output.next() ?? "").split(separator: " ").compactMap { Double($0) }
    guard words.count == 2, words[1] > 0 else { throw BenchError("Celery did not end its slice.") }
    return words[0] / words[1]
  }

  func stop() {
    input.fileHandleForWriting.closeFile()
    process.waitUntilExit()
  }
}

/// The lines of another process, as they come.
final class Lines {
  private let handle: FileHandle
  private var text = ""

  init(_ handle: FileHandle) { self.handle = handle }

  /// Nil after the last.
  func next() -> String? {
    while true {
      if let end = text.firstIndex(of: "\n") {
        defer { text = String(text[text.index(after: end)...]) }
        return String(text[..<end])
      }
      let more = handle.availableData
      if more.isEmpty { return nil }
      text += String(decoding: more, as: UTF8.self)
    }
  }
}
