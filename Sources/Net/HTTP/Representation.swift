// What HTTP itself asks of an answer, whatever its handler is about.
extension HTTPResponse {
  /// The answer as this request gets it: 304 or 412 by its conditions, a part by its range, compressed where
  /// that is worth it.
  func fitted(to request: HTTPRequest, compressedFrom: Int) -> HTTPResponse {
    var response = self
    if let etag { response.headers.set("etag", etag.description) }
    guard request.method == "GET" || request.method == "HEAD", status == 200 else {
      return response.compressed(for: request, from: compressedFrom)
    }
    let lastModified = headers["last-modified"].flatMap(HTTPDate.seconds)
    switch Conditional.outcome(request.headers, tag: etag, lastModified: lastModified) {
    case .notModified: return response.notModified
    case .failed:
      return HTTPResponse(status: 412, type: "text/plain", Array("the precondition does not hold\n".utf8))
    case .proceed: break
    }
    guard acceptsRanges, let length else {
      return response.compressed(for: request, from: compressedFrom)
    }
    response.headers.set("accept-ranges", "bytes")
    guard request.method == "GET",
      Conditional.permitsRange(request.headers, tag: etag, lastModified: lastModified)
    else { return response }
    return response.ranged(request.headers.all("range"), length)
  }

  /// Of the body; nil where nobody knows it before the end.
  private var length: Int? {
    switch body {
    case .bytes(let bytes): bytes.count
    case .stream(let stream): stream.length
    case .webSocket: nil
    }
  }

  private var notModified: HTTPResponse {
    let kept = [
      "cache-control", "content-location", "etag", "expires", "last-modified", "set-cookie", "vary",
    ]
    var bare = HTTPResponse(status: 304)
    for field in headers.fields where kept.contains(field.name) || field.name.hasPrefix("x-") {
      bare.headers.add(field.name, field.value)
    }
    return bare
  }

  private func ranged(_ asked: [String], _ length: Int) -> HTTPResponse {
    var response = self
    switch ByteRange.outcome(asked.count == 1 ? asked[0] : nil, length: length) {
    case .whole: return self
    case .unsatisfiable:
      response.status = 416
      response.headers.remove("content-type")
      response.headers.set("content-range", ByteRange.contentRange(nil, of: length))
      response.body = .bytes([])
    case .part(let part):
      response.status = 206
      response.headers.set("content-range", ByteRange.contentRange(part, of: length))
      switch body {
      case .bytes(let bytes): response.body = .bytes(Array(bytes[part]))
      case .stream(let stream): response.body = .stream(stream.cut(to: part))
      case .webSocket: break
      }
    }
    return response
  }

  private func compressed(for request: HTTPRequest, from least: Int) -> HTTPResponse {
    guard isCompressible, (200...299).contains(status) || (400...599).contains(status), status != 204,
      status != 206, headers["content-encoding"] == nil, Compression.isWorthwhile(headers["content-type"]),
      length.map({ $0 >= least }) ?? true, !isLive
    else { return self }
    var response = self
    if !headers.tokens("vary").contains("accept-encoding") { response.headers.add("vary", "accept-encoding") }
    guard Compression.isAccepted(request.headers) else { return response }
    switch body {
    case .bytes(let bytes):
      guard let packed = Compression.gzip(bytes), packed.count < bytes.count else { return response }
      response.body = .bytes(packed)
    case .stream(let stream): response.body = .stream(Compression.gzip(stream))
    case .webSocket: return self
    }
    response.headers.set("content-encoding", "gzip")
    // The same state in other bytes.
    if let etag {
      response.headers.set("etag", HTTPEntityTag(etag.opaque, isWeak: true).description)
    }
    return response
  }

  private var isLive: Bool {
    switch body {
    case .bytes, .webSocket: false
    case .stream(let stream): stream.kind == .live
    }
  }
}

extension HTTPStream {
  /// Only that part of a stream of known length. One that cannot begin in the middle is produced from its
  /// beginning, and what lies before the part is thrown away.
  func cut(to part: Range<Int>) -> HTTPStream {
    if let producePart {
      return HTTPStream(kind, length: part.count) { try await producePart(part, $0) }
    }
    return HTTPStream(kind, length: part.count) { writer in
      let position = Position()
      do {
        try await produce(
          HTTPBodyWriter { bytes async throws(HTTPStreamClosed) in
            let start = position.advance(by: bytes.count)
            if start >= part.upperBound { throw HTTPStreamClosed() }
            let wanted = part.clamped(to: start..<(start + bytes.count))
            try await writer.write(Array(bytes[(wanted.lowerBound - start)..<(wanted.upperBound - start)]))
          })
      } catch let error as HTTPStreamClosed {
        // The producer was stopped behind the part, which is whole.
        if !position.isBehind(part) { throw error }
      }
    }
  }
}
