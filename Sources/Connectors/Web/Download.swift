import CSystem
import Crypto
import Engine
import Glibc
import Model
import Net
import Synchronization

/// Streams an answer into a file, hashing nothing: the artifact store does that. Where the connection breaks
/// it goes on where it was, if the server's answer lets one know that it is still the same.
struct Download: Sendable {
  let client: CurlClient
  let attempt: Attempt

  /// Of one file, the first included.
  static let tries = 5
  private static let firstPause = Duration.milliseconds(500)

  /// The answer's head; the body is at `path`.
  func fetch(to path: String, limit: Int) async throws(Failure) -> (IncomingResponse, WebCall) {
    var call = try WebCall(attempt, method: "GET")
    call.request.maxResponseBytes = limit
    call.request.acceptsCompression = true
    // Who asks for a range gets that range, in one go.
    let mayGoOn = call.request.headers["range"] == nil
    let file = esteira_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .workFolder(errno) }
    defer { close(file) }
    let part = DownloadPart(file)
    var (number, pause) = (1, Self.firstPause)
    while true {
      do throws(Failure) {
        let write: BodySink = { bytes in
          let isWritten = await OwnThread.run { part.write(bytes) }
          if !isWritten { throw Failure.workFolder(errno) }
        }
        var response = try await call.perform(client, into: write, head: part.begin)
        part.finish(&response)
        try call.check(response)
        try part.check(limit, call.shown)
        return (response, call)
      } catch {
        let isBroken = error.code == "interrupted" || error.errorClass == .timeout
        guard mayGoOn, number < Self.tries, isBroken, let tag = part.tag else { throw error }
        attempt.services.log(.info, "\(error.message) It goes on behind \(part.size) bytes.")
        await attempt.services.pause(pause)
        (number, pause) = (number + 1, pause * 3)
        call.request.headers.set("range", "bytes=\(part.size)-")
        call.request.headers.set("if-range", tag)
        // Offsets are those of the bytes as they are.
        call.request.acceptsCompression = false
      }
    }
  }
}

/// What came of a file so far, over all answers that brought some of it.
private final class DownloadPart: Sendable {
  private struct State {
    var size = 0
    var first: (status: Int, headers: HTTPHeaders)?
    /// The answer under way is a part that goes on where the last one broke off.
    var isContinued = false
    /// Bytes of an answer that is no part of the file.
    var isOther = false
  }

  private let file: Int32
  private let state = Mutex(State())

  init(_ file: Int32) { self.file = file }

  var size: Int { state.withLock { $0.size } }

  /// What says that it is still the same file: a strong tag, else the time of its last change. Nil where
  /// there is neither, where nothing came, or where the bytes were packed for the way.
  var tag: String? {
    state.withLock { state in
      guard state.size > 0, !state.isOther, let (status, headers) = state.first, status == 200,
        headers["content-encoding"] == nil, headers["accept-ranges"]?.lowercased() != "none"
      else { return nil }
      if let tag = headers["etag"], tag.hasPrefix("\"") { return tag }
      return headers["last-modified"]
    }
  }

  func begin(_ status: Int, _ headers: HTTPHeaders) {
    state.withLock { state in
      guard state.first != nil else {
        state.first = (status, headers)
        return
      }
      let start = "bytes \(state.size)-"
      state.isContinued = status == 206 && headers["content-range"]?.hasPrefix(start) == true
      state.isOther = !state.isContinued && status != 200
      // The whole of it again: it has changed, or the server knows no ranges.
      if status == 200 { (state.size, state.first) = (0, (status, headers)) }
    }
  }

  /// Blocks.
  func write(_ bytes: [UInt8]) -> Bool {
    let (place, isOther) = state.withLock { state in (state.size, state.isOther) }
    if isOther { return true }
    guard place > 0 || ftruncate(file, 0) == 0, lseek(file, off_t(place), SEEK_SET) == place,
      AtomicFile.writeAll(bytes, to: file)
    else { return false }
    state.withLock { $0.size += bytes.count }
    return true
  }

  /// After the last answer.
  func check(_ limit: Int, _ shown: String) throws(Failure) {
    let (size, isOther) = state.withLock { ($0.size, $0.isOther) }
    if isOther {
      throw Failure(
        .transient, code: "interrupted",
        "\(shown) broke off, and then answered another part than the one that was asked for.")
    }
    guard size > limit else { return }
    throw Failure(
      .outputTooLarge, code: "answer-too-large", "\(shown) answered more than \(limit) bytes.")
  }

  /// An answer in several parts is the one that its first part was.
  func finish(_ response: inout IncomingResponse) {
    state.withLock { state in
      guard state.isContinued, let (status, headers) = state.first else { return }
      (response.status, response.headers, response.size) = (status, headers, state.size)
    }
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
