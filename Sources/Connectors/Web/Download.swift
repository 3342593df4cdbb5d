import CSystem
import Crypto
import Engine
import Glibc
import Model
import Net
import Synchronization

/// Streams an answer into a file, hashing nothing: the artifact store does that.
struct Download: Sendable {
  let client: CurlClient
  let attempt: Attempt

  /// The answer's head; the body is at `path`.
  func fetch(to path: String, limit: Int) async throws(Failure) -> (IncomingResponse, WebCall) {
    var call = try WebCall(attempt, method: "GET")
    call.request.maxResponseBytes = limit
    call.request.acceptsCompression = true
    let file = esteira_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .workFolder(errno) }
    defer { close(file) }
    let response = try await call.perform(client) { bytes in
      let isWritten = await OwnThread.run { AtomicFile.writeAll(bytes, to: file) }
      if !isWritten { throw Failure.workFolder(errno) }
    }
    try call.check(response)
    return (response, call)
  }
}

/// Where the bytes of a reader come from: the web, an artifact, a file beside the pipeline, or `text`.
struct ReaderSource: Sendable {
  let client: CurlClient
  let attempt: Attempt

  static let downloadLimit = 1 << 30

  static let members: [(String, JSON)] =
    WebSchema.address + [
      ("artifact", ["type": "artifact", "description": "Instead of `url`."]),
      ("file", ["type": "string", "description": "A file beside the pipeline, instead of `url`."]),
      ("text", ["type": "string", "description": "The content itself, instead of `url`."]),
    ]

  /// The path of a file with the content, and the charset that its server named.
  func file() async throws(Failure) -> (path: String, charset: String?) {
    let path = attempt.services.workFolder + "/source"
    let (with, files) = (attempt.with, attempt.files)
    let given = ["artifact", "file", "text"].filter { with[$0] != nil }
    guard given.count + (with["url"] == nil && with["path"] == nil ? 0 : 1) <= 1 else {
      throw Failure(
        .configuration, code: "invalid-with", "Give only one of url, path, artifact, file and text.")
    }
    if let handle = with["artifact"].flatMap(ArtifactHandle.init) {
      try await attempt.services.fetchArtifact(handle.sha256, path)
      return (path, nil)
    }
    if let name = with["file"]?.string {
      guard RelativePath.isSafe(name), let files, access("\(files)/\(name)", R_OK) == 0 else {
        throw Failure(
          .configuration, code: "file-not-found",
          "There is no file `\(name)` beside the pipeline; add it and apply the pipeline again.")
      }
      return ("\(files)/\(name)", nil)
    }
    if let text = with["text"]?.string {
      let isWritten = await OwnThread.run { AtomicFile.write(Array(text.utf8), to: path, durable: false) }
      guard isWritten else { throw .workFolder(errno) }
      return (path, nil)
    }
    let (response, _) = try await Download(client: client, attempt: attempt).fetch(
      to: path, limit: Self.downloadLimit)
    return (path, response.headers["content-type"].flatMap { ContentType($0).charset })
  }
}
