import API
import Crypto
import Engine
import Foundation
import Model
import Testing

@testable import Server

@Suite("A job in one file", .timeLimit(.minutes(1)))
struct ExportTests {
  private func bytes(_ response: APIResponse) async throws -> [UInt8] {
    guard case .chunks(let length, let chunks) = response.body else { return [] }
    var bytes: [UInt8] = []
    for try await chunk in chunks { bytes += chunk }
    #expect(Int64(bytes.count) == length)
    return bytes
  }

  /// Unpacked by the system's tar, its checksums compared by the system's tool.
  private func unpack(_ bytes: [UInt8]) throws -> [String: String] {
    let folder = NSTemporaryDirectory() + "esteira-export-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data(bytes).write(to: URL(filePath: folder + "/job.tar"))
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-ec", "cd \"$1\"; tar -xf job.tar; rm job.tar; cd *; sha256sum --quiet -c SHA256SUMS", "sh", folder,
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    var files: [String: String] = [:]
    let job = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
    for case let name as String in FileManager.default.enumerator(atPath: "\(folder)/\(job)") ?? .init() {
      if let text = try? String(contentsOfFile: "\(folder)/\(job)/\(name)", encoding: .utf8) {
        files[name] = text
      }
    }
    return files
  }

  private func export(redact: Bool) async throws -> [String: String] {
    let server = try TestServer()
    var file = TestServer.hello
    file.source = file.source.replacing("outputs:", with: "# é\noutputs:")
    _ = try await server.call(PipelineCalls.apply, ApplyRequest(files: [file]))
    let started = try await server.call(
      PipelineCalls.execute, ExecuteRequest(id: "demo~hello", inputs: ["name": "Ana Souza"]))
    let id = try #require(ID<Job>(started.id))
    for await _ in try await server.node.follow(id, after: 0) {}
    let query = ExportQuery(id: started.id, redact: redact)
    let request = APIRequest(JobCalls.export.shape, input: query.json)
    let response = await server.router.handle(request, actor: "local:test")
    #expect(response.status == 200 && response.contentType == "application/x-tar")
    return try unpack(try await bytes(response))
  }

  @Test("holds the history with its bodies, the definition and the checksums of all")
  func whole() async throws {
    let files = try await export(redact: false)
    #expect(
      Set(files.keys) == [
        "job.json", "history.jsonl", "pipeline/pipeline.yaml", "logs.jsonl", "artifacts.jsonl", "SHA256SUMS",
      ])
    let job = try JSON(parsing: try #require(files["job.json"]))
    #expect(job["outputs"]?["text"] == "Hello, Ana Souza")
    let lines = try #require(files["history.jsonl"]).split(separator: "\n")
    let facts = try lines.flatMap { try JSON(parsing: String($0))["facts"]?.array ?? [] }
    #expect(facts.first?["context"]?["inputs"]?["name"] == "Ana Souza")
    #expect(facts.contains { $0["output"] == "Hello, Ana Souza" })
    #expect(files["pipeline/pipeline.yaml"]?.contains("# é") == true)
  }

  @Test("redacted, holds nothing that a user put in")
  func redacted() async throws {
    let files = try await export(redact: true)
    for (name, text) in files { #expect(!text.contains("Ana Souza"), "\(name)") }
    let job = try JSON(parsing: try #require(files["job.json"]))
    let inputs: JSON = ["name": "Ana Souza"]
    #expect(job["inputs"]?["sha256"]?.string == SHA256.hex(inputs.serialized()))
    #expect(files["history.jsonl"]?.contains("sha256") == true)
  }

  @Test("a part that changes between measuring and sending breaks the export")
  func changed() async throws {
    for second in ["abd", "ab"] {
      let texts = Texts(["abc", second])
      let part = ExportPart("x") {
        let text = await texts.next()
        return { await text.take() }
      }
      let export = try await Export(folder: "f", at: Timestamp(microseconds: 0), parts: [part])
      let problem = await #expect(throws: Problem.self) { while try await export.next() != nil {} }
      #expect(problem?.code == "export-changed")
    }
  }

  @Test("long names and names of other alphabets come back")
  func names() async throws {
    let name = "pipeline/files/" + String(repeating: "pasta é longa/", count: 12) + "x.txt"
    let export = try await Export(
      folder: "f", at: Timestamp(microseconds: 0), parts: [ExportPart(name, bytes: Array("text".utf8))])
    var bytes: [UInt8] = []
    while let chunk = try await export.next() { bytes += chunk }
    #expect(try unpack(bytes)[name] == "text")
  }
}

private actor Texts {
  private var texts: [String]
  init(_ texts: [String]) { self.texts = texts }
  func next() -> Piece { Piece(Array(texts.removeFirst().utf8)) }

  actor Piece {
    private var bytes: [UInt8]?
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    func take() -> [UInt8]? {
      defer { bytes = nil }
      return bytes
    }
  }
}
