import CSystem
import Crypto
import Engine
import Glibc
import Model
import Net
import Synchronization

/// `object.put` and its kin in a store of S3.
extension S3Store {
  /// The hash of an object's bytes, which goes with it.
  static let hashName = "sha256"

  func put() async throws(Failure) -> AttemptOutput {
    let (name, body) = (try name(), attempt.with["body"] ?? .null)
    let content: S3Body
    let sha256: String
    let handle = ArtifactHandle(body)
    if let handle {
      let path = attempt.services.workFolder + "/object"
      try await attempt.services.fetchArtifact(handle.sha256, path)
      (content, sha256) = (.file(path: path, size: handle.size, sha256: handle.sha256), handle.sha256)
    } else {
      let bytes = ObjectPut.bytes(of: body)
      (content, sha256) = (.bytes(bytes), SHA256.hex(bytes))
    }
    let size = handle?.size ?? Int64(ObjectPut.bytes(of: body).count)
    let type =
      attempt.with["content_type"]?.string ?? handle?.mediaType ?? ObjectPut.contentType(of: body)
    let labels = S3Labels(contentType: type, metadata: try metadata(sha256))
    let ifAbsent = attempt.with["if_absent"]?.bool == true
    do throws(S3Fault) { try await client.put(name, content, labels, ifAbsent: ifAbsent) } catch {
      guard error.isTaken else { throw Failure(error, of: attempt.connection?.name ?? "") }
      try await refuseOther(name, sha256)
    }
    // What the store says of it now is what was sent, or another put came behind this one.
    let facts = try await run { () async throws(S3Fault) in try await client.facts(name) }
    guard facts.size == size, facts.metadata[Self.hashName] == sha256 else { throw .objectDamaged(name) }
    return AttemptOutput([
      "bucket": .string(name.bucket), "key": .string(name.key), "sha256": .string(sha256),
      "size": .int(size), "location": .string(name.location),
    ])
  }

  /// What is there already may be what an attempt before this one put, whose answer was lost.
  private func refuseOther(_ name: S3Name, _ sha256: String) async throws(Failure) {
    let facts = try await run { () async throws(S3Fault) in try await client.facts(name) }
    guard facts.metadata[Self.hashName] != sha256 else { return }
    throw Failure(
      .data, code: "object-exists",
      "There is another object `\(name.key)` in `\(name.bucket)` already, and `if_absent` replaces none.")
  }

