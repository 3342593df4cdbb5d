/// One object in parts. What was begun and not completed is taken back, also when the task is cancelled.
struct S3Upload: Sendable {
  let client: S3Client
  let name: S3Name
  let path: String
  let size: Int64
  let sha256: String

  func run(_ labels: S3Labels, condition: [(name: String, value: String)]) async throws(S3Fault) {
    var begin = S3Client.Call("POST", name)
    (begin.query, begin.headers) = ([("uploads", "")], labels.headers)
    let answer = S3Answer(try await client.send(begin).body)
    guard let id = answer?.texts["UploadId"], !id.isEmpty else {
      throw .unreadable("it begins no upload in parts")
    }
    do throws(S3Fault) {
      try await complete(id, try await parts(id), condition)
    } catch {
      await abort(id)
      throw error
    }
  }

  private func parts(_ id: String) async throws(S3Fault) -> [String] {
    let length = client.place.part(for: size)
    var tags: [String] = []
    for offset in stride(from: 0, to: size, by: Int64.Stride(length)) {
      let file = OutgoingFile(path: path, offset: offset, size: min(length, size - offset))
      var call = S3Client.Call("PUT", name)
      call.query = [("partNumber", "\(tags.count + 1)"), ("uploadId", id)]
      do throws(NetError) { call.fileHash = try await file.sha256() } catch { throw .network(error) }
      call.file = file
      guard let tag = try await client.send(call).headers["etag"] else {
        throw .unreadable("a part has no ETag")
      }
      tags.append(tag)
    }
    return tags
  }

  private func complete(
    _ id: String, _ tags: [String], _ condition: [(name: String, value: String)]
  ) async throws(S3Fault) {
    var call = S3Client.Call("POST", name)
    (call.query, call.headers) = ([("uploadId", id)], [("content-type", "application/xml")] + condition)
    let parts = tags.enumerated().map { number, tag in
      "<Part><PartNumber>\(number + 1)</PartNumber><ETag>\(Self.escaped(tag))</ETag></Part>"
    }
    call.body = Array(
      """
      <CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\
      \(parts.joined())</CompleteMultipartUpload>
      """.utf8)
    do throws(S3Fault) { _ = try await client.send(call) } catch {
      // It may be done, and only its answer lost: then the upload is gone and the object is there.
      guard case .refused(_, "NoSuchUpload", _, _) = error,
        try await client.facts(name).metadata["sha256"] == sha256
      else { throw error }
    }
  }

  /// Parts that nobody completes cost money. That it fails is not told: the upload's own failure is.
  private func abort(_ id: String) async {
    var call = S3Client.Call("DELETE", name)
    call.query = [("uploadId", id)]
    let order = call
    // In a task of its own, which nobody cancels; the store keeps what it cannot take back now.
    _ = await Task { try? await client.send(order) }.value
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
  }
}
