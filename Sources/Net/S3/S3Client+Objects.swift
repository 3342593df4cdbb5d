internal import Crypto

/// What is put: bytes, or a whole file whose hash is known.
public enum S3Body: Sendable {
  case bytes([UInt8])
  case file(path: String, size: Int64, sha256: String)

  var size: Int64 {
    switch self {
    case .bytes(let bytes): Int64(bytes.count)
    case .file(_, let size, _): size
    }
  }
}

/// What is kept with an object.
public struct S3Labels: Sendable {
  public var contentType: String
  /// Names of small letters, digits, `-` and `_`.
  public var metadata: [(name: String, value: String)]

  public init(contentType: String, metadata: [(name: String, value: String)]) {
    (self.contentType, self.metadata) = (contentType, metadata)
  }

  var headers: [(name: String, value: String)] {
    [("content-type", contentType)]
      + metadata.map { (S3Facts.prefix + $0.name, EncodedWord.encode($0.value)) }
  }
}

extension S3Client {
  /// Writes the object whole: large bodies in parts, which are taken back where it fails. `ifAbsent`: only
  /// where nothing is there.
  public func put(
    _ name: S3Name, _ body: S3Body, _ labels: S3Labels, ifAbsent: Bool = false
  ) async throws(S3Fault) {
    if ifAbsent, !place.hasConditionalPut { throw .noConditionalPut }
    let condition = ifAbsent ? [(name: "if-none-match", value: "*")] : []
    if case .file(let path, let size, let sha256) = body, size > place.partSize {
      let upload = S3Upload(client: self, name: name, path: path, size: size, sha256: sha256)
      return try await upload.run(labels, condition: condition)
    }
    var call = Call("PUT", name)
    call.headers = labels.headers + condition
    switch body {
    case .bytes(let bytes): call.body = bytes
    case .file(let path, let size, let sha256):
      (call.file, call.fileHash) = (OutgoingFile(path: path, size: size), sha256)
    }
    _ = try await send(call)
  }

  public func facts(_ name: S3Name) async throws(S3Fault) -> S3Facts {
    try S3Facts(try await send(Call("HEAD", name)).headers)
  }

  /// Hands the object over piece by piece. Where the connection breaks it goes on behind what was read,
  /// of the same object. `range`: these bytes alone, the last included.
  public func get(
    _ name: S3Name, range: ClosedRange<Int64>? = nil, limit: Int, into sink: @escaping BodySink
  ) async throws(S3Fault) -> S3Facts {
    var (first, etag): (S3Facts?, String?) = (nil, nil)
    var read: Int64 = 0
    return try await trying { _ throws(S3Fault) in
      var call = Call("GET", name)
      call.limit = limit
      if let etag { call.headers.append(("if-match", etag)) }
      let begin = (range?.lowerBound ?? 0) + read
      if begin > 0 || range != nil {
        call.headers.append(("range", "bytes=\(begin)-" + (range.map { "\($0.upperBound)" } ?? "")))
      }
      let stream = try await open(call)
      guard stream.status == (begin > 0 || range != nil ? 206 : 200) else {
        if stream.status == 412 { throw .changed }
        try check(stream, try await Self.rest(of: stream))
        throw .unreadable("it answers \(stream.status) where a part was asked for")
      }
      let facts = try S3Facts(stream.headers)
      if first == nil { (first, etag) = (facts, facts.etag.isEmpty ? nil : facts.etag) }
      do throws(NetError) {
        while let bytes = try await stream.next() {
          do { try await sink(bytes) } catch {
            throw NetError.sink("\(error)")
          }
          read += Int64(bytes.count)
        }
      } catch {
        // Without its tag there is no telling whether what follows is of the same object.
        if read > 0, etag == nil { throw .network(.sink("\(error)")) }
        throw .network(error)
      }
      return first ?? facts
    }
  }

  /// Keys in the order of their bytes, and whether more follow.
  public func list(
    _ bucket: String, prefix: String, after: String?, limit: Int
  ) async throws(S3Fault) -> (entries: [S3Entry], isTruncated: Bool) {
    var entries: [S3Entry] = []
    var token: String?
    repeat {
      var call = Call("GET", bucket)
      let rows = min(Self.page, limit + 1 - entries.count)
      call.query = [
        ("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix), ("max-keys", "\(rows)"),
      ]
      if let after { call.query.append(("start-after", after)) }
      if let token { call.query.append(("continuation-token", token)) }
      let body = try await send(call).body
      guard let answer = S3Answer(body), answer.root == "ListBucketResult" else {
        throw .unreadable("it is no list of a bucket")
      }
      entries += try answer.listed()
      token = answer.texts["IsTruncated"] == "true" ? answer.texts["NextContinuationToken"] : nil
    } while token != nil && entries.count <= limit
    return (Array(entries.prefix(limit)), entries.count > limit)
  }

  private static let page = 1_000

  /// Copies within the store, with all that is kept with the object.
  public func copy(_ source: S3Name, to target: S3Name) async throws(S3Fault) {
    var call = Call("PUT", target)
    call.headers = [
      ("x-amz-copy-source", SignatureV4.escaped("/\(source.bucket)/\(source.key)")),
      ("x-amz-metadata-directive", "COPY"),
    ]
    _ = try await send(call)
  }

  /// No error where nothing is there.
  public func delete(_ name: S3Name) async throws(S3Fault) {
    do throws(S3Fault) { _ = try await send(Call("DELETE", name)) } catch {
      guard error.isAbsence else { throw error }
    }
  }

  /// Asks for as little as proves the key: one row of a bucket, or the buckets themselves.
  public func ask(bucket: String?) async throws(S3Fault) {
    var call = Call("GET", bucket)
    if bucket != nil { call.query = [("list-type", "2"), ("max-keys", "1")] }
    _ = try await send(call)
  }

  public func makeBucket(_ bucket: String) async throws(S3Fault) {
    var call = Call("PUT", bucket)
    if place.service == .aws, place.region != "us-east-1" {
      call.body = Array(
        """
        <CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\
        <LocationConstraint>\(place.region)</LocationConstraint></CreateBucketConfiguration>
        """.utf8)
    }
    do throws(S3Fault) { _ = try await send(call) } catch {
      guard case .refused(409, "BucketAlreadyOwnedByYou", _, _) = error else { throw error }
    }
  }
}