  private func metadata(_ sha256: String) throws(Failure) -> [(name: String, value: String)] {
    var list = [(name: Self.hashName, value: sha256)]
    for member in attempt.with["metadata"]?.object ?? JSONObject() {
      let name = member.key.lowercased()
      if name == Self.hashName { continue }
      let isName = name.utf8.allSatisfy {
        (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95
      }
      let value = member.value.string ?? ""
      guard isName, (1...64).contains(name.utf8.count), value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 })
      else {
        throw Failure(
          .data, code: "invalid-metadata",
          "The metadata `\(member.key.prefix(64))` cannot go with an object of S3: a name has letters, "
            + "digits, `-` and `_`, a value no control character.")
      }
      list.append((name, value))
    }
    return list
  }

  func get() async throws(Failure) -> AttemptOutput {
    let (name, form) = (try name(), attempt.with["as"]?.string ?? "artifact")
    let isArtifact = form == "artifact"
    let path = attempt.services.workFolder + "/object"
    let received = Received()
    let file = isArtifact ? esteira_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600) : -1
    guard !isArtifact || file >= 0 else { throw .workFolder(errno) }
    defer { if file >= 0 { close(file) } }
    let limit = isArtifact ? FileSchema.artifactLimit : Int64(FileSchema.inlineLimit)
    let facts: S3Facts
    do throws(S3Fault) {
      facts = try await client.get(name, limit: Int(limit)) { bytes in
        let isKept = await OwnThread.run {
          received.add(bytes, keeping: !isArtifact)
          return !isArtifact || AtomicFile.writeAll(bytes, to: file)
        }
        if !isKept { throw Failure.workFolder(errno) }
      }
    } catch {
      guard case .network(.tooLarge) = error, !isArtifact else {
        throw Failure(error, of: attempt.connection?.name ?? "")
      }
      throw .tooLargeInline("The object `\(name.key)`", "read it with `as: artifact`")
    }
    let (sha256, size, bytes) = received.finish()
    guard facts.metadata[Self.hashName] ?? sha256 == sha256 else { throw .objectDamaged(name) }
    return try await output(name, form, facts, sha256, size, bytes)
  }

  private func output(
    _ name: S3Name, _ form: String, _ facts: S3Facts, _ sha256: String, _ size: Int64, _ bytes: [UInt8]
  ) async throws(Failure) -> AttemptOutput {
    let type = facts.contentType.isEmpty ? MediaType.of(name.key) : facts.contentType
    let kept = facts.metadata.filter { $0.key != Self.hashName }.sorted { $0.key < $1.key }
    var value = JSONObject([
      ("bucket", .string(name.bucket)), ("key", .string(name.key)), ("sha256", .string(sha256)),
      ("size", .int(size)), ("content_type", .string(type)),
      ("metadata", .object(JSONObject(kept.map { ($0.key, .string($0.value)) }))),
    ])
    if form == "text" { value["text"] = .string(String(decoding: bytes, as: UTF8.self)) }
    if form == "json" { value["value"] = try ObjectGet.parse(bytes, key: name.key) }
    guard form == "artifact" else { return AttemptOutput(.object(value)) }
    let last =
      name.key.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? "object"
    let handle = try await attempt.services.storeArtifact(
      last, attempt.services.workFolder + "/object", type)
    value["artifact"] = handle.json
    return AttemptOutput(.object(value), artifacts: [handle])
  }

  func list() async throws(Failure) -> AttemptOutput {
    let bucket = try bucket()
    let (prefix, after) = (attempt.with["prefix"]?.string ?? "", attempt.with["after"]?.string)
    let limit = Int(attempt.with["limit"]?.int ?? ObjectList.standardLimit)
    let found = try await run { () async throws(S3Fault) in
      try await client.list(bucket, prefix: prefix, after: after, limit: limit)
    }
    let objects = found.entries.map { entry -> JSON in ["key": .string(entry.key), "size": .int(entry.size)] }
    return AttemptOutput([
      "objects": .array(objects), "count": .int(Int64(objects.count)), "truncated": .bool(found.isTruncated),
    ])
  }

  func delete() async throws(Failure) -> AttemptOutput {
    let name = try name()
    let isThere = try await run { () async throws(S3Fault) in
      do throws(S3Fault) { _ = try await client.facts(name) } catch {
        guard error.isAbsence else { throw error }
        return false
      }
      return true
    }
    let sight = FirstSight(attempt)
    let wasThere = try await OwnThread.run { () throws(Failure) in try sight.wasThere(isThere) }
    if isThere { try await run { () async throws(S3Fault) in try await client.delete(name) } }
    return AttemptOutput([
      "bucket": .string(name.bucket), "key": .string(name.key), "deleted": .bool(wasThere),
    ])
  }

  func bucket() throws(Failure) -> String {
    let bucket = attempt.with["bucket"]?.string ?? ""
    guard S3Name.isBucket(bucket) else { throw .s3Name(bucket, "") }
    return bucket
  }
}

/// What came of an object so far.
private final class Received: Sendable {
  private struct State: ~Copyable {
    var hash = SHA256()
    var size: Int64 = 0
    var bytes: [UInt8] = []
  }
  private let state = Mutex(State())

  func add(_ bytes: [UInt8], keeping: Bool) {
    state.withLock { state in
      state.hash.update(bytes)
      state.size += Int64(bytes.count)
      if keeping { state.bytes += bytes }
    }
  }

  func finish() -> (sha256: String, size: Int64, bytes: [UInt8]) {
    state.withLock { state in (Hex.encode(state.hash.finish()), state.size, state.bytes) }
  }
}

extension Failure {
  static func objectDamaged(_ name: S3Name) -> Failure {
    Failure(
      .data, code: "object-damaged",
      "The bytes of the object `\(name.key)` in `\(name.bucket)` are not those that its `sha256` names: they "
        + "were damaged, or another program wrote over them.")
  }
}
